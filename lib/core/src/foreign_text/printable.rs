//! Makes a text safe to print on a terminal.

use std::iter::Peekable;
use std::str::Chars;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

/// The text as one line that a terminal, a log and a browser show as it is written. Line breaks and
/// tabs become a space. Escape sequences and control, bidi and invisible characters are removed.
pub fn printable(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '\u{1b}' => skip_escape(&mut rest),
            '\u{9b}' => skip_control_sequence(&mut rest),
            '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}' => skip_string(&mut rest),
            '\t' | '\n' | '\u{b}' | '\u{c}' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                plain.push(' ')
            }
            _ if character.is_control() || is_invisible(character) => {}
            _ => plain.push(character),
        }
    }
    plain
}

/// The text with each of its lines as [`printable`] leaves it.
pub fn printable_lines(text: &str) -> String {
    text.lines().map(printable).collect::<Vec<_>>().join("\n")
}

/// Skips what follows ESC: a control sequence, a string with its terminator, or one or two
/// characters (ECMA-48, 5.3).
fn skip_escape(rest: &mut Peekable<Chars<'_>>) {
    match rest.next() {
        Some('[') => skip_control_sequence(rest),
        Some(']' | 'P' | 'X' | '^' | '_') => skip_string(rest),
        Some(' '..='/') => drop(rest.next()),
        _ => {}
    }
}

/// Skips the parameters and the final character.
fn skip_control_sequence(rest: &mut Peekable<Chars<'_>>) {
    while rest.next_if(|character| matches!(character, ' '..='?')).is_some() {}
    rest.next_if(|character| matches!(character, '@'..='~'));
}

/// Skips a string up to BEL or ST. As in a terminal, a string without an end takes the rest of the
/// text.
fn skip_string(rest: &mut Peekable<Chars<'_>>) {
    while let Some(character) = rest.next() {
        match character {
            '\u{7}' | '\u{9c}' => return,
            '\u{1b}' if rest.next_if_eq(&'\\').is_some() => return,
            _ => {}
        }
    }
}

/// Whether a character is invisible, or changes the order of other characters:
///
/// - Unicode's format characters (`Cf`);
/// - characters that Unicode tells programs to ignore where they cannot show them;
/// - Unicode's noncharacters;
/// - the blank Braille cell.
pub fn is_invisible(character: char) -> bool {
    character.general_category() == GeneralCategory::Format
        || is_ignorable(character)
        || is_noncharacter(character)
        || character == '\u{2800}'
}

/// Whether a character only changes the one before it, such as an accent.
pub fn is_combining_mark(character: char) -> bool {
    character.general_category_group() == GeneralCategoryGroup::Mark
}

/// Unicode's `Default_Ignorable_Code_Point`, without the format characters. Blocks that are
/// reserved for such characters count whole, so a new version of Unicode adds none.
/// <https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point>
const fn is_ignorable(character: char) -> bool {
    matches!(
        character,
        '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{2065}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}' | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Whether a code point is one of the 66 that never become characters (the Unicode Standard, 23.7).
fn is_noncharacter(character: char) -> bool {
    matches!(character, '\u{fdd0}'..='\u{fdef}') || u32::from(character) & 0xFFFE == 0xFFFE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_or_hide_is_gone() {
        for (text, shown) in [
            ("a prompt, ¡año nuevo!, 动物 and 🐦", "a prompt, ¡año nuevo!, 动物 and 🐦"),
            ("two\r\nlines\tand a tab", "two  lines and a tab"),
            ("\u{1b}[31mred\u{1b}[0m", "red"),
            ("\u{1b}[2J\u{1b}[1;1Hgone", "gone"),
            ("\u{9b}31mred", "red"),
            ("\u{1b}]0;a title\u{7}text", "text"),
            ("\u{1b}]8;;https://evil.example\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
            ("\u{9d}52;c;ZXZpbA==\u{9c}text", "text"),
            ("\u{1b}Ptmux;text\u{1b}\\after", "after"),
            ("\u{1b}(Bplain\u{1b}c", "plain"),
            ("before\u{1b}]0;never ends", "before"),
            ("bell\u{7} back\u{8} nul\0 del\u{7f}", "bell back nul del"),
            ("\u{202e}txet\u{202c} \u{2066}x\u{2069} \u{200f}y", "txet x y"),
            ("ghub\u{200b}_sk\u{2060}_\u{feff}live", "ghub_sk_live"),
            ("soft\u{ad}hyphen\u{e0041}\u{e007f}", "softhyphen"),
            ("line\u{2028}paragraph\u{2029}end", "line paragraph end"),
            ("\u{1b}", ""),
            ("\u{1b}[", ""),
        ] {
            assert_eq!(printable(text), shown, "{text:?}");
        }
    }

    #[test]
    fn what_unicode_gives_no_shape_is_invisible() {
        for character in [
            '\u{ad}',
            '\u{34f}',
            '\u{605}',
            '\u{890}',
            '\u{8e2}',
            '\u{115f}',
            '\u{17b5}',
            '\u{180f}',
            '\u{200b}',
            '\u{2065}',
            '\u{2800}',
            '\u{3164}',
            '\u{fdd0}',
            '\u{fdef}',
            '\u{fe0f}',
            '\u{feff}',
            '\u{ffa0}',
            '\u{fff0}',
            '\u{fffb}',
            '\u{fffe}',
            '\u{110bd}',
            '\u{110cd}',
            '\u{13430}',
            '\u{1343f}',
            '\u{1bca3}',
            '\u{1d17a}',
            '\u{1fffe}',
            '\u{e0041}',
            '\u{10ffff}',
        ] {
            assert!(is_invisible(character), "U+{:04X}", u32::from(character));
        }
        for character in [
            'a',
            ' ',
            'é',
            '\u{301}',
            '動',
            '\u{fdcf}',
            '\u{fdf0}',
            '\u{fffd}',
            '🦜',
            '\u{1fae8}',
            '\u{20000}',
        ] {
            assert!(!is_invisible(character), "U+{:04X}", u32::from(character));
        }
        assert!(['\u{301}', '\u{20dd}', '\u{64e}', '\u{93f}'].into_iter().all(is_combining_mark));
        assert!(!['a', 'é', '^', '\u{200b}', 'क'].into_iter().any(is_combining_mark));
    }
}
