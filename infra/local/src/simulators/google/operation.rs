//! What is said of an accepted operation at any moment.

use serde_json::{Value, json};

use super::json::{Inline, Node};
use super::{Ending, Left, Operation, Pending};
use crate::simulators::output::Output;

impl Operation {
    pub(super) fn name(&self) -> String {
        format!("{}/operations/{}", self.own.model_name, self.id)
    }

    /// The folder that Google makes for its files: a large number.
    fn folder(&self) -> String {
        let (number, _) = uuid::Uuid::parse_str(&self.id).unwrap_or_default().as_u64_pair();
        format!("{number:020}")
    }

    /// The file behind an object of a bucket, when it is one of this operation's.
    pub(super) fn object(&self, bucket: &str, object: &str) -> Option<Output> {
        let folder = self.order.folder.as_ref().filter(|folder| folder.bucket == bucket)?;
        let sample = object
            .strip_prefix(&folder.prefix)?
            .strip_prefix(&self.folder())?
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
                    format!("gs://{bucket}/{prefix}{}/sample_{sample}.mp4", self.folder()).into(),
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
}
