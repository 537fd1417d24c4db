//! What runs outside this repository's control, on GitHub and where pip installs, is known to the
//! byte: an action by its commit, a package by its hash.

use crate::process::ROOT;
use std::path::Path;

const WORKFLOWS: [(&str, &str); 2] = [
    ("check.yml", include_str!("../../.github/workflows/check.yml")),
    ("deploy.yml", include_str!("../../.github/workflows/deploy.yml")),
];

/// A tag can be moved to other code; a commit cannot.
#[test]
fn an_action_is_pinned_by_its_commit() {
    let mut pinned = 0;
    for (file, text) in WORKFLOWS {
        for used in text.lines().filter_map(|line| line.split_once("uses: ")).map(|(_, used)| used)
        {
            if used.starts_with("./") {
                continue;
            }
            let (commit, release) =
                used.split_once('@').unwrap().1.split_once(" # v").unwrap_or_default();
            let is_commit =
                commit.len() == 40 && commit.chars().all(|letter| letter.is_ascii_hexdigit());
            assert!(is_commit && !release.is_empty(), "{file}: {used} names no commit and release");
            pinned += 1;
        }
    }
    assert!(pinned >= 10, "{pinned} actions");
}

/// Git's own credential would lie on the disk for every later step.
#[test]
fn no_checkout_leaves_a_credential() {
    for (file, text) in WORKFLOWS {
        let checkouts = text.matches("uses: actions/checkout@").count();
        assert_eq!(text.matches("persist-credentials: false").count(), checkouts, "{file}");
    }
}

/// A called workflow has its caller's name and branch. A push to the branch must not cancel the
/// check of a deployment, nor the other way.
#[test]
fn a_push_does_not_cancel_a_deployment() {
    let groups = WORKFLOWS
        .map(|(_, text)| text.split_once("\n  group: ").unwrap().1.lines().next().unwrap());
    assert!(groups[0].contains("${{ github.workflow }}-${{ github.ref }}"), "{groups:?}");
    assert!(WORKFLOWS[1].1.contains("group: deploy-production\n  cancel-in-progress: false"));
    let names =
        WORKFLOWS.map(|(_, text)| text.lines().find(|line| line.starts_with("name: ")).unwrap());
    assert_ne!(names[0], names[1], "the name tells the two apart");
}

/// Every program there could take the role on.
#[test]
fn the_job_with_the_role_installs_sam_alone_and_by_hash() {
    let (_, job) = WORKFLOWS[1].1.split_once("\n  deploy:\n").unwrap();
    assert!(job.contains("id-token: write") && job.contains(". .ci/tools && sam_only"), "{job}");
    assert!(
        !job.contains("python_tools") && !job.contains("cargo") && !job.contains("npm"),
        "{job}"
    );
    let others = WORKFLOWS.map(|(_, text)| text.matches("id-token").count()).iter().sum::<usize>();
    assert_eq!(others, 1, "one job may ask for a role");
}

/// pip refuses what has no hash, so a list without one is a list that is not used.
#[test]
fn every_python_package_has_its_hash() {
    let read = |file: &str| std::fs::read_to_string(Path::new(ROOT).join(file)).unwrap();
    let asked = read("tests/requirements.txt");
    let asked = asked.lines().filter(|line| !line.starts_with('#'));
    let (all, sam) = (read("tests/requirements.lock"), read(".ci/deploy.lock"));
    for lock in [&all, &sam] {
        for line in lock.lines().filter(|line| !line.starts_with('#')) {
            let (package, hash) = line.split_once(" --hash=sha256:").unwrap();
            assert!(package.contains("==") && hash.len() == 64, "{line}");
        }
    }
    for package in asked {
        assert!(
            all.lines().any(|line| line.starts_with(&format!("{package} "))),
            "run .ci/lock: it lacks {package}"
        );
    }
    assert!(
        sam.lines().all(|line| all.contains(line)),
        "the two lists come of one run of .ci/lock"
    );
    assert!(sam.contains("\naws-sam-cli==") && !sam.contains("schemathesis"), "{sam}");
}
