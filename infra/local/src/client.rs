//! A caller of the API, as small as one can be: what the demo uses, over the same HTTP as
//! everybody.

use ghub::money::Money;
use ghub::outbound::{Outbound, read_body};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Request};
use serde_json::Value;

/// Answers of the API are small.
const LONGEST_ANSWER: usize = 1 << 20;

/// Calls one API with one key.
pub struct Client {
    outbound: Outbound,
    api: String,
    key: String,
}

/// What the API answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
    /// `x-geekhub-balance-mxn`, if it was there.
    pub balance: Option<Money>,
}

impl Client {
    /// A caller of `api`, which ends in `/v1`.
    pub fn new(api: &str, key: &str) -> Self {
        Self { outbound: Outbound::network(), api: api.to_owned(), key: key.to_owned() }
    }

    pub async fn submit(&self, order: &Value) -> Result<Answer, String> {
        self.call(Method::POST, "/videos/generations", Some(order)).await
    }

    pub async fn video(&self, id: &str) -> Result<Answer, String> {
        self.call(Method::GET, &format!("/videos/{id}"), None).await
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, String> {
        let url = format!("{}{path}", self.api)
            .parse()
            .map_err(|_| format!("{} is not an address", self.api))?;
        let mut request = Request::new(method, url);
        let key = HeaderValue::try_from(format!("Bearer {}", self.key))
            .map_err(|_| "the key cannot be sent".to_owned())?;
        request.headers_mut().insert(AUTHORIZATION, key);
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        *request.body_mut() = body.map(|body| body.to_string().into());
        let answer =
            self.outbound.exchange(request).await.map_err(|error| ghub::error::causes(&error))?;
        let status = answer.status().as_u16();
        let balance = answer
            .headers()
            .get("x-geekhub-balance-mxn")
            .and_then(|text| text.to_str().ok()?.parse().ok());
        let body =
            read_body(answer, LONGEST_ANSWER).await.map_err(|error| ghub::error::causes(&error))?;
        Ok(Answer { status, body: serde_json::from_slice(&body).unwrap_or_default(), balance })
    }
}
