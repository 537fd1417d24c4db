//! Lambda: warm instances of the real functions. An instance serves one invocation at a time. It is
//! thrown away when an invocation in it dies or runs out of time.

use crate::clock::Clock;
use crate::record::Record;
use crate::step::{INVOCATION, Invocation};
use ghub::ambient::Ambient;
use ghub::config::Env;
use ghub::outbound::Outbound;
use ghub::world::World;
use local::mapping::Function;
use local::system::unseen;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// All functions of a run. Clones share them.
#[derive(Clone)]
pub struct Lambda(Arc<Inner>);

struct Inner {
    environments: BTreeMap<String, Env>,
    timeouts: BTreeMap<String, Duration>,
    outbound: Outbound,
    clock: Clock,
    record: Record,
    seed: u64,
    warm: Mutex<BTreeMap<String, Vec<Function>>>,
    instances: AtomicU32,
    invocations: AtomicU32,
}

impl Lambda {
    pub fn new(
        environments: BTreeMap<String, Env>,
        timeouts: BTreeMap<String, Duration>,
        outbound: Outbound,
        clock: Clock,
        record: Record,
        seed: u64,
    ) -> Self {
        let (warm, instances, invocations) =
            (Mutex::default(), AtomicU32::new(0), AtomicU32::new(0));
        Self(Arc::new(Inner {
            environments,
            timeouts,
            outbound,
            clock,
            record,
            seed,
            warm,
            instances,
            invocations,
        }))
    }

    /// The function with this name, which takes events.
    pub fn function(&self, name: &str) -> Function {
        let (lambda, name) = (self.clone(), name.to_owned());
        Arc::new(move |event| {
            let (lambda, name) = (lambda.clone(), name.clone());
            Box::pin(async move { lambda.invoke(&name, event).await })
        })
    }

    /// The world that a function of this run gets. The operator uses it too.
    pub fn world(&self, function: &str) -> World {
        let number = self.0.instances.fetch_add(1, Ordering::SeqCst);
        let ambient =
            Ambient::with_clock(self.0.clock.wall()).seeded(self.0.seed ^ u64::from(number) << 20);
        World {
            env: self.0.environments[function].clone(),
            ambient,
            outbound: self.0.outbound.clone(),
            metrics: unseen(),
        }
    }

    /// Does some work as an invocation of its own, whose steps pass the turnstile. `None` if it
    /// died on the way.
    pub async fn invocation<T>(
        &self,
        function: &str,
        orders: Vec<usize>,
        work: impl Future<Output = T>,
    ) -> Option<T> {
        let number = self.0.invocations.fetch_add(1, Ordering::SeqCst);
        let invocation = Arc::new(Invocation::new(number, function, orders));
        let work = INVOCATION.scope(invocation.clone(), work);
        tokio::select! {
            biased;
            () = invocation.wait_for_death() => None,
            done = work => Some(done),
        }
    }

    /// A function that uses up its time is killed and writes nothing down. No fault excuses that:
    /// each function shares its time out among its exchanges. So it is reported.
    async fn invoke(&self, name: &str, event: Value) -> Result<Value, String> {
        let timeout = self.0.timeouts[name];
        let work = self.invoke_in_time(name, event);
        tokio::time::timeout(timeout, work).await.unwrap_or_else(|_| {
            self.0
                .record
                .wrong(format!("{name} used up its {} s and was killed", timeout.as_secs()));
            Err("Task timed out".to_owned())
        })
    }

    async fn invoke_in_time(&self, name: &str, event: Value) -> Result<Value, String> {
        let (warm, orders) = (self.warm(name), self.orders_in(&event));
        let work = async {
            let instance = match warm {
                Some(instance) => instance,
                None => local::aws::functions::build(name, &self.world(name))
                    .await
                    .map_err(|error| error.to_string())?,
            };
            let answer = instance(event).await;
            Ok((instance, answer))
        };
        let died = Err("the function died".to_owned());
        let (instance, answer) = self.invocation(name, orders, work).await.unwrap_or(died)?;
        self.0
            .warm
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(name.to_owned())
            .or_default()
            .push(instance);
        answer
    }

    fn warm(&self, name: &str) -> Option<Function> {
        self.0.warm.lock().unwrap_or_else(PoisonError::into_inner).get_mut(name)?.pop()
    }

    /// The orders that an event is about: by the prompt of a submission, the job in a path, or the
    /// jobs in messages.
    fn orders_in(&self, event: &Value) -> Vec<usize> {
        if let Some(records) = event["Records"].as_array() {
            let bodies = records
                .iter()
                .filter_map(|record| serde_json::from_str::<Value>(record["body"].as_str()?).ok());
            let mut orders: Vec<usize> =
                bodies.filter_map(|body| self.0.record.order_of(body["job"].as_str()?)).collect();
            orders.sort_unstable();
            orders.dedup();
            return orders;
        }
        if let Some(job) = event["pathParameters"]["id"].as_str() {
            return self.0.record.order_of(job).into_iter().collect();
        }
        let body: Value =
            serde_json::from_str(event["body"].as_str().unwrap_or_default()).unwrap_or_default();
        body["prompt"].as_str().and_then(order_named_in).into_iter().collect()
    }
}

/// The beginning of every prompt.
pub const PROMPT: &str = "a hummingbird at dawn, order ";

/// The prompt of an order, which contains its number.
pub fn prompt_of_order(order: usize) -> String {
    format!("{PROMPT}{order:06}.")
}

/// The order whose prompt is in a text.
pub fn order_named_in(text: &str) -> Option<usize> {
    let (_, rest) = text.split_once(PROMPT)?;
    rest.split_once('.')?.0.parse().ok()
}
