//! `cargo admin dlq …` against queues alone.

use crate::deployment::{Done, bare};
use local::sqs::{NewMessage, QueueSpec, Receive, Sqs};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::runtime::Runtime;

const OURS: &str = r#"{"org":"e8c96506-72a1-429f-a7ed-4bb0a42541be","job":"01a202fb-0000-7000-8000-000000000001"}"#;

/// The queues with their dead letters, served until the test ends.
struct Queues {
    sqs: Sqs,
    endpoint: String,
    runtime: Runtime,
}

impl Queues {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let sqs = Sqs::new(&endpoint, "us-east-1", "123456789012", Arc::new(SystemTime::now));
        for name in ["Poll", "Store", "StoreAgain"] {
            sqs.create(QueueSpec::named(format!("{name}DeadLetters"))).unwrap();
            let max_receive_count = Some((1, format!("{name}DeadLetters")));
            sqs.create(QueueSpec { max_receive_count, ..QueueSpec::named(format!("{name}Queue")) })
                .unwrap();
        }
        let router = sqs.router();
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self { sqs, endpoint, runtime }
    }

    /// Puts a message into the dead-letter queue of this queue.
    fn bury(&self, queue: &str, body: &str) {
        self.sqs.send(queue, NewMessage::text(body)).unwrap();
        for _ in 0..2 {
            let at_once = Receive { visibility: Some(Duration::ZERO), ..Receive::now(10) };
            self.runtime.block_on(self.sqs.receive(queue, at_once)).unwrap();
        }
    }

    fn waiting(&self, queue: &str) -> usize {
        self.sqs.depth(queue).unwrap().visible
    }

    fn run(&self, line: &str) -> Done {
        let mut command = bare(line);
        command.envs([
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "local"),
            ("AWS_SECRET_ACCESS_KEY", "local"),
        ]);
        command.env("AWS_ENDPOINT_URL_SQS", &self.endpoint);
        for (variable, queue) in [
            ("POLL_QUEUE_URL", "PollQueue"),
            ("STORE_QUEUE_URL", "StoreQueue"),
            ("STORE_AGAIN_QUEUE_URL", "StoreAgainQueue"),
        ] {
            command.env(variable, self.sqs.queue_url(queue));
        }
        Done::of(command.output().unwrap())
    }

    fn json(&self, line: &str) -> Value {
        let done = self.run(&format!("{line} --json"));
        assert_eq!(done.code, 0, "{done:?}");
        serde_json::from_str(&done.stdout).unwrap()
    }
}

#[test]
fn dead_letters_are_shown_and_stay() {
    let here = Queues::start();
    assert_eq!(here.run("dlq list").stdout, "There are no dead letters.\n");
    here.bury("PollQueue", OURS);
    here.bury("StoreQueue", "what is this?");
    for _ in 0..2 {
        let listed = here.json("dlq list");
        let messages = listed["messages"].as_array().unwrap();
        assert_eq!(messages.len(), 2);
        assert_eq!((&messages[0]["queue"], &messages[0]["body"]), (&json!("poll"), &json!(OURS)));
        assert_eq!(messages[0]["job"], "01a202fb-0000-7000-8000-000000000001");
        assert_eq!((&messages[1]["queue"], &messages[1]["job"]), (&json!("store"), &Value::Null));
    }
    assert_eq!(
        (here.waiting("PollDeadLetters"), here.waiting("StoreDeadLetters")),
        (1, 1),
        "and are visible again"
    );
    let table = here.run("dlq list --queue store").stdout;
    assert!(
        table.contains("no message of ours: \"what is this?\"") && !table.contains("01a202fb"),
        "{table}"
    );

    (0..24).for_each(|_| here.bury("PollQueue", OURS));
    assert_eq!(
        here.json("dlq list --queue poll")["messages"].as_array().unwrap().len(),
        25,
        "over several receives"
    );
    assert_eq!(
        here.json("dlq list --queue poll --most 3")["messages"].as_array().unwrap().len(),
        3
    );
    assert_eq!(here.waiting("PollDeadLetters"), 25);
}

#[test]
fn dead_letters_are_sent_again() {
    let here = Queues::start();
    (0..12).for_each(|_| here.bury("PollQueue", OURS));
    here.bury("StoreQueue", OURS);
    here.bury("StoreAgainQueue", OURS);
    let moved = here.json("dlq redrive --queue poll");
    assert_eq!(moved, json!({"queues": [{"queue": "poll", "moved": 12, "status": "COMPLETED"}]}));
    assert_eq!(
        (here.waiting("PollQueue"), here.waiting("PollDeadLetters"), here.waiting("StoreQueue")),
        (12, 0, 0)
    );
    let done = here.run("dlq redrive");
    for line in [["store", "1", "completed"], ["store-again", "1", "completed"]] {
        assert!(done.stdout.lines().any(|shown| shown.split_whitespace().eq(line)), "{done:?}");
    }
    assert_eq!(
        (here.waiting("StoreQueue"), here.waiting("StoreDeadLetters"), here.waiting("PollQueue")),
        (1, 0, 12)
    );
    assert_eq!((here.waiting("StoreAgainQueue"), here.waiting("StoreAgainDeadLetters")), (1, 0));
}

#[test]
fn what_is_wrong_with_a_queue_is_said() {
    let here = Queues::start();
    let wrong = here.run("dlq list --queue other");
    assert!(
        wrong.code == 2 && wrong.stderr.contains("[possible values: poll, store, store-again]"),
        "{wrong:?}"
    );
    let without = |variable: &str, value: &str| {
        let mut command = bare("dlq list");
        command.envs([
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "local"),
            ("AWS_SECRET_ACCESS_KEY", "local"),
        ]);
        command.env("AWS_ENDPOINT_URL_SQS", &here.endpoint).env(variable, value);
        Done::of(command.output().unwrap())
    };
    without("STORE_QUEUE_URL", "x")
        .failed_with(1, "the environment variable POLL_QUEUE_URL is not set");
    without("POLL_QUEUE_URL", &here.sqs.queue_url("NoQueue")).failed_with(1, "could not be read");
    let dead = here.sqs.queue_url("PollDeadLetters");
    without("POLL_QUEUE_URL", &dead).failed_with(1, &format!("{dead} has no dead-letter queue"));
}
