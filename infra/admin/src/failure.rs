//! Why a command did not do what it was asked to do. Each message says what the operator can do
//! about it.

use crate::output::moment;
use ghub::config::{ConfigError, Env};
use ghub::env_file::EnvFileError;
use ghub::error::BoxError;
use ghub::foreign_text::printable;
use ghub::id::{JobId, OrgId};
use ghub::money::{Money, MoneyOverflow};
use ghub::onboarding::NoKey;
use ghub::outbound::WireError;
use ghub::secrets::Unusable;
use ghub::status::Status;
use ghub::storage::StorageError;
use ghub::store::{KeyHash, StoreError};
use ghub::time::Timestamp;
use std::error::Error;
use std::{io, process::ExitCode};

/// A refusal or a failure. Its message never contains a key.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("{0}; `cargo admin --help` says where it comes from")]
    Configuration(ConfigError),
    #[error(transparent)]
    EnvFile(#[from] EnvFileError),
    #[error("there is no organization {0}")]
    NoSuchOrganization(OrgId),
    #[error("there is no job {0}")]
    NoSuchJob(JobId),
    #[error("{0} cannot be asked, because its secret cannot be used: {1}; nothing was changed")]
    ProviderSecret(&'static str, Unusable),
    #[error("job {0} is {status}, and that is final; nothing was changed", status = .1.as_str())]
    JobIsOver(JobId, Status),
    #[error("job {0} is {status}, and was charged nothing: only a completed job is, and a sandbox's never, so there is nothing to refund", status = .1.as_str())]
    NotCharged(JobId, Status),
    #[error("job {job} was refunded MXN {amount} on {}; a job is refunded once, and nothing was changed", moment(*.posted))]
    RefundedBefore { job: JobId, amount: Money, posted: Timestamp },
    #[error(
        "the provider has finished job {0}, so it is being stored and will be charged; with --discard it fails, and the paid \
         render is thrown away"
    )]
    RenderFinished(JobId),
    #[error(
        "the provider did not say whether job {0} is finished, so nothing was changed; try again, or use --discard, which \
         also throws away a finished render"
    )]
    ProviderSilent(JobId),
    #[error(
        "the provider of job {0} cannot be stopped, so its render goes on; nothing was changed; with --discard the job fails, \
         and the paid render is thrown away"
    )]
    CannotBeStopped(JobId),
    #[error("another worker acts on job {0} until {until}; nothing was changed, try again then", until = moment(*.1))]
    JobIsTaken(JobId, Timestamp),
    #[error("the job could not be processed; it is unchanged, or the sweep finds it")]
    Job(#[source] BoxError),
    /// The queue does not exist, refuses or does not answer.
    #[error("{what} could not be {done}")]
    Queue { what: String, done: &'static str, source: BoxError },
    #[error("{0} has no dead-letter queue: deploy template.yaml again")]
    NoDeadLetters(String),
    #[error("there is no key with the hash {0}")]
    NoSuchKey(KeyHash),
    #[error("--hash takes 64 digits of lower-case hex, as `key create` printed them")]
    NotAHash,
    #[error("no key came on standard input")]
    NoKeyRead,
    #[error(
        "the reference {reference} posted MXN {before} on {}, so it cannot post MXN {asked}; nothing was changed",
        moment(*.posted)
    )]
    AnotherAmount { reference: String, asked: Money, before: Money, posted: Timestamp },
    #[error("an account cannot hold so much money; nothing was changed")]
    TooMuch(#[from] MoneyOverflow),
    #[error(
        "there are {0} organizations, and at most {1} are searched one by one: add --open or --stuck, or name one with \
         --org"
    )]
    TooManyOrganizations(usize, usize),
    #[error("nothing was changed: give --name, --contact or both")]
    NothingToSet,
    #[error("nothing was changed: there is no terminal to ask on, so add --yes")]
    NoTerminal,
    #[error("nothing was changed")]
    Declined,
    /// A write whose answer may be lost. The command `again` may be run any number of times.
    #[error(
        "this may be unfinished; running `cargo admin {again}` finishes it, and does nothing twice"
    )]
    Unfinished { again: String, source: StoreError },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(
        "SUPABASE_SECRET_KEY_SECRET names no secret, and SUPABASE_SECRET_KEY is not set; `cargo admin --help` says more"
    )]
    NoStorageKey,
    /// Storage refused. `todo` says what to do about it.
    #[error("storage did not do it. {todo}")]
    Storage { todo: String, source: StorageError },
    /// The service is not at AWS, such as that of the local system.
    #[error("nothing answers at {0}; is `cargo local up` running?")]
    NothingAnswers(String),
    #[error("standard input or output failed")]
    Terminal(#[from] io::Error),
}

// Not `#[from]`: the message already contains the sentence of the cause.
impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Configuration(error)
    }
}

impl Failure {
    /// Prints the message and its causes to standard error, and returns the exit code.
    pub fn tell(&self) -> ExitCode {
        let mut said = self.to_string();
        eprintln!("error: {}", printable(&said));
        let mut cause = self.source();
        while let Some(error) = cause {
            let sentence = error.to_string();
            if sentence != said {
                // some errors of the SDK only repeat the error inside them
                eprintln!("  because: {}", printable(&sentence));
            }
            (said, cause) = (sentence, error.source());
        }
        match self {
            Self::NotAHash | Self::NoKeyRead | Self::NothingToSet => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    }

    /// The same failure. If no connection was accepted, it becomes a failure that names the
    /// address.
    pub fn at(self, env: &Env) -> Self {
        let service = match &self {
            Self::Store(_) => "DYNAMODB",
            Self::Queue { .. } => "SQS",
            _ => return self,
        };
        let endpoint = env.aws_endpoint(service).filter(|_| was_not_sent(&self));
        endpoint.map_or(self, |endpoint| Self::NothingAnswers(endpoint.to_owned()))
    }

    /// Why no key could be created for this organization.
    pub fn no_key(org: OrgId, why: NoKey) -> Self {
        match why {
            NoKey::NoSuchOrganization => Self::NoSuchOrganization(org),
            NoKey::Store(error) => Self::Store(error),
        }
    }
}

fn was_not_sent(failure: &Failure) -> bool {
    let mut cause = failure.source();
    while let Some(error) = cause {
        if let Some(WireError::NotSent(_)) = error.downcast_ref() {
            return true;
        }
        cause = error.source();
    }
    false
}
