//! A queue's attributes: creating a queue with them, the text that clients read and write, and the
//! ranges of AWS.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::message::{MAX_DELAY, MAX_MESSAGE_BYTES};
use super::queue::{MAX_VISIBILITY, Queue, Settings};
use super::redrive::queue_of_arn;
use super::{Depth, Sqs, SqsError};

/// Attributes that AWS has and that change nothing here: accepted, and not shown.
const WITHOUT_EFFECT: [&str; 5] = [
    "Policy",
    "RedriveAllowPolicy",
    "KmsMasterKeyId",
    "KmsDataKeyReusePeriodSeconds",
    "SqsManagedSseEnabled",
];

/// A queue to create.
#[derive(Clone, Debug)]
pub struct QueueSpec {
    /// Letters, digits, `-` and `_`, at most 80.
    pub name: String,
    /// How long a message without a delay of its own is hidden, at most 900 s.
    pub delay: Duration,
    /// How long a received message is hidden, at most 12 h.
    pub visibility: Duration,
    /// After how many receives a message goes to which queue. That queue must exist.
    pub max_receive_count: Option<(u32, String)>,
    /// How long a message is kept, from its first send: 60 s to 14 days.
    pub retention: Duration,
}

impl QueueSpec {
    /// A queue with AWS's defaults: no delay, 30 s of invisibility, no dead-letter queue, 4 days.
    pub fn named(name: impl Into<String>) -> Self {
        let Settings { delay, visibility, retention, .. } = Settings::default();
        Self { name: name.into(), delay, visibility, max_receive_count: None, retention }
    }
}

pub(super) fn check_name(name: &str) -> Result<(), SqsError> {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || name.len() > 80 || !name.chars().all(legal) {
        let reason =
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";
        return Err(SqsError::InvalidParameterValue(reason.into()));
    }
    Ok(())
}

pub(super) fn check_visibility(visibility: Duration) -> Result<(), SqsError> {
    if visibility > MAX_VISIBILITY {
        return Err(SqsError::InvalidParameterValue(format!(
            "Value {} for parameter VisibilityTimeout is invalid. Reason: Must be between 0 and \
             43200, if provided.",
            visibility.as_secs()
        )));
    }
    Ok(())
}

/// Refuses settings out of AWS's ranges; `exists` tells whether there is a queue of that name for
/// dead letters.
pub(super) fn check(settings: &Settings, exists: impl Fn(&str) -> bool) -> Result<(), SqsError> {
    const RETENTION: [Duration; 2] = [Duration::from_secs(60), Duration::from_secs(14 * 24 * 3600)];
    let refuse = |name: &str| Err(SqsError::InvalidAttributeValue(name.to_string()));
    if settings.delay > MAX_DELAY {
        return refuse("DelaySeconds");
    }
    if settings.visibility > MAX_VISIBILITY {
        return refuse("VisibilityTimeout");
    }
    if !(RETENTION[0]..=RETENTION[1]).contains(&settings.retention) {
        return refuse("MessageRetentionPeriod");
    }
    if settings.receive_wait > Duration::from_secs(20) {
        return refuse("ReceiveMessageWaitTimeSeconds");
    }
    if !(1024..=MAX_MESSAGE_BYTES).contains(&settings.max_message_bytes) {
        return refuse("MaximumMessageSize");
    }
    match &settings.redrive {
        Some((count, target)) if !(1..=1000).contains(count) || !exists(target) => {
            refuse("RedrivePolicy")
        }
        _ => Ok(()),
    }
}

/// Applies attributes to settings, without checking ranges.
pub(super) fn apply(
    mut settings: Settings,
    attributes: &BTreeMap<String, String>,
) -> Result<Settings, SqsError> {
    for (name, value) in attributes {
        let refuse = || SqsError::InvalidAttributeValue(name.clone());
        let seconds = || value.parse().map(Duration::from_secs).map_err(|_| refuse());
        match name.as_str() {
            "DelaySeconds" => settings.delay = seconds()?,
            "VisibilityTimeout" => settings.visibility = seconds()?,
            "MessageRetentionPeriod" => settings.retention = seconds()?,
            "ReceiveMessageWaitTimeSeconds" => settings.receive_wait = seconds()?,
            "MaximumMessageSize" => {
                settings.max_message_bytes = value.parse().map_err(|_| refuse())?
            }
            "RedrivePolicy" => settings.redrive = read_redrive_policy(value).ok_or_else(refuse)?,
            "FifoQueue" => {
                return Err(SqsError::UnsupportedOperation(
                    "There are no FIFO queues here.".into(),
                ));
            }
            known if WITHOUT_EFFECT.contains(&known) => {}
            _ => return Err(SqsError::InvalidAttributeName(name.clone())),
        }
    }
    Ok(settings)
}

/// `Some(None)` is an empty policy, which removes the one there was.
fn read_redrive_policy(text: &str) -> Option<Option<(u32, String)>> {
    if text.is_empty() {
        return Some(None);
    }
    let policy: Value = serde_json::from_str(text).ok()?;
    // AWS takes the count as a number and as text; its own console writes text.
    let count = match &policy["maxReceiveCount"] {
        Value::String(text) => text.parse().ok()?,
        other => u32::try_from(other.as_u64()?).ok()?,
    };
    let target = queue_of_arn(policy["deadLetterTargetArn"].as_str()?)?;
    Some(Some((count, target.to_string())))
}

impl Sqs {
    /// Creates a queue and answers its URL. Again with the same attributes is no error.
    pub fn create(&self, spec: QueueSpec) -> Result<String, SqsError> {
        let QueueSpec { name, delay, visibility, max_receive_count: redrive, retention } = spec;
        self.create_with(
            &name,
            Settings { delay, visibility, retention, redrive, ..Settings::default() },
        )
    }

    fn create_with(&self, name: &str, settings: Settings) -> Result<String, SqsError> {
        check_name(name)?;
        let mut state = self.state();
        check(&settings, |target| state.queues.contains_key(target))?;
        match state.queues.get(name) {
            Some(existing) if existing.settings != settings => {
                return Err(SqsError::QueueNameExists);
            }
            Some(_) => {}
            None => {
                let queue = Queue::new(
                    name.to_string(),
                    self.queue_arn(name),
                    settings,
                    self.now_seconds(),
                );
                state.queues.insert(name.to_string(), queue);
            }
        }
        Ok(self.queue_url(name))
    }

    pub(super) fn create_from_attributes(
        &self,
        name: &str,
        attributes: &BTreeMap<String, String>,
    ) -> Result<String, SqsError> {
        self.create_with(name, apply(Settings::default(), attributes)?)
    }

    pub(super) fn set_attributes(
        &self,
        name: &str,
        attributes: &BTreeMap<String, String>,
    ) -> Result<(), SqsError> {
        let now_seconds = self.now_seconds();
        let mut state = self.state();
        let settings = apply(state.queue(name)?.settings.clone(), attributes)?;
        check(&settings, |target| state.queues.contains_key(target))?;
        let queue = state.queue(name)?;
        queue.settings = settings;
        queue.modified_seconds = now_seconds;
        Ok(())
    }

    /// The attributes of those names; `All` is every one.
    pub(super) fn attributes(
        &self,
        name: &str,
        wanted: &[String],
    ) -> Result<BTreeMap<&'static str, String>, SqsError> {
        let depth = self.depth(name)?;
        let mut state = self.state();
        let mut shown = show(state.queue(name)?, depth, |target| self.queue_arn(target));
        let known = |wanted: &str| {
            wanted == "All"
                || wanted == "RedrivePolicy"
                || WITHOUT_EFFECT.contains(&wanted)
                || shown.contains_key(wanted)
        };
        if let Some(unknown) = wanted.iter().find(|wanted| !known(wanted)) {
            return Err(SqsError::InvalidAttributeName(unknown.clone()));
        }
        shown.retain(|name, _| wanted.iter().any(|wanted| wanted == "All" || wanted == name));
        Ok(shown)
    }
}

fn show(
    queue: &Queue,
    depth: Depth,
    arn: impl Fn(&str) -> String,
) -> BTreeMap<&'static str, String> {
    let settings = &queue.settings;
    let mut shown = BTreeMap::from([
        ("QueueArn", queue.arn.clone()),
        ("CreatedTimestamp", queue.created_seconds.to_string()),
        ("LastModifiedTimestamp", queue.modified_seconds.to_string()),
        ("ApproximateNumberOfMessages", depth.visible.to_string()),
        ("ApproximateNumberOfMessagesDelayed", depth.delayed.to_string()),
        ("ApproximateNumberOfMessagesNotVisible", depth.in_flight.to_string()),
        ("DelaySeconds", settings.delay.as_secs().to_string()),
        ("VisibilityTimeout", settings.visibility.as_secs().to_string()),
        ("MessageRetentionPeriod", settings.retention.as_secs().to_string()),
        ("ReceiveMessageWaitTimeSeconds", settings.receive_wait.as_secs().to_string()),
        ("MaximumMessageSize", settings.max_message_bytes.to_string()),
    ]);
    if let Some((count, target)) = &settings.redrive {
        let policy = json!({ "deadLetterTargetArn": arn(target), "maxReceiveCount": count });
        shown.insert("RedrivePolicy", policy.to_string());
    }
    shown
}
