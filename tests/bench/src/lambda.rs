//! Lambda, as far as one function needs it: the Runtime API on loopback, and the function's
//! process. <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path as UrlPath, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, mpsc};
use tokio::task::AbortHandle;
use tokio::time::timeout;

/// Callgrind takes some fifty times as long as the processor.
const PATIENCE: Duration = Duration::from_secs(120);
const ID: &str = "8476a536-e9f4-11e8-9739-2dfe598c3fcd";

/// What the function told its Runtime API.
enum Told {
    Ready,
    Answer(Value),
    Error(String),
}

/// The two ends that the Runtime API's handlers have.
#[derive(Clone)]
struct Api {
    events: Arc<Mutex<mpsc::Receiver<Value>>>,
    told: mpsc::Sender<Told>,
}

/// A started function that waits for events. Dropping it ends its process.
pub(crate) struct Sandbox {
    process: Child,
    server: AbortHandle,
    events: mpsc::Sender<Value>,
    told: mpsc::Receiver<Told>,
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Sandbox {
    /// Starts the function, and waits until it asks for its first event. With a path, callgrind
    /// runs it and writes its profile there.
    pub(crate) async fn start(
        bootstrap: &Path,
        variables: &BTreeMap<String, String>,
        profile: Option<&Path>,
    ) -> Result<Self, String> {
        let (events, received) = mpsc::channel(1);
        let (tell, told) = mpsc::channel(4);
        let (address, server) =
            serve(Api { events: Arc::new(received.into()), told: tell }).await?;
        let mut command = match profile {
            None => Command::new(bootstrap),
            Some(profile) => under_callgrind(bootstrap, profile),
        };
        command
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path))) // for valgrind
            .envs(variables)
            .env("AWS_LAMBDA_RUNTIME_API", address)
            .env("AWS_LAMBDA_FUNCTION_NAME", "bench")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true);
        let process = command
            .spawn()
            .map_err(|error| format!("{}: {error}", command.as_std().get_program().display()))?;
        let mut sandbox = Self { process, server, events, told };
        match sandbox.hear().await? {
            Told::Ready => Ok(sandbox),
            Told::Answer(answer) => Err(format!("there was no event, and the answer {answer}")),
            Told::Error(error) => Err(format!("{}: {error}", bootstrap.display())),
        }
    }

    /// Invokes the function, and waits until it asks for the next event.
    pub(crate) async fn invoke(&mut self, event: &Value) -> Result<Value, String> {
        self.events.send(event.clone()).await.map_err(|_| "the Runtime API is gone".to_owned())?;
        let Told::Answer(answer) = self.hear().await? else {
            return Err(format!("an event has no answer: {event}"));
        };
        match self.hear().await? {
            Told::Ready => Ok(answer),
            _ => Err("the function does not ask for the next event".to_owned()),
        }
    }

    /// Ends the process as Lambda does, and waits for its end.
    pub(crate) async fn end(mut self) -> Result<(), String> {
        let id = self.process.id().ok_or("the function has ended by itself")?;
        let told = Command::new("kill").arg(id.to_string()).status().await;
        told.map_err(|error| format!("kill: {error}"))?;
        let ended = timeout(PATIENCE, self.process.wait()).await;
        ended.map_err(|_| "the function does not end")?.map(drop).map_err(|error| error.to_string())
    }

    async fn hear(&mut self) -> Result<Told, String> {
        tokio::select! {
            told = timeout(PATIENCE, self.told.recv()) => {
                told.ok().flatten().ok_or_else(|| "the function says nothing".to_owned())
            }
            status = self.process.wait() => Err(format!("the function ended: {status:?}")),
        }
    }
}

fn under_callgrind(bootstrap: &Path, profile: &Path) -> Command {
    let mut command = Command::new("valgrind");
    let mut out = std::ffi::OsString::from("--callgrind-out-file=");
    out.push(profile);
    command.args(["--quiet", "--tool=callgrind"]).arg(out).arg(bootstrap);
    command
}

async fn serve(api: Api) -> Result<(String, AbortHandle), String> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?.to_string();
    let router = Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(take_answer))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(take_error))
        .route("/2018-06-01/runtime/init/error", post(take_error))
        .with_state(api);
    let server = tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            eprintln!("the Runtime API ended: {error}");
        }
    });
    Ok((address, server.abort_handle()))
}

async fn next(State(api): State<Api>) -> Response {
    let mut events = api.events.lock().await;
    if api.told.send(Told::Ready).await.is_err() {
        return StatusCode::GONE.into_response();
    }
    let Some(event) = events.recv().await else { return StatusCode::GONE.into_response() };
    let ends = SystemTime::now() + PATIENCE;
    let ends = ends.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis();
    let headers = [
        ("lambda-runtime-aws-request-id", ID.to_owned()),
        ("lambda-runtime-deadline-ms", ends.to_string()),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:us-east-1:123456789012:function:bench".to_owned(),
        ),
        ("lambda-runtime-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700".to_owned()),
        ("content-type", "application/json".to_owned()),
    ];
    (headers, event.to_string()).into_response()
}

async fn take_answer(
    State(api): State<Api>,
    UrlPath(_): UrlPath<String>,
    body: Bytes,
) -> StatusCode {
    let answer = serde_json::from_slice(&body).unwrap_or_default();
    tell(&api, Told::Answer(answer)).await
}

async fn take_error(State(api): State<Api>, body: Bytes) -> StatusCode {
    tell(&api, Told::Error(String::from_utf8_lossy(&body).into_owned())).await
}

async fn tell(api: &Api, told: Told) -> StatusCode {
    match api.told.send(told).await {
        Ok(()) => StatusCode::ACCEPTED,
        Err(_) => StatusCode::GONE,
    }
}
