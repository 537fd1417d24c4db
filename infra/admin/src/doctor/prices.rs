//! Checks the catalog: what each model sells for, what its provider is known to ask, and which
//! models cannot be sold.

use super::finding::Finding;
use super::rates::ONE;
use ghub::catalog::{Asks, Catalog, Model, PriceRow, applying};
use ghub::config::Env;
use ghub::pricing::{Factor, Price, Rates};
use ghub::provider::Provider;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::iter;

const AREA: &str = "model";

pub fn look(env: &Env) -> Vec<Finding> {
    let catalog = match env.catalog() {
        Ok(catalog) => catalog,
        Err(error) => {
            let mut finding = Finding::of(AREA, "CATALOG");
            finding.fail(
                error,
                "Correct it, or leave it out for the published catalog; README.md shows its form.",
            );
            return vec![finding];
        }
    };
    let rates = env.rates().ok(); // what is wrong with them is said elsewhere
    let mut accepting = Accepting::default();
    let mut findings: Vec<Finding> =
        catalog.iter().map(|model| judge(env, model, rates, &mut accepting)).collect();
    findings.extend(nothing_to_sell(env, &catalog));
    findings.extend(accepting.hint(env));
    findings
}

/// The changes to `CATALOG` by which the operator accepts everything that was found.
#[derive(Debug, Default)]
struct Accepting(Vec<(String, &'static str, Value)>);

impl Accepting {
    fn accept(&mut self, model: &Model, field: &'static str, value: Value) {
        self.0.push((model.id.clone(), field, value));
    }

    /// The setting after which the doctor has nothing more to say about these models. It includes
    /// what is set already.
    fn hint(self, env: &Env) -> Option<Finding> {
        if self.0.is_empty() {
            return None;
        }
        let mut set: Value = serde_json::from_str(env.optional("CATALOG").unwrap_or("{}")).ok()?;
        let count = self.0.iter().map(|(id, ..)| id).collect::<BTreeSet<_>>().len();
        for (id, field, value) in self.0 {
            set[id][field] = value;
        }
        let mut finding = Finding::of(AREA, "CATALOG");
        let plural = if count == 1 { "" } else { "s" };
        finding.ok(format!("{count} model{plural} with a warning"));
        finding.hint(format!(
            "To keep them as they are, and hear no more of it unless a provider asks more: CATALOG='{set}'"
        ));
        Some(finding)
    }
}

fn nothing_to_sell(env: &Env, catalog: &Catalog) -> Option<Finding> {
    let sold =
        |model: &Model| model.route().is_some() && missing_secret(env, model.provider()).is_none();
    (!catalog.iter().any(sold)).then(|| {
        let mut finding = Finding::of(AREA, "all of them");
        let ways: Vec<String> = Provider::ALL.into_iter().filter_map(to_configure).collect();
        finding.fail("none can be sold", format!("Configure a provider: {}.", ways.join(", or ")));
        finding
    })
}

/// The variables that configure a provider, such as `X_SECRET and Y`.
fn to_configure(provider: Provider) -> Option<String> {
    let about = provider.about();
    let further = about.needs.iter().skip(1).copied();
    Some(iter::once(about.secret_named_by?).chain(further).collect::<Vec<_>>().join(" and "))
}

/// The variable that would name the provider's secret, if it is not set. The sandbox has no secret.
fn missing_secret(env: &Env, provider: Provider) -> Option<String> {
    let secret = provider.about().secret()?;
    (!env.has_secret(secret)).then(|| Env::secret_variable(secret))
}

fn judge(env: &Env, model: &Model, rates: Option<Rates>, accepting: &mut Accepting) -> Finding {
    let mut finding = Finding::of(AREA, &*model.id);
    let Some(route) = model.route() else {
        if model.switched_off {
            finding.ok("switched off in CATALOG");
            return finding;
        }
        finding.warn(
            "not available: it has no route",
            format!(
                "Callers are told model_not_found. To sell it, name the provider's model: in CATALOG, set \"{}\": \
                 {{\"route\": \"…\"}}.",
                model.id
            ),
        );
        accepting.accept(model, "route", Value::Null);
        return finding;
    };
    if let Some(secret) = missing_secret(env, model.provider()) {
        finding.warn(
            "not available: its provider is not configured",
            format!("Callers are told model_not_found. To sell it, set {secret}."),
        );
        accepting.accept(model, "route", Value::Null);
    }
    finding.ok(format!("USD {} a second", model.usd_per_second()));
    let price = rates.map(|rates| rates.price(model.usd_per_second()));
    if let Some(sold) = price.and_then(|price| price.cost_rounded_half_up(1).ok()) {
        finding.ok(format!("sold for MXN {sold}"));
    }
    match asks(model.provider(), route) {
        Some(asks) => compare(&mut finding, model, rates, &asks, accepting),
        None => finding.ok(format!("what {route} asks is not known")),
    }
    finding
}

/// What a provider is known to ask for this route, whichever built-in entry has it.
fn asks(provider: Provider, route: &str) -> Option<Asks> {
    let catalog = Catalog::published();
    let mut upstreams = catalog.iter().flat_map(|model| &model.upstreams);
    let known = upstreams.find(|upstream| {
        let id = upstream.modes.text.as_deref();
        upstream.provider == provider && id == Some(route.trim_matches('/'))
    });
    known.and_then(|upstream| upstream.asks.clone())
}

/// A row of the model, and the most that the provider asks for an order that the row applies to.
fn rows<'m>(model: &'m Model, asks: &Asks) -> BTreeMap<&'m str, (&'m PriceRow, Factor)> {
    let mut rows = BTreeMap::new();
    for order in model.combinations() {
        let row = model.price_of(&order);
        let Some(asked) = applying(&asks.prices, &order) else { continue };
        let most = rows.entry(row.name.as_str()).or_insert((row, asked.usd_per_second));
        most.1 = most.1.max(asked.usd_per_second);
    }
    rows
}

/// Says of each row what the provider asks, and which of them lose money.
fn compare(
    finding: &mut Finding,
    model: &Model,
    rates: Option<Rates>,
    asks: &Asks,
    accepting: &mut Accepting,
) {
    let Asks { source, read, .. } = asks;
    let several = model.prices.len() > 1;
    let mut lost: Option<Factor> = None;
    for (name, (row, asked)) in rows(model, asks) {
        let of_row = if several { format!(" for {name}") } else { String::new() };
        let found = format!("the provider asked USD {asked}{of_row} on {read} ({source})");
        let accepted = model.loss_accepted_up_to.is_some_and(|most| asked <= most);
        match rates.map(|rates| rates.price(row.usd_per_second)) {
            Some(price) if loses(price, asked) && accepted => {
                finding.ok(format!("{found}, and CATALOG accepts that loss"))
            }
            Some(price) if loses(price, asked) => {
                finding.warn(
                    found,
                    format!(
                        "Every second sold loses money: with the markup of {} callers pay less than the provider asks. \
                         To sell it at what it costs, and the markup on top: in CATALOG, set \"{}\": \
                         {{\"usd_per_second\": \"{asked}\"}}.",
                        price.markup, model.id
                    ),
                );
                lost = lost.max(Some(asked));
            }
            _ if several => {}
            _ => finding.ok(found),
        }
    }
    if let Some(asked) = lost {
        accepting.accept(model, "loss_accepted_up_to", asked.to_string().into());
    } else if several {
        finding.ok(format!("no price is below what the provider asked on {read} ({source})"));
    }
}

/// Whether a caller pays less for a second, in dollars, than the provider asks.
fn loses(price: Price, asked: Factor) -> bool {
    let paid = Price { fx_mxn_per_usd: ONE, ..price };
    let asked = Price { usd_per_second: asked, markup: ONE, fx_mxn_per_usd: ONE };
    // A price that is too large to compute is no loss.
    matches!((paid.cost_rounded_half_up(1), asked.cost_rounded_half_up(1)), (Ok(paid), Ok(asked)) if paid < asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_loses_money_when_the_markup_does_not_make_up_for_it() {
        for (usd, markup, lost) in [
            ("0.04", "1.05", true),
            ("0.28", "1.05", false),
            ("0.27", "1.05", false),
            ("0.26", "1.05", true),
            ("0.28", "1", false),
        ] {
            let price = Price {
                usd_per_second: usd.parse().unwrap(),
                markup: markup.parse().unwrap(),
                fx_mxn_per_usd: "20".parse().unwrap(),
            };
            assert_eq!(loses(price, "0.28".parse().unwrap()), lost, "{usd} × {markup}");
        }
    }

    /// A row without a known price would be sold at any loss, unseen.
    #[test]
    fn every_row_with_an_upstream_has_a_price_that_the_provider_asks() {
        for model in Catalog::published().iter() {
            let Some(route) = model.route() else { continue };
            let asks = asks(model.provider(), route).expect(&model.id);
            assert_eq!(rows(model, &asks).len(), model.prices.len(), "{}", model.id);
        }
    }
}
