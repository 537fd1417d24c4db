//! The sound of simulated videos: a tone. Its frames were written by an encoder (AAC-LC, 44.1 kHz,
//! mono) and are repeated.

/// Frames with their ADTS headers (ISO/IEC 13818-7, 6.2), about a second of them.
const TONE: &[u8] = include_bytes!("tone.aac");

pub(super) const RATE: u32 = 44_100;
pub(super) const CHANNELS: u16 = 1;
/// So many samples are in each frame.
pub(super) const SAMPLES: u32 = 1024;

/// The frames of so many seconds, the last one whole.
pub(super) fn frames(seconds: u32) -> impl Iterator<Item = &'static [u8]> {
    let count = seconds.saturating_mul(RATE).div_ceil(SAMPLES);
    frames_of(TONE).cycle().zip(0..count).map(|(frame, _)| frame)
}

/// The frames of a stream: each says its length in 13 bits behind its first 30.
fn frames_of(stream: &'static [u8]) -> impl Iterator<Item = &'static [u8]> + Clone {
    let mut rest = stream;
    std::iter::from_fn(move || {
        let head = rest.get(3..6)?;
        let length =
            usize::from(head[0] & 3) << 11 | usize::from(head[1]) << 3 | usize::from(head[2]) >> 5;
        let (frame, after) = rest.split_at_checked(length)?;
        rest = after;
        Some(frame)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tone_is_whole_frames() {
        assert_eq!(frames_of(TONE).map(<[u8]>::len).sum::<usize>(), TONE.len());
        assert!(frames_of(TONE).all(|frame| frame.starts_with(&[0xff, 0xf1])));
        assert_eq!(frames(8).count(), 345, "8 s × 44,100 / 1,024");
    }
}
