//! Whether a stream of bytes is a whole MP4: its boxes are walked to the end while it passes. Nothing is decoded.
//!
//! A file is a sequence of boxes: a 32-bit big-endian size that includes its own header, four characters of type, and for size 1 a
//! 64-bit size (ISO/IEC 14496-12, 4.2). A truncated download ends inside a box.

/// Why it is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAnMp4 {
    /// The first box is not `ftyp`: an error page, another format.
    #[error("the file does not begin like an MP4")]
    Beginning,
    /// A size that cannot be.
    #[error("the file has a box of an impossible size")]
    BoxSize,
    /// It ends inside a box.
    #[error("the file is truncated")]
    Truncated,
    /// It has no `moov`, or nothing in which there could be video.
    #[error("the file has no video in it")]
    NoVideo,
}

/// Walks the boxes of a file that passes by in pieces.
#[derive(Debug, Default)]
pub struct Walker {
    header: Vec<u8>,
    left_in_box: u64,
    to_the_end: bool,
    boxes: u64,
    moov: bool,
    media: bool,
}

impl Walker {
    /// Takes the next piece, of any size.
    pub fn pass(&mut self, mut bytes: &[u8]) -> Result<(), NotAnMp4> {
        while !bytes.is_empty() && !self.to_the_end {
            if self.left_in_box > 0 {
                let skipped = usize::try_from(self.left_in_box).unwrap_or(usize::MAX).min(bytes.len());
                bytes = &bytes[skipped..];
                self.left_in_box -= u64::try_from(skipped).unwrap_or(u64::MAX);
            } else {
                let taken = (self.header_length() - self.header.len()).min(bytes.len());
                self.header.extend_from_slice(&bytes[..taken]);
                bytes = &bytes[taken..];
                self.enter()?;
            }
        }
        Ok(())
    }

    /// Says whether what passed was a whole file.
    pub fn finish(&self) -> Result<(), NotAnMp4> {
        match () {
            () if self.left_in_box > 0 || !self.header.is_empty() => Err(NotAnMp4::Truncated),
            () if self.boxes == 0 => Err(NotAnMp4::Beginning),
            () if !self.moov || !self.media => Err(NotAnMp4::NoVideo),
            () => Ok(()),
        }
    }

    /// 8 bytes, 16 when the first four say 1.
    fn header_length(&self) -> usize {
        if self.header.len() >= 8 && self.header.starts_with(&[0, 0, 0, 1]) { 16 } else { 8 }
    }

    /// Enters the box whose header is complete.
    fn enter(&mut self) -> Result<(), NotAnMp4> {
        if self.header.len() < self.header_length() {
            return Ok(());
        }
        let kind = &self.header[4..8];
        if self.boxes == 0 && kind != b"ftyp" {
            return Err(NotAnMp4::Beginning);
        }
        self.moov |= kind == b"moov";
        self.media |= kind == b"mdat" || kind == b"moof";
        let size = self.header[..4].iter().fold(0, |size, byte| size << 8 | u64::from(*byte));
        let size = match size {
            0 => {
                self.to_the_end = true; // the last box may leave its end to the file's
                8
            }
            1 => self.header[8..16].iter().fold(0, |size, byte| size << 8 | u64::from(*byte)),
            size => size,
        };
        let header = u64::try_from(self.header.len()).unwrap_or(u64::MAX);
        self.left_in_box = size.checked_sub(header).ok_or(NotAnMp4::BoxSize)?;
        self.header.clear();
        self.boxes += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(kind: &str, content: &[u8]) -> Vec<u8> {
        let size = u32::try_from(content.len() + 8).unwrap().to_be_bytes();
        [&size, kind.as_bytes(), content].concat()
    }

    fn whole() -> Vec<u8> {
        let wide = [&1_u32.to_be_bytes()[..], b"mdat", &21_u64.to_be_bytes(), b"hello"].concat();
        [boxed("ftyp", b"isom0000"), boxed("moov", &[7; 300]), wide, boxed("free", &[])].concat()
    }

    fn walked(bytes: &[u8], piece: usize) -> Result<(), NotAnMp4> {
        let mut walker = Walker::default();
        bytes.chunks(piece).try_for_each(|chunk| walker.pass(chunk))?;
        walker.finish()
    }

    #[test]
    fn a_whole_file_is_whole_however_it_is_cut() {
        for piece in [1, 2, 7, 8, 9, 16, 100, 10_000] {
            assert_eq!(walked(&whole(), piece), Ok(()), "in pieces of {piece}");
        }
    }

    #[test]
    fn every_truncation_inside_a_box_is_seen() {
        let file = whole();
        let boundaries = [16, 16 + 308, 16 + 308 + 21, file.len()];
        for length in 1..file.len() {
            let expected = if boundaries.contains(&length) { length >= 16 + 308 + 21 } else { false };
            assert_eq!(walked(&file[..length], 64).is_ok(), expected, "cut at {length}");
        }
    }

    #[test]
    fn what_is_no_mp4_is_refused_at_once() {
        let mut walker = Walker::default();
        assert_eq!(walker.pass(b"<!DOCTYPE html><html>"), Err(NotAnMp4::Beginning));
        assert_eq!(walked(b"", 1), Err(NotAnMp4::Beginning));
        assert_eq!(walked(&[boxed("ftyp", b"isom"), boxed("moov", b"")].concat(), 9), Err(NotAnMp4::NoVideo));
        assert_eq!(walked(&[&boxed("ftyp", b"isom")[..], &[0, 0, 0, 7], b"moov"].concat(), 9), Err(NotAnMp4::BoxSize));
    }

    #[test]
    fn a_last_box_may_run_to_the_end() {
        let file =
            [boxed("ftyp", b"isom"), boxed("moov", b"x"), [&[0, 0, 0, 0], &b"mdat"[..], b"anything"].concat()].concat();
        assert_eq!(walked(&file, 5), Ok(()));
    }
}
