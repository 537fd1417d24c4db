//! Misbehaviour on order: which step of the protocol goes wrong, how, and how often. The layer here
//! plays what needs no knowledge of the step; the rest reaches the step's handler as a request
//! extension.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::Project;
use super::incoming::drain;

/// A step of the protocol that can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// `POST` and `PUT /object/…`
    Upload,
    /// `DELETE /object/{bucket}/{path}`
    Delete,
    /// `POST /upload/resumable`
    TusCreate,
    /// `PATCH /upload/resumable/…`
    TusPatch,
    /// `HEAD /upload/resumable/…`
    TusHead,
    /// `GET /object/info/…`
    Info,
    /// `GET` and `HEAD /object/public/…`
    Public,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Fault {
    /// This answer, and the request's work is not done.
    Answer {
        /// The HTTP status.
        status: u16,
        /// Headers to send.
        #[serde(default)]
        headers: BTreeMap<String, String>,
        /// The body, verbatim.
        #[serde(default)]
        body: String,
    },
    /// Silence for this long, then the work and its answer as usual.
    Hang {
        /// How long, in milliseconds.
        ms: u64,
    },
    /// The connection closes and nothing was done.
    CloseBefore,
    /// Everything is done, then the connection closes instead of an answer.
    CloseAfter,
    /// `TusPatch` only: the connection closes when this much of the body is stored.
    BreakAfter {
        /// Bytes of this request's body that are kept.
        bytes: u64,
    },
    /// `Public` only: the answer of a bucket that is not public.
    Private,
    /// `Public` only: the whole object comes in chunks, and nothing says how long it is.
    Chunked,
    /// `Public` only: the range is answered as one of an unknown total, `bytes 0-0/*`.
    UnknownTotal,
    /// `TusCreate` only: the upload is begun, and its location is this text; `{id}` in it is the
    /// upload's id.
    Location {
        /// What the header says.
        location: String,
    },
    /// `Info` only: the object's size is reported wrong.
    WrongSize {
        /// The size to report, in bytes.
        size: u64,
    },
}

/// An order for misbehaviour. Orders for the same step are played one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Where.
    pub step: Step,
    /// What.
    #[serde(flatten)]
    pub fault: Fault,
    /// How many requests go wrong; `None` is every one.
    #[serde(default)]
    pub times: Option<u32>,
    /// How many requests pass untouched before.
    #[serde(default)]
    pub after: u32,
}

#[derive(Debug, Default)]
pub(super) struct Faults(Mutex<Vec<Plan>>);

impl Faults {
    pub(super) fn add(&self, plan: Plan) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(plan);
    }

    pub(super) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn next(&self, step: Step) -> Option<Fault> {
        let mut plans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        plans.retain(|plan| plan.times != Some(0));
        let plan = plans.iter_mut().find(|plan| plan.step == step)?;
        if plan.after > 0 {
            plan.after -= 1;
            return None;
        }
        plan.times = plan.times.map(|times| times - 1);
        Some(plan.fault.clone())
    }
}

/// The layer around the routes of one step.
pub(super) async fn play(
    State((project, step)): State<(Arc<Project>, Step)>,
    mut request: Request,
    next: Next,
) -> Response {
    match project.faults.next(step) {
        None => next.run(request).await,
        Some(Fault::Answer { status, headers, body }) => {
            drain(&mut request.into_body().into_data_stream()).await;
            answer(status, headers, body)
        }
        Some(Fault::Hang { ms }) => {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            next.run(request).await
        }
        Some(Fault::CloseBefore) => hang_up(),
        Some(Fault::CloseAfter) => {
            next.run(request).await;
            hang_up()
        }
        Some(
            fault @ (Fault::BreakAfter { .. }
            | Fault::Private
            | Fault::Chunked
            | Fault::UnknownTotal
            | Fault::Location { .. }
            | Fault::WrongSize { .. }),
        ) => {
            request.extensions_mut().insert(fault);
            next.run(request).await
        }
    }
}

/// What `play` leaves for a handler.
pub(super) type Ordered = Option<Extension<Fault>>;

/// Closes the connection without another byte. A response body that fails would do for most
/// requests, but a `HEAD` has no body; unwinding ends the connection's task for every method, and
/// without a panic message, because `resume_unwind` does not call the panic hook. No lock may be
/// held here.
pub(super) fn hang_up() -> ! {
    std::panic::resume_unwind(Box::new("the simulated server hangs up"))
}

fn answer(status: u16, headers: BTreeMap<String, String>, body: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, body).into_response();
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
