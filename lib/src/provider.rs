//! The providers as pure translation: a job becomes a request, a reply becomes what it means for the job. Nothing here sends,
//! sleeps, logs or reads the environment; `outbound` is the one sender.

pub mod fal;

use crate::job::{Failure, FailureCode, Job};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

/// Who renders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// fal.ai, its queue API.
    Fal,
    /// Google Veo on Vertex AI.
    Google,
}

/// What a provider calls a job that it took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Handle {
    /// fal's request and its addresses.
    Fal(fal::Handle),
}

/// A request to be sent to a provider. It names the credential that goes with it and never holds one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The HTTP method.
    pub method: Method,
    /// Where to. The sender refuses to send the credential anywhere but to the provider's configured origin.
    pub url: Url,
    /// Whose credential goes with it.
    pub credential: Provider,
    /// A JSON body.
    pub body: Option<Value>,
}

/// The methods that providers are called with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Submits.
    Post,
    /// Cancels.
    Put,
}

/// A provider's whole reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body, at most as long as the sender reads.
    pub body: Vec<u8>,
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
        /// Where it can be fetched, without a credential.
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
    /// It will not render, or it is unknown there.
    Stopped,
    /// It was asked to stop; it may still finish.
    Asked,
    /// It had finished before.
    AlreadyDone,
    /// The reply makes no sense.
    Trouble(String),
}

/// How each provider is spoken to; absent ones are not configured, and their models are not available.
#[derive(Debug, Clone, Default)]
pub struct Providers {
    /// fal, when it is configured.
    pub fal: Option<fal::Fal>,
}

impl Providers {
    /// Whether models of this provider can be used.
    pub const fn serve(&self, provider: Provider) -> bool {
        match provider {
            Provider::Fal => self.fal.is_some(),
            Provider::Google => false,
        }
    }

    /// The request that submits a job; a failure when the job cannot be expressed there any more.
    pub fn submit(&self, job: &Job) -> Result<Request, Failure> {
        match (job.provider, &self.fal) {
            (Provider::Fal, Some(fal)) => fal.submit(job),
            (Provider::Fal, None) | (Provider::Google, _) => Err(not_configured(job.provider)),
        }
    }

    /// What the reply to a submission means.
    pub fn submitted(&self, job: &Job, reply: &Reply) -> Submitted {
        match (job.provider, &self.fal) {
            (Provider::Fal, Some(fal)) => fal.submitted(job, reply),
            (Provider::Fal, None) | (Provider::Google, _) => {
                Submitted::NotTaken("the provider is not configured".to_owned())
            }
        }
    }

    /// The first request of a look at a job.
    pub fn check(&self, handle: &Handle) -> Result<Request, Failure> {
        match (handle, &self.fal) {
            (Handle::Fal(handle), Some(fal)) => fal.status(handle),
            (Handle::Fal(_), None) => Err(not_configured(Provider::Fal)),
        }
    }

    /// What a reply to [`Self::check`] means.
    pub fn checked(&self, handle: &Handle, reply: &Reply) -> Checked {
        match (handle, &self.fal) {
            (Handle::Fal(handle), Some(fal)) => fal.status_read(handle, reply),
            (Handle::Fal(_), None) => Checked::Trouble("the provider is not configured".to_owned()),
        }
    }

    /// What a reply to the request of [`Checked::Ask`] means.
    pub fn verdict(&self, handle: &Handle, reply: &Reply) -> Checked {
        match handle {
            Handle::Fal(_) => fal::result_read(reply),
        }
    }

    /// The request that asks the provider to stop, where it can be asked.
    pub fn cancel(&self, handle: &Handle) -> Option<Request> {
        match (handle, &self.fal) {
            (Handle::Fal(handle), Some(fal)) => fal.cancel(handle).ok(),
            (Handle::Fal(_), None) => None,
        }
    }

    /// What the reply to [`Self::cancel`] means.
    pub fn cancelled(&self, handle: &Handle, reply: &Reply) -> Cancelled {
        match handle {
            Handle::Fal(_) => fal::cancel_read(reply),
        }
    }
}

fn not_configured(provider: Provider) -> Failure {
    let name = match provider {
        Provider::Fal => "fal.ai",
        Provider::Google => "Google",
    };
    Failure::new(FailureCode::ProviderUnavailable, &format!("{name} is not configured"))
}
