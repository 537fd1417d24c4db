//! What is read of a body, and what its hash covers.

use super::*;

fn order(body: Value) -> Order {
    Order::read(body.as_object().unwrap()).unwrap()
}

/// An order to Kling with these fields besides.
fn with(fields: Value) -> Value {
    let mut body = json!({"model": "fal/kling-2", "prompt": "a hummingbird"});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    body
}

fn refused(fields: Value) -> String {
    Order::read(with(fields).as_object().unwrap()).unwrap_err().to_string()
}

#[test]
fn the_hash_covers_what_was_sent_and_not_what_it_means() {
    let hash = |fields: Value| order(with(fields)).request_hash();
    let plain = hash(json!({}));
    for same in [
        json!({"duration": null}),
        json!({"aspect_ratio": null, "unknown": null, "metadata": null}),
        json!({"dry_run": true}),
    ] {
        assert_eq!(hash(same.clone()), plain, "{same}");
    }
    let others = [
        json!({"model": "fal/veo-3.1"}),
        json!({"prompt": "a hummingbird "}),
        json!({"duration": 5}),
        json!({"duration": 10}),
        json!({"aspect_ratio": "16:9"}),
        json!({"resolution": "720p"}),
        json!({"generate_audio": true}),
        json!({"generate_audio": false}),
        json!({"seed": 0}),
        json!({"negative_prompt": "blur"}),
        json!({"metadata": {}}),
        json!({"metadata": {"a": "b"}}),
        json!({"user": "u"}),
        json!({"max_cost": "4.20"}),
    ];
    let count = others.len();
    let mut hashes: Vec<_> = others.into_iter().map(hash).chain([plain]).collect();
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), count + 1, "each of them is another request");
    assert_eq!(hash(json!({"max_cost": "4.2"})), hash(json!({"max_cost": "4.20"})));
}

/// The version before knows four fields, and its records stand for 24 hours.
#[test]
fn an_order_that_the_version_before_could_read_has_its_hash() {
    let body = with(json!({"duration": 5}));
    let before = json!(["fal/kling-2", "a hummingbird", "5", null]);
    assert_eq!(order(body).request_hash(), sha256_hex(&before));
}

#[test]
fn each_field_is_read_as_it_was_sent() {
    let sent = json!({
        "duration": 5, "aspect_ratio": "9:16", "resolution": "1080p", "generate_audio": false,
        "seed": 4_294_967_295_u32, "negative_prompt": "blur", "metadata": {"ñ": "", "b": "c"},
        "user": "u-1", "max_cost": "4.2", "dry_run": true,
    });
    assert_eq!(sent.as_object().unwrap().len() + 2, Order::FIELDS.len());
    let order = order(with(sent.clone()));
    assert_eq!((order.duration(), order.aspect_ratio()), (Some(5), Some("9:16")));
    assert_eq!((order.resolution(), order.generate_audio()), (Some("1080p"), Some(false)));
    assert_eq!((order.seed(), order.negative_prompt()), (Some(u32::MAX), Some("blur")));
    assert_eq!((order.metadata(), order.user()), (sent["metadata"].as_object(), Some("u-1")));
    assert_eq!((order.max_cost().unwrap().micros(), order.is_dry_run()), (4_200_000, true));
}

#[test]
fn a_field_that_does_not_exist_is_refused_with_the_one_that_was_meant() {
    for (sent, meant) in [
        ("aspectRatio", "aspect_ratio"),
        ("aspect-ratio", "aspect_ratio"),
        ("ratio", "aspect_ratio"),
        ("seconds", "duration"),
        ("durations", "duration"),
        ("size", "resolution"),
        ("audio", "generate_audio"),
        ("generateAudio", "generate_audio"),
        ("negativePrompt", "negative_prompt"),
        ("negative", "negative_prompt"),
        ("promt", "prompt"),
        ("max_cost_mxn", "max_cost"),
        ("Seed", "seed"),
        ("dryrun", "dry_run"),
    ] {
        let says = format!("{sent}: there is no such field; did you mean {meant}?");
        assert_eq!(refused(json!({sent: "x"})), says);
    }
    let says = refused(json!({"image_url": "https://acme.test/a.png"}));
    assert_eq!(
        says,
        "image_url: there is no such field; the fields are model, prompt, duration, aspect_ratio, \
         resolution, generate_audio, seed, negative_prompt, metadata, user, max_cost, dry_run"
    );
    let long = "x".repeat(60_000);
    assert!(refused(json!({long: 1})).len() < 400);
}

#[test]
fn a_value_of_the_wrong_type_is_named_with_what_would_be_right() {
    for (field, value, says) in [
        ("resolution", json!(720), "resolution: it must be a string, not a number"),
        ("generate_audio", json!("no"), "generate_audio: it must be true or false, not a string"),
        ("seed", json!(-1), "seed: it must be a whole number from 0 to 4294967295, not -1"),
        (
            "seed",
            json!(4_294_967_296_u64),
            "seed: it must be a whole number from 0 to 4294967295, not 4294967296",
        ),
        ("seed", json!(1.5), "seed: it must be a whole number from 0 to 4294967295, not 1.5"),
        (
            "seed",
            json!(1e30),
            "seed: 1e+30 is out of range; send a whole number from 0 to 4294967295",
        ),
        ("seed", json!("7"), "seed: it must be a whole number from 0 to 4294967295, not a string"),
        ("negative_prompt", json!([]), "negative_prompt: it must be a string, not a list"),
    ] {
        assert_eq!(refused(json!({field: value.clone()})), says, "{field} {value}");
    }
}

#[test]
fn what_a_caller_writes_for_itself_has_its_bounds() {
    let seventeen: Map<String, Value> =
        (0..17).map(|number| (format!("k{number}"), json!("v"))).collect();
    for (field, value, says) in [
        ("user", json!(""), "user: it has 0 characters, and must have 1 to 256"),
        ("user", json!("u".repeat(257)), "user: it has 257 characters, and must have 1 to 256"),
        (
            "max_cost",
            json!(4.2),
            "max_cost: it must be an amount in MXN as text, such as \"4.20\", not a number",
        ),
        (
            "max_cost",
            json!("-1"),
            "max_cost: it must be an amount in MXN as text, such as \"4.20\", not \"-1\"",
        ),
        (
            "max_cost",
            json!("much"),
            "max_cost: it must be an amount in MXN as text, such as \"4.20\", not \"much\"",
        ),
        ("metadata", json!("a"), "metadata: it must be an object, not a string"),
        ("metadata", json!(seventeen), "metadata: it has 17 keys, and may have 16"),
        (
            "metadata",
            json!({"": "v"}),
            "metadata: the key \"\" has 0 characters, and must have 1 to 64",
        ),
        (
            "user",
            json!("u\u{1b}[2J"),
            "user: character 2 is the control character U+001B; remove it",
        ),
        (
            "metadata",
            json!({"k\0": "v"}),
            "metadata: of the key \"k\\0\", character 2 is the control character U+0000; remove it",
        ),
        (
            "metadata",
            json!({"k": "v\u{8}"}),
            "metadata: of the value of \"k\", character 2 is the control character U+0008; remove \
             it",
        ),
        (
            "metadata",
            json!({"k": 1}),
            "metadata: the value of \"k\" must be a string, not a number",
        ),
        (
            "metadata",
            json!({"k": "v".repeat(513)}),
            "metadata: the value of \"k\" has 513 characters, and may have 512",
        ),
    ] {
        assert_eq!(refused(json!({field: value.clone()})), says, "{field} {value}");
    }
    let longest = json!({"n".repeat(64): "v".repeat(512)});
    assert!(Order::read(with(json!({"metadata": longest})).as_object().unwrap()).is_ok());
}
