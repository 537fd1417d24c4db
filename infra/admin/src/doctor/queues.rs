//! Checks the queues. Each must exist, hide a message for as long as its function may work on it,
//! and pass on messages that cannot be processed. The check also counts the dead letters.

use super::aws::{Refusal, once_more, refusal};
use super::finding::Finding;
use super::within;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::QueueAttributeName;
use futures::future::join_all;
use ghub::aws::SdkConfig;
use ghub::world::World;
use std::collections::HashMap;

const AREA: &str = "queue";

/// SQS, and its address if it is not AWS's own.
type Sqs<'a> = (&'a Client, Option<&'a str>);

/// A queue, and the least number of seconds for which it must hide a message. AWS advises six times
/// the timeout of the function.
const QUEUES: [(&str, u64); 3] =
    [("POLL_QUEUE_URL", 180), ("STORE_QUEUE_URL", 1800), ("STORE_AGAIN_QUEUE_URL", 1800)];

pub async fn look(world: &World, aws: &SdkConfig) -> Vec<Finding> {
    let mut config = aws_sdk_sqs::config::Builder::from(aws).retry_config(once_more());
    config.set_endpoint_url(world.env.aws_endpoint("SQS").map(str::to_owned));
    let sqs = Client::from_conf(config.build());
    let checks = QUEUES.iter().map(|(variable, hides_s)| {
        let (url, sqs) = (world.env.optional(variable), (&sqs, world.env.aws_endpoint("SQS")));
        async move {
            match url {
                Some(url) => {
                    within(AREA, name_in(url), examine(sqs, variable, url, *hides_s)).await
                }
                None => vec![unnamed(variable)],
            }
        }
    });
    join_all(checks).await.into_iter().flatten().collect()
}

fn unnamed(variable: &str) -> Finding {
    let mut finding = Finding::of(AREA, variable);
    finding.fail(
        "is not set",
        "Take the stack's output Environment as --env-file: it names every queue.",
    );
    finding
}

async fn examine(sqs: Sqs<'_>, variable: &str, url: &str, hides_s: u64) -> Vec<Finding> {
    let mut finding = Finding::of(AREA, name_in(url));
    let attributes = match attributes(sqs, url).await {
        Ok(attributes) => attributes,
        Err(error) => {
            let advice = format!(
                "See whether {variable} and AWS_REGION are the stack's; if they are, deploy it again."
            );
            tell(&mut finding, (&error, sqs.1), "sqs:GetQueueAttributes", &advice);
            return vec![finding];
        }
    };
    let number = |name| {
        attributes.get(&name).and_then(|text: &String| text.parse::<u64>().ok()).unwrap_or(0)
    };
    let hides = number(QueueAttributeName::VisibilityTimeout);
    let found = format!("hides a message for {hides} s");
    if hides >= hides_s {
        finding.ok(found);
    } else {
        let command = format!(
            "aws sqs set-queue-attributes --queue-url {url} --attributes VisibilityTimeout={hides_s}"
        );
        finding.fail(
            found,
            format!("Below {hides_s} s a message comes again while its function still works on it: {command}"),
        );
    }
    finding.ok(format!("{} waiting", waiting(&attributes)));
    let policy = attributes.get(&QueueAttributeName::RedrivePolicy);
    match policy.and_then(|text| dead_letters_of(text)) {
        Some((arn, receives)) => {
            finding.ok(format!("to the dead letters after {receives} times"));
            let dead = dead_letters(sqs, &arn).await;
            vec![finding, dead]
        }
        None => {
            finding.fail(
                "no dead-letter queue",
                "A message that cannot be worked on would come back until it expires, unseen: deploy template.yaml \
                 again.",
            );
            vec![finding]
        }
    }
}

/// Counts the messages that no function could process. SQS tells their number, and not their age.
/// CloudWatch tells the age.
async fn dead_letters(sqs: Sqs<'_>, arn: &str) -> Finding {
    let name = arn.rsplit(':').next().unwrap_or(arn);
    let mut finding = Finding::of(AREA, name);
    let gone = "The queue before it names it, and it is not there: deploy template.yaml again.";
    let url = match sqs.0.get_queue_url().queue_name(name).send().await {
        Ok(answer) => answer.queue_url.unwrap_or_default(),
        Err(error) => {
            tell(&mut finding, (&error, sqs.1), "sqs:GetQueueUrl", gone);
            return finding;
        }
    };
    match attributes(sqs, &url).await {
        Ok(attributes) => match waiting(&attributes) {
            0 => finding.ok("no dead letters"),
            count => finding.warn(
                format!("{count} dead letters waiting"),
                format!(
                    "A function could not read these, or failed on them five times. No job depends on them, because the \
                     sweep finds it. The function's log says why. When that is corrected, \
                     aws sqs start-message-move-task --source-arn {arn} sends them again."
                ),
            ),
        },
        Err(error) => tell(&mut finding, (&error, sqs.1), "sqs:GetQueueAttributes", gone),
    }
    finding
}

type Attributes = HashMap<QueueAttributeName, String>;

async fn attributes(
    (sqs, _): Sqs<'_>,
    url: &str,
) -> Result<
    Attributes,
    SdkError<aws_sdk_sqs::operation::get_queue_attributes::GetQueueAttributesError>,
> {
    let asked = sqs.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::All);
    Ok(asked.send().await?.attributes.unwrap_or_default())
}

/// The number of all messages: those that can be received, are hidden, or are delayed.
fn waiting(attributes: &Attributes) -> u64 {
    let names = [
        QueueAttributeName::ApproximateNumberOfMessages,
        QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        QueueAttributeName::ApproximateNumberOfMessagesDelayed,
    ];
    names.iter().filter_map(|name| attributes.get(name)?.parse::<u64>().ok()).sum()
}

/// The ARN of the dead-letter queue, and the number of receives after which a message goes there.
/// Consoles write that number as text.
fn dead_letters_of(policy: &str) -> Option<(String, String)> {
    let policy: serde_json::Value = serde_json::from_str(policy).ok()?;
    let arn = policy["deadLetterTargetArn"].as_str()?.to_owned();
    let receives = &policy["maxReceiveCount"];
    Some((arn, receives.as_str().map_or_else(|| receives.to_string(), str::to_owned)))
}

fn tell<E: ProvideErrorMetadata>(
    finding: &mut Finding,
    (error, endpoint): (&SdkError<E>, Option<&str>),
    action: &str,
    gone: &str,
) {
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code).unwrap_or_default();
    if code.ends_with("QueueDoesNotExist") || code.ends_with("NonExistentQueue") {
        return finding.fail("does not exist", gone);
    }
    match refusal(error, action, endpoint) {
        Refusal::Unknown => {
            finding.fail("cannot be asked here", "AWS_ENDPOINT_URL_SQS is not an SQS.")
        }
        Refusal::Said(found, advice) => finding.fail(found, advice),
    }
}

/// The name of a queue, which is the end of its address.
fn name_in(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use local::template::Template;

    #[test]
    fn the_template_hides_messages_for_as_long_as_is_asked_for() {
        let template = Template::read();
        for (variable, hides_s) in QUEUES {
            let id = variable.trim_end_matches("_URL").replace('_', "").to_lowercase();
            let queue = template.queues.iter().find(|queue| queue.logical_id.to_lowercase() == id);
            assert!(u64::from(queue.unwrap().visibility_s) >= hides_s, "{variable}");
        }
    }

    #[test]
    fn a_redrive_policy_is_read_as_aws_and_its_console_write_it() {
        let arn = "arn:aws:sqs:us-east-1:123456789012:Dead";
        let read = Some((arn.to_owned(), "5".to_owned()));
        assert_eq!(
            dead_letters_of(&format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":5}}"#)),
            read
        );
        assert_eq!(
            dead_letters_of(&format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":"5"}}"#)),
            read
        );
        assert_eq!(dead_letters_of("{}"), None);
    }
}
