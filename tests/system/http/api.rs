//! The API that the tests of [`super`] ask: a stage's, or the one that `GHUB_API` names.

use crate::stage::Stage;
use ghub::outbound::Outbound;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Method, Request};
use serde_json::Value;

pub(super) struct Api {
    base: String,
    pub(super) key: String,
    pub(super) outbound: Outbound,
    _stage: Option<Stage>,
}

pub(super) struct Answer {
    pub(super) status: u16,
    headers: HeaderMap,
    pub(super) text: String,
    pub(super) body: Value,
}

impl Api {
    pub(super) async fn new() -> Self {
        let outbound = Outbound::network();
        if let (Ok(base), Ok(key)) = (std::env::var("GHUB_API"), std::env::var("GHUB_KEY")) {
            return Self { base, key, outbound, _stage: None };
        }
        let stage = Stage::new().await;
        let base = stage.system.api.clone().unwrap();
        Self { base, key: stage.system.identity.live_key.clone(), outbound, _stage: Some(stage) }
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, Some(&format!("Bearer {}", self.key)), None).await
    }

    pub(super) async fn post(&self, body: impl Into<reqwest::Body>) -> Answer {
        let authorization = format!("Bearer {}", self.key);
        self.call(Method::POST, "/videos/generations", Some(&authorization), Some(body.into()))
            .await
    }

    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        authorization: Option<&str>,
        body: Option<reqwest::Body>,
    ) -> Answer {
        let mut request = Request::new(method, format!("{}{path}", self.base).parse().unwrap());
        if let Some(authorization) = authorization {
            request
                .headers_mut()
                .insert(AUTHORIZATION, HeaderValue::from_str(authorization).unwrap());
        }
        request.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
        *request.body_mut() = body;
        let response = self.outbound.exchange(request).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        Answer { status, headers, body: serde_json::from_str(&text).unwrap_or_default(), text }
    }
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Checks the whole envelope and returns the message.
    pub(super) fn refused(&self, status: u16, code: &str) -> &str {
        let error = &self.body["error"];
        assert_eq!((self.status, error["code"].as_str()), (status, Some(code)), "{}", self.text);
        assert_eq!(error["type"], error["code"]);
        assert_eq!(error["request_id"].as_str(), Some(self.header("x-request-id")));
        error["message"].as_str().expect("an error has a message")
    }
}
