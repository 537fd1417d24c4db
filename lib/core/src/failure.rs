//! Why a job failed: a line for the caller and a code for programs.

use crate::actor::Actor;
use crate::foreign_text;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

/// The longest line of cause that is kept. Providers answer with whole pages at times; a line of
/// this length says why.
const LONGEST_MESSAGE: usize = 500;

/// So much of what a provider said is carried to the log, which keeps 300 characters of it once
/// secrets are out.
const LONGEST_SAID: usize = 4_000;

/// The kinds of failure, few and documented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureCode {
    /// The provider's safety system refused the prompt or the video.
    ContentFiltered,
    /// The provider refused this order, and would refuse it again.
    ProviderRefused,
    /// The render failed at the provider, by no fault of the order.
    RenderFailed,
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
    /// A code that a later version of this system wrote. [`Failure::code_word`] has its word.
    Later,
}

impl FailureCode {
    /// All that this version knows.
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

    /// The word for it.
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

    /// Whether the same request may succeed when it is sent again. What a provider refused it
    /// refuses again; all else passes, or was the caller's wish. A later version's code may pass:
    /// trying it costs a caller nothing, and giving up costs the video.
    pub const fn is_retryable(self) -> bool {
        !matches!(self, Self::ContentFiltered | Self::ProviderRefused)
    }

    /// Whether the caller brought it about: by what the prompt asked for, or by cancelling.
    pub const fn is_the_callers(self) -> bool {
        matches!(self, Self::ContentFiltered | Self::Cancelled)
    }

    /// The nearest code that the version before knows, for what it reads during an update.
    const fn to_the_version_before(self) -> Self {
        match self {
            Self::RenderFailed => Self::ProviderUnavailable,
            known => known,
        }
    }

    fn of(word: &str) -> Self {
        Self::ALL.into_iter().find(|code| code.as_str() == word).unwrap_or(Self::Later)
    }
}

impl Serialize for FailureCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Why a job failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// For programs.
    pub code: FailureCode,
    /// One line for people.
    pub message: String,
    /// The provider's own word for it, when it gave one.
    pub provider_code: Option<String>,
    /// What the provider said that callers may not read, for the log. It is not stored.
    pub said: Option<String>,
    /// A later version's word, in place of the code's own. It is stored, and shown, as it was read.
    pub later_code: Option<String>,
    /// Who of the operator's people ended the job. Callers are not shown it.
    pub actor: Option<Actor>,
}

/// A failure as it is stored. Two versions read it at once: a field that is added has to be
/// optional, and `code` is a word that the version before knows.
#[derive(Serialize, Deserialize)]
struct Stored {
    code: String,
    /// The word itself, where the version before does not know it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    exact_code: Option<String>,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    provider_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    actor: Option<Actor>,
}

/// The stored form. What is shown of a failure is [`Failure::shown`].
impl Serialize for Failure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (word, known) = (self.code_word(), self.code.to_the_version_before());
        let code = if self.code == FailureCode::Later { word } else { known.as_str() };
        let stored = Stored {
            code: code.to_owned(),
            exact_code: (code != word).then(|| word.to_owned()),
            message: self.message.clone(),
            provider_code: self.provider_code.clone(),
            actor: self.actor.clone(),
        };
        stored.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Failure {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Stored { code, exact_code, message, provider_code, actor } =
            Stored::deserialize(deserializer)?;
        let word = exact_code.unwrap_or_else(|| code.clone());
        let (known, exact) = (FailureCode::of(&code), FailureCode::of(&word));
        let (code, later_code) =
            if exact == FailureCode::Later { (known, Some(word)) } else { (exact, None) };
        Ok(Self { code, message, provider_code, said: None, later_code, actor })
    }
}

impl Failure {
    /// A failure whose message is made one line, at most 500 characters long.
    pub fn new(code: FailureCode, message: &str) -> Self {
        let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
        let message = foreign_text::shortened(&line, LONGEST_MESSAGE);
        Self { code, message, provider_code: None, said: None, later_code: None, actor: None }
    }

    /// The operator's wish, by this person's hand.
    pub fn by(self, actor: &Actor) -> Self {
        Self { actor: Some(actor.clone()), ..self }
    }

    /// It was cancelled by who submitted it.
    pub fn cancelled() -> Self {
        Self::new(FailureCode::Cancelled, "cancelled")
    }

    /// With the provider's own word: its plain characters, at most 100 of them.
    pub fn with_provider_code(self, code: impl AsRef<str>) -> Self {
        Self { provider_code: foreign_text::word(code.as_ref()), ..self }
    }

    /// With what the provider said, for [`Self::said_about`].
    pub fn with_said(self, said: &str) -> Self {
        let said: String = said.chars().take(LONGEST_SAID).collect();
        Self { said: Some(said).filter(|said| !said.trim().is_empty()), ..self }
    }

    /// What the operator's programs are shown of it. The stored form differs: it has to be read by
    /// the version before.
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

    /// The word for programs: the code's own, or the later version's.
    pub fn code_word(&self) -> &str {
        self.later_code.as_deref().unwrap_or_else(|| self.code.as_str())
    }

    /// What the provider said, for the log: without keys, and without what repeats this prompt.
    pub fn said_about(&self, prompt: &str) -> Option<String> {
        self.said.as_ref().map(|said| foreign_text::for_the_log(said, prompt))
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

    /// Whatever code a later version writes, with or without one that is known here.
    #[test]
    fn a_later_versions_code_is_read_shown_and_written_as_it_was() {
        let message = "no picture";
        for (stored, code, word) in [
            (
                json!({"code": "image_unavailable", "message": message}),
                FailureCode::Later,
                "image_unavailable",
            ),
            (
                json!({"code": "timed_out", "exact_code": "image_late", "message": message, "provider_code": "x"}),
                FailureCode::TimedOut,
                "image_late",
            ),
        ] {
            let read: Failure = serde_json::from_value(stored.clone()).unwrap();
            assert_eq!((read.code, read.code_word()), (code, word));
            assert_eq!(serde_json::to_value(&read).unwrap(), stored);
        }
    }

    /// Functions of the version before read these items while an update goes on. They know eight
    /// words.
    #[test]
    fn what_is_written_can_be_read_by_the_version_before() {
        let known = [
            "content_filtered",
            "provider_refused",
            "provider_unavailable",
            "provider_no_output",
            "storage_unavailable",
            "timed_out",
            "cancelled",
            "submit_unknown",
        ];
        for code in FailureCode::ALL {
            let failure = Failure::new(code, "why").with_provider_code("x");
            let stored = serde_json::to_value(&failure).unwrap();
            let read = stored["code"].as_str().unwrap();
            assert!(
                known.contains(&read)
                    && FailureCode::of(read).is_retryable() == code.is_retryable(),
                "{stored}"
            );
            assert_eq!(serde_json::from_value::<Failure>(stored).unwrap(), failure);
            assert_eq!(
                failure.shown(),
                json!({"code": code.as_str(), "message": "why", "provider_code": "x"})
            );
        }
    }

    #[test]
    fn what_was_said_goes_to_the_log_only() {
        let failure = Failure::new(FailureCode::RenderFailed, "the render failed")
            .with_said("no 'a red cat' at gs://acme");
        assert_eq!(failure.said_about("a red cat").as_deref(), Some("no '[prompt]' at gs://acme"));
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
