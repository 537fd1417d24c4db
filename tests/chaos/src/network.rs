//! The network of a run. It passes requests straight into the parts of the local system, without a
//! socket, so all waits are in virtual time.

use crate::answer::Answer;
use crate::aside::Aside;
use crate::clock::Clock;
use crate::deliveries::Deliveries;
use crate::dynamodb::Dynamo;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, Response};
use bytes::Bytes;
use lambda_http::Service;
use local::fal::Fal;
use local::google::Google;
use local::sqs::Sqs;
use local::supabase::Supabase;
use serde_json::Value;
use std::collections::BTreeMap;
use url::Url;

/// The limit of a body in bytes, larger than any file of a run.
const LARGEST: usize = 64 << 20;

/// A service that the functions depend on. Each has its own origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Peer {
    DynamoDb,
    Sqs,
    /// fal: its queue and its files.
    Fal,
    /// Google: Veo and its files.
    Google,
    Storage,
    Secrets,
}

impl Peer {
    pub const ALL: [Self; 6] =
        [Self::DynamoDb, Self::Sqs, Self::Fal, Self::Google, Self::Storage, Self::Secrets];

    /// The name of its host.
    pub const fn host(self) -> &'static str {
        match self {
            Self::DynamoDb => "dynamodb.test",
            Self::Sqs => "sqs.test",
            Self::Fal => "fal.test",
            Self::Google => "google.test",
            Self::Storage => "storage.test",
            Self::Secrets => "secrets.test",
        }
    }

    pub fn origin(self) -> String {
        format!("https://{}", self.host())
    }

    /// Whether it is a service of AWS.
    pub const fn is_aws(self) -> bool {
        matches!(self, Self::DynamoDb | Self::Sqs | Self::Secrets)
    }

    /// Whether it is a provider, which renders.
    pub const fn is_provider(self) -> bool {
        matches!(self, Self::Fal | Self::Google)
    }

    fn of(url: &Url) -> Option<Self> {
        Self::ALL.into_iter().find(|peer| url.host_str() == Some(peer.host()))
    }
}

/// A request as a value.
#[derive(Debug, Clone)]
pub struct Sent {
    pub peer: Peer,
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Sent {
    /// Makes the value of a request.
    pub fn read(request: &reqwest::Request) -> Self {
        let peer =
            Peer::of(request.url()).unwrap_or_else(|| panic!("nobody lives at {}", request.url()));
        let body = request.body().map(|body| body.as_bytes().expect("requests have whole bodies"));
        Self {
            peer,
            method: request.method().clone(),
            url: request.url().clone(),
            headers: request.headers().clone(),
            body: Bytes::copy_from_slice(body.unwrap_or_default()),
        }
    }

    /// The operation of a request to AWS, such as `PutItem`.
    pub fn operation(&self) -> &str {
        let target = self.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
        target.and_then(|target| target.split_once('.')).map_or("", |(_, operation)| operation)
    }

    /// Whether it only opens a connection, and is no request.
    pub fn opens(&self) -> bool {
        self.method == Method::HEAD && self.url.path() == "/"
    }

    /// The body as JSON, or null.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// The parts of the local system that a run uses.
#[derive(Clone)]
pub struct Network {
    pub dynamo: Dynamo,
    pub sqs: Sqs,
    pub fal: Fal,
    pub google: Google,
    pub storage: Supabase,
    /// The thread of the storage simulator.
    pub aside: Aside,
    pub clock: Clock,
    pub deliveries: Deliveries,
    /// The routes of the services that speak HTTP.
    pub routers: BTreeMap<Peer, Router>,
}

impl Network {
    /// Delivers a request and returns the answer.
    pub async fn deliver(&self, sent: Sent) -> Answer {
        if sent.opens() {
            return Answer::json(404, "");
        }
        match sent.peer {
            Peer::DynamoDb => self.dynamo.answer(sent.operation(), &sent.json()).await,
            Peer::Storage => {
                self.clock.show();
                let router = self.routers[&Peer::Storage].clone();
                self.aside.wait(move || route(router, sent))
            }
            Peer::Sqs => {
                self.deliveries.draw(&self.sqs, &sent);
                route(self.routers[&Peer::Sqs].clone(), sent).await
            }
            peer => route(self.routers[&peer].clone(), sent).await,
        }
    }
}

async fn route(mut router: Router, sent: Sent) -> Answer {
    let length = sent.body.len();
    let mut request = Request::new(Body::from(sent.body));
    *request.method_mut() = sent.method;
    *request.uri_mut() = sent.url.as_str().parse().expect("a URL is a URI");
    *request.headers_mut() = sent.headers;
    request
        .headers_mut()
        .insert("host", sent.url.authority().parse().expect("a host is a header's value"));
    request.headers_mut().insert("content-length", length.into());
    let Ok(response) = Service::<Request<Body>>::call(&mut router, request).await;
    whole(response).await
}

/// Reads a response with all of its body.
pub async fn whole(response: Response<Body>) -> Answer {
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, LARGEST).await.expect("the simulators end what they begin");
    Answer { status: parts.status.as_u16(), headers: parts.headers, body }
}
