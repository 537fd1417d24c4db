//! What stands around every function behind the API: an event in, an answer in the envelope out,
//! whatever happens in between.

use super::{Call, Error, event};
use crate::ambient::Ambient;
use crate::config::{ConfigError, Env};
use crate::error::BoxError;
use crate::metrics::Metrics;
use crate::telemetry;
use crate::world::World;
use futures::FutureExt;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use lambda_http::http::header::CONTENT_LENGTH;
use lambda_http::http::{HeaderValue, Method};
use lambda_http::lambda_runtime::{self, LambdaEvent, service_fn};
use lambda_http::{Body, Response};
use serde::Serialize;
use serde_json::value::RawValue;
use std::any::Any;
use std::panic::AssertUnwindSafe;
use tracing::Instrument;

/// What a function behind the API does for one request.
pub trait Endpoint: Send + Sync + 'static {
    /// The body of a 200.
    type Answer: Serialize;

    /// Answers one request. The server makes the response of it, so no endpoint knows an HTTP
    /// status.
    fn answer(&self, call: &mut Call) -> impl Future<Output = Result<Self::Answer, Error>> + Send;
}

/// Reads events and writes answers, with the clock and the metrics of its function. It is cheap to
/// clone.
#[derive(Debug, Clone)]
pub struct Server {
    ambient: Ambient,
    metrics: Metrics,
}

impl From<&World> for Server {
    fn from(world: &World) -> Self {
        Self { ambient: world.ambient.clone(), metrics: world.metrics.clone() }
    }
}

/// Serves an endpoint on Lambda for as long as the process lives. `start` makes it of the process's
/// [`World`]; where that fails, the log names the reason.
pub async fn serve<E: Endpoint>(
    start: impl AsyncFnOnce(&World) -> Result<E, ConfigError>,
) -> Result<(), BoxError> {
    let world = World::process();
    telemetry::init();
    let endpoint = start(&world).await.inspect_err(telemetry::not_started)?;
    Server::from(&world).run(&endpoint).await
}

/// Serves an endpoint that makes no calls: its start makes no client and reads no configuration.
pub async fn serve_alone(endpoint: impl Endpoint) -> Result<(), BoxError> {
    telemetry::init();
    let ambient = Ambient::system();
    let metrics = Metrics::on_stdout(&Env::process(), &ambient);
    Server { ambient, metrics }.run(&endpoint).await
}

impl Server {
    /// The event is taken as its text: [`Server::answer`] answers an event that cannot be read, and
    /// Lambda does not.
    async fn run(&self, endpoint: &impl Endpoint) -> Result<(), BoxError> {
        lambda_runtime::run(service_fn(move |event: LambdaEvent<Box<RawValue>>| async move {
            Ok::<_, BoxError>(self.answer(endpoint, event.payload.get()).await)
        }))
        .await
    }

    /// Answers one event of API Gateway (payload 2.0), given as JSON text. It never fails. An event
    /// that cannot be read is refused. A panic of the reader or of the endpoint is answered with
    /// 500, logged as an error, and not passed on.
    pub async fn answer<E: Endpoint>(&self, endpoint: &E, event: &str) -> ApiGatewayV2httpResponse {
        let read = std::panic::catch_unwind(|| event::request(event));
        let (request, readable) = match read {
            Ok(event::Read { request, refused: None }) => (request, Ok(())),
            Ok(event::Read { request, refused: Some(refusal) }) => (request, Err(refusal.into())),
            Err(panic) => (lambda_http::Request::default(), Err(panicked(panic.as_ref()))),
        };
        let without_body = request.method() == Method::HEAD;
        let mut call = Call::open(&self.ambient, &self.metrics, request);
        let span = call.span();
        // Boxed, or the future of the whole runtime is too deep for the compiler.
        let answering = Box::pin(async {
            readable?;
            endpoint.answer(&mut call).await
        });
        let result = AssertUnwindSafe(answering.instrument(span)).catch_unwind().await;
        let mut response = call.close(result.unwrap_or_else(|panic| Err(panicked(panic.as_ref()))));
        if without_body {
            // The length that GET would send (RFC 9110, section 8.6); without it a server would say
            // 0.
            let length = HeaderValue::from(response.body().len());
            response.headers_mut().insert(CONTENT_LENGTH, length);
            *response.body_mut() = Body::Empty;
        }
        as_api_gateway_reads_it(response)
    }
}

/// A panic's message is logged only where it is a constant: one that was formatted can have a
/// prompt in it.
fn panicked(panic: &(dyn Any + Send)) -> Error {
    let message =
        panic.downcast_ref::<&'static str>().copied().unwrap_or("its message is not logged");
    Error::Internal(format!("it panicked: {message}").into())
}

fn as_api_gateway_reads_it(response: Response<Body>) -> ApiGatewayV2httpResponse {
    let (parts, body) = response.into_parts();
    let mut answer = ApiGatewayV2httpResponse::default();
    answer.status_code = parts.status.as_u16().into();
    answer.headers = parts.headers;
    answer.body = Some(body).filter(|body| *body != Body::Empty);
    answer
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Refusal;
    use serde_json::{Value, json};

    /// Shows what it was asked, or does what the path says.
    struct Mirror;

    impl Endpoint for Mirror {
        type Answer = Value;

        async fn answer(&self, call: &mut Call) -> Result<Value, Error> {
            match call.path() {
                "/panics" => panic!("on purpose"),
                "/tells" => panic!("{} is in the message", call.method()),
                "/refuses" => Err(Refusal::JobNotFound.into()),
                path => Ok(json!({"method": call.method().as_str(), "path": path})),
            }
        }
    }

    fn answered(event: &Value) -> (u16, Value, Value) {
        let server = Server { ambient: Ambient::system(), metrics: Metrics::to(|_| {}) };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let answer = runtime.block_on(server.answer(&Mirror, &event.to_string()));
        let answer = serde_json::to_value(answer).unwrap();
        let body = answer["body"]
            .as_str()
            .map(|text| serde_json::from_str(text).unwrap())
            .unwrap_or_default();
        (
            answer["statusCode"].as_u64().unwrap().try_into().unwrap(),
            answer["headers"].clone(),
            body,
        )
    }

    fn asked(method: &str, path: &str) -> Value {
        json!({"version": "2.0", "rawPath": path, "requestContext": {"http": {"method": method}}})
    }

    #[test]
    fn a_panic_is_answered_in_the_envelope_with_its_request_id() {
        for path in ["/panics", "/tells"] {
            let (status, headers, body) = answered(&asked("GET", path));
            assert_eq!((status, &body["error"]["code"]), (500, &json!("internal_error")), "{path}");
            assert_eq!(body["error"]["request_id"], headers["x-request-id"], "{path}");
            assert!(
                !body.to_string().contains("on purpose") && !body.to_string().contains("GET is"),
                "{body}"
            );
        }
        let (status, _, body) = answered(&asked("GET", "/refuses"));
        assert_eq!(
            (status, &body["error"]["code"]),
            (404, &json!("job_not_found")),
            "it goes on after a panic"
        );
    }

    #[test]
    fn only_a_constant_message_of_a_panic_is_kept() {
        let constant: Box<dyn Any + Send> = Box::new("on purpose");
        let formatted: Box<dyn Any + Send> = Box::new("a prompt".to_owned());
        let text = |panic: &(dyn Any + Send)| crate::error::causes(&panicked(panic));
        assert_eq!(text(constant.as_ref()), "internal error: it panicked: on purpose");
        assert_eq!(
            text(formatted.as_ref()),
            "internal error: it panicked: its message is not logged"
        );
    }

    #[test]
    fn head_is_answered_as_get_without_the_body() {
        let (status, headers, body) = answered(&asked("GET", "/here"));
        let (head_status, head_headers, head_body) = answered(&asked("HEAD", "/here"));
        assert_eq!((status, body), (200, json!({"method": "GET", "path": "/here"})));
        assert_eq!((head_status, head_body), (200, Value::Null));
        assert_eq!(head_headers["content-type"], headers["content-type"]);
        assert_eq!(
            head_headers["content-length"],
            json!(r#"{"method":"HEAD","path":"/here"}"#.len().to_string())
        );
    }
}
