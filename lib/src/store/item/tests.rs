//! The items that jobs become in each state, and that they read back.

use super::*;
use crate::account::Account;
use crate::failure::FailureCode;
use crate::fixtures::{changed, in_every_state, in_state, kling, terms, with};
use crate::job::{Moved, Seen};
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The attributes that every job has. The others exist only in some states.
const ALWAYS: &str = "org job v write revision status model provider route prompt seconds price cost poll_every_s created due";

/// The terms as a version wrote them that knew no inputs but length and shape.
fn older(terms: &Terms) -> Terms {
    changed(terms, &json!({"input": null, "price_row": null, "negative_prompt": null}))
}

/// A job with no attribute that can be absent.
fn bare(job: Job) -> Job {
    with(job, |parts| parts.terms = changed(&older(&parts.terms), &json!({"aspect_ratio": null})))
}

/// A job with every input.
fn full(job: Job) -> Job {
    let order = json!({
        "model": "fal/veo-3.1", "prompt": "a hummingbird", "duration": 4, "aspect_ratio": "9:16",
        "resolution": "4k", "generate_audio": false, "seed": 7, "negative_prompt": "blur",
        "metadata": {"film": "", "ñ": "b"}, "user": "u-1",
    });
    with(job, |parts| parts.terms = terms(&order))
}

#[test]
fn a_job_reads_back_as_it_was_written_in_every_state() {
    for (state, job) in in_every_state() {
        for job in [bare(job.clone()), full(job.clone()), job] {
            assert_eq!(to_job(from_job(&job, "write").unwrap()).unwrap(), job, "{state}");
        }
    }
}

/// Items as the deployments of November 2026 wrote them. The tables are full of such items. They
/// must read, and be written again without a change.
#[test]
fn the_stored_items_of_november_2026_are_read_and_written_as_they_are() {
    let stored: BTreeMap<String, Value> =
        serde_json::from_str(include_str!("cases/jobs_of_2026_11.json")).unwrap();
    assert_eq!(stored.len(), 9, "eight states, and a deleted job");
    for (state, item) in stored {
        let item: Item = serde_dynamo::to_item(item).unwrap();
        let job = to_job(item.clone()).unwrap();
        if let Some((_, known)) = in_every_state().into_iter().find(|(name, _)| *name == state) {
            assert_eq!(*job.terms(), older(known.terms()), "{state}");
            assert_eq!(job.state().clone(), with_sightings_of(&job, known).state().clone());
        }
        let again = from_job(&job, "00112233445566778899aabbccddeeff").unwrap();
        assert_eq!(again, item, "{state}");
    }
}

/// The stored job that renders was seen to be over. The job in these tests was not.
fn with_sightings_of(stored: &Job, known: Job) -> Job {
    match stored.state() {
        State::Processing(Processing { over_since: Some(since), .. }) => {
            known.looked_at(&Seen::Over("503".to_owned()), *since).applied().unwrap()
        }
        _ => known,
    }
}

#[test]
fn an_item_has_what_its_state_needs_and_nothing_empty() {
    for (state, more) in [
        ("pending", &["open"][..]),
        ("leased", &["open", "lease_until"]),
        ("queued", &["open", "handle", "submitted"]),
        ("rendering", &["open", "handle", "submitted", "rendering_since"]),
        ("found", &["open", "handle", "submitted", "rendering_since", "file_url", "file_found"]),
        (
            "uploading",
            &[
                "open",
                "handle",
                "submitted",
                "rendering_since",
                "file_url",
                "file_found",
                "upload_url",
                "store_tried",
            ],
        ),
        (
            "completed",
            &["ended", "video_url", "handle", "submitted", "rendering_since", "file_found"],
        ),
        ("failed", &["ended", "failure", "handle", "submitted", "rendering_since"]),
    ] {
        let item = from_job(&bare(in_state(state)), "write").unwrap();
        let found: BTreeSet<&str> = item.keys().map(String::as_str).collect();
        let expected: BTreeSet<&str> = ALWAYS.split(' ').chain(more.iter().copied()).collect();
        assert_eq!(found, expected, "{state}");
        assert!(item.values().all(|value| !value.is_null()), "{state}");
    }
}

#[test]
fn a_stop_and_a_trouble_read_back_and_a_job_of_the_version_before_has_none() {
    let job =
        in_state("rendering").stopping(Failure::cancelled(), kling().created()).applied().unwrap();
    let job = job.looked_at(&Seen::Over("503".to_owned()), kling().created()).applied().unwrap();
    let item = from_job(&job, "write").unwrap();
    assert_eq!(to_job(item.clone()).unwrap(), job);
    let new =
        ["over_since", "stop_requested", "stop_failure", "trouble", "trouble_at", "trouble_count"];
    assert!(new.iter().all(|name| item.contains_key(*name)), "{item:?}");
    let before: Item = item.into_iter().filter(|(name, _)| !new.contains(&name.as_str())).collect();
    let read = to_job(before).unwrap();
    assert_eq!((read.stop(), read.trouble()), (None, None));
}

/// Each attribute is frozen at the submit, or an update writes or removes it.
#[test]
fn every_attribute_of_a_job_is_frozen_or_in_the_update() {
    let frozen = "org job v model provider route seconds aspect_ratio resolution generate_audio seed price \
         price_row cost poll_every_s created";
    let deleted = |state| in_state(state).deleted(kling().created()).applied().unwrap();
    let final_jobs = [("completed", deleted("completed")), ("failed", deleted("failed"))];
    for (state, job) in in_every_state().into_iter().chain(final_jobs) {
        let job = if job.deletion().is_none() { full(job) } else { job };
        let (Moved::Applied(job) | Moved::Already(job) | Moved::Illegal(job)) =
            job.looked_at(&Seen::Over("503".to_owned()), kling().created());
        let stop = Some(Stop { requested: job.created(), failure: Failure::cancelled() });
        let job = with(job, |parts| (parts.revision, parts.stop) = (8, stop));
        let update = JobUpdate::of(&job, "write").unwrap();
        let named: BTreeSet<&str> = update.names.values().map(String::as_str).collect();
        for name in from_job(&job, "write").unwrap().keys() {
            let is_frozen = frozen.split(' ').any(|frozen| frozen == name);
            // Only a deletion changes what the caller wrote. What the provider is told goes before.
            let is_written = name != "input" && Terms::ERASED.contains(&name.as_str());
            let is_kept = is_written && job.deletion().is_none();
            assert_eq!(is_frozen || is_kept, !named.contains(name.as_str()), "{state}: {name}");
        }
    }
}

#[test]
fn a_deleted_job_keeps_its_receipt_and_no_words_and_its_address_until_the_file_is_gone() {
    for state in ["completed", "failed"] {
        let hidden = in_state(state).deleted(kling().created()).applied().unwrap();
        let gone = hidden.clone().file_gone().applied().unwrap();
        for job in [hidden, gone] {
            let item = from_job(&job, "write").unwrap();
            assert_eq!(item["prompt"], AttributeValue::S(String::new()), "{state}");
            let file_gone = job.deletion().unwrap().file_gone;
            assert_eq!(
                item.contains_key("video_url"),
                state == "completed" && !file_gone,
                "{state}: {item:?}"
            );
            assert!(!item.contains_key("open"), "{state}: {item:?}");
            assert_eq!(item["file_gone"], AttributeValue::Bool(file_gone), "{state}");
            assert_eq!(to_job(item).unwrap(), job, "{state}");
        }
    }
}

/// The version before removed the URL at once. Such a deletion may still be unfinished.
#[test]
fn a_deletion_that_the_version_before_began_reads_without_an_address() {
    let mut item =
        from_job(&in_state("completed").deleted(kling().created()).applied().unwrap(), "write")
            .unwrap();
    item.remove("video_url");
    let read = to_job(item).unwrap();
    let State::Completed { video_url, .. } = read.state() else { panic!("it is completed") };
    assert_eq!(video_url, "");
}

/// Such items stay in the table for good.
#[test]
fn a_job_that_ended_before_its_trace_was_kept_reads_without_one() {
    for state in ["completed", "failed"] {
        let job = in_state(state);
        for missing in ["handle", "submitted"] {
            let mut item = from_job(&job, "write").unwrap();
            item.remove(missing);
            let read = to_job(item).unwrap();
            assert_eq!(
                (read.trace(), read.status()),
                (None, job.status()),
                "{state} without {missing}"
            );
        }
    }
}

#[test]
fn a_failure_without_a_word_of_the_provider_has_none_in_the_item() {
    let failure = Failure::new(FailureCode::TimedOut, "too late");
    let job = with(kling(), |parts| {
        parts.state = State::Failed { at: parts.created, failure, trace: None }
    });
    let item = from_job(&job, "write").unwrap();
    assert_eq!(item["failure"].as_m().unwrap().len(), 2, "a code and a message");
    assert_eq!(to_job(item).unwrap(), job);
}

#[test]
fn money_is_stored_as_whole_micro_pesos_and_the_index_by_the_last_digit() {
    let item = from_job(&kling(), "write").unwrap();
    assert_eq!(item["cost"], AttributeValue::N("4200000".to_owned()));
    assert_eq!(item["due"], AttributeValue::N("1782415166".to_owned()));
    assert_eq!(item["open"], AttributeValue::S("d".to_owned()));
}

#[test]
fn an_item_that_would_be_misread_is_refused() {
    let mut newer = from_job(&kling(), "write").unwrap();
    newer.insert("v".to_owned(), AttributeValue::N("2".to_owned()));
    assert!(
        to_job(newer).unwrap_err().to_string().ends_with("has item version 2, this code reads 1")
    );

    for (state, needs) in [
        ("queued", "handle"),
        ("queued", "submitted"),
        ("found", "file_found"),
        ("completed", "video_url"),
    ] {
        let mut item = from_job(&in_state(state), "write").unwrap();
        item.remove(needs);
        let says = to_job(item).unwrap_err().to_string();
        assert!(says.ends_with("without what that state needs"), "{state} without {needs}: {says}");
    }
}

#[test]
fn an_account_whose_available_does_not_add_up_is_refused() {
    let account = Account {
        balance: "50".parse().unwrap(),
        held: "4.20".parse().unwrap(),
        credit_limit: "10".parse().unwrap(),
        open_jobs: 1,
        ..Account::new(kling().org())
    };
    let mut item = from_account(&account).unwrap();
    assert_eq!(item["available"], AttributeValue::N("55800000".to_owned()));
    assert_eq!(to_account(item.clone()).unwrap(), account);
    item.insert("available".to_owned(), AttributeValue::N("55800001".to_owned()));
    assert!(to_account(item).is_err());
}
