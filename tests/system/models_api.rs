//! `GET /v1/models` and `GET /v1/models/{id}`: what callers are told of each model, and that a
//! submit agrees with it.

use crate::asking::{Ask, Reply};
use crate::process::ROOT;
use crate::stage::Stage;
use ghub::catalog::Catalog;
use local::options::{Options, Pace};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// What is told of a model: the default length is named, the default shape comes first.
struct Row {
    id: &'static str,
    provider: &'static str,
    /// US dollars and pesos for a second, at 20 and 1.05.
    price: [&'static str; 2],
    default: u32,
    lengths: &'static [u32],
    ratios: &'static [&'static str],
    audio: bool,
    /// Seconds between polls, and from submit to video at least and at most.
    every_min_max: [u32; 3],
    /// Characters of a prompt, at least and at most.
    prompt: [u32; 2],
    /// Resolutions, the default first.
    resolutions: &'static [&'static str],
    negative_prompt: Option<Option<&'static str>>,
    /// Name, lengths, resolutions, sound, US dollars and pesos.
    prices: &'static [Price],
    retires: Option<i64>,
}

type Price = (
    &'static str,
    Option<&'static [u32]>,
    Option<&'static [&'static str]>,
    Option<bool>,
    &'static str,
    &'static str,
);

const HD: Option<&[&str]> = Some(&["720p", "1080p"]);
const UHD: Option<&[&str]> = Some(&["4k"]);
const FULL_HD: Option<&[&str]> = Some(&["1080p"]);
const KLING_NEGATIVE: Option<Option<&str>> = Some(Some("blur, distort, and low quality"));

const EITHER: &[&str] = &["16:9", "9:16"];
const VEO: Row = Row {
    id: "fal/veo-3.1",
    provider: "fal.ai",
    price: ["0.40", "8.40"],
    default: 8,
    lengths: &[4, 6, 8],
    ratios: EITHER,
    audio: true,
    every_min_max: [30, 180, 300],
    prompt: [1, 4000],
    resolutions: &["720p", "1080p", "4k"],
    negative_prompt: Some(None),
    prices: &[
        ("sound", None, HD, Some(true), "0.40", "8.40"),
        ("silent", None, HD, Some(false), "0.20", "4.20"),
        ("4k-sound", None, UHD, Some(true), "0.60", "12.60"),
        ("4k-silent", None, UHD, Some(false), "0.40", "8.40"),
    ],
    retires: None,
};
const KLING: Row = Row {
    id: "fal/kling-2",
    price: ["0.04", "0.84"],
    default: 5,
    lengths: &[5, 10],
    ratios: &["16:9", "9:16", "1:1"],
    audio: false,
    every_min_max: [15, 120, 300],
    prompt: [1, 2500],
    resolutions: &[],
    negative_prompt: KLING_NEGATIVE,
    prices: &[("standard", None, None, None, "0.04", "0.84")],
    ..VEO
};

const ROWS: [Row; 7] = [
    Row {
        id: "fal/hailuo-02",
        default: 6,
        lengths: &[6, 10],
        ratios: &["16:9"],
        every_min_max: [15, 120, 240],
        prompt: [1, 2000],
        negative_prompt: None,
        ..KLING
    },
    KLING,
    Row {
        id: "fal/luma-ray-2",
        price: ["0.20", "4.20"],
        lengths: &[5, 9],
        ratios: &["16:9", "9:16", "4:3", "3:4", "21:9", "9:21"],
        every_min_max: [10, 60, 180],
        prompt: [3, 4000],
        resolutions: &["540p", "720p", "1080p"],
        negative_prompt: None,
        prices: &[
            ("540p", None, Some(&["540p"]), None, "0.20", "4.20"),
            ("720p", Some(&[5]), Some(&["720p"]), None, "0.20", "4.20"),
            ("720p-9s", Some(&[9]), Some(&["720p"]), None, "0.222223", "4.666683"),
            ("1080p", Some(&[5]), FULL_HD, None, "0.40", "8.40"),
            ("1080p-9s", Some(&[9]), FULL_HD, None, "0.444445", "9.333345"),
        ],
        ..KLING
    },
    Row {
        id: "fal/runway-gen-4",
        price: ["0.05", "1.05"],
        ratios: &["16:9", "9:16", "4:3"],
        every_min_max: [10, 30, 120],
        prompt: [1, 4000],
        negative_prompt: None,
        prices: &[("standard", None, None, None, "0.05", "1.05")],
        ..KLING
    },
    VEO,
    Row {
        id: "google/veo-3",
        provider: "Google",
        price: ["0.20", "4.20"],
        audio: false,
        every_min_max: [20, 120, 240],
        resolutions: &[],
        negative_prompt: None,
        prices: &[("standard", None, None, None, "0.20", "4.20")],
        ..VEO
    },
    Row { id: "google/veo-3.1", provider: "Google", retires: Some(1_794_873_600), ..VEO },
];

/// The seven published models, as they are shown when all of them are available.
fn published() -> Vec<Value> {
    let shown = |row: &Row| {
        let ([usd, mxn], [every, min, max]) = (row.price, row.every_min_max);
        json!({
            "id": row.id,
            "object": "model",
            "created": 1_795_305_600,
            "owned_by": row.id.split('/').next(),
            "provider": row.provider,
            "available": true,
            "unavailable_reason": null,
            "usd_per_second": usd,
            "mxn_per_second": mxn,
            "markup": "1.05",
            "fx_mxn_per_usd": "20.00",
            "default_duration": row.default,
            "durations": row.lengths,
            "max_duration": row.lengths.last(),
            "default_aspect_ratio": row.ratios[0],
            "aspect_ratios": row.ratios,
            "audio": row.audio,
            "poll_every_seconds": every,
            "typical_seconds": {"min": min, "max": max},
            "prompt_length": {"min": row.prompt[0], "max": row.prompt[1]},
            "inputs": inputs(row),
            "prices": row.prices.iter().map(price).collect::<Vec<_>>(),
            "retires": row.retires,
        })
    };
    ROWS.iter().map(shown).collect()
}

fn inputs(row: &Row) -> Value {
    let by_choice = row.prices.iter().any(|(.., sound, _, _)| sound.is_some());
    json!({
        "resolution": row.resolutions.first().map(|default| json!({
            "values": row.resolutions, "default": default,
        })),
        "generate_audio": by_choice.then(|| json!({"values": [true, false], "default": true})),
        "seed": by_choice.then(|| json!({"min": 0, "max": u32::MAX})),
        "negative_prompt": row.negative_prompt.map(|default| json!({
            "min": 1, "max": 2500, "default": default,
        })),
    })
}

fn price((name, duration, resolution, sound, usd, mxn): &Price) -> Value {
    json!({
        "name": name,
        "when": {"duration": duration, "resolution": resolution, "generate_audio": sound},
        "usd_per_second": usd,
        "mxn_per_second": mxn,
    })
}

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

    let kling = stage.get("/v1/models/fal/kling-2").await.body;
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
