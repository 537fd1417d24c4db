//! Starts everything in the right order, and holds it. Listeners come first, so that every part
//! knows the others' addresses. Tables, queues and simulators follow, then the functions and what
//! wakes them. An organization and its key come last.

mod secrets;
mod wake;

pub use secrets::SECRETS;
pub(crate) use secrets::in_own_words;

use crate::aws::environment::{Environment, as_file};
use crate::aws::secrets_manager::SecretsManager;
use crate::aws::{dynamodb, queues};
use crate::identity::Identity;
use crate::mapping::RunningMapping;
use crate::options::Options;
use crate::place::{self, Scratch};
use crate::simulators::service::Service;
use crate::simulators::{self, SERVICES, Simulators, Start};
use crate::sqs::Sqs;
use crate::template::Template;
use ghub::ambient::Ambient;
use ghub::metrics::Metrics;
use ghub::outbound::Outbound;
use ghub::world::World;
use serde_json::json;
use std::collections::BTreeMap;
use std::future::pending;
use std::ops::Deref;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

const REGION: &str = "us-east-1";
const ACCOUNT: &str = "123456789012";

/// The running system. Dropping it ends it.
pub struct System {
    /// `http://127.0.0.1:…/v1`, if the API is served.
    pub api: Option<String>,
    pub dynamodb: String,
    /// The endpoint of SQS.
    pub sqs_endpoint: String,
    pub sqs: Sqs,
    pub secrets_manager: SecretsManager,
    /// What is simulated. `system.fal` is short for `system.simulators.fal`.
    pub simulators: Simulators,
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
        let scratch = options.data.open()?;
        let mut tasks = JoinSet::new();

        let (listener, dynamodb) = options.ports.listen(place::DYNAMODB).await?;
        let file = options.data.is_kept().then(|| scratch.path().join("dynamodb.sqlite"));
        tasks.spawn(dynamodb::serve(listener, dynamodb::open(file.as_deref(), &template.tables)?));

        let (listener, sqs_endpoint) = options.ports.listen(place::SQS).await?;
        let sqs = Sqs::new(&sqs_endpoint, REGION, ACCOUNT, options.now.clone());
        queues::create(&sqs, &template)?;
        tasks.spawn(serve(listener, sqs.router()));

        let mut start = Start::new(&options, &scratch, &mut tasks);
        let simulators = Simulators::start(&mut start).await?;
        let Start { mut parameters, secrets, .. } = start;
        let set = parameters.get("Catalog").map_or("{}", String::as_str);
        let is_simulated = |service: &Service| simulators.origin_of(service).is_some();
        let catalog = simulators::catalog(options.pace, is_simulated, set)?;
        parameters.insert("Catalog".to_owned(), catalog);

        let (listener, secrets_endpoint) = options.ports.listen(place::SECRETS_MANAGER).await?;
        let secrets_manager = SecretsManager::default();
        secrets::keep(&secrets, &secrets_manager, &mut parameters);
        tasks.spawn(serve(listener, secrets_manager.router()));

        let environment = Environment {
            parameters,
            dynamodb: dynamodb.clone(),
            sqs_endpoint: sqs_endpoint.clone(),
            sqs: sqs.clone(),
            secrets_manager: secrets_endpoint,
        };
        let variables = environment.of_all(&template)?;
        scratch.write("env", &as_file(&variables))?;

        let ambient = Ambient::with_clock(options.now.clone());
        let identity_world = world(variables.clone(), &ambient, Outbound::network());
        let identity = Identity::keep_in(scratch.path(), &identity_world).await?;

        let mut system = Self {
            api: None,
            dynamodb,
            sqs_endpoint,
            sqs,
            secrets_manager,
            simulators,
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

    /// Calls a function with an event, as `aws lambda invoke` would.
    pub async fn invoke(
        &self,
        function: &str,
        event: serde_json::Value,
    ) -> Result<serde_json::Value, String> {
        let known = self
            .functions
            .get(function)
            .ok_or_else(|| format!("there is no function {function}"))?;
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
        let mut addresses = json!({
            "api": self.api,
            "live_key": self.identity.live_key,
            "sandbox_key": self.identity.sandbox_key,
            "org": self.identity.org,
            "dynamodb": self.dynamodb,
            "sqs": self.sqs_endpoint,
            "secrets_manager": self.variables.get("AWS_ENDPOINT_URL_SECRETS_MANAGER"),
            "google_project": self.variables.get("GOOGLE_PROJECT"),
            "google_location": self.variables.get("GOOGLE_LOCATION"),
            "env_file": self.env_file(),
        });
        for (service, values) in SERVICES.iter().zip(self.simulators.addresses()) {
            for (at, name) in service.addresses.iter().enumerate() {
                addresses[*name] = json!(values.and_then(|values| values.get(at)));
            }
        }
        addresses
    }

    /// Ends everything: invocations that run are waited for.
    pub async fn stop(mut self) {
        for mapping in self.mappings.drain(..) {
            mapping.stop().await;
        }
    }
}

impl Deref for System {
    type Target = Simulators;

    fn deref(&self) -> &Simulators {
        &self.simulators
    }
}

fn world(variables: BTreeMap<String, String>, ambient: &Ambient, outbound: Outbound) -> World {
    World {
        env: variables.into_iter().collect(),
        ambient: ambient.clone(),
        outbound,
        metrics: unseen(),
    }
}

/// What is counted is for CloudWatch; here only a log at its most talkative shows it.
pub fn unseen() -> Metrics {
    Metrics::to(|line| tracing::debug!(?line, "measured"))
}

pub(crate) async fn serve(listener: TcpListener, router: axum::Router) {
    if let Err(error) = axum::serve(listener, router).await {
        tracing::error!(%error, "a listener ended");
        pending::<()>().await;
    }
}

pub(crate) fn seconds(seconds: u32) -> Duration {
    Duration::from_secs(u64::from(seconds))
}

pub(crate) fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
