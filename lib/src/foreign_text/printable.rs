//! What a terminal can be trusted with.

use std::iter::Peekable;
use std::str::Chars;

/// The text as one line that a terminal, a log and a browser show as it is written. Escape
/// sequences go whole; line breaks and tabs become a blank; control, bidi and invisible characters
/// go.
pub fn printable(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '\u{1b}' => skip_escape(&mut rest),
            '\u{9b}' => skip_control_sequence(&mut rest),
            '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}' => skip_string(&mut rest),
            '\t' | '\n' | '\u{b}' | '\u{c}' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => plain.push(' '),
            _ if character.is_control() || is_invisible(character) => {}
            _ => plain.push(character),
        }
    }
    plain
}

/// The text line by line, each as [`printable`] leaves it.
pub fn printable_lines(text: &str) -> String {
    text.lines().map(printable).collect::<Vec<_>>().join("\n")
}

/// After ESC: a control sequence, a string with its terminator, or one or two characters (ECMA-48,
/// 5.3).
fn skip_escape(rest: &mut Peekable<Chars<'_>>) {
    match rest.next() {
        Some('[') => skip_control_sequence(rest),
        Some(']' | 'P' | 'X' | '^' | '_') => skip_string(rest),
        Some(' '..='/') => drop(rest.next()),
        _ => {}
    }
}

/// Parameters, then one final character.
fn skip_control_sequence(rest: &mut Peekable<Chars<'_>>) {
    while rest.next_if(|character| matches!(character, ' '..='?')).is_some() {}
    rest.next_if(|character| matches!(character, '@'..='~'));
}

/// Up to BEL or ST. A string without an end takes the rest of the text with it, as in a terminal.
fn skip_string(rest: &mut Peekable<Chars<'_>>) {
    while let Some(character) = rest.next() {
        match character {
            '\u{7}' | '\u{9c}' => return,
            '\u{1b}' if rest.next_if_eq(&'\\').is_some() => return,
            _ => {}
        }
    }
}

/// Characters without a shape of their own, and those that turn the order of others (Unicode's
/// `Cf`, its fillers, and the blank Braille cell).
pub const fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{34f}'
            | '\u{600}'..='\u{605}'
            | '\u{61c}'
            | '\u{6dd}'
            | '\u{70f}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{fffe}'..='\u{ffff}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
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
}
