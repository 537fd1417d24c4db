//! `GET /v1/videos`: all of an organization's jobs and no other ones, newest first, page by page.

use crate::asking::{Ask, Reply};
use crate::stage::{Caller, Stage};
use crate::tenancy::jobs_in_every_state;
use crate::traces::Calls;
use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::join;
use ghub::store::Setting;
use local::options::{Options, Pace};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// At the usual pace, with no message delivered, jobs stay as they are.
async fn still() -> (Stage, Arc<Calls>) {
    let (stage, calls) = Stage::watch(Options { pace: Pace::Usual, ..Options::test() }).await;
    stage.system.sqs.lose_if("PollQueue", |_| true).unwrap();
    (stage, calls)
}

impl Stage {
    async fn list(&self, key: &str, query: &str) -> Reply {
        self.ask(Ask::new(Method::GET, &format!("/v1/videos?{query}")).key(key)).await
    }
}

fn ids(page: &Value) -> Vec<String> {
    let jobs = page["data"].as_array().unwrap_or_else(|| panic!("a page has data: {page}"));
    jobs.iter().map(|job| job["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_has_the_jobs_as_they_are_shown_one_by_one() {
    let (stage, _) = still().await;
    let caller = stage.caller_with("50").await;
    let key = stage.key_of(&caller).await;
    let nothing =
        json!({"object": "list", "data": [], "first_id": null, "last_id": null, "has_more": false});
    assert_eq!(stage.list(&key, "").await.body, nothing);

    let mut jobs = jobs_in_every_state(&stage, &caller).await;
    jobs.sort_unstable(); // an id tells when its job was made
    let mut shown = Vec::new();
    for job in jobs.iter().rev() {
        shown.push(stage.ask(Ask::video(&key, job)).await.body);
    }
    let page = |from: usize, to: usize, has_more: bool| {
        let data = &shown[from..to];
        let (first, last) = (&data[0]["id"], &data[data.len() - 1]["id"]);
        json!({"object": "list", "data": data, "first_id": first, "last_id": last, "has_more": has_more})
    };
    let listed = stage.list(&key, "").await;
    assert_eq!((listed.status, &listed.body), (200, &page(0, 4, false)));
    // one is charged
    assert_eq!((listed.balance(), listed.retry_after_s()), (Some("45.8".parse().unwrap()), None));
    assert_eq!(stage.list(&key, "limit=3").await.body, page(0, 3, true));
    assert_eq!(
        stage.list(&key, "limit=4").await.body,
        page(0, 4, false),
        "there is nothing after the last"
    );
    assert_eq!(
        stage.list(&key, &format!("limit=2&after={}", jobs[3])).await.body,
        page(1, 3, true)
    );
    assert_eq!(stage.list(&key, &format!("after={}", jobs[0])).await.body, nothing);
}

#[tokio::test(flavor = "multi_thread")]
async fn paging_misses_nothing_and_repeats_nothing_while_jobs_are_added() {
    let (stage, calls) = still().await;
    let caller = stage.caller_with("100000").await;
    stage.store.set(caller.org, Setting::OpenJobsLimit(10_000)).await.unwrap();
    let key = stage.key_of(&caller).await;
    let mut there = BTreeSet::new();
    for number in 0..57 {
        there.insert(caller.accept(&format!("number {number}")).await);
    }
    for limit in [1, 10, 100] {
        let (mut seen, mut after, mut added) = (Vec::new(), String::new(), Vec::new());
        loop {
            calls.take();
            let query = format!("limit={limit}{after}");
            let (page, new) = join(stage.list(&key, &query), caller.accept("meanwhile")).await;
            added.push(new);
            let found = ids(&page.body);
            assert_eq!(page.body["first_id"].as_str(), found.first().map(String::as_str));
            assert_eq!(page.body["last_id"].as_str(), found.last().map(String::as_str));
            assert_eq!(queries(&calls), 1, "one read for a page");
            seen.extend(found.iter().cloned());
            if page.body["has_more"] == false {
                break;
            }
            assert_eq!(found.len(), limit);
            after = format!("&after={}", found[limit - 1]);
        }
        assert!(
            seen.is_sorted_by(|newer, older| newer > older),
            "newest first, none twice, by {limit}"
        );
        let missing: Vec<_> = there.iter().filter(|job| !seen.contains(job)).collect();
        assert!(missing.is_empty(), "by {limit}: {missing:?}");
        assert!(seen.iter().all(|job| there.contains(job) || added.contains(job)), "by {limit}");
        there.extend(added);
    }
}

fn queries(calls: &Calls) -> usize {
    calls.take().iter().filter(|call| call.what == "DynamoDB_20120810.Query").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_listed_by_status_and_by_model() {
    let (stage, _) = still().await;
    let caller = stage.caller_with("100").await;
    let key = stage.key_of(&caller).await;
    let kling = jobs_in_every_state(&stage, &caller).await;
    let hailuo = json!({"model": "fal/hailuo-02", "prompt": "of another model"});
    let hailuo = stage.ask(Ask::submit(&key, &hailuo)).await.job().to_owned();
    let [processing, pending, completed, failed] = kling.as_slice() else { panic!("{kling:?}") };
    for (query, expected) in [
        ("status=pending", vec![pending]),
        ("status=processing", vec![&hailuo, processing]),
        ("status=completed", vec![completed]),
        ("status=failed", vec![failed]),
        ("model=fal/kling-2", vec![failed, pending, completed, processing]), // as they were made
        ("model=fal%2Fhailuo-02", vec![&hailuo]),
        ("model=google/veo-3", vec![]), // in the catalog, and never asked for
        ("model=fal/kling-2&status=processing", vec![processing]),
        ("model=fal/hailuo-02&status=failed", vec![]),
        (
            "status=&model=&after=&limit=&unknown=x",
            vec![&hailuo, failed, pending, completed, processing],
        ),
    ] {
        let page = stage.list(&key, query).await.body;
        let found = ids(&page);
        let expected: Vec<_> = expected.into_iter().cloned().collect();
        assert_eq!((found, &page["has_more"]), (expected, &json!(false)), "{query}");
    }
    let first = stage.list(&key, "model=fal/kling-2&limit=3").await.body;
    assert_eq!((ids(&first).len(), &first["has_more"]), (3, &json!(true)));
    let rest = format!("model=fal/kling-2&limit=3&after={}", first["last_id"].as_str().unwrap());
    let rest = stage.list(&key, &rest).await.body;
    assert_eq!((ids(&rest), &rest["has_more"]), (vec![processing.clone()], &json!(false)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_meant_is_refused_with_what_could_be() {
    let (stage, calls) = still().await;
    let key = stage.system.identity.live_key.clone();
    stage.list(&key, "").await;
    for (query, says) in [
        ("limit=0", "limit: it must be a whole number from 1 to 100, not \"0\""),
        ("limit=101", "limit: it must be a whole number from 1 to 100, not \"101\""),
        ("limit=ten", "limit: it must be a whole number from 1 to 100, not \"ten\""),
        (
            "status=done",
            "status: it must be one of pending, processing, completed, failed, not \"done\"",
        ),
        (
            "status=Failed",
            "status: it must be one of pending, processing, completed, failed, not \"Failed\"",
        ),
        (
            "after=13",
            "after: it must be a job's id, such as e8c96506-72a1-429f-a7ed-4bb0a42541be, not \"13\"",
        ),
        (
            "model=fal/none",
            "model: it must be one of fal/hailuo-02, fal/hailuo-02-pro, fal/kling-2, fal/kling-2.5-turbo-pro, \
             fal/kling-3-pro, fal/kling-3-standard, fal/luma-ray-2, fal/runway-gen-4, fal/veo-3.1, fal/veo-3.1-fast, \
             fal/veo-3.1-lite, google/veo-3, google/veo-3.1, google/veo-3.1-fast, google/veo-3.1-lite, not \"fal/none\"",
        ),
    ] {
        calls.take();
        let reply = stage.list(&key, query).await;
        assert_eq!(reply.refused(400, "invalid_request_error"), says);
        assert!(reply.balance().is_some(), "{query}");
        assert_eq!(queries(&calls), 0, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_organizations_jobs_are_in_no_list() {
    let (stage, _) = still().await;
    let (ours, theirs) = (stage.caller_with("50").await, stage.caller_with("50").await);
    let key = stage.key_of(&ours).await;
    let older = ours.accept("ours, older").await;
    let between = jobs_in_every_state(&stage, &theirs).await;
    let newer = ours.accept("ours, newer").await;
    for query in ["", "limit=100", "status=processing", "model=fal/kling-2"] {
        assert_eq!(
            ids(&stage.list(&key, query).await.body),
            [newer.clone(), older.clone()],
            "{query}"
        );
    }
    for status in ["pending", "completed", "failed"] {
        assert_eq!(
            ids(&stage.list(&key, &format!("status={status}")).await.body),
            [""; 0],
            "{status}"
        );
    }
    // Another organization's id is a place between ours, as is one that no job has.
    let place = &between[0];
    let nobodys = format!("{}{}", &place[..24], "000000000000");
    for place in [place.clone(), place.to_uppercase(), nobodys] {
        assert_eq!(
            ids(&stage.list(&key, &format!("after={place}")).await.body),
            std::slice::from_ref(&older),
            "{place}"
        );
    }
}

/// One job that is wanted, behind more than one search reads.
#[tokio::test(flavor = "multi_thread")]
async fn a_search_that_finds_nothing_for_long_ends_and_can_be_gone_on_with() {
    let (stage, calls) = still().await;
    let caller = stage.caller();
    let key = stage.system.identity.live_key.clone();
    let wanted =
        stage.ask(Ask::submit(&key, &json!({"model": "fal/hailuo-02", "prompt": "wanted"}))).await;
    bury(&stage, &caller).await;

    let (mut found, mut after, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        calls.take();
        let page = stage.list(&key, &format!("model=fal/hailuo-02{after}")).await.body;
        let (looks, data) = (queries(&calls), ids(&page));
        found.extend(data.iter().cloned());
        pages += 1;
        if page["has_more"] == false {
            assert_eq!(page["last_id"], *wanted.job());
            break;
        }
        assert_eq!(
            (looks, data.len(), &page["first_id"]),
            (2, 0, &Value::Null),
            "so far and no further"
        );
        let reached = page["last_id"].as_str().unwrap().to_owned();
        assert!(format!("&after={reached}") != after, "each search gets further");
        after = format!("&after={reached}");
    }
    // Two looks of 1 MB pass four or five jobs of 390 KB, and there are 40 of them.
    assert_eq!((found, pages), (vec![wanted.job().to_owned()], 10));

    calls.take();
    assert_eq!(ids(&stage.list(&key, "limit=1").await.body).len(), 1);
    assert_eq!(queries(&calls), 1, "without a filter, a page is what is read");
}

/// A job that a later version wrote, or a hand: the others are listed, and it alone is an error of
/// ours.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_cannot_be_read_keeps_no_other_from_being_listed() {
    let (stage, _) = still().await;
    let (caller, key) = (stage.caller(), stage.system.identity.live_key.clone());
    let (older, spoilt, newer) =
        (caller.accept("older").await, caller.accept("spoilt").await, caller.accept("newer").await);
    spoil(&stage, &caller, &spoilt).await;
    let page = stage.list(&key, "").await;
    assert_eq!((page.status, ids(&page.body)), (200, vec![newer, older]));
    stage.ask(Ask::video(&key, &spoilt)).await.refused(500, "internal_error");
}

/// Gives a job an item version that this code does not read.
pub(crate) async fn spoil(stage: &Stage, caller: &Caller, job: &str) {
    let update = stage.dynamodb().update_item().table_name(&stage.system.variables["TABLE_JOBS"]);
    let update = update
        .key("org", AttributeValue::S(caller.org.to_string()))
        .key("job", AttributeValue::S(job.to_owned()));
    let update = update
        .update_expression("SET v = :later")
        .expression_attribute_values(":later", AttributeValue::N("99".to_owned()));
    update.send().await.unwrap();
}

/// Forty jobs of 390 KB, which stand for thousands: DynamoDB reads 1 MB at a time.
async fn bury(stage: &Stage, caller: &Caller) {
    let (table, job) = (&stage.system.variables["TABLE_JOBS"], caller.accept("one of many").await);
    let text = |text: String| AttributeValue::S(text);
    let get =
        stage.dynamodb().get_item().table_name(table).key("org", text(caller.org.to_string()));
    let item = get.key("job", text(job)).send().await.unwrap().item.unwrap();
    for _ in 0..40 {
        let mut copy = item.clone();
        copy.insert("job".to_owned(), text(stage.system.world().ambient.job_id().to_string()));
        copy.insert("prompt".to_owned(), text("x".repeat(390_000)));
        stage.dynamodb().put_item().table_name(table).set_item(Some(copy)).send().await.unwrap();
    }
}
