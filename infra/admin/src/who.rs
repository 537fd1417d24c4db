//! The name of the operator, which is stored beside everything that this command line changes.

use ghub::actor::Actor;
use std::os::unix::fs::MetadataExt;

/// The name that was given, or the user's name in the operating system.
pub fn operates(named: Option<Actor>) -> Actor {
    let variables =
        ["USER", "LOGNAME", "USERNAME"].into_iter().filter_map(|name| std::env::var(name).ok());
    named.unwrap_or_else(|| first_name(variables.chain(user_of_the_process())))
}

fn first_name(texts: impl Iterator<Item = String>) -> Actor {
    let unknown = || "unknown".parse().expect("it is a name");
    texts.filter_map(|text| text.trim().parse().ok()).next().unwrap_or_else(unknown)
}

/// The user of the process. In a container no variable names the user, but the kernel knows the
/// number and `passwd` the name.
fn user_of_the_process() -> Option<String> {
    let number = std::fs::metadata("/proc/self").ok()?.uid().to_string();
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let named = users.lines().find_map(|line| name_of(line, &number));
    Some(named.unwrap_or_else(|| format!("uid {number}")))
}

/// The name in a line of `passwd(5)`: `name:password:number:…`.
fn name_of(line: &str, number: &str) -> Option<String> {
    let mut parts = line.split(':');
    let name = parts.next()?;
    (parts.nth(1)? == number).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_text_that_is_a_name_is_taken() {
        let named =
            |texts: &[&str]| first_name(texts.iter().map(|text| (*text).to_owned())).to_string();
        assert_eq!(named(&["", "a\u{202e}b", "ana", "root"]), "ana");
        assert_eq!(named(&[]), "unknown");
    }

    #[test]
    fn a_user_is_found_by_their_number() {
        assert_eq!(
            name_of("ana:x:1000:1000:Ana:/home/ana:/bin/sh", "1000"),
            Some("ana".to_owned())
        );
        for line in ["ana:x:100:1000:Ana:/home/ana:/bin/sh", "# users", ""] {
            assert_eq!(name_of(line, "1000"), None, "{line}");
        }
    }
}
