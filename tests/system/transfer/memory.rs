//! A large video passes, and little of it is held at a time.

use super::PART;
use crate::process::Place;
use crate::stage::until_within;
use ghub::outbound::Outbound;
use ghub::status::Status;
use reqwest::{Method, Request};
use serde_json::json;
use std::time::Duration;

/// The one process holds the functions and both simulators, which pass a file on in pieces of 64
/// KB. A part is held once while it is filled and once while it is sent; eight of them leave room
/// for what an allocator keeps.
#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_megabytes_pass_in_the_memory_of_a_few_parts() {
    const BYTES: u64 = 200_000_000;
    let place = Place::new();
    let process = place.start();
    let (client, org) = (process.client(), process.said("org").parse().unwrap());
    let store = process.store();
    let finished = async |prompt: &str| {
        let answer =
            client.submit(&json!({"model": "fal/kling-2", "prompt": prompt})).await.unwrap();
        let job = answer.body["id"].as_str().unwrap().parse().unwrap();
        until_within(Duration::from_secs(600), async || {
            let job = store.job(org, job).await.unwrap()?;
            assert_ne!(job.status(), Status::Failed);
            (job.status() == Status::Completed).then_some(())
        })
        .await;
        client.video(answer.body["id"].as_str().unwrap()).await.unwrap()
    };
    finished("a small one").await;
    let before = peak_memory(process.id());
    let ending = json!({"ending": {"video": {"bytes": BYTES}}});
    process.control("fal", Method::POST, "verdicts", ending).await;
    let large = finished("a large one").await;
    let grown = peak_memory(process.id()) - before;

    assert!(grown < 8 * PART, "the peak grew by {} KiB", grown >> 10);
    assert_eq!(large.balance, Some("41.60".parse().unwrap()), "two videos, each charged once");
    assert_eq!(process.renders().await, 2);
    let url = large.body["video_url"].as_str().unwrap();
    let stored = Outbound::network()
        .exchange(Request::new(Method::HEAD, url.parse().unwrap()))
        .await
        .unwrap();
    assert_eq!(stored.headers()["content-length"], BYTES.to_string());
}

/// The most memory that the process ever held, in bytes.
fn peak_memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}
