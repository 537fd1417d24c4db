//! Who is let in.

use std::time::SystemTime;

use serde_json::{Value, json};

use super::account;
use super::testing::{MODEL, START_S, World};

#[tokio::test]
async fn a_token_is_given_to_the_service_account_alone() {
    let world = World::new().await;
    let answer = world.ask_for_token(&world.claims()).await;
    assert_eq!((answer.status, &answer.json()["expires_in"]), (200, &json!(3599)));
    assert_eq!(answer.json()["token_type"], "Bearer");

    for (claim, value, error, text) in [
        ("aud", json!("https://oauth2.googleapis.com/token"), "", ""),
        ("aud", json!("https://elsewhere/token"), "invalid_grant", "audience"),
        ("iss", json!("another@account"), "invalid_grant", "account not found"),
        (
            "scope",
            json!("https://www.googleapis.com/auth/devstorage.read_only"),
            "invalid_scope",
            "scope",
        ),
        ("exp", json!(START_S + 7200), "invalid_grant", "short-lived"),
        ("iat", json!(START_S - 10), "invalid_grant", "short-lived"),
        ("exp", json!(START_S), "invalid_grant", "short-lived"),
        ("iat", json!("now"), "invalid_grant", "Bad Request"),
    ] {
        let mut claims = world.claims();
        claims[claim] = value;
        let answer = world.ask_for_token(&claims).await;
        let body = answer.json();
        let expected = if error.is_empty() { 200 } else { 400 };
        assert_eq!(answer.refusal(), (expected, error.to_owned()));
        assert!(
            body["error_description"].as_str().unwrap_or_default().contains(text),
            "{claim}: {body}"
        );
    }
    let claims = world.claims();
    world.wait(3600 + 301);
    assert_eq!(world.ask_for_token(&claims).await.refusal(), (400, "invalid_grant".to_owned()));
}

#[tokio::test]
async fn what_is_no_assertion_of_this_account_is_refused() {
    let world = World::new().await;
    let good = account::sign(&world.claims());
    let (signed, _) = good.rsplit_once('.').unwrap();
    let forged = format!("{signed}.{}", "A".repeat(342));
    let grant_type = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    for (body, error, text) in [
        (
            format!("grant_type={grant_type}&assertion={forged}"),
            "invalid_grant",
            "Invalid JWT Signature.",
        ),
        (format!("grant_type={grant_type}&assertion=nonsense"), "invalid_grant", "Bad Request"),
        (format!("grant_type={grant_type}"), "invalid_request", "assertion"),
        (
            format!("grant_type=refresh_token&assertion={good}"),
            "unsupported_grant_type",
            "refresh_token",
        ),
        (String::new(), "unsupported_grant_type", ""),
    ] {
        let answer = world.send("POST", "/token", "", &body).await;
        assert_eq!(answer.refusal(), (400, error.to_owned()), "{body}");
        assert!(
            answer.json()["error_description"].as_str().unwrap().contains(text),
            "{}",
            answer.json()
        );
    }
    let key: Value = serde_json::from_str(&world.google.service_account_json()).unwrap();
    assert_eq!(
        (&key["type"], &key["token_uri"]),
        (&json!("service_account"), &json!("http://google.test/token"))
    );
    assert_eq!(
        (&key["project_id"], &key["client_email"]),
        (&json!("local"), &json!(account::EMAIL))
    );
}

#[tokio::test]
async fn a_token_ends_and_outlives_a_restart() {
    let world = World::new().await;
    let (bearer, path) = (world.bearer().await, format!("/v1/{MODEL}:fetchPredictOperation"));
    let name = format!("{MODEL}/operations/x");
    let body = json!({"operationName": name}).to_string();
    let other = World::in_directory(None, world.clock.clone()).await;
    for (wait_s, expected) in [(0, 404), (3598, 404), (1, 401)] {
        world.wait(wait_s);
        assert_eq!(world.send("POST", &path, &bearer, &body).await.status, expected);
        assert_eq!(other.send("POST", &path, &bearer, &body).await.status, expected);
    }
    let answer = world.send("POST", &path, &bearer, &body).await;
    assert_eq!(answer.json()["error"]["details"][0]["reason"], "ACCESS_TOKEN_EXPIRED");
    for authorization in
        ["", "authorization: Bearer ya29.1-2-3\r\n", "authorization: Basic eDp5\r\n"]
    {
        let answer = world.send("POST", &path, authorization, &body).await;
        assert_eq!(answer.refusal(), (401, "UNAUTHENTICATED".to_owned()));
        assert!(answer.head.contains("www-authenticate: bearer"), "{}", answer.head);
    }
}

#[tokio::test]
async fn a_token_that_the_account_signed_itself_is_as_good() {
    let world = World::new().await;
    let (path, body) = (
        format!("/v1/{MODEL}:predictLongRunning"),
        json!({"instances": [{"prompt": "a cat"}]}).to_string(),
    );
    let now_s = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let claims = json!({
        "iss": account::EMAIL, "sub": account::EMAIL, "aud": null,
        "iat": now_s - 10, "exp": now_s + 3610,
        "scope": "https://www.googleapis.com/auth/cloud-platform",
    });
    let with = |changes: Value| {
        let mut claims = claims.clone();
        claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        format!("authorization: Bearer {}\r\n", account::sign(&claims))
    };
    for (changes, expected) in [
        (json!({}), 200),
        (json!({"scope": null, "aud": "https://aiplatform.googleapis.com/"}), 200),
        (json!({"scope": null, "aud": "https://storage.googleapis.com/"}), 401),
        (json!({"scope": null}), 401),
        (json!({"iss": "another@account"}), 401),
        (json!({"sub": null}), 401),
        (json!({"exp": now_s + 7200}), 401),
        (json!({"iat": now_s - 7200, "exp": now_s - 3600}), 401),
    ] {
        assert_eq!(
            world.send("POST", &path, &with(changes.clone()), &body).await.status,
            expected,
            "{changes}"
        );
    }
    let other_key = with(json!({})).replace('.', "-");
    assert_eq!(world.send("POST", &path, &other_key, &body).await.status, 401);
    assert_eq!(world.send("GET", "/films/x", &with(json!({})), "").await.status, 404);
}
