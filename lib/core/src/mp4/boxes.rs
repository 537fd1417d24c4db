//! Boxes: their headers in a stream, and the boxes within a box that is held.

/// The first box of a file is one of these, or a small one of another kind.
const FIRST: [&[u8; 4]; 17] = [
    b"ftyp", b"styp", b"moov", b"moof", b"free", b"skip", b"wide", b"uuid", b"pnot", b"sidx",
    b"meta", b"pdin", b"prft", b"emsg", b"junk", b"udta", b"ssix",
];
/// An unknown first box is at most so large: no text begins with a byte below 4, and so with a
/// smaller size. A page, JSON or a message is told from a box by that.
const LARGEST_UNKNOWN: u64 = 4 << 24;
/// Another first box than an `mdat` is at most so large: text begins with a tab, which is 9, or a
/// higher byte.
const LARGEST_FIRST: u64 = 9 << 24;

/// How much of a box's content is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    /// So many bytes.
    Bytes(u64),
    /// All that comes: it is the last box.
    ToTheEnd,
}

impl Size {
    /// Takes as much as there is of so many bytes, and says how many those are.
    pub(super) fn take(&mut self, bytes: usize) -> usize {
        match self {
            Self::ToTheEnd => bytes,
            Self::Bytes(left) => {
                let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes);
                *left -= length(taken);
                taken
            }
        }
    }
}

/// What a box's header says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: [u8; 4],
    pub(super) content: Size,
}

impl Header {
    /// Reads a whole header; `None` if it is none.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        Self::read_within(bytes)
            .filter(|header| header.kind.iter().all(|byte| (b' '..=b'~').contains(byte)))
    }

    /// Within a box, any four bytes are a type: `©too`.
    fn read_within(bytes: &[u8]) -> Option<Self> {
        let kind: [u8; 4] = bytes.get(4..8)?.try_into().ok()?;
        let size = match number(bytes, 0)? {
            1 => long_number(bytes, 8)?,
            size => size,
        };
        let content = match size {
            0 => Size::ToTheEnd,
            size => Size::Bytes(size.checked_sub(length(bytes.len()))?),
        };
        Some(Self { kind, content })
    }

    /// Whether a file may begin so.
    pub(super) fn may_be_first(&self) -> bool {
        match self.content {
            _ if self.kind == *b"mdat" => true,
            Size::Bytes(length) => {
                length < if FIRST.contains(&&self.kind) { LARGEST_FIRST } else { LARGEST_UNKNOWN }
            }
            Size::ToTheEnd => FIRST.contains(&&self.kind),
        }
    }
}

/// How long a header is of which this much is known: 8 bytes, 16 when the first four say 1.
pub(super) fn header_length(header: &[u8]) -> usize {
    if header.len() >= 8 && header.starts_with(&[0, 0, 0, 1]) { 16 } else { 8 }
}

/// The boxes within a held one. What is cut off, or no box, ends them.
pub(super) fn within(mut content: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let header = content.get(..8)?;
        let header = content.get(..header_length(header))?;
        let (Header { kind, content: size }, rest) =
            (Header::read_within(header)?, &content[header.len()..]);
        let mut size = size;
        let (inner, after) = rest.split_at(size.take(rest.len()));
        content = after;
        Some((kind, inner))
    })
}

/// The first box of this kind, by a path of kinds.
pub(super) fn find<'a>(content: &'a [u8], path: &[&[u8; 4]]) -> Option<&'a [u8]> {
    let Some((first, rest)) = path.split_first() else { return Some(content) };
    within(content).filter(|(kind, _)| kind == *first).find_map(|(_, inner)| find(inner, rest))
}

/// The 32-bit number at a place.
pub(super) fn number(bytes: &[u8], at: usize) -> Option<u64> {
    let four: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    Some(u64::from(u32::from_be_bytes(four)))
}

/// The 64-bit number at a place.
pub(super) fn long_number(bytes: &[u8], at: usize) -> Option<u64> {
    let eight: [u8; 8] = bytes.get(at..at.checked_add(8)?)?.try_into().ok()?;
    Some(u64::from_be_bytes(eight))
}

/// A length in memory.
pub(super) fn length(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
