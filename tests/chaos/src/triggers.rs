//! What calls the functions: the API's routes, the queues' mappings and the schedule.

use crate::lambda::Lambda;
use crate::network::Network;
use crate::stage::Settings;
use local::aws::gateway::Route;
use local::mapping::{EventSourceMapping, RunningMapping};
use local::template::{Template, Trigger};
use serde_json::json;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// Connects each function to its triggers.
pub fn connect(
    settings: &Settings,
    template: &Template,
    network: &Network,
    lambda: &Lambda,
) -> (Vec<Route>, Vec<RunningMapping>, Vec<JoinHandle<()>>) {
    let (mut routes, mut mappings, mut schedule) = (Vec::new(), Vec::new(), Vec::new());
    for function in &template.functions {
        let call = lambda.function(&function.name);
        let timeout = Duration::from_secs(u64::from(function.timeout_s));
        for trigger in &function.triggers {
            match trigger.clone() {
                Trigger::Http { method, path } => routes.push(Route {
                    method: Some(method),
                    path,
                    function: call.clone(),
                    timeout,
                }),
                Trigger::Default => routes.push(Route {
                    method: None,
                    path: String::new(),
                    function: call.clone(),
                    timeout,
                }),
                Trigger::Schedule { every_s } => {
                    schedule.push(tokio::spawn(call_at_rate(call.clone(), every_s)))
                }
                Trigger::Queue {
                    queue,
                    batch_size,
                    window_s,
                    concurrency,
                    report_batch_item_failures,
                } => {
                    let mapping = EventSourceMapping {
                        sqs: network.sqs.clone(),
                        queue,
                        function: call.clone(),
                        batch_size: settings
                            .batch
                            .unwrap_or_else(|| count(batch_size))
                            .min(count(batch_size)),
                        window: if settings.batch == Some(1) {
                            Duration::ZERO
                        } else {
                            Duration::from_secs(u64::from(window_s))
                        },
                        concurrency: count(concurrency.unwrap_or(1_000)),
                        report_batch_item_failures,
                        function_timeout: timeout,
                    };
                    mappings
                        .push(mapping.start().expect("AWS would create the template's mappings"));
                }
            }
        }
    }
    (routes, mappings, schedule)
}

/// Calls a function on its schedule.
async fn call_at_rate(function: local::mapping::Function, every_s: u32) {
    let every = Duration::from_secs(u64::from(every_s));
    let mut ticks = tokio::time::interval_at(Instant::now() + every, every);
    // After a standstill, missed calls are not made up for.
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        drop(
            function(
                json!({"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}),
            )
            .await,
        );
    }
}

fn count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
