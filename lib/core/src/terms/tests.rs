//! What terms are in a sandbox, and what an erasure leaves of them.

use super::*;
use crate::catalog::Catalog;
use crate::fixtures::kling;
use serde_json::{Map, Value};

fn stored(terms: &Terms) -> Map<String, Value> {
    serde_json::to_value(terms).unwrap().as_object().unwrap().clone()
}

#[test]
fn a_sandboxs_job_goes_to_no_provider_and_costs_nothing() {
    let catalog = Catalog::published();
    let body = json!({"model": "fal/kling-2", "prompt": "x"});
    let order = Order::read(body.as_object().unwrap()).unwrap();
    let rates = Rates::new("1.05".parse().unwrap(), "20".parse().unwrap());
    let model = catalog.get("fal/kling-2").unwrap();
    let terms = Terms::agree(&order, model, "acme/kling", &rates, Mode::Sandbox).unwrap();
    assert_eq!((terms.provider(), terms.route()), (Provider::Sandbox, "sandbox"));
    assert_eq!((terms.cost(), terms.poll_every_s()), (Money::ZERO, 2));
    assert_eq!(terms.estimate().to_string(), "4.20");
}

#[test]
fn an_erasure_empties_what_it_says_and_nothing_else() {
    let before = stored(kling().terms());
    let after = stored(&kling().terms().clone().erased());
    let differing: Vec<_> =
        before.keys().filter(|name| before.get(*name) != after.get(*name)).collect();
    assert_eq!(differing, Terms::ERASED);
    assert_eq!(after["prompt"], "");
}

/// The records of the version before are read for 24 hours.
#[test]
fn the_hash_of_the_version_before_is_the_same() {
    assert_eq!(
        kling().terms().resolved_hash(),
        sha256_hex(&json!(["fal/kling-2", "a hummingbird at dawn", 5, "9:16"]))
    );
}
