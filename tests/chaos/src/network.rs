//! Where requests go instead of the network: straight into the local system's parts, without a
//! socket, so that nothing waits but on virtual time.

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

/// Larger than any file of a run.
const LARGEST: usize = 64 << 20;

/// Whom the functions depend on. Each has an origin of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Peer {
    /// DynamoDB.
    DynamoDb,
    /// SQS.
    Sqs,
    /// fal, its queue and its files.
    Fal,
    /// Google, Veo and its files.
    Google,
    /// Supabase Storage.
    Storage,
    /// Secrets Manager.
    Secrets,
}

impl Peer {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::DynamoDb, Self::Sqs, Self::Fal, Self::Google, Self::Storage, Self::Secrets];

    /// Its host's name.
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

    /// Its origin.
    pub fn origin(self) -> String {
        format!("https://{}", self.host())
    }

    /// Whether it is one of AWS's services.
    pub const fn is_aws(self) -> bool {
        matches!(self, Self::DynamoDb | Self::Sqs | Self::Secrets)
    }

    /// Whether it renders.
    pub const fn is_provider(self) -> bool {
        matches!(self, Self::Fal | Self::Google)
    }

    fn of(url: &Url) -> Option<Self> {
        Self::ALL.into_iter().find(|peer| url.host_str() == Some(peer.host()))
    }
}

/// A request that was sent, as a value.
#[derive(Debug, Clone)]
pub struct Sent {
    /// To whom.
    pub peer: Peer,
    /// How.
    pub method: Method,
    /// Where.
    pub url: Url,
    /// With which headers.
    pub headers: HeaderMap,
    /// With which body.
    pub body: Bytes,
}

impl Sent {
    /// Reads a request.
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

    /// Whether it only opens a connection and asks nothing.
    pub fn opens(&self) -> bool {
        self.method == Method::HEAD && self.url.path() == "/"
    }

    /// The body as JSON, if it is any.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// The parts.
#[derive(Clone)]
pub struct Network {
    /// DynamoDB.
    pub dynamo: Dynamo,
    /// SQS.
    pub sqs: Sqs,
    /// fal.
    pub fal: Fal,
    /// Google.
    pub google: Google,
    /// Supabase Storage.
    pub storage: Supabase,
    /// The thread on which storage works.
    pub aside: Aside,
    /// The run's clock.
    pub clock: Clock,
    /// How messages are delivered.
    pub deliveries: Deliveries,
    /// The routes of those that speak HTTP.
    pub routers: BTreeMap<Peer, Router>,
}

impl Network {
    /// Lets a request arrive, and returns the answer.
    pub async fn deliver(&self, sent: Sent) -> Answer {
        if sent.opens() {
            return Answer::json(404, "");
        }
        match sent.peer {
            Peer::DynamoDb => self.dynamo.answer(sent.operation(), &sent.json()).await,
            Peer::Storage => {
                self.clock.show();
                let router = self.routers[&Peer::Storage].clone();
                self.aside.wait(move || routed(router, sent))
            }
            Peer::Sqs => {
                self.deliveries.draw(&self.sqs, &sent);
                routed(self.routers[&Peer::Sqs].clone(), sent).await
            }
            peer => routed(self.routers[&peer].clone(), sent).await,
        }
    }
}

async fn routed(mut router: Router, sent: Sent) -> Answer {
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

/// A response with all of its body.
pub async fn whole(response: Response<Body>) -> Answer {
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, LARGEST).await.expect("the simulators end what they begin");
    Answer { status: parts.status.as_u16(), headers: parts.headers, body }
}
