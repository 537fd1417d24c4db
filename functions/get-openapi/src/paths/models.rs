//! The catalog: listed, and one model of it.

use crate::answers::{balance, link, of, ok};
use crate::operation::{Endpoint, Told, in_path, text};
use ghub::http::{ErrorCode, ModelList, ModelObject};
use utoipa::openapi::HttpMethod;

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![list(), get()]
}

fn list() -> Endpoint {
    let first = link("getModel", "id", "$response.body#/data/0/id", "The first model alone.");
    let told = Told {
        id: "listModels",
        tag: "models",
        summary: "Lists the models",
        description: "The whole catalog, available or not, with today's prices: all that is needed to build an order that is accepted.",
        parameters: Vec::new(),
        answer: ok("The models, ordered by id.", of::<ModelList>())
            .header("x-geekhub-balance-mxn", balance())
            .link("model", first)
            .build(),
    };
    Endpoint { method: HttpMethod::Get, path: "/models", operation: told.guarded(&[]).build() }
}

fn get() -> Endpoint {
    let id = in_path(
        "id",
        "The model's id. Its slash may be sent as it is or as `%2F`.",
        text().examples(["fal/kling-2"]),
    );
    let told = Told {
        id: "getModel",
        tag: "models",
        summary: "Shows a model",
        description: "One model of the catalog, with today's price.",
        parameters: vec![id],
        answer: ok("The model.", of::<ModelObject>())
            .header("x-geekhub-balance-mxn", balance())
            .build(),
    };
    let operation = told.guarded(&[ErrorCode::ModelNotFound]);
    Endpoint { method: HttpMethod::Get, path: "/models/{id}", operation: operation.build() }
}
