//! Files that players show, and files that they do not show. An encoder wrote those in `cases`;
//! `built` puts further ones together from boxes.

mod bounds;
mod built;
mod false_sizes;
mod tables;

use super::*;
use built::{Track, boxed, fragment, fragmented, movie, whole};
use proptest::prelude::*;

const TRAILING: &[u8] = include_bytes!("cases/trail_newline.mp4");
const UUID_FIRST: &[u8] = include_bytes!("cases/uuid_first.mp4");
const TO_THE_END: &[u8] = include_bytes!("cases/mdat64_size0.mp4");
const EMPTY_MDAT: &[u8] = include_bytes!("cases/empty_mdat.mp4");
const AUDIO_ONLY: &[u8] = include_bytes!("cases/audio_only.mp4");
const NO_MP4: [&[u8]; 11] = [
    b"<!DOCTYPE html><html></html>",
    b"{\"detail\": \"Not Found\"}",
    b"[{\"a\": 1}]",
    b"\r\n<html></html>",
    b"\t\n  {\"a\": 1}",
    b"<!--meta data-->  ",
    b"\x1a\x45\xdf\xa3\x01\0\0\0webm",
    b"RIFF\x10\0\0\0AVI LIST",
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    b"ID3\x04\0\0\0\0\0\0TIT2",
    b"\0\0\0\x07ftyp isom",
];

/// The encoder's file without the bytes after its last box: `ftyp`, `moov`, `free`, `mdat`.
fn recorded() -> &'static [u8] {
    &TRAILING[..TRAILING.len() - 1]
}

fn walked(file: &[u8], piece: usize) -> Result<(), NotAnMp4> {
    let mut walker = Walker::default();
    file.chunks(piece).try_for_each(|chunk| walker.pass(chunk))?;
    walker.finish()
}

#[test]
fn the_cases_are_stored_or_refused() {
    for (name, file, expected) in [
        ("trail_newline", TRAILING, Ok(())),
        ("trail3", &include_bytes!("cases/trail3.mp4")[..], Ok(())),
        ("trail_nul4", include_bytes!("cases/trail_nul4.mp4"), Ok(())),
        ("uuid_first", UUID_FIRST, Ok(())),
        ("mdat64_size0", TO_THE_END, Ok(())),
        ("empty_mdat", EMPTY_MDAT, Err(NotAnMp4::Truncated)),
        ("audio_only", AUDIO_ONLY, Err(NotAnMp4::NoVideo)),
        ("recorded", recorded(), Ok(())),
    ] {
        for piece in [1, 2, 7, 8, 9, 16, 100, 6 << 20] {
            assert_eq!(walked(file, piece), expected, "{name} in pieces of {piece}");
        }
    }
}

/// The order of the boxes does not matter, and boxes that a player ignores may be missing.
#[test]
fn boxes_may_stand_in_any_order() {
    let (front, back) = (whole(&Track::video(), true), whole(&Track::video(), false));
    let first = |kind: &str, content: &[u8], index_first| {
        let before = boxed(kind, content);
        built::behind(&before, &Track::video(), index_first)
    };
    let mut files = vec![("index first", front.clone()), ("index last", back)];
    for kind in ["free", "skip", "wide", "styp", "uuid", "ftyp", "meta", "pdin", "beam"] {
        files.push((kind, first(kind, b"sixteen bytes...", true)));
        files.push((kind, first(kind, b"", false)));
    }
    let wide = [&1_u32.to_be_bytes()[..], b"free", &20_u64.to_be_bytes(), b"four"].concat();
    files.push(("64 bits", built::behind(&wide, &Track::video(), true)));
    files.push(("bare", built::behind(b"", &Track::video(), true)));
    files.push(("bare, index last", built::behind(b"", &Track::video(), false)));
    files.push(("twice", [front.clone(), front].concat()));
    for (name, file) in files {
        for piece in [1, 8, 10_000] {
            assert_eq!(walked(&file, piece), Ok(()), "{name} in pieces of {piece}");
        }
    }
}

#[test]
fn what_comes_after_a_whole_video_does_not_matter() {
    for behind in [
        &b"\n"[..],
        b"\r\n\0",
        b"\0\0\0\0",
        b"\0\0\0\0\0\0\0",
        &[0; 1000],
        b"and some text that is no box at all",
        b"--boundary--\r\n",
        b"\0\0\0\x03free",
        b"\0\0\0\x01free\0\0\0\0\0\0\0\x05",
        b"\0\0\x10\0free cut off",
        b"\0\0\x10\0udta cut off",
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        &[0xff; 100_000],
    ] {
        for file in [recorded().to_vec(), whole(&Track::video(), false), fragmented(2)] {
            for piece in [1, 1000] {
                let file = [&file, behind].concat();
                assert_eq!(
                    walked(&file, piece),
                    Ok(()),
                    "behind it {:?}",
                    &behind[..behind.len().min(30)]
                );
            }
        }
    }
    let before = [&boxed("ftyp", b"isom"), &[0; 12][..], &movie(&Track::video(), 100)].concat();
    assert_eq!(walked(&before, 64), Err(NotAnMp4::BoxSize), "no box, and no video before it");
}

/// Every cut is found in a file whose last box is its media or its index.
#[test]
fn every_truncation_of_what_a_player_needs_is_seen() {
    let long = UUID_FIRST.len();
    for (name, file) in [
        ("recorded", recorded().to_vec()),
        ("uuid first", UUID_FIRST[..long].to_vec()),
        ("media to the end", TO_THE_END.to_vec()),
        ("index last", whole(&Track::video(), false)),
        ("index first", whole(&Track::video(), true)),
        ("one fragment", fragmented(1)),
        ("fragments with a list", built::listed(3)),
    ] {
        assert_eq!(walked(&file, 1000), Ok(()), "{name}");
        for length in 0..file.len() {
            assert!(
                walked(&file[..length], 1000).is_err(),
                "{name}, cut at {length} of {}",
                file.len()
            );
        }
    }
}

/// A box that a player ignores may be cut off.
#[test]
fn boxes_that_no_player_needs_may_be_cut_off() {
    let whole = recorded().len();
    for behind in [
        boxed("free", &[7; 40]),
        boxed("udta", &[7; 40]),
        boxed("mfra", &[7; 40]),
        boxed("uuid", &[7; 40]),
    ] {
        let file = [recorded(), &behind].concat();
        for length in whole..=file.len() {
            assert_eq!(walked(&file[..length], 64), Ok(()), "cut at {length}");
        }
    }
    // A file of fragments without a list of them is whole after each fragment.
    let (one, two) = (fragmented(1), fragmented(2));
    for length in one.len()..two.len() {
        let cut = walked(&two[..length], 64);
        assert_eq!(cut.is_ok(), length < one.len() + 8, "cut at {length}: {cut:?}");
    }
}

#[test]
fn a_file_without_a_frame_of_video_is_none() {
    let video = Track::video();
    let indexed = |track: &Track| whole(track, true);
    let ftyp = boxed("ftyp", b"isom");
    for (name, file) in [
        ("only a type", ftyp.clone()),
        ("an empty index", [&ftyp[..], &boxed("moov", b""), &boxed("mdat", b"media")].concat()),
        ("sound only", indexed(&Track { handler: *b"soun", ..video.clone() })),
        ("subtitles only", indexed(&Track { handler: *b"text", ..video.clone() })),
        ("a picture", indexed(&Track { handler: *b"pict", ..video.clone() })),
        ("no samples", indexed(&Track { sizes: Vec::new(), ..video.clone() })),
        ("empty samples", indexed(&Track { sizes: vec![0, 0, 0], ..video.clone() })),
        ("no description", indexed(&Track { descriptions: 0, ..video.clone() })),
        ("no chunks", indexed(&Track { chunks: 0, ..video.clone() })),
        ("an index of fragments, and none", [&ftyp[..], &built::movie_of_fragments()].concat()),
        (
            "fragments without samples",
            [&ftyp[..], &built::movie_of_fragments(), &fragment(1, 0, &[]), &boxed("mdat", b"x")]
                .concat(),
        ),
        (
            "fragments of sound",
            [
                &ftyp[..],
                &built::movie_of_fragments(),
                &fragment(2, 0, &[5]),
                &boxed("mdat", b"sound"),
            ]
            .concat(),
        ),
    ] {
        for piece in [1, 1000] {
            assert_eq!(walked(&file, piece), Err(NotAnMp4::NoVideo), "{name} in pieces of {piece}");
        }
    }
}

#[test]
fn samples_that_are_not_in_the_media_are_no_video() {
    let index = movie(&Track::video(), 8 + 16);
    let moved = |media: &[u8]| [&boxed("ftyp", b"isom0000isom0000"), &index[..], media].concat();
    // The samples now lie in the beginning of the file, or in a box that players skip.
    assert_eq!(walked(&moved(&boxed("mdat", &[7; 40])), 64), Err(NotAnMp4::NoVideo));
    let hidden = built::with_media_in("free", &Track::video());
    assert_eq!(walked(&hidden, 64), Err(NotAnMp4::NoVideo));
    let beyond =
        [&boxed("ftyp", b"isom"), &movie(&Track::video(), 1 << 30)[..], &boxed("mdat", &[7; 40])]
            .concat();
    assert_eq!(walked(&beyond, 64), Err(NotAnMp4::Truncated));
    let nothing = [
        &boxed("ftyp", b"isom"),
        &built::movie_of_fragments()[..],
        &fragment(1, 0, &[9, 9]),
        &boxed("mdat", b""),
    ]
    .concat();
    assert_eq!(walked(&nothing, 64), Err(NotAnMp4::Truncated));
}

#[test]
fn what_is_no_mp4_is_refused_at_once() {
    for file in NO_MP4 {
        let mut walker = Walker::default();
        assert_eq!(
            walker.pass(file),
            Err(NotAnMp4::Beginning),
            "{}",
            String::from_utf8_lossy(file)
        );
    }
    for file in [&b""[..], b"<", b"\0\0\0\x18fty"] {
        assert_eq!(walked(file, 1), Err(NotAnMp4::Beginning), "{file:?}");
    }
}

/// The walker gives up on an index that is larger than that of any video, before it fills the
/// memory.
#[test]
fn a_flood_of_index_is_not_held() {
    let mut walker = Walker::default();
    walker.pass(&boxed("ftyp", b"isom")).unwrap();
    walker.pass(&[&[0x40, 0, 0, 0], &b"moov"[..]].concat()).unwrap();
    let part = [0; 1 << 20];
    let refused = (0..40).find_map(|_| walker.pass(&part).err());
    assert_eq!(refused, Some(NotAnMp4::Index));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    /// Any bytes, in pieces of any size, get an answer, and always the same one.
    #[test]
    fn any_change_of_a_file_gets_an_answer(
        places in prop::collection::vec((0_usize..24_000, any::<u8>()), 0..12),
        which in 0_usize..5,
        piece in 1_usize..5_000,
    ) {
        let fragments = built::listed(4);
        let files = [recorded(), UUID_FIRST, TO_THE_END, AUDIO_ONLY, &fragments];
        let mut file = files[which].to_vec();
        for (place, byte) in places {
            let at = place % file.len().min(2_600); // where the boxes' headers and the index are
            file[at] = byte;
        }
        prop_assert_eq!(walked(&file, piece), walked(&file, file.len()));
    }

    #[test]
    fn any_bytes_get_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..4_000), piece in 1_usize..100) {
        let file = [&boxed("ftyp", b"isom")[..], &bytes].concat();
        prop_assert!(walked(&bytes, piece).is_err());
        prop_assert!(walked(&file, piece).is_err());
    }

    #[test]
    fn any_index_gets_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..400), fields in prop::collection::vec(0_u32..40, 0..40)) {
        let table: Vec<u8> = fields.iter().flat_map(|field| field.to_be_bytes()).collect();
        for content in [&bytes, &table] {
            for inner in ["stco", "stsz", "stsc", "stz2", "co64", "stsd"] {
                let track = built::track_with(inner, content);
                let file = [boxed("ftyp", b"isom"), boxed("moov", &track), boxed("mdat", content)].concat();
                prop_assert_eq!(walked(&file, 7), walked(&file, 10_000));
            }
            for inner in ["tfhd", "trun"] {
                let traf = boxed("traf", &boxed(inner, content));
                let head = [boxed("ftyp", b"isom"), built::movie_of_fragments(), boxed("moof", &traf)].concat();
                let file = [head, boxed("mdat", content)].concat();
                prop_assert_eq!(walked(&file, 7), walked(&file, 10_000));
            }
        }
    }
}
