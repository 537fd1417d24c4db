//! How a render ends: with a video, or with one of the ways in which fal or a model lets its caller
//! down.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Kind;
use crate::simulators::provider;

/// How coming submissions end. As JSON: `{"prompt_contains": "gore", "times": null, "ending":
/// {"refused": {…}}}`.
pub type Verdict = crate::simulators::verdict::Verdict<Ending>;

/// How one render ends; decided when it is submitted, and kept with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Ending {
    /// A video of the ordered length and ratio.
    Video {
        /// The file is filled up to so many bytes.
        #[serde(default)]
        bytes: Option<u64>,
        /// The result's JSON is filled up to at least so many bytes; from 10 KB on it lives only
        /// six minutes.
        #[serde(default)]
        result_bytes: Option<usize>,
    },
    /// A video of which only the first bytes are there.
    CutVideo { keep_bytes: u64 },
    /// A web page where the video should be, with status 200.
    Html,
    /// A result without a file.
    NoUrl,
    /// A result whose file is elsewhere.
    ForeignUrl { url: String },
    /// The model refuses: 422 with a `detail` list.
    Refused {
        /// fal's word for it: `content_policy_violation`.
        error_type: String,
        /// The sentence in `msg`.
        detail: String,
    },
    /// fal itself fails: a flat error with any status.
    Broken {
        /// HTTP status of the result.
        status: u16,
        /// fal's word for it (`runner_server_error`); absent as from endpoints that only say
        /// `detail`.
        #[serde(default)]
        error_type: Option<String>,
        detail: String,
    },
    /// The input was wrong, found only by the runner.
    Invalid {
        /// The items of `detail`.
        problems: Vec<Value>,
    },
    /// A result that is exactly this.
    Result {
        status: u16,
        /// Its headers beside fal's own.
        #[serde(default)]
        headers: BTreeMap<String, String>,
        /// Its JSON. In every text of it, `{file}` stands for the address of the render's video,
        /// which is there, and `{path}` for that address without its origin.
        body: Value,
    },
    /// A client cancelled it.
    Cancelled,
}

impl Ending {
    pub const VIDEO: Self = Self::Video { bytes: None, result_bytes: None };

    pub fn refused(error_type: &str, detail: &str) -> Self {
        Self::Refused { error_type: error_type.to_owned(), detail: detail.to_owned() }
    }

    /// A result with this body and the status of a success.
    pub fn result(body: Value) -> Self {
        Self::Result { status: 200, headers: BTreeMap::new(), body }
    }

    /// A video in a file of `bytes`.
    pub fn padded(bytes: u64) -> Self {
        Self::Video { bytes: Some(bytes), result_bytes: None }
    }
}

impl provider::Ending for Ending {
    fn video(bytes: Option<u64>) -> Self {
        Self::Video { bytes, result_bytes: None }
    }

    fn file(&self) -> Option<Kind> {
        match *self {
            Self::Video { bytes, .. } => Some(Kind::Video { bytes }),
            Self::Result { .. } => Some(Kind::Video { bytes: None }),
            Self::CutVideo { keep_bytes } => Some(Kind::CutVideo { keep_bytes }),
            Self::Html => Some(Kind::Page),
            Self::NoUrl
            | Self::ForeignUrl { .. }
            | Self::Refused { .. }
            | Self::Broken { .. }
            | Self::Invalid { .. }
            | Self::Cancelled => None,
        }
    }
}
