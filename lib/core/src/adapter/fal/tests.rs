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
/// Kling's terms, routed so.
fn routed(route: &str) -> Terms {
    changed(kling().terms(), &json!({"route": route}))
}

#[test]
fn a_submission_goes_to_the_whole_path_of_its_model() {
    let master = "fal-ai/kling-video/v2/master/text-to-video";
    for (model, path) in [
        ("fal/veo-3.1", "fal-ai/veo3.1"),
        ("fal/luma-ray-2", "fal-ai/luma-dream-machine/ray-2"),
        ("fal/kling-2", master),
        ("fal/hailuo-02", "fal-ai/minimax/hailuo-02/standard/text-to-video"),
        ("fal/runway-gen-4", "acme/runway"),
    ] {
        let body = json!({"model": model, "prompt": "a hummingbird at dawn"});
        let submission = fal().submit(kling().key(), &fixtures::terms(&body)).unwrap();
        assert_eq!(submission.url.as_str(), format!("https://queue.fal.run/{path}"));
        assert_eq!(submission.body.unwrap()["prompt"], "a hummingbird at dawn", "{model}");
    }
    let body = json!({
        "prompt": "a hummingbird at dawn", "duration": "5", "aspect_ratio": "9:16",
        "cfg_scale": 0.5, "negative_prompt": "blur, distort, and low quality",
    });
    let expected = request(Method::Post, &format!("https://queue.fal.run/{master}"), Some(body));
    assert_eq!(fal().submit(kling().key(), kling().terms()), Ok(expected));
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
