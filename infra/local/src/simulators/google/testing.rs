//! What the tests share: the simulator behind a real socket, and a clock that the test moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

pub(super) const MODEL: &str =
    "projects/local/locations/us-central1/publishers/google/models/veo-3.1-generate-001";
pub(super) const START_S: u64 = 1_800_000_000;

/// A simulator that renders 60 s, and its clock in seconds.
pub(super) struct World {
    pub(super) google: Google,
    pub(super) clock: Arc<AtomicU64>,
    port: u16,
}

#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// HTTP's status, and Google's name for it or the one OAuth has.
    pub(super) fn refusal(&self) -> (u16, String) {
        let body = self.json();
        let name = body["error"]["status"].as_str().or(body["error"].as_str()).unwrap_or_default();
        (self.status, name.to_owned())
    }
}

impl World {
    pub(super) async fn new() -> Self {
        Self::in_directory(None, Arc::new(AtomicU64::new(START_S))).await
    }

    pub(super) async fn in_directory(data_dir: Option<PathBuf>, clock: Arc<AtomicU64>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, time) = (listener.local_addr().unwrap().port(), clock.clone());
        let google = Google::new(Options {
            base_url: "http://google.test".to_owned(),
            project: "local".to_owned(),
            location: "us-central1".to_owned(),
            data_dir,
            render: Render { queued: Duration::from_secs(10), rendering: Duration::from_secs(50) },
            now: Arc::new(move || {
                SystemTime::UNIX_EPOCH + Duration::from_secs(time.load(Ordering::SeqCst))
            }),
        });
        tokio::spawn(axum::serve(listener, google.router()).into_future());
        Self { google, clock, port }
    }

    pub(super) fn wait(&self, seconds: u64) {
        self.clock.fetch_add(seconds, Ordering::SeqCst);
    }

    /// HTTP/1.0, so that a body of unknown length ends with its connection and not in chunks.
    pub(super) async fn send(&self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let mut socket = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        let length = body.len();
        let request =
            format!("{method} {path} HTTP/1.0\r\ncontent-length: {length}\r\n{headers}\r\n{body}");
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut all = Vec::new();
        let _ = socket.read_to_end(&mut all).await;
        let at = all.windows(4).position(|end| end == b"\r\n\r\n").unwrap_or_default();
        let head = String::from_utf8_lossy(&all[..at]).to_lowercase();
        let status =
            head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
        Answer { status, head, body: all.split_off(all.len().min(at + 4)) }
    }

    pub(super) async fn ask_for_token(&self, claims: &Value) -> Answer {
        let assertion = account::sign(claims);
        let grant_type = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer";
        self.send("POST", "/token", "", &format!("grant_type={grant_type}&assertion={assertion}"))
            .await
    }

    pub(super) fn claims(&self) -> Value {
        let now_s = self.clock.load(Ordering::SeqCst);
        json!({
            "iss": account::EMAIL, "aud": "http://google.test/token",
            "iat": now_s, "exp": now_s + 3600,
            "scope": "https://www.googleapis.com/auth/cloud-platform",
        })
    }

    /// A token that is good now, as a header.
    pub(super) async fn bearer(&self) -> String {
        let answer = self.ask_for_token(&self.claims()).await;
        format!("authorization: Bearer {}\r\n", answer.json()["access_token"].as_str().unwrap())
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send("POST", path, &self.bearer().await, &body.to_string()).await
    }

    pub(super) async fn submit(&self, prompt: &str, parameters: Value) -> String {
        let body = json!({"instances": [{"prompt": prompt}], "parameters": parameters});
        let answer = self.post(&format!("/v1/{MODEL}:predictLongRunning"), body).await;
        assert_eq!(answer.status, 200, "{}", answer.json());
        answer.json()["name"].as_str().unwrap().to_owned()
    }

    pub(super) async fn poll(&self, name: &str) -> Answer {
        self.post(
            &format!("/v1beta1/{MODEL}:fetchPredictOperation"),
            json!({"operationName": name}),
        )
        .await
    }

    /// What is said of an operation that ends so.
    pub(super) async fn end_with(&self, ending: Ending, parameters: Value) -> Value {
        self.google.decide(Verdict::next(1, ending));
        let name = self.submit("a cat", parameters).await;
        self.wait(60);
        let answer = self.poll(&name).await;
        assert_eq!((answer.status, &answer.json()["done"]), (200, &json!(true)));
        answer.json()
    }
}
