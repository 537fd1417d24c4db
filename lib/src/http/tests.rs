//! What callers see: headers, request ids, the ten fields.

use super::*;
use crate::fixtures::in_state;
use serde_json::json;

fn call(body: &str) -> Call {
    Call::open(&Ambient::system(), &Metrics::to(|_| {}), Request::new(Body::Text(body.to_owned())))
}

fn header<'r>(response: &'r Response<Body>, name: &str) -> Option<&'r str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

fn text(response: &Response<Body>) -> &str {
    std::str::from_utf8(response.body()).unwrap()
}

fn mxn(text: &str) -> Money {
    text.parse().unwrap()
}

#[test]
fn every_response_has_its_own_request_id_and_shows_the_balance_that_is_known() {
    let ids = [(); 2].map(|()| {
        let mut call = call("");
        call.balance = Some(mxn("-4.2"));
        let response = call.close(Ok(json!({})));
        assert_eq!(header(&response, "x-geekhub-balance-mxn"), Some("-4.20"));
        header(&response, "x-request-id").unwrap().to_owned()
    });
    let hex = |id: &str| {
        id.strip_prefix("req_").is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    assert!(ids.iter().all(|id| id.len() == 28 && hex(id)) && ids[0] != ids[1], "{ids:?}");
}

#[test]
fn a_job_is_shown_with_its_fields_in_their_order() {
    for (state, status, video_url, error, completed) in [
        ("pending", "pending", "null", "null", "null"),
        ("leased", "pending", "null", "null", "null"),
        ("queued", "processing", "null", "null", "null"),
        ("uploading", "processing", "null", "null", "null"),
        (
            "completed",
            "completed",
            r#""https://storage.test/storage/v1/object/public/generated-videos/o/j/video.mp4""#,
            "null",
            "1782415406",
        ),
        ("failed", "failed", "null", r#""No.""#, "1782415406"),
    ] {
        let begins = format!(
            r#"{{"id":"0197a001-0000-7000-8000-00000000000d","object":"video.job","status":"{status}","model":"fal/kling-2","prompt":"a hummingbird at dawn","video_url":{video_url},"duration":5,"error":{error},"created":1782415166,"completed":{completed},"billing":{{"status":""#
        );
        let response = call("").close(Ok(VideoJob::from(&in_state(state))));
        assert_eq!(response.status(), StatusCode::OK);
        assert!(text(&response).starts_with(&begins), "{state}: {}", text(&response));
        let detail = if state == "failed" {
            r#""error_detail":{"code":"content_filtered","retryable":false,"provider_code":"content_policy_violation"},"cancel_requested":null,"#
        } else {
            r#""error_detail":null,"cancel_requested":null,"#
        };
        let inputs = r#""aspect_ratio":"9:16","resolution":null,"generate_audio":null,"seed":null,"negative_prompt":"blur, distort, and low quality","metadata":null,"user":null}"#;
        let ends = format!("{detail}{inputs}");
        assert!(text(&response).ends_with(&ends), "{state}: {}", text(&response));
    }
}
