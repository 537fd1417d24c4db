//! `cargo admin audit` finds each planted difference, says which account and how much, and exits
//! with 1.

use crate::deployment::Deployment;
use crate::planted::{COMPLETED, COST, FAILED, OPEN, ORG, number, text};
use serde_json::{Value, json};

const SOUND: [(&str, i64); 5] = [
    ("balance", 50_000_000 - COST),
    ("entries", 2),
    ("held", COST),
    ("open_jobs", 1),
    ("available", 50_000_000 - 2 * COST),
];

#[test]
fn what_agrees_is_said_so() {
    let here = Deployment::with_jobs();
    let done = here.run("audit");
    assert_eq!((done.code, done.stderr.as_str()), (0, ""), "{done:?}");
    assert_eq!(
        done.stdout,
        "1 agree with their ledger and jobs, 0 differ, 0 could not be judged, 0 could not be read.\n"
    );
    let sound = json!({"agreeing": 1, "differing": [], "moved": [], "unread": []});
    assert_eq!(here.json("audit"), sound);
    assert_eq!(here.json(&format!("audit --org {ORG}")), sound);
    here.run(&format!("audit --org {COMPLETED}")).failed_with(1, "there is no organization");

    here.json("org create");
    let posted =
        format!("balance adjust --org {ORG} --amount -1.000001 --reference a --reason b --yes");
    assert_eq!(here.run(&posted).code, 0);
    assert_eq!(here.run(&format!("balance refund --job {COMPLETED} --yes")).code, 0);
    assert_eq!(here.json("audit")["agreeing"], 2, "corrections and refunds keep the sums");
}

#[test]
fn each_number_that_is_off_is_found() {
    let here = Deployment::with_jobs();
    for (changes, found, said) in [
        (
            &[("balance", SOUND[0].1 + 1)][..],
            json!({"what": "balance", "account_mxn": "45.800001", "ledger_mxn": "45.80"}),
            "the balance is MXN 45.800001, the ledger's sum MXN 45.80",
        ),
        (
            &[("held", COST - 1)],
            json!({"what": "held", "account_mxn": "4.199999", "jobs_mxn": "4.20"}),
            "MXN 4.199999 is held, the open jobs cost MXN 4.20",
        ),
        (
            &[("open_jobs", 2)],
            json!({"what": "open_jobs", "account": 2, "jobs": 1}),
            "2 open jobs are counted, there are 1",
        ),
        (
            &[("entries", 3)],
            json!({"what": "entries", "account": 3, "ledger": 2}),
            "3 entries are counted, the ledger has 2",
        ),
        (
            &[("open_jobs", -1)],
            json!({"what": "open_jobs", "account": -1, "jobs": 1}),
            "-1 open jobs are counted",
        ),
        (
            &[("available", 1)],
            json!({"what": "available", "account_mxn": "0.000001", "sum_mxn": "41.60"}),
            "MXN 0.000001 is available",
        ),
    ] {
        here.put_account(&SOUND);
        here.put_account(changes);
        assert_eq!(differences(&here), [found], "{changes:?}");
        let done = here.run("audit");
        assert!(
            done.code == 1 && done.stdout.contains(said) && done.stdout.contains(" 1 differ, "),
            "{done:?}"
        );
    }
    here.put_account(&SOUND);
    assert_eq!(here.run("audit").code, 0);
}

#[test]
fn each_charge_that_is_off_is_found() {
    let charges = |job: &str, status: Value, due: &str, times: u32, charged: &str| json!({"what": "charges", "job": job, "status": status, "due_mxn": due, "consumptions": times, "charged_mxn": charged});
    let charge = |job: &str| format!("job#{job}");
    type Plant = Box<dyn Fn(&Deployment)>;
    let other = "01a202fb-0000-7000-8000-000000000009";
    // The account follows the ledger, so that only the charge is wrong.
    let plants: [(Plant, Value); 6] = [
        (
            Box::new(move |here| here.put_entry(&charge(COMPLETED), "adjustment", -COST, None)),
            charges(COMPLETED, json!("completed"), "4.20", 0, "0.00"),
        ),
        (
            Box::new(move |here| {
                here.put_entry("job#again", "consumption", -COST, Some(COMPLETED));
            }),
            charges(COMPLETED, json!("completed"), "4.20", 2, "8.40"),
        ),
        (
            Box::new(move |here| {
                here.put_entry(&charge(COMPLETED), "consumption", 1 - COST, Some(COMPLETED));
            }),
            charges(COMPLETED, json!("completed"), "4.20", 1, "4.199999"),
        ),
        (
            Box::new(move |here| {
                here.put_entry(&charge(FAILED), "consumption", -1, Some(FAILED));
            }),
            charges(FAILED, json!("failed"), "0.00", 1, "0.000001"),
        ),
        (
            Box::new(move |here| {
                here.put_entry(&charge(OPEN), "consumption", -COST, Some(OPEN));
            }),
            charges(OPEN, json!("processing"), "0.00", 1, "4.20"),
        ),
        (
            Box::new(move |here| {
                here.put_entry(&charge(other), "consumption", -COST, Some(other));
            }),
            charges(other, Value::Null, "0.00", 1, "4.20"),
        ),
    ];
    for (plant, found) in plants {
        let here = Deployment::with_jobs();
        plant(&here);
        assert_eq!(differences(&here), [found]);
    }
}

#[test]
fn what_is_off_with_a_job_is_found() {
    let here = Deployment::with_jobs();
    let refund = |job: &str| format!("refund#{job}");
    here.put_entry(&refund(COMPLETED), "refund", COST, Some(COMPLETED));
    assert_eq!(here.run("audit").code, 0);
    here.put_entry(&refund(COMPLETED), "refund", COST - 1, Some(COMPLETED));
    here.put_entry(&refund(FAILED), "refund", 0, Some(FAILED));
    let jobs = here.items("JobsTable");
    let of = |id: &str| jobs.iter().find(|job| job["job"]["S"] == id).unwrap().clone();
    let (mut open, mut failed) = (of(OPEN), of(FAILED));
    open.as_object_mut().unwrap().remove("open");
    open["created"] = number(1_782_415_166);
    failed["open"] = text("2");
    here.put("JobsTable", &open);
    here.put("JobsTable", &failed);
    let refunds = |job: &str, status: &str, charged: &str, refunded: &str| json!({"what": "refunds", "job": job, "status": status, "charged_mxn": charged, "refunds": 1, "refunded_mxn": refunded});
    let mut found = differences(&here);
    let late = found.pop().unwrap();
    assert_eq!((&late["what"], &late["job"]), (&json!("open_too_long"), &json!(OPEN)));
    assert!(late["open_s"].as_u64() > Some(60 * 3_600), "{late}");
    assert_eq!(
        found,
        [
            refunds(COMPLETED, "completed", "4.20", "4.199999"),
            refunds(FAILED, "failed", "0.00", "0.00"),
            json!({"what": "index", "job": FAILED, "status": "failed", "indexed": true}),
            json!({"what": "index", "job": OPEN, "status": "processing", "indexed": false}),
        ]
    );
    let said = here.run("audit").stdout;
    assert!(said.contains("hours ago and is still open, every job ends within 60"), "{said}");
}

#[test]
fn an_order_that_is_off_is_found() {
    let here = Deployment::with_jobs();
    let charge = here
        .items("LedgerTable")
        .into_iter()
        .find(|entry| entry["kind"]["S"] == "consumption")
        .unwrap();
    for (name, value, found) in [
        ("sequence", 3, json!({"what": "sequence", "place": 2, "entry": 3})),
        ("sequence", 2, Value::Null),
        (
            "balance_after",
            45_799_999,
            json!({"what": "balance_after", "entry": 2, "entry_mxn": "45.799999", "sum_mxn": "45.80"}),
        ),
    ] {
        let mut changed = charge.clone();
        changed[name] = number(value);
        here.put("LedgerTable", &changed);
        match found {
            Value::Null => assert_eq!(here.run("audit").code, 0),
            found => assert_eq!(differences(&here), [found]),
        }
    }
}

#[test]
fn a_charge_that_names_no_job_is_not_passed_over() {
    for kind in ["consumption", "refund"] {
        let here = Deployment::with_jobs();
        here.put_entry("by hand", kind, 1, None);
        let done = here.run("audit");
        assert_eq!(done.code, 1, "{done:?}");
        assert!(done.stderr.contains(&format!("a {kind} in the ledger names no job")), "{done:?}");
        for said in
            ["1 of its items cannot be read; the log says which and why", " 1 could not be read."]
        {
            assert!(done.stdout.contains(said), "{done:?}");
        }
    }
}

#[test]
fn one_that_cannot_be_read_does_not_hide_the_others() {
    let here = Deployment::with_jobs();
    here.put_account(&[("balance", 1)]);
    let broken = "11111111-72a1-429f-a7ed-4bb0a42541be";
    here.put(
        "AccountsTable",
        &json!({"org": text(broken), "balance": text("much"), "revision": number(1)}),
    );
    let done = here.run("audit --json");
    let found: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(
        (done.code, &found["differing"][0]["org"], &found["unread"][0]["org"]),
        (1, &json!(ORG), &json!(broken))
    );
}

/// The differences of the only organization that differs.
fn differences(here: &Deployment) -> Vec<Value> {
    let done = here.run("audit --json");
    assert_eq!((done.code, done.stderr.as_str()), (1, ""), "{done:?}");
    let found: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(
        (&found["agreeing"], &found["moved"], &found["differing"][0]["org"]),
        (&json!(0), &json!([]), &json!(ORG))
    );
    found["differing"][0]["differences"].as_array().unwrap().clone()
}
