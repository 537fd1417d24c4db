//! The queue: submit, status, result, cancel.
//! <https://docs.fal.ai/model-apis/model-endpoints/queue>

use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::Response;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::address::{Address, Part};
use super::answer::{self, about, plain};
use super::input::{self, Order};
use super::models::{self, Model};
use super::{Ending, Fal, Own, Rendering, Step, ValidateAt};
use crate::simulators::dates;
use crate::simulators::provider::Phase;

/// Far over any prompt.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// What a caller with the key may ask.
pub(super) enum Asked {
    Submit { model: &'static Model, app: String },
    About { app: String, id: String, part: Part },
}

pub(super) async fn answer(State(fal): State<Fal>, request: Request) -> Response {
    let asked = match asked(request.method(), request.uri().path()) {
        Ok(asked) => asked,
        Err(status) => return plain(status, status.canonical_reason().unwrap_or_default()),
    };
    if let Err(refusal) = answer::admit(request.headers(), &fal.key()) {
        return refusal;
    }
    let (head, body) = request.into_parts();
    match asked {
        Asked::Submit { model, app } => match to_bytes(body, MAX_BODY_BYTES).await {
            Ok(body) => submit(&fal, model, app, &head.headers, &body),
            Err(_) => plain(StatusCode::PAYLOAD_TOO_LARGE, "Request body is too large"),
        },
        Asked::About { app, id, part } => about_request(&fal, &app, &id, part, &head.uri),
    }
}

/// What a method and a path mean. An endpoint takes `POST` alone, a request's URLs `GET` or, for a
/// cancel, `PUT`.
pub(super) fn asked(method: &Method, path: &str) -> Result<Asked, StatusCode> {
    match (Address::of(path), method) {
        (Address::Endpoint { id, app }, &Method::POST) => {
            let model = models::find(&id).ok_or(StatusCode::NOT_FOUND)?;
            Ok(Asked::Submit { model, app })
        }
        (Address::Request { app, id, part: Part::Cancel }, &Method::PUT) => {
            Ok(Asked::About { app, id, part: Part::Cancel })
        }
        (
            Address::Request { app, id, part: part @ (Part::Status | Part::Result) },
            &Method::GET,
        ) => Ok(Asked::About { app, id, part }),
        (Address::Nothing, _) => Err(StatusCode::NOT_FOUND),
        (Address::Endpoint { .. } | Address::Request { .. } | Address::Misplaced, _) => {
            Err(StatusCode::METHOD_NOT_ALLOWED)
        }
    }
}

impl Asked {
    pub(super) fn step(&self) -> Step {
        match self {
            Self::Submit { .. } => Step::Submit,
            Self::About { part: Part::Status, .. } => Step::Status,
            Self::About { part: Part::Result, .. } => Step::Result,
            Self::About { part: Part::Cancel, .. } => Step::Cancel,
        }
    }
}

/// How many requests of the same app are in the queue.
fn queued(renders: &[Rendering], app: &str, now_ms: u64) -> usize {
    let waits = |other: &&Rendering| other.own.app == app && other.phase(now_ms) == Phase::Queued;
    renders.iter().filter(waits).count()
}

fn submit(fal: &Fal, model: &Model, app: String, headers: &HeaderMap, body: &Bytes) -> Response {
    let now_ms = fal.now_ms();
    let mut state = fal.state();
    let ahead = queued(&state.renders, &app, now_ms);
    let (order, ending) = match (input::read(model, body), state.settings.validate_at) {
        (Ok(order), _) => {
            let ending = fal.ending_for(&order.prompt);
            (order, ending)
        }
        (Err(problems), ValidateAt::Submit) => return answer::unprocessable(problems),
        (Err(problems), ValidateAt::Result) => (unread(model, body), Ending::Invalid { problems }),
    };
    let mut render = Rendering::accepted(order, ending, Own { app, repeats: 0 }, now_ms);
    if answer::may_try_again(headers) {
        render.try_again();
    }
    let (id, mut answer) = (render.id.clone(), urls(fal, &render));
    state.accept(render, now_ms);

    answer["status"] = json!("IN_QUEUE");
    answer["queue_position"] = json!(ahead);
    answer["logs"] = Value::Null;
    answer["metrics"] = json!({});
    about(&id, StatusCode::OK, answer)
}

/// The order in a body that is checked only later.
fn unread(model: &Model, body: &[u8]) -> Order {
    let fields: Value = serde_json::from_slice(body).unwrap_or_default();
    let prompt = fields["prompt"].as_str().unwrap_or_default().to_owned();
    let nothing = Map::new();
    let seconds = models::seconds(model.value("duration", &nothing));
    let sound = model.value("generate_audio", &nothing) == &Value::Bool(true);
    Order { prompt, seconds, aspect_ratio: "16:9".to_owned(), sound }
}

fn about_request(fal: &Fal, app: &str, id: &str, part: Part, uri: &Uri) -> Response {
    let now_ms = fal.now_ms();
    let mut state = fal.state();
    let Some(at) = state.renders.iter().position(|render| render.id == id && render.own.app == app)
    else {
        let body = match part {
            Part::Cancel => json!({"status": "NOT_FOUND"}),
            Part::Status | Part::Result => json!({"detail": "Request not found"}),
        };
        return about(id, StatusCode::NOT_FOUND, body);
    };
    match part {
        Part::Status => {
            let ahead = queued(&state.renders[..at], app, now_ms);
            status(fal, &state.renders[at], ahead, query(uri, "logs"), now_ms)
        }
        Part::Result => result(fal, &state.renders[at], now_ms),
        Part::Cancel => {
            let stops = state.settings.cancel_stops_rendering;
            let phase = state.renders[at].phase(now_ms);
            if phase == Phase::Queued || (phase == Phase::Rendering && stops) {
                state.renders[at].cancel(now_ms);
                state.shelf.keep(id, &state.renders[at]);
                state.replan(now_ms);
            }
            cancelled(id, phase)
        }
    }
}

fn status(
    fal: &Fal,
    render: &Rendering,
    ahead: usize,
    logs: Option<String>,
    now_ms: u64,
) -> Response {
    let mut answer = urls(fal, render);
    let phase = render.phase(now_ms);
    let wanted = logs.is_some_and(|logs| matches!(logs.as_str(), "1" | "true"));
    answer["logs"] = if wanted { logs_of(render, phase) } else { Value::Null };
    answer["metrics"] = json!({});
    let code = match phase {
        Phase::Queued => {
            answer["status"] = json!("IN_QUEUE");
            answer["queue_position"] = json!(ahead);
            StatusCode::ACCEPTED
        }
        Phase::Rendering => {
            answer["status"] = json!("IN_PROGRESS");
            StatusCode::ACCEPTED
        }
        Phase::Done => {
            answer["status"] = json!("COMPLETED");
            let inference = std::time::Duration::from_millis(
                render.finishes_ms.saturating_sub(render.starts_ms),
            );
            answer["metrics"] = json!({"inference_time": inference.as_secs_f64()});
            let outcome = render.outcome(fal.base_url());
            if let Some(error) = outcome.error {
                answer["error"] = json!(error);
                answer["error_type"] = json!(outcome.error_type);
            }
            StatusCode::OK
        }
    };
    about(&render.id, code, answer)
}

/// The model's own answer, once; it says nothing of the queue.
fn result(fal: &Fal, render: &Rendering, now_ms: u64) -> Response {
    if !render.is_done(now_ms) {
        return about(
            &render.id,
            StatusCode::BAD_REQUEST,
            json!({"detail": "Request is still in progress"}),
        );
    }
    let outcome = render.outcome(fal.base_url());
    if render.expired(&outcome, now_ms) {
        return about(
            &render.id,
            StatusCode::NOT_FOUND,
            json!({"detail": "Request result has expired"}),
        );
    }
    let status = StatusCode::from_u16(outcome.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let answer = about(&render.id, status, outcome.body);
    let answer = outcome.headers.iter().fold(answer, |answer, (name, value)| match name.parse() {
        Ok(name) => answer::with_header(answer, name, value),
        Err(_) => answer,
    });
    match (outcome.error_type, outcome.from_model) {
        (None, _) => answer,
        (Some(_), true) => answer::with_header(answer, answer::RETRYABLE, "false"),
        (Some(error_type), false) => answer::with_header(answer, answer::ERROR_TYPE, &error_type),
    }
}

fn cancelled(id: &str, phase: Phase) -> Response {
    let (code, status) = match phase {
        Phase::Queued => (StatusCode::OK, "OK"),
        Phase::Rendering => (StatusCode::ACCEPTED, "CANCELLATION_REQUESTED"),
        Phase::Done => (StatusCode::BAD_REQUEST, "ALREADY_COMPLETED"),
    };
    about(id, code, json!({"status": status}))
}

fn urls(fal: &Fal, render: &Rendering) -> Value {
    let url = format!("{}/{}/requests/{}", fal.base_url(), render.own.app, render.id);
    json!({
        "request_id": render.id,
        "response_url": url,
        "status_url": format!("{url}/status"),
        "cancel_url": format!("{url}/cancel"),
    })
}

fn logs_of(render: &Rendering, phase: Phase) -> Value {
    let line = |message: &str, at_ms: u64| {
        let timestamp = dates::iso(at_ms);
        json!({"message": message, "level": "INFO", "source": "USER", "timestamp": timestamp})
    };
    let (started, finished) =
        (line("rendering", render.starts_ms), line("finished", render.finishes_ms));
    match phase {
        Phase::Queued => json!([]),
        Phase::Rendering => json!([started]),
        Phase::Done => json!([started, finished]),
    }
}

fn query(uri: &Uri, name: &str) -> Option<String> {
    let pairs = url::form_urlencoded::parse(uri.query()?.as_bytes());
    pairs.into_iter().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}
