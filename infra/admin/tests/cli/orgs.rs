//! `cargo admin org …` and `key list`: what they show, and what an operator sets.

use crate::deployment::Deployment;
use crate::planted::ORG;
use serde_json::{Value, json};
use std::process::Stdio;

const OTHER: &str = "11111111-72a1-429f-a7ed-4bb0a42541be";

#[test]
fn organizations_are_listed_and_shown() {
    let here = Deployment::start();
    assert_eq!(here.run("org list").stdout, "There is no organization.\n");
    for org in [ORG, OTHER] {
        here.json(&format!("org create --id {org}"));
    }
    let shown = here.json(&format!("org show --org {ORG}"));
    assert_eq!(shown, here.json(&format!("balance show --org {ORG}")));
    let listed = here.json("org list");
    assert_eq!(listed["organizations"].as_array().unwrap().len(), 2);
    assert_eq!(listed["organizations"][1], shown, "in the order of their ids");
    let done = here.run("org list");
    let line = format!("{ORG}        50.00    0.00  0.00          50.00      0 of 50");
    assert!(done.stdout.lines().any(|found| found == line), "{}", done.stdout);
    here.run(&format!("org show --org {}", OTHER.replace('1', "2")))
        .failed_with(1, "there is no organization");
}

#[test]
fn an_organization_is_suspended_and_served_again() {
    let here = Deployment::start();
    here.json(&format!("org create --id {ORG}"));
    let (suspend, resume) = (format!("org suspend --org {ORG}"), format!("org resume --org {ORG}"));
    here.run(&suspend).failed_with(1, "so add --yes");
    assert_eq!(account(&here)["suspended"], false);
    let done = here.run(&format!("{suspend} --yes"));
    assert_eq!(
        done.stderr,
        format!("Organization {ORG} at {} is refused everything from now on.\n", here.endpoint)
    );
    assert!(done.stdout.contains("suspended           yes\n"), "{done:?}");
    assert_eq!(account(&here)["suspended"], true);
    let again = here.run(&suspend);
    assert!(
        again.code == 0 && again.stdout.contains("It was so before; nothing was changed."),
        "{again:?}"
    );
    assert_eq!(here.json(&resume)["suspended"], false);
    assert_eq!(account(&here)["revision"], 3, "the bonus, and two that changed something");
}

#[test]
fn limits_are_set_and_money_stays() {
    let here = Deployment::with_jobs();
    assert_eq!(here.json(&format!("org limit --org {ORG} --jobs 5"))["open_jobs_limit"], 5);

    let credit = |amount: &str| format!("org credit-limit --org {ORG} --amount {amount}");
    here.run(&credit("100")).failed_with(1, "so add --yes");
    let done = here.run(&format!("{} --yes", credit("100")));
    let asked = format!(
        "Organization {ORG} at {} may owe MXN 100.00; so far it may owe MXN 0.00.\n",
        here.endpoint
    );
    assert_eq!((done.code, done.stderr), (0, asked));
    let wanted = json!({"balance": 45_800_000, "held": 4_200_000, "credit_limit": 100_000_000, "available": 141_600_000});
    let found = account(&here);
    for name in ["balance", "held", "credit_limit", "available"] {
        assert_eq!(found[name], wanted[name], "{name}");
    }
    here.run(&format!("{} --yes", credit("0.000001")));
    assert_eq!(account(&here)["available"], 41_600_001);
    here.run(&format!("{} --yes", credit("9223372036854.775807")))
        .failed_with(1, "an account cannot hold so much money");
    assert_eq!(here.run("audit").code, 0);
    for wrong in [
        credit("-1"),
        credit("1e3"),
        format!("org limit --org {ORG} --jobs 0"),
        format!("org limit --org {ORG}"),
    ] {
        assert_eq!(here.run(&wrong).code, 2, "{wrong}");
    }
    for line in ["suspend --yes", "resume", "limit --jobs 1", "credit-limit --amount 1 --yes"] {
        here.run(&format!("org {line} --org {OTHER}"))
            .failed_with(1, &format!("there is no organization {OTHER}"));
    }
}

#[test]
fn an_organization_has_a_name_and_a_contact() {
    let here = Deployment::start();
    let made = here.with(&[
        "org",
        "create",
        "--id",
        ORG,
        "--name",
        "Cine Ñandú",
        "--contact",
        "ana@cine.example",
    ]);
    assert!(
        made.stdout.contains("name           Cine Ñandú\ncontact        ana@cine.example\n"),
        "{made:?}"
    );
    here.json(&format!("org create --id {OTHER}"));
    here.json(&format!("key create --org {ORG} --name ci --sandbox"));
    let shown = here.json(&format!("org show --org {ORG}"));
    assert_eq!(
        (&shown["name"], &shown["contact"]),
        (&json!("Cine Ñandú"), &json!("ana@cine.example"))
    );
    let listed = here.run("org list").stdout;
    let named =
        |listed: &str| listed.lines().filter(|line| line.contains("  Cine Ñandú  ")).count();
    assert_eq!(named(&listed), 2, "its sandbox is called so too: {listed}");
    assert!(listed.contains("ana@cine.example"), "{listed}");

    let changed = here.with(&["org", "set", "--org", ORG, "--contact", ""]);
    assert!(changed.code == 0 && !changed.stdout.contains("contact"), "{changed:?}");
    let shown = here.json(&format!("org show --org {ORG}"));
    assert_eq!(
        (&shown["name"], &shown["contact"]),
        (&json!("Cine Ñandú"), &json!(null)),
        "what is not given stays"
    );

    here.run(&format!("org set --org {ORG}")).failed_with(2, "give --name, --contact or both");
    here.run(&format!("org set --org {} --name x", ORG.replace('e', "f")))
        .failed_with(1, "there is no organization");
    let wrong = here.with(&["org", "set", "--org", ORG, "--name", "a\u{202e}b"]);
    wrong.failed_with(2, "a name has at most 64 characters");
}

#[test]
fn every_change_says_who_made_it() {
    let here = Deployment::start();
    let by = |actor: &str, line: &str| here.json(&format!("{line} --as {actor}"));
    by("ana", &format!("org create --id {ORG}"));
    by("bea", &format!("org limit --org {ORG} --jobs 7"));
    by("cleo", &format!("org credit-limit --org {ORG} --amount 5 --yes"));
    by("dora", &format!("org suspend --org {ORG} --yes"));
    by("eva", &format!("org set --org {ORG} --name Cine"));
    let paid = by("fay", &format!("balance recharge --org {ORG} --amount 1 --reference r --yes"));
    assert_eq!(paid["actor"], "fay");
    let again = by("gil", &format!("balance recharge --org {ORG} --amount 1 --reference r --yes"));
    assert_eq!(again["actor"], "fay", "who posted it, and not who tried again");

    let shown = here.json(&format!("org show --org {ORG}"));
    for (what, actor) in [
        ("created_by", "ana"),
        ("open_jobs_limit_by", "bea"),
        ("credit_limit_by", "cleo"),
        ("suspended_by", "dora"),
        ("described_by", "eva"),
    ] {
        assert!(shown[what]["by"] == actor && shown[what]["at"].is_i64(), "{what}: {shown}");
    }
    let table = here.run(&format!("org show --org {ORG}")).stdout;
    let line = |label: &str| {
        table.lines().find_map(|line| line.strip_prefix(label)).unwrap_or_default().trim()
    };
    for (label, actor) in
        [("made by", "ana, 20"), ("open jobs limit by", "bea, 20"), ("suspended by", "dora, 20")]
    {
        assert!(line(label).starts_with(actor), "{label}: {table}");
    }
    by("hana", &format!("org resume --org {ORG}"));
    assert!(
        here.run(&format!("org show --org {ORG}")).stdout.contains("resumed by          hana, 20")
    );

    let entries = here.json(&format!("ledger --org {ORG}"))["entries"].clone();
    assert_eq!([&entries[0]["actor"], &entries[1]["actor"]], [&json!("ana"), &json!("fay")]);

    let key = by("iris", &format!("key create --org {ORG} --name prod-web"))["key"]
        .as_str()
        .unwrap()
        .to_owned();
    by("jana", &format!("key revoke {key}"));
    let listed = here.json(&format!("key list --org {ORG}"))["keys"][0].clone();
    assert_eq!((&listed["created_by"], &listed["revoked_by"]), (&json!("iris"), &json!("jana")));
    let table = here.run(&format!("key list --org {ORG}")).stdout;
    assert!(table.contains("Z by iris  never      20") && table.contains("Z by jana  "), "{table}");

    let unnamed = here.with(&["org", "resume", "--org", ORG, "--as", " "]);
    unnamed.failed_with(2, "a name has 1 to 64 characters");
}

/// The amount that a submit is checked against follows every change of the others, in any order.
#[test]
fn a_credit_limit_and_money_may_move_at_once() {
    let here = Deployment::start();
    here.json(&format!("org create --id {ORG}"));
    let limits =
        (1..=4).map(|amount| format!("org credit-limit --org {ORG} --amount {amount} --yes"));
    let recharges = (1..=4).map(|n| {
        format!("balance recharge --org {ORG} --amount 0.00000{n} --reference r{n} --yes")
    });
    let started: Vec<_> = limits
        .chain(recharges)
        .map(|line| {
            here.command(&line).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
        })
        .collect();
    for mut child in started {
        assert!(child.wait().unwrap().success());
    }
    let found = account(&here);
    let sum = found["balance"].as_i64().unwrap() + found["credit_limit"].as_i64().unwrap();
    assert_eq!((&found["available"], &found["balance"]), (&json!(sum), &json!(50_000_010)));
    assert_eq!(here.run("audit").code, 0);
}

#[test]
fn keys_are_listed_without_themselves() {
    let here = Deployment::start();
    for org in [ORG, OTHER] {
        here.json(&format!("org create --id {org}"));
    }
    assert!(here.run(&format!("key list --org {ORG}")).stdout.starts_with("It has no key."));
    let mine = here.json(&format!("key create --org {ORG} --name prod-web"));
    here.json(&format!("key create --org {OTHER} --name theirs"));
    let (key, hash) = (mine["key"].as_str().unwrap(), mine["hash"].as_str().unwrap());
    let listed = here.json(&format!("key list --org {ORG}"));
    let [only] = &listed["keys"].as_array().unwrap()[..] else { panic!("{listed}") };
    assert_eq!(
        (&only["hash"], &only["name"], &only["last4"]),
        (&json!(hash), &json!("prod-web"), &json!(&key[41..]))
    );
    here.run(&format!("key revoke --hash {hash}"));
    let shown = here.run(&format!("key list --org {ORG}")).stdout;
    assert!(shown.contains(hash) && shown.contains("prod-web") && !shown.contains(key), "{shown}");
    assert!(!shown.lines().nth(1).unwrap().contains(" no "), "it is revoked: {shown}");
    here.run(&format!("key list --org {}", OTHER.replace('1', "2")))
        .failed_with(1, "there is no organization");
}

#[test]
fn a_sandbox_has_keys_and_an_account_of_its_own_and_is_suspended_with_its_organization() {
    let here = Deployment::start();
    here.json(&format!("org create --id {ORG}"));
    here.run(&format!("org show --org {ORG}#test")).failed_with(1, "there is no organization");
    let live = here.json(&format!("key create --org {ORG} --name prod-web"));
    let test = here.json(&format!("key create --org {ORG} --name ci --sandbox"));
    assert!(live["key"].as_str().unwrap().starts_with("ghub_sk_live_"), "{live}");
    assert!(test["key"].as_str().unwrap().starts_with("ghub_sk_test_"), "{test}");
    assert_eq!(test["org"], format!("{ORG}#test"));
    let listed = here.run(&format!("key list --org {ORG}")).stdout;
    assert!(listed.contains(" live ") && listed.contains(" sandbox "), "{listed}");
    let sandbox = |name: &str| here.json(&format!("org show --org {ORG}#test"))[name].clone();
    assert_eq!((sandbox("balance_mxn"), sandbox("open_jobs_limit")), (json!("0.00"), json!(20)));
    here.json(&format!("org suspend --org {ORG} --yes"));
    assert_eq!(sandbox("suspended"), true);
    here.json(&format!("org resume --org {ORG}"));
    assert_eq!(sandbox("suspended"), false);
    for line in [
        "balance recharge --amount 500 --reference pay-1 --yes",
        "balance adjust --amount 1 --reference t --reason why --yes",
        "org credit-limit --amount 1 --yes",
        "org suspend --yes",
        "org resume",
    ] {
        let done = here.run(&format!("{line} --org {ORG}#test"));
        assert!(
            done.code == 2 && done.stderr.contains(&format!("its organization is {ORG}")),
            "{line}: {done:?}"
        );
    }
    assert_eq!(here.run("audit").code, 0);
}

/// The numbers of the account, as they are stored.
fn account(here: &Deployment) -> Value {
    let item =
        here.items("AccountsTable").into_iter().find(|item| item["org"]["S"] == ORG).unwrap();
    let plain = |value: &Value| match value["N"].as_str() {
        Some(number) => json!(number.parse::<i64>().unwrap()),
        None => value["BOOL"].clone(),
    };
    item.as_object().unwrap().iter().map(|(name, value)| (name.clone(), plain(value))).collect()
}
