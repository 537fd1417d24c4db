//! A video file of any size that is never whole in memory: what the encoder made, and filler that
//! exists only while it is read.

use std::ops::Range;

use bytes::{Bytes, BytesMut};
use futures::Stream;

/// How much of the filler is handed out at once; every such piece is the same shared zeroes.
const PIECE: usize = 64 * 1024;

static ZEROES: [u8; PIECE] = [0; PIECE];

/// A video and the filler behind it. Cloning shares the bytes.
#[derive(Clone, Debug)]
pub struct Mp4 {
    video: Bytes,
    len: u64,
}

impl Mp4 {
    /// `video` as it is.
    pub fn plain(video: Bytes) -> Self {
        Self { len: length(&video), video }
    }

    /// `video` and a `free` box up to `total` bytes, or as it is when the box would not fit.
    pub(super) fn filled_up_to(total: u64, video: Bytes) -> Self {
        match total.checked_sub(length(&video)) {
            Some(free) if free >= 8 => {
                Self { video: [video, free_header(free)].concat().into(), len: total }
            }
            _ => Self::plain(video),
        }
    }

    /// The first `keep` bytes only: a file that was cut off, whose boxes promise more than there
    /// is.
    pub fn cut_to(self, keep: u64) -> Self {
        let len = self.len.min(keep);
        let video =
            self.video.slice(..usize::try_from(len).unwrap_or(usize::MAX).min(self.video.len()));
        Self { video, len }
    }

    /// The file's size in bytes; it is never empty unless it was cut to nothing.
    #[expect(clippy::len_without_is_empty, reason = "the size of a file, not of a collection")]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// The bytes of `range`, piece by piece. What lies behind the end is not there.
    pub fn read(&self, range: Range<u64>) -> impl Stream<Item = Bytes> + Send + use<> {
        let (video, end) = (self.video.clone(), range.end.min(self.len));
        futures::stream::unfold(range.start, move |at| {
            let left = usize::try_from(end.saturating_sub(at)).unwrap_or(usize::MAX).min(PIECE);
            let piece = match usize::try_from(at).ok().filter(|&at| at < video.len()) {
                Some(at) => video.slice(at..video.len().min(at + left)),
                None => Bytes::from_static(&ZEROES[..left]),
            };
            std::future::ready((left > 0).then(|| (piece.clone(), at + length(&piece))))
        })
    }
}

/// The head of a `free` box that is `size` bytes long with its head; over 4 GiB the size is a
/// 64-bit one.
fn free_header(size: u64) -> Bytes {
    let mut head = BytesMut::new();
    match u32::try_from(size) {
        Ok(size) => head.extend_from_slice(&size.to_be_bytes()),
        Err(_) => head.extend_from_slice(&1u32.to_be_bytes()),
    }
    head.extend_from_slice(b"free");
    if size > u64::from(u32::MAX) {
        head.extend_from_slice(&size.to_be_bytes());
    }
    head.freeze()
}

fn length(bytes: &Bytes) -> u64 {
    u64::try_from(bytes.len()).expect("memory is smaller than 2^64 bytes")
}

/// The top-level boxes of a file: kind, and size with the head.
#[cfg(test)]
pub(super) fn boxes(mut file: &[u8]) -> impl Iterator<Item = (Vec<u8>, usize)> + '_ {
    std::iter::from_fn(move || {
        let size: usize = u32::from_be_bytes(file.get(..4)?.try_into().ok()?).try_into().ok()?;
        let kind = file[4..8].to_vec();
        file = &file[size..];
        Some((kind, size))
    })
}

#[cfg(test)]
mod tests {
    use futures::StreamExt;

    use super::*;

    async fn collect(stream: impl Stream<Item = Bytes>) -> Vec<u8> {
        Box::pin(stream)
            .fold(Vec::new(), |all, piece| async move { [all.as_slice(), &piece].concat() })
            .await
    }

    #[tokio::test]
    async fn a_padded_file_has_the_asked_size_and_whole_boxes() {
        let total = 700_003;
        let file = super::super::padded(1, "16:9", total);
        let bytes = collect(file.read(0..file.len())).await;
        assert_eq!(u64::try_from(bytes.len()).unwrap(), total);
        let kinds: Vec<_> =
            boxes(&bytes).map(|(kind, _)| String::from_utf8(kind).unwrap()).collect();
        assert_eq!(kinds, ["ftyp", "moov", "mdat", "free"]);
        assert_eq!(boxes(&bytes).map(|(_, size)| size).sum::<usize>(), bytes.len());
    }

    #[tokio::test]
    async fn any_range_equals_the_same_slice_of_the_whole() {
        let file = super::super::padded(1, "1:1", 300_000);
        let whole = collect(file.read(0..file.len())).await;
        for range in [
            0..1,
            100..200_000,
            299_999..300_000,
            299_990..400_000,
            300_000..300_001,
            65_536..131_072,
        ] {
            let (start, end) =
                (usize::try_from(range.start).unwrap(), usize::try_from(range.end).unwrap());
            assert_eq!(
                collect(file.read(range)).await,
                whole[start.min(300_000)..end.min(300_000)]
            );
        }
    }

    #[tokio::test]
    async fn a_total_without_room_gives_the_plain_video() {
        let video = super::super::mp4(1, "16:9");
        for total in [0, length(&video), length(&video) + 7] {
            assert_eq!(super::super::padded(1, "16:9", total).len(), length(&video));
        }
        assert_eq!(super::super::padded(1, "16:9", length(&video) + 8).len(), length(&video) + 8);
    }

    #[tokio::test]
    async fn a_cut_file_ends_where_it_was_cut() {
        let file = super::super::padded(1, "16:9", 5_000_000_000).cut_to(1000);
        assert_eq!((file.len(), collect(file.read(0..u64::MAX)).await.len()), (1000, 1000));
    }

    #[test]
    fn a_box_over_4_gib_gets_a_64_bit_size() {
        let head = free_header(5_000_000_000);
        assert_eq!(head[..8], *b"\0\0\0\x01free");
        assert_eq!(head[8..], 5_000_000_000u64.to_be_bytes());
    }
}
