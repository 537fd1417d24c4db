//! Reads the operator's secrets from AWS Secrets Manager, at the start and again every five
//! minutes. On a developer's machine they may stand in the environment. `FAL_KEY_SECRET` names the
//! secret whose text `FAL_KEY` would have; if both are set, `FAL_KEY` is used.
//!
//! The secret of a [`Credential`] must be usable when the function starts. The secret of a
//! [`ProviderCredential`] need not: without it, the function runs as if this provider did not
//! exist.

mod provider;

pub use provider::ProviderCredential;

use crate::ambient::Ambient;
use crate::aws::SdkConfig;
use crate::config::{ConfigError, Env, Secret};
use crate::error::causes;
use crate::metrics::Metrics;
use crate::time::Timestamp;
use crate::world::World;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::Builder;
use aws_sdk_secretsmanager::error::{ErrorMetadata, ProvideErrorMetadata, SdkError};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// How long a secret is used before it is read again. So a rotated secret is in use everywhere five
/// minutes later, at the cost of one read in 300 s for each execution environment.
const FRESH: Duration = Duration::from_secs(5 * 60);
/// The time for reading a secret at the start. Lambda gives a start ten seconds, and does not say
/// why a start took longer.
const STARTING: Duration = Duration::from_secs(5);
/// The time for reading a secret again, which is 100 times the usual time. A job waits meanwhile,
/// and the previous secret can still be used.
const READING_AGAIN: Duration = Duration::from_secs(2);

/// Makes a credential of a secret's text, or says what is wrong with the text. The error continues
/// a sentence that begins with the name of the secret.
type Make<T> = Arc<dyn Fn(&Secret) -> Result<T, String> + Send + Sync>;

/// Why a secret cannot be used now. The message has the name of the secret and the problem, and
/// nothing of its text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct Unusable {
    error: ConfigError,
    passes: bool,
}

impl Unusable {
    /// Whether the problem may pass, because Secrets Manager did not answer. The secret itself may
    /// be right.
    pub const fn passes(&self) -> bool {
        self.passes
    }
}

/// Why the text of a secret was not read. It continues a sentence that begins with the name of the
/// secret.
struct Unread {
    problem: String,
    passes: bool,
}

impl Unread {
    fn lasting(problem: impl Into<String>) -> Self {
        Self { problem: problem.into(), passes: false }
    }

    fn passing(problem: impl Into<String>) -> Self {
        Self { problem: problem.into(), passes: true }
    }
}

/// Reads secrets, each by the name of its variable.
#[derive(Debug, Clone)]
pub struct Secrets {
    env: Env,
    ambient: Ambient,
    metrics: Metrics,
    manager: Client,
}

impl Secrets {
    /// Uses the names in the environment. This reads no secret yet.
    pub fn new(world: &World, aws: &SdkConfig) -> Self {
        let mut config = Builder::from(aws);
        config.set_endpoint_url(world.env.aws_endpoint("SECRETS_MANAGER").map(str::to_owned));
        let World { env, ambient, metrics, .. } = world.clone();
        Self { env, ambient, metrics, manager: Client::from_conf(config.build()) }
    }

    /// Reads the secret of this variable, and makes a credential of it. `None` if neither the
    /// variable nor its `…_SECRET` is set. If the secret cannot be read or used, the error names
    /// it.
    pub async fn credential<T: Clone>(
        &self,
        variable: &str,
        make: impl Fn(&Secret) -> Result<T, String> + Send + Sync + 'static,
    ) -> Result<Option<Credential<T>>, ConfigError> {
        self.read_within(STARTING, variable, Arc::new(make))
            .await
            .map_err(|unusable| unusable.error)
    }

    async fn read_within<T: Clone>(
        &self,
        time: Duration,
        variable: &str,
        make: Make<T>,
    ) -> Result<Option<Credential<T>>, Unusable> {
        if let Some(here) = self.env.secret(variable) {
            let wrong =
                |problem| Unusable { error: ConfigError::new(variable, problem), passes: false };
            return Ok(Some(Credential::fixed(make(&here).map_err(wrong)?)));
        }
        let named_by = Env::secret_variable(variable);
        let Some(name) = self.env.optional(&named_by) else { return Ok(None) };
        let unusable = |Unread { problem, passes }| {
            let problem = format!("names the secret {name:?}, which {problem}");
            Unusable { error: ConfigError::new(&named_by, problem), passes }
        };
        let read = tokio::time::timeout(time, self.read(name)).await;
        let read = read
            .unwrap_or_else(|_| Err(Unread::passing("took too long to be read")))
            .map_err(unusable)?;
        let value = make(&read).map_err(|problem| unusable(Unread::lasting(problem)))?;
        let last = Last { value, read, at: self.ambient.now() };
        let kept =
            Kept { secrets: self.clone(), name: name.to_owned(), make, last: Mutex::new(last) };
        Ok(Some(Credential(Kind::Kept(Arc::new(kept)))))
    }

    async fn read(&self, name: &str) -> Result<Secret, Unread> {
        // Boxed, because the SDK's future is large, and every start contains it.
        let answer = Box::pin(self.manager.get_secret_value().secret_id(name).send())
            .await
            .map_err(unread)?;
        match answer.secret_string.filter(|text| !text.trim().is_empty()) {
            // a secret that was made of a file ends in a line break
            Some(text) => Ok(Secret::new(text.trim())),
            None => Err(Unread::lasting("has no text")),
        }
    }
}

/// Faults of Secrets Manager, and connections that failed, may pass. A refusal that concerns the
/// secret stays until the operator corrects it.
fn unread<E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static>(
    error: SdkError<E>,
) -> Unread {
    match &error {
        SdkError::ServiceError(answer) => {
            let status = answer.raw().status().as_u16();
            let refusal = answer.err().meta();
            let throttled = refusal.code().is_some_and(|code| code.contains("Throttl"));
            let problem = format!("cannot be read: {}", refused(refusal));
            Unread { problem, passes: throttled || status >= 500 }
        }
        _ => Unread::passing(format!("cannot be read: {}", causes(&error))),
    }
}

/// AWS gives the same answer for a secret that does not exist and for one that the role may not
/// read.
fn refused(refusal: &ErrorMetadata) -> String {
    let (code, message) =
        (refusal.code().unwrap_or("refused"), refusal.message().unwrap_or_default());
    match code {
        "AccessDeniedException" => {
            format!("{code}: {message}. Either it does not exist, or the role may not read it")
        }
        _ => format!("{code}: {message}"),
    }
}

/// A value made of a secret. It is made again when the secret changes.
#[derive(Clone)]
pub struct Credential<T>(Kind<T>);

#[derive(Clone)]
enum Kind<T> {
    Fixed(T),
    Kept(Arc<Kept<T>>),
}

struct Kept<T> {
    secrets: Secrets,
    name: String,
    make: Make<T>,
    last: Mutex<Last<T>>,
}

struct Last<T> {
    value: T,
    read: Secret,
    at: Timestamp,
}

impl<T> fmt::Debug for Credential<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential") // never what is in it
    }
}

impl<T: Clone> Credential<T> {
    /// A credential that never changes.
    pub const fn fixed(value: T) -> Self {
        Self(Kind::Fixed(value))
    }

    /// The credential, made of the secret as it was at most five minutes ago. If the secret cannot
    /// be read again now, the previous one is used.
    pub async fn current(&self) -> T {
        match &self.0 {
            Kind::Fixed(value) => value.clone(),
            Kind::Kept(kept) => kept.current().await,
        }
    }
}

impl<T: Clone> Kept<T> {
    async fn current(&self) -> T {
        let mut last = self.last.lock().await; // one reads again, the others wait for it
        let now = self.secrets.ambient.now();
        if now.since(last.at) >= FRESH {
            last.at = now;
            match self.again(&last.read).await {
                Ok(None) => {}
                Ok(Some((read, value))) => {
                    tracing::info!(secret = self.name, "the secret has changed");
                    (last.read, last.value) = (read, value);
                }
                Err(why) => {
                    tracing::warn!(
                        secret = self.name,
                        why,
                        "the secret could not be read again; the old one holds"
                    )
                }
            }
        }
        last.value.clone()
    }

    async fn again(&self, before: &Secret) -> Result<Option<(Secret, T)>, String> {
        let read = tokio::time::timeout(READING_AGAIN, self.secrets.read(&self.name)).await;
        let read = read
            .map_err(|_| "took too long to be read".to_owned())?
            .map_err(|unread| unread.problem)?;
        if read.expose() == before.expose() {
            return Ok(None);
        }
        let value = (self.make)(&read)?;
        Ok(Some((read, value)))
    }
}
