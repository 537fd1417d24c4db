//! Reads the index of a fragment (ISO/IEC 14496-12, 8.8).

use super::boxes::{find, length, long_number, number, within};
use super::media::Media;
use super::movie::{Kind, Movie};
use std::ops::Range;

/// Flags of `tfhd`, the header of a track in a fragment.
const HAS_BASE: u64 = 0x1;
const HAS_DESCRIPTION: u64 = 0x2;
const HAS_DURATION: u64 = 0x8;
const HAS_SIZE: u64 = 0x10;
const BASE_IS_MOOF: u64 = 0x2_0000;
/// Flags of `trun`, a run of samples.
const RUN_HAS_OFFSET: u64 = 0x1;
const RUN_HAS_FIRST_FLAGS: u64 = 0x4;
const RUN_HAS_DURATIONS: u64 = 0x100;
const RUN_HAS_SIZES: u64 = 0x200;
const RUN_HAS_FLAGS: u64 = 0x400;
const RUN_HAS_OFFSETS: u64 = 0x800;

/// The samples that a `moof` names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Fragment {
    /// The bytes from the beginning of the first sample of video to the end of the last one.
    video: Option<Range<u64>>,
    /// The end of the last sample of video or sound.
    end: u64,
}

impl Fragment {
    /// Reads the content of a `moof` that begins at the offset `began` of the file.
    pub(super) fn read(content: &[u8], began: u64, movie: &Movie) -> Self {
        let mut fragment = Self::default();
        let mut next = began;
        for (_, traf) in within(content).filter(|(kind, _)| kind == b"traf") {
            next = fragment.add(traf, began, next, movie);
        }
        fragment
    }

    /// The offset at which the last sample of video or sound ends.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// Whether the fragment has video whose first byte lies in this media.
    pub(super) fn has_frames_in(&self, media: &Media) -> bool {
        self.video.as_ref().is_some_and(|video| media.has_begin_of(video))
    }

    /// Adds the runs of one track, and returns the offset at which they end. A track without a base
    /// of its own continues at `before`, where the samples of the track before it end.
    fn add(&mut self, traf: &[u8], began: u64, before: u64, movie: &Movie) -> u64 {
        let header = find(traf, &[b"tfhd"]).unwrap_or_default();
        let flags = number(header, 0).unwrap_or_default() & 0xff_ffff;
        let track = number(header, 4).and_then(|id| movie.track(id));
        let base = match () {
            () if flags & HAS_BASE != 0 => long_number(header, 8).unwrap_or_default(),
            () if flags & BASE_IS_MOOF != 0 => began,
            () => before,
        };
        let size_at = 8 + [(HAS_BASE, 8), (HAS_DESCRIPTION, 4), (HAS_DURATION, 4)]
            .into_iter()
            .map(|(flag, length)| if flags & flag == 0 { 0 } else { length })
            .sum::<usize>();
        let own_size = if flags & HAS_SIZE == 0 { None } else { number(header, size_at) };
        let size = own_size.or(track.map(|track| track.sample_size)).unwrap_or_default();

        let mut next = base;
        for (_, run) in within(traf).filter(|(kind, _)| kind == b"trun") {
            let samples = run_of(run, base, next, size);
            next = samples.end;
            match track.map(|track| track.kind) {
                _ if samples.is_empty() => {}
                Some(Kind::Video) => {
                    self.end = self.end.max(samples.end);
                    let video = self.video.get_or_insert_with(|| samples.clone());
                    *video = video.start.min(samples.start)..video.end.max(samples.end);
                }
                Some(Kind::Sound) => self.end = self.end.max(samples.end),
                Some(Kind::Other) | None => {}
            }
        }
        next
    }
}

/// The bytes of the file that the samples of a run take.
fn run_of(run: &[u8], base: u64, next: u64, size: u64) -> Range<u64> {
    let flags = number(run, 0).unwrap_or_default() & 0xff_ffff;
    let count = number(run, 4).unwrap_or_default();
    let field = |flag: u64| if flags & flag == 0 { 0 } else { 4 };
    let begin = match number(run, 8) {
        Some(offset) if flags & RUN_HAS_OFFSET != 0 => offset_from(base, offset),
        _ => next,
    };
    let entry = field(RUN_HAS_DURATIONS)
        + field(RUN_HAS_SIZES)
        + field(RUN_HAS_FLAGS)
        + field(RUN_HAS_OFFSETS);
    let entries =
        run.get(8 + field(RUN_HAS_OFFSET) + field(RUN_HAS_FIRST_FLAGS)..).unwrap_or_default();
    let bytes = if flags & RUN_HAS_SIZES == 0 {
        size.saturating_mul(count)
    } else {
        let most = length(entries.len() / entry).min(count);
        let sizes = entries.chunks_exact(entry).zip(0..most);
        sizes
            .filter_map(|(entry, _)| number(entry, field(RUN_HAS_DURATIONS)))
            .fold(0, u64::saturating_add)
    };
    begin..begin.saturating_add(bytes)
}

/// Adds an offset to `base`. The offset is a signed number of 32 bits.
fn offset_from(base: u64, offset: u64) -> u64 {
    match offset.checked_sub(1 << 31) {
        None => base.saturating_add(offset),
        Some(_) => base.saturating_sub((1_u64 << 32).saturating_sub(offset)),
    }
}

/// The end of the last segment that a `sidx` lists; the `sidx` itself ends at `box_ends`. It is 0
/// if the list cannot be read.
pub(super) fn indexed_end(content: &[u8], box_ends: u64) -> u64 {
    let long = content.first() == Some(&1);
    let (first, count_at) =
        if long { (long_number(content, 20), 30) } else { (number(content, 16), 22) };
    let count = content
        .get(count_at..count_at + 2)
        .map_or(0, |count| u64::from(count[0]) << 8 | u64::from(count[1]));
    let entries = content.get(count_at + 2..).unwrap_or_default();
    let there = length(entries.len() / 12);
    if count == 0 || count > there {
        return 0;
    }
    let sizes = entries.chunks_exact(12).zip(0..count).filter_map(|(entry, _)| number(entry, 0));
    let sizes = sizes.map(|size| size & 0x7fff_ffff).fold(0, u64::saturating_add);
    box_ends.saturating_add(first.unwrap_or_default()).saturating_add(sizes)
}
