//! This document.

use crate::answers::ok;
use crate::operation::{Endpoint, Told};
use utoipa::openapi::HttpMethod;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};

pub(crate) fn endpoints() -> Vec<Endpoint> {
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
        answer: ok("The document.", document.build())
            .header("Cache-Control", cached.build())
            .build(),
    };
    vec![Endpoint {
        method: HttpMethod::Get,
        path: "/openapi.json",
        operation: told.open().build(),
    }]
}
