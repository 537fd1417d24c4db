//! Files that were made to waste time. Each of these tests fails by not ending.

use super::built::{Track, boxed, fragmented, movie, track_with};
use super::{NotAnMp4, walked};

/// So many boxes that an algorithm of quadratic time would not end, in less than a megabyte.
const MANY: usize = 60_000;

/// One `trex` or `tkhd` for each track.
fn numbered(kind: &str, before: &[u8]) -> Vec<u8> {
    let each =
        (0..MANY).map(|id| [before, &u32::try_from(id).unwrap().to_be_bytes(), &[0; 12]].concat());
    each.flat_map(|content| boxed(kind, &content)).collect()
}

#[test]
fn many_tracks_and_many_defaults_are_read_once() {
    let empty = boxed("trak", b"").repeat(MANY);
    let tracks: Vec<u8> =
        (0..MANY).flat_map(|_| boxed("trak", &boxed("tkhd", &[0xff; 24]))).collect();
    let defaults = boxed("mvex", &numbered("trex", &[0; 4]));
    let empty_defaults = boxed("mvex", &boxed("trex", b"").repeat(MANY));
    for (name, index) in [
        ("empty", [empty, empty_defaults].concat()),
        ("numbered", [tracks.clone(), defaults].concat()),
        ("many lists", [tracks, boxed("mvex", b"").repeat(MANY)].concat()),
    ] {
        let file =
            [boxed("ftyp", b"isom"), boxed("moov", &index), boxed("mdat", b"media")].concat();
        assert_eq!(walked(&file, 1 << 20), Err(NotAnMp4::NoVideo), "{name}");
    }
}

#[test]
fn many_runs_of_many_tracks_are_read_once() {
    let tracks = boxed("trak", b"").repeat(MANY);
    let runs = boxed("traf", &boxed("tfhd", &[0xff; 8])).repeat(MANY);
    let index = boxed("moov", &tracks);
    let file =
        [boxed("ftyp", b"isom"), index, boxed("moof", &runs), boxed("mdat", b"media")].concat();
    assert_eq!(walked(&file, 1 << 20), Err(NotAnMp4::NoVideo));
}

#[test]
fn many_boxes_before_a_video_do_no_harm() {
    let file = [boxed("free", b"").repeat(MANY), fragmented(2)].concat();
    assert_eq!(walked(&file, 1 << 20), Ok(()), "its fragments name places from themselves on");
}

/// The walk enters only the boxes on the path to a table.
#[test]
fn deep_boxes_are_not_followed() {
    let mut deep = Vec::new();
    for _ in 0..2_000 {
        deep = boxed("trak", &deep);
    }
    let file = [boxed("ftyp", b"isom"), boxed("moov", &deep), boxed("mdat", b"media")].concat();
    assert_eq!(walked(&file, 1 << 20), Err(NotAnMp4::NoVideo));
}

/// A film in many languages plays. Tracks past the limit are not read.
#[test]
fn the_first_tracks_are_looked_at() {
    let track = |number: u32| {
        let index = movie(&Track::video(), number);
        index[8..].to_vec()
    };
    for (before, expected) in [(0, Ok(())), (63, Ok(())), (64, Err(NotAnMp4::NoVideo))] {
        let others = boxed("trak", b"").repeat(before);
        let length =
            u32::try_from(boxed("ftyp", b"isom").len() + 8 + others.len() + track(0).len() + 8)
                .unwrap();
        let index = boxed("moov", &[others, track(length)].concat());
        let file = [boxed("ftyp", b"isom"), index, boxed("mdat", &[7; 60])].concat();
        assert_eq!(walked(&file, 64), expected, "behind {before} tracks");
    }
}

/// If the width of the sizes is not one of the known widths, the table names no sizes.
#[test]
fn sizes_of_no_known_width_are_none() {
    for (bits, expected) in
        [(8, Ok(())), (0, NONE), (1, NONE), (3, NONE), (12, NONE), (24, NONE), (255, NONE)]
    {
        let sizes =
            [&[0, 0, 0, 0, 0, 0, 0, bits][..], &1_u32.to_be_bytes(), &[7; 100_000]].concat();
        let mut track = track_with("stz2", &sizes);
        let at = track.windows(4).position(|four| four == b"stsz").unwrap();
        track[at..at + 4].copy_from_slice(b"gone");
        let file = [boxed("mdat", &[7; 100]), boxed("moov", &track)].concat();
        assert_eq!(walked(&file, 1 << 20), expected, "{bits} bits");
    }
}

const NONE: Result<(), NotAnMp4> = Err(NotAnMp4::NoVideo);
