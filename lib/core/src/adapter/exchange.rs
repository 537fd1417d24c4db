//! A request to a provider and its reply, as values.

use crate::provider::Provider;
use serde_json::Value;
use url::Url;

/// A request to be sent to a provider. It names the credential that goes with it and never holds
/// one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub method: Method,
    /// Where to. The sender refuses to send the credential anywhere but to the provider's own
    /// origins.
    pub url: Url,
    /// Whose credential goes with it.
    pub credential: Provider,
    /// Headers beside those that every request has; names in lower case.
    pub headers: Vec<(&'static str, String)>,
    pub body: Option<Value>,
}

/// The methods that providers are called with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
    Put,
    Delete,
}

/// A provider's whole reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    pub headers: Headers,
    /// The body, at most as long as the sender reads.
    pub body: Vec<u8>,
    /// Whether that is all of it.
    pub whole: bool,
}

/// The headers of a reply. Each adapter reads its own provider's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// So much of each value is kept. The longest that an adapter reads has 30 characters.
    const LONGEST: usize = 100;

    /// These headers. Names are compared without regard to case; the first of a name counts.
    pub fn of<'a>(headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut kept = Self::default();
        for (name, value) in headers {
            if kept.get(name).is_none() {
                let value = value.trim().chars().take(Self::LONGEST).collect();
                kept.0.push((name.to_owned(), value));
            }
        }
        kept
    }

    /// The value of a header, if it was there.
    pub fn get(&self, name: &str) -> Option<&str> {
        let known = self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        known.map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_header_of_a_name_counts_and_a_long_value_is_cut() {
        let long = "x".repeat(100_000);
        let headers = Headers::of([
            ("X-Fal-Retryable", " true "),
            ("x-fal-retryable", "false"),
            ("X-FAL-ERROR-TYPE", long.as_str()),
        ]);
        assert_eq!(headers.get("x-fal-retryable"), Some("true"));
        assert_eq!(headers.get("x-fal-error-type").map(str::len), Some(100));
        assert_eq!(headers.get("content-encoding"), None);
    }
}
