//! The commands of the deploy guide and the runbooks work, on a local system in place of the
//! deployed one. What needs an AWS account stands in `console` blocks.

use crate::process::ROOT;
use crate::reader::{Reader, commands};
use ghub::catalog::Catalog;
use ghub::failure::FailureCode;
use ghub::http::ErrorCode;
use ghub::metrics::METRICS;
use local::template::Template;
use std::collections::BTreeSet;
use std::path::Path;

const DEPLOY: &str = include_str!("../../infra/DEPLOY.md");
const RUNBOOKS: &str = include_str!("../../infra/RUNBOOKS.md");

#[test]
fn every_command_for_this_project_works() {
    let mut reader = Reader::with_a_system();
    let commands: Vec<_> = [DEPLOY, RUNBOOKS].into_iter().flat_map(commands).collect();
    assert!(commands.len() >= 10, "{commands:?}");
    for command in &commands {
        reader.runs(command);
    }
}

/// The cost table counts what `metrics.rs` can write: each metric, once for every value of its
/// dimensions.
#[test]
fn the_price_of_the_metrics_is_that_of_the_metrics_there_are() {
    let models = Catalog::published().iter().count();
    let values = |dimensions: &[&str]| match dimensions {
        [] => 1,
        ["Model"] => models,
        ["Provider"] => 2,
        ["Provider", "Reason"] => 2 * FailureCode::ALL.len(),
        ["Code"] => ErrorCode::ALL.len(),
        ["Organization"] => 0, // said in words
        other => panic!("{other:?} is in no count"),
    };
    let count: usize =
        METRICS.iter().flat_map(|metric| metric.by).map(|dimensions| values(dimensions)).sum();
    let row = format!(
        "| custom metrics | up to {}.{:02} | {count} × 0.30,",
        count * 30 / 100,
        count * 30 % 100
    );
    assert!(DEPLOY.contains(&row), "the guide should have {row}");
}

/// No test would run a command of ours in another block.
#[test]
fn no_command_of_ours_hides_in_another_block() {
    for document in [DEPLOY, RUNBOOKS] {
        let blocks =
            document.split("```console\n").skip(1).filter_map(|rest| rest.split("```").next());
        let hidden: Vec<_> =
            blocks.flat_map(str::lines).filter(|line| line.trim().starts_with("cargo ")).collect();
        assert!(hidden.is_empty(), "{hidden:?}");
    }
}

#[test]
fn links_lead_somewhere() {
    for document in [DEPLOY, RUNBOOKS] {
        for target in document.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            match target.split_once('#') {
                _ if target.contains("://") => {}
                Some((file, anchor)) => {
                    let other = if file.is_empty() { document } else { known(file) };
                    assert!(anchors(other).contains(anchor), "{target}");
                }
                None => assert!(Path::new(ROOT).join("infra").join(target).exists(), "{target}"),
            }
        }
    }
}

/// A table that is deleted and made again has no writer meanwhile, and each function that was
/// stopped goes on afterwards.
#[test]
fn a_table_is_restored_while_nothing_writes() {
    let (_, section) = DEPLOY.split_once("\n## Restoring a table\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let lists = section
        .lines()
        .filter_map(|line| line.trim().strip_prefix("for f in ")?.split_once("; do"));
    let lists: Vec<BTreeSet<_>> =
        lists.map(|(names, _)| names.split(' ').map(str::to_owned).collect()).collect();
    let [mapped, stopped, started] = lists.as_slice() else { panic!("{lists:?}") };
    assert_eq!(stopped, started);
    let writes = |action: &String| {
        ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"]
            .contains(&action.as_str())
    };
    let functions = Template::read().functions.into_iter();
    let writers = functions
        .filter(|function| function.permissions.iter().any(|may| may.actions.iter().any(writes)));
    let writers: BTreeSet<_> = writers.map(|function| function.logical_id).collect();
    let quiet: BTreeSet<_> = mapped.union(stopped).cloned().collect();
    assert!(writers.len() >= 11, "{writers:?}");
    assert!(writers.is_subset(&quiet), "these go on: {:?}", writers.difference(&quiet));
}

fn known(file: &str) -> &'static str {
    match file {
        "DEPLOY.md" => DEPLOY,
        "RUNBOOKS.md" => RUNBOOKS,
        _ => panic!("{file} has anchors?"),
    }
}

/// A heading's anchor is its text in small letters, with dashes.
fn anchors(document: &str) -> BTreeSet<String> {
    let headings =
        document.lines().filter(|line| line.starts_with("## ") || line.starts_with("### "));
    headings
        .map(|heading| heading.trim_start_matches(['#', ' ']).to_lowercase().replace(' ', "-"))
        .collect()
}
