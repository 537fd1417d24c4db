//! One accepted operation: what was ordered, when it is done, and what is said of it at any moment.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::State;
use super::input::Order;
use super::json::{Inline, Node, Shape};
use super::models::Place;
use super::verdict::{Ending, Left};
use crate::simulators::dates::millis;
use crate::simulators::output::{Film, Output};
use crate::simulators::renders::Render;

/// When wrong input is noticed. The real Google does either: it takes an unsupported duration and
/// lets the operation fail.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValidateAt {
    /// The submission is refused with 400.
    Submit,
    /// The submission is accepted, and the operation ends with an error.
    Operation,
}

/// What is said of an operation that is not done.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pending {
    /// Its name alone.
    Bare,
    /// `done: false` and some metadata too.
    DoneFalse,
}

/// What may be changed while the simulator runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// How long operations take.
    pub render: Render,
    /// When wrong input is noticed.
    pub validate_at: ValidateAt,
    /// What is said of an operation that is not done.
    pub pending: Pending,
    /// How answers about operations are written.
    pub shape: Shape,
    /// How long the tokens issued from now on are good for.
    pub token_lives_s: u64,
}

impl Settings {
    pub(super) fn with(render: Render) -> Self {
        let (validate_at, pending) = (ValidateAt::Submit, Pending::Bare);
        Self { render, validate_at, pending, shape: Shape::USUAL, token_lives_s: 3599 }
    }
}

/// Times are Unix milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Operation {
    pub(super) id: String,
    /// The full name of its model.
    pub(super) model_name: String,
    pub(super) order: Order,
    pub(super) ending: Ending,
    pub(super) submitted_ms: u64,
    pub(super) done_ms: u64,
    /// The folder that Google makes for its files: a large number.
    pub(super) folder: String,
}

impl State {
    /// Plans anew what is not done, and keeps what changed.
    pub(super) fn replan(&mut self, now_ms: u64) {
        let takes = self.settings.render.queued.saturating_add(self.settings.render.rendering);
        for operation in self.operations.iter_mut().filter(|operation| !operation.is_done(now_ms)) {
            let done_ms = operation.submitted_ms.saturating_add(millis(takes)).max(now_ms);
            if operation.done_ms != done_ms {
                operation.done_ms = done_ms;
                self.shelf.keep(&operation.id, operation);
            }
        }
    }
}

impl Operation {
    /// A new operation that is done as soon as a plan says.
    pub(super) fn accepted(place: &Place, order: Order, ending: Ending, now_ms: u64) -> Self {
        let id = uuid::Uuid::new_v4();
        let (folder, _) = id.as_u64_pair();
        let (id, folder, model_name) =
            (id.to_string(), format!("{folder:020}"), place.model_name());
        Self { id, model_name, order, ending, submitted_ms: now_ms, done_ms: u64::MAX, folder }
    }

    pub(super) fn is_done(&self, now_ms: u64) -> bool {
        now_ms >= self.done_ms
    }

    pub(super) fn name(&self) -> String {
        format!("{}/operations/{}", self.model_name, self.id)
    }

    /// The file behind an object of a bucket, when it is one of this operation's.
    pub(super) fn object(&self, bucket: &str, object: &str) -> Option<Output> {
        let folder = self.order.folder.as_ref().filter(|folder| folder.bucket == bucket)?;
        let sample = object
            .strip_prefix(&folder.prefix)?
            .strip_prefix(&self.folder)?
            .strip_prefix("/sample_")?;
        let sample: u32 = sample.strip_suffix(".mp4")?.parse().ok()?;
        if sample < self.samples() { self.output() } else { None }
    }

    /// What is said of it.
    pub(super) fn node(&self, pending: Pending, now_ms: u64) -> Node {
        let name = ("name", self.name().into());
        if !self.is_done(now_ms) {
            return match pending {
                Pending::Bare => Node::Object(vec![name]),
                Pending::DoneFalse => {
                    let kind =
                        "type.googleapis.com/google.cloud.aiplatform.v1.PredictLongRunningMetadata";
                    let metadata = Node::Plain(json!({"@type": kind}));
                    Node::Object(vec![name, ("metadata", metadata), ("done", false.into())])
                }
            };
        }
        let outcome = match &self.ending {
            Ending::Nothing => None,
            Ending::Exactly { fields } => {
                let mut fields = fields.clone();
                fields.insert("name".to_owned(), self.name().into());
                return Node::Plain(fields.into());
            }
            Ending::Error { code, message, status } => {
                let mut error = json!({"code": code, "message": message});
                if let Some(status) = status {
                    error["status"] = json!(status);
                }
                Some(("error", Node::Plain(error)))
            }
            _ => Some(("response", self.response())),
        };
        Node::Object([name, ("done", true.into())].into_iter().chain(outcome).collect())
    }

    fn response(&self) -> Node {
        let mut fields = vec![(
            "@type",
            "type.googleapis.com/cloud.ai.large_models.vision.GenerateVideoResponse".into(),
        )];
        let (filtered, reasons) = match &self.ending {
            Ending::Filtered { reasons, left } => {
                (self.order.samples - self.left(*left), reasons.clone())
            }
            _ => (0, Vec::new()),
        };
        fields.push(("raiMediaFilteredCount", filtered.into()));
        if !reasons.is_empty() {
            fields.push(("raiMediaFilteredReasons", Node::Plain(json!(reasons))));
        }
        if !matches!(self.ending, Ending::NoVideos | Ending::Filtered { left: Left::NoField, .. }) {
            let videos = (0..self.samples()).map(|sample| self.video(sample));
            fields.push(("videos", Node::List(videos.collect())));
        }
        Node::Object(fields)
    }

    fn video(&self, sample: u32) -> Node {
        let place = match (&self.ending, &self.order.folder) {
            (Ending::ForeignUri { uri }, _) => ("gcsUri", uri.as_str().into()),
            (_, Some(folder)) => {
                let (bucket, prefix) = (&folder.bucket, &folder.prefix);
                (
                    "gcsUri",
                    format!("gs://{bucket}/{prefix}{}/sample_{sample}.mp4", self.folder).into(),
                )
            }
            (ending, None) => {
                let garbled = *ending == Ending::Garbled;
                let file = self.output().unwrap_or_else(Output::page).file;
                ("bytesBase64Encoded", Node::Base64(Inline { file, garbled }))
            }
        };
        Node::Object(vec![place, ("mimeType", Value::from("video/mp4").into())])
    }

    /// How many files there are in the end.
    fn samples(&self) -> u32 {
        match self.ending {
            Ending::Filtered { left, .. } => self.left(left),
            _ => self.order.samples,
        }
    }

    /// At least one is filtered where any is.
    fn left(&self, left: Left) -> u32 {
        match left {
            Left::NoField => 0,
            Left::Videos(count) => count.min(self.order.samples.saturating_sub(1)),
        }
    }

    /// The file, if the ending has one.
    fn output(&self) -> Option<Output> {
        let Order { seconds, aspect_ratio, parameters, .. } = &self.order;
        let sound = parameters["generateAudio"] != false;
        let film = Film { seconds: *seconds, aspect_ratio, sound };
        match &self.ending {
            Ending::Video { bytes } => Some(Output::video(film, *bytes)),
            Ending::Garbled | Ending::Filtered { .. } => Some(Output::video(film, None)),
            Ending::CutVideo { keep_bytes } => Some(Output::cut_video(film, *keep_bytes)),
            Ending::Html => Some(Output::page()),
            Ending::ForeignUri { .. }
            | Ending::NoVideos
            | Ending::Nothing
            | Ending::Exactly { .. }
            | Ending::Error { .. } => None,
        }
    }
}
