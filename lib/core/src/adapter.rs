//! The providers as pure translation: a job becomes a request, a reply becomes what it means for
//! the job. Nothing here sends, sleeps, logs or reads the environment; `outbound` is the one
//! sender.

mod exchange;
pub mod fal;
mod filter;
pub mod google;
pub mod sandbox;

pub use exchange::{Headers, Method, Reply, Request};

use crate::failure::{Failure, FailureCode};
use crate::id::JobKey;
use crate::provider::Provider;
use crate::terms::Terms;
use serde::{Deserialize, Serialize};
use url::Url;

/// The longest address that is kept on a job. A signed URL has about 1,000 characters; a job's item
/// holds 400 KB in all.
const LONGEST_ADDRESS: usize = 4096;

/// What a provider calls a job that it took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Handle {
    /// fal's request and its addresses.
    Fal(fal::Handle),
    /// Google's operation.
    Google(google::Handle),
    /// The sandbox's job.
    Sandbox(sandbox::Handle),
}

/// What the reply to a submission means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Submitted {
    /// The provider took it.
    Accepted(Handle),
    /// The provider refused it for good.
    Refused(Failure),
    /// The provider certainly did not take it, for a reason that is not the caller's and may pass.
    NotTaken(String),
    /// It may or may not render: it must never be sent again.
    Unknown(String),
}

/// What the reply to a look at a job means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checked {
    /// Waiting its turn.
    Queued,
    /// Being rendered.
    Rendering,
    /// Finished one way or the other: this request tells which.
    Ask(Request),
    /// Rendered: the file is here.
    Done {
        /// Where it is; [`Providers::file`] says how it is fetched.
        file_url: String,
    },
    /// The provider's verdict.
    Failed(Failure),
    /// No verdict: a passing error, or a reply that makes no sense.
    Trouble(String),
}

/// What the reply to a cancellation means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cancelled {
    /// It has stopped.
    Stopped,
    /// It is unknown there.
    Unknown,
    /// It has begun, and was asked to stop; it may still finish.
    Asked,
    /// It had finished before.
    AlreadyDone,
    /// The reply makes no sense.
    Trouble(String),
}

/// How a finished file is fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileSource {
    /// From this address, as anybody could.
    Public(String),
    /// By this request, with the provider's credential.
    Private(Request),
    /// By this request, out of the JSON of its reply.
    Inline(Request),
}

/// How each provider is spoken to; absent ones are not configured, and their models are not
/// available.
#[derive(Debug, Clone, Default)]
pub struct Providers {
    /// fal, when it is configured.
    pub fal: Option<fal::Fal>,
    /// Google, when it is configured.
    pub google: Option<google::Google>,
}

/// Whether a reply says that the provider refuses the operator's account: its key, its rights, its
/// money.
pub fn refuses_our_account(provider: Provider, reply: &Reply) -> bool {
    match provider {
        Provider::Fal => fal::refuses_our_account(reply),
        Provider::Google => google::refuses_our_account(reply),
        Provider::Sandbox => false,
    }
}

impl Providers {
    /// Where they answer.
    pub fn urls(&self) -> Vec<Url> {
        let fal = self.fal.as_ref().map(fal::Fal::url);
        fal.into_iter().chain(self.google.as_ref().map(|google| &google.api_url)).cloned().collect()
    }

    /// The request that submits a job; a failure when the job cannot be expressed there any more.
    pub fn submit(&self, job: JobKey, terms: &Terms) -> Result<Request, Failure> {
        match terms.provider() {
            Provider::Fal => self.fal()?.submit(terms),
            Provider::Google => Ok(self.google()?.submit(job, terms)),
            Provider::Sandbox => Ok(sandbox::submit(terms)),
        }
    }

    /// What the reply to a submission means.
    pub fn submitted(&self, terms: &Terms, reply: &Reply) -> Submitted {
        let meaning = match terms.provider() {
            Provider::Fal => self.fal().map(|fal| fal.submitted(terms, reply)),
            Provider::Google => self.google().map(|google| google.submitted(terms, reply)),
            Provider::Sandbox => Ok(sandbox::submitted(reply)),
        };
        meaning.unwrap_or_else(|failure| Submitted::Unknown(failure.message))
    }

    /// The first request of a look at a job.
    pub fn check(&self, handle: &Handle) -> Result<Request, Failure> {
        match handle {
            Handle::Fal(handle) => self.fal()?.status(handle),
            Handle::Google(handle) => Ok(self.google()?.check(handle)),
            Handle::Sandbox(handle) => Ok(sandbox::check(handle)),
        }
    }

    /// What a reply to [`Self::check`] means.
    pub fn checked(&self, handle: &Handle, reply: &Reply) -> Checked {
        let meaning = match handle {
            Handle::Fal(handle) => self.fal().map(|fal| fal.status_read(handle, reply)),
            Handle::Google(_) => self.google().map(|google| google.checked(reply)),
            Handle::Sandbox(_) => Ok(sandbox::checked(reply)),
        };
        meaning.unwrap_or_else(|failure| Checked::Trouble(failure.message))
    }

    /// What a reply to the request of [`Checked::Ask`] means.
    pub fn verdict(&self, handle: &Handle, reply: &Reply) -> Checked {
        match handle {
            Handle::Fal(handle) => {
                let meaning = self.fal().map(|fal| fal.result_read(handle, reply));
                meaning.unwrap_or_else(|failure| Checked::Trouble(failure.message))
            }
            Handle::Google(_) | Handle::Sandbox(_) => self.checked(handle, reply),
        }
    }

    /// The request that asks the provider to stop; `None` where it cannot be asked.
    pub fn cancel(&self, handle: &Handle) -> Option<Request> {
        match handle {
            Handle::Fal(handle) => self.fal().ok()?.cancel(handle).ok(),
            Handle::Google(_) => None,
            Handle::Sandbox(handle) => Some(sandbox::cancel(handle)),
        }
    }

    /// What the reply to [`Self::cancel`] means.
    pub fn cancelled(&self, handle: &Handle, reply: &Reply) -> Cancelled {
        match handle {
            Handle::Fal(_) => fal::cancel_read(reply),
            Handle::Google(_) => {
                Cancelled::Trouble("Google's operations cannot be stopped".to_owned())
            }
            Handle::Sandbox(_) => sandbox::cancelled(reply),
        }
    }

    /// How the finished file at this address is fetched.
    pub fn file(&self, handle: &Handle, file_url: &str) -> Result<FileSource, Failure> {
        match handle {
            Handle::Fal(_) => Ok(FileSource::Public(file_url.to_owned())),
            Handle::Google(handle) => self.google()?.file(handle, file_url),
            Handle::Sandbox(_) => Ok(sandbox::file()),
        }
    }

    /// The request that removes the provider's own copy of a file, where that is the operator's: a
    /// bucket at Google.
    pub fn remove(&self, handle: &Handle, file_url: &str) -> Option<Request> {
        match handle {
            Handle::Google(_) => self.google().ok()?.remove(file_url),
            Handle::Fal(_) | Handle::Sandbox(_) => None,
        }
    }

    fn fal(&self) -> Result<&fal::Fal, Failure> {
        self.fal.as_ref().ok_or_else(|| {
            Failure::new(FailureCode::ProviderUnavailable, "fal.ai is not configured")
        })
    }

    fn google(&self) -> Result<&google::Google, Failure> {
        self.google.as_ref().ok_or_else(|| {
            Failure::new(FailureCode::ProviderUnavailable, "Google is not configured")
        })
    }
}
