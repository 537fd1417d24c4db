//! The far end: what the sandbox answers to the requests of its adapter. A function of the request
//! and the time.

use super::{Handle, Outcome, Status};
use crate::adapter::{Headers, Reply, Request};
use serde::Serialize;

/// How long a render takes: long enough that a caller sees it `processing`.
const RENDER_S: i64 = 3;
/// How long a slow one takes.
const SLOW_RENDER_S: i64 = 60;

/// The video of every job, 5 s of a moving test picture, 16:9, drawn by `ffmpeg -f lavfi -i
/// testsrc2=size=320x180:rate=12:duration=5 -c:v libx264 -preset veryslow -crf 36 -pix_fmt yuv420p
/// -movflags +faststart`.
pub const VIDEO: &[u8] = include_bytes!("video.mp4");

/// Answers one request, at this moment in Unix seconds.
pub fn answered(request: &Request, now_unix_s: i64) -> Reply {
    let body = request.body.clone().unwrap_or_default();
    let known = || serde_json::from_value::<Handle>(body.clone()).ok();
    match request.url.path() {
        "/requests" => match Outcome::of(body["prompt"].as_str().unwrap_or_default()) {
            Outcome::ProviderDown => reply(503, Vec::new()),
            Outcome::Stored => {
                json(&Handle { outcome: Outcome::Completed, taken: now_unix_s, stored: true })
            }
            outcome => json(&Handle { outcome, taken: now_unix_s, stored: false }),
        },
        "/status" => known().map_or_else(unknown, |handle| json(&handle.status(now_unix_s))),
        "/cancel" => known().map_or_else(unknown, |handle| match handle.status(now_unix_s) {
            Status::Rendering => json(&Status::Cancelled),
            over => json(&over),
        }),
        "/video.mp4" => reply(200, VIDEO.to_vec()),
        _ => unknown(),
    }
}

impl Handle {
    fn status(&self, now_unix_s: i64) -> Status {
        let takes = if self.outcome == Outcome::Slow { SLOW_RENDER_S } else { RENDER_S };
        if now_unix_s < self.taken.saturating_add(takes) {
            return Status::Rendering;
        }
        match self.outcome {
            Outcome::Completed | Outcome::Stored | Outcome::Slow => {
                Status::Completed { video: format!("{}/video.mp4", super::ORIGIN) }
            }
            Outcome::ContentFiltered => Status::Filtered,
            Outcome::RenderFailed | Outcome::ProviderDown => Status::Failed,
        }
    }
}

fn json(value: &impl Serialize) -> Reply {
    reply(200, serde_json::to_vec(value).unwrap_or_default())
}

fn unknown() -> Reply {
    reply(404, Vec::new())
}

fn reply(status: u16, body: Vec<u8>) -> Reply {
    Reply { status, headers: Headers::default(), body, whole: true }
}
