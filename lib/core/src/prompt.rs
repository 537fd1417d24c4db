//! A prompt, and a negative one: a text that a person could read, as long as the model takes it.

use crate::error::Refusal;
use crate::foreign_text::{is_combining_mark, is_invisible};

/// Stands in a text for bytes that were no UTF-8. The provider would render without them.
const REPLACED: char = '\u{FFFD}';

/// The text of this field, if a provider can make something of it. Zero-width joiners between
/// visible characters are part of emoji and of many scripts, and stay.
///
/// # Errors
///
/// A refusal that names the field and what would be right.
pub(crate) fn check<'p>(
    field: &str,
    text: Option<&'p str>,
    (least, most): (usize, usize),
    model: &str,
) -> Result<&'p str, Refusal> {
    let refused = |why: String| Err(Refusal::invalid(format!("{field}: {why}")));
    let Some(text) = text else {
        return refused(format!("it is required, a text of {least} to {most} characters"));
    };
    if let Some(why) = spoilt(text) {
        return refused(why);
    }
    if text.trim().is_empty() {
        return refused(format!("it is blank; send a text of {least} to {most} characters"));
    }
    let mut unseen = text.chars().filter(|character| !character.is_whitespace());
    if unseen.clone().all(|character| is_invisible(character) || is_combining_mark(character)) {
        let first = unseen.next().map_or(0, u32::from);
        return refused(format!(
            "nothing of it can be seen: it has characters such as U+{first:04X} only"
        ));
    }
    let length = text.chars().count();
    if !(least..=most).contains(&length) {
        let plural = if length == 1 { "" } else { "s" };
        return refused(format!(
            "it has {length} character{plural}; {model} takes {least} to {most}"
        ));
    }
    Ok(text)
}

/// What is wrong with the first character that no text of a caller's may have; `None` if all of
/// them are right.
pub(crate) fn spoilt(text: &str) -> Option<String> {
    let (place, character) =
        text.chars().enumerate().find(|(_, character)| is_spoilt(*character))?;
    Some(format!("character {} is {}", place + 1, what(character)))
}

/// Line breaks and tabs are the control characters that a text has.
fn is_spoilt(character: char) -> bool {
    character == REPLACED || (character.is_control() && !matches!(character, '\n' | '\r' | '\t'))
}

fn what(character: char) -> String {
    match character {
        REPLACED => {
            "U+FFFD, which stands for bytes that were no UTF-8; send the text in UTF-8".to_owned()
        }
        control => format!("the control character U+{:04X}; remove it", u32::from(control)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Catalog, PromptLength};

    /// What is said of a prompt for this model.
    fn said(model: &str, prompt: &str) -> String {
        let catalog = Catalog::published();
        let PromptLength { min, max } = catalog.get(model).unwrap().prompt;
        let checked = check("prompt", Some(prompt), (min, max), model);
        checked.map_or_else(
            |refusal| refusal.to_string(),
            |taken| if taken == prompt { String::new() } else { taken.to_owned() },
        )
    }

    #[test]
    fn what_a_person_could_read_is_taken_as_it_is() {
        for prompt in [
            "a hummingbird at dawn",
            "two\nlines,\r\n\tand a tab",
            "👨‍👩‍👧 and ❤️ and 🏴󠁧󠁢󠁳󠁣󠁴󠁿",
            "میخواهم",
            "क्‍ष",
            "a\u{ad}b\u{feff}c\u{200b}",
            "\u{202b}עברית\u{202c}",
            "。",
            "a\u{301}",
            "\u{25cc}\u{301}",
            "^",
            "x",
            " x ",
        ] {
            assert_eq!(said("google/veo-3.1", prompt), "", "{prompt:?}");
        }
    }

    #[test]
    fn control_characters_are_named_with_their_place() {
        for (prompt, place, code) in [
            ("\0", 1, "0000"),
            ("a\0b", 2, "0000"),
            ("ñandú\u{1b}[2J", 6, "001B"),
            ("a\u{7f}", 2, "007F"),
            ("a\u{85}b", 2, "0085"),
            ("\n\t\u{8}", 3, "0008"),
            ("\u{b}", 1, "000B"),
        ] {
            let right =
                format!("prompt: character {place} is the control character U+{code}; remove it");
            assert_eq!(said("fal/kling-2", prompt), right, "{prompt:?}");
        }
        assert!(
            said("fal/kling-2", "pi\u{fffd}ata")
                .starts_with("prompt: character 3 is U+FFFD, which stands for")
        );
    }

    #[test]
    fn what_cannot_be_seen_is_none() {
        for blank in ["", " ", "\n\t\r", "\u{a0}\u{3000}\u{2028}"] {
            let right = "prompt: it is blank; send a text of 1 to 2500 characters";
            assert_eq!(said("fal/kling-2", blank), right, "{blank:?}");
        }
        for (prompt, code) in [
            ("\u{200b}", "200B"),
            (" \u{200d}\u{200b} ", "200D"),
            ("\u{feff}\u{2060}", "FEFF"),
            ("\u{202e}", "202E"),
            ("\u{ad}", "00AD"),
            ("\u{3164}\u{115f}", "3164"),
            ("\u{2800}\u{2800}", "2800"),
            ("\u{e0041}", "E0041"),
            ("\u{fe0f}", "FE0F"),
            ("\u{301}", "0301"),
            ("\u{301}\u{302}\u{308}", "0301"),
            ("\u{20dd}", "20DD"),
            ("\u{64e}", "064E"),
            ("\u{5b0}", "05B0"),
            ("\u{3099}", "3099"),
            ("\u{fe20}", "FE20"),
            ("\u{1d165}", "1D165"),
            ("\u{200b} \u{301}", "200B"),
            ("\u{110bd}", "110BD"),
            ("\u{110cd}", "110CD"),
            ("\u{13430}", "13430"),
            ("\u{8e2}", "08E2"),
            ("\u{890}", "0890"),
            ("\u{1fffe}", "1FFFE"),
            ("\u{fdd0}", "FDD0"),
        ] {
            let right = format!(
                "prompt: nothing of it can be seen: it has characters such as U+{code} only"
            );
            assert_eq!(said("fal/kling-2", prompt), right, "{prompt:?}");
        }
    }

    #[test]
    fn each_model_takes_as_many_characters_as_its_schema_says() {
        for (model, least, most) in [
            ("fal/kling-2", 1, 2500),
            ("fal/hailuo-02", 1, 2000),
            ("fal/luma-ray-2", 3, 4000),
            ("fal/veo-3.1", 1, 4000),
            ("google/veo-3.1", 1, 4000),
        ] {
            for good in [least, most] {
                assert_eq!(said(model, &"🦜".repeat(good)), "", "{model} {good}");
            }
            let right =
                format!("prompt: it has {} characters; {model} takes {least} to {most}", most + 1);
            assert_eq!(said(model, &"🦜".repeat(most + 1)), right);
        }
        assert_eq!(
            said("fal/luma-ray-2", "ab"),
            "prompt: it has 2 characters; fal/luma-ray-2 takes 3 to 4000"
        );
        assert_eq!(
            said("fal/luma-ray-2", "a"),
            "prompt: it has 1 character; fal/luma-ray-2 takes 3 to 4000"
        );
    }
}
