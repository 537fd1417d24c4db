//! Reads the index of a movie: its tracks, and where their samples lie (ISO/IEC 14496-12, 8).

use super::boxes::{find, length, long_number, number, within};
use super::media::Media;
use std::collections::BTreeMap;

/// How many tracks are read. A render has one of video and one of sound. A film in thirty languages
/// has 61. More tracks are a fault of the file, and would cost time for each fragment.
const MOST_TRACKS: usize = 64;
/// The types of samples that are no pictures: subtitles, time codes, metadata, hints and sound.
const WITHOUT_PICTURES: [&[u8; 4]; 20] = [
    b"text", b"tx3g", b"wvtt", b"stpp", b"sbtt", b"stxt", b"c608", b"c708", b"tmcd", b"mp4s",
    b"metx", b"mett", b"mebx", b"urim", b"rtp ", b"srtp", b"mp4a", b"enca", b"Opus", b"fLaC",
];

/// A `moov`, kept as it came. Its tables are read each time the samples are asked for.
#[derive(Debug)]
pub(super) struct Movie {
    content: Vec<u8>,
    tracks: Vec<Track>,
    /// Whether the movie announces fragments. It does not name their samples itself.
    pub(super) has_fragments: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Track {
    id: u64,
    pub(super) kind: Kind,
    /// The size in bytes of a sample in a fragment that states no size of its own.
    pub(super) sample_size: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Video,
    Sound,
    /// Subtitles, time codes, hints: a player can show the video without them.
    Other,
}

/// What the tables of a movie say of its samples.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Samples {
    /// The offset at which the last sample of video or sound ends.
    pub(super) end: u64,
    /// Whether at least one sample of video lies in the media.
    pub(super) frames: bool,
}

impl Movie {
    /// Reads the tracks in the content of a `moov`.
    pub(super) fn read(content: Vec<u8>) -> Self {
        let extends = find(&content, &[b"mvex"]);
        let sizes = default_sizes(extends.unwrap_or_default());
        let tracks = tracks_of(&content).map(|track| {
            let id = id_of(track);
            Track {
                id,
                kind: kind_of(track),
                sample_size: sizes.get(&id).copied().unwrap_or_default(),
            }
        });
        Self { tracks: tracks.collect(), has_fragments: extends.is_some(), content }
    }

    pub(super) fn track(&self, id: u64) -> Option<Track> {
        self.tracks.iter().find(|track| track.id == id).copied()
    }

    /// Whether the movie has a track of video that also describes its pictures.
    pub(super) fn has_video(&self) -> bool {
        self.tracks.iter().any(|track| track.kind == Kind::Video)
    }

    /// Finds the samples that the tables of the movie name.
    pub(super) fn samples(&self, media: &Media) -> Samples {
        let mut samples = Samples::default();
        for (content, Track { kind, .. }) in tracks_of(&self.content).zip(&self.tracks) {
            if *kind == Kind::Other {
                continue;
            }
            let table = find(content, &[b"mdia", b"minf", b"stbl"]).unwrap_or_default();
            let is_shown = *kind == Kind::Video && has_times(table);
            for chunk in Chunks::of(table).filter(|chunk| !chunk.is_empty()) {
                samples.end = samples.end.max(chunk.end);
                samples.frames |= is_shown && media.has_begin_of(&chunk);
            }
        }
        samples
    }
}

fn tracks_of(movie: &[u8]) -> impl Iterator<Item = &[u8]> {
    within(movie).filter(|(kind, _)| kind == b"trak").map(|(_, track)| track).take(MOST_TRACKS)
}

/// The default size of the samples in fragments, by track id. The first `trex` of a track counts.
fn default_sizes(extends: &[u8]) -> BTreeMap<u64, u64> {
    let mut sizes = BTreeMap::new();
    for (_, trex) in within(extends).filter(|(kind, _)| kind == b"trex") {
        if let (Some(track), Some(size)) = (number(trex, 4), number(trex, 16)) {
            sizes.entry(track).or_insert(size);
        }
    }
    sizes
}

fn id_of(track: &[u8]) -> u64 {
    let header = find(track, &[b"tkhd"]).unwrap_or_default();
    let at = if header.first() == Some(&1) { 20 } else { 12 };
    number(header, at).unwrap_or_default()
}

/// The kind of a track. A track of video that does not describe its pictures cannot be decoded, so
/// it counts as `Other`.
fn kind_of(track: &[u8]) -> Kind {
    let handler = find(track, &[b"mdia", b"hdlr"]).and_then(|handler| handler.get(8..12));
    let described =
        find(track, &[b"mdia", b"minf", b"stbl", b"stsd"]).is_some_and(describes_pictures);
    match handler {
        Some(b"vide") if described => Kind::Video,
        Some(b"soun") => Kind::Sound,
        _ => Kind::Other,
    }
}

fn describes_pictures(table: &[u8]) -> bool {
    let count = number(table, 4).and_then(|count| usize::try_from(count).ok()).unwrap_or_default();
    let mut descriptions = within(table.get(8..).unwrap_or_default()).take(count);
    descriptions.any(|(codec, _)| !WITHOUT_PICTURES.contains(&&codec))
}

/// Whether the table `stts`, which says when samples are shown, has an entry. Without one, players
/// show no sample; the content of the entry does not matter to them.
fn has_times(table: &[u8]) -> bool {
    find(table, &[b"stts"]).is_some_and(|times| entries(times, 8).len() >= 8)
}

/// The chunks of a sample table, as the bytes of the file that each of them takes.
struct Chunks<'a> {
    offsets: Offsets<'a>,
    runs: &'a [u8],
    sizes: Sizes<'a>,
    /// The number of the next chunk, counted from 0.
    chunk: u64,
    /// The number of the run that the chunk belongs to. All chunks of a run have as many samples.
    run: usize,
    /// The number of the first sample in the chunk.
    sample: u64,
}

impl<'a> Chunks<'a> {
    fn of(table: &'a [u8]) -> Self {
        let offsets = match (find(table, &[b"stco"]), find(table, &[b"co64"])) {
            (Some(offsets), _) => Offsets { entries: entries(offsets, 4), long: false },
            (None, offsets) => {
                Offsets { entries: entries(offsets.unwrap_or_default(), 8), long: true }
            }
        };
        let runs = entries(find(table, &[b"stsc"]).unwrap_or_default(), 12);
        Self { offsets, runs, sizes: Sizes::of(table), chunk: 0, run: 0, sample: 0 }
    }

    /// How many samples the next chunk has. The table counts chunks from 1.
    fn samples(&mut self) -> Option<u64> {
        while number(self.runs, (self.run + 1) * 12).is_some_and(|first| first <= self.chunk + 1) {
            self.run += 1;
        }
        number(self.runs, self.run * 12).filter(|first| *first <= self.chunk + 1)?;
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

/// The entries of a table, after its version, flags and count. Bytes after the last entry that the
/// count announces do not belong to the table.
fn entries(table: &[u8], size: u64) -> &[u8] {
    let told = number(table, 4).unwrap_or_default().saturating_mul(size);
    let there = table.get(8..).unwrap_or_default();
    usize::try_from(told).ok().and_then(|told| there.get(..told)).unwrap_or(there)
}

struct Offsets<'a> {
    entries: &'a [u8],
    long: bool,
}

impl Offsets<'_> {
    fn get(&self, chunk: u64) -> Option<u64> {
        let at = usize::try_from(chunk).ok()?;
        if self.long {
            long_number(self.entries, at.checked_mul(8)?)
        } else {
            number(self.entries, at.checked_mul(4)?)
        }
    }
}

/// The sizes of samples: one size for all, or a table.
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
        let (entries, told) =
            (table.get(12..).unwrap_or_default(), number(table, 8).unwrap_or_default());
        let of_each = number(table, 4).filter(|size| *size > 0 && !compact);
        let bits =
            if compact { usize::from(table.get(7).copied().unwrap_or_default()) } else { 32 };
        let there = if matches!(bits, 4 | 8 | 16 | 32) { entries.len() * 8 / bits } else { 0 };
        let count = if of_each.is_some() { told } else { told.min(length(there)) };
        Self { count, of_each, entries, bits }
    }

    /// The size of `samples` samples together, from number `first` on. The caller has checked that
    /// the table has so many.
    fn sum(&self, first: u64, samples: u64) -> u64 {
        match self.of_each {
            Some(size) => size.saturating_mul(samples),
            None => {
                (first..first + samples).map(|sample| self.get(sample)).fold(0, u64::saturating_add)
            }
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
