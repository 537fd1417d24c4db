//! An operation as the document has it: what callers send, and all that they may get.

use super::answers::{TOO_MANY_JOBS, TOO_MANY_REQUESTS, refused, refused_by_anyone};
use crate::http::{ErrorCode, List};
use lambda_http::http::StatusCode;
use utoipa::openapi::path::{OperationBuilder, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBody;
use utoipa::openapi::response::Response;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{RefOr, Required};
use utoipa::{PartialSchema, ToSchema};

/// What a key may be refused for, whatever is asked.
const KEY: [ErrorCode; 5] = [
    ErrorCode::MissingApiKey,
    ErrorCode::InvalidApiKey,
    ErrorCode::KeyRevoked,
    ErrorCode::OrganizationSuspended,
    ErrorCode::RateLimitExceeded,
];

/// What may go wrong whatever is asked: with us, and with what keeps our books.
const OURS: [ErrorCode; 2] = [ErrorCode::InternalError, ErrorCode::ServiceUnavailable];

/// A schema, and its name in the document.
pub(super) type Named = (String, RefOr<Schema>);

/// An operation, and the schemas that it refers to.
pub(crate) struct Operation {
    pub(super) operation: OperationBuilder,
    pub(super) shapes: Vec<Named>,
}

impl Operation {
    /// With what callers send.
    pub(crate) fn sent(self, body: RequestBody) -> Self {
        Self { operation: self.operation.request_body(Some(body)), ..self }
    }
}

/// What an operation is called, and how it ends well.
pub(crate) struct Told {
    pub(crate) id: &'static str,
    pub(crate) tag: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) description: &'static str,
    pub(crate) parameters: Vec<Parameter>,
    /// The schemas of what is sent and answered.
    pub(crate) shapes: Vec<Named>,
    pub(crate) answer: Response,
}

impl Told {
    /// For callers with a key. `refusals` are those that this operation adds to what a key and our
    /// side may be refused for.
    pub(crate) fn guarded(self, refusals: &[ErrorCode]) -> Operation {
        self.answered([&KEY, refusals, &OURS].concat())
    }

    /// For callers with and without a key.
    pub(crate) fn open(self) -> Operation {
        let Operation { operation, shapes } = self.answered(vec![ErrorCode::InternalError]);
        Operation {
            operation: operation.securities(Some([SecurityRequirement::default()])),
            shapes,
        }
    }

    fn answered(self, codes: Vec<ErrorCode>) -> Operation {
        let operation = OperationBuilder::new()
            .operation_id(Some(self.id))
            .tag(self.tag)
            .summary(Some(self.summary))
            .description(Some(self.description))
            .parameters(Some(self.parameters).filter(|parameters| !parameters.is_empty()))
            .response("200", self.answer);
        let makes_jobs = codes.contains(&ErrorCode::InsufficientBalance);
        let too_many = if makes_jobs { TOO_MANY_JOBS } else { TOO_MANY_REQUESTS };
        let operation =
            by_status(&codes).into_iter().fold(operation, |operation, (status, codes)| {
                operation.response(status.as_str().to_owned(), refused(status, &codes, too_many))
            });
        let ours = |status| codes.iter().any(|code| code.status() == status);
        let operation = [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE]
            .into_iter()
            .filter(|status| !ours(*status))
            .fold(operation, |operation, status| {
                operation.response(status.as_str(), refused_by_anyone(status))
            });
        Operation { operation, shapes: self.shapes }
    }
}

/// A type's schema and all that it refers to.
pub(crate) fn shapes<T: ToSchema>() -> Vec<Named> {
    let mut shapes = vec![(T::name().into_owned(), T::schema())];
    T::schemas(&mut shapes);
    shapes
}

/// The schemas of a page of items, which the document calls so.
pub(crate) fn page<T: ToSchema>(name: &str) -> Vec<Named> {
    let mut shapes = shapes::<T>();
    shapes.push((name.to_owned(), List::<T>::schema()));
    shapes
}

/// The codes of each status, in the order of the statuses.
pub(crate) fn by_status(codes: &[ErrorCode]) -> Vec<(StatusCode, Vec<ErrorCode>)> {
    let mut statuses: Vec<StatusCode> = codes.iter().map(|code| code.status()).collect();
    statuses.sort_unstable();
    statuses.dedup();
    let of = |status| codes.iter().copied().filter(|code| code.status() == status).collect();
    statuses.into_iter().map(|status| (status, of(status))).collect()
}

/// A part of the path.
pub(crate) fn in_path(
    name: &str,
    description: &str,
    schema: impl Into<RefOr<Schema>>,
) -> Parameter {
    parameter(ParameterIn::Path, name, description, schema)
}

/// A parameter of the query, which may be left out.
pub(crate) fn in_query(
    name: &str,
    description: &str,
    schema: impl Into<RefOr<Schema>>,
) -> Parameter {
    parameter(ParameterIn::Query, name, description, schema)
}

/// A header, which may be left out.
pub(crate) fn in_header(
    name: &str,
    description: &str,
    schema: impl Into<RefOr<Schema>>,
) -> Parameter {
    parameter(ParameterIn::Header, name, description, schema)
}

fn parameter(
    place: ParameterIn,
    name: &str,
    description: &str,
    schema: impl Into<RefOr<Schema>>,
) -> Parameter {
    let required =
        if matches!(place, ParameterIn::Path) { Required::True } else { Required::False };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(required)
        .description(Some(description))
        .schema(Some(schema))
        .build()
}

pub(crate) fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

/// How many items a page has at most.
pub(crate) fn limit() -> Parameter {
    use crate::http::query::{LARGEST_PAGE, USUAL_PAGE};
    let schema = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(1))
        .maximum(Some(LARGEST_PAGE))
        .default(Some(USUAL_PAGE.into()));
    in_query("limit", "How many items the page has at most.", schema)
}
