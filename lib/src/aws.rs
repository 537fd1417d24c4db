//! How the AWS SDK reaches AWS: through [`Outbound`], so that it links no HTTP or TLS stack of its
//! own.

use crate::config::{ConfigError, Env};
use crate::error::BoxError;
use crate::outbound::{Outbound, WireError};
use crate::world::World;
pub use aws_config::SdkConfig;
use aws_config::{BehaviorVersion, Region, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use futures::future::join_all;
use std::time::Duration;
use url::Url;

/// One attempt: 100 times DynamoDB's usual answer, and short enough for several within a caller's
/// patience.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(3);

/// A connection within a region and its TLS handshake take 20 ms; what is not open after a second
/// is left to the first request.
const OPENING: Duration = Duration::from_secs(1);

/// Region, credentials, endpoints and limits for every AWS client. On Lambda region and credentials
/// are plain variables for the sandbox's life, so no credential chain is linked.
pub fn sdk_config(world: &World) -> Result<SdkConfig, ConfigError> {
    let env = &world.env;
    let credentials = Credentials::new(
        env.required("AWS_ACCESS_KEY_ID")?,
        env.required("AWS_SECRET_ACCESS_KEY")?,
        env.optional("AWS_SESSION_TOKEN").map(str::to_owned),
        None,
        "environment",
    );
    let connector = SharedHttpConnector::new(Connector(world.outbound.clone()));
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(env.required("AWS_REGION")?.to_owned()))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(http_client_fn(move |_, _| connector.clone()))
        .sleep_impl(aws_sdk_dynamodb::config::SharedAsyncSleep::new(Sleep))
        .timeout_config(TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_TIMEOUT).build())
        .retry_config(RetryConfig::standard().with_max_attempts(3))
        .build();
    Ok(config)
}

/// Opens connections to DynamoDB, the queue and these, at the start, so that no caller waits for
/// their handshakes. What comes of it does not matter: nothing is asked, and a connection that
/// could not be opened is opened by the first request.
pub async fn connect(world: &World, others: Vec<Url>) {
    let head = |mut url: Url| {
        url.set_path("/");
        let mut request = reqwest::Request::new(reqwest::Method::HEAD, url);
        *request.timeout_mut() = Some(OPENING);
        request
    };
    let aws = [dynamodb_url(&world.env), world.env.url("POLL_QUEUE_URL").ok()];
    let aws = aws.into_iter().flatten().map(|url| world.outbound.exchange_aws(head(url)));
    let others = others.into_iter().map(|url| world.outbound.exchange(head(url)));
    tokio::join!(join_all(aws), join_all(others));
}

fn dynamodb_url(env: &Env) -> Option<Url> {
    let region = env.optional("AWS_REGION").unwrap_or_default();
    let aws = format!("https://dynamodb.{region}.amazonaws.com");
    Url::parse(env.aws_endpoint("DYNAMODB").unwrap_or(&aws)).ok()
}

/// Lets the SDK's waits follow tokio's clock.
#[derive(Debug)]
struct Sleep;

impl aws_sdk_dynamodb::config::AsyncSleep for Sleep {
    fn sleep(&self, length: Duration) -> aws_sdk_dynamodb::config::Sleep {
        aws_sdk_dynamodb::config::Sleep::new(tokio::time::sleep(length))
    }
}

#[derive(Debug)]
struct Connector(Outbound);

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let outbound = self.0.clone();
        HttpConnectorFuture::new(async move {
            let request = translated(request).map_err(ConnectorError::user)?;
            let response = outbound.exchange_aws(request).await.map_err(failed)?;
            let status = response.status().as_u16();
            let headers = response.headers().clone();
            let body = response.bytes().await.map_err(|error| failed(error.into()))?;
            let mut answer = http_answer(status, SdkBody::from(body))?;
            for (name, value) in &headers {
                answer
                    .headers_mut()
                    .try_append(
                        name.as_str().to_owned(),
                        value.to_str().unwrap_or_default().to_owned(),
                    )
                    .map_err(|e| ConnectorError::other(e.into(), None))?;
            }
            Ok(answer)
        })
    }
}

fn translated(request: HttpRequest) -> Result<reqwest::Request, BoxError> {
    let (parts, body) = request.try_into_http1x()?.into_parts();
    let bytes = body.bytes().ok_or("only whole bodies are sent to AWS here")?.to_vec();
    Ok(lambda_http::http::Request::from_parts(parts, bytes).try_into()?)
}

fn http_answer(status: u16, body: SdkBody) -> Result<HttpResponse, ConnectorError> {
    let status = status.try_into().map_err(|error| ConnectorError::other(Box::new(error), None))?;
    Ok(HttpResponse::new(status, body))
}

fn failed(error: WireError) -> ConnectorError {
    ConnectorError::io(error.into())
}
