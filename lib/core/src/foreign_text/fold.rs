//! Folds characters that look like ASCII into ASCII, so that both are judged alike.

use std::borrow::Cow;

/// The first full-width form of a printable ASCII character. The others follow in ASCII's order.
const FULL_WIDTH: char = '\u{ff01}';
/// The distance in code points from an ASCII character to its full-width form.
const DISTANCE: u32 = 0xfee0;

/// The word with ASCII characters in place of those that look like them: `ops＠acme。example` becomes
/// an e-mail address.
pub(super) fn folded(word: &str) -> Cow<'_, str> {
    if word.is_ascii() {
        return Cow::Borrowed(word);
    }
    let characters: Vec<char> = word.chars().map(ascii).collect();
    let letter = |at: Option<usize>| {
        at.and_then(|at| characters.get(at)).is_some_and(char::is_ascii_alphanumeric)
    };
    // A Chinese or Japanese full stop ends a sentence, unless it stands between two ASCII letters
    // or digits, as in the name of a host.
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
