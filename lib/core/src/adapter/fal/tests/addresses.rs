//! Which addresses of a job are called, and which never are.

use super::*;

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
                Submitted::Accepted(ProviderHandle::Fal(kling_handle())),
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
            Submitted::Accepted(ProviderHandle::Fal(handle)) => handle.cancel_url,
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
        let derived = Submitted::Accepted(ProviderHandle::Fal(kling_handle()));
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
            let Submitted::Accepted(ProviderHandle::Fal(handle)) = taken else {
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
