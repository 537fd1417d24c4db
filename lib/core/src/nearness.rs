//! How far a name that was sent is from one that exists.

/// A name may differ from the right one in two letters of five: `video` is `videos`, and `generate`
/// is `generations`, but `images` is not `videos`.
const LETTERS_WRONG: (usize, usize) = (2, 5);

/// How many letters have to be changed, added or left out; `None` if too many. Capitals do not
/// count.
pub fn letters_off(expected: &str, found: &str) -> Option<usize> {
    let (of, among) = LETTERS_WRONG;
    let most = expected.len() * of / among;
    if found.len().abs_diff(expected.len()) > most {
        return None;
    }
    let mut row: Vec<usize> = (0..=expected.len()).collect();
    for (line, letter) in found.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], line + 1);
        for (column, wanted) in expected.bytes().enumerate() {
            let changed = diagonal + usize::from(!wanted.eq_ignore_ascii_case(&letter));
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row.last().copied().filter(|off| *off <= most)
}
