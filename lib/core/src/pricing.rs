//! The cost of a job: `seconds × USD/s × markup × FX`. All numbers are integers, and the result is
//! rounded once, at the end.

use crate::decimal::{self, DecimalError};
use crate::money::{Money, MoneyOverflow};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A decimal number of at least 0 with six places: a price in USD, a markup, an exchange rate. It
/// is stored in whole millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Factor(i64);

impl Factor {
    /// Makes a factor from whole millionths. A negative number is a mistake in a constant and
    /// becomes 0.
    pub const fn from_millionths(millionths: i64) -> Self {
        Self(if millionths < 0 { 0 } else { millionths })
    }
}

impl fmt::Display for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        decimal::write(f, self.0)
    }
}

impl FromStr for Factor {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        decimal::parse_unsigned(text).map(Self)
    }
}

/// The numbers that make a price per second, as they were when the job was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// The model's price in US dollars for a second of video.
    pub usd_per_second: Factor,
    /// The markup factor: 1.05 adds 5 %.
    pub markup: Factor,
    /// Mexican pesos for a US dollar.
    pub fx_mxn_per_usd: Factor,
}

impl Price {
    /// The cost of `seconds` of video, rounded half up to a millionth of a peso.
    pub fn cost_rounded_half_up(&self, seconds: u32) -> Result<Money, MoneyOverflow> {
        const SCALE: i128 = 1_000_000_000_000;
        let MxnPerSecond(exact) = self.mxn_per_second()?;
        let rounded = exact
            .checked_mul(i128::from(seconds))
            .and_then(|product| product.checked_add(SCALE / 2))
            .ok_or(MoneyOverflow)?;
        i64::try_from(rounded / SCALE).map(Money::from_micros).map_err(|_| MoneyOverflow)
    }

    /// The price of one second of video, with markup and exchange rate.
    pub fn mxn_per_second(&self) -> Result<MxnPerSecond, MoneyOverflow> {
        i128::from(self.usd_per_second.0)
            .checked_mul(i128::from(self.markup.0))
            .and_then(|product| product.checked_mul(i128::from(self.fx_mxn_per_usd.0)))
            .map(MxnPerSecond)
            .ok_or(MoneyOverflow)
    }
}

/// The markup and the exchange rate of now. A job keeps those of its submit.
#[derive(Debug, Clone, Copy)]
pub struct Rates {
    markup: Factor,
    fx_mxn_per_usd: Factor,
}

impl Rates {
    /// Makes the rates of a markup factor and an exchange rate.
    pub const fn new(markup: Factor, fx_mxn_per_usd: Factor) -> Self {
        Self { markup, fx_mxn_per_usd }
    }

    /// The price of a second at these rates.
    pub const fn price(&self, usd_per_second: Factor) -> Price {
        Price { usd_per_second, markup: self.markup, fx_mxn_per_usd: self.fx_mxn_per_usd }
    }
}

/// An exact price in pesos per second. Three factors of six places have a product of up to 18
/// places. It is a price and not an amount: the charge is rounded once, after the multiplication by
/// the seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MxnPerSecond(i128);

impl fmt::Display for MxnPerSecond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        decimal::write_places(f, self.0, 18)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(usd_per_second: &str, markup: &str, fx: &str) -> Price {
        Price {
            usd_per_second: usd_per_second.parse().unwrap(),
            markup: markup.parse().unwrap(),
            fx_mxn_per_usd: fx.parse().unwrap(),
        }
    }

    #[test]
    fn a_constant_is_never_negative() {
        let as_text = |millionths| Factor::from_millionths(millionths).to_string();
        assert_eq!(
            [-1, 0, 1].map(as_text),
            ["0", "0", "0.000001"].map(|text| text.parse::<Factor>().unwrap().to_string())
        );
    }

    #[test]
    fn the_published_examples() {
        for (what, usd, seconds, mxn) in [
            ("Kling 5 s", "0.04", 5, "4.20"),
            ("Runway 5 s", "0.05", 5, "5.25"),
            ("Luma 5 s", "0.20", 5, "21.00"),
            ("Veo 3 5 s", "0.20", 5, "21.00"),
            ("Veo 3.1 5 s", "0.40", 5, "42.00"),
            ("ten Kling 5 s", "0.04", 50, "42.00"),
        ] {
            let cost = price(usd, "1.05", "20").cost_rounded_half_up(seconds).unwrap();
            assert_eq!(cost.to_string(), mxn, "{what}");
        }
    }

    #[test]
    fn rounds_once_half_up_to_a_millionth() {
        assert_eq!(
            price("0.000001", "0.5", "1").cost_rounded_half_up(1).unwrap().micros(),
            1,
            "0.5 millionths go up"
        );
        assert_eq!(price("0.000001", "0.499999", "1").cost_rounded_half_up(1).unwrap().micros(), 0);
        assert_eq!(
            price("0.04", "1.05", "18.123457").cost_rounded_half_up(7).unwrap().to_string(),
            "5.328296"
        );
    }

    #[test]
    fn the_price_of_a_second_is_exact() {
        for (usd, markup, fx, mxn) in [
            ("0.04", "1.05", "20", "0.84"),
            ("0.40", "1", "20", "8.00"),
            ("0.04", "1.05", "18.123457", "0.761185194"),
            ("0.000001", "0.000001", "0.000001", "0.000000000000000001"),
            ("123456", "1", "10", "1234560.00"),
        ] {
            assert_eq!(price(usd, markup, fx).mxn_per_second().unwrap().to_string(), mxn);
        }
    }

    #[test]
    fn an_absurd_price_is_an_error_and_not_a_small_number() {
        let absurd = price("9000000000000", "9000000000000", "9000000000000");
        assert_eq!(absurd.cost_rounded_half_up(u32::MAX), Err(MoneyOverflow));
        assert_eq!(absurd.mxn_per_second(), Err(MoneyOverflow));
    }

    #[test]
    fn a_factor_is_not_negative() {
        assert!("-0.04".parse::<Factor>().is_err());
    }
}
