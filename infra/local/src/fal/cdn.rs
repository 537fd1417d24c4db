//! The CDN: finished files under public URLs, whole or in ranges, that ask for no key.

use std::convert::Infallible;
use std::ops::Range;

use axum::body::Body;
use axum::extract::{OriginalUri, Path, State};
use axum::http::StatusCode;
use axum::http::header::{
    ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap, IF_RANGE, RANGE,
};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;

use super::render::{Phase, Rendering};
use super::{Ending, Fal};
use crate::video::{self, Mp4};

pub(super) const PATH: &str = "/files/{id}/output.mp4";
pub(super) const FILE_NAME: &str = "output.mp4";

const PAGE: &str = "<!doctype html><title>Sign in</title><p>This is not a video.";

/// The public URL of a request's file.
pub(super) fn url(base_url: &str, id: &str) -> String {
    format!("{base_url}/files/{id}/{FILE_NAME}")
}

/// The size that a result states.
pub(super) fn size(render: &Rendering) -> Option<u64> {
    contents(render).map(|(_, file)| file.len())
}

pub(super) async fn file(
    State(fal): State<Fal>,
    OriginalUri(uri): OriginalUri,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let work = async {
        let render = fal.state().renders.iter().find(|render| render.id == id).cloned();
        let finished = render.filter(|render| render.phase(fal.now_ms()) == Phase::Done);
        match finished.as_ref().and_then(contents) {
            Some((kind, file)) => send(&id, kind, &file, &headers),
            None => (StatusCode::NOT_FOUND, "Not Found").into_response(),
        }
    };
    fal.faults().around("file", uri.path(), work).await
}

/// The file of a render that has one, and what it is.
fn contents(render: &Rendering) -> Option<(&'static str, Mp4)> {
    let order = &render.order;
    let video = || Mp4::plain(video::mp4(order.seconds, &order.aspect_ratio));
    match render.ending {
        Ending::Video { bytes: Some(bytes), .. } => {
            Some(("video/mp4", video::padded(order.seconds, &order.aspect_ratio, bytes)))
        }
        Ending::Video { bytes: None, .. } => Some(("video/mp4", video())),
        Ending::CutVideo { keep_bytes } => Some(("video/mp4", video().cut_to(keep_bytes))),
        Ending::Html => Some(("text/html; charset=utf-8", Mp4::plain(PAGE.into()))),
        Ending::NoUrl
        | Ending::ForeignUrl { .. }
        | Ending::Refused { .. }
        | Ending::Broken { .. }
        | Ending::Invalid { .. }
        | Ending::Cancelled => None,
    }
}

fn send(id: &str, kind: &'static str, file: &Mp4, headers: &HeaderMap) -> Response {
    let etag = format!("\"{id}\"");
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
    let head = [(CONTENT_TYPE, kind), (CONTENT_LENGTH, &length), (ETAG, &etag), (ACCEPT_RANGES, "bytes")];
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
            ("bytes=-500", Part::Bytes(0..100)),
            ("bytes=100-", Part::Outside),
            ("bytes=-0", Part::Outside),
            ("bytes=5-4", Part::Whole),
            ("bytes=0-1,5-6", Part::Whole),
            ("items=0-1", Part::Whole),
            ("bytes=-", Part::Whole),
        ] {
            assert_eq!(part(header, 100), expected, "{header}");
        }
    }
    #[tokio::test]
    async fn the_router_serves_ranges_to_anybody_and_notes_who_asked() {
        use std::sync::Arc;
        use std::time::{Duration, SystemTime};

        use tokio::io::{AsyncReadExt, AsyncWriteExt};

        let fal = Fal::new(super::super::Options {
            base_url: String::new(),
            key: "key".to_owned(),
            data_dir: None,
            render: super::super::Render { queued: Duration::ZERO, rendering: Duration::ZERO },
            now: Arc::new(SystemTime::now),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(axum::serve(listener, fal.router()).into_future());
        let send = async |request: String| {
            let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
            socket.write_all(request.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            socket.read_to_end(&mut answer).await.unwrap();
            String::from_utf8_lossy(&answer).into_owned()
        };

        let body = r#"{"prompt":"a cat"}"#;
        let head = "host: x\r\nconnection: close\r\nauthorization: Key key\r\ncontent-length: 18";
        send(format!("POST /fal-ai/veo3.1 HTTP/1.1\r\n{head}\r\n\r\n{body}")).await;
        let id = fal.state().renders[0].id.clone();
        let path = format!("/files/{id}/output.mp4");
        let range = "host: x\r\nconnection: close\r\nrange: bytes=4-7";
        let answer = send(format!("GET {path} HTTP/1.1\r\n{range}\r\n\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 206") && answer.ends_with("\r\n\r\nftyp"), "{answer}");
        assert!(answer.contains("content-range: bytes 4-7/890270"), "{answer}");

        let seen: Vec<_> = fal.requests().into_iter().map(|seen| (seen.path, seen.authorization)).collect();
        assert_eq!(seen, [("/fal-ai/veo3.1".to_owned(), Some("Key key".to_owned())), (path, None)]);
    }
}
