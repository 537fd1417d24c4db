//! The stored form of a failure. During a deployment two versions read and write it.

use super::{Failure, FailureCode};
use crate::actor::Actor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A failure as it is stored. Two versions read it at once. So a new field must be optional, and
/// `code` must be a word that the version before knows.
#[derive(Serialize, Deserialize)]
struct Stored {
    code: String,
    /// The exact word, if the version before does not know it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    exact_code: Option<String>,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    provider_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    actor: Option<Actor>,
}

/// The stored form. Callers and programs see [`Failure::shown`].
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

impl Serialize for FailureCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl FailureCode {
    /// The nearest code that the version before knows. That version reads it during a deployment.
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_code_is_stored_as_it_is_shown() {
        for code in FailureCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
    }

    /// Codes of a later version, with and without one that this version knows.
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

    /// Functions of the version before read these items during a deployment. They know eight words.
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
}
