//! What the functions call: the local system, whose own functions are held still, with a recorder
//! before it.

use crate::functions::Built;
use crate::lambda::Sandbox;
use crate::recorder::Recorder;
use futures::future::pending;
use ghub::aws::sdk_config;
use ghub::id::OrgId;
use ghub::onboarding::{create_key, create_organization};
use ghub::outbound::{Exchange, Gate, Network};
use ghub::store::{Store, Table};
use local::fal::Render;
use local::options::Options;
use local::system::System;
use local::template::Template;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;

const GET: &str = include_str!("../../../events/get-video.json");
const SUBMIT: &str = include_str!("../../../events/submit-video.json");
const LOOK: &str = include_str!("../../../events/poll-jobs.json");
const STORE: &str = include_str!("../../../events/store-video.json");

/// The services that are recorded, and the variables that say where they are.
const SERVICES: [(&str, &str); 4] = [
    ("DynamoDB", "AWS_ENDPOINT_URL_DYNAMODB"),
    ("SQS", "AWS_ENDPOINT_URL_SQS"),
    ("Secrets Manager", "AWS_ENDPOINT_URL_SECRETS_MANAGER"),
    ("fal", "FAL_QUEUE_URL"),
];

/// Jobs are looked at every three seconds. That is longer than a held look takes, so what a look
/// puts off and what it makes due at once are two moments.
const CADENCE: &str = r#"{"fal/kling-2": {"poll_every_seconds": 3}}"#;
/// A turn may be taken a second early.
pub(crate) const UNTIL_DUE: Duration = Duration::from_millis(2500);

/// A render that is not over while anything is counted.
pub(crate) const UNFINISHED: Render =
    Render { queued: Duration::ZERO, rendering: Duration::from_secs(3600) };
/// A render that is over at once.
pub(crate) const FINISHED: Render = Render { queued: Duration::ZERO, rendering: Duration::ZERO };

/// Everything that a function finds in place.
pub(crate) struct Stage<'a> {
    pub(crate) recorder: Recorder,
    built: &'a Built,
    system: System,
    template: Template,
    variables: BTreeMap<String, String>,
    _tasks: JoinSet<()>,
}

/// A caller, and functions that bring its jobs to where something is counted.
pub(crate) struct Caller {
    org: OrgId,
    key: String,
    submit: Sandbox,
    look: Sandbox,
}

/// What is asked of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// A caller asks for a job that is being rendered.
    Get,
    /// A caller submits a job.
    Submit,
    /// A message says that a job is due.
    Look,
    /// A message says that a job has its file.
    Store,
}

impl Work {
    /// The function that does it.
    pub(crate) const fn function(self) -> &'static str {
        match self {
            Self::Get => "get-video",
            Self::Submit => "submit-video",
            Self::Look => "poll-jobs",
            Self::Store => "store-video",
        }
    }
}

/// Holds the local system's own functions still, once they are there.
#[derive(Debug, Default)]
struct Still(AtomicBool);

impl Gate for Still {
    fn exchange<'a>(&'a self, request: reqwest::Request, send: Network<'a>) -> Exchange<'a> {
        if self.0.load(Ordering::SeqCst) { Box::pin(pending()) } else { send(request) }
    }
}

impl<'a> Stage<'a> {
    pub(crate) async fn new(built: &'a Built) -> Result<Self, String> {
        let still = Arc::new(Still::default());
        let parameters = BTreeMap::from([("Catalog".to_owned(), CADENCE.to_owned())]);
        let gate: Arc<dyn Gate> = still.clone();
        let options = Options { api: false, parameters, gate: Some(gate), ..Options::test() };
        let system = System::start(options).await?;
        still.0.store(true, Ordering::SeqCst);
        let (recorder, mut tasks) = (Recorder::new(), JoinSet::new());
        tasks.spawn(recorder.clone().release());
        let mut variables = system.variables.clone();
        for (service, variable) in SERVICES {
            let origin =
                variables.get(variable).cloned().ok_or(format!("{variable} is not set"))?;
            let here = recorder.stand_before(service, &origin, &mut tasks).await?;
            // The addresses of queues begin with that of SQS.
            for value in variables.values_mut().filter(|value| value.starts_with(&origin)) {
                *value = value.replacen(&origin, &here, 1);
            }
        }
        let template = Template::read();
        Ok(Self { recorder, built, system, template, variables, _tasks: tasks })
    }

    /// Starts the function that does this. With a path, callgrind writes its profile there.
    pub(crate) async fn start(
        &self,
        work: Work,
        profile: Option<&Path>,
    ) -> Result<Sandbox, String> {
        let name = work.function();
        let mut functions = self.template.functions.iter();
        let function = functions.find(|function| function.name == name);
        let function = function.ok_or_else(|| format!("the template has no {name}"))?;
        let its_own = |variable: &str| {
            variable.starts_with("AWS_")
                || function.environment.iter().any(|(known, _)| known == variable)
        };
        let mut variables = self.variables.clone();
        variables.retain(|variable, _| its_own(variable));
        Sandbox::start(&self.built.bootstrap(name), &variables, profile).await
    }

    /// A caller with an account of its own.
    pub(crate) async fn caller(&self) -> Result<Caller, String> {
        let world = self.system.world();
        let aws = sdk_config(&world).map_err(|error| error.to_string())?;
        let tables = [Table::Accounts, Table::Ledger, Table::Keys];
        let store = Store::new(&world, &aws, &tables).map_err(|error| error.to_string())?;
        let org = world.ambient.org_id();
        let made = create_organization(&store, &world.ambient, org).await;
        made.map_err(|error| error.to_string())?;
        let key = create_key(&store, &world.ambient, org, "bench").await;
        let key = key.map_err(|error| error.to_string())?;
        let (submit, look) =
            (self.start(Work::Submit, None).await?, self.start(Work::Look, None).await?);
        Ok(Caller { org, key, submit, look })
    }

    /// Says how long fal renders the next jobs.
    pub(crate) fn renders(&self, render: Render) -> Result<(), String> {
        let fal = self.system.fal.as_ref().ok_or("fal is not simulated")?;
        fal.simulator.set_render(render);
        Ok(())
    }
}

impl Caller {
    /// The event for this work, and the job that it needs.
    pub(crate) async fn event(&mut self, work: Work) -> Result<Value, String> {
        let job = if work == Work::Submit { String::new() } else { self.job().await? };
        let event = self.event_of(work, &job)?;
        if work == Work::Look {
            // The first look writes down that the render has begun; usual looks come after it.
            tokio::time::sleep(UNTIL_DUE).await;
            done(&self.look.invoke(&event).await?)?;
            tokio::time::sleep(UNTIL_DUE).await;
        }
        Ok(event)
    }

    /// Submits a job, and returns its id.
    pub(crate) async fn job(&mut self) -> Result<String, String> {
        let event = self.event_of(Work::Submit, "")?;
        id_in(&self.submit.invoke(&event).await?)
    }

    /// The event for this work on this job.
    pub(crate) fn event_of(&self, work: Work, job: &str) -> Result<Value, String> {
        let text = match work {
            Work::Get => GET,
            Work::Submit => SUBMIT,
            Work::Look => LOOK,
            Work::Store => STORE,
        };
        let text = text.replace("LIVE_KEY", &self.key).replace("JOB_ID", job);
        let text = text.replace("ORG_ID", &self.org.to_string());
        serde_json::from_str(&text).map_err(|error| error.to_string())
    }
}

/// The id of the job that a submit was answered with.
pub(crate) fn id_in(answer: &Value) -> Result<String, String> {
    let body: Value = serde_json::from_str(answer["body"].as_str().unwrap_or_default())
        .map_err(|_| format!("the answer has no body: {answer}"))?;
    let id = body["id"].as_str().ok_or_else(|| format!("no job was made: {body}"))?;
    Ok(id.to_owned())
}

/// Whether the work was done: 200 behind the API, and no failed message behind a queue.
pub(crate) fn done(answer: &Value) -> Result<(), String> {
    let failed = answer["batchItemFailures"].as_array().is_some_and(|failed| !failed.is_empty());
    let refused = answer.get("statusCode").is_some_and(|status| status != 200);
    if failed || refused { Err(format!("it did not work: {answer}")) } else { Ok(()) }
}
