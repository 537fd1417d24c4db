//! Writes an operation's answer, a video's base64 in it, piece by piece: whatever the video's size,
//! only one piece is in memory.
//!
//! The same answer can be written in every way that JSON leaves open: Google may change its way,
//! and our reader must not break then.

use std::convert::Infallible;

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use serde_json::Value;

use super::answer::JSON;
use super::shape::Shape;
use crate::video::Mp4;

/// How much of a file is encoded at once: three bytes at a time, so that only the last piece is
/// padded.
const PIECE: u64 = 48 * 1024;

/// A JSON value whose strings may be files.
pub(super) enum Node {
    Plain(Value),
    Object(Vec<(&'static str, Node)>),
    List(Vec<Node>),
    Base64(Inline),
}

/// A file inside an answer.
pub(super) struct Inline {
    pub(super) file: Mp4,
    /// One character of the first piece is none of base64's.
    pub(super) garbled: bool,
}

impl<T: Into<Value>> From<T> for Node {
    fn from(value: T) -> Self {
        Self::Plain(value.into())
    }
}

enum Piece {
    Text(String),
    File(Inline),
}

/// The answer. Its length is only told when there is no file in it.
pub(super) fn answer(node: Node, shape: Shape) -> Response {
    let mut writer = Writer { shape, pieces: Vec::new(), text: String::new() };
    writer.node(node, 0);
    writer.text.push('\n');
    let head = [(CONTENT_TYPE, JSON)];
    if writer.pieces.is_empty() {
        return (head, writer.text).into_response();
    }
    writer.cut();
    let body = stream::iter(writer.pieces).flat_map(move |piece| match piece {
        Piece::Text(text) => stream::iter([Bytes::from(text)]).left_stream(),
        Piece::File(inline) => encoded(inline, shape).right_stream(),
    });
    (head, Body::from_stream(body.map(Ok::<_, Infallible>))).into_response()
}

struct Writer {
    shape: Shape,
    pieces: Vec<Piece>,
    text: String,
}

impl Writer {
    fn node(&mut self, node: Node, depth: usize) {
        match node {
            Node::Plain(value) => self.text += &value.to_string(),
            Node::Object(mut fields) => {
                if self.shape.reversed {
                    fields.reverse();
                }
                let fields = fields.into_iter().map(|(name, node)| (Some(name), node)).collect();
                self.group(['{', '}'], fields, depth);
            }
            Node::List(items) => {
                self.group(['[', ']'], items.into_iter().map(|node| (None, node)).collect(), depth);
            }
            Node::Base64(inline) => {
                self.text.push('"');
                self.cut();
                self.pieces.push(Piece::File(inline));
                self.text.push('"');
            }
        }
    }

    fn group(
        &mut self,
        [open, close]: [char; 2],
        members: Vec<(Option<&str>, Node)>,
        depth: usize,
    ) {
        self.text.push(open);
        let empty = members.is_empty();
        for (at, (name, node)) in members.into_iter().enumerate() {
            if at > 0 {
                self.text.push(',');
            }
            self.line(depth + 1);
            if let Some(name) = name {
                let space = if self.shape.pretty { " " } else { "" };
                self.text += &format!("\"{name}\":{space}");
            }
            self.node(node, depth + 1);
        }
        if !empty {
            self.line(depth);
        }
        self.text.push(close);
    }

    fn line(&mut self, depth: usize) {
        if self.shape.pretty {
            self.text.push('\n');
            self.text += &"  ".repeat(depth);
        }
    }

    fn cut(&mut self) {
        self.pieces.push(Piece::Text(std::mem::take(&mut self.text)));
    }
}

fn encoded(inline: Inline, shape: Shape) -> impl Stream<Item = Bytes> + Send {
    let Inline { file, garbled } = inline;
    let ends = (0..file.len().div_ceil(PIECE)).map(|number| number * PIECE);
    stream::iter(ends).then(move |start| {
        let file = file.clone();
        async move {
            let bytes = file.read(start..start + PIECE).fold(Vec::new(), async |mut all, part| {
                all.extend_from_slice(&part);
                all
            });
            let mut text = STANDARD.encode(bytes.await);
            if garbled && start == 0 {
                text.replace_range(100..101, "*");
            }
            Bytes::from(shape.escapes.of(shape.base64.of(text)))
        }
    })
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use serde_json::json;

    use super::super::shape::{Base64, Escapes};
    use super::*;
    use crate::video;

    fn node(file: Mp4) -> Node {
        let video = Node::Object(vec![
            ("bytesBase64Encoded", Node::Base64(Inline { file, garbled: false })),
            ("mimeType", "video/mp4".into()),
        ]);
        let response = Node::Object(vec![
            ("raiMediaFilteredCount", 0.into()),
            ("videos", Node::List(vec![video])),
        ]);
        Node::Object(vec![
            ("name", "an \"operation\"".into()),
            ("done", true.into()),
            ("response", response),
        ])
    }

    async fn text(shape: Shape, file: Mp4) -> String {
        let body = to_bytes(answer(node(file), shape).into_body(), usize::MAX).await.unwrap();
        String::from_utf8(body.into()).unwrap()
    }

    #[tokio::test]
    async fn every_shape_says_the_same() {
        let file = video::padded(1, "16:9", 200_001);
        let all = file.read(0..file.len()).collect::<Vec<_>>().await.concat();
        let expected = json!({
            "name": "an \"operation\"",
            "done": true,
            "response": {
                "raiMediaFilteredCount": 0,
                "videos": [{"bytesBase64Encoded": STANDARD.encode(all), "mimeType": "video/mp4"}],
            },
        });
        for pretty in [false, true] {
            for reversed in [false, true] {
                for escapes in [Escapes::None, Escapes::Slashes, Escapes::Unicode] {
                    let shape = Shape { pretty, reversed, escapes, ..Shape::USUAL };
                    let text = text(shape, file.clone()).await;
                    assert!(serde_json::from_str::<Value>(&text).unwrap() == expected, "{shape:?}");
                    assert_eq!(text.contains("\\/"), escapes == Escapes::Slashes, "{shape:?}");
                    assert_eq!(text.contains("\\u002f"), escapes == Escapes::Unicode, "{shape:?}");
                    assert_eq!(text.find("name") < text.find("response"), !reversed, "{shape:?}");
                    assert_eq!(text.contains("\n  \""), pretty, "{shape:?}");
                }
            }
        }
    }

    #[tokio::test]
    async fn base64_is_written_in_each_of_its_forms() {
        let file = Mp4::plain(Bytes::from((0..=255).cycle().take(200).collect::<Vec<u8>>()));
        let all = STANDARD.encode(file.read(0..file.len()).collect::<Vec<_>>().await.concat());
        let written = async |base64| {
            let text = text(Shape { base64, ..Shape::USUAL }, file.clone()).await;
            let value: Value = serde_json::from_str(&text).unwrap();
            value["response"]["videos"][0]["bytesBase64Encoded"].as_str().unwrap().to_owned()
        };
        assert_eq!(written(Base64::Standard).await, all);
        let url = written(Base64::Url).await;
        assert!(
            !url.contains(['+', '/', '='])
                && url.replace('-', "+").replace('_', "/") == all.trim_end_matches('=')
        );
        let lines = written(Base64::Lines).await;
        assert!(
            lines.lines().all(|line| line.len() <= 76)
                && lines.lines().count() > 3
                && lines.replace('\n', "") == all
        );
    }

    #[tokio::test]
    async fn google_s_own_shape_is_indented() {
        let text = text(Shape::USUAL, Mp4::plain(Bytes::from_static(b"ab"))).await;
        let expected = r#"{
  "name": "an \"operation\"",
  "done": true,
  "response": {
    "raiMediaFilteredCount": 0,
    "videos": [
      {
        "bytesBase64Encoded": "YWI=",
        "mimeType": "video/mp4"
      }
    ]
  }
}
"#;
        assert_eq!(text, expected);
    }

    /// 60 MB of base64 pass, and no piece of them is larger than what is encoded at once.
    #[tokio::test]
    async fn a_large_file_is_never_whole() {
        let body = answer(node(video::padded(8, "16:9", 45_000_000)), Shape::USUAL).into_body();
        let (total, largest) = body
            .into_data_stream()
            .fold((0, 0), async |(total, largest), piece| {
                let length = piece.unwrap().len();
                (total + length, length.max(largest))
            })
            .await;
        assert!((60_000_000..60_001_000).contains(&total), "{total}");
        assert_eq!(largest, 64 * 1024);
    }
}
