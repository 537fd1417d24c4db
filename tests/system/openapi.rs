//! The OpenAPI document against the API: what it lists is what there is, and what it shows as an
//! example is accepted. That every answer is one that it has, `tests/openapi/run` looks at.

use crate::asking::{Ask, Reply};
use crate::stage::Stage;
use ghub::catalog::LONGEST_PROMPT;
use ghub::http::video_order::LONGEST_KEY;
use ghub::http::{ErrorCode, ROUTES};
use ghub::order::Order;
use local::options::{Options, Pace};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const SUBMIT: &str = "/paths/~1videos~1generations/post";

#[tokio::test(flavor = "multi_thread")]
async fn every_route_is_an_operation_and_nothing_else_is() {
    let (_, document) = fetch_document().await;
    let operations: BTreeSet<_> = operations(&document)
        .map(|(path, method, _)| (method.to_uppercase(), path.to_owned()))
        .collect();
    let relative = |path: &str| path.strip_prefix("/v1").unwrap_or(path).replace("{id+}", "{id}");
    let routes: BTreeSet<_> =
        ROUTES.iter().map(|route| (route.method.to_owned(), relative(route.path))).collect();
    assert_eq!(operations, routes);
    assert_eq!(
        document["servers"][0]["url"], "/v1",
        "below the address that the document comes from"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_code_is_there_with_its_status() {
    let (_, document) = fetch_document().await;
    let known: Vec<&str> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(document["components"]["schemas"]["ErrorCode"]["enum"], json!(known));
    let text = document.to_string();
    for code in ErrorCode::ALL {
        let named = |response: &Value| {
            response["description"].as_str().unwrap().contains(&format!("`{}`", code.as_str()))
        };
        let status = code.status().as_str().to_owned();
        let by_operations =
            operations(&document).any(|(_, _, operation)| named_at(operation, &status, named));
        let by_itself = document["components"]["responses"].get(code.as_str()).is_some_and(named);
        assert!(by_operations || by_itself, "{} with {status}: {text}", code.as_str());
    }
}

/// Every operation has a name of its own, and what refers to something refers to something that is
/// there.
#[tokio::test(flavor = "multi_thread")]
async fn what_it_refers_to_is_there() {
    let (_, document) = fetch_document().await;
    let names: Vec<&str> = operations(&document)
        .map(|(_, _, operation)| operation["operationId"].as_str().unwrap())
        .collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
    let mut referred = 0;
    walk(&document, &mut |name, value| match (name, value) {
        ("$ref", Value::String(place)) => {
            assert!(document.pointer(place.trim_start_matches('#')).is_some(), "{place}");
            referred += 1;
        }
        ("operationId", Value::String(operation)) => {
            assert!(names.contains(&operation.as_str()), "{operation}")
        }
        _ => {}
    });
    assert!(referred > 100, "{referred}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_has_a_request_id_and_says_so() {
    let (_, document) = fetch_document().await;
    for (path, method, operation) in operations(&document) {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let always = &response["headers"]["x-request-id"]["required"];
            let from_api_gateway_too = matches!(status.as_str(), "413" | "429" | "500" | "503");
            assert_eq!(
                always.as_bool().unwrap_or_default(),
                !from_api_gateway_too,
                "{method} {path} {status}"
            );
        }
    }
}

/// A limit is told where it can be met: that of open jobs only where jobs are made.
#[tokio::test(flavor = "multi_thread")]
async fn each_operation_is_told_its_own_limits() {
    let (_, document) = fetch_document().await;
    for (path, method, operation) in
        operations(&document).filter(|(path, ..)| *path != "/openapi.json")
    {
        let told = operation["responses"]["429"]["description"].as_str().unwrap();
        let says = [
            "more than 50 requests a second",
            "keys that do not exist",
            "jobs are in progress",
            "sandbox jobs",
        ];
        let makes_jobs = path == "/videos/generations";
        assert_eq!(
            says.map(|limit| told.contains(limit)),
            [true, true, makes_jobs, makes_jobs],
            "{method} {path}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_of_an_order_is_accepted() {
    let (stage, document) = fetch_document().await;
    let examples = document["components"]["schemas"]["VideoOrder"]["examples"].as_array().unwrap();
    assert!(examples.len() >= 3);
    for example in examples {
        let reply = submit(&stage, example).await;
        assert_eq!(reply.status, 200, "{example}: {}", reply.body);
        assert_eq!(reply.body["model"], example["model"]);
    }
}

/// The schema of an order is written beside what reads it: field by field, both have to say the
/// same.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_read_as_it_is_described() {
    let (stage, document) = fetch_document().await;
    let schema = &document["components"]["schemas"]["VideoOrder"];
    let fields: BTreeSet<&str> =
        schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    let read = BTreeSet::from(Order::FIELDS);
    assert_eq!(fields, read, "what is described is what is read");

    let good = json!({"model": "fal/kling-2", "prompt": "a hummingbird", "dry_run": true});
    let with = |field: &str, value: Value| {
        let mut order = good.clone();
        order[field] = value;
        order
    };
    for field in &fields {
        let reply = submit(&stage, &with(field, json!(["another kind"]))).await;
        assert!(
            reply.refused(400, "invalid_request_error").starts_with(&format!("{field}: ")),
            "{}",
            reply.body
        );
        let required = schema["required"].as_array().unwrap().contains(&json!(field));
        assert_eq!(
            submit(&stage, &with(field, Value::Null)).await.status == 400,
            required,
            "{field}: null is absent"
        );
    }
    for model in schema["properties"]["model"]["enum"].as_array().unwrap() {
        let reply =
            submit(&stage, &json!({"model": model, "prompt": "a hummingbird", "dry_run": true}))
                .await;
        assert!(
            reply.status == 200 || reply.refused(404, "model_not_found").contains("not available"),
            "{model}"
        );
    }
    let longest = |length: usize| json!({"model": "fal/veo-3.1", "prompt": "🦜".repeat(length), "dry_run": true});
    assert_eq!(schema["properties"]["prompt"]["maxLength"], LONGEST_PROMPT);
    assert_eq!(submit(&stage, &longest(LONGEST_PROMPT)).await.status, 200);
    submit(&stage, &longest(LONGEST_PROMPT + 1)).await.refused(400, "invalid_request_error");

    let key = &document.pointer(&format!("{SUBMIT}/parameters/0")).unwrap()["schema"];
    assert_eq!(key["maxLength"], LONGEST_KEY);
    let keyed = |length: usize| {
        Ask::submit(&stage.system.identity.live_key, &good).idempotency_key("k".repeat(length))
    };
    assert_eq!(stage.ask(keyed(LONGEST_KEY)).await.status, 200);
    stage.ask(keyed(LONGEST_KEY + 1)).await.refused(400, "invalid_request_error");
}

/// A system in which nothing moves by itself, and its document.
async fn fetch_document() -> (Stage, Value) {
    let stage = Stage::with(Options { pace: Pace::Usual, ..Options::test() }).await;
    let reply = stage.ask(Ask::new(Method::GET, "/v1/openapi.json")).await;
    assert_eq!((reply.status, &reply.body["openapi"]), (200, &json!("3.1.0")));
    (stage, reply.body)
}

async fn submit(stage: &Stage, order: &Value) -> Reply {
    stage.ask(Ask::submit(&stage.system.identity.live_key, order)).await
}

fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths.flat_map(|(path, methods)| {
        methods
            .as_object()
            .unwrap()
            .iter()
            .map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}

fn named_at(operation: &Value, status: &str, named: impl Fn(&Value) -> bool) -> bool {
    operation["responses"].get(status).is_some_and(named)
}

/// Shows every value that has a name.
fn walk(value: &Value, see: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            see(name, value);
            walk(value, see);
        }),
        Value::Array(items) => items.iter().for_each(|item| walk(item, see)),
        _ => {}
    }
}
