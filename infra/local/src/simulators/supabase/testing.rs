//! A simulator on a port of its own, with a clock that the test holds.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{Options, Supabase};

pub(super) const KEY: &str = "sb_secret_test";
pub(super) const MIB: usize = 1024 * 1024;

pub(super) struct Server {
    pub(super) supabase: Supabase,
    pub(super) origin: String,
    pub(super) directory: Arc<Directory>,
    clock: Arc<Mutex<SystemTime>>,
    serving: tokio::task::JoinHandle<()>,
}

pub(super) struct Directory(pub(super) PathBuf);

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Server {
    /// With a public bucket `videos`.
    pub(super) async fn start() -> Self {
        let directory = std::env::temp_dir().join(format!("supabase-{}", uuid::Uuid::new_v4()));
        let clock = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_343_163);
        let server = Self::serve(Arc::new(Directory(directory)), Arc::new(Mutex::new(clock))).await;
        let answer =
            server.send(Method::POST, "/bucket").json(&json!({ "name": "videos", "public": true }));
        assert_eq!(answer.send().await.unwrap().status(), 200);
        server
    }

    /// The same data and clock in a new simulator on another port.
    pub(super) async fn restart(self) -> Self {
        self.serving.abort();
        Self::serve(self.directory.clone(), self.clock.clone()).await
    }

    async fn serve(directory: Arc<Directory>, clock: Arc<Mutex<SystemTime>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let reading = clock.clone();
        let supabase = Supabase::new(Options {
            base_url: origin.clone(),
            key: KEY.to_owned(),
            data_dir: directory.0.clone(),
            now: Arc::new(move || *reading.lock().unwrap()),
        });
        let router = supabase.router();
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { supabase, origin, directory, clock, serving }
    }

    pub(super) fn pass(&self, time: Duration) {
        *self.clock.lock().unwrap() += time;
    }

    /// A request with the key, to a path below `/storage/v1`.
    pub(super) fn send(&self, method: Method, path: &str) -> RequestBuilder {
        self.bare(method, path).header("apikey", KEY)
    }

    /// The same without the key.
    pub(super) fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        client().request(method, format!("{}/storage/v1{path}", self.origin))
    }

    pub(super) async fn put(&self, path: &str, bytes: impl Into<reqwest::Body>) -> Response {
        let request = self.send(Method::POST, path).header("content-type", "video/mp4");
        request.header("x-upsert", "true").body(bytes).send().await.unwrap()
    }

    /// Writes bytes as they are and returns everything that comes back until the server closes the
    /// connection.
    pub(super) async fn raw(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = self.connect(bytes).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await; // a reset is one way to see the end
        answer
    }

    /// Writes bytes as they are and goes away.
    pub(super) async fn cut_off(&self, bytes: &[u8]) {
        self.connect(bytes).await.shutdown().await.unwrap();
    }

    async fn connect(&self, bytes: &[u8]) -> TcpStream {
        let mut stream =
            TcpStream::connect(self.origin.trim_start_matches("http://")).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream
    }
}

pub(super) fn client() -> reqwest::Client {
    // the second test finds it installed
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// HTTP status, `statusCode`, `error`, `code`.
pub(super) async fn refusal(request: RequestBuilder) -> (u16, String, String, String) {
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap();
    let field = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    assert!(body["message"].is_string());
    (status, field("statusCode"), field("error"), field("code"))
}

pub(super) fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// Bytes that differ from place to place.
pub(super) fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|index| u8::try_from(index % 251).unwrap()).collect()
}

/// Waits for what another task is about to do.
pub(super) async fn eventually(mut condition: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), wait)
        .await
        .expect("the condition holds within ten seconds");
}
