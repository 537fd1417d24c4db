//! Errors of DynamoDB, and which of them are retried.

use super::Store;
use crate::error::BoxError;
use crate::outbound::WireError;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::CancellationReason;
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;

/// Why a call of the store failed, after its retries.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// DynamoDB is overloaded or cannot be reached, or too many transactions met on one account. A
    /// write may have been committed or not.
    #[error("the store is unavailable")]
    Unavailable(#[source] BoxError),
    /// A retry fails too: a bug, a missing table or permission, or an item that cannot be read.
    #[error("the store refused")]
    Broken(#[source] BoxError),
}

/// How long an operation is retried. A hundred transactions on one account at once are all answered
/// within 2 s. A caller waits 4 s at most.
pub(super) const BUDGET: Duration = Duration::from_secs(4);
/// The waits between attempts, with full jitter. A transaction takes about 12 ms: the first wait
/// covers one, the longest covers thirty.
const FIRST_WAIT: Duration = Duration::from_millis(20);
const LONGEST_WAIT: Duration = Duration::from_millis(400);

/// Error codes after which the same request may succeed.
const PASSING: [&str; 9] = [
    "TransactionConflict",
    "TransactionConflictException",
    "TransactionInProgressException",
    "ThrottlingError",
    "ThrottlingException",
    "ProvisionedThroughputExceeded",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "InternalServerError",
];

/// Why one attempt failed: `Passing` is retried, `Final` is not.
pub(super) enum Trouble {
    Passing(BoxError),
    Final(BoxError),
}

/// An item of DynamoDB, such as the one that failed a condition.
pub(super) type Item = HashMap<String, aws_sdk_dynamodb::types::AttributeValue>;

/// Says whether an error is retried. The error is not a failed condition.
pub(super) fn trouble<E>(error: SdkError<E>) -> Trouble
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let passing = match &error {
        SdkError::ServiceError(service) => {
            service.raw().status().is_server_error()
                || service.err().code().is_some_and(|code| PASSING.contains(&code))
        }
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => {
            true
        }
        _ => false,
    };
    if passing { Trouble::Passing(error.into()) } else { Trouble::Final(error.into()) }
}

/// Whether a write may be committed although it ended in this error. It was sent, and DynamoDB did
/// not say that it was refused.
pub(super) fn may_stand<E>(error: &SdkError<E>) -> bool {
    match error {
        SdkError::ServiceError(service) => service.raw().status().is_server_error(),
        SdkError::ConstructionFailure(_) => false,
        SdkError::DispatchFailure(failure) => {
            failure.as_connector_error().is_none_or(|error| !was_not_sent(error))
        }
        _ => true,
    }
}

fn was_not_sent(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(WireError::NotSent(_)) = error.downcast_ref() {
            return true;
        }
        next = error.source();
    }
    false
}

/// The cancellation reasons of a transaction that failed on a condition, one for each of its
/// writes. Every other error is sorted as by [`trouble`].
pub(super) fn refused(
    error: SdkError<TransactWriteItemsError>,
) -> Result<Vec<CancellationReason>, Trouble> {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
        error.as_service_error()
    else {
        return Err(trouble(error));
    };
    let reasons = cancelled.cancellation_reasons();
    let any =
        |code: &dyn Fn(&str) -> bool| reasons.iter().filter_map(CancellationReason::code).any(code);
    // If there is a conflict too, the failed condition may not be the whole answer: the other
    // transaction may change what decides. So the transaction is retried.
    if any(&|code| PASSING.contains(&code)) {
        Err(Trouble::Passing(error.into()))
    } else if any(&|code| code == "ConditionalCheckFailed") {
        Ok(reasons.to_vec())
    } else {
        Err(Trouble::Final(error.into()))
    }
}

impl Store {
    /// Repeats `attempt` while it ends in passing trouble, with jitter, until the store's budget
    /// ends.
    pub(super) async fn retry<T, F>(&self, attempt: impl Fn() -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, Trouble>> + Send,
    {
        self.retry_until(Instant::now() + self.budget, attempt).await
    }

    /// As [`Store::retry`], until a moment that several operations share.
    pub(super) async fn retry_until<T, F>(
        &self,
        end: Instant,
        attempt: impl Fn() -> F,
    ) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, Trouble>> + Send,
    {
        let mut most = FIRST_WAIT;
        loop {
            let error = match tokio::time::timeout_at(end, Box::pin(attempt())).await {
                Ok(Ok(value)) => return Ok(value),
                Ok(Err(Trouble::Final(error))) => return Err(StoreError::Broken(error)),
                Ok(Err(Trouble::Passing(error))) => error,
                Err(elapsed) => return Err(StoreError::Unavailable(elapsed.into())),
            };
            if Instant::now() + most > end {
                return Err(StoreError::Unavailable(error));
            }
            tokio::time::sleep(self.ambient.jitter(most)).await;
            most = (most * 2).min(LONGEST_WAIT);
        }
    }
}
