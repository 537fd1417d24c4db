//! Reads the headers of boxes in a stream, and the boxes inside a box that is held in memory.

/// The types that may begin a file. A box of another type may begin it too, if the box is small.
const FIRST: [&[u8; 4]; 17] = [
    b"ftyp", b"styp", b"moov", b"moof", b"free", b"skip", b"wide", b"uuid", b"pnot", b"sidx",
    b"meta", b"pdin", b"prft", b"emsg", b"junk", b"udta", b"ssix",
];
/// The first box, if its type is unknown, is smaller than this many bytes. A size below it begins
/// with a byte below 4, and no text begins with such a byte. So a web page, JSON or an error
/// message is never taken for a box.
const LARGEST_UNKNOWN: u64 = 4 << 24;
/// The first box, if its type is known and not `mdat`, is smaller than this many bytes. Text begins
/// with a tab, which is byte 9, or with a higher byte.
const LARGEST_FIRST: u64 = 9 << 24;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    Bytes(u64),
    /// All bytes up to the end of the file: this is the last box.
    ToTheEnd,
}

impl Size {
    /// Takes at most `bytes` bytes of what is left, and returns how many it took.
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

/// The header of a box.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: [u8; 4],
    pub(super) content: Size,
}

impl Header {
    /// Reads a complete header. `None` if the bytes are not the header of a box.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        Self::read_within(bytes)
            .filter(|header| header.kind.iter().all(|byte| (b' '..=b'~').contains(byte)))
    }

    /// Reads the header of a box inside another box, where any four bytes are a type, such as
    /// `©too`.
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

    /// Whether a file may begin with this header.
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

/// The length of a header in bytes, given its first bytes: 16 if the first four say 1, else 8.
pub(super) fn header_length(header: &[u8]) -> usize {
    if header.len() >= 8 && header.starts_with(&[0, 0, 0, 1]) { 16 } else { 8 }
}

/// The boxes inside a box. The iterator ends at a box that is cut off, or at bytes that are no box.
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

/// The content of the first box on this path of types, such as `mdia`, `minf`, `stbl`.
pub(super) fn find<'a>(content: &'a [u8], path: &[&[u8; 4]]) -> Option<&'a [u8]> {
    let Some((first, rest)) = path.split_first() else { return Some(content) };
    within(content).filter(|(kind, _)| kind == *first).find_map(|(_, inner)| find(inner, rest))
}

/// The big-endian number of 32 bits at this offset.
pub(super) fn number(bytes: &[u8], at: usize) -> Option<u64> {
    let four: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
    Some(u64::from(u32::from_be_bytes(four)))
}

/// The big-endian number of 64 bits at this offset.
pub(super) fn long_number(bytes: &[u8], at: usize) -> Option<u64> {
    let eight: [u8; 8] = bytes.get(at..at.checked_add(8)?)?.try_into().ok()?;
    Some(u64::from_be_bytes(eight))
}

pub(super) fn length(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
