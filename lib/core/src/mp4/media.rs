//! Remembers where in a file its media lies.

use std::ops::Range;

/// How many ranges are kept apart; any further range is merged with the last one. A file without
/// fragments has one or two.
const MOST: usize = 1024;

/// The byte ranges of the contents of all `mdat` boxes, in the order of the file.
#[derive(Debug, Default)]
pub(super) struct Media(Vec<Range<u64>>);

impl Media {
    pub(super) fn add(&mut self, media: Range<u64>) {
        if media.is_empty() {
            return;
        }
        let is_full = self.0.len() == MOST;
        match self.0.last_mut() {
            Some(last) if is_full || last.end == media.start => last.end = media.end,
            _ => self.0.push(media),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the first byte of `part` lies in media. The bytes after it may lie in the next
    /// `mdat`, or after an `mdat` that states a size that is too small.
    pub(super) fn has_begin_of(&self, part: &Range<u64>) -> bool {
        self.at(part.start).is_some_and(|media| part.start < media.end)
    }

    fn at(&self, place: u64) -> Option<&Range<u64>> {
        let after = self.0.partition_point(|media| media.start <= place);
        after.checked_sub(1).and_then(|at| self.0.get(at))
    }
}
