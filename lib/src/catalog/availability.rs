//! Which models can be used now, and what a caller is told of those that cannot.

use super::{Catalog, Model};
use crate::error::{Refusal, shortened};
use crate::provider::Providers;

/// Why a model that is in the catalog cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// It has no route.
    #[error("switched off or without an upstream")]
    NoRoute,
    /// It has one, to a provider that nobody here has a credential for.
    #[error("its provider is not configured here")]
    NoProvider,
}

impl Catalog {
    /// The model that a caller names, available or not.
    pub fn named(&self, id: &str) -> Result<&Model, Refusal> {
        self.get(id).ok_or_else(|| not_found(&format!("model: {:?} does not exist", shortened(id))))
    }

    /// The model that a caller wants to use, and what it is called at its provider.
    pub fn served(&self, id: &str, providers: &Providers) -> Result<(&Model, &str), Refusal> {
        let model = self.named(id)?;
        match model.route_at(providers) {
            Ok(route) => Ok((model, route)),
            Err(_) => Err(not_found(&format!("model: {id} is not available at present"))),
        }
    }
}

impl Model {
    /// What the model is called at its provider, if it can be used now.
    pub fn route_at(&self, providers: &Providers) -> Result<&str, Unavailable> {
        let route = self.route.as_deref().ok_or(Unavailable::NoRoute)?;
        if providers.serve(self.provider) { Ok(route) } else { Err(Unavailable::NoProvider) }
    }
}

fn not_found(what: &str) -> Refusal {
    Refusal::ModelNotFound(format!("{what}; GET /v1/models lists the models"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::fal::Fal;

    #[test]
    fn a_model_is_available_by_its_route_and_its_provider() {
        let catalog = Catalog::published();
        let fal = Providers { fal: Some(Fal::new("https://queue.fal.run".parse().unwrap())), google: None };
        for (id, providers, route) in [
            ("fal/luma-ray-2", &fal, Ok("fal-ai/luma-dream-machine/ray-2")),
            ("fal/luma-ray-2", &Providers::default(), Err(Unavailable::NoProvider)),
            ("google/veo-3.1", &fal, Err(Unavailable::NoProvider)),
            ("fal/runway-gen-4", &fal, Err(Unavailable::NoRoute)),
            ("google/veo-3", &fal, Err(Unavailable::NoRoute)),
        ] {
            assert_eq!(catalog.named(id).unwrap().route_at(providers), route, "{id}");
            let says = "is not available at present; GET /v1/models lists the models";
            match (catalog.served(id, providers), route) {
                (Ok((model, found)), Ok(route)) => assert_eq!((model.id.as_str(), found), (id, route)),
                (Err(refused), Err(_)) => assert_eq!(refused.to_string(), format!("model: {id} {says}")),
                (found, expected) => panic!("{id}: {found:?}, not {expected:?}"),
            }
        }
    }

    #[test]
    fn what_is_not_in_the_catalog_is_told_where_the_models_are() {
        for (id, shown) in [("fal/none", "fal/none"), ("", ""), (&"x".repeat(4000), &"x".repeat(64))] {
            let says = format!("model: {shown:?} does not exist; GET /v1/models lists the models");
            assert_eq!(Catalog::published().named(id).unwrap_err().to_string(), says);
        }
    }
}
