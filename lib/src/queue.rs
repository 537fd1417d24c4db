//! The queues that carry jobs. A message only says which job to look at; what is to be done is read
//! from the job itself, so a message may be lost, doubled or reordered.

use crate::aws::SdkConfig;
use crate::config::ConfigError;
use crate::error::BoxError;
use crate::id::JobKey;
use crate::time::whole_seconds;
use crate::world::World;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use std::time::Duration;

/// The most messages that SQS takes in one call.
const BATCH: usize = 10;
/// The longest delay that SQS knows.
const LONGEST_DELAY: Duration = Duration::from_secs(900);

/// The queues whose messages take long to be worked on: they name the organization, and SQS hands
/// out first what belongs to one that has few messages in work. So the backlog of one organization
/// does not stand before the others'. It costs USD 0.10 more for a million requests.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html>
const FAIR: [&str; 2] = ["STORE_QUEUE_URL", "STORE_AGAIN_QUEUE_URL"];

/// How long a sender waits who has something better to do.
const IN_PASSING: Duration = Duration::from_secs(1);

/// SQS did not take a message. Whatever it was about is found again by the sweep.
#[derive(Debug, thiserror::Error)]
#[error("the queue did not take {count} message(s)")]
pub struct QueueError {
    count: usize,
    #[source]
    source: Option<BoxError>,
}

/// A client of one SQS queue.
#[derive(Debug, Clone)]
pub struct Queue {
    sqs: Client,
    url: String,
    is_fair: bool,
}

impl Queue {
    /// The queue whose address this variable holds.
    pub fn new(world: &World, aws: &SdkConfig, variable: &str) -> Result<Self, ConfigError> {
        let mut config = aws_sdk_sqs::config::Builder::from(aws);
        if let Some(endpoint) = world.env.aws_endpoint("SQS") {
            config = config.endpoint_url(endpoint);
        }
        let url = world.env.required(variable)?.to_owned();
        Ok(Self { sqs: Client::from_conf(config.build()), url, is_fair: FAIR.contains(&variable) })
    }

    /// Sends one message, to be delivered after `delay` (whole seconds, at most 900). A repeat
    /// delivers it twice, which does no harm.
    pub async fn send(&self, message: JobKey, delay: Duration) -> Result<(), QueueError> {
        let sent = self
            .sqs
            .send_message()
            .queue_url(&self.url)
            .message_body(body(message))
            .set_message_group_id(self.group(message))
            .delay_seconds(seconds(delay))
            .send()
            .await;
        sent.map(drop).map_err(|error| QueueError { count: 1, source: Some(error.into()) })
    }

    /// Sends one message where a caller or a worker waits. SQS takes one in 10 ms. If it does not
    /// take the message within a second, the sweep finds the job.
    pub async fn send_in_passing(
        &self,
        message: JobKey,
        delay: Duration,
    ) -> Result<(), QueueError> {
        let sent = tokio::time::timeout(IN_PASSING, self.send(message, delay)).await;
        sent.unwrap_or_else(|elapsed| Err(QueueError { count: 1, source: Some(elapsed.into()) }))
    }

    /// Sends many, ten to a call. An error says how many were not taken; the others were.
    pub async fn send_all(&self, messages: &[(JobKey, Duration)]) -> Result<(), QueueError> {
        let mut refused = QueueError { count: 0, source: None };
        for batch in messages.chunks(BATCH) {
            match self.send_batch(batch).await {
                Ok(count) => refused.count += count,
                Err(error) => {
                    refused = QueueError { count: refused.count + batch.len(), source: Some(error) }
                }
            }
        }
        if refused.count == 0 { Ok(()) } else { Err(refused) }
    }

    async fn send_batch(&self, batch: &[(JobKey, Duration)]) -> Result<usize, BoxError> {
        let entries = batch
            .iter()
            .enumerate()
            .map(|(index, (message, delay))| {
                SendMessageBatchRequestEntry::builder()
                    .id(index.to_string())
                    .message_body(body(*message))
                    .set_message_group_id(self.group(*message))
                    .delay_seconds(seconds(*delay))
                    .build()
            })
            .collect::<Result<Vec<_>, _>>()?;
        let answer = self
            .sqs
            .send_message_batch()
            .queue_url(&self.url)
            .set_entries(Some(entries))
            .send()
            .await?;
        Ok(answer.failed().len())
    }

    fn group(&self, message: JobKey) -> Option<String> {
        self.is_fair.then(|| message.org.to_string())
    }
}

fn body(message: JobKey) -> String {
    format!(r#"{{"org":"{}","job":"{}"}}"#, message.org, message.job)
}

/// A part of a second counts as a whole one: a message that comes early finds a turn that is not
/// open yet.
fn seconds(delay: Duration) -> i32 {
    i32::try_from(whole_seconds(delay.min(LONGEST_DELAY))).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{JobId, OrgId};

    #[test]
    fn a_message_reads_back_as_it_was_written() {
        let id = uuid::Uuid::from_u128(7);
        let message = JobKey { org: OrgId::from_uuid(id), job: JobId::from_uuid(id) };
        assert_eq!(serde_json::from_str::<JobKey>(&body(message)).unwrap(), message);
    }

    #[test]
    fn a_delay_is_rounded_up_to_whole_seconds_and_bounded() {
        let delays = [
            (0, 0),
            (1, 1),
            (500, 1),
            (1_000, 1),
            (1_500, 2),
            (900_000, 900),
            (900_001, 900),
            (7_200_000, 900),
        ];
        for (ms, expected) in delays {
            assert_eq!(seconds(Duration::from_millis(ms)), expected, "{ms} ms");
        }
    }
}
