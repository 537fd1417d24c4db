//! The command line against a DynamoDB that is served over HTTP: what it prints, how it exits, and
//! what is in the tables afterwards.
#![expect(
    clippy::unwrap_used,
    reason = "what the tests share stops a test as the test itself would"
)]

mod audit;
mod deployment;
mod described;
mod dlq;
mod doctor;
mod ending;
mod job;
mod jobs;
mod keys;
mod money;
mod orgs;
mod planted;
mod stack;
mod storage;

use deployment::{Deployment, Done, Scratch, bare};
use serde_json::{Value, json};
use std::process::Stdio;

const ORG: &str = "e8c96506-72a1-429f-a7ed-4bb0a42541be";

#[test]
fn an_organization_is_made_once_with_its_bonus() {
    let here = Deployment::start();
    let done = here.run(&format!("org create --id {ORG}"));
    assert_eq!(
        (done.code, done.stdout),
        (
            0,
            format!(
                "organization   {ORG}\nsign-up bonus  MXN 50.00\n\n\
                 It is new. `cargo admin key create` makes its first key.\n"
            )
        )
    );
    assert_eq!(here.money(ORG), 50_000_000);

    let again = here.run(&format!("org create --id {ORG}"));
    assert_eq!(again.code, 0);
    assert!(again.stdout.contains("It was there before; nothing was changed."), "{again:?}");
    assert_eq!(
        here.json(&format!("org create --id {ORG}")),
        json!({"org": ORG, "created": false, "bonus_mxn": "50.00"})
    );
    assert_eq!((here.money(ORG), here.items("LedgerTable").len()), (50_000_000, 1));

    let entry = &here.items("LedgerTable")[0];
    assert_eq!((&entry["cause"]["S"], &entry["kind"]["S"]), (&json!("bonus"), &json!("bonus")));

    let drawn = here.json("org create");
    assert_eq!(drawn["created"], true);
    assert_eq!(here.money(drawn["org"].as_str().unwrap()), 50_000_000);
}

#[test]
fn a_half_made_organization_is_finished_by_a_repeat() {
    let here = Deployment::start();
    let line = format!("org create --id {ORG}");
    let done = Done::of(here.command(&line).env("TABLE_LEDGER", "NoTable").output().unwrap());
    done.failed_with(1, &format!("running `cargo admin org create --id {ORG}` finishes it"));
    assert_eq!(here.money(ORG), 0);
    assert_eq!(here.json(&line)["created"], true);
    assert_eq!(here.money(ORG), 50_000_000);
}

#[test]
fn nobody_gets_no_key_and_no_money() {
    let here = Deployment::start();
    let sentence = format!("there is no organization {ORG}");
    here.run(&format!("key create --org {ORG} --name prod-web")).failed_with(1, &sentence);
    here.run(&format!("balance show --org {ORG}")).failed_with(1, &sentence);
    here.run(&format!("balance recharge --org {ORG} --amount 5 --reference a --yes"))
        .failed_with(1, &sentence);
    assert!(here.items("KeysTable").is_empty() && here.items("LedgerTable").is_empty());
}

#[test]
fn a_reference_credits_once() {
    let here = Deployment::start();
    here.json(&format!("org create --id {ORG}"));
    let recharge = |amount: &str| {
        format!("balance recharge --org {ORG} --amount {amount} --reference payment-123")
    };

    here.run(&recharge("500.00")).failed_with(1, "so add --yes");
    assert_eq!(here.money(ORG), 50_000_000);

    let done = here.run(&format!("{} --yes", recharge("500.00")));
    let said = format!(
        "MXN 500.00 to organization {ORG} at {}, reference payment-123: from MXN 50.00 to MXN 550.00.\n",
        here.endpoint
    );
    assert_eq!((done.code, done.stderr), (0, said));
    assert!(
        done.stdout.contains("balance       MXN 550.00\n\nIt is credited.\n"),
        "{}",
        done.stdout
    );
    assert_eq!(here.money(ORG), 550_000_000);

    let again = here.run(&recharge("500"));
    assert!(
        again.code == 0 && again.stderr.is_empty(),
        "what moves nothing asks nothing: {again:?}"
    );
    assert!(again.stdout.contains("The reference had posted MXN 500.00 on 20"), "{again:?}");
    let again = here.json(&format!("{} --yes", recharge("500.00")));
    assert_eq!((&again["credited"], &again["amount_mxn"]), (&json!(false), &json!("500.00")));
    assert_eq!(again["balance_mxn"], "550.00");

    let other = here.run(&format!("{} --yes --json", recharge("400")));
    other.failed_with(1, "the reference payment-123 posted MXN 500.00 on 20");
    assert_eq!((here.money(ORG), here.items("LedgerTable").len()), (550_000_000, 2));

    let twice: Vec<_> = (0..4)
        .map(|_| {
            here.command(&format!(
                "balance recharge --org {ORG} --amount 0.000001 --reference b --yes --json"
            ))
        })
        .map(|mut command| command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap())
        .collect();
    let credited = twice
        .into_iter()
        .map(|child| {
            serde_json::from_slice::<Value>(&child.wait_with_output().unwrap().stdout).unwrap()
        })
        .filter(|answer| answer["credited"] == true)
        .count();
    assert!(credited >= 1, "two in the same millisecond are one posting");
    assert_eq!((here.money(ORG), here.items("LedgerTable").len()), (550_000_001, 3));
}

#[test]
fn an_amount_that_no_account_can_hold_is_refused() {
    let here = Deployment::start();
    here.json(&format!("org create --id {ORG}"));
    let most = "balance recharge --amount 9223372036854.775807 --reference much --yes --org";
    here.run(&format!("{most} {ORG}")).failed_with(1, "an account cannot hold so much money");
    assert_eq!(here.json(&format!("balance show --org {ORG}"))["balance_mxn"], "50.00");
}

#[test]
fn a_balance_is_shown() {
    let here = Deployment::start();
    here.json(&format!("org create --id {ORG}"));
    let shown = here.json(&format!("balance show --org {ORG}"));
    let money = json!({
        "org": ORG, "balance_mxn": "50.00", "held_mxn": "0.00", "credit_limit_mxn": "0.00", "available_mxn": "50.00",
        "open_jobs": 0, "open_jobs_limit": 50, "suspended": false,
    });
    for (name, value) in money.as_object().unwrap() {
        assert_eq!(&shown[name], value, "{name}");
    }
    let done = here.run(&format!("balance show --org {ORG}"));
    assert!(
        done.stdout.contains("balance             MXN 50.00\n")
            && done.stdout.contains("0 of 50\n"),
        "{done:?}"
    );
}

#[test]
fn the_file_wins_over_the_environment() {
    let here = Deployment::start();
    let file = Scratch::new("env");
    let lines: String =
        here.environment().iter().map(|(name, value)| format!("{name}='{value}'\n")).collect();
    std::fs::write(&file.0, format!("# of a test\n\n{lines}FAL_KEY='not for us'\n")).unwrap();
    let line = format!("org create --id {ORG} --json --env-file {}", file.0.display());

    let alone = Done::of(bare(&line).output().unwrap());
    assert_eq!(alone.code, 0, "{alone:?}");
    let over = Done::of(here.command(&line).env("TABLE_ACCOUNTS", "NoTable").output().unwrap());
    assert_eq!(over.code, 0, "{over:?}");

    std::fs::write(&file.0, "TABLE_ACCOUNTS='a'\nAWS_SECRET_ACCESS_KEY=\"secret\n").unwrap();
    let bad = here.run(&line);
    bad.failed_with(1, &format!("{}:2: a line is NAME='value'", file.0.display()));
    assert!(!bad.stderr.contains("\"secret"), "values are not shown");
    here.run("org create --env-file /nowhere/env").failed_with(1, "/nowhere/env cannot be read");
}

#[test]
fn a_local_system_that_is_gone_is_named_by_its_address() {
    let here = Deployment::start();
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let done = Done::of(
        here.command("org list").env("AWS_ENDPOINT_URL_DYNAMODB", &closed).output().unwrap(),
    );
    assert_eq!(
        (done.code, done.stderr),
        (1, format!("error: nothing answers at {closed}; is `cargo local up` running?\n"))
    );
}

#[test]
fn what_is_wrong_is_said() {
    let here = Deployment::start();
    let no_table =
        Done::of(here.command("org create").env_remove("TABLE_LEDGER").output().unwrap());
    no_table.failed_with(1, "the environment variable TABLE_LEDGER is not set");
    for line in [
        "",
        "org",
        "org create --id 7",
        "key revoke",
        "key create --org e8c96506-72a1-429f-a7ed-4bb0a42541be",
        "balance recharge --org e8c96506-72a1-429f-a7ed-4bb0a42541be --reference a --amount -5",
        "balance recharge --org e8c96506-72a1-429f-a7ed-4bb0a42541be --reference a --amount 1,5",
    ] {
        let done = here.run(line);
        assert_eq!((done.code, done.stdout.as_str()), (2, ""), "{line}: {done:?}");
    }
    for line in ["org list --as \u{1b}[31mana", "key create --name \u{9b}31ma\u{202e}b --org 7"] {
        let done = here.run(line);
        done.failed_with(2, "error: invalid value");
        assert!(!done.stderr.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{done:?}");
    }
    here.run("org list --as a\u{200d}b").failed_with(2, "without control or invisible characters");
    let help = here.run("--help");
    assert!(help.code == 0 && help.stdout.contains("the file's value wins"), "{help:?}");
}
