//! Requests as they go over the wire, for what the client would not send, and answers with all
//! their headers.

use crate::stage::{Caller, Stage};
use ghub::money::Money;
use ghub::onboarding::create_key;
use ghub::outbound::Outbound;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Request};
use serde_json::{Value, json};

const BALANCE: &str = "x-geekhub-balance-mxn";

/// A request to the API.
#[derive(Clone)]
pub(crate) struct Ask {
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Ask {
    /// A request without key and body; the path is that of the template, from `/v1` on.
    pub(crate) fn new(method: Method, path: &str) -> Self {
        let headers =
            HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        Self { method, path: path.to_owned(), headers, body: Vec::new() }
    }

    pub(crate) fn submit(key: &str, order: &Value) -> Self {
        Self::new(Method::POST, "/v1/videos/generations").key(key).body(order.to_string())
    }

    pub(crate) fn video(key: &str, id: &str) -> Self {
        Self::new(Method::GET, &format!("/v1/videos/{id}")).key(key)
    }

    pub(crate) fn key(self, key: &str) -> Self {
        self.header(AUTHORIZATION, format!("Bearer {key}"))
    }

    /// With a header in place of the one that was there, be it well formed or not.
    pub(crate) fn header(mut self, name: impl Into<HeaderName>, value: impl AsRef<[u8]>) -> Self {
        self.headers.insert(name.into(), HeaderValue::from_bytes(value.as_ref()).unwrap());
        self
    }

    pub(crate) fn body(self, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self }
    }

    pub(crate) fn idempotency_key(self, key: impl AsRef<[u8]>) -> Self {
        self.header(HeaderName::from_static("idempotency-key"), key)
    }
}

impl Stage {
    pub(crate) async fn ask(&self, ask: Ask) -> Reply {
        let origin = self.system.api.as_deref().unwrap().trim_end_matches("/v1");
        let mut request =
            Request::new(ask.method, format!("{origin}{}", ask.path).parse().unwrap());
        *request.headers_mut() = ask.headers;
        *request.body_mut() = Some(ask.body.into());
        let response = Outbound::network().exchange(request).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or_default();
        Reply { status, headers, body }
    }

    /// Another key of the caller's organization.
    pub(crate) async fn key_of(&self, caller: &Caller) -> String {
        create_key(&self.store, &self.system.world().ambient, caller.org, "another").await.unwrap()
    }
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn balance(&self) -> Option<Money> {
        self.header(BALANCE).map(|text| text.parse().unwrap())
    }

    pub(crate) fn retry_after_s(&self) -> Option<u64> {
        self.header("retry-after").map(|text| text.parse().unwrap())
    }

    pub(crate) fn is_replay(&self) -> bool {
        self.header("idempotent-replayed") == Some("true")
    }

    /// The id of the job that was accepted.
    #[track_caller]
    pub(crate) fn job(&self) -> &str {
        assert_eq!(self.status, 200, "{}", self.body);
        self.body["id"].as_str().unwrap()
    }

    /// Checks the whole envelope and returns the message.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) -> &str {
        let message = self.body["error"]["message"].as_str().unwrap_or_default();
        let request_id = self.header("x-request-id");
        let envelope = json!({"error": {"message": message, "type": code, "code": code, "request_id": request_id}});
        assert_eq!((self.status, &self.body), (status, &envelope));
        assert_eq!(self.header("content-type"), Some("application/json"));
        let random = request_id.unwrap_or_default().strip_prefix("req_").unwrap_or_default();
        assert!(
            random.len() == 24 && random.bytes().all(|byte| byte.is_ascii_hexdigit()),
            "{request_id:?}"
        );
        assert!(!message.is_empty());
        message
    }
}
