//! Letters that look like ASCII's and are judged as those.

use std::borrow::Cow;

/// The first of the full-width forms of ASCII's printable characters, which are in the same order.
const FULL_WIDTH: char = '\u{ff01}';
/// How far the full-width forms are behind ASCII's.
const DISTANCE: u32 = 0xfee0;

/// The word as ASCII spells it, as far as that can be: `ops＠acme。example` is an address.
pub(super) fn folded(word: &str) -> Cow<'_, str> {
    if word.is_ascii() {
        return Cow::Borrowed(word);
    }
    let characters: Vec<char> = word.chars().map(ascii).collect();
    let letter = |at: Option<usize>| {
        at.and_then(|at| characters.get(at)).is_some_and(char::is_ascii_alphanumeric)
    };
    // A full stop of Chinese and Japanese ends a sentence unless a host could have it.
    let full_stop = |at: usize| letter(at.checked_sub(1)) && letter(at.checked_add(1));
    let dotted = |(at, character): (usize, &char)| match character {
        '。' | '｡' if full_stop(at) => '.',
        character => *character,
    };
    Cow::Owned(characters.iter().enumerate().map(dotted).collect())
}

fn ascii(character: char) -> char {
    match character {
        FULL_WIDTH..='\u{ff5e}' => {
            u32::from(character).checked_sub(DISTANCE).and_then(char::from_u32)
        }
        '∕' | '⁄' | '⧸' => Some('/'),
        '․' | '﹒' => Some('.'),
        '﹫' => Some('@'),
        '﹕' | '꞉' | '∶' => Some(':'),
        _ => None,
    }
    .unwrap_or(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_looks_like_ascii_is_folded() {
        for (word, expected) in [
            ("ops＠acme．example", "ops@acme.example"),
            ("１０。０。３。１７", "10.0.3.17"),
            ("ｔｏｋｅｎ＝ｘ", "token=x"),
            ("提示词过长。请缩短。", "提示词过长。请缩短。"),
            ("比例为16:9。请重试", "比例为16:9。请重试"),
            ("El niño", "El niño"),
            ("plain", "plain"),
        ] {
            assert_eq!(folded(word), expected);
        }
    }
}
