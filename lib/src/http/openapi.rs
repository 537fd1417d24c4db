//! The OpenAPI document: its frame, and the words that operations are written in. The operations
//! themselves stand beside the shapes of their answers, in [`api`].
//!
//! No function makes the document: `functions/get-openapi/openapi.json` is made of it, and a test
//! says when it is to be made anew.

mod answers;
mod operation;

pub(super) use answers::{balance, link, of, ok, retry_after, words};
pub(super) use operation::{
    Operation, Told, in_header, in_path, in_query, limit, page, shapes, text,
};

use super::api::{self, Route, schema};
use super::{Envelope, ErrorCode};
use answers::{GatewayError, TOO_MANY_REQUESTS, refused};
use operation::{Named, by_status};
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{HttpMethod, PathItem, Paths, PathsBuilder};
use utoipa::openapi::schema::{Components, ComponentsBuilder, ObjectBuilder, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Info, License, OpenApi, OpenApiBuilder, Server, Tag};

/// What a reader has to know before the first request.
const DESCRIPTION: &str = include_str!("openapi/description.md");

/// What all paths begin with.
const BELOW: &str = "/v1";

/// The scheme's name in the document.
const API_KEY: &str = "apiKey";

/// The whole of it.
pub fn document() -> OpenApi {
    let operations = api::operations();
    let shapes = operations.iter().flat_map(|(_, operation)| operation.shapes.clone()).collect();
    let server = Server::builder()
        .url(BELOW)
        .description(Some("Below the address that this document was read from, be it AWS's, the operator's own or the local system's."))
        .build();
    OpenApiBuilder::new()
        .info(info())
        .servers(Some([server]))
        .tags(Some([
            tag("videos", "Jobs: submitted, looked at, cancelled, deleted."),
            tag("models", "What renders, and what it costs."),
            tag("credits", "The organization's money."),
            tag("meta", "This document."),
        ]))
        .security(Some([SecurityRequirement::new::<_, _, &str>(API_KEY, [])]))
        .components(Some(components(shapes)))
        .paths(paths(operations))
        .build()
}

fn info() -> Info {
    let license =
        License::builder().name("MIT OR Apache-2.0").identifier(Some("MIT OR Apache-2.0")).build();
    Info::builder()
        .title("GeekHub Video")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(DESCRIPTION))
        .license(Some(license))
        .build()
}

fn tag(name: &str, description: &str) -> Tag {
    Tag::builder().name(name).description(Some(description)).build()
}

fn paths(operations: Vec<(Route, Operation)>) -> Paths {
    operations
        .into_iter()
        .fold(PathsBuilder::new(), |paths, (route, operation)| {
            let path = route.path.strip_prefix(BELOW).unwrap_or(route.path).replace("+}", "}");
            paths.path(path, PathItem::new(method(route), operation.operation.build()))
        })
        .build()
}

fn method(route: Route) -> HttpMethod {
    match route.method {
        "GET" => HttpMethod::Get,
        "POST" => HttpMethod::Post,
        "PUT" => HttpMethod::Put,
        "PATCH" => HttpMethod::Patch,
        "DELETE" => HttpMethod::Delete,
        other => panic!("{other} is no method that the document knows"),
    }
}

fn components(shapes: Vec<Named>) -> Components {
    let key = Http::builder()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("ghub_sk_live_… or ghub_sk_test_…, and 32 characters")
        .description(Some("With `ghub_sk_live_…` videos are rendered and charged. With `ghub_sk_test_…`, a sandbox's key, neither happens."))
        .build();
    let components = ComponentsBuilder::new().security_scheme(API_KEY, SecurityScheme::Http(key));
    let components = components.schemas_from_iter(
        [
            shapes,
            self::shapes::<Envelope>(),
            self::shapes::<GatewayError>(),
            self::shapes::<schema::Mxn>(),
            self::shapes::<schema::Factor>(),
            self::shapes::<schema::UnixSeconds>(),
        ]
        .concat(),
    );
    // What the API answers for any other path or method, which no operation can name.
    by_status(&[ErrorCode::NotFound, ErrorCode::MethodNotAllowed])
        .into_iter()
        .fold(components, |all, (status, codes)| {
            all.response(codes[0].as_str(), refused(status, &codes, TOO_MANY_REQUESTS))
        })
        .build()
}

/// `GET /v1/openapi.json` in the document.
pub(super) fn get() -> Operation {
    let cached = HeaderBuilder::new()
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .description(Some("How long it may be kept."));
    let document =
        ObjectBuilder::new().schema_type(Type::Object).required("openapi").required("paths");
    let told = Told {
        id: "getOpenapi",
        tag: "meta",
        summary: "Reads this document",
        description: "OpenAPI 3.1. It asks for no key.",
        parameters: Vec::new(),
        shapes: Vec::new(),
        answer: ok("The document.", document.build())
            .header("Cache-Control", cached.build())
            .build(),
    };
    told.open()
}
