//! Why a command did not do what it was told, in a sentence that says what can be done about it.

use crate::output::moment;
use ghub::config::ConfigError;
use ghub::id::OrgId;
use ghub::money::{Money, MoneyOverflow};
use ghub::onboarding::NoKey;
use ghub::storage::StorageError;
use ghub::store::{KeyHash, StoreError};
use ghub::time::Timestamp;
use std::error::Error;
use std::path::PathBuf;
use std::{io, process::ExitCode};

/// A refusal or a failure. No key is ever part of one.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("{0}; `cargo admin --help` says where it comes from")]
    Configuration(ConfigError),
    #[error("{} cannot be read", file.display())]
    EnvFile { file: PathBuf, source: io::Error },
    #[error("{}:{number}: a line is NAME='value', a comment after #, or empty", file.display())]
    EnvLine { file: PathBuf, number: usize },
    #[error("there is no organization {0}")]
    NoSuchOrganization(OrgId),
    #[error("there is no key with the hash {0}")]
    NoSuchKey(KeyHash),
    #[error("--hash takes 64 digits of lower-case hex, as `key create` printed them")]
    NotAHash,
    #[error("no key came on standard input")]
    NoKeyRead,
    #[error(
        "the reference {reference} credited MXN {credited} on {}, so it cannot credit MXN {asked}; nothing was changed",
        moment(*.posted)
    )]
    AnotherAmount { reference: String, asked: Money, credited: Money, posted: Timestamp },
    #[error("so much money does not fit on one account; nothing was changed")]
    TooMuch(#[from] MoneyOverflow),
    #[error("nothing was changed: it wants --yes where there is no terminal to ask on")]
    NobodyToAsk,
    #[error("nothing was changed")]
    Declined,
    /// A write whose answer may have been lost. `again` may be run as often as one likes.
    #[error("this may be unfinished; running `cargo admin {again}` finishes it, and does nothing twice")]
    Unfinished { again: String, source: StoreError },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(
        "SUPABASE_SECRET_KEY_SECRET names no secret, and SUPABASE_SECRET_KEY is not set; `cargo admin --help` says more"
    )]
    NoStorageKey,
    /// Storage refused, and what can be done about it.
    #[error("storage did not do it. {todo}")]
    Storage { todo: String, source: StorageError },
    #[error("standard input or output failed")]
    Terminal(#[from] io::Error),
}

// Not `#[from]`: its sentence is part of ours, so it is no further cause.
impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Configuration(error)
    }
}

impl Failure {
    /// Prints the sentence and its causes to standard error, and gives the exit code.
    pub fn tell(&self) -> ExitCode {
        let mut said = self.to_string();
        eprintln!("error: {said}");
        let mut cause = self.source();
        while let Some(error) = cause {
            let sentence = error.to_string();
            if sentence != said {
                eprintln!("  because: {sentence}"); // some of the SDK's errors only repeat what they wrap
            }
            (said, cause) = (sentence, error.source());
        }
        match self {
            Self::NotAHash | Self::NoKeyRead => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    }

    /// A key that could not be made for this organization.
    pub fn no_key(org: OrgId, why: NoKey) -> Self {
        match why {
            NoKey::NoSuchOrganization => Self::NoSuchOrganization(org),
            NoKey::Store(error) => Self::Store(error),
        }
    }
}
