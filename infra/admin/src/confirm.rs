//! Asks before money moves, or something that callers see changes. What will happen is always said;
//! `--yes` answers the question where there is nobody to ask.

use crate::failure::Failure;
use ghub::foreign_text::printable_lines;
use std::io::{self, BufRead, IsTerminal, Write};

/// An argument of every command that moves money or changes what callers see.
#[derive(Debug, clap::Args)]
pub struct Confirmation {
    /// Do it without asking
    #[arg(long)]
    yes: bool,
}

impl Confirmation {
    /// Says what will be done, and returns only if it may be. All of it goes to standard error:
    /// standard output is the answer's.
    pub fn obtain(&self, what: &str) -> Result<(), Failure> {
        eprintln!("{}", printable_lines(what));
        if self.yes {
            return Ok(());
        }
        let stdin = io::stdin();
        if !stdin.is_terminal() {
            return Err(Failure::NobodyToAsk);
        }
        if agreed(stdin.lock(), io::stderr())? { Ok(()) } else { Err(Failure::Declined) }
    }
}

/// Only a whole yes is one; silence and anything else is no.
fn agreed(mut answers: impl BufRead, mut prompt: impl Write) -> io::Result<bool> {
    write!(prompt, "Do it? [y/N] ")?;
    prompt.flush()?;
    let mut answer = String::new();
    answers.read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_yes_is_yes() {
        for (answer, yes) in [
            ("y\n", true),
            ("YES\n", true),
            ("\n", false),
            ("", false),
            ("n\n", false),
            ("yesterday\n", false),
        ] {
            let mut asked = Vec::new();
            assert_eq!(agreed(answer.as_bytes(), &mut asked).unwrap(), yes, "{answer:?}");
            assert_eq!(asked, b"Do it? [y/N] ");
        }
    }
}
