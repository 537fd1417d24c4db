//! The ways in which JSON and proto3 leave open how an answer is written.

use serde::{Deserialize, Serialize};

/// How answers about operations are written. The usual is Google's own: indented, the name first.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shape {
    /// Indented, or without any white space.
    pub pretty: bool,
    /// The fields of every object in the opposite order: `response` before `done`, `mimeType`
    /// before the bytes.
    pub reversed: bool,
    /// How base64's own characters are written.
    pub escapes: Escapes,
    /// Which base64 it is.
    pub base64: Base64,
}

/// What readers of proto3's JSON have to take for base64.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Base64 {
    Standard,
    /// With `-` and `_`, and without padding.
    Url,
    /// In lines of 76 characters.
    Lines,
}

/// What JSON allows in place of a character.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Escapes {
    /// Every character is itself.
    None,
    /// `\/`, as PHP writes it.
    Slashes,
    /// `\u002b`, `\u002f`, `\u003d` for plus, slash and equals, as HTML-safe writers do.
    Unicode,
}

impl Shape {
    pub const USUAL: Self =
        Self { pretty: true, reversed: false, escapes: Escapes::None, base64: Base64::Standard };
}

impl Base64 {
    pub(super) fn of(self, text: String) -> String {
        match self {
            Self::Standard => text,
            Self::Url => text.replace('+', "-").replace('/', "_").trim_end_matches('=').to_owned(),
            Self::Lines => {
                let broken = text.chars().enumerate().flat_map(|(at, character)| {
                    let line_break = at > 0 && at % 76 == 0;
                    line_break.then_some("\\n").into_iter().flat_map(str::chars).chain([character])
                });
                broken.collect()
            }
        }
    }
}

impl Escapes {
    pub(super) fn of(self, text: String) -> String {
        match self {
            Self::None => text,
            Self::Slashes => text.replace('/', "\\/"),
            Self::Unicode => {
                text.replace('/', "\\u002f").replace('+', "\\u002b").replace('=', "\\u003d")
            }
        }
    }
}
