//! All models, end to end: each length that a model renders and each of its shapes, asked for in
//! its provider's spelling, and charged to the micro-peso.

use crate::asking::Ask;
use crate::stage::Stage;
use crate::traces::{Call, Calls};
use futures::future::join_all;
use ghub::catalog::Catalog;
use ghub::money::Money;
use local::options::Options;
use serde_json::{Value, json};
use std::collections::BTreeMap;

struct Row {
    model: &'static str,
    /// Seconds and what they cost at 20 pesos for a dollar; the default first.
    lengths: &'static [(u32, &'static str)],
    ratios: &'static [&'static str],
    /// What the provider is sent, with placeholders. A field whose value is `RATIO` is absent when
    /// no ratio was asked for.
    input: &'static str,
}

const EITHER: &[&str] = &["16:9", "9:16"];
const WITH_UNIT: &str = r#"{"prompt":"PROMPT","duration":"SECONDSs","aspect_ratio":"RATIO"}"#;
const WITHOUT_UNIT: &str = r#"{"prompt":"PROMPT","duration":"SECONDS","aspect_ratio":"RATIO"}"#;
const WITHOUT_SHAPE: &str = r#"{"prompt":"PROMPT","duration":"SECONDS"}"#;
const VERTEX: &str = r#"{"instances":[{"prompt":"PROMPT"}],"parameters":{"sampleCount":1,"durationSeconds":SECONDS,"generateAudio":true,"aspectRatio":"RATIO"}}"#;
const VERTEX_SILENT: &str = r#"{"instances":[{"prompt":"PROMPT"}],"parameters":{"sampleCount":1,"durationSeconds":SECONDS,"generateAudio":false,"aspectRatio":"RATIO"}}"#;

const VEO_31: &[(u32, &str)] = &[(8, "67.20"), (4, "33.60"), (6, "50.40")];
const VEO_3: &[(u32, &str)] = &[(8, "33.60"), (4, "16.80"), (6, "25.20")];

const ROWS: [Row; 7] = [
    Row { model: "google/veo-3.1", lengths: VEO_31, ratios: EITHER, input: VERTEX },
    Row { model: "google/veo-3", lengths: VEO_3, ratios: EITHER, input: VERTEX_SILENT },
    Row { model: "fal/veo-3.1", lengths: VEO_31, ratios: EITHER, input: WITH_UNIT },
    Row {
        model: "fal/runway-gen-4",
        lengths: &[(5, "5.25"), (10, "10.50")],
        ratios: &["16:9", "9:16", "4:3"],
        input: WITHOUT_UNIT,
    },
    Row {
        model: "fal/luma-ray-2",
        lengths: &[(5, "21.00"), (9, "37.80")],
        ratios: EITHER,
        input: WITH_UNIT,
    },
    Row {
        model: "fal/kling-2",
        lengths: &[(5, "4.20"), (10, "8.40")],
        ratios: &["16:9", "9:16", "1:1"],
        input: WITHOUT_UNIT,
    },
    Row {
        model: "fal/hailuo-02",
        lengths: &[(6, "5.04"), (10, "8.40")],
        ratios: &["16:9"],
        input: WITHOUT_SHAPE,
    },
];

#[test]
fn the_table_is_the_catalog() {
    let catalog = Catalog::published();
    let known: Vec<_> = catalog
        .iter()
        .map(|model| {
            (
                model.id.as_str(),
                model.default_s,
                model.durations_s.clone(),
                model.aspect_ratios.clone(),
            )
        })
        .collect();
    let mut table: Vec<_> = ROWS
        .iter()
        .map(|row| {
            let mut lengths: Vec<_> = row.lengths.iter().map(|(seconds, _)| *seconds).collect();
            lengths.sort_unstable();
            (
                row.model,
                row.lengths[0].0,
                lengths,
                row.ratios.iter().map(|ratio| (*ratio).to_owned()).collect(),
            )
        })
        .collect();
    table.sort();
    assert_eq!(table, known);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_length_and_shape_of_every_model_is_rendered_and_charged() {
    let (stage, calls) = Stage::watch(Options::test()).await;
    for row in &ROWS {
        let lengths = row.lengths.iter().map(|(seconds, price)| (Some(*seconds), None, *price));
        let shapes = row.ratios.iter().map(|ratio| (None, Some(*ratio), row.lengths[0].1));
        let orders: Vec<_> =
            lengths.chain(shapes).chain([(None, None, row.lengths[0].1)]).collect();
        join_all(
            orders
                .into_iter()
                .map(|(seconds, ratio, price)| render(&stage, &calls, row, seconds, ratio, price)),
        )
        .await;
    }
    stage.audit().await;
}

/// Orders one video, on a balance of its own, and follows it to the end.
async fn render(
    stage: &Stage,
    calls: &Calls,
    row: &Row,
    asked: Option<u32>,
    ratio: Option<&str>,
    price: &str,
) {
    let (seconds, prompt) =
        (asked.unwrap_or(row.lengths[0].0), format!("{} {asked:?} {ratio:?}", row.model));
    let mut order = json!({"model": row.model, "prompt": prompt});
    if let Some(seconds) = asked {
        order["duration"] = seconds.into();
    }
    if let Some(ratio) = ratio {
        order["aspect_ratio"] = ratio.into();
    }
    let caller = stage.caller_with("100").await;
    let submitted = caller.client.submit(&order).await.unwrap();
    let shown = ["model", "status", "duration"].map(|field| &submitted.body[field]);
    assert_eq!(
        shown,
        [&json!(row.model), &json!("processing"), &json!(seconds)],
        "{prompt}: {}",
        submitted.body
    );
    assert_eq!(submitted.balance, Some("100".parse().unwrap()), "{prompt}: nothing is charged yet");

    let finished = caller.finish(submitted.body["id"].as_str().unwrap()).await;
    assert_eq!(finished.body["status"], "completed", "{prompt}: {}", finished.body);
    assert_eq!(finished.body["duration"], seconds, "{prompt}");
    let left = "100".parse::<Money>().unwrap().minus(price.parse().unwrap()).unwrap();
    assert_eq!(finished.balance, Some(left), "{prompt}: {price}");
    assert_eq!(sent(calls, &prompt), [input(row, &prompt, seconds, ratio)], "{prompt}");
}

/// The bodies that a provider was sent with this prompt.
fn sent(calls: &Calls, prompt: &str) -> Vec<Value> {
    let with_prompt = |call: &Call| {
        let prompts = [call.body.pointer("/prompt"), call.body.pointer("/instances/0/prompt")];
        prompts.into_iter().flatten().any(|found| found == prompt)
    };
    calls.seen().into_iter().filter(with_prompt).map(|call| call.body).collect()
}

fn input(row: &Row, prompt: &str, seconds: u32, ratio: Option<&str>) -> Value {
    let mut input: Value =
        serde_json::from_str(&row.input.replace("SECONDS", &seconds.to_string())).unwrap();
    fill(&mut input, "PROMPT", Some(prompt));
    fill(&mut input, "RATIO", ratio);
    input
}

/// Puts a value in the place of its placeholder, or takes the place away.
fn fill(input: &mut Value, placeholder: &str, value: Option<&str>) {
    match input {
        Value::Object(fields) => {
            fields.retain(|_, field| *field != placeholder || value.is_some());
            fields.values_mut().for_each(|field| fill(field, placeholder, value));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| fill(item, placeholder, value)),
        found if *found == placeholder => *found = value.into(),
        _ => {}
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
