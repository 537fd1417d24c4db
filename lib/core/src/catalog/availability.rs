//! Which models can be used now, and what a caller is told of those that cannot.

use super::{Catalog, Model};
use crate::error::{Refusal, shortened};
use crate::id::Mode;
use crate::provider::{ByProvider, Provider};

/// Why a model that is in the catalog cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// It has no route.
    #[error("switched off or without an upstream")]
    NoRoute,
    /// It has one, to a provider for which no credential is configured.
    #[error("its provider is not configured here")]
    NoProvider,
    /// It has one, to a provider whose credential cannot be used.
    #[error("its provider cannot be used at present")]
    NoCredential,
}

/// Whether a provider can be used at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    Usable,
    /// No secret is named for it.
    NotConfigured,
    /// Its secret cannot be used until the operator mends it.
    Unusable,
    /// Its secret could not be read just now, and may be right.
    Unread,
}

/// Which providers can be used at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Services(ByProvider<Service>);

impl Services {
    /// What was found out about each provider.
    pub const fn new(services: ByProvider<Service>) -> Self {
        Self(services)
    }

    /// Whether this provider can be used, for callers of live keys.
    pub fn of(&self, provider: Provider) -> Service {
        *self.0.of(provider)
    }

    /// As they are for callers of this kind. A sandbox stands in for every provider that is
    /// configured, and needs none of their secrets.
    pub fn seen_by(self, mode: Mode) -> Self {
        match mode {
            Mode::Live => self,
            Mode::Sandbox => Self(ByProvider::new(|provider| match self.of(provider) {
                Service::NotConfigured => Service::NotConfigured,
                Service::Usable | Service::Unusable | Service::Unread => Service::Usable,
            })),
        }
    }
}

impl Catalog {
    /// The model that a caller names, available or not.
    pub fn named(&self, id: &str) -> Result<&Model, Refusal> {
        self.get(id).ok_or_else(|| not_found(&format!("model: {:?} does not exist", shortened(id))))
    }

    /// The model that a caller wants to use, and what it is called at its provider.
    pub fn served(&self, id: &str, services: &Services) -> Result<(&Model, &str), Refusal> {
        let model = self.named(id)?;
        match model.route_at(services) {
            Ok(route) => Ok((model, route)),
            Err(_) => Err(not_found(&format!("model: {id} is not available at present"))),
        }
    }
}

impl Model {
    /// What the model is called at its provider, if it can be used now. A secret that could not be
    /// read just now is no reason against it.
    pub fn route_at(&self, services: &Services) -> Result<&str, Unavailable> {
        let route = self.route().ok_or(Unavailable::NoRoute)?;
        match services.of(self.provider()) {
            Service::Usable | Service::Unread => Ok(route),
            Service::NotConfigured => Err(Unavailable::NoProvider),
            Service::Unusable => Err(Unavailable::NoCredential),
        }
    }
}

fn not_found(what: &str) -> Refusal {
    Refusal::ModelNotFound(format!("{what}; GET /v1/models lists the models"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fal_is(fal: Service) -> Services {
        Services::new(ByProvider::new(|provider| match provider {
            Provider::Fal => fal,
            Provider::Sandbox => Service::Usable,
            _ => Service::NotConfigured,
        }))
    }

    #[test]
    fn a_model_is_available_by_its_route_and_its_provider() {
        let catalog = Catalog::published();
        let fal_only = fal_is(Service::Usable);
        let luma = Ok("fal-ai/luma-dream-machine/ray-2");
        for (id, services, route) in [
            ("fal/luma-ray-2", fal_only, luma),
            ("fal/luma-ray-2", fal_is(Service::Unread), luma),
            ("fal/luma-ray-2", fal_is(Service::NotConfigured), Err(Unavailable::NoProvider)),
            ("fal/luma-ray-2", fal_is(Service::Unusable), Err(Unavailable::NoCredential)),
            ("google/veo-3.1", fal_only, Err(Unavailable::NoProvider)),
            ("fal/runway-gen-4", fal_only, Err(Unavailable::NoRoute)),
            ("google/veo-3", fal_only, Err(Unavailable::NoRoute)),
        ] {
            assert_eq!(catalog.named(id).unwrap().route_at(&services), route, "{id}");
            let says = "is not available at present; GET /v1/models lists the models";
            match (catalog.served(id, &services), route) {
                (Ok((model, found)), Ok(route)) => {
                    assert_eq!((model.id.as_str(), found), (id, route))
                }
                (Err(refused), Err(_)) => {
                    assert_eq!(refused.to_string(), format!("model: {id} {says}"))
                }
                (found, expected) => panic!("{id}: {found:?}, not {expected:?}"),
            }
        }
    }

    #[test]
    fn a_sandbox_needs_no_secret_and_stands_in_for_no_provider_that_is_not_there() {
        for fal in [Service::Usable, Service::Unusable, Service::Unread] {
            let services = fal_is(fal);
            assert_eq!(services.seen_by(Mode::Sandbox), fal_is(Service::Usable));
            assert_eq!(services.seen_by(Mode::Live), services);
        }
    }

    #[test]
    fn what_is_not_in_the_catalog_is_told_where_the_models_are() {
        for (id, shown) in
            [("fal/none", "fal/none"), ("", ""), (&"x".repeat(4000), &"x".repeat(64))]
        {
            let says = format!("model: {shown:?} does not exist; GET /v1/models lists the models");
            assert_eq!(Catalog::published().named(id).unwrap_err().to_string(), says);
        }
    }
}
