//! Reads a `Range` header.

use std::ops::Range;

/// No byte of the file is in the range.
#[derive(Debug, PartialEq)]
pub(crate) struct Unsatisfiable;

/// The bytes that a header asks for of a file of `len`. `None` is the whole file: the answer to
/// several ranges, to another unit, and to a header that cannot be read.
pub(crate) fn asked(header: &str, len: u64) -> Result<Option<Range<u64>>, Unsatisfiable> {
    let Some((first, last)) =
        header.strip_prefix("bytes=").and_then(|range| range.trim().split_once('-'))
    else {
        return Ok(None);
    };
    let range = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(len),
        (Ok(first), Err(_)) if last.is_empty() => first..len,
        (Err(_), Ok(suffix)) if first.is_empty() => len.saturating_sub(suffix)..len,
        _ => return Ok(None),
    };
    if range.is_empty() { Err(Unsatisfiable) } else { Ok(Some(range)) }
}

/// The same for a server that refuses several ranges, another unit, and nonsense.
pub(crate) fn demanded(header: &str, len: u64) -> Result<Range<u64>, Unsatisfiable> {
    asked(header, len)?.ok_or(Unsatisfiable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_of_bytes_is_understood() {
        for (header, expected) in [
            ("bytes=0-0", Ok(Some(0..1))),
            ("bytes=10-", Ok(Some(10..100))),
            ("bytes=10-1000", Ok(Some(10..100))),
            ("bytes=-5", Ok(Some(95..100))),
            ("bytes=-500", Ok(Some(0..100))),
            ("bytes=100-", Err(Unsatisfiable)),
            ("bytes=-0", Err(Unsatisfiable)),
            ("bytes=5-4", Ok(None)),
            ("bytes=0-1,5-6", Ok(None)),
            ("items=0-1", Ok(None)),
            ("bytes=-", Ok(None)),
        ] {
            assert_eq!(asked(header, 100), expected, "{header}");
            assert_eq!(
                demanded(header, 100),
                expected.and_then(|range| range.ok_or(Unsatisfiable)),
                "{header}"
            );
        }
        assert_eq!(asked("bytes=0-", 0), Err(Unsatisfiable));
    }
}
