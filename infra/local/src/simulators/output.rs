//! What a render leaves behind: a file of some kind, sent whole or in a range.

use std::convert::Infallible;

use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::{
    ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap, IF_RANGE, RANGE,
};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;

use crate::simulators::ranges;
use crate::video::{self, Mp4};

const PAGE: &str = "<!doctype html><title>Sign in</title><p>This is not a video.";

/// A finished file and what it is.
pub(crate) struct Output {
    pub(crate) kind: &'static str,
    pub(crate) file: Mp4,
}

#[derive(Clone, Copy)]
pub struct Film<'a> {
    pub(crate) seconds: u32,
    pub(crate) aspect_ratio: &'a str,
    pub(crate) sound: bool,
}

/// Which file a render leaves behind.
#[derive(Clone, Copy)]
pub enum Kind {
    /// The video, filled up to so many bytes if that is said.
    Video {
        /// The size of the file.
        bytes: Option<u64>,
    },
    /// A video of which only the first bytes are there.
    CutVideo { keep_bytes: u64 },
    /// A web page where the video should be.
    Page,
}

impl Output {
    pub(crate) fn drawn(kind: Kind, film: Film<'_>) -> Self {
        let Film { seconds, aspect_ratio, sound } = film;
        let video = || match sound {
            true => video::with_sound(seconds, aspect_ratio),
            false => video::mp4(seconds, aspect_ratio),
        };
        let file = match kind {
            Kind::Video { bytes: None } => Mp4::plain(video()),
            Kind::Video { bytes: Some(bytes) } => video::filled(video(), bytes),
            Kind::CutVideo { keep_bytes } => Mp4::plain(video()).cut_to(keep_bytes),
            Kind::Page => return Self::page(),
        };
        Self { kind: "video/mp4", file }
    }

    /// A web page where the video should be.
    pub(crate) fn page() -> Self {
        Self { kind: "text/html; charset=utf-8", file: Mp4::plain(PAGE.into()) }
    }

    /// The part that the headers ask for, under an `etag` that comes with its quotes.
    pub(crate) fn send(&self, etag: &str, headers: &HeaderMap) -> Response {
        let len = self.file.len();
        let same = headers.get(IF_RANGE).is_none_or(|value| value.as_bytes() == etag.as_bytes());
        let asked = headers.get(RANGE).and_then(|value| value.to_str().ok()).filter(|_| same);
        let Ok(part) = asked.map_or(Ok(None), |header| ranges::asked(header, len)) else {
            return (
                StatusCode::RANGE_NOT_SATISFIABLE,
                [(CONTENT_RANGE, format!("bytes */{len}"))],
            )
                .into_response();
        };
        let range = part.clone().unwrap_or(0..len);
        let body = Body::from_stream(self.file.read(range.clone()).map(Ok::<_, Infallible>));
        let length = (range.end - range.start).to_string();
        let head = [
            (CONTENT_TYPE, self.kind),
            (CONTENT_LENGTH, &length),
            (ETAG, etag),
            (ACCEPT_RANGES, "bytes"),
        ];
        if part.is_none() {
            return (head, body).into_response();
        }
        let part = format!("bytes {}-{}/{len}", range.start, range.end - 1);
        (StatusCode::PARTIAL_CONTENT, head, [(CONTENT_RANGE, part)], body).into_response()
    }
}
