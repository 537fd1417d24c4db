//! The arguments of `cargo admin org …`, and how their texts are read.

use clap::Args;
use ghub::foreign_text::printable;
use ghub::id::OrgId;
use ghub::money::Money;
use ghub::store::Description;

/// The longest name, in characters, which fits in a column of a table.
const LONGEST_NAME: usize = 64;
/// The longest contact, in characters. An e-mail address has at most 254.
const LONGEST_CONTACT: usize = 254;

/// What the operator records about an organization.
#[derive(Debug, Args)]
pub struct Described {
    /// What you call the organization; an empty text removes the name
    #[arg(long, value_parser = name)]
    name: Option<String>,
    /// Whom to write to, such as an e-mail address; an empty text removes it
    #[arg(long, value_parser = contact)]
    contact: Option<String>,
}

impl Described {
    pub fn is_empty(&self) -> bool {
        self.name.is_none() && self.contact.is_none()
    }

    pub fn description(&self) -> Description {
        Description { name: self.name.clone(), contact: self.contact.clone() }
    }
}

/// Reads the id of a sandbox. Live jobs have no daily limit, because they are paid for.
pub fn sandbox(text: &str) -> Result<OrgId, String> {
    match text.parse::<OrgId>() {
        Ok(org) if org.is_sandbox() => Ok(org),
        Ok(org) => Err(format!(
            "live jobs have no daily limit; the sandbox of this organization is {}",
            org.sandbox()
        )),
        Err(error) => Err(error.to_string()),
    }
}

/// Reads the id of an organization that is no sandbox. A sandbox has no money, and is suspended and
/// resumed with its organization.
pub fn live(text: &str) -> Result<OrgId, String> {
    match text.parse::<OrgId>() {
        Ok(org) if org.is_sandbox() => {
            Err(format!("this is a sandbox; its organization is {}", org.live()))
        }
        Ok(org) => Ok(org),
        Err(error) => Err(error.to_string()),
    }
}

pub fn limit(text: &str) -> Result<Money, String> {
    match text.parse::<Money>() {
        Ok(amount) if amount >= Money::ZERO => Ok(amount),
        Ok(_) => Err("a credit limit is 0 or more: how far below 0 the balance may go".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn name(text: &str) -> Result<String, String> {
    line(text, "a name", LONGEST_NAME)
}

fn contact(text: &str) -> Result<String, String> {
    line(text, "a contact", LONGEST_CONTACT)
}

/// Reads a line that is shown as it is written. An empty line removes the value.
fn line(text: &str, what: &str, longest: usize) -> Result<String, String> {
    if text.chars().count() <= longest && text.trim() == text && printable(text) == text {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "{what} has at most {longest} characters, without control or invisible characters and without blanks around \
             it"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_and_a_contact_are_lines_that_can_be_seen() {
        for text in ["Cine Ñandú S.A. de C.V.", ""] {
            assert_eq!((name(text), contact(text)), (Ok(text.to_owned()), Ok(text.to_owned())));
        }
        for text in [" a", "a\n", "a\tb", "\u{1b}[31ma", "a\u{202e}b", &"a".repeat(255)] {
            assert!(name(text).is_err() && contact(text).is_err(), "{text:?}");
        }
    }
}
