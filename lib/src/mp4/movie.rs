//! The index of a movie: its tracks, and where their samples are. ISO/IEC 14496-12, 8.

use super::boxes::{find, length, long_number, number, within};
use super::media::Media;

/// A `moov`, as it came. Its tables are read anew when the samples are asked for.
#[derive(Debug)]
pub(super) struct Movie {
    content: Vec<u8>,
    tracks: Vec<Track>,
}

/// A track of the movie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Track {
    id: u64,
    pub(super) kind: Kind,
    /// How large a sample of a fragment is that does not say so itself.
    pub(super) sample_size: u64,
}

/// What a track carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Video,
    Sound,
    /// Subtitles, time codes, hints: a player does without.
    Other,
}

/// What the tables name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Samples {
    /// Where the last sample of video or sound ends.
    pub(super) end: u64,
    /// Whether there is a sample of video in the media.
    pub(super) frames: bool,
}

impl Movie {
    /// Reads the tracks of a `moov`'s content.
    pub(super) fn read(content: Vec<u8>) -> Self {
        let extends = find(&content, &[b"mvex"]).unwrap_or_default();
        let tracks = tracks_of(&content).map(|track| {
            let id = id_of(track);
            let defaults = within(extends).find(|(kind, trex)| kind == b"trex" && number(trex, 4) == Some(id));
            let sample_size = defaults.and_then(|(_, trex)| number(trex, 16)).unwrap_or_default();
            Track { id, kind: kind_of(track), sample_size }
        });
        Self { tracks: tracks.collect(), content }
    }

    /// The track with this id.
    pub(super) fn track(&self, id: u64) -> Option<Track> {
        self.tracks.iter().find(|track| track.id == id).copied()
    }

    /// Whether there is a track of video with a description of what is in it.
    pub(super) fn has_video(&self) -> bool {
        self.tracks.iter().any(|track| track.kind == Kind::Video)
    }

    /// Where the samples are that the movie's own tables name.
    pub(super) fn samples(&self, media: &Media) -> Samples {
        let mut samples = Samples::default();
        for (content, Track { kind, .. }) in tracks_of(&self.content).zip(&self.tracks) {
            let table = find(content, &[b"mdia", b"minf", b"stbl"]).unwrap_or_default();
            let chunks = Chunks::of(table).filter(|chunk| *kind != Kind::Other && !chunk.is_empty());
            for chunk in chunks {
                samples.end = samples.end.max(chunk.end);
                samples.frames |= *kind == Kind::Video && media.has(&chunk);
            }
        }
        samples
    }
}

fn tracks_of(movie: &[u8]) -> impl Iterator<Item = &[u8]> {
    within(movie).filter(|(kind, _)| kind == b"trak").map(|(_, track)| track)
}

fn id_of(track: &[u8]) -> u64 {
    let header = find(track, &[b"tkhd"]).unwrap_or_default();
    let at = if header.first() == Some(&1) { 20 } else { 12 };
    number(header, at).unwrap_or_default()
}

/// A track of video without a description of its samples cannot be decoded.
fn kind_of(track: &[u8]) -> Kind {
    let handler = find(track, &[b"mdia", b"hdlr"]).and_then(|handler| handler.get(8..12));
    let descriptions = find(track, &[b"mdia", b"minf", b"stbl", b"stsd"]).and_then(|table| number(table, 4));
    match (handler, descriptions) {
        (Some(b"vide"), Some(1..)) => Kind::Video,
        (Some(b"soun"), _) => Kind::Sound,
        _ => Kind::Other,
    }
}

/// The chunks of a sample table: where each begins and ends in the file.
struct Chunks<'a> {
    offsets: Offsets<'a>,
    runs: &'a [u8],
    sizes: Sizes<'a>,
    /// The number of the next chunk, from 0.
    chunk: u64,
    /// The number of the run that it belongs to.
    run: usize,
    /// The number of its first sample.
    sample: u64,
}

impl<'a> Chunks<'a> {
    fn of(table: &'a [u8]) -> Self {
        let offsets = match (find(table, &[b"stco"]), find(table, &[b"co64"])) {
            (Some(offsets), _) => Offsets { entries: entries(offsets), long: false },
            (None, offsets) => Offsets { entries: offsets.map(entries).unwrap_or_default(), long: true },
        };
        let runs = find(table, &[b"stsc"]).map(entries).unwrap_or_default();
        Self { offsets, runs, sizes: Sizes::of(table), chunk: 0, run: 0, sample: 0 }
    }

    /// How many samples the next chunk has. A run of chunks with as many samples each begins at a
    /// chunk that is counted from 1.
    fn samples(&mut self) -> Option<u64> {
        while number(self.runs, (self.run + 1) * 12).is_some_and(|first| first <= self.chunk + 1) {
            self.run += 1;
        }
        number(self.runs, self.run * 12 + 4)
    }
}

impl Iterator for Chunks<'_> {
    type Item = std::ops::Range<u64>;

    fn next(&mut self) -> Option<Self::Item> {
        let begin = self.offsets.get(self.chunk)?;
        let samples = self.samples()?.min(self.sizes.count.saturating_sub(self.sample));
        if samples == 0 {
            return None;
        }
        let end = begin.saturating_add(self.sizes.sum(self.sample, samples));
        (self.chunk, self.sample) = (self.chunk + 1, self.sample + samples);
        Some(begin..end)
    }
}

/// The entries of a table, behind its version, flags and count.
fn entries(table: &[u8]) -> &[u8] {
    table.get(8..).unwrap_or_default()
}

struct Offsets<'a> {
    entries: &'a [u8],
    long: bool,
}

impl Offsets<'_> {
    fn get(&self, chunk: u64) -> Option<u64> {
        let at = usize::try_from(chunk).ok()?;
        if self.long { long_number(self.entries, at.checked_mul(8)?) } else { number(self.entries, at.checked_mul(4)?) }
    }
}

/// The sizes of samples: one for all, or a table.
struct Sizes<'a> {
    count: u64,
    of_each: Option<u64>,
    entries: &'a [u8],
    bits: usize,
}

impl<'a> Sizes<'a> {
    fn of(table: &'a [u8]) -> Self {
        let (table, compact) = match (find(table, &[b"stsz"]), find(table, &[b"stz2"])) {
            (Some(sizes), _) => (sizes, false),
            (None, sizes) => (sizes.unwrap_or_default(), true),
        };
        let (entries, told) = (table.get(12..).unwrap_or_default(), number(table, 8).unwrap_or_default());
        let of_each = number(table, 4).filter(|size| *size > 0 && !compact);
        let bits = if compact { usize::from(table.get(7).copied().unwrap_or_default()) } else { 32 };
        let there = (entries.len() * 8).checked_div(bits).unwrap_or_default();
        let count = if of_each.is_some() { told } else { told.min(length(there)) };
        Self { count, of_each, entries, bits }
    }

    /// The size of so many samples together; there are that many.
    fn sum(&self, first: u64, samples: u64) -> u64 {
        match self.of_each {
            Some(size) => size.saturating_mul(samples),
            None => (first..first + samples).map(|sample| self.get(sample)).fold(0, u64::saturating_add),
        }
    }

    fn get(&self, sample: u64) -> u64 {
        let Ok(sample) = usize::try_from(sample) else { return 0 };
        let byte = |at: usize| u64::from(self.entries.get(at).copied().unwrap_or_default());
        match self.bits {
            4 if sample % 2 == 0 => byte(sample / 2) >> 4,
            4 => byte(sample / 2) & 15,
            8 => byte(sample),
            16 => byte(sample * 2) << 8 | byte(sample * 2 + 1),
            32 => number(self.entries, sample * 4).unwrap_or_default(),
            _ => 0,
        }
    }
}
