//! Reads the environment once, at the start. A missing or wrong value stops the start, and the
//! error names the variable. Secrets are never printed.

mod google;
mod prices;

use crate::adapter::fal::Fal;
use crate::adapter::sandbox::Sandbox;
use crate::adapter::{Adapter, Providers};
use crate::catalog::{Service, Services};
use crate::provider::{ByProvider, FAL_QUEUE, Origin, Provider};
use std::collections::HashMap;
use std::{fmt, sync::Arc};
use url::Url;

/// The variables that a function reads and that are no provider's. Variables that begin with `AWS_`
/// belong to the SDKs. The variable of a secret holds its text on a developer's machine only.
/// Elsewhere the variable after it names the secret.
const OWN: [&str; 26] = [
    "TABLE_JOBS",
    "TABLE_ACCOUNTS",
    "TABLE_LEDGER",
    "TABLE_KEYS",
    "TABLE_IDEMPOTENCY",
    "POLL_QUEUE_URL",
    "STORE_QUEUE_URL",
    "STORE_AGAIN_QUEUE_URL",
    "METRICS_NAMESPACE",
    "FX_MXN_PER_USD",
    "MARKUP",
    "HIGHEST_USD_PER_SECOND",
    "CATALOG",
    "SUPABASE_URL",
    "SUPABASE_SECRET_KEY",
    "SUPABASE_SECRET_KEY_SECRET",
    "SUPABASE_BUCKET",
    "DOWNLOAD_HOSTS",
    "AWS_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_DYNAMODB",
    "AWS_ENDPOINT_URL_SQS",
    "AWS_ENDPOINT_URL_SECRETS_MANAGER",
];

/// Every variable that a function reads.
pub fn variables() -> impl Iterator<Item = &'static str> {
    OWN.into_iter().chain(Provider::ALL.into_iter().flat_map(|one| one.about().variables()))
}

/// The variable that stops the start, and its problem.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the environment variable {name} {problem}")]
pub struct ConfigError {
    name: String,
    problem: String,
}

impl ConfigError {
    pub(crate) fn new(name: &str, problem: impl fmt::Display) -> Self {
        Self { name: name.to_owned(), problem: problem.to_string() }
    }
}

/// The environment variables of the process, as they were at its start. A test passes its own.
#[derive(Clone)]
pub struct Env(Arc<HashMap<String, String>>);

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish() // names only: values hold secrets
    }
}

impl<const N: usize> From<[(&str, String); N]> for Env {
    fn from(pairs: [(&str, String); N]) -> Self {
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

impl FromIterator<(String, String)> for Env {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self(Arc::new(pairs.into_iter().collect()))
    }
}

impl Env {
    /// The environment variables of this process.
    #[expect(clippy::disallowed_methods, reason = "this is where the environment comes in")]
    pub fn process() -> Self {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    /// The value of a variable that may be missing. An empty value counts as missing.
    pub fn optional(&self, name: &str) -> Option<&str> {
        debug_assert!(
            variables().any(|known| known == name),
            "{name} is missing in the list of variables"
        );
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The value of a variable that must be set.
    pub fn required(&self, name: &str) -> Result<&str, ConfigError> {
        self.optional(name).ok_or_else(|| ConfigError::new(name, "is not set"))
    }

    /// The address in a variable that must be set.
    pub fn url(&self, name: &str) -> Result<Url, ConfigError> {
        parsed_url(name, self.required(name)?)
    }

    /// The address in a variable, or the default.
    pub fn url_or(&self, name: &str, default: &str) -> Result<Url, ConfigError> {
        parsed_url(name, self.optional(name).unwrap_or(default))
    }

    /// A secret whose text is in the environment itself, as on a developer's machine.
    pub fn secret(&self, name: &str) -> Option<Secret> {
        self.optional(name).map(Secret::new)
    }

    /// The variable that names the secret in Secrets Manager whose text `name` would hold.
    pub fn secret_variable(name: &str) -> String {
        format!("{name}_SECRET")
    }

    /// Whether the text or the name of this secret is set.
    pub fn has_secret(&self, name: &str) -> bool {
        self.optional(name).is_some() || self.optional(&Self::secret_variable(name)).is_some()
    }

    /// The address of an AWS service, if it is not AWS's own. It is set by the variables of the
    /// SDKs, for one service or for all.
    pub fn aws_endpoint(&self, service: &str) -> Option<&str> {
        self.optional(&format!("AWS_ENDPOINT_URL_{service}"))
            .or_else(|| self.optional("AWS_ENDPOINT_URL"))
    }

    /// The providers whose credential is set or named. The sandbox needs none, and is always there.
    pub fn providers(&self) -> Result<Providers, ConfigError> {
        let adapters = ByProvider::try_new(|provider| {
            self.is_configured(provider).then(|| self.adapter(provider)).transpose()
        });
        adapters.map(Providers::new)
    }

    /// The providers as they are configured. This reads no secret: a provider whose secret cannot
    /// be used counts as usable.
    pub fn configured_services(&self) -> Services {
        Services::new(ByProvider::new(|provider| match self.is_configured(provider) {
            true => Service::Usable,
            false => Service::NotConfigured,
        }))
    }

    fn is_configured(&self, provider: Provider) -> bool {
        provider.about().secret().is_none_or(|secret| self.has_secret(secret))
    }

    /// The adapter of this provider, with its settings.
    fn adapter(&self, provider: Provider) -> Result<Arc<dyn Adapter>, ConfigError> {
        Ok(match provider {
            Provider::Fal => Arc::new(Fal::new(self.origin(&FAL_QUEUE)?)),
            Provider::Google => Arc::new(self.google()?),
            Provider::Sandbox => Arc::new(Sandbox),
        })
    }

    /// The address of a provider, or its default.
    pub fn origin(&self, origin: &Origin) -> Result<Url, ConfigError> {
        self.url_or(origin.variable, origin.default)
    }
}

fn parsed_url(name: &str, text: &str) -> Result<Url, ConfigError> {
    match Url::parse(text) {
        Ok(url) if url.scheme() == "https" && url.has_host() => Ok(url),
        Ok(url)
            if url.scheme() == "http"
                && matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]")) =>
        {
            Ok(url)
        }
        _ => Err(ConfigError::new(
            name,
            format!("is {text:?}, which is not an https address (http is for this machine only)"),
        )),
    }
}

/// A value that is never printed.
#[derive(Clone)]
pub struct Secret(Arc<str>);

impl Secret {
    pub(crate) fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_or_bad_value_names_its_variable() {
        let env = Env::from([
            ("MARKUP", "0".into()),
            ("CATALOG", "{".into()),
            ("SUPABASE_URL", "ftp://x".into()),
            ("FAL_KEY", String::new()),
        ]);
        let says = |error: ConfigError| error.to_string();
        assert_eq!(
            says(env.required("TABLE_JOBS").unwrap_err()),
            "the environment variable TABLE_JOBS is not set"
        );
        assert_eq!(
            says(env.required("FAL_KEY").unwrap_err()),
            "the environment variable FAL_KEY is not set"
        );
        assert_eq!(
            says(env.rates().unwrap_err()),
            "the environment variable MARKUP is \"0\", and must be a decimal number from 1 to 10 with at most six places, such as 1.05"
        );
        assert!(
            says(env.catalog().unwrap_err())
                .starts_with("the environment variable CATALOG is wrong: ")
        );
        assert!(says(env.url("SUPABASE_URL").unwrap_err()).contains("not an https address"));
    }

    #[test]
    fn values_do_not_print() {
        let env = Env::from([("FAL_KEY", "key-id:key-secret".into())]);
        let printed = format!("{env:?} {:?}", env.secret("FAL_KEY"));
        assert!(printed.contains("FAL_KEY") && !printed.contains("key-secret"), "{printed}");
    }
}
