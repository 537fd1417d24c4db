//! The faults that can happen to a step, and the answer of each service.

use crate::answer::{self, Answer};
use crate::network::{Peer, Sent};
use futures::StreamExt;
use serde_json::json;
use std::time::Duration;

/// A fault of one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// There is no connection: the request is not sent.
    NotSent,
    /// The request is done, and the answer is lost at once.
    AnswerLost,
    /// The request is done, and no answer ever comes. The caller's own timeout must end it.
    Silence,
    /// The request arrives later by this, whether or not its caller still waits.
    Late(Duration),
    /// The request is not done, and this is the answer.
    Refused(Refusal),
    /// The request is done, and the answer's body breaks off.
    Truncated,
    /// The function dies before it sends the request.
    DeathBefore,
    /// The request is done, and the function dies before the answer.
    DeathAfter,
    /// The function dies, and its request arrives later by this.
    Orphaned(Duration),
}

impl Fault {
    pub const KINDS: [&str; 9] = [
        "no connection",
        "answer lost",
        "silence",
        "late",
        "refused",
        "truncated",
        "death before",
        "death after",
        "death, and late",
    ];

    /// The word for its kind.
    pub const fn kind(self) -> &'static str {
        let [
            not_sent,
            answer_lost,
            silence,
            late,
            refused,
            truncated,
            death_before,
            death_after,
            orphaned,
        ] = Self::KINDS;
        match self {
            Self::NotSent => not_sent,
            Self::AnswerLost => answer_lost,
            Self::Silence => silence,
            Self::Late(_) => late,
            Self::Refused(_) => refused,
            Self::Truncated => truncated,
            Self::DeathBefore => death_before,
            Self::DeathAfter => death_after,
            Self::Orphaned(_) => orphaned,
        }
    }
}

/// A refusal after which a retry may succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Too many requests: 429, or AWS's own word for it.
    TooMany,
    Internal,
    Unavailable,
    /// DynamoDB only: another transaction is under way.
    Conflict,
}

impl Refusal {
    /// The answer in the service's own words.
    pub fn of(self, sent: &Sent) -> Answer {
        match sent.peer {
            Peer::DynamoDb => self.of_dynamodb(sent),
            Peer::Sqs | Peer::Secrets => match self {
                Self::TooMany | Self::Conflict => answer::aws(
                    400,
                    "RequestThrottled",
                    "The request was denied due to request throttling.",
                ),
                Self::Internal => answer::aws(
                    500,
                    "InternalFailure",
                    "We encountered an internal error. Please try again.",
                ),
                Self::Unavailable => answer::aws(503, "ServiceUnavailable", "Service Unavailable"),
            },
            Peer::Fal => {
                let (status, kind) = match self {
                    Self::TooMany | Self::Conflict => (429, "concurrent_requests_limit"),
                    Self::Internal => (500, "internal_error"),
                    Self::Unavailable => (503, "runner_scheduling_failure"),
                };
                Answer::json(
                    status,
                    json!({"detail": "It does not go at present", "error_type": kind}).to_string(),
                )
            }
            Peer::Google => {
                let (code, status) = match self {
                    Self::TooMany | Self::Conflict => (429, "RESOURCE_EXHAUSTED"),
                    Self::Internal => (500, "INTERNAL"),
                    Self::Unavailable => (503, "UNAVAILABLE"),
                };
                Answer::json(
                    code,
                    json!({"error": {"code": code, "message": "It does not go at present.", "status": status}})
                        .to_string(),
                )
            }
            Peer::Storage => match self {
                Self::TooMany | Self::Conflict => Answer::json(
                    429,
                    r#"{"statusCode":"429","error":"too_many_connections","message":"Too many connections issued to the database","code":"SlowDown"}"#,
                ),
                Self::Internal => Answer::json(
                    500,
                    r#"{"statusCode":"500","error":"Internal","message":"Internal Server Error","code":"InternalError"}"#,
                ),
                Self::Unavailable => Answer::json(
                    503,
                    "<html><body>503 Service Temporarily Unavailable</body></html>",
                ),
            },
        }
    }

    fn of_dynamodb(self, sent: &Sent) -> Answer {
        let items = sent.json()["TransactItems"].as_array().map_or(0, Vec::len);
        let writes = !matches!(sent.operation(), "GetItem" | "BatchGetItem" | "Query" | "Scan");
        match self {
            Self::Internal => answer::aws(
                500,
                "InternalServerError",
                "The request processing has failed because of an unknown error",
            ),
            Self::Unavailable => answer::aws(
                503,
                "ServiceUnavailableException",
                "The service is temporarily unavailable.",
            ),
            Self::Conflict if writes => answer::conflict(sent.operation(), &vec![true; items]),
            Self::TooMany | Self::Conflict => answer::throttled(items),
        }
    }
}

/// The answer that a function gets. If it is cut, it breaks off in the middle of its body.
pub fn response(answer: Answer, cut: bool) -> reqwest::Response {
    let body = if cut {
        let half = answer.body.slice(..answer.body.len() / 2);
        let broken = std::io::Error::new(
            std::io::ErrorKind::UnexpectedEof,
            "the connection ended in the middle of the body",
        );
        reqwest::Body::wrap_stream(futures::stream::iter([Ok(half), Err(broken)]).boxed())
    } else {
        answer.body.into()
    };
    let mut response = axum::http::Response::new(body);
    *response.status_mut() = axum::http::StatusCode::from_u16(answer.status)
        .expect("services answer with real statuses");
    *response.headers_mut() = answer.headers;
    response.into()
}
