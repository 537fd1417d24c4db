//! Rates, prices and the catalog, and the advice about them.

use crate::stack::{Examined, Stack};
use local::options::Options;
use serde_json::json;

/// The variable that the doctor advises to set for prices that are meant as they are.
fn accepting(found: &Examined) -> String {
    let hint = found
        .advice("CATALOG")
        .into_iter()
        .find_map(|advice| Some(advice.split_once("CATALOG='")?.1.to_owned()));
    hint.expect("it says what to set").trim_end_matches('\'').to_owned()
}

#[test]
fn what_the_doctor_says_can_be_followed_until_it_has_nothing_to_say() {
    let here = Stack::start();
    let found = here.doctor(&[]);
    assert_eq!(found.json["warnings"], 2, "{:#}", found.json);
    let accepted = accepting(&found);
    let silent = here.doctor(&[("CATALOG", &accepted)]);
    assert_eq!(
        (&silent.json["warnings"], &silent.json["failed"]),
        (&json!(0), &json!(0)),
        "{:#}",
        silent.json
    );
    silent.says("fal/kling-2", "ok", "asked USD 0.28 on 2026-11-30", "");
    silent.says("fal/kling-2", "ok", "and CATALOG accepts that loss", "");
    assert!(silent.advice("CATALOG").is_empty(), "{:#}", silent.json);

    // If a provider asks more than the accepted price, the doctor still says so.
    let less =
        accepted.replace("\"loss_accepted_up_to\":\"0.28\"", "\"loss_accepted_up_to\":\"0.27\"");
    assert_ne!(less, accepted);
    here.doctor(&[("CATALOG", &less)]).says(
        "fal/kling-2",
        "warn",
        "asked USD 0.28",
        "Every second sold loses money",
    );

    // As on AWS, where two models have no upstream, and with one provider only.
    let published = [("CATALOG", "{}"), ("GOOGLE_SERVICE_ACCOUNT_SECRET", "")];
    let found = here.doctor(&published);
    found.says("GOOGLE_SERVICE_ACCOUNT", "warn", "is not set", "switch them off in CATALOG");
    found.says(
        "fal/runway-gen-4",
        "warn",
        "it has no route",
        r#"set "fal/runway-gen-4": {"route": "…"}."#,
    );
    let accepted = accepting(&found);
    let silent = here.doctor(&[("CATALOG", &accepted), ("GOOGLE_SERVICE_ACCOUNT_SECRET", "")]);
    assert_eq!(silent.json["warnings"], 0, "{:#}", silent.json);
    silent.says("GOOGLE_SERVICE_ACCOUNT", "ok", "none of this provider's models is sold", "");
    silent.says("fal/runway-gen-4", "ok", "switched off in CATALOG", "");
}

#[test]
fn rates_and_prices_that_cannot_be_meant_are_told() {
    let here = Stack::start();
    let found = here.doctor(&[
        ("FX_MXN_PER_USD", "5"),
        ("MARKUP", "1"),
        ("CATALOG", r#"{"fal/kling-2":{"usd_per_second":"0.28"},"fal/veo-3.1":{"route":null},"fal/runway-gen-4":{"route":"a/b"}}"#),
    ]);
    let usual = "usually 10.00 to 30.00. If 5.00 is meant, there is nothing to do.";
    found.says("MARKUP", "ok", "5.00 pesos per dollar, which is not usual; markup 1.00", usual);
    found.says("fal/kling-2", "ok", "sold for MXN 1.40", "");
    found.says("fal/veo-3.1", "ok", "switched off in CATALOG", "");
    found.says("fal/runway-gen-4", "ok", "what a/b asks is not known", "");

    let found = here.doctor(&[]);
    found.says(
        "fal/kling-2",
        "warn",
        "asked USD 0.28 on 2026-11-30",
        r#"in CATALOG, set "fal/kling-2": {"usd_per_second": "0.28"}."#,
    );
    let found = here.doctor(&[("CATALOG", r#"{"fal/kling-2":{"usd_per_second":"0.28"}}"#)]);
    found.says("fal/kling-2", "ok", "USD 0.28 a second; sold for MXN 5.88", "");

    let found = here.doctor(&[("MARKUP", "0.9")]);
    found.says(
        "MARKUP",
        "fail",
        "MARKUP is \"0.9\", and must be a decimal number from 1 to 10",
        "such as MARKUP=1.05",
    );
    let found = here.doctor(&[("MARKUP", "much"), ("CATALOG", "{")]);
    found.says(
        "MARKUP",
        "fail",
        "the environment variable MARKUP is \"much\"",
        "such as MARKUP=1.05",
    );
    found.says("CATALOG", "fail", "the environment variable CATALOG is wrong", "leave it out");
}

#[test]
fn nothing_can_be_sold_without_a_provider() {
    let none = [("FAL_KEY", ""), ("GOOGLE_SERVICE_ACCOUNT", "")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let here = Stack::with(Options { secrets: none.into(), ..Options::test() });
    let found = here.doctor(&[]);
    assert_eq!(found.failed(), ["all of them"]);
    found.says(
        "all of them",
        "fail",
        "none can be sold",
        "FAL_KEY_SECRET, or GOOGLE_SERVICE_ACCOUNT_SECRET",
    );
}
