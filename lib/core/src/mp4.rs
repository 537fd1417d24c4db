//! Whether a stream of bytes is a video that a player can show. Its boxes are walked while it
//! passes; nothing is decoded.
//!
//! A file is a sequence of boxes: a 32-bit big-endian size that includes its own header, four
//! characters of type, and for size 1 a 64-bit size; size 0 is that of the last box, which runs to
//! the end (ISO/IEC 14496-12, 4.2). A player needs a `moov` that describes a track of video, and
//! that track's samples: in an `mdat` at the places that the track's tables name, or in fragments,
//! each a `moof` with its `mdat`. Where other boxes stand, and what comes after the last one, does
//! not matter to it.

mod boxes;
mod fragment;
mod media;
mod movie;

use boxes::{Header, Size};
use fragment::Fragment;
use media::Media;
use movie::Movie;

/// The largest index that is held, of a movie or of a fragment. An hour of video with sound needs
/// about 3 MB. A file that claims more would only fill the function's memory.
const LARGEST_INDEX: usize = 16 << 20;

/// Why it is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAnMp4 {
    /// It does not begin with a box: an error page, another format, nothing at all.
    #[error("the file does not begin like an MP4")]
    Beginning,
    /// What follows a box is none, and there is no video before it.
    #[error("the file has a box of an impossible size")]
    BoxSize,
    /// It ends inside a box that a player needs, or before the samples that its index names.
    #[error("the file is truncated")]
    Truncated,
    /// Its index is too large to be looked at.
    #[error("the file's index is larger than 16 MiB")]
    Index,
    /// It has no track of video, or not one frame of it.
    #[error("the file has no frame of video in it")]
    NoVideo,
}

/// Walks the boxes of a file that passes by in pieces.
#[derive(Debug, Default)]
pub struct Walker {
    /// How many bytes have passed.
    passed: u64,
    place: Place,
    boxes: u64,
    /// Where the last `mdat` says that it ends.
    media_end: Option<u64>,
    movie: Option<Movie>,
    media: Media,
    /// A fragment whose media has not come yet.
    fragment: Option<Fragment>,
    /// Whether the media of a fragment had a frame in it.
    has_frames: bool,
    /// Where the last sample ends that an index has named so far, outside of the movie's own.
    needed: u64,
}

/// Where the walk stands.
#[derive(Debug)]
enum Place {
    /// In a box's header, of which this much has passed.
    Header(Vec<u8>),
    /// In a box.
    Inside { kind: [u8; 4], began: u64, left: Size, held: Vec<u8> },
    /// Behind the last box, in bytes that are none.
    Behind,
}

impl Default for Place {
    fn default() -> Self {
        Self::Header(Vec::new())
    }
}

impl Walker {
    /// Takes the next piece, of any size.
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
            self.moved()?;
        }
        Ok(())
    }

    /// Says whether what passed was a whole video.
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

    /// Whether a whole video ends exactly here: its last box is complete, and one index names all
    /// samples. In a file of fragments more of them may follow.
    pub fn ends_here(&self) -> bool {
        let between = matches!(&self.place, Place::Header(header) if header.is_empty());
        between
            && self.movie.as_ref().is_some_and(|movie| !movie.has_fragments)
            && self.judge().is_ok()
    }

    /// Goes on where a header or a box is complete.
    fn moved(&mut self) -> Result<(), NotAnMp4> {
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

    /// Enters the box with this header.
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
        self.moved()
    }

    /// Goes on in bytes that are no box. Players ignore them, or find samples in them if an `mdat`
    /// says too small a size. Other boxes are not found behind them, so an index or a fragment that
    /// is missing here stays missing.
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

    /// Media that a fragment has named counts where it is.
    fn media_begins(&mut self, media: std::ops::Range<u64>) {
        self.media_end = Some(media.end);
        self.media.add(media);
        self.has_frames |=
            self.fragment.take_if(|fragment| fragment.has_frames_in(&self.media)).is_some();
    }

    /// What comes right behind media and is no box, or one that is cut off, may be media too: then
    /// the `mdat` says too small a size.
    fn media_goes_on(&mut self, began: u64) {
        if self.media_end == Some(began) {
            self.media_begins(began..u64::MAX);
        }
    }

    /// Reads the box that has passed, if it is one that was held. A second movie is ignored, as
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

    /// Whether there is a whole video in what has passed. Media may be shorter than its box says,
    /// as long as all samples are there.
    fn judge(&self) -> Result<(), NotAnMp4> {
        let Some(movie) = &self.movie else {
            // Media without an index: the index would have come.
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

/// Boxes that are read once they have passed.
fn is_held(kind: [u8; 4]) -> bool {
    matches!(&kind, b"moov" | b"moof" | b"sidx")
}

/// Boxes that a player needs whole.
fn is_needed(kind: [u8; 4]) -> bool {
    matches!(&kind, b"moov" | b"moof")
}

#[cfg(test)]
mod tests;
