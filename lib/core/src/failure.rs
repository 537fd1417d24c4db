//! Why a job failed: a code for programs and one line for people.

mod stored;

use crate::actor::Actor;
use crate::foreign_text;
use serde_json::{Value, json};

/// The longest message that is kept, in characters. Providers sometimes answer with whole pages,
/// and one line of this length is enough.
const LONGEST_MESSAGE: usize = 500;

/// The longest text of a provider that goes to the log code. The log keeps 300 characters of it,
/// after secrets are removed.
const LONGEST_SAID: usize = 4_000;

/// The kinds of failure. They are few and documented for callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureCode {
    /// The provider's safety system refused the prompt or the video.
    ContentFiltered,
    /// The provider refused this order and would refuse it again.
    ProviderRefused,
    /// The render failed at the provider, and the order is not the reason.
    RenderFailed,
    /// The provider could not be reached or refused to serve us.
    ProviderUnavailable,
    /// The provider said that it was done, and gave no video.
    ProviderNoOutput,
    /// The finished video could not be stored.
    StorageUnavailable,
    /// The provider did not finish in time.
    TimedOut,
    /// Cancelled by its owner or the operator.
    Cancelled,
    /// The answer to the submission was lost. A second submission might render twice, so none is
    /// sent.
    SubmitUnknown,
    /// A code that a later version wrote. [`Failure::code_word`] has its word.
    Later,
}

impl FailureCode {
    /// All codes that this version knows.
    pub const ALL: [Self; 9] = [
        Self::ContentFiltered,
        Self::ProviderRefused,
        Self::RenderFailed,
        Self::ProviderUnavailable,
        Self::ProviderNoOutput,
        Self::StorageUnavailable,
        Self::TimedOut,
        Self::Cancelled,
        Self::SubmitUnknown,
    ];

    /// The word that callers see.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ContentFiltered => "content_filtered",
            Self::ProviderRefused => "provider_refused",
            Self::RenderFailed => "render_failed",
            Self::ProviderUnavailable => "provider_unavailable",
            Self::ProviderNoOutput => "provider_no_output",
            Self::StorageUnavailable => "storage_unavailable",
            Self::TimedOut => "timed_out",
            Self::Cancelled => "cancelled",
            Self::SubmitUnknown => "submit_unknown",
            Self::Later => "other",
        }
    }

    /// What happened, in the words of the callers' guide.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::ContentFiltered => "the provider's safety system refused the prompt or the video",
            Self::ProviderRefused => {
                "the provider refused this order; where `error` names a field, change it"
            }
            Self::RenderFailed => {
                "the provider began the render, and it failed by no fault of the order"
            }
            Self::ProviderUnavailable => {
                "the provider could not be reached for ten minutes, or does not serve us"
            }
            Self::ProviderNoOutput => {
                "the provider said that it was done, and gave no video that plays"
            }
            Self::StorageUnavailable => "the finished video could not be stored for a day",
            Self::TimedOut => "the provider did not finish in time",
            Self::Cancelled => "you cancelled it, or the operator did",
            Self::SubmitUnknown => {
                "the provider's answer was lost; it was not sent again, so that it is never rendered twice"
            }
            Self::Later => "something that this version does not know",
        }
    }

    /// Whether the same request may succeed when it is sent again. A provider refuses the same
    /// order again. All other failures may pass, or the caller wanted them. A later version's code
    /// counts as retryable: a retry costs the caller nothing.
    pub const fn is_retryable(self) -> bool {
        !matches!(self, Self::ContentFiltered | Self::ProviderRefused)
    }

    /// Whether the caller is the reason: by the prompt, or by cancelling.
    pub const fn is_the_callers(self) -> bool {
        matches!(self, Self::ContentFiltered | Self::Cancelled)
    }
}

/// Why a job failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub code: FailureCode,
    /// One line for people, at most 500 characters.
    pub message: String,
    /// The provider's own code, if it gave one.
    pub provider_code: Option<String>,
    /// The provider's text, for the log. Callers may not read it. It is not stored.
    pub said: Option<String>,
    /// A later version's word, in place of the code's own. It is stored and shown as it was read.
    pub later_code: Option<String>,
    /// The operator's person who ended the job. Callers are not shown it.
    pub actor: Option<Actor>,
}

impl Failure {
    /// Makes a failure. The message becomes one line of at most 500 characters.
    pub fn new(code: FailureCode, message: &str) -> Self {
        let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
        let message = foreign_text::shortened(&line, LONGEST_MESSAGE);
        Self { code, message, provider_code: None, said: None, later_code: None, actor: None }
    }

    /// Adds the operator's person who ended the job.
    pub fn by(self, actor: &Actor) -> Self {
        Self { actor: Some(actor.clone()), ..self }
    }

    /// The failure of a job that its caller cancelled.
    pub fn cancelled() -> Self {
        Self::new(FailureCode::Cancelled, "cancelled")
    }

    /// Adds the provider's own code: its plain characters, at most 100.
    pub fn with_provider_code(self, code: impl AsRef<str>) -> Self {
        Self { provider_code: foreign_text::word(code.as_ref()), ..self }
    }

    /// Adds the provider's text, for [`Self::said_about`].
    pub fn with_said(self, said: &str) -> Self {
        let said: String = said.chars().take(LONGEST_SAID).collect();
        Self { said: Some(said).filter(|said| !said.trim().is_empty()), ..self }
    }

    /// The failure as the operator's programs see it. The stored form differs, since the version
    /// before must be able to read that.
    pub fn shown(&self) -> Value {
        let mut shown = json!({"code": self.code_word(), "message": self.message});
        if let Some(code) = &self.provider_code {
            shown["provider_code"] = code.as_str().into();
        }
        if let Some(actor) = &self.actor {
            shown["actor"] = json!(actor);
        }
        shown
    }

    /// The word for programs: that of the code, or the later version's.
    pub fn code_word(&self) -> &str {
        self.later_code.as_deref().unwrap_or_else(|| self.code.as_str())
    }

    /// The provider's text for the log, without keys and without parts of these prompts.
    pub fn said_about(&self, prompts: &[&str]) -> Option<String> {
        self.said.as_ref().map(|said| foreign_text::for_the_log(said, prompts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_goes_to_the_log_only() {
        let failure = Failure::new(FailureCode::RenderFailed, "the render failed")
            .with_said("no 'a red cat' at gs://acme");
        let said = failure.said_about(&["a red cat", "gs"]);
        assert_eq!(said.as_deref(), Some("no '[prompt]' at [prompt]://acme"));
        let stored = serde_json::to_value(&failure).unwrap();
        let expected = json!({"code": "provider_unavailable", "exact_code": "render_failed", "message": "the render failed"});
        assert_eq!(stored, expected);
        assert_eq!(failure.with_said(" \n").said, None);
    }

    #[test]
    fn what_was_refused_is_refused_again_and_two_kinds_are_the_callers_doing() {
        let of = |holds: fn(FailureCode) -> bool| {
            FailureCode::ALL.into_iter().filter(|code| holds(*code)).collect()
        };
        let (retryable, callers): (Vec<_>, Vec<_>) =
            (of(FailureCode::is_retryable), of(FailureCode::is_the_callers));
        assert_eq!(retryable, FailureCode::ALL[2..]);
        assert_eq!(callers, [FailureCode::ContentFiltered, FailureCode::Cancelled]);
    }
}
