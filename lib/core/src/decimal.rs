//! Exact parsing and printing of decimal numbers with at most six places, as a whole number of
//! millionths. This module knows no currency.

use std::fmt;

pub const ONE: i64 = 1_000_000;
const PLACES: usize = 6;

/// Why a text is not an exact decimal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a decimal number with at most six places, such as 4.20")]
pub struct DecimalError {
    text: String,
}

/// Reads `-12.345678` as millionths. A plus sign, an exponent, spaces, a bare dot and a seventh
/// place are errors; no digit is ever rounded away.
pub fn parse(text: &str) -> Result<i64, DecimalError> {
    read(text).ok_or_else(|| DecimalError { text: text.to_owned() })
}

fn read(text: &str) -> Option<i64> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) || fraction.len() > PLACES {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    let fraction: i64 = format!("{fraction:0<PLACES$}").parse().ok()?;
    let millionths = whole.checked_mul(ONE)?.checked_add(fraction)?;
    Some(if negative { -millionths } else { millionths })
}

/// Reads a number as [`parse`] does. A number below 0 is an error too.
pub fn parse_unsigned(text: &str) -> Result<i64, DecimalError> {
    read(text)
        .filter(|millionths| *millionths >= 0)
        .ok_or_else(|| DecimalError { text: text.to_owned() })
}

/// Writes millionths with two to six places, without zeros at the end after the second place:
/// `4.20`, `0.0546`.
pub fn write(f: &mut fmt::Formatter<'_>, millionths: i64) -> fmt::Result {
    write_places(f, millionths.into(), PLACES)
}

/// Writes a whole number of units in the same form; `places` is how many decimal places a unit has.
pub fn write_places(f: &mut fmt::Formatter<'_>, units: i128, places: usize) -> fmt::Result {
    let sign = if units < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", units.unsigned_abs(), width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let shown = fraction.trim_end_matches('0').len().max(2);
    write!(f, "{sign}{whole}.{}", &fraction[..shown])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_exactly_or_not_at_all() {
        for (text, millionths) in [
            ("0", 0),
            ("20", 20_000_000),
            ("1.05", 1_050_000),
            ("0.000001", 1),
            ("-4.20", -4_200_000),
            ("007.5", 7_500_000),
        ] {
            assert_eq!(parse(text), Ok(millionths), "{text}");
        }
        for text in [
            "",
            ".",
            "1.",
            ".5",
            "+1",
            "1e3",
            " 1",
            "1,5",
            "0.0000001",
            "NaN",
            "--1",
            "9223372036854.775808",
        ] {
            assert!(parse(text).is_err(), "{text} must be refused");
        }
    }
}
