//! Plays a fault on a request.

use std::future::ready;
use std::io;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use tokio::time::sleep;

use super::{Oddity, Then};

/// Long enough for what was sent to leave the process before the connection is cut, short enough
/// not to be felt.
const BEFORE_THE_CUT: Duration = Duration::from_millis(20);

/// What is answered without doing the work, if the work is not to be done.
pub(super) fn instead<Own>(then: &Then<Own>) -> Result<Option<Response>, axum::http::Error> {
    let answer = axum::http::Response::builder();
    match then {
        Then::Answer { status, headers, body } => {
            let answer = headers
                .iter()
                .fold(answer.status(*status), |answer, (name, value)| answer.header(name, value));
            answer.body(Body::from(body.clone())).map(Some)
        }
        Then::Redirect { url } => answer
            .status(StatusCode::TEMPORARY_REDIRECT)
            .header(header::LOCATION, url)
            .body(Body::empty())
            .map(Some),
        _ => Ok(None),
    }
}

pub(super) async fn play<Own: Oddity>(
    then: Then<Own>,
    mut request: Request,
    next: Next,
) -> Response {
    if let Ok(Some(answer)) = instead(&then) {
        drain(request.into_body()).await;
        return answer;
    }
    match then {
        Then::CloseBefore => hang_up(),
        Then::HangBefore { ms } => sleep(Duration::from_millis(ms)).await,
        Then::Own(own) => drop(request.extensions_mut().insert(own)),
        then => return after(next.run(request).await, then).await,
    }
    next.run(request).await
}

/// What becomes of the answer once the work is done.
async fn after<Own>(answer: Response, then: Then<Own>) -> Response {
    match then {
        Then::CloseAfter => hang_up(),
        Then::Hang { ms } => sleep(Duration::from_millis(ms)).await,
        Then::SlowBody { chunk_bytes, pause_ms } => {
            let pause = Duration::from_millis(pause_ms);
            return with_body(answer, |body| slowly(body, chunk_bytes.max(1), pause));
        }
        Then::EndlessBody => {
            let mut answer = with_body(answer, |body| {
                body.into_data_stream()
                    .chain(stream::repeat(Bytes::from_static(&[b' '; 16 * 1024])).map(Ok))
            });
            answer.headers_mut().remove(header::CONTENT_LENGTH);
            return answer;
        }
        Then::TruncatedBody { keep_bytes } => {
            return with_body(answer, |body| truncated(body, keep_bytes));
        }
        Then::Answer { .. }
        | Then::Redirect { .. }
        | Then::CloseBefore
        | Then::HangBefore { .. }
        | Then::Own(_) => {}
    }
    answer
}

/// Closes the connection without another byte. A response body that fails would do for most
/// requests, but a `HEAD` has no body. Unwinding ends the connection's task for every method.
/// `resume_unwind` does not call the panic hook, so no panic message appears. No lock may be held
/// here.
pub(crate) fn hang_up() -> ! {
    std::panic::resume_unwind(Box::new("the simulated server hangs up"))
}

/// Reads a body and forgets it: a client that is still sending would meet a reset connection
/// instead of the answer.
async fn drain(body: Body) {
    let mut body = body.into_data_stream();
    while let Some(Ok(_)) = body.next().await {}
}

fn slowly(
    body: Body,
    size: usize,
    pause: Duration,
) -> impl Stream<Item = Result<Bytes, axum::Error>> {
    let pieces = body.into_data_stream().flat_map(move |chunk| {
        let chunk = chunk.unwrap_or_default();
        let ends = (0..chunk.len()).step_by(size);
        stream::iter(ends.map(move |at| Ok(chunk.slice(at..chunk.len().min(at + size)))))
    });
    pieces.then(move |piece| async move {
        sleep(pause).await;
        piece
    })
}

fn truncated(body: Body, keep: usize) -> impl Stream<Item = Result<Bytes, axum::Error>> {
    let kept = body.into_data_stream().scan(keep, |left, chunk| {
        let chunk = chunk.unwrap_or_default();
        let chunk = chunk.slice(..chunk.len().min(*left));
        *left -= chunk.len();
        ready((!chunk.is_empty()).then_some(Ok(chunk)))
    });
    kept.chain(stream::once(sleep(BEFORE_THE_CUT)).map(|()| Err(cut())))
}

fn cut() -> axum::Error {
    axum::Error::new(io::Error::new(io::ErrorKind::ConnectionAborted, "a scripted fault"))
}

/// The answer with another body that still claims the length of the first, where that is known.
fn with_body<S>(answer: Response, change: impl FnOnce(Body) -> S) -> Response
where
    S: Stream<Item = Result<Bytes, axum::Error>> + Send + 'static,
{
    let (mut head, body) = answer.into_parts();
    if let Some(length) = body.size_hint().exact() {
        head.headers.entry(header::CONTENT_LENGTH).or_insert(length.into());
    }
    Response::from_parts(head, Body::from_stream(change(body)))
}
