//! Checks that a stream of bytes is a video that a player can show. The walker reads the structure
//! of the file while its bytes pass, and decodes no picture.
//!
//! An MP4 file is a sequence of boxes (ISO/IEC 14496-12, 4.2). A box begins with a header:
//!
//! - a size of 32 bits, big-endian, which includes the header itself;
//! - a type of four characters;
//! - if the size is 1, the real size in 64 bits.
//!
//! Size 0 is allowed for the last box only, which then runs to the end of the file.
//!
//! A player needs a `moov` box, the index, with a track of video. It also needs the samples of that
//! track. They lie in an `mdat` box, at the places that the tables of the track name, or in
//! fragments. A fragment is a `moof` box, which is an index too, and its own `mdat`. Players do not
//! care about the order of the other boxes, nor about bytes after the last box.

mod boxes;
mod fragment;
mod media;
mod movie;

use boxes::{Header, Size};
use fragment::Fragment;
use media::Media;
use movie::Movie;

/// The largest index, in bytes, that the walker keeps in memory, for a movie or for a fragment. An
/// hour of video with sound needs about 3 MB. A file with a larger index would only fill the memory
/// of the function.
const LARGEST_INDEX: usize = 16 << 20;

/// Why a file is not a video that can be shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAnMp4 {
    /// The file does not begin with a box: it is an error page, another format, or empty.
    #[error("the file does not begin like an MP4")]
    Beginning,
    /// A box is followed by bytes that are no box, and no video came before them.
    #[error("the file has a box of an impossible size")]
    BoxSize,
    /// The file ends inside a box that a player needs, or before a sample that the index names.
    #[error("the file is truncated")]
    Truncated,
    #[error("the file's index is larger than 16 MiB")]
    Index,
    /// The file has no track of video, or a track without a single frame.
    #[error("the file has no frame of video in it")]
    NoVideo,
}

/// Walks through the boxes of a file, which it receives in pieces.
#[derive(Debug, Default)]
pub struct Walker {
    passed: u64,
    place: Place,
    boxes: u64,
    /// The offset at which the last `mdat` ends, by its header.
    media_end: Option<u64>,
    movie: Option<Movie>,
    media: Media,
    /// A fragment whose media has not come yet.
    fragment: Option<Fragment>,
    /// Whether the media of some fragment had a frame in it.
    has_frames: bool,
    /// The largest end of a sample that a `moof` or `sidx` has named so far. The samples of the
    /// `moov` are not counted here.
    needed: u64,
}

/// The position of the walk in the structure of the file.
#[derive(Debug)]
enum Place {
    /// Inside a header, of which these bytes have passed.
    Header(Vec<u8>),
    Inside {
        kind: [u8; 4],
        began: u64,
        left: Size,
        held: Vec<u8>,
    },
    /// After the last box, in bytes that are no box.
    Behind,
}

impl Default for Place {
    fn default() -> Self {
        Self::Header(Vec::new())
    }
}

impl Walker {
    /// Takes the next piece of the file, of any size. After an error the walk is over.
    pub fn pass(&mut self, mut bytes: &[u8]) -> Result<(), NotAnMp4> {
        while !bytes.is_empty() {
            let taken = match &mut self.place {
                Place::Behind => bytes.len(),
                Place::Header(header) => {
                    let taken = (boxes::header_length(header) - header.len()).min(bytes.len());
                    header.extend_from_slice(&bytes[..taken]);
                    taken
                }
                Place::Inside { kind, left, held, .. } => {
                    let taken = left.take(bytes.len());
                    if is_held(*kind) {
                        if held.len() + taken > LARGEST_INDEX {
                            return Err(NotAnMp4::Index);
                        }
                        held.extend_from_slice(&bytes[..taken]);
                    }
                    taken
                }
            };
            bytes = &bytes[taken..];
            self.passed = self.passed.saturating_add(boxes::length(taken));
            self.advance()?;
        }
        Ok(())
    }

    /// Says whether the bytes that passed are a whole video. Call it once, at the end of the file.
    pub fn finish(&mut self) -> Result<(), NotAnMp4> {
        match std::mem::take(&mut self.place) {
            _ if self.boxes == 0 => return Err(NotAnMp4::Beginning),
            Place::Inside { kind, left: Size::Bytes(_), .. } if is_needed(kind) => {
                return Err(NotAnMp4::Truncated);
            }
            Place::Inside { kind, began, left: Size::ToTheEnd, held } => {
                self.leave(kind, began, held)
            }
            Place::Inside { kind, began, .. } if kind != *b"mdat" => self.media_goes_on(began),
            Place::Inside { .. } | Place::Header(_) | Place::Behind => {}
        }
        self.judge()
    }

    /// Whether a whole video ends exactly here: its last box is complete, and a single index names
    /// all samples. Always false for a file of fragments, because more fragments may follow.
    pub fn ends_here(&self) -> bool {
        let between = matches!(&self.place, Place::Header(header) if header.is_empty());
        between
            && self.movie.as_ref().is_some_and(|movie| !movie.has_fragments)
            && self.judge().is_ok()
    }

    /// Continues the walk when a header or a box is complete.
    fn advance(&mut self) -> Result<(), NotAnMp4> {
        match &mut self.place {
            Place::Header(header) if header.len() == boxes::header_length(header) => {
                let header = std::mem::take(header);
                self.enter(&header)
            }
            Place::Inside { kind, began, left: Size::Bytes(0), held } => {
                let (kind, began, held) = (*kind, *began, std::mem::take(held));
                self.leave(kind, began, held);
                self.place = Place::default();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Enters the box that this header announces.
    fn enter(&mut self, bytes: &[u8]) -> Result<(), NotAnMp4> {
        let header = Header::read(bytes).filter(|header| self.boxes > 0 || header.may_be_first());
        let began = self.passed - boxes::length(bytes.len());
        let Some(Header { kind, content }) = header else {
            return self.leave_the_boxes(bytes, began);
        };
        self.boxes += 1;
        if kind == *b"mdat" {
            let end = match content {
                Size::Bytes(length) => self.passed.saturating_add(length),
                Size::ToTheEnd => u64::MAX,
            };
            self.media_begins(self.passed..end);
        }
        self.place = Place::Inside { kind, began, left: content, held: Vec::new() };
        self.advance()
    }

    /// Continues the walk in bytes that are no box. Players ignore such bytes, or find samples in
    /// them if an `mdat` states a size that is too small. Players find no further boxes there, so
    /// an index or a fragment that has not come yet does not count.
    fn leave_the_boxes(&mut self, header: &[u8], began: u64) -> Result<(), NotAnMp4> {
        if self.boxes == 0 {
            return Err(NotAnMp4::Beginning);
        }
        if self.movie.is_none() || self.needed > began {
            return Err(NotAnMp4::BoxSize);
        }
        if header.get(4..8) == Some(b"mdat") {
            self.media_begins(self.passed..u64::MAX);
        } else {
            self.media_goes_on(began);
        }
        self.place = Place::Behind;
        Ok(())
    }

    /// Adds a range of media. If a fragment already waits for this media, the fragment has its
    /// frames now.
    fn media_begins(&mut self, media: std::ops::Range<u64>) {
        self.media_end = Some(media.end);
        self.media.add(media);
        self.has_frames |=
            self.fragment.take_if(|fragment| fragment.has_frames_in(&self.media)).is_some();
    }

    /// Treats bytes directly after an `mdat` as media too, if they are no box or a box that is cut
    /// off. In that case the `mdat` states a size that is too small.
    fn media_goes_on(&mut self, began: u64) {
        if self.media_end == Some(began) {
            self.media_begins(began..u64::MAX);
        }
    }

    /// Reads a box of the index once it has passed completely. A second `moov` is ignored, as
    /// players do.
    fn leave(&mut self, kind: [u8; 4], began: u64, held: Vec<u8>) {
        match (&kind, &self.movie) {
            (b"moov", None) => self.movie = Some(Movie::read(held)),
            (b"moof", Some(movie)) => {
                let fragment = Fragment::read(&held, began, movie);
                self.needed = self.needed.max(fragment.end());
                self.has_frames |= fragment.has_frames_in(&self.media);
                self.fragment =
                    Some(fragment).filter(|fragment| !fragment.has_frames_in(&self.media));
            }
            (b"sidx", _) => {
                self.needed = self.needed.max(fragment::indexed_end(&held, self.passed))
            }
            _ => {}
        }
    }

    /// Decides whether the bytes that passed are a whole video. The media may be shorter than its
    /// box says, as long as all samples are there.
    fn judge(&self) -> Result<(), NotAnMp4> {
        let Some(movie) = &self.movie else {
            // There is media without an index: the index would have come later.
            return Err(if self.media.is_empty() {
                NotAnMp4::NoVideo
            } else {
                NotAnMp4::Truncated
            });
        };
        let named = movie.samples(&self.media);
        match () {
            () if !movie.has_video() => Err(NotAnMp4::NoVideo),
            () if self.needed.max(named.end) > self.passed => Err(NotAnMp4::Truncated),
            () if !self.has_frames && !named.frames => Err(NotAnMp4::NoVideo),
            () => Ok(()),
        }
    }
}

/// Whether the walker keeps a box of this type, to read it once it is complete.
fn is_held(kind: [u8; 4]) -> bool {
    matches!(&kind, b"moov" | b"moof" | b"sidx")
}

/// Whether a player needs a box of this type to be complete.
fn is_needed(kind: [u8; 4]) -> bool {
    matches!(&kind, b"moov" | b"moof")
}

#[cfg(test)]
mod tests;
