//! A video inside JSON, taken out while it passes: the value of the first `bytesBase64Encoded`, decoded piece by piece. A video of tens
//! of megabytes is never held.

use base64::{Engine, engine::general_purpose::STANDARD};

const FIELD: &[u8] = b"bytesBase64Encoded";

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
    key: Vec<u8>,
}

/// Where in the JSON the reader stands. Only strings matter: outside of them a colon says that the last one was a field's name.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    #[default]
    Outside,
    InString,
    AfterField,
    InVideo,
    Done,
}

/// A `\u002b` that is being read.
#[derive(Debug, Default, Clone, Copy)]
struct Unicode {
    digits: u8,
    value: u32,
}

impl InlineVideo {
    /// Takes the next piece of the answer and returns the next piece of the video, which may be empty.
    pub fn pass(&mut self, json: &[u8]) -> Result<Vec<u8>, NoInlineVideo> {
        for byte in json {
            self.step(*byte);
        }
        let whole = self.text.len() - self.text.len() % 4;
        if self.place == Place::InVideo && whole > 0 {
            let rest = self.text.split_off(whole);
            return decoded(&std::mem::replace(&mut self.text, rest));
        }
        if self.place == Place::Done { decoded(&std::mem::take(&mut self.text)) } else { Ok(Vec::new()) }
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
            Place::Outside if byte == b':' && self.key == FIELD => self.place = Place::AfterField,
            Place::Outside if !byte.is_ascii_whitespace() => self.key.clear(),
            Place::InString if quote => self.place = Place::Outside,
            Place::InString if self.key.len() <= FIELD.len() => self.key.push(byte),
            Place::AfterField if quote => self.place = Place::InVideo,
            Place::AfterField if !byte.is_ascii_whitespace() => self.place = Place::Outside, // not a string: no video
            Place::InVideo if self.unicode.is_some() => self.unicode_digit(byte),
            Place::InVideo if quote => self.place = Place::Done,
            Place::InVideo if self.escaped && byte == b'u' => self.unicode = Some(Unicode::default()),
            Place::InVideo if !escape => self.text.push(byte), // of `\/` the slash counts
            _ => {}
        }
        self.escaped = escape;
    }

    /// Takes the next of four hex digits. What is no digit, or no ASCII in the end, is no base64 either and is found out there.
    fn unicode_digit(&mut self, byte: u8) {
        let Some(Unicode { digits, value }) = self.unicode else { return };
        let value = value * 16 + char::from(byte).to_digit(16).unwrap_or(0xffff);
        self.unicode = if digits < 3 { Some(Unicode { digits: digits + 1, value }) } else { None };
        if self.unicode.is_none() {
            self.text.push(u8::try_from(value).unwrap_or(b'!'));
        }
    }
}

fn decoded(text: &[u8]) -> Result<Vec<u8>, NoInlineVideo> {
    STANDARD.decode(text).map_err(|_| NoInlineVideo::NotBase64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(json: &str, piece: usize) -> Result<Vec<u8>, NoInlineVideo> {
        let mut reader = InlineVideo::default();
        let mut video = Vec::new();
        for chunk in json.as_bytes().chunks(piece) {
            video.extend(reader.pass(chunk)?);
        }
        reader.finish().map(|()| video)
    }

    #[test]
    fn the_video_comes_out_whole_however_the_answer_is_cut_and_written() {
        let video: Vec<u8> = (0..=255).cycle().take(1_000).collect();
        let text = STANDARD.encode(&video);
        let escaped = text.replace('/', "\\/");
        let unicode = text.replace('/', "\\u002f").replace('+', "\\u002B").replace('=', "\\u003d");
        for json in [
            format!(
                r#"{{"name":"x","done":true,"response":{{"videos":[{{"bytesBase64Encoded":"{text}","mimeType":"video/mp4"}}]}}}}"#
            ),
            format!(
                "{{\"response\" : {{\"videos\": [ {{\n \"mimeType\":\"video/mp4\",\n \"bytesBase64Encoded\" :\n \"{escaped}\" }} ]}},\"done\":true}}"
            ),
            format!(r#"{{"bytesBase64Encoded":"{unicode}"}}"#),
            format!(
                r#"{{"note":"\"bytesBase64Encoded\":\"AAAA\"","other":"bytesBase64Encoded","bytesBase64Encoded":"{text}"}}"#
            ),
        ] {
            for piece in [1, 2, 3, 5, 64, 100_000] {
                assert_eq!(
                    taken(&json, piece).as_deref(),
                    Ok(video.as_slice()),
                    "in pieces of {piece}: {}",
                    &json[..40]
                );
            }
        }
    }

    #[test]
    fn an_answer_without_a_whole_video_is_an_error() {
        for json in [
            r#"{"name":"x","done":true}"#,
            r#"{"bytesBase64Encoded":"AAAA"#,
            r#"{"bytesBase64Encoded":null}"#,
            r#"{"a":"bytesBase64Encoded"}"#,
            "",
        ] {
            assert_eq!(taken(json, 7), Err(NoInlineVideo::Ended), "{json}");
        }
        assert_eq!(taken(r#"{"bytesBase64Encoded":"A*AA"}"#, 7), Err(NoInlineVideo::NotBase64));
        assert_eq!(taken(r#"{"bytesBase64Encoded":"A\u00zzAA"}"#, 7), Err(NoInlineVideo::NotBase64));
        assert_eq!(taken(r#"{"bytesBase64Encoded":"AAA"}"#, 7), Err(NoInlineVideo::NotBase64));
    }
}
