//! The AWS JSON 1.0 protocol that `aws-sdk-sqs` and boto3 speak: one path, the action in
//! `X-Amz-Target`.
//!
//! Signatures are not checked, so a request that AWS would refuse for its credentials passes here.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::time::Instant;
use uuid::Uuid;

use super::batch;
use super::redrive::queue_of_arn;
use super::wire::{
    self, AttributeNames, Attributes, HandleRequest, ListQueues, MoveRequest, NamedQueue, Nothing,
    OnQueue, ReceiveRequest, SendRequest,
};
use super::{Failing, Sqs, SqsError};

/// A batch of 1 MiB in which every byte is escaped as `\u007f`, and its envelope.
const MAX_REQUEST_BYTES: usize = 7 * 1024 * 1024;

impl Sqs {
    /// Serves the queues. It answers on every path: SDKs post to `/`, whatever path the queue's URL
    /// has.
    pub fn router(&self) -> Router {
        Router::new()
            .fallback(answer)
            .layer(DefaultBodyLimit::max(MAX_REQUEST_BYTES))
            .with_state(self.clone())
    }
}

async fn answer(State(sqs): State<Sqs>, headers: HeaderMap, body: Bytes) -> Response {
    let target =
        headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let action = target.strip_prefix("AmazonSQS.").unwrap_or_default();
    let result = match sqs.next_fault(action) {
        None => act(&sqs, action, &body).await,
        Some(Failing::BeforeApplying) => Err(SqsError::InternalFailure),
        Some(Failing::AfterApplying) => {
            act(&sqs, action, &body).await.and(Err(SqsError::InternalFailure))
        }
    };
    tracing::trace!(
        action,
        refused = result.as_ref().err().map(SqsError::query_code),
        "sqs request"
    );
    match result {
        Ok(reply) => respond(StatusCode::OK, None, &reply),
        Err(error) => refuse(&error),
    }
}

/// `Null` is the answer of an action that has none.
async fn act(sqs: &Sqs, action: &str, body: &[u8]) -> Result<Value, SqsError> {
    match action {
        "SendMessage" => {
            let (queue, request) = OnQueue::<SendRequest>::read(body)?;
            Ok(Value::Object(wire::sent(sqs.send(&queue, request.message()?)?)))
        }
        "SendMessageBatch" => batch::send(sqs, body),
        "ReceiveMessage" => receive(sqs, body).await,
        "DeleteMessage" => {
            let (queue, request) = OnQueue::<HandleRequest>::read(body)?;
            sqs.delete(&queue, &request.receipt_handle).map(|()| Value::Null)
        }
        "DeleteMessageBatch" => batch::delete(sqs, body),
        "ChangeMessageVisibility" => {
            let (queue, request) = OnQueue::<HandleRequest>::read(body)?;
            sqs.change_visibility(&queue, &request.receipt_handle, request.visibility()?)
                .map(|()| Value::Null)
        }
        "ChangeMessageVisibilityBatch" => batch::change_visibility(sqs, body),
        "CreateQueue" => {
            let request: NamedQueue = wire::read(body)?;
            let url = sqs.create_from_attributes(&request.queue_name, &request.attributes)?;
            Ok(json!({ "QueueUrl": url }))
        }
        "GetQueueUrl" => {
            let request: NamedQueue = wire::read(body)?;
            sqs.depth(&request.queue_name)?;
            Ok(json!({ "QueueUrl": sqs.queue_url(&request.queue_name) }))
        }
        "ListQueues" => list(sqs, body),
        "GetQueueAttributes" => {
            let (queue, request) = OnQueue::<AttributeNames>::read(body)?;
            Ok(json!({ "Attributes": sqs.attributes(&queue, &request.attribute_names)? }))
        }
        "SetQueueAttributes" => {
            let (queue, request) = OnQueue::<Attributes>::read(body)?;
            sqs.set_attributes(&queue, &request.attributes).map(|()| Value::Null)
        }
        "PurgeQueue" => {
            let (queue, Nothing {}) = OnQueue::<Nothing>::read(body)?;
            if sqs.state().queue(&queue)?.was_just_purged(Instant::now()) {
                return Err(SqsError::PurgeQueueInProgress(queue));
            }
            sqs.purge(&queue).map(|()| Value::Null)
        }
        "StartMessageMoveTask" => start_move(sqs, body),
        "ListMessageMoveTasks" => {
            let request: MoveRequest = wire::read(body)?;
            let source = existing(sqs, "SourceArn", &request.source_arn)?;
            let tasks =
                sqs.moves(source).into_iter().take(request.max_results.unwrap_or(1).clamp(1, 10));
            Ok(json!({ "Results": tasks.map(wire::move_task).collect::<Vec<_>>() }))
        }
        unknown => Err(SqsError::UnknownOperation(unknown.to_string())),
    }
}

async fn receive(sqs: &Sqs, body: &[u8]) -> Result<Value, SqsError> {
    let (queue, request) = OnQueue::<ReceiveRequest>::read(body)?;
    let queues_wait = sqs.state().queue(&queue)?.settings.receive_wait;
    let received = sqs.receive(&queue, request.how(queues_wait)?).await?;
    if received.is_empty() {
        return Ok(json!({}));
    }
    let shown: Vec<_> = received.into_iter().map(|message| request.show(message)).collect();
    Ok(json!({ "Messages": shown }))
}

fn list(sqs: &Sqs, body: &[u8]) -> Result<Value, SqsError> {
    let request: ListQueues = wire::read(body)?;
    let names: Vec<String> = sqs.state().queues.keys().cloned().collect();
    let picked = names.iter().filter(|name| name.starts_with(&request.queue_name_prefix));
    Ok(json!({ "QueueUrls": picked.map(|name| sqs.queue_url(name)).collect::<Vec<_>>() }))
}

fn start_move(sqs: &Sqs, body: &[u8]) -> Result<Value, SqsError> {
    let request: MoveRequest = wire::read(body)?;
    let source = existing(sqs, "SourceArn", &request.source_arn)?;
    let destination = request
        .destination_arn
        .as_deref()
        .map(|arn| existing(sqs, "DestinationArn", arn))
        .transpose()?;
    Ok(json!({ "TaskHandle": sqs.redrive(source, destination)?.handle }))
}

fn existing<'a>(sqs: &Sqs, parameter: &'static str, arn: &'a str) -> Result<&'a str, SqsError> {
    queue_of_arn(arn)
        .filter(|name| sqs.depth(name).is_ok())
        .ok_or(SqsError::ResourceNotFound(parameter))
}

fn refuse(error: &SqsError) -> Response {
    let fault = if error.is_senders_fault() { "Sender" } else { "Receiver" };
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let query_error = format!("{};{fault}", error.query_code());
    respond(
        status,
        Some(query_error),
        &json!({ "__type": error.shape(), "message": error.to_string() }),
    )
}

fn respond(status: StatusCode, query_error: Option<String>, body: &Value) -> Response {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let headers = [
        (header::CONTENT_TYPE.as_str(), "application/x-amz-json-1.0".to_string()),
        ("x-amzn-requestid", Uuid::new_v4().to_string()),
    ];
    let mut response = (status, headers, body).into_response();
    if let Some(value) = query_error.and_then(|text| text.parse().ok()) {
        response.headers_mut().insert("x-amzn-query-error", value);
    }
    response
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::SystemTime;

    use super::*;
    use crate::sqs::QueueSpec;

    fn queues() -> Sqs {
        let sqs = Sqs::new(
            "http://127.0.0.1:1",
            "eu-central-1",
            "000000000000",
            Arc::new(|| SystemTime::UNIX_EPOCH),
        );
        sqs.create(QueueSpec::named("jobs")).unwrap();
        sqs
    }

    async fn post(sqs: &Sqs, action: &str, body: Value) -> (u16, HeaderMap, Value) {
        let headers = HeaderMap::from_iter([(
            "x-amz-target".parse().unwrap(),
            format!("AmazonSQS.{action}").parse().unwrap(),
        )]);
        let response = answer(State(sqs.clone()), headers, body.to_string().into()).await;
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, MAX_REQUEST_BYTES).await.unwrap();
        (parts.status.as_u16(), parts.headers, serde_json::from_slice(&body).unwrap_or_default())
    }

    #[tokio::test]
    async fn a_refusal_carries_both_names_of_the_error() {
        let url = "http://127.0.0.1:1/000000000000/absent";
        let (status, headers, body) =
            post(&queues(), "ReceiveMessage", json!({ "QueueUrl": url })).await;
        assert_eq!(status, 400);
        assert_eq!(headers["content-type"], "application/x-amz-json-1.0");
        assert_eq!(headers["x-amzn-query-error"], "AWS.SimpleQueueService.NonExistentQueue;Sender");
        let message = "The specified queue does not exist.";
        assert_eq!(
            body,
            json!({ "__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": message })
        );
    }

    #[tokio::test]
    async fn what_is_not_a_request_is_refused() {
        let sqs = queues();
        assert_eq!(
            post(&sqs, "Dance", json!({})).await.2["__type"],
            "com.amazon.coral.service#UnknownOperationException"
        );
        let (_, headers, _) = post(&sqs, "SendMessage", json!({ "MessageBody": "x" })).await;
        assert_eq!(headers["x-amzn-query-error"], "MissingParameter;Sender");
        let (_, _, body) =
            post(&sqs, "SendMessage", json!({ "QueueUrl": "/jobs", "DelaySeconds": "soon" })).await;
        assert_eq!(body["__type"], "com.amazon.coral.service#SerializationException");
    }

    #[tokio::test]
    async fn a_failed_request_may_have_been_applied_or_not() {
        let sqs = queues();
        let send = async || {
            post(&sqs, "SendMessage", json!({ "QueueUrl": "/jobs", "MessageBody": "x" })).await.0
        };
        sqs.fail_next("SendMessage", 1, Failing::BeforeApplying);
        assert_eq!(send().await, 500);
        assert_eq!(sqs.accepted("jobs"), Ok(0));
        sqs.fail_next("SendMessage", 1, Failing::AfterApplying);
        assert_eq!(send().await, 500);
        assert_eq!(sqs.accepted("jobs"), Ok(1));
        assert_eq!(send().await, 200);
    }
}
