//! What a caller writes on a job for itself: its labels and its own end user. Both come back, the
//! list filters by the user, and a deletion erases them.

use crate::asking::{Ask, Reply};
use crate::stage::Stage;
use crate::still::{AT_ONCE, Still};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

const USER: &str = "ana@acme.example, of the studio in Oaxaca";
const LABEL: &str = "the second cut of a film that is not announced";
const NEGATIVE: &str = "hands with more fingers than a hand has";

/// An order with all that a caller may write.
fn order() -> Value {
    json!({
        "model": "fal/kling-2", "prompt": "a hummingbird", "negative_prompt": NEGATIVE,
        "metadata": {"film": LABEL, "ñ 🦜": "", "lines": "a\nb\tc"}, "user": USER,
        "max_cost": "4.20",
    })
}

impl Stage {
    async fn videos(&self, key: &str, query: &str) -> Reply {
        self.ask(Ask::new(Method::GET, &format!("/v1/videos?{query}")).key(key)).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_and_user_come_back_as_they_were_sent() {
    let stage = Stage::new().await;
    let caller = stage.caller();
    let key = stage.key_of(&caller).await;
    let submitted = stage.ask(Ask::submit(&key, &order())).await;
    let job = submitted.job();
    let finished = caller.finish(job).await.body;
    let listed = stage.videos(&key, "limit=1").await.body["data"][0].clone();
    for shown in [&submitted.body, &finished, &listed] {
        for field in ["metadata", "user", "negative_prompt"] {
            assert_eq!(shown[field], order()[field], "{field}");
        }
    }
    assert_eq!(finished["status"], "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_filters_by_user() {
    let stage = Stage::new().await;
    let caller = stage.caller_with("1000").await;
    let key = stage.key_of(&caller).await;
    let mut of_ana = Vec::new();
    for user in ["ana", "bob", "ana", "Ana", "an", "ana"] {
        let order = json!({"model": "fal/kling-2", "prompt": "x", "user": user});
        let job = stage.ask(Ask::submit(&key, &order)).await.job().to_owned();
        if user == "ana" {
            of_ana.insert(0, job);
        }
    }
    let nameless = caller.accept("without a user").await;
    let ids = |reply: &Reply| -> Vec<String> {
        let data = reply.body["data"].as_array().unwrap();
        data.iter().map(|job| job["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&stage.videos(&key, "user=ana").await), of_ana);
    assert_eq!(ids(&stage.videos(&key, "user=ana&model=fal/kling-2").await), of_ana);
    assert_eq!(ids(&stage.videos(&key, "user=ana&model=fal/veo-3.1").await), [""; 0]);
    assert_eq!(ids(&stage.videos(&key, "user=eve").await), [""; 0]);
    let first = stage.videos(&key, "user=ana&limit=1").await;
    assert_eq!(ids(&first), of_ana[..1]);
    let after = first.body["last_id"].as_str().unwrap();
    let rest = stage.videos(&key, &format!("user=ana&after={after}")).await;
    assert_eq!(ids(&rest), of_ana[1..]);
    assert_eq!(ids(&stage.videos(&key, "").await).first(), Some(&nameless));
    let long = stage.videos(&key, &format!("user={}", "u".repeat(257))).await;
    let says = long.refused(400, "invalid_request_error");
    assert!(says.starts_with("user: it must be at most 256 characters, not "), "{says}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_erases_what_the_caller_wrote() {
    let still = Still::new().await;
    still.stage.fal().set_render(AT_ONCE);
    let key = still.stage.key_of(&still.caller).await;
    let submitted = still.stage.ask(Ask::submit(&key, &order())).await;
    let job = submitted.job().to_owned();
    still.stage.later(Duration::from_secs(61));
    still.deliver("poll-jobs", &job).await;
    still.deliver("store-video", &job).await;
    let written = [USER, LABEL, NEGATIVE];
    let traces = still.stage.traces().await;
    assert!(written.iter().all(|text| traces.mentions(text)), "the job's item has them");

    let reply = still.delete(&job).await;
    assert_eq!((reply.status, &reply.body["deleted"]), (200, &json!(true)), "{}", reply.body);
    let traces = still.stage.traces().await;
    for text in written {
        assert!(!traces.mentions(text), "{text}");
    }
    let kept = still.read_job(&job).await;
    assert_eq!((kept.terms().seconds(), kept.terms().price_row()), (5, Some("standard")));
}
