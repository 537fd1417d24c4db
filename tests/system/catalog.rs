//! Every order that a built-in model takes, and every one that it does not: what would leave for
//! its provider, at what price, and what the caller is told. No request is made.

mod entry;
mod refusals;
mod request;

use entry::{Entry, Values};
use ghub::adapter::{Adapter, Request, fal, google};
use ghub::catalog::{Catalog, Input, Service, Services};
use ghub::id::{JobId, JobKey, Mode, OrgId};
use ghub::order::Order;
use ghub::pricing::Rates;
use ghub::provider::{ByProvider, Provider};
use ghub::terms::Terms;
use local::options::Pace;
use proptest::prelude::*;
use proptest::sample::select;
use request::Told;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// The built-in catalog. Where no provider serves a model, it has the route to a simulator.
static CATALOG: LazyLock<Catalog> = LazyLock::new(|| {
    let routes = local::simulators::catalog(Pace::Usual, |_| true, "{}").unwrap();
    Catalog::with_overrides(&routes).unwrap()
});

/// The terms of an order at a markup of 1.05 and 20 pesos for a dollar, or why there are none.
fn agree(body: &Value) -> Result<Terms, String> {
    let order = Order::read(body.as_object().unwrap()).map_err(|refusal| refusal.to_string())?;
    let services = Services::new(ByProvider::new(|_| Service::Usable));
    let offer = CATALOG.offer(&order, &services).map_err(|refusal| refusal.to_string())?;
    let rates = Rates::new("1.05".parse().unwrap(), "20".parse().unwrap());
    Terms::agree(&order, offer, &rates, Mode::Live).map_err(|why| why.to_string())
}

/// The request that would submit a job on these terms.
fn submission(terms: &Terms) -> Request {
    let job = JobKey { org: OrgId::from_uuid(uuid::Uuid::nil()), job: JobId::NONE };
    let request = match terms.provider() {
        Provider::Fal => fal::Fal::new("https://queue.fal.run".parse().unwrap()).submit(job, terms),
        Provider::Google => google::Google {
            api_url: "https://us-central1-aiplatform.googleapis.com".parse().unwrap(),
            storage_api_url: "https://storage.googleapis.com".parse().unwrap(),
            project: "acme".to_owned(),
            location: "us-central1".to_owned(),
            storage_uri: None,
        }
        .submit(job, terms),
        Provider::Sandbox => panic!("a live job goes to no sandbox"),
    };
    request.unwrap()
}

/// The orders for each combination of a model's inputs: with and without each input that needs not
/// be given, and with the defaults spelled out and left out.
fn orders(entry: &Entry) -> Vec<Value> {
    let model = CATALOG.get(entry.id()).unwrap();
    let mut orders = Vec::new();
    for resolved in model.combinations() {
        for (seed, negative_prompt) in [(true, true), (true, false), (false, true), (false, false)]
        {
            let mut body = json!({"model": entry.id(), "prompt": "a hummingbird"});
            for input in Input::ALL {
                let left_out = match input {
                    Input::Seed => !seed,
                    Input::NegativePrompt => !negative_prompt,
                    _ => false,
                };
                if let Some(value) = resolved.value(input).filter(|_| !left_out) {
                    body[input.as_str()] = value;
                }
            }
            let mut short = body.clone();
            short.as_object_mut().unwrap().retain(|field, value| {
                entry.input(field).is_none_or(|input| input["default"] != *value)
            });
            orders.extend([body, short]);
        }
    }
    orders
}

#[test]
fn every_combination_leaves_whole_in_its_providers_schema_and_at_one_price() {
    let ids: Vec<_> = CATALOG.iter().map(|model| model.id.as_str()).collect();
    let entries = entry::all();
    assert_eq!(entries.iter().map(Entry::id).collect::<Vec<_>>(), ids);
    for entry in entries {
        let orders = orders(entry);
        let asked: BTreeSet<_> =
            orders.iter().map(|body| entry.expected(body).combination()).collect();
        assert_eq!(asked.len(), entry.combinations(), "{}", entry.id());
        for body in orders {
            expect_whole(entry, &body);
        }
    }
}

/// The shortest and the longest texts that a model takes are within the bounds of its provider's.
#[test]
fn texts_at_their_limits_leave_in_the_providers_schema() {
    for entry in entry::all() {
        let texts = entry.bounds();
        for (field, length) in
            texts.into_iter().flat_map(|(field, bounds)| bounds.map(|length| (field, length)))
        {
            let mut body = json!({"model": entry.id(), "prompt": "a hummingbird"});
            body[field] = "ñ".repeat(length).into();
            expect_whole(entry, &body);
        }
    }
}

/// Checks the terms of an order and the request that they make.
fn expect_whole(entry: &Entry, body: &Value) {
    let terms = agree(body).unwrap_or_else(|refused| panic!("{body}: {refused}"));
    let expected = entry.expected(body);
    let request = submission(&terms);
    let told = Told::by(&request);

    told.expect_valid();
    assert_eq!(told.path, entry.path(), "{body}");
    assert_eq!(told.prompt, body["prompt"], "{body}");
    expect_told(entry, &expected, &told);
    expect_kept(&terms, &expected);
    expect_price(entry, &terms, &expected);
}

/// Each value is told to the provider, or is the only one that the provider renders.
fn expect_told(entry: &Entry, expected: &Values, told: &Told) {
    let always = entry.upstream()["always"].as_object().cloned().unwrap_or_default();
    let always = request::values(told.provider, &always);
    for field in entry::FIELDS {
        let context = format!("{field} of {expected:?}: {}", told.body);
        match (expected.get(field), told.values.get(field)) {
            (Some(value), Some(told)) => assert_eq!(told, value, "{context}"),
            (Some(value), None) => {
                assert_eq!(&entry.upstream()["renders"][field], value, "{context}");
                assert_eq!(entry.input(field).unwrap()["values"], json!([value]), "{context}");
                assert!(!told.could_have(field), "{context}");
            }
            (None, value) => assert_eq!(value, always.get(field), "{context}"),
        }
    }
}

/// The terms have the same values, for the job that is shown and for the ledger.
fn expect_kept(terms: &Terms, expected: &Values) {
    let kept = [
        ("duration", Some(json!(terms.seconds()))),
        ("aspect_ratio", terms.aspect_ratio().map(Value::from)),
        ("resolution", terms.resolution().map(Value::from)),
        ("generate_audio", terms.generate_audio().map(Value::from)),
        ("seed", terms.seed().map(Value::from)),
        ("negative_prompt", terms.negative_prompt().map(Value::from)),
    ];
    for (field, value) in kept {
        assert_eq!(value.as_ref(), expected.get(field), "{field} of {expected:?}");
    }
}

/// One row applies, and the terms have its price. Markup and rate make 21 pesos of a dollar.
fn expect_price(entry: &Entry, terms: &Terms, expected: &Values) {
    if let Some(asks) = entry.upstream().get("asks") {
        assert_eq!(entry.rows(&asks["prices"], expected).len(), 1, "{expected:?}");
    }
    let rows = entry.rows(entry.prices(), expected);
    let [row] = rows.as_slice() else { panic!("{expected:?}: {rows:?}") };
    assert_eq!(terms.price_row(), row["name"].as_str(), "{expected:?}");
    let seconds = expected.get("duration").and_then(Value::as_i64).unwrap();
    let cost = entry::micros(row["usd_per_second"].as_str().unwrap()) * 21 * seconds;
    assert_eq!(terms.cost().micros(), cost, "{expected:?}");
}

/// One of all orders, with texts and a seed of the caller's.
fn drawn() -> impl Strategy<Value = (Value, Value)> {
    let all: Vec<Value> = entry::all().iter().flat_map(orders).collect();
    let text = || "[ -~¡-ÿА-я一-鿿😀-🙏\n]{0,60}";
    let labels = prop::collection::btree_map("[a-z]{1,64}", text(), 0..=16);
    (select(all), text(), text(), any::<u32>(), labels, "[!-~]{1,200}").prop_map(
        |(mut body, prompt, negative, seed, labels, user)| {
            body["prompt"] = format!("fox {prompt}").into();
            for (field, value) in
                [("seed", json!(seed)), ("negative_prompt", format!("fog {negative}").into())]
            {
                body.as_object_mut().unwrap().entry(field).and_modify(|given| *given = value);
            }
            let labels: Value =
                labels.into_iter().map(|(name, text)| (name, format!("keepsake {text}"))).collect();
            body["user"] = format!("keepsake {user}").into();
            (body, labels)
        },
    )
}

proptest! {
    #[test]
    fn what_callers_write_leaves_as_it_came_and_their_labels_stay((body, labels) in drawn()) {
        let entry = entry::all().iter().find(|entry| body["model"] == entry.id()).unwrap();
        let mut body = body;
        body["metadata"] = labels;
        expect_whole(entry, &body);
        let terms = agree(&body).unwrap();
        prop_assert_eq!(terms.metadata(), body["metadata"].as_object());
        prop_assert_eq!(terms.user(), body["user"].as_str());
        let request = format!("{:?}", submission(&terms));
        prop_assert!(!request.contains("keepsake"), "{}", request);
    }
}
