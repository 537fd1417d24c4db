//! Builds MP4 files from boxes.

/// The properties of a track that the walker reads.
#[derive(Debug, Clone)]
pub(super) struct Track {
    pub(super) handler: [u8; 4],
    pub(super) descriptions: u32,
    pub(super) sizes: Vec<u32>,
    pub(super) chunks: u32,
    /// Whether all samples have one size, instead of a table of sizes.
    pub(super) constant: bool,
    /// The width in bits of a size in the compact table `stz2`. 0 means the usual table `stsz`.
    pub(super) compact_bits: u8,
    pub(super) long_offsets: bool,
}

impl Track {
    pub(super) fn video() -> Self {
        Self {
            handler: *b"vide",
            descriptions: 1,
            sizes: vec![30, 4, 5, 6, 7, 8],
            chunks: 2,
            constant: false,
            compact_bits: 0,
            long_offsets: false,
        }
    }
}

pub(super) fn boxed(kind: &str, content: &[u8]) -> Vec<u8> {
    let size = u32::try_from(content.len() + 8).unwrap().to_be_bytes();
    [&size, kind.as_bytes(), content].concat()
}

/// A box that contains numbers of 32 bits.
fn table(kind: &str, numbers: &[u32]) -> Vec<u8> {
    let content: Vec<u8> = numbers.iter().flat_map(|number| number.to_be_bytes()).collect();
    boxed(kind, &content)
}

pub(super) fn media_length(track: &Track) -> usize {
    track.sizes.iter().map(|size| usize::try_from(*size).unwrap()).sum()
}

fn sizes(track: &Track) -> Vec<u8> {
    let count = u32::try_from(track.sizes.len()).unwrap();
    let packed: Vec<u8> = match track.compact_bits {
        4 => track.sizes.chunks(2).map(|pair| (pair[0] << 4 | pair[1]).to_be_bytes()[3]).collect(),
        8 => track.sizes.iter().map(|size| size.to_be_bytes()[3]).collect(),
        16 => track
            .sizes
            .iter()
            .flat_map(|size| [size.to_be_bytes()[2], size.to_be_bytes()[3]])
            .collect(),
        _ if track.constant => return table("stsz", &[0, track.sizes[0], count]),
        _ => return table("stsz", &[&[0, 0, count], &track.sizes[..]].concat()),
    };
    let head = [0, u32::from(track.compact_bits), count].map(u32::to_be_bytes).concat();
    boxed("stz2", &[head, packed].concat())
}

/// The index of a track whose media begins at this offset.
pub(super) fn movie(track: &Track, media_begins: u32) -> Vec<u8> {
    let samples = u32::try_from(track.sizes.len()).unwrap();
    let in_each = if track.chunks == 0 { 1 } else { samples.div_ceil(track.chunks).max(1) };
    let chunks = track
        .sizes
        .chunks(usize::try_from(in_each).unwrap())
        .map(|chunk| chunk.iter().sum::<u32>());
    let begins = chunks.scan(media_begins, |next, size| {
        let begin = *next;
        *next += size;
        Some(begin)
    });
    let begins: Vec<u32> = begins.take(usize::try_from(track.chunks).unwrap()).collect();
    let count = u32::try_from(begins.len()).unwrap();
    let offsets = if track.long_offsets {
        table(
            "co64",
            &[vec![0, count], begins.iter().flat_map(|begin| [0, *begin]).collect()].concat(),
        )
    } else {
        table("stco", &[vec![0, count], begins].concat())
    };
    let times = table("stts", &[0, 1, samples, 512]);
    let runs = table("stsc", &[0, 1, 1, in_each, 1]);
    let tables = [described(track.descriptions), times, runs, sizes(track), offsets].concat();
    boxed("moov", &track_of(track.handler, 1, &tables))
}

/// A table of this many descriptions of pictures, without the boxes of the codec.
fn described(descriptions: u32) -> Vec<u8> {
    let entries = vec![boxed("avc1", &[0; 78]); usize::try_from(descriptions).unwrap()].concat();
    boxed("stsd", &[&[0; 4][..], &descriptions.to_be_bytes(), &entries].concat())
}

fn track_of(handler: [u8; 4], id: u32, tables: &[u8]) -> Vec<u8> {
    let head = table("tkhd", &[0, 0, 0, id, 0]);
    let handler = boxed("hdlr", &[&[0; 8][..], &handler, &[0; 12]].concat());
    let media = boxed("mdia", &[handler, boxed("minf", &boxed("stbl", tables))].concat());
    boxed("trak", &[head, media].concat())
}

/// A track of video in which one table has any content.
pub(super) fn track_with(kind: &str, content: &[u8]) -> Vec<u8> {
    let (described, runs) = (described(1), table("stsc", &[0, 1, 1, 1, 1]));
    let (times, sizes, offsets) =
        (table("stts", &[0, 1, 1, 512]), table("stsz", &[0, 0, 1, 4]), table("stco", &[0, 1, 30]));
    let tables: Vec<u8> = [described, times, runs, sizes, offsets]
        .into_iter()
        .filter(|table| &table[4..8] != kind.as_bytes())
        .chain([boxed(kind, content)])
        .flatten()
        .collect();
    track_of(*b"vide", 1, &tables)
}

/// A file of `ftyp`, then the index and the media in this order.
pub(super) fn whole(track: &Track, index_first: bool) -> Vec<u8> {
    behind(&boxed("ftyp", b"isom\0\0\0\0mp42"), track, index_first)
}

/// A file of the given boxes, then the index and the media in this order.
pub(super) fn behind(before: &[u8], track: &Track, index_first: bool) -> Vec<u8> {
    let media = boxed("mdat", &vec![7; media_length(track)]);
    let before_index = if index_first { movie(track, 0).len() } else { 0 };
    let begins = u32::try_from(before.len() + before_index + 8).unwrap();
    let index = movie(track, begins);
    if index_first { [before, &index, &media].concat() } else { [before, &media, &index].concat() }
}

/// A file whose samples lie in a box of another type than `mdat`.
pub(super) fn with_media_in(kind: &str, track: &Track) -> Vec<u8> {
    let mut file = whole(track, true);
    let at = file.len() - media_length(track) - 4;
    file[at..at + 4].copy_from_slice(kind.as_bytes());
    file
}

/// A file whose `mdat` has no size of its own and runs to the end of the file.
pub(super) fn with_media_to_the_end(track: &Track) -> Vec<u8> {
    let mut file = whole(track, true);
    let at = file.len() - media_length(track) - 8;
    file[at..at + 4].fill(0);
    file
}

/// The index of a file of fragments. Track 1 is video, track 2 is sound, and a sample without a
/// size of its own has 10 bytes.
pub(super) fn movie_of_fragments() -> Vec<u8> {
    let tables =
        [described(1), table("stsc", &[0, 0]), table("stsz", &[0, 0, 0]), table("stco", &[0, 0])]
            .concat();
    let extends =
        [table("trex", &[0, 1, 1, 0, 10, 0]), table("trex", &[0, 2, 1, 0, 10, 0])].concat();
    let tracks = [track_of(*b"vide", 1, &tables), track_of(*b"soun", 2, &tables)].concat();
    boxed("moov", &[tracks, boxed("mvex", &extends)].concat())
}

/// A `moof` of one run. Its samples begin after the header of the next box, plus `later` bytes.
pub(super) fn fragment(track: u32, later: u32, sizes: &[u32]) -> Vec<u8> {
    let count = u32::try_from(sizes.len()).unwrap();
    let made = |offset: u32| {
        let run = table("trun", &[&[0x201, count, offset], sizes].concat());
        boxed("moof", &boxed("traf", &[table("tfhd", &[0x2_0000, track]), run].concat()))
    };
    let length = u32::try_from(made(0).len()).unwrap();
    made(length + 8 + later)
}

/// A fragment of one run, whose samples have the default size of the movie.
fn plain_fragment(track: u32, samples: u32) -> Vec<u8> {
    let made = |offset: u32| {
        let run = table("trun", &[0x1, samples, offset]);
        boxed("moof", &boxed("traf", &[table("tfhd", &[0x2_0000, track]), run].concat()))
    };
    let length = u32::try_from(made(0).len()).unwrap();
    made(length + 8)
}

/// A file of this many fragments.
pub(super) fn fragmented(fragments: u32) -> Vec<u8> {
    let head = [boxed("ftyp", b"iso5"), movie_of_fragments()].concat();
    let parts = (0..fragments).map(|number| {
        if number % 2 == 0 {
            [fragment(1, 0, &[9, 8, 7]), boxed("mdat", &[7; 24])].concat()
        } else {
            [plain_fragment(1, 3), boxed("mdat", &[7; 30])].concat()
        }
    });
    parts.fold(head, |file, part| [file, part].concat())
}

/// A file of this many fragments, with a list of them (`sidx`) in front.
pub(super) fn listed(fragments: u32) -> Vec<u8> {
    let head = boxed("ftyp", b"iso5").len() + movie_of_fragments().len();
    let file = fragmented(fragments);
    let length = u32::try_from(file.len() - head).unwrap();
    let list = table("sidx", &[0, 1, 1000, 0, 0, 1, length, 1000, 0]);
    [&file[..head], &list, &file[head..]].concat()
}
