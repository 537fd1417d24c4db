//! Reads files of variables, with lines such as `NAME='value'`. The command-line tools read two
//! such files: the output `Environment` of the stack, and the file that `cargo local up` writes. A
//! shell reads the same from both.

use std::path::{Path, PathBuf};

/// Why a file of variables cannot be used. The text of the error contains no value from the file.
#[derive(Debug, thiserror::Error)]
pub enum EnvFileError {
    /// The file cannot be opened, or is not UTF-8 text.
    #[error("{} cannot be read", .file.display())]
    Unreadable { file: PathBuf, source: std::io::Error },
    /// A line is neither a variable nor a comment nor blank.
    #[error("{}:{number}: a line is NAME='value', a comment after #, or empty", .file.display())]
    Line {
        file: PathBuf,
        /// The number of the line, counted from 1.
        number: usize,
    },
}

/// The names and values in a file, in the order of its lines.
pub fn read(file: &Path) -> Result<Vec<(String, String)>, EnvFileError> {
    let unreadable = |source| EnvFileError::Unreadable { file: file.to_owned(), source };
    let text = std::fs::read_to_string(file).map_err(unreadable)?;
    let lines = text
        .lines()
        .zip(1..)
        .filter(|(line, _)| !matches!(line.trim().chars().next(), None | Some('#')));
    let wrong = |number| EnvFileError::Line { file: file.to_owned(), number };
    lines.map(|(line, number)| pair(line).ok_or_else(|| wrong(number))).collect()
}

/// Reads `NAME='value'`, with or without quotes and a leading `export`. A value that a shell would
/// expand is refused.
fn pair(line: &str) -> Option<(String, String)> {
    let line = line.trim();
    let (name, value) = line.strip_prefix("export ").unwrap_or(line).split_once('=')?;
    let name_is_plain =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let within = |quote| value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    let (value, forbidden) = match (within('\''), within('"')) {
        (Some(literal), _) => (literal, "'"),
        (None, Some(quoted)) => (quoted, "\"$`\\"),
        (None, None) => (value, "'\"$`\\ \t;&|<>()"),
    };
    (name_is_plain && !value.contains(|found| forbidden.contains(found)))
        .then(|| (name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_a_shell_would_read_them_or_not_at_all() {
        for (line, name, value) in [
            ("TABLE_KEYS='KeysTable'", "TABLE_KEYS", "KeysTable"),
            ("  CATALOG='{\"a\": \"$b\"}' ", "CATALOG", "{\"a\": \"$b\"}"),
            ("export AWS_SESSION_TOKEN=IQoJ/b3+JpZ2==", "AWS_SESSION_TOKEN", "IQoJ/b3+JpZ2=="),
            ("AWS_REGION=\"us-east-1\"", "AWS_REGION", "us-east-1"),
            ("EMPTY=", "EMPTY", ""),
        ] {
            assert_eq!(pair(line), Some((name.to_owned(), value.to_owned())), "{line}");
        }
        for line in [
            "TABLE_KEYS",
            "='a'",
            "A B='c'",
            "A='b",
            "A='b'c'",
            "A=\"$B\"",
            "A=b c",
            "A=b # why",
            "A=$(id)",
            "A='",
        ] {
            assert_eq!(pair(line), None, "{line}");
        }
    }
}
