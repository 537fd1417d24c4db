//! `GET /v1/models` and `GET /v1/models/{id}`: what callers are told of each model, and that a
//! submit agrees with it.

mod published;

use self::published::published;
use crate::asking::{Ask, Reply};
use crate::process::ROOT;
use crate::stage::Stage;
use ghub::catalog::Catalog;
use local::options::{Options, Pace};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

impl Stage {
    async fn get(&self, path: &str) -> Reply {
        self.ask(Ask::new(Method::GET, path).key(&self.system.identity.live_key)).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_models_are_listed_with_their_prices_and_can_be_asked_for_one_by_one() {
    let stage = Stage::with(Options { pace: Pace::Usual, ..Options::test() }).await;
    let listed = stage.get("/v1/models").await;
    assert_eq!((listed.status, &listed.body["object"]), (200, &json!("list")));
    let all = listed.body["data"].as_array().unwrap();
    let ids: Vec<_> = all.iter().filter_map(|model| model["id"].as_str()).collect();
    assert_eq!(ids, Catalog::published().ids().collect::<Vec<_>>());
    for model in published() {
        assert!(all.contains(&model), "{model}");
    }
    assert_eq!(listed.balance(), Some("50".parse().unwrap()));

    for model in published() {
        let id = model["id"].as_str().unwrap();
        for sent in
            [id.to_owned(), id.replace('/', "%2F"), id.replace('/', "%2f"), id.replace('-', "%2D")]
        {
            let shown = stage.get(&format!("/v1/models/{sent}")).await;
            assert_eq!((shown.status, &shown.body), (200, &model), "{sent}");
            assert_eq!(shown.balance(), Some("50".parse().unwrap()), "{sent}");
        }
    }
    for (sent, meant) in [
        ("fal/none", "fal/none"),
        ("kling-2", "kling-2"),
        ("fal%25252Fkling-2", "fal%2Fkling-2"),
        ("fal/kling-2/", "fal/kling-2/"),
        ("FAL/kling-2", "FAL/kling-2"),
        ("%F0%9F%A6%9C", "🦜"),
    ] {
        let reply = stage.get(&format!("/v1/models/{sent}")).await;
        let says = format!("model: {meant:?} does not exist; GET /v1/models lists the models");
        assert_eq!(reply.refused(404, "model_not_found"), says);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_operator_changes_is_shown_and_a_submit_agrees_with_it() {
    let changes = json!({
        "fal/kling-2": {"usd_per_second": "0.28", "durations": [5], "aspect_ratios": ["1:1", "16:9"], "poll_every_seconds": 7},
        "fal/luma-ray-2": {"route": null},
    });
    let parameters = [
        ("Catalog", changes.to_string()),
        ("FxMxnPerUsd", "18.123457".into()),
        ("Markup", "1.10".into()),
    ];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value));
    let secrets = BTreeMap::from([("GOOGLE_SERVICE_ACCOUNT".to_owned(), String::new())]);
    let options =
        Options { parameters: parameters.into(), secrets, pace: Pace::Usual, ..Options::test() };
    let stage = Stage::with(options).await;

    expect_changed(&stage.get("/v1/models/fal/kling-2").await.body);

    let (off, elsewhere) = (
        json!("switched off or without an upstream"),
        json!("its provider is not configured here"),
    );
    let reasons = [
        ("fal/luma-ray-2", &off),
        // retired, and the local system gives it no route where there is no Google
        ("google/veo-3", &off),
        ("google/veo-3.1", &elsewhere),
        ("google/veo-3.1-fast", &elsewhere),
        ("google/veo-3.1-lite", &elsewhere),
    ];
    let key = stage.key_of(&stage.caller_with("1000").await).await;
    let listed = stage.get("/v1/models").await.body;
    assert_eq!(listed["data"].as_array().map(Vec::len), Some(Catalog::published().iter().count()));
    for model in listed["data"].as_array().unwrap() {
        let id = model["id"].as_str().unwrap();
        let reason =
            reasons.iter().find(|(unavailable, _)| *unavailable == id).map(|(_, reason)| *reason);
        assert_eq!(model["available"], reason.is_none(), "{id}");
        assert_eq!(&model["unavailable_reason"], reason.unwrap_or(&Value::Null), "{id}");
        let submitted =
            stage.ask(Ask::submit(&key, &json!({"model": id, "prompt": "as it is shown"}))).await;
        match reason {
            None => assert_eq!(submitted.status, 200, "{id}: {}", submitted.body),
            Some(_) => drop(submitted.refused(404, "model_not_found").to_owned()),
        }
    }
}

/// Expects Kling as the operator changed it.
fn expect_changed(kling: &Value) {
    for (field, value) in [
        ("usd_per_second", json!("0.28")),
        ("mxn_per_second", json!("5.582024756")),
        ("markup", json!("1.10")),
        ("fx_mxn_per_usd", json!("18.123457")),
        ("default_duration", json!(5)),
        ("durations", json!([5])),
        ("max_duration", json!(5)),
        ("default_aspect_ratio", json!("1:1")),
        ("aspect_ratios", json!(["1:1", "16:9"])),
        ("poll_every_seconds", json!(7)),
        ("available", json!(true)),
    ] {
        assert_eq!(kling[field], value, "{field}");
    }
}

/// The local gateway hands parameters on as they were sent. AWS's documentation leaves open whether
/// it decodes them first, so both are understood, and no id makes more of it than an id that does
/// not exist.
#[tokio::test(flavor = "multi_thread")]
async fn an_id_is_understood_decoded_or_not() {
    let stage = Stage::new().await;
    let event = std::fs::read_to_string(Path::new(ROOT).join("events/get-model.json")).unwrap();
    let event = event.replace("LIVE_KEY", &stage.system.identity.live_key);
    for (id, status) in [
        ("fal/kling-2", 200),
        ("fal%2Fkling-2", 200),
        ("fal/kling 2", 404),
        ("ñ", 404),
        ("%C3%B1", 404),
        ("a?b#c", 404),
        ("%", 404),
        ("..", 404),
    ] {
        let mut asked: Value = serde_json::from_str(&event).unwrap();
        asked["rawPath"] = format!("/v1/models/{id}").into();
        asked["requestContext"]["http"]["path"] = asked["rawPath"].clone();
        asked["pathParameters"]["id"] = id.into();
        let answer = stage.system.invoke("get-model", asked).await.unwrap();
        assert_eq!(answer["statusCode"], status, "{id}: {answer}");
    }
}
