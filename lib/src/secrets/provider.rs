//! The credential of a provider, whose secret may be unusable for some time. The function starts
//! without it, counts and logs why, and reads the secret again when it is needed later. When the
//! operator corrects the secret, no deployment is needed.

use super::{Credential, FRESH, Make, READING_AGAIN, STARTING, Secrets, Unusable};
use crate::config::Secret;
use crate::provider::Provider;
use crate::time::Timestamp;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// If Secrets Manager did not answer, it is asked again after this time. So ten jobs of one batch
/// do not wait for it one after the other.
const SOON: Duration = Duration::from_secs(5);

/// A value made of a provider's secret, or the reason why there is none. Clones share it.
#[derive(Clone)]
pub struct ProviderCredential<T>(Arc<Inner<T>>);

struct Inner<T> {
    secrets: Secrets,
    provider: Provider,
    variable: &'static str,
    make: Make<T>,
    state: Mutex<State<T>>,
}

enum State<T> {
    Usable(Credential<T>),
    Unusable { why: Unusable, at: Timestamp },
}

impl<T> fmt::Debug for ProviderCredential<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProviderCredential") // never what is in it
    }
}

impl Secrets {
    /// The credential of this variable's secret. `None` if neither the variable nor its `…_SECRET`
    /// is set. A secret that cannot be read or used is logged and counted, but is no error here.
    pub async fn of_provider<T: Clone>(
        &self,
        provider: Provider,
        variable: &'static str,
        make: impl Fn(&Secret) -> Result<T, String> + Send + Sync + 'static,
    ) -> Option<ProviderCredential<T>> {
        let make: Make<T> = Arc::new(make);
        let state = match self.read_within(STARTING, variable, make.clone()).await {
            Ok(None) => return None,
            Ok(Some(credential)) => State::Usable(credential),
            Err(why) => self.unusable(provider, why),
        };
        let secrets = self.clone();
        Some(ProviderCredential(Arc::new(Inner {
            secrets,
            provider,
            variable,
            make,
            state: Mutex::new(state),
        })))
    }

    fn unusable<T>(&self, provider: Provider, why: Unusable) -> State<T> {
        if !why.passes() {
            self.metrics.provider_secret_unusable(provider);
        }
        tracing::error!(provider = provider.name(), why = %why, "the secret of a provider cannot be used");
        State::Unusable { why, at: self.ambient.now() }
    }
}

impl<T: Clone> ProviderCredential<T> {
    /// The credential, made of the secret as it was at most five minutes ago. An unusable secret is
    /// read again after five minutes. If Secrets Manager did not answer, it is read again after
    /// five seconds.
    pub async fn current(&self) -> Result<T, Unusable> {
        let Inner { secrets, provider, variable, make, state } = &*self.0;
        let mut state = state.lock().await; // one reads again, the others wait for it
        if let State::Unusable { why, at } = &*state {
            let wait = if why.passes() { SOON } else { FRESH };
            if secrets.ambient.now().since(*at) < wait {
                return Err(why.clone());
            }
            *state = match secrets.read_within(READING_AGAIN, variable, make.clone()).await {
                Ok(Some(credential)) => {
                    tracing::info!(
                        provider = provider.name(),
                        "the secret of a provider can be used again"
                    );
                    State::Usable(credential)
                }
                // the environment does not change: it named the secret before
                Ok(None) => return Err(why.clone()),
                Err(why) => secrets.unusable(*provider, why),
            };
        }
        match &*state {
            State::Usable(credential) => Ok(credential.current().await),
            State::Unusable { why, .. } => Err(why.clone()),
        }
    }
}
