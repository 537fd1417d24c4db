//! Starts everything in the right order and holds it: listeners first, so that every part knows the others' addresses; then tables,
//! queues and simulators; then the functions and what wakes them; an organization and its key last.

use crate::Now;
use crate::aws::environment::{Environment, as_file};
use crate::aws::gateway::{self, Route};
use crate::aws::secrets_manager::SecretsManager;
use crate::aws::{dynamodb, functions, schedule};
use crate::fal::Fal;
use crate::google::Google;
use crate::identity::Identity;
use crate::mapping::{EventSourceMapping, RunningMapping};
use crate::place::{Data, Part, Ports, Scratch};
use crate::simulators::{self, Simulated};
use crate::sqs::{QueueSpec, Sqs};
use crate::supabase::Supabase;
use crate::template::{Function, Template, Trigger};
use ghub::metrics::Metrics;
use ghub::outbound::{Gate, Outbound};
use ghub::world::{Ambient, World};
use serde_json::json;
use std::collections::BTreeMap;
use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

const REGION: &str = "us-east-1";
const ACCOUNT: &str = "123456789012";

/// Each secret's variable, what it is called here, and the parameter that says so.
pub const SECRETS: [(&str, &str, &str); 3] = [
    ("FAL_KEY", "local/fal-key", "FalKeySecret"),
    ("GOOGLE_SERVICE_ACCOUNT", "local/google-service-account", "GoogleServiceAccountSecret"),
    ("SUPABASE_SECRET_KEY", "local/supabase-secret-key", "SupabaseSecretKeySecret"),
];

/// How quickly videos are rendered and jobs are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// As at the providers: a Kling video takes two minutes, looked at every 15 s.
    Usual,
    /// A second, looked at every second, without the batching window.
    Fast,
}

/// What to start.
pub struct Options {
    /// Which ports.
    pub ports: Ports,
    /// Where the data is.
    pub data: Data,
    /// How quickly.
    pub pace: Pace,
    /// Whether the API is served; without it `cargo lambda watch` can serve it.
    pub api: bool,
    /// Values of the template's parameters; a `SupabaseUrl` among them means the real one, and no simulator.
    pub parameters: BTreeMap<String, String>,
    /// The operator's secrets, by variable; `FAL_KEY` and `GOOGLE_SERVICE_ACCOUNT` among them mean the real ones, and no simulator. An
    /// empty one means that the provider is not there at all.
    pub secrets: BTreeMap<String, String>,
    /// The wall clock of everything.
    pub now: Now,
    /// Where the functions' outbound calls can be observed or failed.
    pub gate: Option<Arc<dyn Gate>>,
    /// Where what they count and measure goes.
    pub metrics: Metrics,
}

impl Options {
    /// For tests: free ports, in memory, fast, simulated, on the system's clock.
    pub fn test() -> Self {
        Self {
            ports: Ports::Free,
            data: Data::Memory,
            pace: Pace::Fast,
            api: true,
            parameters: BTreeMap::new(),
            secrets: BTreeMap::new(),
            now: Arc::new(SystemTime::now),
            gate: None,
            metrics: unseen(),
        }
    }
}

/// The running system. Dropping it ends it.
pub struct System {
    /// `http://127.0.0.1:…/v1`, if the API is served.
    pub api: Option<String>,
    /// DynamoDB's endpoint.
    pub dynamodb: String,
    /// The endpoint of SQS.
    pub sqs_endpoint: String,
    /// SQS itself.
    pub sqs: Sqs,
    /// The operator's secrets.
    pub secrets_manager: SecretsManager,
    /// fal, if it is simulated.
    pub fal: Option<Simulated<Fal>>,
    /// Google, if it is simulated.
    pub google: Option<Simulated<Google>>,
    /// Supabase Storage, if it is simulated.
    pub storage: Option<Simulated<Supabase>>,
    /// The organization that was made at the first start, and its key.
    pub identity: Identity,
    /// Every variable of the functions.
    pub variables: BTreeMap<String, String>,
    ambient: Ambient,
    functions: BTreeMap<String, crate::mapping::Function>,
    mappings: Vec<RunningMapping>,
    tasks: JoinSet<()>,
    scratch: Scratch,
}

impl System {
    /// Starts everything. When this returns, the API answers.
    pub async fn start(options: Options) -> Result<Self, String> {
        let template = Template::read();
        let scratch = options.data.open().map_err(text)?;
        let mut tasks = JoinSet::new();

        let (listener, dynamodb) = options.ports.listen(Part::DynamoDb).await.map_err(text)?;
        let file = options.data.is_kept().then(|| scratch.path().join("dynamodb.sqlite"));
        tasks.spawn(dynamodb::serve(listener, dynamodb::open(file.as_deref(), &template.tables)?));

        let (listener, sqs_endpoint) = options.ports.listen(Part::Sqs).await.map_err(text)?;
        let sqs = Sqs::new(&sqs_endpoint, REGION, ACCOUNT, options.now.clone());
        create_queues(&sqs, &template)?;
        tasks.spawn(serve(listener, sqs.router()));

        let mut parameters = options.parameters.clone();
        let mut secrets = options.secrets.clone();
        let fal = simulators::fal(&options, &scratch, &mut parameters, &mut secrets, &mut tasks).await?;
        let google = simulators::google(&options, &scratch, &mut parameters, &mut secrets, &mut tasks).await?;
        let storage = simulators::storage(&options, &scratch, &mut parameters, &mut secrets, &mut tasks).await?;
        let set = parameters.get("Catalog").map_or("{}", String::as_str);
        let catalog = simulators::catalog(options.pace, fal.is_some(), google.is_some(), set)?;
        parameters.insert("Catalog".to_owned(), catalog);

        let (listener, secrets_endpoint) = options.ports.listen(Part::SecretsManager).await.map_err(text)?;
        let secrets_manager = SecretsManager::default();
        keep(&secrets, &secrets_manager, &mut parameters);
        tasks.spawn(serve(listener, secrets_manager.router()));

        let environment = Environment {
            parameters,
            dynamodb: dynamodb.clone(),
            sqs_endpoint: sqs_endpoint.clone(),
            sqs: sqs.clone(),
            secrets_manager: secrets_endpoint,
        };
        let variables = environment.of_all(&template)?;
        std::fs::write(scratch.path().join("env"), as_file(&variables)).map_err(text)?;

        let ambient = Ambient::with_clock(options.now.clone());
        let identity_world = world(variables.clone(), &ambient, Outbound::network());
        let identity = Identity::kept_in(scratch.path(), &identity_world).await?;

        let mut system = Self {
            api: None,
            dynamodb,
            sqs_endpoint,
            sqs,
            secrets_manager,
            fal,
            google,
            storage,
            identity,
            variables,
            ambient,
            functions: BTreeMap::new(),
            mappings: Vec::new(),
            tasks,
            scratch,
        };
        system.wake(&template, &environment, &options).await?;
        Ok(system)
    }

    /// Builds each function in its own environment and connects it to what wakes it.
    async fn wake(&mut self, template: &Template, environment: &Environment, options: &Options) -> Result<(), String> {
        let outbound = options.gate.clone().map_or_else(Outbound::network, Outbound::gated);
        let mut routes = Vec::new();
        for function in &template.functions {
            let env = environment.of(template, function)?;
            let metrics = options.metrics.clone();
            let world = World { env, ambient: self.ambient.clone(), outbound: outbound.clone(), metrics };
            let built = functions::build(&function.name, &world).await.map_err(text)?;
            self.functions.insert(function.name.clone(), built.clone());
            let timeout = seconds(function.timeout_s);
            for trigger in &function.triggers {
                match trigger {
                    Trigger::Http { method, path } => {
                        let (method, path) = (Some(method.clone()), path.clone());
                        routes.push(Route { method, path, function: built.clone(), timeout });
                    }
                    Trigger::Default => {
                        routes.push(Route { method: None, path: String::new(), function: built.clone(), timeout });
                    }
                    Trigger::Queue { .. } => {
                        let mapping = mapping(&self.sqs, function, trigger, built.clone(), options.pace);
                        self.mappings.push(mapping.start().map_err(text)?);
                    }
                    Trigger::Schedule { every_s } => {
                        let every = if options.pace == Pace::Fast { Duration::from_secs(2) } else { seconds(*every_s) };
                        self.tasks.spawn(schedule::run(built.clone(), every));
                    }
                }
            }
        }
        if options.api {
            let (listener, origin) = options.ports.listen(Part::Api).await.map_err(text)?;
            self.tasks.spawn(serve(listener, gateway::router(routes, options.now.clone())));
            self.api = Some(format!("{origin}/v1"));
        }
        Ok(())
    }

    /// Calls a function with an event, as `aws lambda invoke` would.
    pub async fn invoke(&self, function: &str, event: serde_json::Value) -> Result<serde_json::Value, String> {
        let known = self.functions.get(function).ok_or_else(|| format!("there is no function {function}"))?;
        known(event).await
    }

    /// What the functions are handed, for a test or a tool that wants to look at the store itself.
    pub fn world(&self) -> World {
        world(self.variables.clone(), &self.ambient, Outbound::network())
    }

    /// The file with every variable of the functions.
    pub fn env_file(&self) -> std::path::PathBuf {
        self.scratch.path().join("env")
    }

    /// What a program that started the system needs to know.
    pub fn addresses(&self) -> serde_json::Value {
        json!({
            "api": self.api,
            "live_key": self.identity.live_key,
            "sandbox_key": self.identity.sandbox_key,
            "org": self.identity.org,
            "dynamodb": self.dynamodb,
            "sqs": self.sqs_endpoint,
            "secrets_manager": self.variables.get("AWS_ENDPOINT_URL_SECRETS_MANAGER"),
            "fal": self.fal.as_ref().map(|fal| &fal.origin),
            "google": self.google.as_ref().map(|google| &google.origin),
            "google_project": self.variables.get("GOOGLE_PROJECT"),
            "google_location": self.variables.get("GOOGLE_LOCATION"),
            "google_service_account_file": self.google.as_ref().map(|_| self.scratch.path().join("service-account.json")),
            "fal_key": self.fal.as_ref().map(|_| simulators::FAL_KEY),
            "storage_key": self.storage.as_ref().map(|_| simulators::STORAGE_KEY),
            "storage": self.storage.as_ref().map(|storage| &storage.origin),
            "env_file": self.env_file(),
        })
    }

    /// Ends everything: invocations that run are waited for.
    pub async fn stop(mut self) {
        for mapping in self.mappings.drain(..) {
            mapping.stop().await;
        }
    }
}

fn world(variables: BTreeMap<String, String>, ambient: &Ambient, outbound: Outbound) -> World {
    World { env: variables.into_iter().collect(), ambient: ambient.clone(), outbound, metrics: unseen() }
}

/// What is counted is for CloudWatch; here only a log at its most talkative shows it.
pub fn unseen() -> Metrics {
    Metrics::to(|line| tracing::debug!(?line, "measured"))
}

/// Puts the secrets where the functions read them, and their names into the parameters.
fn keep(secrets: &BTreeMap<String, String>, manager: &SecretsManager, parameters: &mut BTreeMap<String, String>) {
    for (variable, name, parameter) in SECRETS {
        let Some(value) = secrets.get(variable).filter(|value| !value.is_empty()) else { continue };
        manager.put(name, value);
        parameters.insert(parameter.to_owned(), name.to_owned());
    }
}

/// Creates the template's queues.
pub fn create_queues(sqs: &Sqs, template: &Template) -> Result<(), String> {
    let mut queues: Vec<_> = template.queues.iter().collect();
    queues.sort_by_key(|queue| queue.dead_letter.is_some()); // a dead-letter queue has to be there before the queue that names it
    for queue in queues {
        let spec = QueueSpec {
            name: queue.logical_id.clone(),
            delay: seconds(queue.delay_s),
            visibility: seconds(queue.visibility_s),
            max_receive_count: queue.dead_letter.as_ref().map(|dead| (dead.max_receive_count, dead.queue.clone())),
            retention: seconds(queue.retention_s),
        };
        sqs.create(spec).map_err(text)?;
    }
    Ok(())
}

fn mapping(
    sqs: &Sqs,
    function: &Function,
    trigger: &Trigger,
    built: crate::mapping::Function,
    pace: Pace,
) -> EventSourceMapping {
    let Trigger::Queue { queue, batch_size, window_s, concurrency, report_batch_item_failures } = trigger else {
        unreachable!("only queues have mappings")
    };
    let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    EventSourceMapping {
        sqs: sqs.clone(),
        queue: queue.clone(),
        function: built,
        batch_size: count(*batch_size),
        window: if pace == Pace::Fast { Duration::ZERO } else { seconds(*window_s) },
        concurrency: count(concurrency.unwrap_or(1000)),
        report_batch_item_failures: *report_batch_item_failures,
        function_timeout: seconds(function.timeout_s),
    }
}

pub(crate) async fn serve(listener: TcpListener, router: axum::Router) {
    if let Err(error) = axum::serve(listener, router).await {
        tracing::error!(%error, "a listener ended");
        pending::<()>().await;
    }
}

fn seconds(seconds: u32) -> Duration {
    Duration::from_secs(u64::from(seconds))
}

pub(crate) fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
