//! What a caller of SQS is refused, in the words and codes AWS uses.
//!
//! SQS moved from the query protocol to JSON and kept both names of every error: the shape goes
//! into `__type`, the older query code into the `x-amzn-query-error` header. Clients match on
//! either, so both are kept here.

use strum::IntoStaticStr;
use thiserror::Error;

/// A refused request. The text is what AWS answers, as far as it is documented.
#[derive(Clone, Debug, Error, IntoStaticStr, PartialEq, Eq)]
pub enum SqsError {
    /// No queue has that name.
    #[error("The specified queue does not exist.")]
    QueueDoesNotExist,
    /// A queue has that name, with other attributes.
    #[error("A queue already exists with the same name and a different value for attribute(s)")]
    QueueNameExists,
    /// The handle was not made by this queue.
    #[error("The input receipt handle \"{0}\" is not a valid receipt handle.")]
    ReceiptHandleIsInvalid(String),
    /// The message is visible again, so its visibility cannot be changed.
    #[error("The specified message isn't in flight.")]
    MessageNotInflight,
    /// A parameter is out of its range.
    #[error("{0}")]
    InvalidParameterValue(String),
    /// A required parameter is absent.
    #[error("The request must contain the parameter {0}.")]
    MissingParameter(&'static str),
    /// The queue has no attribute of that name.
    #[error("Unknown Attribute {0}.")]
    InvalidAttributeName(String),
    /// The queue attribute cannot have that value.
    #[error("Invalid value for the parameter {0}.")]
    InvalidAttributeValue(String),
    /// The body holds a character that XML does not allow.
    #[error(
        "Invalid binary character was found in the message body, the set of allowed characters is \
         #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF"
    )]
    InvalidMessageContents,
    /// A batch without entries.
    #[error("There should be at least one entry in the request.")]
    EmptyBatchRequest,
    /// A batch of more than ten entries.
    #[error("Maximum number of entries per request are 10. You have sent {0}.")]
    TooManyEntriesInBatchRequest(usize),
    /// Two entries of a batch carry the same id.
    #[error("Id {0} repeated.")]
    BatchEntryIdsNotDistinct(String),
    /// An entry's id is empty, too long, or has other characters than letters, digits, `-` and `_`.
    #[error(
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It \
         can be at most 80 letters long."
    )]
    InvalidBatchEntryId,
    /// The entries together are longer than one message may be.
    #[error("Batch requests cannot be longer than 1048576 bytes. You have sent {0} bytes.")]
    BatchRequestTooLong(usize),
    /// The queue was purged less than a minute ago.
    #[error("Only one PurgeQueue operation on {0} is allowed every 60 seconds.")]
    PurgeQueueInProgress(String),
    /// A message move names a queue that does not exist.
    #[error("The resource that you specified for the {0} parameter doesn't exist.")]
    #[strum(serialize = "ResourceNotFoundException")]
    ResourceNotFound(&'static str),
    /// This emulator, or SQS itself, does not do that.
    #[error("{0}")]
    UnsupportedOperation(String),
    /// The body is not the JSON that the operation takes.
    #[error("{0}")]
    #[strum(serialize = "SerializationException")]
    Serialization(String),
    /// `X-Amz-Target` names no operation.
    #[error("The operation {0} is not known.")]
    UnknownOperation(String),
    /// A failure that a test asked for; SDKs retry it.
    #[error("The request processing has failed because of an unknown error, exception or failure.")]
    InternalFailure,
}

impl SqsError {
    /// The shape for `__type`, with its namespace.
    pub fn shape(&self) -> String {
        match self {
            Self::InvalidParameterValue(_) => {
                "com.amazon.coral.service#InvalidParameterValueException".into()
            }
            Self::MissingParameter(_) => {
                "com.amazon.coral.service#MissingRequiredParameterException".into()
            }
            Self::Serialization(_) => "com.amazon.coral.service#SerializationException".into(),
            Self::UnknownOperation(_) => {
                "com.amazon.coral.service#UnknownOperationException".into()
            }
            Self::InternalFailure => "com.amazon.coral.service#InternalFailure".into(),
            other => format!("com.amazonaws.sqs#{}", other.name()),
        }
    }

    /// The older code, for the `x-amzn-query-error` header and for the failed entries of a batch.
    pub fn query_code(&self) -> String {
        match self {
            Self::QueueDoesNotExist => "AWS.SimpleQueueService.NonExistentQueue".into(),
            Self::QueueNameExists => "QueueAlreadyExists".into(),
            Self::MessageNotInflight
            | Self::EmptyBatchRequest
            | Self::TooManyEntriesInBatchRequest(_)
            | Self::BatchEntryIdsNotDistinct(_)
            | Self::InvalidBatchEntryId
            | Self::BatchRequestTooLong(_)
            | Self::PurgeQueueInProgress(_)
            | Self::UnsupportedOperation(_) => format!("AWS.SimpleQueueService.{}", self.name()),
            _ => self.name().into(),
        }
    }

    /// The HTTP status. SQS answers nearly everything with 400, a missing queue included.
    pub fn status(&self) -> u16 {
        match self {
            Self::ResourceNotFound(_) => 404,
            Self::InternalFailure => 500,
            _ => 400,
        }
    }

    /// Whether the sender is at fault, which tells an SDK not to try again.
    pub fn is_senders_fault(&self) -> bool {
        self.status() < 500
    }

    fn name(&self) -> &'static str {
        self.into()
    }
}
