//! Sends a file whole or one range of it.

use std::convert::Infallible;
use std::ops::Range;

use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::{
    ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap, IF_RANGE, RANGE,
};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;

use crate::video::Mp4;

/// The part of `file` that the headers ask for, under an `etag` that comes with its quotes.
pub(super) fn send(etag: &str, kind: &'static str, file: &Mp4, headers: &HeaderMap) -> Response {
    let same = headers.get(IF_RANGE).is_none_or(|value| value.as_bytes() == etag.as_bytes());
    let asked = headers.get(RANGE).and_then(|value| value.to_str().ok()).filter(|_| same);
    let (status, range) = match asked.map(|text| part(text, file.len())) {
        None | Some(Part::Whole) => (StatusCode::OK, 0..file.len()),
        Some(Part::Bytes(range)) => (StatusCode::PARTIAL_CONTENT, range),
        Some(Part::Outside) => {
            let whole = format!("bytes */{}", file.len());
            return (StatusCode::RANGE_NOT_SATISFIABLE, [(CONTENT_RANGE, whole)]).into_response();
        }
    };
    let body = Body::from_stream(file.read(range.clone()).map(Ok::<_, Infallible>));
    let length = (range.end - range.start).to_string();
    let head = [(CONTENT_TYPE, kind), (CONTENT_LENGTH, &length), (ETAG, etag), (ACCEPT_RANGES, "bytes")];
    if status == StatusCode::OK {
        return (status, head, body).into_response();
    }
    let part = format!("bytes {}-{}/{}", range.start, range.end - 1, file.len());
    (status, head, [(CONTENT_RANGE, part)], body).into_response()
}

/// What a `Range` header asks for.
#[derive(Debug, PartialEq)]
enum Part {
    /// Anything but one readable range of bytes is answered with the whole file.
    Whole,
    Bytes(Range<u64>),
    Outside,
}

fn part(header: &str, len: u64) -> Part {
    let Some((first, last)) = header.strip_prefix("bytes=").and_then(|range| range.trim().split_once('-')) else {
        return Part::Whole;
    };
    let range = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(len),
        (Ok(first), Err(_)) if last.is_empty() => first..len,
        (Err(_), Ok(suffix)) if first.is_empty() => len.saturating_sub(suffix)..len,
        _ => return Part::Whole,
    };
    if range.is_empty() { Part::Outside } else { Part::Bytes(range) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_of_bytes_is_understood() {
        for (header, expected) in [
            ("bytes=0-0", Part::Bytes(0..1)),
            ("bytes=10-", Part::Bytes(10..100)),
            ("bytes=10-1000", Part::Bytes(10..100)),
            ("bytes=-5", Part::Bytes(95..100)),
            ("bytes=100-", Part::Outside),
            ("bytes=5-4", Part::Whole),
            ("bytes=0-1,5-6", Part::Whole),
        ] {
            assert_eq!(part(header, 100), expected, "{header}");
        }
    }
}
