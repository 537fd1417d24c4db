//! What a function and a queue see of a mapping, on tokio's paused clock.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use serde_json::json;
use tokio::time::sleep;

use super::*;
use crate::sqs::{MessageAttribute, NewMessage, QueueSpec};

const QUEUE: &str = "jobs";

fn queue() -> Sqs {
    let sqs = Sqs::new(
        "http://127.0.0.1:1",
        "eu-central-1",
        "000000000000",
        Arc::new(|| SystemTime::UNIX_EPOCH),
    );
    sqs.create(QueueSpec::named("jobs-dead")).unwrap();
    sqs.create(QueueSpec {
        max_receive_count: Some((2, "jobs-dead".into())),
        ..QueueSpec::named(QUEUE)
    })
    .unwrap();
    sqs
}

fn mapping(sqs: &Sqs, function: Function) -> EventSourceMapping {
    EventSourceMapping {
        sqs: sqs.clone(),
        queue: QUEUE.into(),
        function,
        batch_size: 10,
        window: Duration::ZERO,
        concurrency: 2,
        report_batch_item_failures: true,
        function_timeout: Duration::from_secs(10),
    }
}

/// A function that remembers its events and answers each the same.
fn recorder(answer: Result<Value, String>) -> (Function, Arc<Mutex<Vec<Value>>>) {
    let events = Arc::new(Mutex::new(Vec::new()));
    let seen = events.clone();
    let function: Function = Arc::new(move |event| {
        seen.lock().unwrap().push(event);
        let answer = answer.clone();
        Box::pin(async move { answer })
    });
    (function, events)
}

fn send(sqs: &Sqs, bodies: &[&str]) -> Vec<String> {
    bodies.iter().map(|body| sqs.send(QUEUE, NewMessage::text(*body)).unwrap().message_id).collect()
}

/// Runs the mapping for a while of paused time, then stops it gracefully.
async fn run_for(mapping: EventSourceMapping, time: Duration) {
    mapping.run(sleep(time)).await.unwrap();
}

const A_WHILE: Duration = Duration::from_secs(5);

#[tokio::test(start_paused = true)]
async fn the_event_is_lambdas() {
    let sqs = queue();
    let message = NewMessage {
        attributes: [("kind".to_string(), MessageAttribute::string("poll"))].into(),
        trace_header: Some("Root=1-2-3".into()),
        ..NewMessage::text("hello")
    };
    let sent = sqs.send(QUEUE, message).unwrap();
    let (function, events) = recorder(Ok(Value::Null));
    run_for(mapping(&sqs, function), A_WHILE).await;

    let mut event = events.lock().unwrap()[0].clone();
    let handle = event["Records"][0]["receiptHandle"].take();
    assert!(handle.as_str().is_some_and(|handle| !handle.is_empty()));
    let expected = json!({ "Records": [{
        "messageId": sent.message_id,
        "receiptHandle": null,
        "body": "hello",
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "0",
            "SenderId": "000000000000",
            "ApproximateFirstReceiveTimestamp": "0",
            "AWSTraceHeader": "Root=1-2-3",
        },
        "messageAttributes": {
            "kind": { "stringValue": "poll", "stringListValues": [], "binaryListValues": [], "dataType": "String" },
        },
        "md5OfBody": "5d41402abc4b2a76b9719d911017c592",
        "md5OfMessageAttributes": sent.md5_of_attributes,
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-central-1:000000000000:jobs",
        "awsRegion": "eu-central-1",
    }]});
    assert_eq!(event, expected);
    assert_eq!(sqs.depth(QUEUE).unwrap().total(), 0);
}

#[tokio::test(start_paused = true)]
async fn only_the_failed_items_come_again_and_end_as_dead_letters() {
    let sqs = queue();
    let ids = send(&sqs, &["good", "bad"]);
    let (function, events) =
        recorder(Ok(json!({ "batchItemFailures": [{ "itemIdentifier": ids[1] }] })));
    let running = mapping(&sqs, function).start().unwrap();
    sleep(A_WHILE).await;
    assert_eq!(sqs.bodies(QUEUE).unwrap(), ["bad"]);
    assert_eq!(sqs.depth(QUEUE).unwrap().in_flight, 1);

    sleep(Duration::from_secs(70)).await;
    running.stop().await;
    let events = events.lock().unwrap();
    assert_eq!(events.len(), 2);
    assert_eq!(events[1]["Records"][0]["attributes"]["ApproximateReceiveCount"], "2");
    assert_eq!(sqs.depth(QUEUE).unwrap().total(), 0);
    assert_eq!(sqs.bodies("jobs-dead").unwrap(), ["bad"]);
}

#[tokio::test(start_paused = true)]
async fn without_the_setting_returned_failures_are_lost() {
    let sqs = queue();
    let ids = send(&sqs, &["bad"]);
    let (function, _) =
        recorder(Ok(json!({ "batchItemFailures": [{ "itemIdentifier": ids[0] }] })));
    run_for(
        EventSourceMapping { report_batch_item_failures: false, ..mapping(&sqs, function) },
        A_WHILE,
    )
    .await;
    assert_eq!(sqs.depth(QUEUE).unwrap().total(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_counts_as_success_and_what_fails_the_batch() {
    let failures = |list: Value| Ok(json!({ "batchItemFailures": list }));
    let success = [Ok(Value::Null), Ok(json!({})), failures(Value::Null), failures(json!([]))];
    let failure = [
        failures(json!([{ "itemIdentifier": "" }])),
        failures(json!([{ "itemIdentifier": null }])),
        failures(json!([{ "id": "1" }])),
        failures(json!([{ "itemIdentifier": "unknown" }])),
        failures(json!("all")),
        Ok(json!("done")),
        Err("function error".to_string()),
    ];
    let cases = success
        .into_iter()
        .map(|answer| (answer, 0))
        .chain(failure.into_iter().map(|answer| (answer, 2)));
    for (answer, left) in cases {
        let sqs = queue();
        send(&sqs, &["one", "two"]);
        run_for(mapping(&sqs, recorder(answer.clone()).0), A_WHILE).await;
        assert_eq!(sqs.depth(QUEUE).unwrap().in_flight, left, "{answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_and_a_timeout_fail_the_batch_and_the_mapping_goes_on() {
    let sqs = queue();
    let function: Function = Arc::new(|event| {
        let body = event["Records"][0]["body"].to_string();
        assert_ne!(body, "\"panics at once\"");
        Box::pin(async move {
            assert_ne!(body, "\"panics\"");
            if body == "\"hangs\"" {
                std::future::pending::<()>().await;
            }
            Ok(Value::Null)
        })
    });
    send(&sqs, &["panics at once", "panics", "hangs", "works"]);
    run_for(
        EventSourceMapping { batch_size: 1, ..mapping(&sqs, function) },
        Duration::from_secs(15),
    )
    .await;
    assert_eq!(sqs.bodies(QUEUE).unwrap(), ["panics at once", "panics", "hangs"]);
    assert_eq!(sqs.depth(QUEUE).unwrap().in_flight, 3);
}

#[tokio::test(start_paused = true)]
async fn a_window_collects_and_a_full_batch_does_not_wait_for_it() {
    let sqs = queue();
    let (function, events) = recorder(Ok(Value::Null));
    let collecting = EventSourceMapping {
        batch_size: 3,
        window: Duration::from_secs(2),
        ..mapping(&sqs, function)
    };
    let running = collecting.start().unwrap();
    let sizes = || {
        events
            .lock()
            .unwrap()
            .iter()
            .map(|e| e["Records"].as_array().unwrap().len())
            .collect::<Vec<_>>()
    };

    send(&sqs, &["a"]);
    sleep(Duration::from_millis(1500)).await;
    send(&sqs, &["b"]);
    assert!(sizes().is_empty());
    sleep(Duration::from_millis(600)).await;
    assert_eq!(sizes(), [2]);

    send(&sqs, &["c", "d", "e"]);
    sleep(Duration::from_millis(1)).await;
    assert_eq!(sizes(), [2, 3]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn no_more_run_at_once_than_allowed_and_the_others_stay_visible() {
    let sqs = queue();
    let (running_now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (now, peak) = (running_now.clone(), most.clone());
    let function: Function = Arc::new(move |_| {
        let (now, peak) = (now.clone(), peak.clone());
        Box::pin(async move {
            peak.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            sleep(Duration::from_secs(1)).await;
            now.fetch_sub(1, Ordering::SeqCst);
            Ok(Value::Null)
        })
    });
    send(&sqs, &["a", "b", "c", "d", "e", "f"]);
    let running = EventSourceMapping { batch_size: 1, concurrency: 3, ..mapping(&sqs, function) }
        .start()
        .unwrap();
    sleep(Duration::from_millis(500)).await;
    assert_eq!(sqs.depth(QUEUE).unwrap().visible, 3);
    sleep(Duration::from_millis(1700)).await;
    assert_eq!(sqs.depth(QUEUE).unwrap().total(), 0);
    assert_eq!(most.load(Ordering::SeqCst), 3);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn stopping_waits_for_invocations_and_killing_does_not() {
    let slow: Function = Arc::new(|_| {
        Box::pin(async {
            sleep(Duration::from_secs(8)).await;
            Ok(Value::Null)
        })
    });
    let sqs = queue();
    send(&sqs, &["a"]);
    run_for(mapping(&sqs, slow.clone()), Duration::from_secs(1)).await;
    assert_eq!(sqs.depth(QUEUE).unwrap().total(), 0);

    send(&sqs, &["b"]);
    let running = mapping(&sqs, slow).start().unwrap();
    sleep(Duration::from_secs(1)).await;
    running.kill().await;
    sleep(Duration::from_secs(20)).await;
    assert_eq!(sqs.depth(QUEUE).unwrap().in_flight, 1);
    sleep(Duration::from_secs(10)).await;
    assert_eq!(sqs.depth(QUEUE).unwrap().visible, 1);
}

#[tokio::test]
async fn what_aws_would_not_create_does_not_start() {
    let sqs = queue();
    let base = mapping(&sqs, recorder(Ok(Value::Null)).0);
    assert_eq!(base.check(), Ok(()));
    let refused = [
        EventSourceMapping { queue: "absent".into(), ..base.clone() },
        EventSourceMapping { batch_size: 0, ..base.clone() },
        EventSourceMapping { batch_size: 11, ..base.clone() },
        EventSourceMapping { concurrency: 1, ..base.clone() },
        EventSourceMapping { window: Duration::from_secs(301), ..base.clone() },
        EventSourceMapping { function_timeout: Duration::from_secs(31), ..base },
    ];
    for mapping in refused {
        assert!(mapping.check().is_err());
        assert!(mapping.start().is_err());
    }
}
