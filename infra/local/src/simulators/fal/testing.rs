//! What the tests share: the simulator behind a real socket, and a clock that the test moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::*;

pub(super) const KLING: &str = "/fal-ai/kling-video/v2/master/text-to-video";
pub(super) const REQUESTS: &str = "/fal-ai/kling-video/requests";

pub(super) const KEY: &str = "Key id:secret";

/// A simulator that queues 10 s and renders 60 s, behind a real socket, and its clock in seconds.
pub(super) struct World {
    pub(super) fal: Fal,
    pub(super) clock: Arc<AtomicU64>,
    served_at: String,
}

pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Value,
}

impl World {
    pub(super) async fn new() -> Self {
        Self::in_directory(None, Arc::new(AtomicU64::new(1_800_000_000))).await
    }

    pub(super) async fn in_directory(data_dir: Option<PathBuf>, clock: Arc<AtomicU64>) -> Self {
        let time = clock.clone();
        let fal = Fal::new(Options {
            base_url: "http://fal.test".to_owned(),
            key: "id:secret".to_owned(),
            data_dir,
            render: Render { queued: Duration::from_secs(10), rendering: Duration::from_secs(60) },
            now: Arc::new(move || UNIX_EPOCH + Duration::from_secs(time.load(Ordering::SeqCst))),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let served_at = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(axum::serve(listener, fal.router()).into_future());
        Self { fal, clock, served_at }
    }

    pub(super) fn wait(&self, seconds: u64) {
        self.clock.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        // the second test finds it installed
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        client.request(method, format!("{}{path}", self.served_at))
    }

    pub(super) async fn ask_as(
        &self,
        key: Option<&str>,
        method: Method,
        path: &str,
        body: String,
    ) -> Answer {
        let mut request = self.request(method, path).body(body);
        if let Some(key) = key {
            request = request.header("authorization", key);
        }
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default();
        Answer { status, headers, body }
    }

    pub(super) async fn ask(&self, method: Method, path: &str) -> Answer {
        self.ask_as(Some(KEY), method, path, String::new()).await
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path).await
    }

    pub(super) async fn submit(&self, prompt: &str) -> String {
        let body = json!({"prompt": prompt, "duration": "5"}).to_string();
        let answer = self.ask_as(Some(KEY), Method::POST, KLING, body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body["request_id"].as_str().unwrap().to_owned()
    }
}
