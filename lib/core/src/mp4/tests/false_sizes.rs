//! Files with an `mdat` that states a wrong size. Players take samples from where the index says
//! that they are. Checked with ffmpeg: the files of one index that are accepted here play to their
//! end.

use super::built::{Track, behind, boxed, fragmented, listed, whole};
use super::{NotAnMp4, recorded, walked};
use crate::mp4::Walker;

/// The same file, with this size in the header of its last `mdat`.
fn saying(file: &[u8], size: u32) -> Vec<u8> {
    let at = file.windows(4).rposition(|four| four == b"mdat").expect("the file has media") - 4;
    [&file[..at], &size.to_be_bytes(), &file[at + 4..]].concat()
}

fn size_of(file: &[u8]) -> u32 {
    let at = file.windows(4).rposition(|four| four == b"mdat").expect("the file has media") - 4;
    u32::from_be_bytes(file[at..at + 4].try_into().unwrap())
}

/// Files whose index comes first, with one chunk and with several, from an encoder and built here.
fn indexed_first() -> [(&'static str, Vec<u8>); 4] {
    let one = Track { chunks: 1, ..Track::video() };
    [
        ("recorded", recorded().to_vec()),
        ("two chunks", whole(&Track::video(), true)),
        ("one chunk", whole(&one, true)),
        ("bare", behind(b"", &Track::video(), true)),
    ]
}

#[test]
fn media_may_say_a_size_that_is_not_its_own() {
    for (name, file) in indexed_first() {
        let size = size_of(&file);
        // At size 8 the first bytes of the media look like the header of a box.
        let sizes = [
            size + 1,
            size + 5,
            size + 1_000,
            u32::MAX,
            size - 1,
            size - 5,
            size / 2,
            2,
            3,
            7,
            8,
            9,
            15,
            16,
        ];
        for said in sizes {
            let file = saying(&file, said);
            for piece in [1, 7, 100_000] {
                assert_eq!(
                    walked(&file, piece),
                    Ok(()),
                    "{name}, which says {said} of {size}, in pieces of {piece}"
                );
            }
        }
    }
}

/// The samples are needed whatever size the box states.
#[test]
fn media_that_is_cut_is_seen_whatever_size_it_says() {
    for (name, file) in indexed_first() {
        let size = size_of(&file);
        for said in [size + 5, size + 1_000, u32::MAX, size - 5, 2, 8, 16] {
            let file = saying(&file, said);
            let media = usize::try_from(size).unwrap() - 8;
            for missing in [1, 2, media / 2, media - 9] {
                let cut = walked(&file[..file.len() - missing], 1_000);
                assert!(
                    cut.is_err(),
                    "{name}, which says {said} of {size}, less {missing}: {cut:?}"
                );
            }
        }
    }
}

/// Players do not find an index after media of a wrong size either.
#[test]
fn an_index_behind_a_false_size_is_not_found() {
    let file = whole(&Track::video(), false);
    let size = size_of(&file);
    for said in [size + 5, size + 100_000, size - 5, 2, 9] {
        assert!(walked(&saying(&file, said), 64).is_err(), "it says {said} of {size}");
    }
}

/// If the media is too short for its fragment, no later fragment would be found.
#[test]
fn fragments_are_not_lost_behind_a_false_size() {
    for file in [fragmented(1), fragmented(3), listed(3)] {
        let size = size_of(&file);
        assert_eq!(walked(&saying(&file, size + 5), 64), Ok(()));
        assert_eq!(walked(&saying(&file, size - 16), 64), Err(NotAnMp4::BoxSize));
        for missing in 1..=usize::try_from(size).unwrap() - 8 {
            let cut = walked(&saying(&file, size + 5)[..file.len() - missing], 64);
            assert!(cut.is_err(), "less {missing}: {cut:?}");
        }
    }
}

/// The end of a file is known after its last box, if a single index names all samples.
#[test]
fn the_end_of_a_whole_video_is_known_unless_fragments_may_follow() {
    let ends = |file: &[u8]| {
        let mut walker = Walker::default();
        walker.pass(file).unwrap();
        walker.ends_here()
    };
    for file in [
        recorded().to_vec(),
        whole(&Track::video(), false),
        [recorded(), &boxed("udta", b"1")].concat(),
    ] {
        assert!(ends(&file));
        for missing in 1..9 {
            assert!(!ends(&file[..file.len() - missing]), "less {missing}, and within a box");
        }
    }
    for file in [fragmented(1), fragmented(2), listed(2), [recorded(), b"\n"].concat()] {
        assert!(!ends(&file));
    }
}
