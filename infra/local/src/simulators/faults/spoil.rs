//! Turns a fault into the response that makes hyper misbehave.
//!
//! Closing a connection needs no server of its own: hyper only buffers a response's head, so a body
//! that fails before anything was flushed ends the connection with not one byte sent. The tests
//! hold it to that on a real socket.

use std::future::ready;
use std::io;
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::http::{StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use tokio::time::sleep;

use super::Then;

/// Long enough for what was sent to leave the process before the connection is cut, short enough
/// not to be felt.
const BEFORE_THE_CUT: Duration = Duration::from_millis(20);

/// What is answered without doing the work, if the work is not to be done.
pub(super) fn instead(then: &Then) -> Result<Option<Response>, axum::http::Error> {
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
        Then::CloseBefore => Ok(Some(closed())),
        Then::CloseAfter
        | Then::Hang { .. }
        | Then::SlowBody { .. }
        | Then::EndlessBody
        | Then::TruncatedBody { .. } => Ok(None),
    }
}

/// What becomes of the answer once the work is done.
pub(super) async fn after(answer: Response, then: Then) -> Response {
    match then {
        Then::Answer { .. } | Then::Redirect { .. } | Then::CloseBefore => answer,
        Then::CloseAfter => closed(),
        Then::Hang { ms } => {
            sleep(Duration::from_millis(ms)).await;
            answer
        }
        Then::SlowBody { chunk_bytes, pause_ms } => {
            let pause = Duration::from_millis(pause_ms);
            with_body(answer, |body| slowly(body, chunk_bytes.max(1), pause))
        }
        Then::EndlessBody => {
            let mut answer = with_body(answer, |body| {
                body.into_data_stream()
                    .chain(stream::repeat(Bytes::from_static(&[b' '; 16 * 1024])).map(Ok))
            });
            answer.headers_mut().remove(header::CONTENT_LENGTH);
            answer
        }
        Then::TruncatedBody { keep_bytes } => with_body(answer, |body| truncated(body, keep_bytes)),
    }
}

/// A response whose body fails at once, so that the connection is closed before its head is
/// flushed.
fn closed() -> Response {
    Response::new(Body::from_stream(stream::once(ready(Err::<Bytes, _>(cut())))))
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use axum::Router;
    use axum::response::IntoResponse;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::super::{Fault, Faults};
    use super::*;

    const BODY: &str = "a body of twenty-six bytes";

    /// A server with the step "work", and how often the work was done.
    struct Server {
        faults: Faults,
        done: Arc<AtomicU32>,
        port: u16,
    }

    async fn serve() -> Server {
        let (faults, done) = (Faults::new(&["work"]), Arc::new(AtomicU32::new(0)));
        let (around, counter) = (faults.clone(), done.clone());
        let app = Router::new().fallback(async move || {
            let work = async {
                counter.fetch_add(1, Ordering::SeqCst);
                BODY.into_response()
            };
            around.around("work", "/path", work).await
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(axum::serve(listener, app.merge(faults.router())).into_future());
        Server { faults, done, port }
    }

    impl Server {
        async fn send(&self, request: &str) -> TcpStream {
            let mut socket = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
            socket.write_all(request.as_bytes()).await.unwrap();
            socket
        }

        /// All that the server sends before it closes, which it is asked to do after the answer.
        async fn get(&self) -> String {
            let mut socket =
                self.send("GET /path HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
            let mut text = String::new();
            let _ = socket.read_to_string(&mut text).await;
            text
        }

        async fn get_with(&self, then: Then) -> (String, u32) {
            self.faults.add(Fault::once("work", then)).unwrap();
            let text = self.get().await;
            (text, self.done.swap(0, Ordering::SeqCst))
        }
    }

    #[tokio::test]
    async fn a_closed_connection_carries_no_byte_and_the_work_is_done_only_after() {
        let server = serve().await;
        assert_eq!(server.get_with(Then::CloseBefore).await, (String::new(), 0));
        assert_eq!(server.get_with(Then::CloseAfter).await, (String::new(), 1));
        assert!(server.get().await.ends_with(BODY), "the fault happened once");
    }

    #[tokio::test]
    async fn a_kept_alive_connection_is_closed_too() {
        let server = serve().await;
        let mut socket = server.send("GET /path HTTP/1.1\r\nhost: x\r\n\r\n").await;
        let mut answer = [0; 1024];
        let read = socket.read(&mut answer).await.unwrap();
        assert!(answer[..read].starts_with(b"HTTP/1.1 200"));
        server.faults.add(Fault::once("work", Then::CloseAfter)).unwrap();
        socket.write_all(b"GET /path HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        assert_eq!(socket.read(&mut answer).await.unwrap_or(0), 0);
    }

    #[tokio::test]
    async fn a_truncated_body_promises_all_and_sends_a_part() {
        let server = serve().await;
        let (text, done) = server.get_with(Then::TruncatedBody { keep_bytes: 6 }).await;
        assert!(text.contains("content-length: 26"), "{text}");
        assert!(text.ends_with("\r\n\r\na body"), "{text}");
        assert_eq!(done, 1);
    }

    #[tokio::test]
    async fn a_scripted_answer_and_a_redirect_come_instead_of_the_work() {
        let server = serve().await;
        let (text, done) = server.get_with(Then::answer(503, "{}")).await;
        assert!(text.starts_with("HTTP/1.1 503") && text.ends_with("{}"), "{text}");
        assert!(text.contains("content-type: application/json"), "{text}");
        assert_eq!(done, 0);
        let (text, done) =
            server.get_with(Then::Redirect { url: "http://127.0.0.1:1/".to_owned() }).await;
        assert!(
            text.starts_with("HTTP/1.1 307") && text.contains("location: http://127.0.0.1:1/"),
            "{text}"
        );
        assert_eq!(done, 0);
    }

    #[tokio::test]
    async fn a_slow_body_is_whole_and_an_endless_one_is_not() {
        let server = serve().await;
        let (text, _) = server.get_with(Then::SlowBody { chunk_bytes: 10, pause_ms: 1 }).await;
        assert!(text.contains("content-length: 26") && text.ends_with(BODY), "{text}");

        server.faults.add(Fault::once("work", Then::EndlessBody)).unwrap();
        let mut socket = server.send("GET /path HTTP/1.1\r\nhost: x\r\n\r\n").await;
        let mut start = vec![0; 1_000_000];
        socket.read_exact(&mut start).await.unwrap();
        assert!(!String::from_utf8_lossy(&start).contains("content-length"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_hanging_answer_comes_when_its_time_has_passed() {
        let started = tokio::time::Instant::now();
        after(BODY.into_response(), Then::Hang { ms: 60_000 }).await;
        assert_eq!(started.elapsed().as_secs(), 60);
    }

    #[tokio::test]
    async fn faults_are_scripted_over_http() {
        let server = serve().await;
        let post = |json: &str| {
            let length = json.len();
            format!(
                "POST /_simulator/faults HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
                 content-type: application/json\r\ncontent-length: {length}\r\n\r\n{json}"
            )
        };
        for (json, status) in [
            (r#"{"step": "work", "times": null, "then": "close_before"}"#, "204"),
            (r#"{"step": "wrok", "then": "close_before"}"#, "400"),
            (r#"{"step": "work", "then": {"answer": {"status": 99}}}"#, "400"),
            (r#"{"step": "work", "then": {"hang": {"seconds": 1}}}"#, "422"),
        ] {
            let mut text = String::new();
            server.send(&post(json)).await.read_to_string(&mut text).await.unwrap();
            assert!(text.starts_with(&format!("HTTP/1.1 {status}")), "{json}: {text}");
        }
        assert_eq!(server.faults.pending(), [Fault::forever("work", Then::CloseBefore)]);
        assert_eq!((server.get().await, server.get().await), (String::new(), String::new()));
        let clear = "DELETE /_simulator/faults HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        server.send(clear).await.read_to_string(&mut String::new()).await.unwrap();
        assert!(server.get().await.ends_with(BODY));
    }
}
