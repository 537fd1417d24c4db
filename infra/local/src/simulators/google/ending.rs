//! How an operation ends: with videos, or with one of the ways in which Veo lets its caller down.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Kind;
use crate::simulators::provider;

/// How coming submissions end. As JSON: `{"prompt_contains": "gore", "times": null, "ending":
/// {"filtered": {…}}}`.
pub type Verdict = crate::simulators::verdict::Verdict<Ending>;

/// How one operation ends; decided when it is submitted, and kept with it. Every ending but an
/// error is a `response`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Ending {
    /// Videos of the ordered length and ratio.
    Video {
        /// Each file is filled up to so many bytes; inline they become a third more.
        #[serde(default)]
        bytes: Option<u64>,
    },
    /// Videos of which only the first bytes are there.
    CutVideo { keep_bytes: u64 },
    /// A web page where the video should be; inline it is encoded like one.
    Html,
    /// Inline base64 with a character that is none of base64's; in a bucket an ordinary video.
    Garbled,
    /// A `gcsUri` that was not asked for.
    ForeignUri { uri: String },
    /// The safety filter took videos away.
    Filtered {
        /// The sentences of `raiMediaFilteredReasons`; the field is absent when there are none.
        #[serde(default)]
        reasons: Vec<String>,
        left: Left,
    },
    /// A response without videos that were not filtered either.
    NoVideos,
    /// Done, with neither a response nor an error.
    Nothing,
    /// An answer that is exactly this, beside the operation's name.
    Exactly {
        /// Its fields: `done`, `response`, `error`.
        fields: Map<String, Value>,
    },
    /// An error inside an answer with status 200.
    Error {
        /// gRPC's number for it: 3 for a refused prompt, 8 for no capacity, 13 for an internal
        /// error.
        code: i32,
        message: String,
        /// gRPC's name for it, which is mostly absent.
        #[serde(default)]
        status: Option<String>,
    },
}

/// What a filter leaves.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Left {
    /// Not even an empty list of videos.
    NoField,
    /// A list of so many videos, fewer than were ordered.
    Videos(u32),
}

impl Ending {
    pub const VIDEO: Self = Self::Video { bytes: None };

    /// An error of the operation without a status, as Veo words it.
    pub fn error(code: i32, message: &str) -> Self {
        Self::Error { code, message: message.to_owned(), status: None }
    }

    /// Everything filtered, for this reason.
    pub fn filtered(reason: &str) -> Self {
        Self::Filtered { reasons: vec![reason.to_owned()], left: Left::NoField }
    }

    /// A video in a file of `bytes`.
    pub fn padded(bytes: u64) -> Self {
        Self::Video { bytes: Some(bytes) }
    }
}

impl provider::Ending for Ending {
    fn video(bytes: Option<u64>) -> Self {
        Self::Video { bytes }
    }

    fn file(&self) -> Option<Kind> {
        match *self {
            Self::Video { bytes } => Some(Kind::Video { bytes }),
            Self::Garbled | Self::Filtered { .. } => Some(Kind::Video { bytes: None }),
            Self::CutVideo { keep_bytes } => Some(Kind::CutVideo { keep_bytes }),
            Self::Html => Some(Kind::Page),
            Self::ForeignUri { .. }
            | Self::NoVideos
            | Self::Nothing
            | Self::Exactly { .. }
            | Self::Error { .. } => None,
        }
    }
}
