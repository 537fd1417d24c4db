//! Answers as the document has them: the good ones, and all that an operation may be refused for.

use crate::http::api::schema::Mxn;
use crate::http::{Envelope, ErrorCode};
use lambda_http::http::StatusCode;
use utoipa::ToSchema;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::link::Link;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{AllOf, AnyOf, ObjectBuilder, Ref, Schema, Type};
use utoipa::openapi::{Content, RefOr};

/// What API Gateway says in its own words, before a request has reached us.
#[derive(ToSchema)]
#[schema(as = GatewayError)]
pub(super) struct GatewayError {
    /// A word or two.
    #[expect(dead_code, reason = "API Gateway writes it; here it is only described")]
    message: String,
}

/// A good answer with this body.
pub(crate) fn ok(description: &str, body: impl Into<RefOr<Schema>>) -> ResponseBuilder {
    ResponseBuilder::new()
        .description(description)
        .content("application/json", Content::new(Some(body)))
        .header("x-request-id", request_id(true))
}

/// A reference to a type's schema.
pub(crate) fn of<T: ToSchema>() -> Ref {
    Ref::from_schema_name(T::name())
}

/// A link that leads to the operation with one parameter taken from the answer.
pub(crate) fn link(operation: &str, parameter: &str, from: &str, description: &str) -> Link {
    Link::builder()
        .operation_id(operation)
        .parameter(parameter, from)
        .description(description)
        .build()
}

/// The balance, on answers to callers with a key.
pub(crate) fn balance() -> Header {
    let schema = of::<Mxn>();
    HeaderBuilder::new()
        .schema(Some(schema))
        .description(Some(
            "The organization's balance in MXN: the sum of its transactions, not what is left after holds.",
        ))
        .build()
}

/// How long to wait, where the answer is to ask again.
pub(crate) fn retry_after(description: &str) -> Header {
    let schema = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0));
    HeaderBuilder::new().schema(Some(schema)).description(Some(description)).build()
}

/// A header that has one of these words, if it is there.
pub(crate) fn words(description: &str, words: &[&str]) -> Header {
    let schema = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words.to_vec()));
    HeaderBuilder::new().schema(Some(schema)).description(Some(description)).build()
}

/// What may be too much on every path that wants a key.
pub(super) const TOO_MANY_REQUESTS: &str = "one key made more than 50 requests a second, or too many keys that do not exist came from your \
     address; wait as long as `Retry-After` says.";

/// What may be too much where jobs are made.
pub(super) const TOO_MANY_JOBS: &str = "as many jobs are in progress as may be at once, or as many sandbox jobs were submitted today as may \
     be in a day, or one key made more than 50 requests a second, or too many keys that do not exist came from your address; wait as long \
     as `Retry-After` says.";

/// Refusals of one status. `too_many` says when there is a 429.
pub(super) fn refused(status: StatusCode, codes: &[ErrorCode], too_many: &'static str) -> Response {
    let when =
        |code| if matches!(code, ErrorCode::RateLimitExceeded) { too_many } else { when(code) };
    let lines = codes.iter().map(|code| format!("`{}`: {}", code.as_str(), when(*code)));
    let description = lines.collect::<Vec<_>>().join("\n\n");
    let own = with_codes(codes);
    let body: RefOr<Schema> = match gateway(status) {
        Some(_) => AnyOf::builder().item(own).item(of::<GatewayError>()).into(),
        None => own,
    };
    let description = match gateway(status) {
        Some(says) => format!("{description}\n\n{says}"),
        None => description,
    };
    let response = ResponseBuilder::new()
        .description(description)
        .content("application/json", Content::new(Some(body)));
    headers(status, codes)
        .into_iter()
        .fold(response, |response, (name, header)| response.header(name, header))
        .build()
}

/// What API Gateway alone answers so.
pub(super) fn refused_by_anyone(status: StatusCode) -> Response {
    ResponseBuilder::new()
        .description(gateway(status).unwrap_or_default())
        .content("application/json", Content::new(Some(of::<GatewayError>())))
        .build()
}

/// The envelope with one of these codes in it.
fn with_codes(codes: &[ErrorCode]) -> RefOr<Schema> {
    let words: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
    let word = || ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words.clone()));
    let body = ObjectBuilder::new().property("code", word()).property("type", word());
    AllOf::builder()
        .item(of::<Envelope>())
        .item(ObjectBuilder::new().property("error", body))
        .into()
}

fn headers(status: StatusCode, codes: &[ErrorCode]) -> Vec<(&'static str, Header)> {
    let mut headers = vec![("x-request-id", request_id(gateway(status).is_none()))];
    if codes.iter().any(|code| is_told_the_balance(*code)) {
        headers.push(("x-geekhub-balance-mxn", balance()));
    }
    match status {
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            headers.push((
                "Retry-After",
                retry_after("Seconds to wait before the request is sent again."),
            ));
        }
        StatusCode::CONFLICT => {
            if codes.contains(&ErrorCode::NotCancellable) {
                headers.push((
                    "Retry-After",
                    retry_after("Where trying again may help: seconds to wait before."),
                ));
            }
            let description = "`false` where sending the same request again cannot help; the official SDKs honour it.";
            headers.push(("x-should-retry", words(description, &["false"])));
        }
        StatusCode::UNAUTHORIZED => {
            let challenge = ObjectBuilder::new()
                .schema_type(Type::String)
                .examples([r#"Bearer realm="GeekHub Video""#]);
            let challenge = HeaderBuilder::new().schema(Some(challenge));
            headers.push((
                "WWW-Authenticate",
                challenge.description(Some("That a bearer key is wanted (RFC 6750).")).build(),
            ));
        }
        StatusCode::METHOD_NOT_ALLOWED => {
            let methods =
                ObjectBuilder::new().schema_type(Type::String).examples(["GET, HEAD, DELETE"]);
            let allow = HeaderBuilder::new()
                .schema(Some(methods))
                .description(Some("The methods that the path has."));
            headers.push(("Allow", allow.build()));
        }
        _ => {}
    }
    headers
}

/// Whether the organization was known by then.
const fn is_told_the_balance(code: ErrorCode) -> bool {
    !matches!(
        code,
        ErrorCode::MissingApiKey
            | ErrorCode::InvalidApiKey
            | ErrorCode::KeyRevoked
            | ErrorCode::NotFound
            | ErrorCode::MethodNotAllowed
            | ErrorCode::InternalError
    )
}

fn request_id(always: bool) -> Header {
    let schema = ObjectBuilder::new().schema_type(Type::String).pattern(Some("^req_[0-9a-f]{24}$"));
    let header = HeaderBuilder::new()
        .schema(Some(schema))
        .description(Some("Tell support; an error repeats it in its body."));
    // utoipa has no field for a header that is never missing, but writes what it calls an extension
    // as it is.
    header.extensions(always.then(|| Extensions::from_iter([("required", true)]))).build()
}

/// What API Gateway says in its own words with this status, and when.
const fn gateway(status: StatusCode) -> Option<&'static str> {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Some("A body over 10 MB is refused before it reaches us, without a code.")
        }
        StatusCode::TOO_MANY_REQUESTS => Some(
            "All callers together send this path more requests a second than it takes; refused before it reaches us, without a code.",
        ),
        StatusCode::INTERNAL_SERVER_ERROR | StatusCode::SERVICE_UNAVAILABLE => {
            Some("Where a function died or did not answer in time, there is no code.")
        }
        _ => None,
    }
}

/// When a caller is told so, and what helps.
const fn when(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::InvalidRequestError => {
            "something in the request cannot be; the message names it and says what would be right."
        }
        ErrorCode::MaxCostExceeded => {
            "the job would cost more than `max_cost`; the message has both."
        }
        ErrorCode::MissingApiKey => "there is no `Authorization` header, or it is not `Bearer`.",
        ErrorCode::InvalidApiKey => "there is no such key.",
        ErrorCode::KeyRevoked => {
            "the key was revoked, up to a minute ago or earlier; use another one."
        }
        ErrorCode::InsufficientBalance => {
            "nothing is available to spend; the message says what is missing."
        }
        ErrorCode::OrganizationSuspended => {
            "the organization is suspended, or its sandbox is closed to new jobs; contact support."
        }
        ErrorCode::ModelNotFound => {
            "there is no such model, or it is not available at present; `GET /v1/models` lists them."
        }
        ErrorCode::JobNotFound => {
            "your organization has no job with this id, or the one that was made with this `Idempotency-Key` was deleted."
        }
        ErrorCode::NotFound => "there is no such path.",
        ErrorCode::MethodNotAllowed => "the path has other methods, which `Allow` names.",
        ErrorCode::IdempotencyConflict => {
            "the `Idempotency-Key` was used with another body in the last 24 hours."
        }
        ErrorCode::NotCancellable => {
            "the job is done, or its provider takes no cancellations, or it cannot be said at this moment; the message says which. With \
             `Retry-After` it can be tried again, with `x-should-retry: false` the job goes on to its end."
        }
        ErrorCode::JobNotFinal => {
            "only a completed or failed job can be deleted; cancel it, or wait until it has ended."
        }
        ErrorCode::RequestTooLarge => "the body is over 64 KiB.",
        ErrorCode::RateLimitExceeded => TOO_MANY_REQUESTS,
        ErrorCode::InternalError => "something is wrong on our side; nothing was charged for it.",
        ErrorCode::ServiceUnavailable => {
            "our store is overloaded or out of reach; send the request again. A job that was stored after all fails uncharged."
        }
        ErrorCode::StorageUnavailable => {
            "the job is hidden, but its video could not be removed from storage; send the request again until it is answered with 200."
        }
    }
}
