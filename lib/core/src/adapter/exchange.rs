//! A request to a provider and its reply, as values.

use crate::provider::Provider;
use serde_json::Value;
use url::Url;

/// A request to be sent to a provider. It names the credential that goes with it and never holds
/// one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The HTTP method.
    pub method: Method,
    /// Where to. The sender refuses to send the credential anywhere but to the provider's own
    /// origins.
    pub url: Url,
    /// Whose credential goes with it.
    pub credential: Provider,
    /// Headers beside those that every request has; names in lower case.
    pub headers: &'static [(&'static str, &'static str)],
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
    /// Removes.
    Delete,
}

/// A provider's whole reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Those of its headers that an adapter reads.
    pub headers: Headers,
    /// The body, at most as long as the sender reads.
    pub body: Vec<u8>,
    /// Whether that is all of it.
    pub whole: bool,
}

/// The headers of a reply that an adapter reads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(&'static str, String)>);

impl Headers {
    /// Their names. No other header of a reply is kept.
    pub const READ: [&'static str; 4] =
        ["content-encoding", "x-fal-error-type", "x-fal-needs-retry", "x-fal-retryable"];

    /// So much of each value is kept. The longest that is known has 30 characters.
    const LONGEST: usize = 100;

    /// Those of these headers that are read. Names are compared without regard to case; the first
    /// of a name counts.
    pub fn of<'a>(headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut kept: Vec<(&'static str, String)> = Vec::new();
        for (name, value) in headers {
            let read = Self::READ.into_iter().find(|read| read.eq_ignore_ascii_case(name));
            if let Some(read) = read.filter(|read| kept.iter().all(|(known, _)| known != read)) {
                kept.push((read, value.trim().chars().take(Self::LONGEST).collect()));
            }
        }
        Self(kept)
    }

    /// The value of a header, if it was there.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_read_is_kept() {
        let long = "x".repeat(100_000);
        let headers = Headers::of([
            ("X-Fal-Retryable", " true "),
            ("x-fal-retryable", "false"),
            ("set-cookie", "a=b"),
            ("X-FAL-ERROR-TYPE", long.as_str()),
        ]);
        assert_eq!(headers.get("x-fal-retryable"), Some("true"));
        assert_eq!(headers.get("set-cookie"), None);
        assert_eq!(headers.get("x-fal-error-type").map(str::len), Some(100));
        assert_eq!(headers.get("content-encoding"), None);
    }
}
