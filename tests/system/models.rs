//! All models, end to end: each length that a model renders and each of its shapes, asked for in
//! its provider's spelling, and charged to the micro-peso.

mod table;

use crate::asking::Ask;
use crate::stage::Stage;
use crate::traces::{Call, Calls};
use futures::future::join_all;
use ghub::catalog::{Catalog, Inputs};
use ghub::money::Money;
use local::options::Options;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use table::{ROWS, Row};

#[test]
fn the_table_is_the_catalog() {
    let catalog = Catalog::published();
    let known: Vec<_> = catalog
        .iter()
        .map(|model| {
            let Inputs { duration, aspect_ratio, .. } = &model.inputs;
            (model.id.as_str(), duration.default, aspect_ratio.values.clone())
        })
        .collect();
    let table: Vec<_> = ROWS
        .iter()
        .map(|row| {
            let ratios = row.ratios.iter().map(|ratio| (*ratio).to_owned()).collect();
            (row.model, row.lengths[0].0, ratios)
        })
        .collect();
    assert_eq!(table, known);
    for (row, model) in ROWS.iter().zip(catalog.iter()) {
        let values = &model.inputs.duration.values;
        assert!(row.lengths.iter().all(|(seconds, _)| values.contains(seconds)), "{}", row.model);
        assert_eq!(row.lengths.iter().map(|(seconds, _)| seconds).max(), values.last());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_length_shape_and_input_of_every_model_is_rendered_and_charged() {
    let (stage, calls) = Stage::watch(Options::test()).await;
    for row in &ROWS {
        let (default, price) = row.lengths[0];
        let lengths = row.lengths.iter().map(|(seconds, price)| Case {
            asked: json!({"duration": seconds}),
            price,
            sent: input(row, *seconds, row.ratios[0]),
        });
        let shapes = row.ratios.iter().map(|ratio| Case {
            asked: json!({"aspect_ratio": ratio}),
            price,
            sent: input(row, default, ratio),
        });
        let others = row.others.iter().map(|(asked, price, sent)| {
            let mut input = input(row, default, row.ratios[0]);
            merge(&mut input, serde_json::from_str(sent).unwrap());
            Case { asked: serde_json::from_str(asked).unwrap(), price, sent: input }
        });
        let nothing = Case { asked: json!({}), price, sent: input(row, default, row.ratios[0]) };
        let cases = lengths.chain(shapes).chain(others).chain([nothing]);
        join_all(cases.map(|case| render(&stage, &calls, row.model, case))).await;
    }
    stage.audit().await;
}

/// What is asked of a model, what it costs, and what its provider is sent.
struct Case {
    asked: Value,
    price: &'static str,
    /// With `PROMPT` where the prompt is.
    sent: Value,
}

/// Orders one video, on a balance of its own, and follows it to the end.
async fn render(stage: &Stage, calls: &Calls, model: &str, case: Case) {
    let Case { asked, price, mut sent } = case;
    let prompt = format!("{model} {asked}");
    let mut order = json!({"model": model, "prompt": prompt});
    order.as_object_mut().unwrap().extend(asked.as_object().unwrap().clone());
    let caller = stage.caller_with("200").await;
    let submitted = caller.client.submit(&order).await.unwrap();
    let shown = ["model", "status"].map(|field| &submitted.body[field]);
    assert_eq!(shown, [&json!(model), &json!("processing")], "{prompt}: {}", submitted.body);
    assert_eq!(submitted.balance, Some("200".parse().unwrap()), "{prompt}: nothing is charged yet");

    let finished = caller.finish(submitted.body["id"].as_str().unwrap()).await;
    assert_eq!(finished.body["status"], "completed", "{prompt}: {}", finished.body);
    for (field, value) in asked.as_object().unwrap() {
        assert_eq!(&finished.body[field], value, "{prompt}: {field}");
    }
    let left = "200".parse::<Money>().unwrap().minus(price.parse().unwrap()).unwrap();
    assert_eq!(finished.balance, Some(left), "{prompt}: {price}");
    let ledger = stage.store.ledger(caller.org).await.unwrap();
    let charge = &ledger.last().unwrap().entry;
    assert_eq!(charge.price_row.as_deref(), finished.body["billing"]["price_row"].as_str());
    assert!(charge.price_row.is_some(), "{prompt}");
    fill(&mut sent, "PROMPT", &prompt);
    assert_eq!(bodies_sent(calls, &prompt), [sent], "{prompt}");
}

/// The bodies that a provider was sent with this prompt.
fn bodies_sent(calls: &Calls, prompt: &str) -> Vec<Value> {
    let with_prompt = |call: &Call| {
        let prompts = [call.body.pointer("/prompt"), call.body.pointer("/instances/0/prompt")];
        prompts.into_iter().flatten().any(|found| found == prompt)
    };
    calls.seen().into_iter().filter(with_prompt).map(|call| call.body).collect()
}

fn input(row: &Row, seconds: u32, ratio: &str) -> Value {
    let mut input: Value =
        serde_json::from_str(&row.input.replace("SECONDS", &seconds.to_string())).unwrap();
    fill(&mut input, "RATIO", ratio);
    input
}

/// Puts a value in the place of its placeholder.
fn fill(input: &mut Value, placeholder: &str, value: &str) {
    match input {
        Value::Object(fields) => {
            fields.values_mut().for_each(|field| fill(field, placeholder, value));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| fill(item, placeholder, value)),
        found if *found == placeholder => *found = value.into(),
        _ => {}
    }
}

/// Puts the changes in the place of what is there.
fn merge(input: &mut Value, changes: Value) {
    match (input, changes) {
        (Value::Object(fields), Value::Object(changes)) => {
            for (name, change) in changes {
                merge(fields.entry(name).or_insert(Value::Null), change);
            }
        }
        (found, change) => *found = change,
    }
}

/// At a rate that leaves more places than there are: 4.2000105 for Kling, one half of the last
/// place, goes up.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_charged_exactly_is_rounded_half_up_once() {
    let parameters = BTreeMap::from([("FxMxnPerUsd".to_owned(), "20.00005".to_owned())]);
    let stage = Stage::with(Options { parameters, ..Options::test() }).await;
    let orders = [
        ("fal/kling-2", 5, "95.799989"),    // 4.2000105
        ("fal/kling-2", 10, "91.599979"),   // 8.400021
        ("fal/luma-ray-2", 5, "78.999947"), // 21.0000525
        ("fal/hailuo-02", 6, "94.959987"),  // 5.0400126
        ("google/veo-3.1", 8, "32.799832"), // 67.200168
    ];
    join_all(orders.map(async |(model, seconds, left)| {
        let caller = stage.caller_with("100").await;
        let order = json!({"model": model, "prompt": "exactly", "duration": seconds});
        let job =
            caller.client.submit(&order).await.unwrap().body["id"].as_str().unwrap().to_owned();
        let finished = caller.finish(&job).await;
        assert_eq!(
            finished.balance.map(|money| money.to_string()).as_deref(),
            Some(left),
            "{model} {seconds}"
        );
    }))
    .await;
    stage.audit().await;
}

/// A model that no provider serves, or that the operator switched off, is in the catalog and cannot
/// be used.
#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_is_not_served_says_so_and_leaves_nothing() {
    let off = r#"{"fal/kling-2":{"route":null}}"#.to_owned();
    let parameters = BTreeMap::from([("Catalog".to_owned(), off)]);
    let secrets = BTreeMap::from([("GOOGLE_SERVICE_ACCOUNT".to_owned(), String::new())]);
    let stage = Stage::with(Options { parameters, secrets, ..Options::test() }).await;
    let key = stage.system.identity.live_key.clone();
    let before = stage.traces().await;
    for model in ["google/veo-3.1", "google/veo-3", "fal/kling-2"] {
        let reply =
            stage.ask(Ask::submit(&key, &json!({"model": model, "prompt": "not today"}))).await;
        let message = reply.refused(404, "model_not_found");
        let says = format!("model: {model} is not available");
        assert!(message.starts_with(&says) && message.contains("GET /v1/models"), "{message}");
    }
    stage.expect_nothing_left(&before, "a model that is not served").await;
    let reply = stage
        .ask(Ask::submit(&key, &json!({"model": "fal/hailuo-02", "prompt": "not today"})))
        .await;
    assert_eq!(reply.status, 200, "the others are served: {}", reply.body);
}
