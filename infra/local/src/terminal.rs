//! Standard output of a person's terminal, which may be a pipe that another program closed.

use std::fmt::Display;
use std::io::{self, Write};

pub fn say(line: impl Display) -> Result<(), String> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(closed)
}

/// Prints a text without a line break behind it.
pub fn show(text: impl Display) -> Result<(), String> {
    let mut out = io::stdout().lock();
    write!(out, "{text}").and_then(|()| out.flush()).map_err(closed)
}

fn closed(error: io::Error) -> String {
    format!("standard output cannot be written: {error}")
}
