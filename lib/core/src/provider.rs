//! The providers: their names, and what is known of each.

use serde::{Deserialize, Serialize};

/// A company, or our own process, that renders videos.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// fal.ai, its queue API.
    Fal,
    /// Google Veo on Vertex AI.
    Google,
    /// Our own process, for callers who test. It is the last of them.
    Sandbox,
}

/// How many providers there are.
const COUNT: usize = 3;

#[expect(clippy::as_conversions, reason = "a variant has no other number in a constant")]
const _: () = assert!(COUNT == Provider::Sandbox as usize + 1, "Provider::ALL lacks a provider");

impl Provider {
    pub const ALL: [Self; COUNT] = [Self::Fal, Self::Google, Self::Sandbox];

    /// What is known of it.
    pub const fn about(self) -> &'static About {
        match self {
            Self::Fal => &FAL,
            Self::Google => &GOOGLE,
            Self::Sandbox => &SANDBOX,
        }
    }

    /// Its name, for people.
    pub const fn name(self) -> &'static str {
        self.about().name
    }
}

/// What is known of a provider. Everything that differs by provider, and needs no code of its own,
/// is read from here.
#[derive(Debug, PartialEq, Eq)]
pub struct About {
    /// Its name, for people.
    pub name: &'static str,
    /// The value of the dimension `Provider` of its metrics.
    pub metric: &'static str,
    /// How requests to it are authorized.
    pub credential: Credential,
    /// The variables without which it cannot be used. The first is its secret's, and alone says
    /// that the provider is wanted.
    pub needs: &'static [&'static str],
    /// Its further variables, which may be missing.
    pub also: &'static [&'static str],
    /// The variable that names its secret in Secrets Manager.
    pub secret_named_by: Option<&'static str>,
    /// The public hosts of its finished files. A host that begins with a dot stands for all hosts
    /// below it.
    pub file_hosts: &'static [&'static str],
    /// The address whose host has finished files too, because a result may name its file by a path
    /// alone.
    pub files_beside: Option<Origin>,
    /// Whether finished files are fetched from public addresses, without a credential.
    pub has_public_files: bool,
}

/// How requests to a provider are authorized.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// By the secret's text, behind this scheme of the header `Authorization`.
    Key {
        /// The scheme, such as `Bearer`.
        scheme: &'static str,
    },
    /// By a token that is signed with the key of a service account of Google's.
    ServiceAccount,
    /// By nothing: its requests stay in this process.
    None,
}

/// An address that can be configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The variable with the address.
    pub variable: &'static str,
    /// The address if the variable is not set.
    pub default: &'static str,
}

impl About {
    /// All of its variables.
    pub fn variables(&'static self) -> impl Iterator<Item = &'static str> {
        self.needs.iter().copied().chain(self.secret_named_by).chain(self.also.iter().copied())
    }

    /// The variable of its secret.
    pub const fn secret(&self) -> Option<&'static str> {
        match self.needs {
            [secret, ..] => Some(secret),
            [] => None,
        }
    }
}

pub const FAL_QUEUE: Origin =
    Origin { variable: "FAL_QUEUE_URL", default: "https://queue.fal.run" };

const FAL: About = About {
    name: "fal.ai",
    metric: "fal",
    credential: Credential::Key { scheme: "Key" },
    needs: &["FAL_KEY"],
    also: &[FAL_QUEUE.variable],
    secret_named_by: Some("FAL_KEY_SECRET"),
    // `fal.media` and all hosts below it (v2, v3, v3b …)
    file_hosts: &["fal.media", ".fal.media"],
    files_beside: Some(FAL_QUEUE),
    has_public_files: true,
};

/// Cloud Storage. Vertex AI's own address depends on the location.
pub const GOOGLE_STORAGE: Origin =
    Origin { variable: "GOOGLE_STORAGE_API_URL", default: "https://storage.googleapis.com" };

const GOOGLE: About = About {
    name: "Google",
    metric: "google",
    credential: Credential::ServiceAccount,
    needs: &["GOOGLE_SERVICE_ACCOUNT", "GOOGLE_PROJECT"],
    also: &["GOOGLE_LOCATION", "GOOGLE_STORAGE_URI", "GOOGLE_API_URL", GOOGLE_STORAGE.variable],
    secret_named_by: Some("GOOGLE_SERVICE_ACCOUNT_SECRET"),
    // older files of fal are there too
    file_hosts: &["storage.googleapis.com"],
    files_beside: None,
    has_public_files: false,
};

const SANDBOX: About = About {
    name: "the sandbox",
    metric: "sandbox",
    credential: Credential::None,
    needs: &[],
    also: &[],
    secret_named_by: None,
    file_hosts: &[],
    files_beside: None,
    has_public_files: false,
};

/// One value for each provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByProvider<T>([T; COUNT]);

impl<T> ByProvider<T> {
    /// Makes each provider's value, in the order of [`Provider::ALL`].
    pub fn new(make: impl FnMut(Provider) -> T) -> Self {
        Self(Provider::ALL.map(make))
    }

    /// Makes each provider's value, or stops at the first error.
    pub fn try_new<E>(make: impl FnMut(Provider) -> Result<T, E>) -> Result<Self, E> {
        let values: Vec<T> = Provider::ALL.into_iter().map(make).collect::<Result<_, _>>()?;
        Ok(Self(values.try_into().ok().expect("there is one value for each provider")))
    }

    /// The value of this provider.
    pub fn of(&self, provider: Provider) -> &T {
        let mut values = Provider::ALL.iter().zip(&self.0);
        let found = values.find(|(known, _)| **known == provider);
        found.map(|(_, value)| value).expect("every provider is in the list")
    }

    /// The values, in the order of [`Provider::ALL`].
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_secret_is_named_by_the_variable_after_it() {
        for provider in Provider::ALL {
            let About { credential, secret_named_by, .. } = provider.about();
            let secret = provider.about().secret();
            let named_by = secret.map(|secret| format!("{secret}_SECRET"));
            assert_eq!(named_by.as_deref(), *secret_named_by, "{provider:?}");
            assert_eq!(secret.is_none(), *credential == Credential::None, "{provider:?}");
        }
    }

    #[test]
    fn each_provider_has_its_own_value() {
        let values = ByProvider::new(Provider::name);
        for provider in Provider::ALL {
            assert_eq!(*values.of(provider), provider.name());
        }
    }
}
