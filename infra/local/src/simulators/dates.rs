//! Time as the simulators keep it, in Unix milliseconds, and its two spellings on the wire: ISO
//! 8601 with milliseconds in JSON, RFC 7231 in headers. Both are UTC.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

/// Milliseconds since 1970; a clock before that counts as 1970.
pub(crate) fn unix_ms(at: SystemTime) -> u64 {
    millis(at.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO))
}

pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// `2026-11-22T10:26:03.120Z`. What lies after the year 9999 is its last second.
pub(crate) fn iso(ms: u64) -> String {
    let moment = i64::try_from(ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    format!("{:.3}", moment.unwrap_or(Timestamp::MAX))
}

/// `Sun, 22 Nov 2026 10:26:03 GMT`. What lies after the year 9999 is its last second.
pub(crate) fn http(ms: u64) -> String {
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_millis(ms.min(END_MS)))
}

/// 9999-12-31T23:59:59Z, the last second that an HTTP date can spell.
const END_MS: u64 = 253_402_300_799_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spells_moments_as_javascript_does() {
        assert_eq!(iso(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(iso(1_795_343_163_120), "2026-11-22T10:26:03.120Z");
        assert_eq!(iso(1_709_251_199_999), "2024-02-29T23:59:59.999Z");
        assert_eq!(http(0), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(http(1_795_343_163_120), "Sun, 22 Nov 2026 10:26:03 GMT");
        assert_eq!(http(u64::MAX), "Fri, 31 Dec 9999 23:59:59 GMT");
    }
}
