//! What a render is told to have failed for, and which of fal's words reach a caller.

use super::meaning::result_read;
use super::*;

const HTML: &str = "<!DOCTYPE html><title>Bad Gateway</title><h1>Bad Gateway</h1>";

/// What is told of a failed job: its code, its line, the provider's word, and what only the log
/// has.
fn told(checked: Checked) -> (FailureCode, String, Option<String>, Option<String>) {
    match checked {
        Checked::Failed(failure) => {
            let said = failure.said_about(&[]);
            (failure.code, failure.message, failure.provider_code, said)
        }
        other => panic!("{other:?}"),
    }
}

fn with_headers(status: u16, headers: &[(&str, &str)], body: &str) -> Reply {
    Reply { headers: Headers::of(headers.iter().copied()), ..reply(status, body) }
}

/// After COMPLETED nothing else will come: the job ends at once, and says what happened.
#[test]
fn a_finished_render_without_a_result_is_a_failure_of_the_provider() {
    for (status, body, said) in [
        (404, r#"{"detail": "Request result has expired"}"#, Some("Request result has expired")),
        (404, HTML, None),
        (405, r#"{"detail": "Method Not Allowed"}"#, Some("Method Not Allowed")),
        (410, "", None),
    ] {
        let message =
            format!("fal finished the render and does not have its result (HTTP {status})");
        let expected = (FailureCode::ProviderNoOutput, message, None, said.map(str::to_owned));
        assert_eq!(told(result_read(&reply(status, body))), expected, "{status} {body}");
    }
}

#[test]
fn every_refusal_of_a_finished_render_ends_the_job() {
    let refused = |status| format!("fal refused the request (HTTP {status})");
    for (status, body, message) in [
        (400, r#"{"detail": "The style is not known"}"#, "The style is not known".to_owned()),
        (400, "no JSON at all", "no JSON at all".to_owned()),
        (400, "{\"detail\": \"cut", refused(400)),
        (422, "No pod for app acme-prod at 10.0.0.1", refused(422)),
        (
            400,
            r#"{"detail": "Unable to make: road work in progress"}"#,
            "Unable to make: road work in progress".to_owned(),
        ),
        (
            400,
            r#"{"detail": "Request is wrong: work in progress"}"#,
            "Request is wrong: work in progress".to_owned(),
        ),
        (422, r#"{"errors": ["too long"]}"#, refused(422)),
        (400, r#"{"detail": "see https://x.fal.run/?token=abc"}"#, refused(400)),
        (
            400,
            r#"{"detail": "No pod for app acme-prod at 10.0.0.1", "error_type": "bad_request"}"#,
            refused(400),
        ),
        (422, "{}", refused(422)),
        (422, "", refused(422)),
        (422, r#"{"message": "no such voice"}"#, "no such voice".to_owned()),
        (
            422,
            r#"{"detail": {"msg": "no such style", "type": "value_error"}}"#,
            "no such style".to_owned(),
        ),
        (
            403,
            r#"{"detail": [{"loc": ["body", "prompt"], "msg": "not allowed", "type": "forbidden"}]}"#,
            "prompt: not allowed".to_owned(),
        ),
        (403, r#"{"detail": ["not allowed"]}"#, refused(403)),
        (
            422,
            r#"{"detail": [{"loc": ["query", "key"], "msg": "not allowed", "type": "x"}]}"#,
            refused(422),
        ),
        (422, r#"{"detail": []}"#, refused(422)),
        (413, r#"{"detail": "too large"}"#, "too large".to_owned()),
    ] {
        let (code, told, ..) = told(result_read(&reply(status, body)));
        assert_eq!((code, told), (FailureCode::ProviderRefused, message), "{status} {body}");
    }
}

/// Whatever the body looks like, what it says reaches the log, and the caller where it speaks of
/// the order.
#[test]
fn fals_own_words_are_read_wherever_they_stand() {
    let says = "The prompt is too long for this model";
    for body in [
        says.to_owned(),
        format!("  {says}\n"),
        json!(says).to_string(),
        json!({"detail": says}).to_string(),
        json!({"error": says}).to_string(),
        json!({"errors": says}).to_string(),
        json!({"message": says}).to_string(),
        json!({"msg": says}).to_string(),
        json!({"detail": {"message": says}}).to_string(),
        json!({"error": {"detail": says}}).to_string(),
        json!({"errors": [{"loc": ["body"], "msg": says}]}).to_string(),
        json!([{"loc": ["body"], "msg": says}]).to_string(),
        json!({"detail": {"errors": [{"loc": ["body"], "msg": says}]}}).to_string(),
        json!({"detail": null, "error": {"message": "Invalid", "errors": [{"loc": ["body"], "msg": says}]}})
            .to_string(),
    ] {
        for status in [400, 422] {
            let reply = reply(status, &body);
            let expected = Failure::new(FailureCode::ProviderRefused, says).with_said(says);
            assert_eq!(fal().submitted(kling().terms(), &reply), Submitted::Refused(expected.clone()), "{status} {body}");
            assert_eq!(result_read(&reply), Checked::Failed(expected), "{status} {body}");
        }
        let (code, _, _, said) = told(result_read(&reply(404, &body)));
        assert!(code != FailureCode::ContentFiltered && said.as_deref() == Some(says), "{body}: {said:?}");
    }
}

/// fal's own word on trying again decides where it says one; else what kind of error it is.
#[test]
fn whether_to_order_again_is_fals_word() {
    let of = |kind: &str| {
        format!(r#"{{"detail": [{{"loc": ["body"], "msg": "Went wrong", "type": "{kind}"}}]}}"#)
    };
    let (yes, no) = (("X-Fal-Retryable", "true"), ("X-Fal-Retryable", "false"));
    for (status, header, kind, code) in [
        (500, Some(no), "internal_server_error", FailureCode::ProviderRefused),
        (504, Some(no), "generation_timeout", FailureCode::ProviderRefused),
        (500, Some(yes), "internal_server_error", FailureCode::RenderFailed),
        (422, Some(yes), "value_error", FailureCode::RenderFailed),
        (422, Some(("X-Fal-Needs-Retry", "1")), "value_error", FailureCode::RenderFailed),
        (500, None, "internal_server_error", FailureCode::RenderFailed),
        (504, None, "generation_timeout", FailureCode::RenderFailed),
        (502, None, "something_new", FailureCode::RenderFailed),
        (422, None, "downstream_service_error", FailureCode::RenderFailed),
        (422, None, "value_error", FailureCode::ProviderRefused),
        (422, Some(("X-Fal-Retryable", "perhaps")), "value_error", FailureCode::ProviderRefused),
        (500, Some(yes), "content_policy_violation", FailureCode::ContentFiltered),
    ] {
        let reply = with_headers(status, &header.into_iter().collect::<Vec<_>>(), &of(kind));
        let (found, message, provider_code, said) = told(result_read(&reply));
        let expected =
            (code, "Went wrong".to_owned(), Some(kind.to_owned()), Some("Went wrong".to_owned()));
        assert_eq!((found, message, provider_code, said), expected, "{status} {header:?} {kind}");
    }
}

/// The header comes from the model's program, so an error that has it is a verdict, also without a
/// list.
#[test]
fn an_error_with_fals_word_on_trying_again_is_a_verdict() {
    for (word, code) in
        [("true", FailureCode::RenderFailed), ("false", FailureCode::ProviderRefused)]
    {
        for (status, body) in [
            (500, r#"{"detail": "Generation failed"}"#),
            (504, r#"{"detail": "Too late"}"#),
            (503, ""),
        ] {
            let (found, message, ..) =
                told(result_read(&with_headers(status, &[("x-fal-retryable", word)], body)));
            assert_eq!(found, code, "{status} {word}");
            assert!(
                !message.contains("failed") && message.contains(&status.to_string()),
                "{message}"
            );
        }
        let infrastructure =
            r#"{"detail": "Runner disconnected", "error_type": "runner_disconnected"}"#;
        for (status, body) in
            [(503, infrastructure), (403, r#"{"detail": "User is locked"}"#), (429, "{}")]
        {
            let reply = with_headers(status, &[("x-fal-retryable", word)], body);
            assert!(matches!(result_read(&reply), Checked::Trouble(_)), "{status} {word}");
        }
    }
}

#[test]
fn a_filter_is_a_filter_under_other_names() {
    for (kind, message) in [
        ("content_policy_violation", "flagged"),
        ("content_policy_error", "flagged"),
        ("nsfw_content_detected", "flagged"),
        ("moderation_blocked", "flagged"),
        ("no_media_generated", "The model refused: unsafe content"),
    ] {
        let body = json!({"detail": [{"loc": ["body", "prompt"], "msg": message, "type": kind}]})
            .to_string();
        let (code, told, ..) = told(result_read(&reply(422, &body)));
        assert_eq!((code, told.as_str()), (FailureCode::ContentFiltered, message), "{kind}");
    }
    let item =
        json!({"loc": ["body", "prompt"], "msg": "flagged", "type": "content_policy_violation"});
    for body in [
        json!([item]),
        json!({"errors": [item]}),
        json!({"detail": {"errors": [item]}}),
        json!({"detail": item}),
        json!({"error": item}),
        json!({"status": "ERROR", "payload": {"detail": [item]}}),
        json!({"error": {"type": "content_policy_violation", "message": "flagged"}}),
        json!([{"loc": ["body", "prompt"], "type": "content_policy_violation"}]),
        json!({"detail": "The video was flagged by a content checker."}),
        json!({"error": "blocked", "error_type": "content_policy_violation"}),
        json!({"video": null, "has_nsfw_concepts": [true]}),
        json!({"data": {"video": null, "has_nsfw_concepts": [false, true]}}),
        json!({"nsfw": true}),
    ] {
        // Without a video, with success or without it.
        for status in [200, 400, 422] {
            let (code, message, ..) = told(result_read(&reply(status, &body.to_string())));
            assert_eq!(code, FailureCode::ContentFiltered, "{status} {body}");
            assert!(
                ["flag", "blocked", "content checker"].iter().any(|word| message.contains(word)),
                "{message}"
            );
        }
    }
    let text = reply(422, "It was flagged by a content checker");
    assert_eq!(told(result_read(&text)).0, FailureCode::ContentFiltered);
    let safe = json!({"video": null, "has_nsfw_concepts": [false], "type": "video", "error": null})
        .to_string();
    assert_eq!(told(result_read(&reply(200, &safe))).0, FailureCode::ProviderNoOutput);
    let body =
        json!({"detail": [{"loc": ["body"], "msg": "No video was made", "type": "no_media_generated"}]}).to_string();
    assert_eq!(told(result_read(&reply(422, &body))).0, FailureCode::ProviderRefused);
}

/// The table of hostile texts is in `foreign_text`; here it is seen that every way to a caller goes
/// through it.
#[test]
fn no_address_and_no_key_of_fals_reaches_a_caller() {
    let hostile = "\u{1b}[31mGo to https://x.example/?token=abc or ask ops@acme.example about ghub_sk_live_abcdefgh1 at 10.0.0.1";
    let items = |loc: &str, kind: &str| json!({"detail": [{"loc": [loc, "prompt"], "msg": hostile, "type": kind}]});
    for body in [
        items("body", "value_error"),
        items("body", "content_policy_violation"),
        items("query", "value_error"),
        json!({"detail": hostile}),
        json!({"detail": {"msg": hostile}}),
        json!({"message": hostile}),
        json!({"detail": hostile, "error_type": hostile}),
        json!({"detail": [{"loc": ["body", hostile], "msg": "wrong", "type": hostile}]}),
    ] {
        let body = body.to_string();
        let submitted = match fal().submitted(kling().terms(), &reply(422, &body)) {
            Submitted::Refused(failure) => failure,
            other => panic!("{other:?}"),
        };
        let (_, message, provider_code, _) = told(result_read(&reply(422, &body)));
        for text in [message, provider_code.unwrap_or_default(), submitted.message] {
            for part in ["\u{1b}", "x.example", "abc", "@", "ghub_sk_", "10.0.0.1"] {
                assert!(!text.contains(part), "{body}: {text}");
            }
        }
    }
}

#[test]
fn what_is_logged_of_a_reply_is_short_and_plain() {
    let kind = "runner_\u{1b}[31mlost ".repeat(10_000);
    for reply in [
        reply(503, &json!({"detail": "x", "error_type": kind}).to_string()),
        with_headers(503, &[("x-fal-error-type", &kind)], ""),
        with_headers(200, &[("content-encoding", "gzip")], "\u{1f}"),
    ] {
        let Checked::Trouble(why) = fal().checked(&of_fal(&kling_handle()), &reply) else {
            panic!("{reply:?}")
        };
        assert!(why.chars().count() < 120 && !why.contains('\u{1b}'), "{why}");
    }
    let gzip = with_headers(200, &[("content-encoding", "gzip")], "");
    let why = "fal answered HTTP 200, encoded as gzip".to_owned();
    assert_eq!(fal().checked(&of_fal(&kling_handle()), &gzip), Checked::Trouble(why));
}
