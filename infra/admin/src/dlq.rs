//! `cargo admin dlq …`: shows the messages that no function could process, and sends them again. No
//! job depends on one of them, because the sweep finds its job.

use crate::failure::Failure;
use crate::output::{Listing, moment};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, Message, MessageSystemAttributeName,
    QueueAttributeName,
};
use clap::{Args, Subcommand};
use ghub::aws::sdk_config;
use ghub::error::BoxError;
use ghub::time::Timestamp;
use ghub::world::World;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;

/// The dead-letter queues by their name on the command line, and the queue of each.
const QUEUES: [(&str, &str); 3] = [
    ("poll", "POLL_QUEUE_URL"),
    ("store", "STORE_QUEUE_URL"),
    ("store-again", "STORE_AGAIN_QUEUE_URL"),
];
/// SQS returns at most ten messages at a time.
const AT_ONCE: i32 = 10;
/// How long a message is hidden while it is listed, in seconds, so that none is listed twice. A
/// hundred messages are read within a few seconds.
const HIDDEN_S: i32 = 30;
/// A short wait, in seconds, makes SQS ask all of its servers.
const WAIT_S: i32 = 1;
/// How long the command watches a redrive. AWS moves some hundred messages a second, and continues
/// without the command.
const PATIENCE: Duration = Duration::from_secs(60);
/// How many characters are shown of a message that is not ours.
const SHOWN: usize = 80;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the messages that wait. They are hidden for a moment, and stay in the queue
    List(Which),
    /// Send the messages that wait back to their queue. SQS moves them, and continues if this
    /// command is interrupted. A message that comes twice does no harm
    Redrive(Which),
}

#[derive(Debug, Args)]
pub struct Which {
    /// Only the messages of this queue
    #[arg(long, value_parser = ["poll", "store", "store-again"])]
    queue: Option<String>,
    /// How many messages of each queue are shown at most
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
    most: u16,
}

/// A dead-letter queue, and the queue that its messages come from.
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
        for message in dead.peek(usize::from(which.most)).await? {
            let (row, object) = shown(dead.of, &message);
            rows.push(row);
            objects.push(object);
        }
    }
    let note = if rows.is_empty() {
        "There are no dead letters."
    } else {
        "The function's log says why. When that is corrected, `cargo admin dlq redrive` sends them again."
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
        let (moved, status) = dead.redrive().await?;
        objects.push(json!({"queue": dead.of, "moved": moved, "status": status}));
        rows.push(vec![dead.of.to_owned(), moved.to_string(), status.to_lowercase()]);
    }
    let note = "A message that cannot be processed comes back after five more attempts.".to_owned();
    Ok(Listing { json: json!({"queues": objects}), head: &["QUEUE", "MOVED", ""], rows, note })
}

impl Which {
    /// Finds the dead-letter queues: each queue names its own.
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
    /// Reads the messages that wait, each once. All of them are visible again afterwards. If the
    /// command is interrupted, they are visible again after half a minute.
    async fn peek(&self, most: usize) -> Result<Vec<Message>, Failure> {
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

    /// Makes messages visible again. A failure does not matter, because SQS does the same when
    /// [`HIDDEN_S`] have passed.
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

    /// Asks SQS to move all messages back, and waits for the end. Returns how many were moved so
    /// far, and SQS's word for the state of the task.
    async fn redrive(&self) -> Result<(i64, String), Failure> {
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
