//! `cargo admin dlq …`: messages that no function could work on, shown and sent again. No job hangs
//! on one: the sweep finds it.

use crate::failure::Failure;
use crate::output::{Listing, moment};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, Message, MessageSystemAttributeName,
    QueueAttributeName,
};
use clap::{Args, Subcommand};
use ghub::error::BoxError;
use ghub::outbound::sdk_config;
use ghub::time::Timestamp;
use ghub::world::World;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;

/// The queues whose dead letters these are, in the words of a command line.
const QUEUES: [(&str, &str); 3] = [
    ("poll", "POLL_QUEUE_URL"),
    ("store", "STORE_QUEUE_URL"),
    ("store-again", "STORE_AGAIN_QUEUE_URL"),
];
/// SQS hands out at most ten messages at a time.
const AT_ONCE: i32 = 10;
/// While they are listed they are hidden, so that none is seen twice: a hundred are read within
/// seconds.
const HIDDEN_S: i32 = 30;
/// A short wait makes SQS ask all of its servers.
const WAIT_S: i32 = 1;
/// AWS moves some hundreds a second. What is not moved by then goes on without us.
const PATIENCE: Duration = Duration::from_secs(60);
/// How much of a text that is no message of ours is shown.
const SHOWN: usize = 80;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show what waits; it is hidden for a moment, and stays
    List(Which),
    /// Send what waits back to its queue. SQS does it: interrupted, it goes on by itself; a message
    /// that comes twice does no harm
    Redrive(Which),
}

#[derive(Debug, Args)]
pub struct Which {
    /// Only of this queue
    #[arg(long, value_parser = ["poll", "store", "store-again"])]
    queue: Option<String>,
    /// So many of each queue at most, when they are shown
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
    most: u16,
}

/// A dead-letter queue.
struct Dead {
    of: &'static str,
    arn: String,
    sqs: Client,
}

pub async fn run(command: Command, world: &World) -> Result<Listing, Failure> {
    match command {
        Command::List(which) => list(&which, world).await,
        Command::Redrive(which) => redrive(&which, world).await,
    }
}

async fn list(which: &Which, world: &World) -> Result<Listing, Failure> {
    let (mut rows, mut objects) = (Vec::new(), Vec::new());
    for dead in which.queues(world).await? {
        for message in dead.peeked(usize::from(which.most)).await? {
            let (row, object) = shown(dead.of, &message);
            rows.push(row);
            objects.push(object);
        }
    }
    let note = if rows.is_empty() {
        "There are no dead letters."
    } else {
        "The function's log says why; when that is mended, `cargo admin dlq redrive` sends them again."
    };
    Ok(Listing {
        json: json!({"messages": objects}),
        head: &["QUEUE", "SENT", "RECEIVED", "ABOUT"],
        rows,
        note: note.to_owned(),
    })
}

async fn redrive(which: &Which, world: &World) -> Result<Listing, Failure> {
    let (mut rows, mut objects) = (Vec::new(), Vec::new());
    for dead in which.queues(world).await? {
        let (moved, status) = dead.moved().await?;
        objects.push(json!({"queue": dead.of, "moved": moved, "status": status}));
        rows.push(vec![dead.of.to_owned(), moved.to_string(), status.to_lowercase()]);
    }
    let note = "What cannot be worked on comes back after five more times.".to_owned();
    Ok(Listing { json: json!({"queues": objects}), head: &["QUEUE", "MOVED", ""], rows, note })
}

impl Which {
    /// The dead-letter queues, as the queues themselves name them.
    async fn queues(&self, world: &World) -> Result<Vec<Dead>, Failure> {
        let mut config = aws_sdk_sqs::config::Builder::from(&sdk_config(world)?);
        config.set_endpoint_url(world.env.aws_endpoint("SQS").map(str::to_owned));
        let sqs = Client::from_conf(config.build());
        let mut found = Vec::new();
        for (of, variable) in QUEUES
            .into_iter()
            .filter(|(of, _)| self.queue.as_deref().is_none_or(|only| only == *of))
        {
            let url = world.env.required(variable)?;
            let name = QueueAttributeName::RedrivePolicy;
            let asked = sqs
                .get_queue_attributes()
                .queue_url(url)
                .attribute_names(name.clone())
                .send()
                .await;
            let attributes =
                asked.map_err(|error| failed(url, "read", error))?.attributes.unwrap_or_default();
            let policy: Value = attributes
                .get(&name)
                .and_then(|text| serde_json::from_str(text).ok())
                .unwrap_or_default();
            let arn = policy["deadLetterTargetArn"]
                .as_str()
                .ok_or_else(|| Failure::NoDeadLetters(url.to_owned()))?;
            found.push(Dead { of, arn: arn.to_owned(), sqs: sqs.clone() });
        }
        Ok(found)
    }
}

impl Dead {
    /// What waits, each once; all of it is visible again afterwards, or after half a minute if this
    /// is interrupted.
    async fn peeked(&self, most: usize) -> Result<Vec<Message>, Failure> {
        let name = self.arn.rsplit(':').next().unwrap_or(&self.arn);
        let url = self.sqs.get_queue_url().queue_name(name).send().await;
        let url = url.map_err(|error| failed(name, "found", error))?.queue_url.unwrap_or_default();
        let (mut seen, mut messages, mut handles) = (BTreeSet::new(), Vec::new(), Vec::new());
        while messages.len() < most {
            let asked = self.sqs.receive_message().queue_url(&url).max_number_of_messages(AT_ONCE);
            let asked = asked.visibility_timeout(HIDDEN_S).wait_time_seconds(WAIT_S);
            let asked = asked.message_system_attribute_names(MessageSystemAttributeName::All);
            let batch = asked
                .send()
                .await
                .map_err(|error| failed(name, "read", error))?
                .messages
                .unwrap_or_default();
            if batch.is_empty() {
                break;
            }
            handles.extend(batch.iter().filter_map(|message| message.receipt_handle.clone()));
            messages.extend(
                batch.into_iter().filter(|message| seen.insert(message.message_id.clone())),
            );
        }
        for batch in handles.chunks(10) {
            self.show_again(&url, batch).await;
        }
        messages.truncate(most);
        Ok(messages)
    }

    /// What is not shown again shows itself when its time is over.
    async fn show_again(&self, url: &str, handles: &[String]) {
        let entry = |(index, handle): (usize, &String)| {
            let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(index.to_string());
            entry.receipt_handle(handle).visibility_timeout(0).build()
        };
        let entries = handles.iter().enumerate().map(entry).collect::<Result<Vec<_>, _>>();
        let Ok(entries) = entries else { return };
        drop(
            self.sqs
                .change_message_visibility_batch()
                .queue_url(url)
                .set_entries(Some(entries))
                .send()
                .await,
        );
    }

    /// Has SQS move everything, and waits for it: how many so far, and in SQS's word how that
    /// stands.
    async fn moved(&self) -> Result<(i64, String), Failure> {
        let started = self.sqs.start_message_move_task().source_arn(&self.arn).send().await;
        started.map_err(|error| failed(&self.arn, "emptied", error))?;
        let end = Instant::now() + PATIENCE;
        loop {
            let tasks = self
                .sqs
                .list_message_move_tasks()
                .source_arn(&self.arn)
                .max_results(1)
                .send()
                .await;
            let tasks = tasks
                .map_err(|error| failed(&self.arn, "watched", error))?
                .results
                .unwrap_or_default();
            let task = tasks.first();
            let moved = task.map_or(0, |task| task.approximate_number_of_messages_moved);
            let status = task.and_then(|task| task.status.clone()).unwrap_or_default();
            if let Some(why) = task.and_then(|task| task.failure_reason.clone()) {
                return Err(Failure::Queue {
                    what: self.arn.clone(),
                    done: "emptied",
                    source: why.into(),
                });
            }
            if status != "RUNNING" || Instant::now() > end {
                return Ok((moved, status));
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}

fn shown(queue: &str, message: &Message) -> (Vec<String>, Value) {
    let attribute = |name: MessageSystemAttributeName| {
        message
            .attributes
            .as_ref()
            .and_then(|all| all.get(&name))
            .and_then(|text| text.parse::<i64>().ok())
    };
    let sent = attribute(MessageSystemAttributeName::SentTimestamp)
        .map(|ms| Timestamp::from_unix_s(ms / 1_000));
    let received = attribute(MessageSystemAttributeName::ApproximateReceiveCount).unwrap_or(0);
    let body = message.body.clone().unwrap_or_default();
    let ours = serde_json::from_str::<ghub::id::JobKey>(&body).ok();
    let about = match &ours {
        Some(ours) => format!("job {} of organization {}", ours.job, ours.org),
        None => format!("no message of ours: {:?}", body.chars().take(SHOWN).collect::<String>()),
    };
    let row =
        vec![queue.to_owned(), sent.map(moment).unwrap_or_default(), received.to_string(), about];
    let (job, org) = (ours.map(|ours| ours.job), ours.map(|ours| ours.org));
    (
        row,
        json!({"queue": queue, "sent": sent, "received": received, "job": job, "org": org, "body": body}),
    )
}

fn failed<E>(what: &str, done: &'static str, error: SdkError<E>) -> Failure
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let source: BoxError = match error.as_service_error().and_then(ProvideErrorMetadata::code) {
        Some(code) => format!("SQS refused: {code}").into(),
        None => error.into(),
    };
    Failure::Queue { what: what.to_owned(), done, source }
}
