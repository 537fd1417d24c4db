//! The document: its frame, the operations and the schemas that they refer to.

use crate::answers::{GatewayError, TOO_MANY_REQUESTS, refused};
use crate::operation::by_status;
use crate::paths::{self, TRANSACTION_LIST, VIDEO_LIST};
use ghub::http::schema::{Factor, Mxn, UnixSeconds};
use ghub::http::{
    Credits, DeletedVideo, DryRun, Envelope, ErrorCode, List, ModelList, Transaction, VideoJob,
    video_order::VideoOrder,
};
use utoipa::openapi::path::{PathItem, Paths, PathsBuilder};
use utoipa::openapi::schema::{Components, ComponentsBuilder};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Info, License, OpenApi, OpenApiBuilder, Server, Tag};
use utoipa::{PartialSchema, ToSchema};

/// What a reader has to know before the first request.
const DESCRIPTION: &str = include_str!("description.md");

/// The scheme's name in the document.
const API_KEY: &str = "apiKey";

/// The whole of it.
pub(crate) fn document() -> OpenApi {
    let server = Server::builder()
        .url("/v1")
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
        .paths(operations())
        .components(Some(components()))
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

fn operations() -> Paths {
    paths::all()
        .into_iter()
        .fold(PathsBuilder::new(), |paths, endpoint| {
            paths.path(endpoint.path, PathItem::new(endpoint.method, endpoint.operation))
        })
        .build()
}

fn components() -> Components {
    let key = Http::builder()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("ghub_sk_live_… or ghub_sk_test_…, and 32 characters")
        .description(Some("With `ghub_sk_live_…` videos are rendered and charged. With `ghub_sk_test_…`, a sandbox's key, neither happens."))
        .build();
    let components = ComponentsBuilder::new().security_scheme(API_KEY, SecurityScheme::Http(key));
    let components = add::<VideoOrder>(components);
    let components = add::<VideoJob>(components).schema(VIDEO_LIST, List::<VideoJob>::schema());
    let components = add::<ModelList>(components);
    let components = add::<Credits>(components);
    let components =
        add::<Transaction>(components).schema(TRANSACTION_LIST, List::<Transaction>::schema());
    let components = add::<DryRun>(components);
    let components = add::<DeletedVideo>(components);
    let components = add::<Envelope>(components);
    let components = add::<GatewayError>(components);
    let components = [add::<Mxn>, add::<Factor>, add::<UnixSeconds>]
        .into_iter()
        .fold(components, |all, add| add(all));
    // What the API answers for any other path or method, which no operation can name.
    by_status(&[ErrorCode::NotFound, ErrorCode::MethodNotAllowed])
        .into_iter()
        .fold(components, |all, (status, codes)| {
            all.response(codes[0].as_str(), refused(status, &codes, TOO_MANY_REQUESTS))
        })
        .build()
}

/// With a type's schema and all that it refers to.
fn add<T: ToSchema>(components: ComponentsBuilder) -> ComponentsBuilder {
    let mut schemas = vec![(T::name().into_owned(), T::schema())];
    T::schemas(&mut schemas);
    components.schemas_from_iter(schemas)
}
