//! The queue's behaviour over time, on tokio's paused clock.

use std::time::SystemTime;

use tokio::time::advance;

use super::*;

const QUEUE: &str = "jobs";
const DEAD: &str = "jobs-dead";

fn queues() -> Sqs {
    let sqs = Sqs::new(
        "http://127.0.0.1:1/",
        "eu-central-1",
        "000000000000",
        Arc::new(|| SystemTime::UNIX_EPOCH),
    );
    sqs.create(QueueSpec::named(DEAD)).unwrap();
    sqs.create(QueueSpec { max_receive_count: Some((2, DEAD.into())), ..QueueSpec::named(QUEUE) })
        .unwrap();
    sqs
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

async fn receive(sqs: &Sqs, queue: &str) -> Vec<Received> {
    sqs.receive(queue, Receive::now(10)).await.unwrap()
}

fn depth(visible: usize, delayed: usize, in_flight: usize) -> Depth {
    Depth { visible, delayed, in_flight }
}

#[test]
fn names_are_awss() {
    let sqs = queues();
    assert_eq!(sqs.queue_url(QUEUE), "http://127.0.0.1:1/000000000000/jobs");
    assert_eq!(sqs.queue_arn(QUEUE), "arn:aws:sqs:eu-central-1:000000000000:jobs");
    assert_eq!(sqs.create(QueueSpec::named(DEAD)), Ok(sqs.queue_url(DEAD)));
    assert_eq!(sqs.create(QueueSpec::named(QUEUE)), Err(SqsError::QueueNameExists));
    assert!(sqs.create(QueueSpec::named("a.fifo")).is_err());
    let unknown =
        QueueSpec { max_receive_count: Some((2, "absent".into())), ..QueueSpec::named("x") };
    assert_eq!(sqs.create(unknown), Err(SqsError::InvalidAttributeValue("RedrivePolicy".into())));
}

#[tokio::test(start_paused = true)]
async fn a_delay_hides_a_message_and_a_long_poll_waits_for_it() {
    let sqs = queues();
    sqs.send(QUEUE, NewMessage::text("later").after(seconds(10))).unwrap();
    assert_eq!(sqs.depth(QUEUE).unwrap(), depth(0, 1, 0));
    assert!(receive(&sqs, QUEUE).await.is_empty());

    let started = Instant::now();
    let received = sqs.receive(QUEUE, Receive::within(1, seconds(20))).await.unwrap();
    assert_eq!(received[0].body, "later");
    assert_eq!(started.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn the_queues_own_delay_holds_where_a_message_has_none() {
    let sqs = queues();
    sqs.create(QueueSpec { delay: seconds(5), ..QueueSpec::named("slow") }).unwrap();
    sqs.send("slow", NewMessage::text("default")).unwrap();
    sqs.send("slow", NewMessage::text("at once").after(Duration::ZERO)).unwrap();
    assert_eq!(sqs.depth("slow").unwrap(), depth(1, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_long_poll_sees_a_new_message_at_once_and_otherwise_ends_empty() {
    let sqs = queues();
    let poll = tokio::spawn({
        let sqs = sqs.clone();
        async move { sqs.receive(QUEUE, Receive::within(10, seconds(20))).await.unwrap() }
    });
    advance(seconds(3)).await;
    sqs.send(QUEUE, NewMessage::text("now")).unwrap();
    assert_eq!(poll.await.unwrap()[0].body, "now");

    let started = Instant::now();
    assert!(sqs.receive(DEAD, Receive::within(10, seconds(20))).await.unwrap().is_empty());
    assert_eq!(started.elapsed().as_secs(), 20);
}

#[tokio::test(start_paused = true)]
async fn an_undeleted_message_comes_again_and_only_its_latest_handle_deletes_it() {
    let sqs = queues();
    sqs.send(QUEUE, NewMessage::text("x")).unwrap();
    let first = receive(&sqs, QUEUE).await.remove(0);
    assert_eq!(sqs.depth(QUEUE).unwrap(), depth(0, 0, 1));
    assert!(receive(&sqs, QUEUE).await.is_empty());
    advance(seconds(30)).await;
    let second = receive(&sqs, QUEUE).await.remove(0);
    assert_eq!(second.message_id, first.message_id);
    assert_eq!(second.system_attributes["ApproximateReceiveCount"], "2");

    assert_eq!(sqs.delete(QUEUE, &first.receipt_handle), Ok(()));
    assert_eq!(sqs.depth(QUEUE).unwrap().total(), 1);
    advance(seconds(31)).await;
    assert_eq!(
        sqs.delete(QUEUE, &second.receipt_handle),
        Ok(()),
        "visible again, not received again"
    );
    assert_eq!(sqs.depth(QUEUE).unwrap().total(), 0);
    assert_eq!(sqs.delete(QUEUE, &second.receipt_handle), Ok(()));
    assert!(matches!(
        sqs.delete(DEAD, &second.receipt_handle),
        Err(SqsError::ReceiptHandleIsInvalid(_))
    ));
}

#[tokio::test(start_paused = true)]
async fn visibility_can_be_shortened_and_extended_up_to_twelve_hours() {
    let sqs = queues();
    sqs.send(QUEUE, NewMessage::text("x")).unwrap();
    let handle = receive(&sqs, QUEUE).await.remove(0).receipt_handle;
    let change = |time| sqs.change_visibility(QUEUE, &handle, time);
    assert_eq!(change(seconds(100)), Ok(()));
    advance(seconds(90)).await;
    assert_eq!(sqs.depth(QUEUE).unwrap().in_flight, 1);
    assert!(
        matches!(change(seconds(12 * 3600)), Err(SqsError::InvalidParameterValue(_))),
        "90 s have passed"
    );
    assert!(matches!(change(seconds(12 * 3600 + 1)), Err(SqsError::InvalidParameterValue(_))));
    assert_eq!(change(Duration::ZERO), Ok(()));
    assert_eq!(sqs.depth(QUEUE).unwrap().visible, 1);
    assert_eq!(change(seconds(1)), Err(SqsError::MessageNotInflight));
}

#[tokio::test(start_paused = true)]
async fn after_too_many_receives_a_message_is_buried_and_can_be_redriven() {
    let sqs = queues();
    let sent = sqs.send(QUEUE, NewMessage::text("x")).unwrap();
    for _ in 0..2 {
        assert_eq!(receive(&sqs, QUEUE).await.len(), 1);
        advance(seconds(30)).await;
    }
    assert!(receive(&sqs, QUEUE).await.is_empty());
    assert_eq!(sqs.depth(QUEUE).unwrap().total(), 0);
    let dead = receive(&sqs, DEAD).await.remove(0);
    assert_eq!(dead.message_id, sent.message_id);
    assert_eq!(dead.system_attributes["DeadLetterQueueSourceArn"], sqs.queue_arn(QUEUE));
    assert_eq!(dead.system_attributes["ApproximateReceiveCount"], "3", "counted over all queues");

    assert_eq!(sqs.redrive(DEAD, None).unwrap().moved, 0, "what is in flight stays");
    advance(seconds(30)).await;
    assert_eq!(sqs.redrive(DEAD, None).unwrap().moved, 1);
    let again = receive(&sqs, QUEUE).await.remove(0);
    assert_ne!(again.message_id, sent.message_id);
    assert_eq!(again.system_attributes["ApproximateReceiveCount"], "1");
    assert!(sqs.redrive(QUEUE, None).is_err(), "not a dead-letter queue");
}

#[tokio::test(start_paused = true)]
async fn retention_counts_from_the_first_send() {
    let sqs = queues();
    sqs.create(QueueSpec { retention: seconds(60), ..QueueSpec::named("short") }).unwrap();
    sqs.send("short", NewMessage::text("x")).unwrap();
    advance(seconds(59)).await;
    assert_eq!(sqs.depth("short").unwrap().visible, 1);
    advance(seconds(1)).await;
    assert_eq!(sqs.depth("short").unwrap().total(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_poll_takes_nothing() {
    let sqs = queues();
    let poll = sqs.receive(QUEUE, Receive::within(10, seconds(20)));
    assert!(tokio::time::timeout(seconds(1), poll).await.is_err());
    sqs.send(QUEUE, NewMessage::text("x")).unwrap();
    assert_eq!(sqs.depth(QUEUE).unwrap(), depth(1, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn queues_misbehave_on_demand() {
    let sqs = queues();
    let send = |body: &str| drop(sqs.send(QUEUE, NewMessage::text(body)).unwrap());
    sqs.lose_next(QUEUE, 1).unwrap();
    sqs.lose_if(QUEUE, |body| body.starts_with("lose")).unwrap();
    ["a", "b", "lose me", "c"].into_iter().for_each(send);
    assert_eq!(sqs.bodies(QUEUE).unwrap(), ["b", "c"]);
    assert_eq!(sqs.accepted(QUEUE), Ok(4));

    sqs.behave(QUEUE).unwrap();
    sqs.purge(QUEUE).unwrap();
    sqs.duplicate(QUEUE, true).unwrap();
    send("twice");
    let received = receive(&sqs, QUEUE).await;
    assert_eq!(received.len(), 2);
    assert_eq!(received[0].message_id, received[1].message_id);
    sqs.delete(QUEUE, &received[0].receipt_handle).unwrap();
    assert_eq!(sqs.depth(QUEUE).unwrap().total(), 1, "copies are deleted one by one");

    sqs.behave(QUEUE).unwrap();
    sqs.purge(QUEUE).unwrap();
    sqs.reorder(QUEUE, 1).unwrap();
    let sent: Vec<String> = (0..10).map(|n| n.to_string()).collect();
    sent.iter().for_each(|body| send(body));
    let mut received: Vec<String> =
        receive(&sqs, QUEUE).await.into_iter().map(|message| message.body).collect();
    assert_ne!(received, sent);
    received.sort();
    assert_eq!(received, sent);
}
