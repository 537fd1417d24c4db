//! Asks before a command moves money or changes something that callers see. The command always says
//! what will happen. `--yes` is the answer where no person can be asked.

use crate::failure::Failure;
use ghub::foreign_text::printable_lines;
use std::io::{self, BufRead, IsTerminal, Write};

/// The argument of every command that moves money or changes what callers see.
#[derive(Debug, clap::Args)]
pub struct Confirmation {
    /// Do it without asking
    #[arg(long)]
    yes: bool,
}

impl Confirmation {
    /// Says what will be done, and returns only if the operator agrees. All of it goes to standard
    /// error, because standard output is for the answer.
    pub fn obtain(&self, what: &str) -> Result<(), Failure> {
        eprintln!("{}", printable_lines(what));
        if self.yes {
            return Ok(());
        }
        let stdin = io::stdin();
        if !stdin.is_terminal() {
            return Err(Failure::NoTerminal);
        }
        if agreed(stdin.lock(), io::stderr())? { Ok(()) } else { Err(Failure::Declined) }
    }
}

/// Asks the question. Only a whole `yes` or `y` means yes.
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
