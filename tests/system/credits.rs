//! `GET /v1/credits` and its transactions: a bank statement, whole and in order, whatever completes
//! while it is read.

mod statement;

use self::statement::Reader;
use crate::money::Conflicts;
use crate::stage::{Caller, Stage};
use crate::traces::Call;
use futures::future::join_all;
use ghub::aws::sdk_config;
use ghub::id::{OrgId, TransactionId};
use ghub::outbound::{Exchange, Gate, Network, Outbound};
use ghub::store::{Entry, EntryKind, Posted, Refund, Setting, Statement, Store, Table, Which};
use ghub::world::World;
use local::options::Options;
use serde_json::{Value, json};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

const JOBS: usize = 30;

#[tokio::test(flavor = "multi_thread")]
async fn credits_are_what_a_submit_is_checked_against() {
    let stage = quiet().await;
    let caller = stage.caller_with("24.20").await;
    let reader = Reader::of(&stage, &caller).await;
    let shown = async || reader.get("").await;
    let credits = |held: &str, available: &str, credit_limit: &str, low: bool| json!({"object": "credits", "balance": "24.20", "held": held, "available": available, "credit_limit": credit_limit, "currency": "MXN", "low": low});
    let first = shown().await;
    assert_eq!((first.status, &first.body), (200, &credits("0.00", "24.20", "0.00", false)));
    assert_eq!(first.header("x-geekhub-balance-mxn"), Some("24.20"));
    caller.accept("one").await;
    assert_eq!(shown().await.body, credits("4.20", "20.00", "0.00", false), "20 is not below 20");
    caller.accept("two").await;
    assert_eq!(shown().await.body, credits("8.40", "15.80", "0.00", true));
    stage.store.set(caller.org, Setting::CreditLimit("10".parse().unwrap())).await.unwrap();
    assert_eq!(shown().await.body, credits("8.40", "25.80", "10.00", false));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_walk_adds_up_while_jobs_complete() {
    let conflicts = Arc::new(Conflicts::default());
    let stage = Stage::with(Options { gate: Some(conflicts.clone()), ..Options::test() }).await;
    let caller = stage.caller_with("500.00").await;
    let reader = Reader::of(&stage, &caller).await;
    let answers = join_all((0..JOBS).map(|n| caller.submit_owned(format!("video {n}")))).await;
    assert!(answers.iter().all(|(told, _)| told.status == 200));
    let completed = async || stage.store.account(caller.org).await.unwrap().unwrap().open_jobs == 0;
    for limit in [1, 7, 100].into_iter().cycle() {
        let was_completed = completed().await;
        let walk = reader.walk(limit).await;
        walk.adds_up();
        // Contiguous and whole: all that the ledger had when the walk began, which nothing has been
        // put in between since.
        let ledger = stage.store.ledger(caller.org).await.unwrap();
        let below =
            ledger.iter().take(walk.transactions.len()).rev().map(|line| line.entry.id.to_string());
        assert_eq!(walk.ids(), below.collect::<Vec<_>>(), "by {limit}");
        if was_completed && limit == 100 {
            break;
        }
    }
    assert!(conflicts.injected.load(Ordering::SeqCst) > 0, "the conflicts were really there");

    let balance = stage.store.account(caller.org).await.unwrap().unwrap().balance;
    assert_eq!(balance, "374".parse().unwrap(), "500 − 30 × 4.20");
    for limit in [1, 7, 100] {
        let walk = reader.walk(limit).await;
        assert_eq!(
            (walk.transactions.len(), walk.sum(), walk.balance),
            (JOBS + 2, balance, Some(balance)),
            "by {limit}"
        );
    }
    let credits = reader.get("").await;
    assert_eq!(
        (credits.body["balance"].as_str(), credits.balance()),
        (Some("374.00"), Some(balance))
    );
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_goes_on_where_the_last_one_ended_whatever_was_posted_since() {
    let stage = quiet().await;
    let caller = stage.caller_with("50.00").await;
    let reader = Reader::of(&stage, &caller).await;
    for payment in 1..=6 {
        reader.recharge(&format!("payment-{payment}"), "1", 1_000).await;
    }
    let first = reader.transactions("limit=3").await;
    let shown: Vec<_> = first.iter().map(|one| one["reference"].as_str().unwrap()).collect();
    assert_eq!(shown, ["payment-6", "payment-5", "payment-4"]);
    reader.recharge("payment-7", "1", 0).await;
    let next =
        reader.transactions(&format!("limit=3&after={}", first[2]["id"].as_str().unwrap())).await;
    let shown: Vec<_> =
        next.iter().map(|one| one["reference"].as_str().unwrap_or_default()).collect();
    assert_eq!(shown, ["payment-3", "payment-2", "payment-1"]);
    assert_eq!(
        reader.transactions("limit=1").await[0]["reference"],
        "payment-7",
        "by posting, whatever its clock said"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_is_shown_and_filters_leave_out_the_others() {
    let stage = Stage::new().await;
    let caller = stage.caller();
    let reader = Reader::of(&stage, &caller).await;
    let (job, bonus_at) = post_one_of_each_kind(&stage, &caller, &reader).await;
    let all = reader.transactions("").await;
    let column = |name: &str| all.iter().map(|one| one[name].clone()).collect::<Vec<_>>();
    assert_eq!(column("type"), ["refund", "adjustment", "recharge", "consumption", "bonus"]);
    assert_eq!(column("amount"), ["4.20", "-1.00", "500.00", "-4.20", "50.00"]);
    assert_eq!(column("balance_after"), ["549.00", "544.80", "545.80", "45.80", "50.00"]);
    assert_eq!(column("job"), [json!(job), json!(null), json!(null), json!(job), json!(null)]);
    assert_eq!(
        column("reference"),
        [json!(null), json!("ticket-7"), json!("payment-1"), json!(null), json!(null)]
    );
    assert_eq!(
        column("description"),
        [json!("borroso"), json!("cobro doble"), json!(null), json!(null), json!(null)]
    );
    assert_eq!(column("id")[3], TransactionId::of(caller.org, &format!("job#{job}")).to_string());
    filters_leave_out_the_others(&reader, bonus_at).await;
}

/// A filter looks through 2,000 entries for one request, says that there may be more, and where to
/// go on.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_found_among_many_is_looked_for_from_where_the_last_look_ended() {
    let stage = Stage::new().await;
    let org = stage.caller().org;
    let looked_at = TransactionId::of(org, "the last that was looked at");
    let endless = Arc::new(Endless { org, looked_at: looked_at.clone(), steps: Mutex::default() });
    let world = World { outbound: Outbound::gated(endless.clone()), ..stage.system.world() };
    let store = Store::new(&world, &sdk_config(&world).unwrap(), &[Table::Ledger]).unwrap();
    let bonuses = Which { kind: Some(EntryKind::Bonus), ..Which::default() };
    let found = store.statement(org, bonuses, None, 5).await.unwrap();
    assert_eq!(found, Statement { lines: Vec::new(), more_after: Some(looked_at) });
    let steps = endless.steps.lock().unwrap();
    assert_eq!(steps.len(), 2, "and no further: a search costs as much as two reads of 1 MB");
    for (body, (limit, begins)) in steps.iter().zip([(6, Value::Null), (2_000, endless.stopped())])
    {
        assert_eq!((&body["Limit"], &body["ExclusiveStartKey"]), (&json!(limit), &begins));
        assert_eq!(
            (&body["IndexName"], &body["ConsistentRead"]),
            (&json!("by-sequence"), &json!(true))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_meant_is_refused_and_somebody_elses_is_unknown() {
    let stage = quiet().await;
    let caller = stage.caller();
    let reader = Reader::of(&stage, &caller).await;
    let theirs = stage.caller_with("7").await.org;
    let unknown = "after: no transaction with this id exists; take the last_id of the page before";
    let after = |id: &str| format!("after={id}");
    for (query, message) in [
        ("limit=0".to_owned(), "limit: it must be a whole number from 1 to 100"),
        ("limit=101".to_owned(), "limit: it must be a whole number from 1 to 100"),
        (
            "type=charge".to_owned(),
            "type: it must be one of bonus, recharge, consumption, adjustment, refund",
        ),
        ("created_from=today".to_owned(), "created_from: it must be Unix seconds"),
        ("created_until=1e9".to_owned(), "created_until: it must be Unix seconds"),
        (
            "created_from=5&created_until=5".to_owned(),
            "created_until: it must be later than created_from",
        ),
        ("limit=1&limit=2".to_owned(), "limit: send it once"),
        (after(&TransactionId::of(theirs, "bonus").to_string()), unknown),
        (after(&TransactionId::of(caller.org, "job#none").to_string()), unknown),
        (after("7"), unknown),
        (after(&"a".repeat(4_000)), unknown),
    ] {
        let reply = reader.page(&query).await;
        assert!(
            reply.refused(400, "invalid_request_error").starts_with(message),
            "{query:.80}: {}",
            reply.body
        );
        assert_eq!(reply.balance(), Some("50".parse().unwrap()), "{query:.80}");
    }
    let own = TransactionId::of(caller.org, "bonus").to_string();
    assert_eq!(
        reader.page(&format!("after={own}&color=blue")).await.body["data"],
        json!([]),
        "nothing is below the first"
    );
}

/// Posts a consumption, a recharge, an adjustment and a refund after the bonus, a thousand seconds
/// apart. Returns the job that was charged and when the bonus was posted.
async fn post_one_of_each_kind(
    stage: &Stage,
    caller: &Caller,
    reader: &Reader<'_>,
) -> (String, i64) {
    let job = caller.accept("charged").await;
    caller.finish(&job).await;
    let now = |s: i64| u64::try_from(s).unwrap() * 1_000;
    let bonus_at = reader.transactions("type=bonus").await[0]["created"].as_i64().unwrap();
    reader.recharge("payment-1", "500", now(bonus_at + 1_000) + 999).await;
    let adjustment = Entry::adjustment(
        caller.org,
        "ticket-7",
        "-1".parse().unwrap(),
        "cobro doble",
        now(bonus_at + 2_000),
    );
    assert_eq!(stage.store.post(&adjustment).await.unwrap(), Posted::Now);
    let refund = stage
        .store
        .refund(caller.org, job.parse().unwrap(), Some("borroso"), now(bonus_at + 3_000))
        .await;
    let Refund::Due(refund) = refund.unwrap() else { panic!("the job was charged") };
    assert_eq!(stage.store.post(&refund).await.unwrap(), Posted::Now);
    (job, bonus_at)
}

async fn filters_leave_out_the_others(reader: &Reader<'_>, bonus_at: i64) {
    let (one, two) = (bonus_at + 1_000, bonus_at + 2_000);
    for (query, kinds) in [
        ("type=consumption".to_owned(), &["consumption"][..]),
        (format!("created_from={one}"), &["refund", "adjustment", "recharge"]),
        (format!("created_from={}", one + 1), &["refund", "adjustment"]),
        (format!("created_until={two}&type=recharge"), &["recharge"]),
        // its first second counts, its last does not
        (format!("created_from={one}&created_until={two}"), &["recharge"]),
        (format!("created_from={two}&created_until={}", two + 1), &["adjustment"]),
        ("created_until=1".to_owned(), &[]),
    ] {
        let found = reader.transactions(&query).await;
        assert_eq!(
            found.iter().map(|one| one["type"].as_str().unwrap()).collect::<Vec<_>>(),
            kinds,
            "{query}"
        );
    }
    let page = reader.page("type=recharge&limit=1").await;
    assert_eq!(
        (&page.body["has_more"], page.balance()),
        (&json!(false), Some("549".parse().unwrap()))
    );
}

/// A system in which no message arrives, so that jobs stay as they are.
async fn quiet() -> Stage {
    let stage = Stage::new().await;
    stage.system.sqs.lose_if("PollQueue", |_| true).unwrap();
    stage
}

/// A ledger without an end, in which nothing is what is asked for.
#[derive(Debug)]
struct Endless {
    org: OrgId,
    looked_at: TransactionId,
    steps: Mutex<Vec<Value>>,
}

impl Endless {
    fn stopped(&self) -> Value {
        json!({"org": {"S": self.org}, "id": {"S": self.looked_at}, "sequence": {"N": "7"}})
    }
}

impl Gate for Endless {
    fn exchange<'a>(&'a self, request: reqwest::Request, _send: Network<'a>) -> Exchange<'a> {
        self.steps.lock().unwrap().push(Call::of(&request).body);
        let body = json!({"Items": [], "Count": 0, "LastEvaluatedKey": self.stopped()}).to_string();
        let answer = lambda_http::http::Response::builder()
            .header("content-type", "application/x-amz-json-1.0");
        Box::pin(async move { Ok(answer.body(body).unwrap().into()) })
    }
}
