//! `cargo local` as a person starts it: what it takes for real, what it says is wrong, and that two
//! do not share one folder.

use crate::process::{Directory, Place, Process, shell};
use crate::stage::until;
use futures::future::join_all;
use ghub::id::OrgId;
use ghub::store::{Entry, Posted};
use local::place::HIGHEST_PORT;
use serde_json::json;
use std::io::Read;
use std::process::{Command, Stdio};

/// What a command that ends has said: whether it did it, on standard output, on standard error.
fn said(mut command: Command) -> (bool, String, String) {
    let output = command.output().expect("the program starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

/// The variables of a file that a local system wrote, as a shell has them that has read it.
fn sourced(command: &mut Command, file: &str) {
    let text = std::fs::read_to_string(file).expect("the variables are written down");
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    command.envs(pairs.map(|(name, value)| (name.to_owned(), value.trim_matches('\'').to_owned())));
}

#[test]
fn a_shell_that_has_read_the_systems_own_file_starts_a_simulated_one() {
    let (here, there) = (Place::new(), Place::new());
    let running = here.start();
    let mut again = there.up();
    sourced(&mut again, running.said("env_file"));
    drop(running);
    let again = Process::start(again, &there.directory);
    for simulated in ["fal", "google", "storage"] {
        assert!(!again.is_null(simulated), "{simulated} is simulated");
    }
    assert!(
        there.log().contains("note: This shell has the variables of a local system"),
        "{}",
        there.log()
    );

    // The file itself is no file of a person's own.
    let other = Place::new();
    let mut named = other.up();
    named.arg("--env-file").arg(again.said("env_file"));
    let (done, _, says) = said(named);
    assert!(!done && says.contains("is the file that the local system writes"), "{says}");
}

#[test]
fn a_folder_has_one_system_and_the_second_says_who_has_it() {
    let place = Place::new();
    let running = place.start();
    let before = std::fs::read_to_string(running.said("env_file")).unwrap();
    let mut second = place.local("up");
    second.args(["--json", "--port", "0"]);
    let (done, _, says) = said(second);
    let holder =
        format!("is in use by process {}, which answers at {}", running.id(), running.said("api"));
    assert!(!done && says.contains(&holder) && says.contains("--data-dir"), "{says}");
    assert_eq!(
        std::fs::read_to_string(running.said("env_file")).unwrap(),
        before,
        "the file of the first is as it was"
    );

    let mut taken = Place::new().local("up");
    taken.args(["--json", "--port", &place.port.to_string()]);
    let (done, _, says) = said(taken);
    let port =
        format!("port {} of 127.0.0.1 is in use, perhaps by another local system", place.port + 1);
    assert!(!done && says.contains(&port) && says.contains("--port 9100"), "{says}");

    running.kill();
    drop(place.start()); // a process that was killed leaves no lock
}

#[test]
fn what_is_missing_is_named_before_anything_starts() {
    for (variables, says) in [
        (
            vec![("SUPABASE_URL", "https://p.supabase.co")],
            "SUPABASE_SECRET_KEY is not. The real Supabase needs",
        ),
        (
            vec![("SUPABASE_SECRET_KEY", "sb_secret_a")],
            "SUPABASE_URL is not. The real Supabase needs",
        ),
        (
            vec![("FAL_QUEUE_URL", "https://queue.fal.run")],
            "FAL_KEY is not. The real fal needs FAL_KEY",
        ),
        (vec![("GOOGLE_PROJECT", "p")], "GOOGLE_SERVICE_ACCOUNT is not. The real Google needs"),
        (vec![("GOOGLE_SERVICE_ACCOUNT", "{}")], "GOOGLE_PROJECT is not. The real Google needs"),
        (
            vec![("DOWNLOAD_HOSTS", "http://x")],
            "DOWNLOAD_HOSTS names \"http://x\", which is no host: write it without a",
        ),
        (
            vec![("MARKUP", "much")],
            "the environment variable MARKUP is \"much\", and must be a decimal number from 1 to 10",
        ),
        (
            vec![("CATALOG", "[]")],
            "CATALOG is wrong: invalid type: sequence, expected a map at line 1 column 0; expected",
        ),
        (vec![("CATALOG", r#"{"fal/kling-2":null}"#)], "CATALOG is wrong: invalid type: null"),
        (
            vec![("CATALOG", r#"{"fal/kling-2":{"price":1}}"#)],
            "CATALOG is wrong: unknown field `price`",
        ),
        (
            vec![("SUPABASE_URL", "https://p.supabase.co"), ("SUPABASE_SECRET_KEY", " ")],
            "the environment variable SUPABASE_SECRET_KEY has no text",
        ),
        (
            vec![("GOOGLE_SERVICE_ACCOUNT", "{}"), ("GOOGLE_PROJECT", "a/../b c")],
            "the environment variable GOOGLE_PROJECT is \"a/../b c\", which is no id of a project",
        ),
    ] {
        let place = Place::new();
        let mut command = place.up();
        command.envs(variables.clone());
        let (done, out, err) = said(command);
        assert!(!done && out.is_empty() && err.contains(says), "{variables:?}: {err}");
    }
}

/// The greeting names each service outside. The real fal here has an address at which nothing
/// answers.
#[test]
fn the_greeting_says_what_is_real_and_what_is_simulated() {
    let (place, file) = (Place::new(), Directory::new());
    let path = file.path().join("real.env");
    std::fs::write(
        &path,
        "# mine\nFAL_KEY='id:secret'\nFAL_QUEUE_URL='http://127.0.0.1:1'\nFALKEY=typo\n",
    )
    .unwrap();
    let mut command = place.local("up");
    command.args(["--port", &place.port.to_string(), "--env-file"]).arg(&path);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (mut greeting, mut chunk) = (String::new(), [0; 1024]);
    let mut stdout = child.stdout.take().unwrap();
    while !greeting.contains("Ctrl-C ends it.") {
        let read = stdout.read(&mut chunk).unwrap();
        assert!(read > 0, "it greets: {greeting}");
        greeting.push_str(&String::from_utf8_lossy(&chunk[..read]));
    }
    child.kill().unwrap();
    let mut notes = String::new();
    child.stderr.take().unwrap().read_to_string(&mut notes).unwrap();
    child.wait().unwrap();
    assert!(
        greeting.contains(
            "fal       real, at http://127.0.0.1:1 with FAL_KEY; it bills every render\n"
        ),
        "{greeting}"
    );
    assert!(greeting.contains("Google    simulated, at http://127.0.0.1:"), "{greeting}");
    assert!(greeting.contains("storage   simulated, at http://127.0.0.1:"), "{greeting}");
    assert!(!greeting.contains("id:secret"), "{greeting}");
    assert!(
        notes.contains("real.env names FALKEY, which the local system does not read."),
        "{notes}"
    );
}

#[test]
fn a_secret_that_cannot_be_used_is_told_once_by_the_variable_that_was_set() {
    for (set, value, says) in [
        (
            "FAL_KEY",
            " ",
            "note: fal: its models are not available: the environment variable FAL_KEY has no text\n",
        ),
        ("FAL_KEY", "Key a:b", "FAL_KEY; FAL_KEY is not id:secret, so fal will refuse it\n"),
        (
            "GOOGLE_SERVICE_ACCOUNT",
            "{}",
            "note: Google: its models are not available: the environment variable GOOGLE_SERVICE_ACCOUNT is not the \
             JSON of a service account's key\n",
        ),
    ] {
        let place = Place::new();
        let mut command = place.up();
        command.env(set, value);
        if set == "GOOGLE_SERVICE_ACCOUNT" {
            command.env("GOOGLE_PROJECT", "a-project");
        }
        drop(Process::start(command, &place.directory));
        let log = place.log();
        assert!(log.contains(says) && log.lines().count() == 1, "{set}={value:?}: {log}");
    }
}

#[test]
fn a_pipe_that_is_closed_ends_the_system_with_a_sentence() {
    let place = Place::new();
    let mut command = place.local("up");
    command.args(["--port", &place.port.to_string()]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    let says = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{says}");
    assert!(
        says.starts_with("standard output cannot be written: ") && says.lines().count() == 1,
        "{says}"
    );
}

#[test]
fn what_was_typed_cannot_command_the_terminal() {
    let mut command = Place::new().local("up");
    command.args(["--port", "\u{1b}[31m7\u{202e}"]);
    let output = command.output().unwrap();
    let says = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{says}");
    assert!(says.contains("invalid value '7' for '--port <PORT>'"), "{says}");
    assert!(!says.contains(['\u{1b}', '\u{202e}']), "{says:?}");
}

/// What the demo says when nothing is left can be done as it stands there.
#[tokio::test(flavor = "multi_thread")]
async fn a_demo_that_cannot_be_paid_names_the_command_that_pays_in() {
    let place = Place::new();
    let running = place.start();
    let org: OrgId = running.said("org").parse().unwrap();
    let store = running.store();
    let spent = Entry::adjustment(org, "spent", "-109.20".parse().unwrap(), "spent", 0);
    assert_eq!(store.post(&spent).await.unwrap(), Posted::Now);
    running.kill();

    let mut demo = place.local("demo");
    demo.args(["--port", &place.port.to_string(), "a hummingbird"]);
    let (done, _, says) = said(demo);
    assert!(!done && says.contains("HTTP 402: your balance is MXN -59.20"), "{says}");
    let command =
        says.lines().find_map(|line| line.trim().strip_prefix("cargo admin ")).expect(&says);
    assert!(
        command.contains(&format!("--org {org} --amount 109.20 --reference demo-")),
        "{command}"
    );
    assert!(says.contains("`cargo local up --data-dir '"), "{says}");

    let running = place.start();
    let (done, out, err) = said(shell(&format!("exec cargo admin {command}")));
    assert!(done && out.contains("MXN 109.20"), "{out}{err}");
    let balance = running.store().account(org).await.unwrap().unwrap().balance;
    assert_eq!(balance.to_string(), "50.00");
}

/// Submits and charges of one organization at once refuse each other's transactions; that is how
/// they are made.
#[tokio::test(flavor = "multi_thread")]
async fn ordinary_contention_is_no_warning() {
    let place = Place::new();
    let running = place.start();
    let order = json!({"model": "fal/kling-2", "prompt": "at once", "duration": 5});
    let client = running.client();
    let answers = join_all((0..12).map(|_| client.submit(&order))).await;
    let jobs: Vec<_> = answers
        .into_iter()
        .map(|answer| answer.unwrap().body["id"].as_str().unwrap_or_default().to_owned())
        .collect();
    for job in jobs.iter().filter(|job| !job.is_empty()) {
        until(async || {
            (client.video(job).await.unwrap().body["status"] == "completed").then_some(())
        })
        .await;
    }
    assert!(jobs.iter().filter(|job| !job.is_empty()).count() >= 2, "{jobs:?}");
    drop(running);
    assert_eq!(place.log(), "", "nothing is wrong, so nothing is said");
}

#[test]
fn a_port_that_leaves_no_room_for_the_six_after_it_is_refused() {
    let mut command = Place::new().local("up");
    command.args(["--port", &(HIGHEST_PORT + 1).to_string()]);
    let (done, _, says) = said(command);
    assert!(!done && says.contains(&HIGHEST_PORT.to_string()), "{says}");
}
