//! The video of an order, and whether storage has it, byte for byte.

use crate::order::{Ending, Order};
use crate::stage::{Caller, Stage};
use futures::StreamExt;
use futures::executor::block_on;
use ghub::storage::Storage;
use local::video::{Mp4, filled, mp4, with_sound};
use md5::{Digest, Md5};
use serde_json::Value;
use std::collections::BTreeMap;
use std::future::ready;
use std::sync::{Mutex, PoisonError};

/// Checks that a video that is shown is whole in storage at that moment.
pub fn check_shown(stage: &Stage, caller: &Caller, order: &Order, job: &str, shown: &Value) {
    if !shown["video_url"].as_str().is_some_and(|url| url.contains(job)) {
        stage.record.wrong(format!("order {}: completed without its URL: {shown}", order.number));
    }
    if let Some(problem) = not_whole(stage, order, &caller.org.to_string(), job) {
        stage.record.wrong(format!("order {}: it is shown and {problem}", order.number));
    }
}

/// What is wrong with the stored file, if anything.
pub fn not_whole(stage: &Stage, order: &Order, org: &str, job: &str) -> Option<String> {
    let (Ok(org), Ok(job)) = (org.parse(), job.parse()) else {
        return Some("has no id".to_owned());
    };
    let Some(object) = stage.network.storage.object("generated-videos", &Storage::path(org, job))
    else {
        return Some("its file is not in storage".to_owned());
    };
    let rendered = Rendered::of(order);
    if object.size != rendered.length {
        return Some(format!("its file has {} bytes of {}", object.size, rendered.length));
    }
    (object.etag != rendered.etag).then(|| "its file is another one".to_owned())
}

/// The contents of a video.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Film {
    seconds: u32,
    sound: bool,
    bytes: Option<u64>,
}

/// A rendered video, as storage reports it.
#[derive(Clone)]
struct Rendered {
    length: u64,
    etag: String,
}

impl Rendered {
    /// Draws and hashes each video once.
    fn of(order: &Order) -> Self {
        static KNOWN: Mutex<BTreeMap<Film, Rendered>> = Mutex::new(BTreeMap::new());
        let bytes = match order.ending {
            Ending::Large(bytes) => Some(bytes),
            Ending::Video | Ending::Cut | Ending::Refused => None,
        };
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let sound = order.model.ends_with("/veo-3.1") && !order.silent;
        let film = Film { seconds: order.seconds, sound, bytes };
        known.entry(film).or_insert_with(|| Self::drawn(film)).clone()
    }

    fn drawn(Film { seconds, sound, bytes }: Film) -> Self {
        let video = if sound { with_sound(seconds, "16:9") } else { mp4(seconds, "16:9") };
        let file =
            bytes.map_or_else(|| Mp4::plain(video.clone()), |bytes| filled(video.clone(), bytes));
        let pieces = file.read(0..file.len());
        let digest =
            block_on(pieces.fold(Md5::new(), |digest, piece| ready(digest.chain_update(piece))))
                .finalize();
        let hex = digest.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        Self { length: file.len(), etag: format!("\"{hex}\"") }
    }
}
