//! The README holds what it says: every command in its `sh` blocks is run as it stands there, in
//! order, on a system of its own. A command that is not known here fails, so that none is added
//! without being run.

use crate::process::ROOT;
use crate::reader::{Reader, commands};
use std::path::Path;

const README: &str = include_str!("../../README.md");
/// The longest that anybody reads before trying.
const LONGEST: usize = 137;

#[test]
fn every_command_works() {
    let mut reader = Reader::default();
    let commands = commands(README);
    assert!(commands.len() >= 5, "{commands:?}");
    for command in &commands {
        reader.runs(command);
    }
}

#[test]
fn it_is_short_and_its_links_lead_somewhere() {
    assert!(README.lines().count() <= LONGEST, "{} lines", README.lines().count());
    let targets = README.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    for target in targets.filter(|target| !target.contains("://")) {
        assert!(Path::new(ROOT).join(target).exists(), "{target}");
    }
}
