//! What the catalog has for one order: the values with which it is rendered, by whom, and at what
//! price.

use super::inputs::{Input, Resolved, Unresolved};
use super::{Catalog, Model, PriceRow, Services, Upstream, list};
use crate::error::Refusal;
use crate::order::Order;
use serde_json::{Map, Value};

/// What an order gets. Nothing is promised yet: the terms are made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer<'c> {
    pub model: &'c Model,
    pub upstream: &'c Upstream,
    /// The upstream's id of the model.
    pub route: &'c str,
    pub resolved: Resolved,
    pub price: &'c PriceRow,
    /// What the upstream is told, beside the prompt.
    pub input: Map<String, Value>,
}

impl Catalog {
    /// What the catalog has for an order.
    ///
    /// # Errors
    ///
    /// A refusal that names the field, and what would be right.
    pub fn offer(&self, order: &Order, services: &Services) -> Result<Offer<'_>, Refusal> {
        let (model, route) = self.served(order.model(), services)?;
        let upstream = model.upstream();
        let resolved = model.inputs.resolve(order, &model.id).map_err(|why| match why {
            Unresolved::Refused(refusal) => refusal,
            Unresolved::NotTaken(input) => self.not_taken(model, input),
        })?;
        let input = upstream.input(&resolved).map_err(|input| self.not_taken(model, input))?;
        Ok(Offer { model, upstream, route, price: model.price_of(&resolved), resolved, input })
    }

    fn not_taken(&self, model: &Model, input: Input) -> Refusal {
        let models = self.iter().filter(|model| model.inputs.has(input));
        let models = list(models.map(|model| model.id.clone()));
        Refusal::invalid(format!("{input}: {} does not take it; these do: {models}", model.id))
    }
}
