//! `cargo admin balance adjust`, `balance refund` and `ledger`.

use crate::deployment::Deployment;
use crate::planted::{COMPLETED, FAILED, OPEN, ORG};
use ghub::id::TransactionId;
use serde_json::json;

#[test]
fn a_balance_is_corrected_once_with_a_reason() {
    let here = Deployment::start();
    here.json(&format!("org create --id {ORG}"));
    let adjust = |amount: &str| {
        let mut command = here
            .command(&format!("balance adjust --org {ORG} --amount {amount} --reference ticket-7"));
        command.args(["--reason", "cobro duplicado"]);
        command
    };
    let done =
        |mut command: std::process::Command| crate::deployment::Done::of(command.output().unwrap());

    let no_reason = here.run(&format!("balance adjust --org {ORG} --amount 5 --reference a --yes"));
    assert!(no_reason.code == 2 && no_reason.stderr.contains("--reason"), "{no_reason:?}");
    let no_reference = here.run(&format!("balance adjust --org {ORG} --amount 5 --reason a --yes"));
    assert!(
        no_reference.code == 2 && no_reference.stderr.contains("--reference"),
        "{no_reference:?}"
    );
    assert!(
        here.run(&format!("balance adjust --org {ORG} --amount 0 --reference a --reason b --yes"))
            .code
            == 2
    );
    done(adjust("-4.20")).failed_with(1, "so add --yes");
    assert_eq!(here.money(ORG), 50_000_000);

    let yes = |amount: &str| {
        let mut command = adjust(amount);
        command.arg("--yes");
        done(command)
    };
    let first = yes("-4.20");
    let said = format!(
        "MXN -4.20 to organization {ORG} at {}, reference ticket-7 (cobro duplicado): from MXN 50.00 to MXN 45.80.\n",
        here.endpoint
    );
    assert_eq!((first.code, first.stderr), (0, said));
    assert!(
        first.stdout.contains("cobro duplicado") && first.stdout.contains("It is posted."),
        "{}",
        first.stdout
    );
    let again = yes("-4.20");
    assert!(again.code == 0 && again.stdout.contains("nothing was changed"), "{again:?}");
    yes("4.20").failed_with(1, "the reference ticket-7 posted MXN -4.20 on 20");
    assert_eq!((here.money(ORG), here.items("LedgerTable").len()), (45_800_000, 2));

    let paid =
        here.json(&format!("balance recharge --org {ORG} --amount 1 --reference ticket-7 --yes"));
    assert_eq!(paid["credited"], true, "a recharge's reference is another one");
    assert_eq!((here.money(ORG), here.run("audit").code), (46_800_000, 0));
}

#[test]
fn a_job_is_refunded_once() {
    let here = Deployment::with_jobs();
    let refund = format!("balance refund --job {COMPLETED}");
    here.run(&refund).failed_with(1, "so add --yes");
    let done = here.run(&format!("{refund} --reason borroso --yes"));
    let said = format!(
        "MXN 4.20 to organization {ORG} at {}, refund of job {COMPLETED} (borroso): from MXN 45.80 to MXN 50.00.\n",
        here.endpoint
    );
    assert_eq!((done.code, done.stderr), (0, said));
    assert_eq!(here.money(ORG), 50_000_000);
    for line in
        [format!("{refund} --yes"), format!("{refund} --org {ORG} --reason again --yes"), refund]
    {
        here.run(&line).failed_with(1, &format!("job {COMPLETED} was refunded MXN 4.20 on 20"));
    }
    assert_eq!((here.money(ORG), here.items("LedgerTable").len()), (50_000_000, 3));
    assert_eq!(here.run("audit").code, 0);

    for (job, status) in [(FAILED, "failed"), (OPEN, "processing")] {
        let sentence =
            format!("job {job} is {status}, and was charged nothing: only a completed job is");
        here.run(&format!("balance refund --job {job} --yes")).failed_with(1, &sentence);
    }
    here.run(&format!("balance refund --job {ORG} --yes"))
        .failed_with(1, &format!("there is no job {ORG}"));
    let elsewhere = format!("balance refund --job {COMPLETED} --org {COMPLETED} --yes");
    here.run(&elsewhere).failed_with(1, &format!("there is no job {COMPLETED}"));
    assert_eq!(here.run("balance refund --job 7 --yes").code, 2);
}

#[test]
fn a_ledger_is_shown_with_the_balance_after_each() {
    let here = Deployment::with_jobs();
    here.json(&format!("balance refund --job {COMPLETED} --reason borroso,feo --yes"));
    let shown = here.json(&format!("ledger --org {ORG}"));
    let column = |name: &str| {
        shown["entries"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry[name].clone())
            .collect::<Vec<_>>()
    };
    // In the order of posting, whatever the clocks said. The planted charge claims to be older than
    // the organization.
    assert_eq!(column("sequence"), [1, 2, 3]);
    assert_eq!(column("kind"), ["bonus", "consumption", "refund"]);
    assert_eq!(column("amount_mxn"), ["50.00", "-4.20", "4.20"]);
    assert_eq!(column("balance_mxn"), ["50.00", "45.80", "50.00"]);
    assert_eq!(column("job"), [json!(null), json!(COMPLETED), json!(COMPLETED)]);
    assert_eq!(column("price_row"), [json!(null), json!("standard"), json!(null)]);
    let id = TransactionId::of(ORG.parse().unwrap(), &format!("job#{COMPLETED}")).to_string();
    assert_eq!(column("id")[1], id, "what its organization calls it");
    assert_eq!(column("actor"), [json!("ana"), json!(null), json!("ana")]);

    let csv = here.run(&format!("ledger --csv --org {ORG}")).stdout;
    let lines: Vec<_> = csv.lines().collect();
    assert_eq!(
        lines[0],
        "sequence,id,posted,kind,amount_mxn,balance_mxn,reference,job,reason,actor,price_row"
    );
    assert_eq!(
        lines[2],
        format!(
            "2,{id},2026-06-25T19:20:56Z,consumption,-4.20,45.80,{COMPLETED},{COMPLETED},,,standard"
        ),
        "nobody posts a charge"
    );
    assert!(
        lines[3]
            .ends_with(&format!(",refund,4.20,50.00,{COMPLETED},{COMPLETED},\"borroso,feo\",ana,")),
        "{csv}"
    );
    assert_eq!(lines.len(), 4);
    let table = here.run(&format!("ledger --org {ORG}")).stdout;
    assert!(
        table.contains("consumption  -4.20   45.80    ") && table.contains("  ana  borroso,feo"),
        "{table}"
    );
    here.run(&format!("ledger --org {COMPLETED}")).failed_with(1, "there is no organization");
}
