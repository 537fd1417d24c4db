//! What terms are in a sandbox, and what an erasure leaves of them.

use super::*;
use crate::catalog::{Service, Services};
use crate::fixtures::{changed, kling, terms};
use crate::provider::ByProvider;

fn stored(terms: &Terms) -> Map<String, Value> {
    serde_json::to_value(terms).unwrap().as_object().unwrap().clone()
}

fn agree(body: Value, mode: Mode) -> Result<Terms, NoTerms> {
    let catalog = Catalog::published();
    let order = Order::read(body.as_object().unwrap()).unwrap();
    let rates = Rates::new("1.05".parse().unwrap(), "20".parse().unwrap());
    let services = Services::new(ByProvider::new(|_| Service::Usable));
    Terms::agree(&order, catalog.offer(&order, &services).unwrap(), &rates, mode)
}

#[test]
fn a_sandboxs_job_goes_to_no_provider_and_costs_nothing() {
    let terms = agree(json!({"model": "fal/kling-2", "prompt": "x"}), Mode::Sandbox).unwrap();
    assert_eq!((terms.provider(), terms.route()), (Provider::Sandbox, "sandbox"));
    assert_eq!((terms.cost(), terms.poll_every_s()), (Money::ZERO, 2));
    assert_eq!(terms.estimate().to_string(), "4.20");
}

#[test]
fn a_job_that_would_cost_more_than_the_caller_accepts_is_refused() {
    for mode in [Mode::Live, Mode::Sandbox] {
        let at_most = |most: &str| {
            agree(json!({"model": "fal/kling-2", "prompt": "x", "max_cost": most}), mode)
        };
        assert!(at_most("4.20").is_ok() && at_most("100").is_ok());
        let refused = at_most("4.199999").unwrap_err();
        let says = "max_cost: the job costs MXN 4.20, and may cost at most MXN 4.199999";
        assert_eq!(refused.to_string(), says);
    }
}

/// Jobs of the version before have no input. Some of them still wait for their provider.
#[test]
fn a_job_of_the_version_before_is_told_to_its_provider_as_todays_entry_says() {
    let of = |model: &str, ratio: Option<&str>| {
        let new = terms(&json!({"model": model, "prompt": "x"}));
        changed(
            &new,
            &json!({"input": null, "price_row": null, "resolution": null,
            "generate_audio": null, "negative_prompt": null, "aspect_ratio": ratio}),
        )
    };
    for model in ["fal/kling-2", "fal/veo-3.1", "fal/hailuo-02", "google/veo-3.1", "google/veo-3"] {
        let known = match model {
            "google/veo-3" => changed(
                &terms(&json!({"model": "google/veo-3.1", "prompt": "x"})),
                &json!({"model": model, "input": null}),
            ),
            model => of(model, None),
        };
        let entry = Catalog::published().get(model).unwrap().clone();
        let today = entry.upstream().input(&entry.defaults()).unwrap();
        assert_eq!(known.input(), Ok(today), "{model}");
    }
    assert_eq!(of("fal/kling-2", Some("9:16")).input().unwrap()["aspect_ratio"], "9:16");
    let gone = changed(kling().terms(), &json!({"model": "fal/gone", "input": null}));
    assert_eq!(gone.input().unwrap_err().code, FailureCode::ProviderUnavailable);
}

#[test]
fn an_erasure_empties_what_it_says_and_nothing_else() {
    let order = json!({
        "model": "fal/kling-2", "prompt": "x", "negative_prompt": "blur", "user": "u",
        "metadata": {"a": "b"},
    });
    let (before, after) = (stored(&terms(&order)), stored(&terms(&order).erased()));
    let mut differing: Vec<_> =
        before.keys().filter(|name| before.get(*name) != after.get(*name)).collect();
    differing.sort_unstable();
    let mut erased = Terms::ERASED;
    erased.sort_unstable();
    assert_eq!(differing, erased);
    assert_eq!(after["prompt"], "");
}

/// The records of the version before are read for 24 hours.
#[test]
fn the_hash_of_the_version_before_is_the_same() {
    for ratio in [json!("9:16"), Value::Null] {
        let body = json!({"model": "fal/kling-2", "prompt": "x", "aspect_ratio": ratio});
        let order = Order::read(body.as_object().unwrap()).unwrap();
        let before = sha256_hex(&json!(["fal/kling-2", "x", 5, ratio]));
        assert_eq!(terms(&body).resolved_hash(&order), before);
    }
}
