//! The name of a person who did something by hand. The people who operate the system name
//! themselves on the command line, and their name is stored beside what they did.

use crate::foreign_text::printable;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Enough for a name and a surname, and short enough for a column of a table.
const LONGEST: usize = 64;

/// The name that a person gave, of 1 to 64 visible characters. A name that was stored is read back
/// without this check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Actor(Box<str>);

/// The text is no valid name of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a name has 1 to {LONGEST} characters, without control or invisible characters and without blanks around it"
)]
pub struct NoName;

impl FromStr for Actor {
    type Err = NoName;

    fn from_str(text: &str) -> Result<Self, NoName> {
        let fits = (1..=LONGEST).contains(&text.chars().count())
            && text.trim() == text
            && printable(text) == text;
        if fits { Ok(Self(text.into())) } else { Err(NoName) }
    }
}

impl Actor {
    /// The name as text, as the person gave it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A person's name, and when that person acted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deed {
    pub by: Actor,
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_that_can_be_seen() {
        for text in ["ana", "Ana María Núñez", "ci@runner-7", &"a".repeat(64)] {
            assert_eq!(text.parse::<Actor>().map(|actor| actor.to_string()), Ok(text.to_owned()));
        }
        for text in
            ["", " ", " ana", "ana\n", "a\tb", "a\u{202e}b", "\u{1b}[31mana", &"a".repeat(65)]
        {
            assert_eq!(text.parse::<Actor>(), Err(NoName), "{text:?}");
        }
    }
}
