//! What the tables of a track name, and when they name nothing.

use super::built::{self, Track, whole};
use super::{NotAnMp4, recorded, walked};

#[test]
fn tables_are_read_in_each_of_their_forms() {
    let video = Track::video();
    for track in [
        Track { long_offsets: true, ..video.clone() },
        Track { sizes: vec![9; 6], constant: true, ..video.clone() },
        Track { compact_bits: 8, ..video.clone() },
        Track { compact_bits: 16, ..video.clone() },
        Track { compact_bits: 4, sizes: vec![3, 5, 7, 9, 11, 15], ..video.clone() },
        Track { chunks: 3, ..video.clone() },
        Track { chunks: 6, ..video.clone() },
    ] {
        for index_first in [true, false] {
            let file = whole(&track, index_first);
            assert_eq!(walked(&file, 64), Ok(()), "{track:?}");
            if !index_first {
                continue;
            }
            // Here the media states no end of its own, so only the tables show that something is
            // missing.
            let (media, open) = (built::media_length(&track), built::with_media_to_the_end(&track));
            assert_eq!(walked(&open, 64), Ok(()), "{track:?}");
            for cut in 1..=media {
                assert_eq!(
                    walked(&open[..open.len() - cut], 64),
                    Err(NotAnMp4::Truncated),
                    "{track:?} less {cut}"
                );
            }
        }
    }
}

/// The file with `bytes` written over what stands `behind` bytes after the first name of this box.
fn edited(file: &[u8], kind: &[u8; 4], behind: usize, bytes: &[u8]) -> Vec<u8> {
    let at =
        file.windows(4).position(|four| four == kind).expect("the file has the box") + 4 + behind;
    [&file[..at], bytes, &file[at + bytes.len()..]].concat()
}

/// A player reads as many entries as the count of a table says, and ignores the rest.
#[test]
fn a_table_ends_with_as_many_entries_as_it_says() {
    let long = Track { long_offsets: true, ..Track::video() };
    for (name, file) in [
        ("recorded", recorded().to_vec()),
        ("32 bits", whole(&Track::video(), true)),
        ("index last", whole(&Track::video(), false)),
        ("64 bits", whole(&long, true)),
    ] {
        let offsets = if name == "64 bits" { b"co64" } else { b"stco" };
        for table in [offsets, b"stsc", b"stts", b"stsd"] {
            let without = edited(&file, table, 4, &[0; 4]);
            assert_eq!(
                walked(&without, 64),
                Err(NotAnMp4::NoVideo),
                "{name}: no entry in {table:?}"
            );
            let more = edited(&file, table, 4, &[0xff; 4]);
            assert_eq!(
                walked(&more, 64),
                Ok(()),
                "{name}: more entries told in {table:?} than there are"
            );
        }
    }
    // A count of one hides the second chunk, and so hides that the file is cut.
    let file = whole(&Track::video(), true);
    let one = edited(&file, b"stco", 4, &1_u32.to_be_bytes());
    assert_eq!(walked(&one[..one.len() - 1], 64), Ok(()));
}

/// Checked with ffmpeg: it decodes no frame of these files.
#[test]
fn a_track_without_one_of_its_tables_has_no_frame() {
    for table in [b"stco", b"stsc", b"stsz", b"stts", b"stsd", b"stbl", b"hdlr"] {
        let without = edited(recorded(), table, 0, &[]);
        let at = without.windows(4).position(|four| four == table).unwrap();
        let renamed = [&without[..at], b"gone", &without[at + 4..]].concat();
        assert_eq!(walked(&renamed, 64), Err(NotAnMp4::NoVideo), "{table:?}");
    }
    let late = edited(recorded(), b"stsc", 8, &2_u32.to_be_bytes());
    assert_eq!(
        walked(&late, 64),
        Err(NotAnMp4::NoVideo),
        "the first run begins at the second chunk"
    );
    let mut kept = edited(recorded(), b"stts", 8, &[0; 8]);
    assert_eq!(walked(&kept, 64), Ok(()), "players show samples whose times are all 0");
    kept = edited(recorded(), b"stsd", 8 + 4, b"zzzz");
    assert_eq!(walked(&kept, 64), Ok(()), "a codec that is not known here");
    for codec in [b"text", b"tx3g", b"mp4a", b"tmcd", b"mp4s", b"mebx", b"c608", b"wvtt"] {
        let text = edited(recorded(), b"stsd", 8 + 4, codec);
        assert_eq!(walked(&text, 64), Err(NotAnMp4::NoVideo), "{codec:?}");
    }
}
