//! Where in the file media is.

use std::ops::Range;

/// So many places are told apart; further ones are taken together with the last. A file that is not
/// made of fragments has one or two.
const MOST: usize = 1024;

/// The contents of all `mdat` boxes, in their order.
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

    /// Whether its first byte lies in media. What follows may lie in the next `mdat`, or behind an
    /// `mdat` that says too small a size.
    pub(super) fn has_begin_of(&self, part: &Range<u64>) -> bool {
        self.at(part.start).is_some_and(|media| part.start < media.end)
    }

    fn at(&self, place: u64) -> Option<&Range<u64>> {
        let after = self.0.partition_point(|media| media.start <= place);
        after.checked_sub(1).and_then(|at| self.0.get(at))
    }
}
