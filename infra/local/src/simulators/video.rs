//! The video that every simulated provider hands out: a real H.264 MP4 that browsers play, drawn
//! here so that no file has to be shipped and no codec installed.
//!
//! Knows nothing of providers, jobs or HTTP. The encoder writes uncompressed macroblocks (I_PCM),
//! so size follows from area: 384 bytes per 16×16 block and frame. That is why pictures are small
//! and two frames make a second.

mod file;
mod sound;

pub use file::Mp4;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use less_avc::LessEncoder;
use less_avc::ycbcr_image::{DataPlane, Planes, YCbCrImage};
use muxide::api::{AacProfile, AudioCodec, MuxerBuilder, VideoCodec};

const FRAMES_PER_SECOND: u32 = 2;
const FRAME_MS: u32 = 500;

/// The area of 256×144 in macroblocks: 5 s then weigh 557 KB, and the exact 16:9 of the common case
/// fits it.
const MAX_BLOCKS: u32 = 144;

/// The encoder claims level 1, whose pictures have 99 macroblocks and whose streams 64 kbit/s; this
/// is level 2, which holds ours. It stands behind a start code, the head of the parameter set,
/// profile and constraints.
const LEVEL: u8 = 20;
const LEVEL_AT: usize = 7;

/// A file of `seconds` (0 counts as 1) in `aspect_ratio` (`"16:9"`), its index in front of its
/// pictures. The same arguments give the same bytes. A ratio that cannot be read, or that is too
/// odd to be exact in this area, gives 16:9.
pub fn mp4(seconds: u32, aspect_ratio: &str) -> Bytes {
    drawn(seconds, aspect_ratio, false)
}

/// The same with a track of sound: a tone from the beginning to the end.
pub fn with_sound(seconds: u32, aspect_ratio: &str) -> Bytes {
    drawn(seconds, aspect_ratio, true)
}

fn drawn(seconds: u32, aspect_ratio: &str, sound: bool) -> Bytes {
    /// Drawing takes tens of milliseconds without optimisation, and a test asks for the same few
    /// files again and again.
    static DRAWN: Mutex<BTreeMap<([u32; 3], bool), Bytes>> = Mutex::new(BTreeMap::new());

    let (seconds, (width, height)) = (seconds.max(1), size(aspect_ratio));
    let mut drawn = DRAWN.lock().unwrap_or_else(PoisonError::into_inner);
    drawn
        .entry(([seconds, width, height], sound))
        .or_insert_with(|| film(seconds, width, height, sound))
        .clone()
}

/// The same video followed by a `free` box that brings the file to `total_bytes`, which players
/// skip and a transfer has to carry. A total with no room for that box (video + 8 bytes) gives the
/// plain video.
pub fn padded(seconds: u32, aspect_ratio: &str, total_bytes: u64) -> Mp4 {
    filled(mp4(seconds, aspect_ratio), total_bytes)
}

/// A video followed by such a box, or as it is where that has no room.
pub fn filled(video: Bytes, total_bytes: u64) -> Mp4 {
    Mp4::filled_up_to(total_bytes, video)
}

/// Encodes and wraps frame after frame.
fn film(seconds: u32, width: u32, height: u32, sound: bool) -> Bytes {
    let frames = seconds * FRAMES_PER_SECOND;
    let first = Picture::draw(width, height, 0, frames);
    let (head, mut encoder) =
        LessEncoder::new(&first.planes()).expect("whole macroblocks are encodable");

    let mut file = Vec::new();
    let tracks = MuxerBuilder::new(&mut file).video(
        VideoCodec::H264,
        width,
        height,
        f64::from(FRAMES_PER_SECOND),
    );
    let aac = AudioCodec::Aac(AacProfile::Lc);
    let tracks = if sound { tracks.audio(aac, sound::RATE, sound::CHANNELS) } else { tracks };
    let mut muxer = tracks.build().expect("a video track is all a file needs");
    let mut head: Vec<u8> = head.into_iter().flat_map(|unit| unit.to_annex_b_data()).collect();
    head[LEVEL_AT] = LEVEL;
    muxer.encode_video(&head, FRAME_MS).expect("the first frame carries its parameter sets");
    for frame in 1..frames {
        let unit = encoder
            .encode(&Picture::draw(width, height, frame, frames).planes())
            .expect("every frame has one size");
        muxer.encode_video(&unit.to_annex_b_data(), FRAME_MS).expect("frames come in order");
    }
    for frame in sound::frames(seconds).filter(|_| sound) {
        muxer.encode_audio(frame, sound::SAMPLES).expect("frames of sound come in order");
    }
    muxer.finish().expect("writing to memory does not fail");
    file.into()
}

/// The largest picture of exactly this ratio that is whole in macroblocks and within
/// [`MAX_BLOCKS`].
fn size(aspect_ratio: &str) -> (u32, u32) {
    let ratio =
        aspect_ratio.split_once(':').and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)));
    let (w, h): (u32, u32) = ratio.filter(|&(w, h)| w > 0 && h > 0).unwrap_or((16, 9));
    let (w, h) = (w / gcd(w, h), h / gcd(w, h));
    match (1..=12)
        .rev()
        .find(|scale| w.saturating_mul(h).saturating_mul(scale * scale) <= MAX_BLOCKS)
    {
        Some(scale) => (w * scale * 16, h * scale * 16),
        None => (256, 144),
    }
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// One frame as 4:2:0 planes.
struct Picture {
    width: u32,
    height: u32,
    luma: Vec<u8>,
    blue: Vec<u8>,
    red: Vec<u8>,
}

impl Picture {
    /// Diagonal waves that travel, colours that turn with them, and a bright disc that crosses the
    /// picture once.
    fn draw(width: u32, height: u32, frame: u32, frames: u32) -> Self {
        let (disc_x, disc_y, radius) =
            (width * (2 * frame + 1) / (2 * frames), height / 2, width.min(height) / 5);
        let inside =
            |x: u32, y: u32| x.abs_diff(disc_x).pow(2) + y.abs_diff(disc_y).pow(2) <= radius.pow(2);
        let luma = |x, y| if inside(x, y) { 235 } else { 40 + wave(x + y + frame * 12) };
        let blue = |x, y| if inside(2 * x, 2 * y) { 90 } else { 64 + wave(2 * y + frame * 6) };
        let red = |x, y| if inside(2 * x, 2 * y) { 150 } else { 64 + wave(2 * x + 64 + frame * 6) };
        Self {
            width,
            height,
            luma: plane(width, height, luma),
            blue: plane(width / 2, height / 2, blue),
            red: plane(width / 2, height / 2, red),
        }
    }

    fn planes(&self) -> YCbCrImage<'_> {
        let plane = |data, width: u32| DataPlane {
            data,
            stride: usize::try_from(width).expect("a picture's width fits"),
            bit_depth: less_avc::BitDepth::Depth8,
        };
        let chroma = self.width / 2;
        let planes =
            (plane(&self.luma, self.width), plane(&self.blue, chroma), plane(&self.red, chroma));
        YCbCrImage { planes: Planes::YCbCr(planes), width: self.width, height: self.height }
    }
}

fn plane(width: u32, height: u32, value: impl Fn(u32, u32) -> u8) -> Vec<u8> {
    (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| value(x, y)).collect()
}

/// A triangle wave over 256 steps, 0 to 127 and back.
fn wave(step: u32) -> u8 {
    let [step, ..] = step.to_le_bytes();
    if step < 128 { step } else { 255 - step }
}

#[cfg(test)]
mod tests {
    use muxide::fragmented::{FragmentAudioConfig, FragmentConfig, FragmentedMuxer};

    use super::*;

    #[test]
    fn every_ratio_is_exact_and_small() {
        for (ratio, expected) in [
            ("16:9", (256, 144)),
            ("9:16", (144, 256)),
            ("1:1", (192, 192)),
            ("4:3", (192, 144)),
            ("3:4", (144, 192)),
            ("21:9", (224, 96)),
            ("9:21", (96, 224)),
            ("4:5", (128, 160)),
            ("", (256, 144)),
            ("0:9", (256, 144)),
            ("4000000000:3999999999", (256, 144)),
        ] {
            assert_eq!(size(ratio), expected, "{ratio}");
        }
        assert!(mp4(5, "16:9").len() < 600_000);
    }

    #[test]
    fn the_index_comes_first_and_says_the_length() {
        let file = mp4(5, "9:16");
        let kinds: Vec<_> = file::boxes(&file).map(|(kind, _)| kind).collect();
        assert_eq!(kinds, ["ftyp", "moov", "mdat"].map(|kind| kind.as_bytes().to_vec()));

        let at = file.windows(4).position(|kind| kind == b"mvhd").expect("a movie header");
        let number = |offset: usize| {
            u32::from_be_bytes(file[at + offset..at + offset + 4].try_into().unwrap())
        };
        let (timescale, duration) = (number(16), number(20));
        assert_eq!(duration, 5 * timescale);

        // Profile, compatibility and level of the decoder's configuration: baseline, level 2.
        let at = file.windows(4).position(|kind| kind == b"avcC").expect("a decoder configuration");
        assert_eq!(file[at + 5..at + 8], [66, 0, LEVEL]);
    }

    /// As the product's own walk sees it: a track of video, a track of sound, and all of their
    /// samples.
    #[test]
    fn sound_is_a_second_track_of_a_whole_file() {
        let (silent, sounding) = (mp4(4, "16:9"), with_sound(4, "16:9"));
        let has = |file: &Bytes, word: &[u8]| file.windows(word.len()).any(|window| window == word);
        for (file, sound) in [(&silent, false), (&sounding, true)] {
            assert_eq!(
                (has(file, b"vide"), has(file, b"soun"), has(file, b"mp4a")),
                (true, sound, sound)
            );
            let mut walker = ghub::mp4::Walker::default();
            walker.pass(file).unwrap();
            assert_eq!(walker.finish(), Ok(()));
        }
        assert!(sounding.len() - silent.len() > 4 * 8_000, "a second of the tone has 8 KB");
    }

    /// Fragments, by another writer than the walk's own tests have: each track alone, and both.
    #[test]
    fn the_walk_reads_fragments() {
        let config = || FragmentConfig::new(64, 64, 90_000);
        let audio = || FragmentAudioConfig {
            codec: AudioCodec::Aac(AacProfile::Lc),
            sample_rate: 48_000,
            channels: 1,
        };
        let judged = |mut muxer: FragmentedMuxer, video: bool, sound: bool| {
            let mut file = muxer.init_segment();
            for part in 0..3 {
                for frame in (part * 10)..(part * 10 + 10) {
                    if video {
                        muxer
                            .write_video(frame * 3_000, frame * 3_000, &[7; 100], frame == 0)
                            .unwrap();
                    }
                    if sound {
                        muxer.write_audio(frame * 3_000, frame * 3_000, &[7; 50]).unwrap();
                    }
                }
                file.extend(muxer.flush_segment().unwrap());
            }
            let walked = |file: &[u8]| {
                let mut walker = ghub::mp4::Walker::default();
                file.chunks(100)
                    .try_for_each(|chunk| walker.pass(chunk))
                    .and_then(|()| walker.finish())
            };
            let cut = walked(&file[..file.len() - 1]).is_err();
            (walked(&file).map_err(|error| error.to_string()), cut)
        };
        let nothing = Err("the file has no frame of video in it".to_owned());
        assert_eq!(judged(FragmentedMuxer::new(config()).unwrap(), true, false), (Ok(()), true));
        assert_eq!(
            judged(FragmentedMuxer::new_with_audio(config(), audio()).unwrap(), true, true),
            (Ok(()), true)
        );
        assert_eq!(
            judged(FragmentedMuxer::new_with_audio(config(), audio()).unwrap(), false, true).0,
            nothing
        );
        assert_eq!(
            judged(FragmentedMuxer::new_audio_only(audio()).unwrap(), false, true).0,
            nothing
        );
    }

    #[test]
    fn frames_differ_and_files_repeat() {
        let (a, b) = (Picture::draw(64, 64, 0, 4), Picture::draw(64, 64, 1, 4));
        assert_ne!(a.luma, b.luma);
        assert_eq!(film(1, 64, 64, true), film(1, 64, 64, true));
    }
}
