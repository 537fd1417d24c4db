//! How a render ends: with a video, or with one of the ways in which fal or a model lets its caller down.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::State;

/// How coming submissions end. As JSON: `{"prompt_contains": "gore", "times": null, "ending": {"refused": {…}}}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// For how many submissions: one unless said, for all when `null`.
    #[serde(default = "once")]
    pub times: Option<u32>,
    /// Only for prompts that contain this text.
    #[serde(default)]
    pub prompt_contains: Option<String>,
    /// How they end.
    pub ending: Ending,
}

/// How one render ends; decided when it is submitted, and kept with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Ending {
    /// A video of the ordered length and ratio.
    Video {
        /// The file is filled up to so many bytes.
        #[serde(default)]
        bytes: Option<u64>,
        /// The result's JSON is filled up to at least so many bytes; from 10 KB on it lives only six minutes.
        #[serde(default)]
        result_bytes: Option<usize>,
    },
    /// A video of which only the first bytes are there.
    CutVideo {
        /// How many.
        keep_bytes: u64,
    },
    /// A web page where the video should be, with status 200.
    Html,
    /// A result without a file.
    NoUrl,
    /// A result whose file is elsewhere.
    ForeignUrl {
        /// Where.
        url: String,
    },
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
        /// fal's word for it (`runner_server_error`); absent as from endpoints that only say `detail`.
        #[serde(default)]
        error_type: Option<String>,
        /// The sentence.
        detail: String,
    },
    /// The input was wrong, found only by the runner.
    Invalid {
        /// The items of `detail`.
        problems: Vec<Value>,
    },
    /// Somebody cancelled it.
    Cancelled,
}

fn once() -> Option<u32> {
    Some(1)
}

impl Ending {
    /// The ordinary video.
    pub const VIDEO: Self = Self::Video { bytes: None, result_bytes: None };

    /// The model refuses.
    pub fn refused(error_type: &str, detail: &str) -> Self {
        Self::Refused { error_type: error_type.to_owned(), detail: detail.to_owned() }
    }

    /// A video in a file of `bytes`.
    pub fn padded(bytes: u64) -> Self {
        Self::Video { bytes: Some(bytes), result_bytes: None }
    }
}

impl Verdict {
    /// The next `times` submissions end so.
    pub fn next(times: u32, ending: Ending) -> Self {
        Self { times: Some(times), prompt_contains: None, ending }
    }

    /// Every submission whose prompt contains `text` ends so.
    pub fn for_prompts(text: &str, ending: Ending) -> Self {
        Self { times: None, prompt_contains: Some(text.to_owned()), ending }
    }
}

impl State {
    /// The ending that is due to a prompt; a verdict that was for so many is used up by it.
    pub(super) fn ending_for(&mut self, prompt: &str) -> Ending {
        let fits = |text: &String| prompt.contains(text.as_str());
        let position = self
            .verdicts
            .iter()
            .position(|verdict| verdict.times != Some(0) && verdict.prompt_contains.as_ref().is_none_or(fits));
        let Some(verdict) = position.map(|at| &mut self.verdicts[at]) else { return Ending::VIDEO };
        verdict.times = verdict.times.map(|times| times - 1);
        let ending = verdict.ending.clone();
        self.verdicts.retain(|verdict| verdict.times != Some(0));
        ending
    }
}
