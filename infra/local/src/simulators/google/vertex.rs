//! The models' two verbs: start an operation, ask about it.
//! <https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/veo-video-generation>

use axum::body::to_bytes;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::answer::{Refusal, unknown_url};
use super::input;
use super::json::{self, Node};
use super::models::Place;
use super::{Ending, Google, Operation, Own, ValidateAt, tokens};

pub(super) const PATH: &str =
    "/{version}/projects/{project}/locations/{location}/publishers/google/models/{model_and_verb}";

const VERSIONS: [&str; 2] = ["v1", "v1beta1"];

/// Far over any prompt.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// gRPC's number for wrong input.
const INVALID_ARGUMENT: i32 = 3;

pub(super) const SUBMIT: &str = "predictLongRunning";
pub(super) const POLL: &str = "fetchPredictOperation";

pub(super) async fn answer(
    State(google): State<Google>,
    Path((version, project, location, model_and_verb)): Path<(String, String, String, String)>,
    request: Request,
) -> Response {
    let (work, model): (fn(&Google, &Place, &[u8]) -> _, _) = match model_and_verb.split_once(':') {
        Some((model, SUBMIT)) => (submit, model),
        Some((model, POLL)) => (poll, model),
        _ => return unknown_url().await,
    };
    if !VERSIONS.contains(&version.as_str()) {
        return unknown_url().await;
    }
    let place = Place { project, location, model: model.to_owned() };
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else {
        return Refusal::invalid("Request payload size exceeds the limit: 1048576 bytes.")
            .into_response();
    };
    let answer = tokens::admit_to(&google, &head.headers, &place)
        .and_then(|()| work(&google, &place, &body));
    answer.unwrap_or_else(IntoResponse::into_response)
}

fn submit(google: &Google, place: &Place, body: &[u8]) -> Result<Response, Refusal> {
    let now_ms = google.now_ms();
    let mut state = google.state();
    let (order, ending) = match (input::read(body), state.settings.validate_at) {
        (Ok(order), _) => {
            let ending = google.ending_for(&order.prompt);
            (order, ending)
        }
        (Err(problem), ValidateAt::Submit) => return Err(Refusal::invalid(problem)),
        (Err(problem), ValidateAt::Operation) => {
            (input::unread(body), Ending::error(INVALID_ARGUMENT, &problem))
        }
    };
    let own = Own { model_name: place.model_name() };
    let operation = Operation::accepted(order, ending, own, now_ms);
    let name = operation.name();
    state.accept(operation, now_ms);
    Ok(json::answer(Node::Object(vec![("name", name.into())]), state.settings.shape))
}

fn poll(google: &Google, place: &Place, body: &[u8]) -> Result<Response, Refusal> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let name = body["operationName"]
        .as_str()
        .ok_or_else(|| Refusal::invalid("operationName is required."))?;
    if !name.starts_with(&format!("{}/operations/", place.model_name())) {
        return Err(Refusal::invalid(format!("Invalid operation name: {name}.")));
    }
    let state = google.state();
    let operation = state.renders.iter().find(|operation| operation.name() == name);
    let operation =
        operation.ok_or_else(|| Refusal::not_found(format!("Operation {name} was not found.")))?;
    Ok(json::answer(operation.node(state.settings.pending, google.now_ms()), state.settings.shape))
}
