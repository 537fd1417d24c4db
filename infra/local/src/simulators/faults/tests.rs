//! What a client sees of each fault, on a real socket, and how often the work was done.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::routing::any;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;
use crate::simulators::door::Door;

const BODY: &str = "a body of twenty-six bytes";

/// A server with the step "work", and how often the work was done.
struct Server {
    faults: Faults,
    done: Arc<AtomicU32>,
    port: u16,
}

async fn serve() -> Server {
    let done = Arc::new(AtomicU32::new(0));
    let (counter, now) = (done.clone(), Arc::new(SystemTime::now));
    let work = async move || {
        counter.fetch_add(1, Ordering::SeqCst);
        BODY
    };
    let door = Door::<Never>::new(&["work"], |_, _| Some("work"), now);
    let app = door.before(Router::new().fallback(any(work)));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(axum::serve(listener, app).into_future());
    Server { faults: door.faults, done, port }
}

impl Server {
    async fn send(&self, request: &str) -> TcpStream {
        let mut socket = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        socket.write_all(request.as_bytes()).await.unwrap();
        socket
    }

    /// All that the server sends before it closes, which it is asked to do after the answer.
    async fn ask(&self, method: &str) -> String {
        let request = format!("{method} /path HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        let mut text = String::new();
        let _ = self.send(&request).await.read_to_string(&mut text).await;
        text
    }

    async fn get(&self) -> String {
        self.ask("GET").await
    }

    async fn get_with(&self, then: Then) -> (String, u32) {
        self.faults.add(Fault::once("work", then)).unwrap();
        let text = self.get().await;
        (text, self.done.swap(0, Ordering::SeqCst))
    }
}

#[test]
fn the_oldest_fault_that_fits_happens_as_often_as_it_says() {
    let faults: Faults = Faults::new(&["a", "b"]);
    faults.add(Fault::times("a", 2, Then::CloseBefore)).unwrap();
    faults.add(Fault::once("a", Then::EndlessBody).on("/x/").after(1)).unwrap();
    assert_eq!(faults.take("b", "/x/"), None);
    assert_eq!(faults.take("a", "/x/"), Some(Then::CloseBefore));
    assert_eq!(faults.take("a", "/y/"), Some(Then::CloseBefore));
    assert_eq!(faults.take("a", "/y/"), None);
    assert_eq!(faults.take("a", "/x/"), None, "one passes before");
    assert_eq!(faults.take("a", "/x/"), Some(Then::EndlessBody));
    assert!(faults.pending().is_empty());
}

#[test]
fn a_fault_survives_json() {
    let fault: Fault = Fault::once("a", Then::answer(429, r#"{"detail":"slow down"}"#)).on("/x/");
    let text = serde_json::to_string(&fault).unwrap();
    assert_eq!(serde_json::from_str::<Fault>(&text).unwrap(), fault);
}

#[tokio::test]
async fn a_closed_connection_carries_no_byte_whatever_the_method() {
    let server = serve().await;
    assert_eq!(server.get_with(Then::CloseBefore).await, (String::new(), 0));
    assert_eq!(server.get_with(Then::CloseAfter).await, (String::new(), 1));
    assert!(server.get().await.ends_with(BODY), "the fault happened once");
    for method in ["HEAD", "POST", "PATCH"] {
        server.faults.add(Fault::once("work", Then::CloseAfter)).unwrap();
        assert_eq!(server.ask(method).await, "", "{method}");
    }
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

#[tokio::test]
async fn silence_comes_before_the_work_or_after_it() {
    let server = serve().await;
    for (then, done) in [(Then::HangBefore { ms: 3_600_000 }, 0), (Then::Hang { ms: 3_600_000 }, 1)]
    {
        server.faults.add(Fault::once("work", then)).unwrap();
        let silence = tokio::time::timeout(Duration::from_millis(300), server.get()).await;
        assert!(silence.is_err());
        assert_eq!(server.done.swap(0, Ordering::SeqCst), done);
    }
    assert!(server.get_with(Then::Hang { ms: 1 }).await.0.ends_with(BODY));
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
