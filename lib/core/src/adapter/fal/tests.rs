//! What fal is asked, letter by letter. Which of its addresses are called is in `addresses`, what
//! its answers mean in `meaning` and `refusing`.

mod addresses;
mod meaning;
mod refusing;

use super::*;
use crate::adapter::Headers;
use crate::fixtures::{self, changed, kling};
use serde_json::json;

const ID: &str = "764cabcf-b745-4b3e-ae38-1200304cf45b";
const SUBMITTED: &str = include_str!("replies/submitted.json");
const COMPLETED: &str = include_str!("replies/status_completed.json");

fn fal() -> Fal {
    Fal::new("https://queue.fal.run".parse().unwrap())
}

fn reply(status: u16, body: &str) -> Reply {
    Reply { status, headers: Headers::default(), body: body.as_bytes().to_vec(), whole: true }
}

/// Kling's addresses have its owner and app alone, however long its own path is.
fn kling_handle() -> Handle {
    let response_url = format!("https://queue.fal.run/fal-ai/kling-video/requests/{ID}");
    Handle {
        request_id: ID.to_owned(),
        status_url: format!("{response_url}/status"),
        cancel_url: format!("{response_url}/cancel"),
        response_url,
    }
}

fn of_fal(handle: &Handle) -> ProviderHandle {
    ProviderHandle::Fal(handle.clone())
}

fn request(method: Method, url: &str, body: Option<Value>) -> Request {
    let headers = if method == Method::Post { submit_headers() } else { Vec::new() };
    Request { method, url: url.parse().unwrap(), credential: Provider::Fal, headers, body }
}

/// The terms of this model; some tests ask for a shape or a length that it does not have.
fn terms(model: &str, seconds: u32, aspect_ratio: Option<&str>) -> Terms {
    let terms = fixtures::terms(&json!({"model": model, "prompt": "a hummingbird at dawn"}));
    changed(&terms, &json!({"seconds": seconds, "aspect_ratio": aspect_ratio}))
}

/// Kling's terms, routed so.
fn routed(route: &str) -> Terms {
    changed(kling().terms(), &json!({"route": route}))
}

#[test]
fn a_submission_goes_to_the_whole_path_of_its_model() {
    for (model, seconds, duration, url) in [
        ("fal/veo-3.1", 8, "8s", "https://queue.fal.run/fal-ai/veo3.1"),
        ("fal/luma-ray-2", 5, "5s", "https://queue.fal.run/fal-ai/luma-dream-machine/ray-2"),
        ("fal/kling-2", 5, "5", "https://queue.fal.run/fal-ai/kling-video/v2/master/text-to-video"),
        (
            "fal/hailuo-02",
            6,
            "6",
            "https://queue.fal.run/fal-ai/minimax/hailuo-02/standard/text-to-video",
        ),
        ("fal/runway-gen-4", 5, "5", "https://queue.fal.run/acme/runway"),
    ] {
        let body = json!({"prompt": "a hummingbird at dawn", "duration": duration});
        let expected = request(Method::Post, url, Some(body));
        assert_eq!(
            fal().submit(kling().key(), &terms(model, seconds, None)),
            Ok(expected),
            "{model}"
        );
    }
}

#[test]
fn each_model_has_its_own_spelling() {
    for (model, seconds, ratio, duration, sent_ratio) in [
        ("fal/veo-3.1", 4, "9:16", "4s", Some("9:16")),
        ("fal/luma-ray-2", 9, "16:9", "9s", Some("16:9")),
        ("fal/kling-2", 10, "1:1", "10", Some("1:1")),
        ("fal/hailuo-02", 10, "16:9", "10", None),
        ("fal/runway-gen-4", 10, "4:3", "10", Some("4:3")),
    ] {
        let mut expected = json!({"prompt": "a hummingbird at dawn", "duration": duration});
        if let Some(ratio) = sent_ratio {
            expected["aspect_ratio"] = json!(ratio);
        }
        let body = fal().submit(kling().key(), &terms(model, seconds, Some(ratio))).unwrap().body;
        assert_eq!(body, Some(expected), "{model}");
    }
}

#[test]
fn the_queue_may_live_under_a_path() {
    for base in ["http://127.0.0.1:9001/fal", "http://127.0.0.1:9001/fal/"] {
        let request =
            Fal::new(base.parse().unwrap()).submit(kling().key(), kling().terms()).unwrap();
        assert_eq!(
            request.url.as_str(),
            "http://127.0.0.1:9001/fal/fal-ai/kling-video/v2/master/text-to-video"
        );
    }
}

#[test]
fn a_model_whose_spelling_is_not_known_is_not_sent() {
    let failure = fal()
        .submit(kling().key(), &changed(kling().terms(), &json!({"model": "fal/kling-9"})))
        .unwrap_err();
    assert_eq!(failure.code, FailureCode::ProviderUnavailable);
}
