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
use crate::provider::{ByProvider, Provider};
use crate::terms::Terms;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;
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
    Google(google::Handle),
    Sandbox(sandbox::Handle),
}

impl Handle {
    /// The provider that gave it.
    pub const fn provider(&self) -> Provider {
        match self {
            Self::Fal(_) => Provider::Fal,
            Self::Google(_) => Provider::Google,
            Self::Sandbox(_) => Provider::Sandbox,
        }
    }

    /// The provider's own id of the job, for the operator.
    pub fn id(&self) -> &str {
        match self {
            Self::Fal(handle) => &handle.request_id,
            Self::Google(handle) => &handle.operation,
            Self::Sandbox(handle) => handle.outcome.marker(),
        }
    }
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
    Queued,
    Rendering,
    /// Finished one way or the other: this request tells which.
    Ask(Request),
    /// Rendered: the file is here.
    Done {
        /// Where it is; [`Providers::file`] says how it is fetched.
        file_url: String,
    },
    Failed(Failure),
    /// No verdict: a passing error, or a reply that makes no sense.
    Trouble(String),
}

/// What the reply to a cancellation means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cancelled {
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
    /// From this address, as any client can.
    Public(String),
    /// By this request, with the provider's credential.
    Private(Request),
    /// By this request, out of the JSON of its reply.
    Inline(Request),
}

/// How one provider is spoken to. An adapter only translates: it makes requests, and says what
/// their replies mean. It does no I/O.
///
/// A method that takes a handle is called with handles of its own provider.
pub trait Adapter: fmt::Debug + Send + Sync {
    /// Where jobs are submitted; none for a provider in this process.
    fn url(&self) -> Option<&Url>;

    /// Whether the provider's credential may go to this address.
    fn is_own(&self, url: &Url) -> bool;

    /// The request that submits a job; a failure when the job cannot be expressed there any more.
    fn submit(&self, job: JobKey, terms: &Terms) -> Result<Request, Failure>;

    /// What the reply to a submission means.
    fn submitted(&self, terms: &Terms, reply: &Reply) -> Submitted;

    /// The first request of a look at a job.
    fn check(&self, handle: &Handle) -> Result<Request, Failure>;

    /// What a reply to [`Self::check`] means.
    fn checked(&self, handle: &Handle, reply: &Reply) -> Checked;

    /// What a reply to the request of [`Checked::Ask`] means.
    fn verdict(&self, handle: &Handle, reply: &Reply) -> Checked {
        self.checked(handle, reply)
    }

    /// The request that asks the provider to stop; `None` where it cannot be asked.
    fn cancel(&self, _handle: &Handle) -> Option<Request> {
        None
    }

    /// What the reply to [`Self::cancel`] means.
    fn cancelled(&self, _reply: &Reply) -> Cancelled {
        Cancelled::Trouble("this provider's renders cannot be stopped".to_owned())
    }

    /// How the finished file at this address is fetched. Without a method of its own, a provider's
    /// files are public.
    fn file(&self, _handle: &Handle, file_url: &str) -> Result<FileSource, Failure> {
        Ok(FileSource::Public(file_url.to_owned()))
    }

    /// The request that removes the provider's own copy of a file, where that is the operator's: a
    /// bucket at Google.
    fn remove(&self, _file_url: &str) -> Option<Request> {
        None
    }

    /// Whether a reply says that the provider refuses the operator's account: its key, its rights,
    /// its money.
    fn refuses_our_account(&self, reply: &Reply) -> bool;
}

/// The adapters of the providers that are configured. The models of other providers are not
/// available. Clones share the adapters.
#[derive(Debug, Clone)]
pub struct Providers(ByProvider<Option<Arc<dyn Adapter>>>);

impl Providers {
    /// `None` stands for a provider that is not configured.
    pub const fn new(adapters: ByProvider<Option<Arc<dyn Adapter>>>) -> Self {
        Self(adapters)
    }

    /// The adapter of this provider; a failure if it is not configured.
    pub fn of(&self, provider: Provider) -> Result<&dyn Adapter, Failure> {
        self.0.of(provider).as_deref().ok_or_else(|| {
            let message = format!("{} is not configured", provider.name());
            Failure::new(FailureCode::ProviderUnavailable, &message)
        })
    }

    /// The address of each adapter that has one.
    pub fn urls(&self) -> Vec<Url> {
        self.0.values().flatten().filter_map(|adapter| adapter.url().cloned()).collect()
    }

    /// The request that submits a job; a failure when the job cannot be expressed there any more.
    pub fn submit(&self, job: JobKey, terms: &Terms) -> Result<Request, Failure> {
        self.of(terms.provider())?.submit(job, terms)
    }

    /// What the reply to a submission means.
    pub fn submitted(&self, terms: &Terms, reply: &Reply) -> Submitted {
        match self.of(terms.provider()) {
            Ok(adapter) => adapter.submitted(terms, reply),
            Err(failure) => Submitted::Unknown(failure.message),
        }
    }

    /// The first request of a look at a job.
    pub fn check(&self, handle: &Handle) -> Result<Request, Failure> {
        self.of(handle.provider())?.check(handle)
    }

    /// What a reply to [`Self::check`] means.
    pub fn checked(&self, handle: &Handle, reply: &Reply) -> Checked {
        match self.of(handle.provider()) {
            Ok(adapter) => adapter.checked(handle, reply),
            Err(failure) => Checked::Trouble(failure.message),
        }
    }

    /// What a reply to the request of [`Checked::Ask`] means.
    pub fn verdict(&self, handle: &Handle, reply: &Reply) -> Checked {
        match self.of(handle.provider()) {
            Ok(adapter) => adapter.verdict(handle, reply),
            Err(failure) => Checked::Trouble(failure.message),
        }
    }

    /// The request that asks the provider to stop; `None` where it cannot be asked.
    pub fn cancel(&self, handle: &Handle) -> Option<Request> {
        self.of(handle.provider()).ok()?.cancel(handle)
    }

    /// What the reply to [`Self::cancel`] means.
    pub fn cancelled(&self, handle: &Handle, reply: &Reply) -> Cancelled {
        match self.of(handle.provider()) {
            Ok(adapter) => adapter.cancelled(reply),
            Err(failure) => Cancelled::Trouble(failure.message),
        }
    }

    /// How the finished file at this address is fetched. A public file needs no adapter, so the
    /// function that stores files needs no secret of that provider.
    pub fn file(&self, handle: &Handle, file_url: &str) -> Result<FileSource, Failure> {
        if handle.provider().about().has_public_files {
            return Ok(FileSource::Public(file_url.to_owned()));
        }
        self.of(handle.provider())?.file(handle, file_url)
    }

    /// The request that removes the provider's own copy of a file, where that is the operator's: a
    /// bucket at Google.
    pub fn remove(&self, handle: &Handle, file_url: &str) -> Option<Request> {
        self.of(handle.provider()).ok()?.remove(file_url)
    }
}

/// A handle of another provider came to an adapter.
fn foreign() -> Failure {
    Failure::new(FailureCode::ProviderUnavailable, "the provider did not give this handle")
}
