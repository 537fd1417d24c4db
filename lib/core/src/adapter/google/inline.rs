//! A video inside JSON, taken out while it passes: the value of the first field for a video's
//! bytes, decoded piece by piece. A video of tens of megabytes is never held.
//!
//! As readers of proto3's JSON must, it takes both alphabets of base64, with and without padding,
//! and line breaks in it.

use super::reply::BYTES;
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};

/// The names in [`BYTES`], with underscores, have at most so many characters.
const LONGEST_KEY: usize = 24;
/// Bits that are left over in the last character are not looked at: some writers do not clear them.
const BASE64: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, NO_PAD.with_decode_allow_trailing_bits(true));

/// Why no video could be taken out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoInlineVideo {
    /// The answer ended before the video did, or had none.
    #[error("the provider's answer ended before its video did")]
    Ended,
    /// What stands there is not base64.
    #[error("the provider's video is not base64")]
    NotBase64,
}

/// Decodes as it reads.
#[derive(Debug, Default)]
pub struct InlineVideo {
    place: Place,
    escaped: bool,
    unicode: Option<Unicode>,
    text: Vec<u8>,
    padded: bool,
    /// Whether the video that is being read has a character.
    begun: bool,
    key: Vec<u8>,
    /// How many objects and lists are open.
    depth: u32,
    /// Whether the last field was one for other media than the video.
    other: bool,
    /// The depth of the outermost open object of such a field. What is in it is no video.
    other_at: Option<u32>,
}

/// Where in the JSON the reader stands. Only strings matter: outside of them a colon says that the
/// last one was a field's name.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    #[default]
    Outside,
    InString,
    AfterField,
    InVideo,
    /// In front of the comma of `data:video/mp4;base64,…`.
    InMediaType,
    Done,
}

/// Names, or parts of them, of fields with other media, and with what was sent to Google.
const OTHER_MEDIA: [&str; 9] =
    ["image", "frame", "mask", "thumbnail", "audio", "instance", "input", "request", "parameter"];

/// A `\u002b` that is being read.
#[derive(Debug, Default, Clone, Copy)]
struct Unicode {
    digits: u8,
    value: u32,
}

impl InlineVideo {
    /// Takes the next piece of the answer and returns the next piece of the video, which may be
    /// empty.
    pub fn pass(&mut self, json: &[u8]) -> Result<Vec<u8>, NoInlineVideo> {
        for byte in json {
            self.step(*byte);
        }
        let whole = self.text.len() - self.text.len() % 4;
        if self.place == Place::InVideo && whole > 4 {
            let rest = self.text.split_off(whole);
            return decoded(&std::mem::replace(&mut self.text, rest));
        }
        if self.place == Place::Done {
            decoded(&std::mem::take(&mut self.text))
        } else {
            Ok(Vec::new())
        }
    }

    /// Says whether the video came to its end.
    pub fn finish(&self) -> Result<(), NoInlineVideo> {
        if self.place == Place::Done { Ok(()) } else { Err(NoInlineVideo::Ended) }
    }

    fn step(&mut self, byte: u8) {
        let (quote, escape) = (byte == b'"' && !self.escaped, byte == b'\\' && !self.escaped);
        match self.place {
            Place::Outside if quote => {
                self.key.clear();
                self.place = Place::InString;
            }
            Place::Outside if byte == b':' && self.other_at.is_none() && is_field(&self.key) => {
                self.place = Place::AfterField;
            }
            Place::Outside if !byte.is_ascii_whitespace() => self.structure(byte),
            Place::InString if quote => self.place = Place::Outside,
            Place::InString if self.key.len() <= LONGEST_KEY => self.key.push(byte),
            Place::AfterField if quote => {
                self.text.clear();
                (self.place, self.padded, self.begun) = (Place::InVideo, false, false);
            }
            Place::AfterField if !byte.is_ascii_whitespace() => {
                self.place = Place::Outside; // not a string: no video
                self.structure(byte);
            }
            Place::InVideo if self.unicode.is_some() => self.unicode_digit(byte),
            Place::InVideo | Place::InMediaType if quote && self.begun => self.place = Place::Done,
            Place::InVideo | Place::InMediaType if quote => {
                self.key.clear();
                self.place = Place::Outside; // an empty text is an absent one
            }
            Place::InVideo if self.escaped && byte == b'u' => {
                self.unicode = Some(Unicode::default())
            }
            // a line break in the base64
            Place::InVideo if self.escaped && b"nrtbf".contains(&byte) => {}
            Place::InVideo if !escape => self.character(byte), // of `\/` the slash counts
            Place::InMediaType if byte == b',' => self.place = Place::InVideo,
            _ => {}
        }
        self.escaped = escape;
    }

    /// Takes what stands between strings.
    fn structure(&mut self, byte: u8) {
        match byte {
            b'{' | b'[' => {
                self.depth = self.depth.saturating_add(1);
                self.other_at = self.other_at.or(self.other.then_some(self.depth));
            }
            b'}' | b']' => {
                self.other_at = self.other_at.filter(|depth| *depth != self.depth);
                self.depth = self.depth.saturating_sub(1);
            }
            _ => {}
        }
        self.other = byte == b':' && is_other_media(&self.key);
        self.key.clear();
    }

    /// Takes a character of the base64, as the standard alphabet has it. Nothing but padding
    /// follows padding.
    fn character(&mut self, byte: u8) {
        self.begun |= !byte.is_ascii_whitespace();
        match byte {
            b'=' => self.padded = true,
            b':' if self.text == b"data" => {
                self.text.clear();
                (self.place, self.begun) = (Place::InMediaType, false);
            }
            byte if byte.is_ascii_whitespace() => {}
            _ if self.padded => self.text.push(b'!'),
            b'-' => self.text.push(b'+'),
            b'_' => self.text.push(b'/'),
            byte => self.text.push(byte),
        }
    }

    /// Takes the next of four hex digits. What is no digit, or no ASCII in the end, is no base64
    /// either and is found out there.
    fn unicode_digit(&mut self, byte: u8) {
        let Some(Unicode { digits, value }) = self.unicode else { return };
        let value = value * 16 + char::from(byte).to_digit(16).unwrap_or(0xffff);
        self.unicode = if digits < 3 { Some(Unicode { digits: digits + 1, value }) } else { None };
        if self.unicode.is_none() {
            self.character(u8::try_from(value).unwrap_or(b'!'));
        }
    }
}

/// Whether a field is one for a video's bytes, by either of its names.
fn is_field(key: &[u8]) -> bool {
    let bare: Vec<u8> =
        key.iter().filter(|byte| **byte != b'_').map(u8::to_ascii_lowercase).collect();
    BYTES.iter().any(|name| bare == name.to_ascii_lowercase().as_bytes())
}

fn is_other_media(key: &[u8]) -> bool {
    let key = String::from_utf8_lossy(key).to_lowercase();
    OTHER_MEDIA.iter().any(|name| key.contains(name))
}

fn decoded(text: &[u8]) -> Result<Vec<u8>, NoInlineVideo> {
    BASE64.decode(text).map_err(|_| NoInlineVideo::NotBase64)
}

#[cfg(test)]
mod tests;
