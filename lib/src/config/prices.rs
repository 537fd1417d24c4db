//! The settings that decide a price: the catalog, the markup and the exchange rate. Each has
//! bounds. Every price that the operator changed is computed once at the start.

use super::{ConfigError, Env};
use crate::catalog::Catalog;
use crate::decimal;
use crate::pricing::{Factor, Rates};

/// The bounds of the markup. Below 1 every video is sold at a loss. A number above 10 is a
/// percentage or a typing error.
const MARKUP: [i64; 2] = [1, 10];

/// The bounds of the exchange rate: a dollar was 3 pesos in 1993, and 25 in 2020. A number outside
/// is a mistake or another currency.
const FX_MXN_PER_USD: [i64; 2] = [1, 1_000];

/// The highest price of a second, unless the operator sets another one. Today no provider asks more
/// than 0.68 dollars.
const HIGHEST_USD_PER_SECOND: &str = "10";

impl Env {
    /// Reads `CATALOG`: the published catalog with the operator's changes. A price above
    /// `HIGHEST_USD_PER_SECOND` is an error.
    pub fn catalog(&self) -> Result<Catalog, ConfigError> {
        let wrong = |problem: String| ConfigError::new("CATALOG", format!("is wrong: {problem}"));
        let catalog = match self.optional("CATALOG") {
            None => Catalog::published(),
            Some(json) => {
                Catalog::with_overrides(json).map_err(|error| wrong(error.to_string()))?
            }
        };
        let above_zero = |factor: &Factor| *factor > Factor::from_millionths(0);
        let highest =
            self.factor("HIGHEST_USD_PER_SECOND", HIGHEST_USD_PER_SECOND, "above 0", above_zero)?;
        let dear = catalog.changed().find(|model| model.highest_usd_per_second() > highest);
        if let Some(model) = dear {
            return Err(wrong(format!(
                "{}: usd_per_second is {}, and {highest} US dollars a second are the most; if it is meant, raise \
                 HIGHEST_USD_PER_SECOND",
                model.id,
                model.highest_usd_per_second()
            )));
        }
        Ok(catalog)
    }

    /// Reads `MARKUP` and `FX_MXN_PER_USD`. The bounds catch a typing error, such as 1875 for
    /// 18.75, which would charge a hundredfold.
    pub fn rates(&self) -> Result<Rates, ConfigError> {
        Ok(Rates::new(
            self.factor_within("MARKUP", "1.05", MARKUP)?,
            self.factor_within("FX_MXN_PER_USD", "20", FX_MXN_PER_USD)?,
        ))
    }

    /// The catalog, and the rates at which it is sold. Every changed price is computed here once,
    /// and a test computes the built-in ones. So a function that starts can price every order.
    pub fn catalog_and_rates(&self) -> Result<(Catalog, Rates), ConfigError> {
        let (catalog, rates) = (self.catalog()?, self.rates()?);
        for model in catalog.changed() {
            let price = rates.price(model.highest_usd_per_second());
            let dearest = price.cost_rounded_half_up(model.max_s());
            dearest.map_err(|error| {
                ConfigError::new("CATALOG", format!("is wrong: {}: {error}", model.id))
            })?;
        }
        Ok((catalog, rates))
    }

    fn factor_within(
        &self,
        name: &str,
        default: &str,
        [least, most]: [i64; 2],
    ) -> Result<Factor, ConfigError> {
        let bounds = [least, most].map(|bound| Factor::from_millionths(bound * decimal::ONE));
        let within = |factor: &Factor| (bounds[0]..=bounds[1]).contains(factor);
        self.factor(name, default, &format!("from {least} to {most}"), within)
    }

    /// Reads a factor. The error is the same for a text that is no number and for a number that is
    /// out of bounds.
    fn factor(
        &self,
        name: &str,
        default: &str,
        bounds: &str,
        within: impl Fn(&Factor) -> bool,
    ) -> Result<Factor, ConfigError> {
        let text = self.optional(name).unwrap_or(default);
        text.parse().ok().filter(within).ok_or_else(|| {
            let form =
                format!("a decimal number {bounds} with at most six places, such as {default}");
            ConfigError::new(name, format!("is {text:?}, and must be {form}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_setting_out_of_bounds_stops_the_start_and_says_the_bounds() {
        let env = |name: &'static str, value: &str| Env::from([(name, value.to_owned())]);
        for (name, value, says) in [
            ("FX_MXN_PER_USD", "1875", "is \"1875\", and must be a decimal number from 1 to 1000"),
            ("FX_MXN_PER_USD", "0.99", "is \"0.99\", and must be a decimal number from 1 to 1000"),
            (
                "FX_MXN_PER_USD",
                "1000.000001",
                "must be a decimal number from 1 to 1000 with at most six places",
            ),
            (
                "FX_MXN_PER_USD",
                "-1",
                "must be a decimal number from 1 to 1000 with at most six places, such as 20",
            ),
            (
                "FX_MXN_PER_USD",
                "999999999999999999999999",
                "must be a decimal number from 1 to 1000",
            ),
            ("MARKUP", "0", "is \"0\", and must be a decimal number from 1 to 10"),
            ("MARKUP", "0.999999", "is \"0.999999\", and must be a decimal number from 1 to 10"),
            ("MARKUP", "105", "is \"105\", and must be a decimal number from 1 to 10"),
            (
                "MARKUP",
                "5%",
                "must be a decimal number from 1 to 10 with at most six places, such as 1.05",
            ),
            (
                "HIGHEST_USD_PER_SECOND",
                "0",
                "must be a decimal number above 0 with at most six places, such as 10",
            ),
            (
                "HIGHEST_USD_PER_SECOND",
                "-1",
                "must be a decimal number above 0 with at most six places, such as 10",
            ),
            (
                "CATALOG",
                r#"{"fal/kling-2":{"usd_per_second":"28"}}"#,
                "fal/kling-2: usd_per_second is 28.00, and 10.00",
            ),
        ] {
            let error = env(name, value).catalog_and_rates().unwrap_err().to_string();
            assert!(error.contains(name) && error.contains(says), "{name}={value}: {error}");
        }
        for (name, value) in
            [("FX_MXN_PER_USD", "1"), ("FX_MXN_PER_USD", "1000"), ("MARKUP", "1"), ("MARKUP", "10")]
        {
            assert!(env(name, value).catalog_and_rates().is_ok(), "{name}={value}");
        }
    }

    #[test]
    fn a_high_price_is_allowed_if_the_operator_says_so_and_can_be_computed() {
        let dear = |highest: &str, price: &str| {
            let catalog = format!(r#"{{"fal/kling-2":{{"usd_per_second":"{price}"}}}}"#);
            Env::from([("HIGHEST_USD_PER_SECOND", highest.to_owned()), ("CATALOG", catalog)])
                .catalog_and_rates()
        };
        assert!(dear("28", "28").is_ok(), "it is meant");
        let absurd = dear("9000000000000", "9000000000000").unwrap_err().to_string();
        assert!(absurd.contains("fal/kling-2: the amount is out of range"), "{absurd}");
    }

    #[test]
    fn every_built_in_price_can_be_computed_at_the_highest_rates() {
        let [markup, fx] = [MARKUP, FX_MXN_PER_USD].map(|[_, most]| most.to_string());
        let env = Env::from([("MARKUP", markup), ("FX_MXN_PER_USD", fx)]);
        let (catalog, rates) = env.catalog_and_rates().unwrap();
        let highest = HIGHEST_USD_PER_SECOND.parse().unwrap();
        for model in catalog.iter() {
            let usd_per_second = model.highest_usd_per_second();
            assert!(usd_per_second <= highest, "{}", model.id);
            let price = rates.price(usd_per_second);
            assert!(price.cost_rounded_half_up(model.max_s()).is_ok(), "{}", model.id);
        }
    }
}
