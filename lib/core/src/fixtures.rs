//! Jobs for tests, in every place where one can stand.

use crate::adapter::{Handle, fal};
use crate::catalog::{Catalog, Service, Services};
use crate::failure::{Failure, FailureCode};
use crate::id::{JobId, Mode, OrgId};
use crate::job::{File, Job, Parts, Processing, State, Trace};
use crate::order::Order;
use crate::pricing::Rates;
use crate::provider::ByProvider;
use crate::terms::Terms;
use crate::time::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

/// When every job of these tests was accepted.
pub(crate) const CREATED: Timestamp = Timestamp::from_unix_s(1_782_415_166);

/// So many seconds after that.
pub(crate) fn at(seconds: u64) -> Timestamp {
    CREATED.after(Duration::from_secs(seconds))
}

/// The terms of this body at the published prices, a markup of 1.05 and 20 pesos for a dollar. fal
/// has no Runway, so that model has a route of its own here.
pub(crate) fn terms(body: &Value) -> Terms {
    let catalog = Catalog::with_overrides(RUNWAY).unwrap();
    let order = Order::read(body.as_object().unwrap()).unwrap();
    let rates = Rates::new("1.05".parse().unwrap(), "20".parse().unwrap());
    let services = Services::new(ByProvider::new(|_| Service::Usable));
    let offer = catalog.offer(&order, &services).unwrap();
    Terms::agree(&order, offer, &rates, Mode::Live).unwrap()
}

const RUNWAY: &str = r#"{"fal/runway-gen-4":{"route":"acme/runway"}}"#;

/// The same terms with some values changed, as a stored job may have them; `null` takes one away.
pub(crate) fn changed(terms: &Terms, values: &Value) -> Terms {
    let mut stored = serde_json::to_value(terms).unwrap();
    let stored = stored.as_object_mut().unwrap();
    stored.extend(values.as_object().unwrap().clone());
    stored.retain(|_, value| !value.is_null());
    serde_json::from_value(Value::Object(stored.clone())).unwrap()
}

/// Five seconds of Kling in 9:16, pending, without a lease, due at once.
pub(crate) fn kling() -> Job {
    Job::from_parts(Parts {
        id: JobId::from_uuid(Uuid::from_u128(0x0197_a001_0000_7000_8000_0000_0000_000d)),
        org: OrgId::from_uuid(Uuid::from_u128(0x0a0a)),
        terms: terms(&json!({
            "model": "fal/kling-2", "prompt": "a hummingbird at dawn", "aspect_ratio": "9:16"
        })),
        created: CREATED,
        due: CREATED,
        revision: 7,
        state: State::Pending { lease_until: None },
        stop: None,
        trouble: None,
        deletion: None,
    })
}

/// What fal would call it.
pub(crate) fn handle(request_id: &str) -> Handle {
    let response_url = format!("https://queue.fal.run/fal-ai/kling-video/requests/{request_id}");
    Handle::Fal(fal::Handle {
        request_id: request_id.to_owned(),
        status_url: format!("{response_url}/status"),
        cancel_url: format!("{response_url}/cancel"),
        response_url,
    })
}

pub(crate) const FILE: &str = "https://v3b.fal.media/files/a/output.mp4";
pub(crate) const UPLOAD: &str = "https://storage.test/storage/v1/upload/resumable/1";
pub(crate) const VIDEO: &str =
    "https://storage.test/storage/v1/object/public/generated-videos/o/j/video.mp4";

pub(crate) fn failure() -> Failure {
    Failure::new(FailureCode::ContentFiltered, "No.").with_provider_code("content_policy_violation")
}

/// The job in every place where it can stand: taken by fal after 10 s, rendering from 100 s, its
/// file found after 200 s.
pub(crate) fn in_every_state() -> [(&'static str, Job); 8] {
    let queued = Processing {
        handle: handle("r-1"),
        submitted: at(10),
        rendering_since: None,
        over_since: None,
        file: None,
    };
    let rendering = Processing { rendering_since: Some(at(100)), ..queued.clone() };
    let file = File { url: FILE.to_owned(), found: at(200), upload_url: None, tried: false };
    let found = Processing { file: Some(file.clone()), ..rendering.clone() };
    let uploading = Processing {
        file: Some(File { upload_url: Some(UPLOAD.to_owned()), tried: true, ..file }),
        ..rendering.clone()
    };
    let trace = Trace {
        handle: handle("r-1"),
        submitted: at(10),
        rendering_since: Some(at(100)),
        file_found: Some(at(200)),
    };
    let unfinished = Trace { file_found: None, ..trace.clone() };
    [
        ("pending", State::Pending { lease_until: None }),
        ("leased", State::Pending { lease_until: Some(CREATED) }),
        ("queued", State::Processing(queued)),
        ("rendering", State::Processing(rendering)),
        ("found", State::Processing(found)),
        ("uploading", State::Processing(uploading)),
        (
            "completed",
            State::Completed { at: at(240), video_url: VIDEO.to_owned(), trace: Some(trace) },
        ),
        ("failed", State::Failed { at: at(240), failure: failure(), trace: Some(unfinished) }),
    ]
    .map(|(name, state)| (name, with(kling(), |parts| parts.state = state)))
}

pub(crate) fn in_state(name: &str) -> Job {
    in_every_state()
        .into_iter()
        .find(|(known, _)| *known == name)
        .expect("it is one of the eight")
        .1
}

/// The job with other parts.
pub(crate) fn with(job: Job, change: impl FnOnce(&mut Parts)) -> Job {
    let mut parts = job.into_parts();
    change(&mut parts);
    Job::from_parts(parts)
}
