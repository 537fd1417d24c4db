//! Why a job failed: a line for the caller and a code for programs.

use serde::{Deserialize, Serialize};

/// The longest line of cause that is kept. Providers answer with whole pages at times; a line of this length says why.
const LONGEST_MESSAGE: usize = 500;

/// A provider's word for a failure is a name; what is longer would only fill the job's item.
const LONGEST_CODE: usize = 100;

/// The kinds of failure, few and documented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailureCode {
    /// The provider's safety system refused the prompt or the video.
    ContentFiltered,
    /// The provider refused the request, or its render failed.
    ProviderRefused,
    /// The provider could not be reached or would not serve us.
    ProviderUnavailable,
    /// The provider said it was done and gave no video.
    ProviderNoOutput,
    /// The finished video could not be stored.
    StorageUnavailable,
    /// The provider did not finish in time.
    TimedOut,
    /// Cancelled by its owner or the operator.
    Cancelled,
    /// The answer to the submission was lost; sending it again might have rendered twice.
    SubmitUnknown,
}

impl FailureCode {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::ContentFiltered,
        Self::ProviderRefused,
        Self::ProviderUnavailable,
        Self::ProviderNoOutput,
        Self::StorageUnavailable,
        Self::TimedOut,
        Self::Cancelled,
        Self::SubmitUnknown,
    ];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ContentFiltered => "content_filtered",
            Self::ProviderRefused => "provider_refused",
            Self::ProviderUnavailable => "provider_unavailable",
            Self::ProviderNoOutput => "provider_no_output",
            Self::StorageUnavailable => "storage_unavailable",
            Self::TimedOut => "timed_out",
            Self::Cancelled => "cancelled",
            Self::SubmitUnknown => "submit_unknown",
        }
    }

    /// Whether the same request may succeed when it is sent again. What a provider refused it refuses again; all else passes, or was
    /// somebody's wish.
    pub const fn is_retryable(self) -> bool {
        !matches!(self, Self::ContentFiltered | Self::ProviderRefused)
    }

    /// Whether the caller brought it about: by what the prompt asked for, or by cancelling.
    pub const fn is_the_callers(self) -> bool {
        matches!(self, Self::ContentFiltered | Self::Cancelled)
    }
}

/// Why a job failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// For programs.
    pub code: FailureCode,
    /// One line for people.
    pub message: String,
    /// The provider's own word for it, when it gave one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub provider_code: Option<String>,
}

impl Failure {
    /// A failure whose message is made one line, at most 500 characters long.
    pub fn new(code: FailureCode, message: &str) -> Self {
        let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
        let message = match line.char_indices().nth(LONGEST_MESSAGE) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line,
        };
        Self { code, message, provider_code: None }
    }

    /// It was cancelled by who submitted it.
    pub fn cancelled() -> Self {
        Self::new(FailureCode::Cancelled, "cancelled")
    }

    /// With the provider's own word, at most 100 characters of it.
    pub fn with_provider_code(self, code: impl Into<String>) -> Self {
        let code: String = code.into().chars().take(LONGEST_CODE).collect();
        Self { provider_code: Some(code), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_stored_as_it_is_shown() {
        for code in FailureCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
    }

    #[test]
    fn what_was_refused_is_refused_again_and_two_kinds_are_the_callers_doing() {
        let of = |holds: fn(FailureCode) -> bool| FailureCode::ALL.into_iter().filter(|code| holds(*code)).collect();
        let (retryable, callers): (Vec<_>, Vec<_>) = (of(FailureCode::is_retryable), of(FailureCode::is_the_callers));
        assert_eq!(retryable, FailureCode::ALL[2..]);
        assert_eq!(callers, [FailureCode::ContentFiltered, FailureCode::Cancelled]);
    }
}
