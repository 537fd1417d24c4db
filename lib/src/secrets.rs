//! The operator's secrets: in AWS Secrets Manager, read at the start and again every five minutes,
//! or, on a developer's machine, in the environment. `FAL_KEY_SECRET` names the secret that
//! `FAL_KEY` would be; the variable itself wins.
//!
//! A [`Credential`] must be there when the function starts. A [`ProviderCredential`] need not: a
//! provider whose secret cannot be used is a provider that is not there.

mod provider;

pub use provider::ProviderCredential;

use crate::ambient::Ambient;
use crate::config::{ConfigError, Env, Secret};
use crate::error::causes;
use crate::metrics::Metrics;
use crate::outbound::SdkConfig;
use crate::time::Timestamp;
use crate::world::World;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::Builder;
use aws_sdk_secretsmanager::error::{ErrorMetadata, ProvideErrorMetadata, SdkError};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// So long a secret is taken as it was read: a rotated one holds everywhere five minutes later, for
/// a read in 300 s of each sandbox.
const FRESH: Duration = Duration::from_secs(5 * 60);
/// Lambda gives a start ten seconds, and says nothing of why one took longer.
const STARTING: Duration = Duration::from_secs(5);
/// Reading again happens while a job waits: 100 times its usual length, and then the secret of
/// before is good enough.
const READING_AGAIN: Duration = Duration::from_secs(2);

/// What can be made of a secret's text, or what is wrong with it: the rest of a sentence that
/// begins with its name.
type Make<T> = fn(&Secret) -> Result<T, String>;

/// Why a secret cannot be used now. It prints the name of the secret and what is wrong, and nothing
/// of its text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct Unusable {
    error: ConfigError,
    passes: bool,
}

impl Unusable {
    /// Whether Secrets Manager did not answer, or not now: the secret itself may be right.
    pub const fn passes(&self) -> bool {
        self.passes
    }
}

/// Why a secret's text was not read: the rest of a sentence that begins with the secret's name.
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

/// Where secrets are read.
#[derive(Debug, Clone)]
pub struct Secrets {
    env: Env,
    ambient: Ambient,
    metrics: Metrics,
    manager: Client,
}

impl Secrets {
    /// With the environment's names; nothing is read yet.
    pub fn new(world: &World, aws: &SdkConfig) -> Self {
        let mut config = Builder::from(aws);
        config.set_endpoint_url(world.env.aws_endpoint("SECRETS_MANAGER").map(str::to_owned));
        let World { env, ambient, metrics, .. } = world.clone();
        Self { env, ambient, metrics, manager: Client::from_conf(config.build()) }
    }

    /// Reads the secret of this variable and makes a credential of it; none if neither the variable
    /// nor its `…_SECRET` is set. One that cannot be read or used is an error that says which.
    pub async fn credential<T: Clone>(
        &self,
        variable: &str,
        make: Make<T>,
    ) -> Result<Option<Credential<T>>, ConfigError> {
        self.read_within(STARTING, variable, make).await.map_err(|unusable| unusable.error)
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
        // Boxed, because the SDK's future is deep, and so is every start that it is a part of.
        let answer = Box::pin(self.manager.get_secret_value().secret_id(name).send())
            .await
            .map_err(unread)?;
        match answer.secret_string.filter(|text| !text.trim().is_empty()) {
            // files that secrets are made of end in a line break
            Some(text) => Ok(Secret::new(text.trim())),
            None => Err(Unread::lasting("has no text")),
        }
    }
}

/// Secrets Manager's own faults and a connection that failed pass. What it says of the secret stays
/// until the operator mends it.
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

/// AWS says the same of a secret that is not there and of one that the role may not read.
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

/// What was made of a secret, and is made anew when the secret changes.
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
    /// One that does not change.
    pub const fn fixed(value: T) -> Self {
        Self(Kind::Fixed(value))
    }

    /// The credential of the secret as it was at most five minutes ago; older if the secret cannot
    /// be read now.
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
