//! What fal is asked, letter by letter, and which addresses are never called. What its answers mean
//! is in `meaning` and `refusing`.

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

#[test]
fn status_result_and_cancel_use_the_addresses_that_fal_gave() {
    let (fal, handle) = (fal(), kling_handle());
    assert_eq!(fal.check(&of_fal(&handle)), Ok(request(Method::Get, &handle.status_url, None)));
    assert_eq!(fal.cancel(&of_fal(&handle)), Some(request(Method::Put, &handle.cancel_url, None)));
    let completed = reply(200, COMPLETED);
    assert_eq!(
        fal.checked(&of_fal(&handle), &completed),
        Checked::Ask(request(Method::Get, &handle.response_url, None))
    );
}

#[test]
fn a_request_id_that_could_lead_elsewhere_is_not_taken_for_one() {
    for id in ["", "../keys", "a/b", "a?b", "a%2fb", "a b", "ä"] {
        let reply = reply(200, &json!({"request_id": id}).to_string());
        assert!(
            matches!(fal().submitted(kling().terms(), &reply), Submitted::Unknown(_)),
            "{id:?}"
        );
    }
}

#[test]
fn a_render_that_fal_took_is_not_lost_for_an_odd_field() {
    for odd in [json!(7), json!(null), json!({}), json!(["x"]), json!(""), json!("not an address")]
    {
        for field in
            ["status_url", "response_url", "cancel_url", "status", "queue_position", "logs"]
        {
            let mut body: Value = serde_json::from_str(SUBMITTED).unwrap();
            body[field] = odd.clone();
            let taken = fal().submitted(kling().terms(), &reply(200, &body.to_string()));
            assert_eq!(
                taken,
                Submitted::Accepted(crate::adapter::Handle::Fal(kling_handle())),
                "{field} {odd}"
            );
        }
    }
}

#[test]
fn addresses_are_made_by_fals_rule_when_it_gives_none() {
    let address = |route: &str| {
        let terms = routed(route);
        match fal().submitted(&terms, &reply(200, r#"{"request_id":"r-1"}"#)) {
            Submitted::Accepted(crate::adapter::Handle::Fal(handle)) => handle.cancel_url,
            other => panic!("{other:?}"),
        }
    };
    let kling = "fal-ai/kling-video/v2/master/text-to-video";
    assert_eq!(address(kling), "https://queue.fal.run/fal-ai/kling-video/requests/r-1/cancel");
    assert_eq!(address("fal-ai/veo3.1"), "https://queue.fal.run/fal-ai/veo3.1/requests/r-1/cancel");
    assert_eq!(
        address("workflows/acme/film/cut"),
        "https://queue.fal.run/workflows/acme/film/requests/r-1/cancel"
    );
}

#[test]
fn an_address_that_is_not_plainly_of_the_queue_is_never_called() {
    for address in [
        "https://queue.fal.run.evil.example/fal-ai/kling-video/requests/1",
        "https://evil.example/fal-ai/kling-video/requests/1",
        "https://rest.fal.run/fal-ai/kling-video/requests/1",
        "https://queue.fal.run:8443/fal-ai/kling-video/requests/1",
        "http://queue.fal.run/fal-ai/kling-video/requests/1",
        "https://me@queue.fal.run/fal-ai/kling-video/requests/1",
        "https://me:secret@queue.fal.run/fal-ai/kling-video/requests/1",
        "https://queue.fal.run@evil.example/fal-ai/kling-video/requests/1",
        r"https://queue.fal.run\@evil.example/fal-ai/kling-video/requests/1",
        "https://queue.fal.run/fal-ai/kling-video/requests/../../../keys",
        "https://queue.fal.run/fal-ai/kling-video/requests/%2e%2E/%2e./keys",
        r"https://queue.fal.run/fal-ai/kling-video/requests\..\..\keys",
        "https://queue.fal.run/fal-ai/kling-video/requests/1\n",
        "//queue.fal.run/fal-ai/kling-video/requests/1",
        "/fal-ai/kling-video/requests/1",
        "file:///etc/passwd",
        "",
    ] {
        let given = |field: &str| {
            let mut body: Value = serde_json::from_str(SUBMITTED).unwrap();
            body[field] = json!(address);
            fal().submitted(kling().terms(), &reply(200, &body.to_string()))
        };
        let derived = Submitted::Accepted(crate::adapter::Handle::Fal(kling_handle()));
        for field in ["status_url", "response_url", "cancel_url"] {
            assert_eq!(
                given(field),
                derived,
                "{field} {address:?}: made from the request's id instead"
            );
        }
        let stored = Handle {
            request_id: ID.to_owned(),
            status_url: address.to_owned(),
            response_url: address.to_owned(),
            cancel_url: address.to_owned(),
        };
        let asked = [fal().check(&of_fal(&stored)).ok(), fal().cancel(&of_fal(&stored))]
            .into_iter()
            .flatten();
        for request in asked {
            let url = request.url.as_str();
            assert!(
                url.starts_with("https://queue.fal.run/fal-ai/kling-video/requests/"),
                "{address:?}: {url}"
            );
        }
    }
}

/// A job may outlive the base that was configured when it was sent: a proxy, another port after a
/// restart.
#[test]
fn addresses_of_an_earlier_base_are_made_again() {
    let bases = [
        "https://queue.fal.run",
        "http://127.0.0.1:9001",
        "https://gateway.example/fal/v1",
        "https://other.example/",
    ];
    for (app, route) in [
        ("fal-ai/kling-video", "fal-ai/kling-video/v2/master/text-to-video"),
        ("fal-ai/veo3.1", "fal-ai/veo3.1"),
        ("workflows/acme/film", "workflows/acme/film/cut"),
    ] {
        for then in bases {
            let terms = routed(route);
            let body = json!({"request_id": ID}).to_string();
            let taken = Fal::new(then.parse().unwrap()).submitted(&terms, &reply(200, &body));
            let Submitted::Accepted(crate::adapter::Handle::Fal(handle)) = taken else {
                panic!("{taken:?}")
            };
            for now in bases {
                let fal = Fal::new(now.parse().unwrap());
                let base = format!("{}/{app}/requests/{ID}", now.trim_end_matches('/'));
                let url = |request: Option<Request>| request.unwrap().url.to_string();
                assert_eq!(
                    url(fal.check(&of_fal(&handle)).ok()),
                    format!("{base}/status"),
                    "{then} → {now}"
                );
                assert_eq!(
                    url(fal.cancel(&of_fal(&handle))),
                    format!("{base}/cancel"),
                    "{then} → {now}"
                );
                let Checked::Ask(result) = fal.checked(&of_fal(&handle), &reply(200, COMPLETED))
                else {
                    panic!("{then} → {now}")
                };
                assert_eq!(result.url.as_str(), base, "{then} → {now}");
            }
        }
    }
}

#[test]
fn what_names_no_app_is_not_called() {
    for address in [
        "https://gateway.example/requests/{id}",
        "https://gateway.example/kling/requests/{id}/status",
        "https://gateway.example/fal-ai/kling-video/requests/another/status",
        "https://gateway.example/fal-ai/%2e%2e/requests/{id}/status",
        "https://gateway.example/fal-ai/kling%2Fvideo/requests/{id}",
        "https://gateway.example/fal-ai//requests/{id}",
        "https://gateway.example/",
        "",
    ] {
        let address = address.replace("{id}", ID);
        let (status_url, response_url, cancel_url) =
            (address.clone(), address.clone(), address.clone());
        let stored = Handle { request_id: ID.to_owned(), status_url, response_url, cancel_url };
        assert!(
            fal().check(&of_fal(&stored)).is_err() && fal().cancel(&of_fal(&stored)).is_none(),
            "{address}"
        );
        assert!(
            matches!(fal().checked(&of_fal(&stored), &reply(200, COMPLETED)), Checked::Trouble(_)),
            "{address}"
        );
    }
}
