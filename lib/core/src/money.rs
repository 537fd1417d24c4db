//! Amounts of Mexican pesos, as whole millionths of a peso. Every amount is held, added, stored and
//! shown in this type.

use crate::decimal::{self, DecimalError};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// An amount in micro-MXN, positive or negative. Arithmetic is checked, and text is exact. The
/// store keeps it as a whole number of micro-pesos. Callers read it as decimal text (`Display`).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Money(i64);

/// A result is outside the range of ±9.2 billion pesos.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the amount is out of range")]
pub struct MoneyOverflow;

impl Money {
    pub const ZERO: Self = Self(0);

    /// An amount of this many millionths of a peso.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// The amount in millionths of a peso.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The sum of both amounts, or an error if it is out of range.
    pub fn plus(self, other: Self) -> Result<Self, MoneyOverflow> {
        self.0.checked_add(other.0).map(Self).ok_or(MoneyOverflow)
    }

    /// This amount less the other, or an error if the difference is out of range.
    pub fn minus(self, other: Self) -> Result<Self, MoneyOverflow> {
        self.0.checked_sub(other.0).map(Self).ok_or(MoneyOverflow)
    }

    /// The amount with the other sign, or an error if it is out of range.
    pub fn negated(self) -> Result<Self, MoneyOverflow> {
        self.0.checked_neg().map(Self).ok_or(MoneyOverflow)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        decimal::write(f, self.0)
    }
}

impl FromStr for Money {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        decimal::parse(text).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_two_to_six_places() {
        for (micros, text) in [
            (0, "0.00"),
            (4_200_000, "4.20"),
            (54_600, "0.0546"),
            (-4_200_000, "-4.20"),
            (1, "0.000001"),
            (-1, "-0.000001"),
            (45_800_000, "45.80"),
            (1_234_567_890, "1234.56789"),
            (i64::MIN, "-9223372036854.775808"),
        ] {
            assert_eq!(Money::from_micros(micros).to_string(), text);
        }
    }

    #[test]
    fn text_survives_a_round_trip() {
        for text in ["0.00", "4.20", "-0.000001", "50.00", "9223372036854.775807"] {
            assert_eq!(text.parse::<Money>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn overflow_is_an_error() {
        assert_eq!(Money::from_micros(i64::MAX).plus(Money::from_micros(1)), Err(MoneyOverflow));
        assert_eq!(Money::from_micros(i64::MIN).minus(Money::from_micros(1)), Err(MoneyOverflow));
        assert_eq!(Money::from_micros(i64::MIN).negated(), Err(MoneyOverflow));
    }
}
