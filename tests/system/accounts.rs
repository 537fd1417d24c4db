//! The nightly audit: what it says of accounts that differ, and that it says nothing of those that
//! move while it looks.

use crate::asking::Ask;
use crate::metrics::Measured;
use crate::stage::Stage;
use crate::traces::Call;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use ghub::audit::Difference;
use ghub::aws::sdk_config;
use ghub::id::OrgId;
use ghub::outbound::{Exchange, Gate, Network, Outbound};
use ghub::store::{Audited, Entry, Store, Table};
use ghub::world::World;
use local::options::Options;
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_off_is_counted_and_told() {
    let measured = Measured::default();
    let stage = Stage::with(Options { metrics: measured.metrics(), ..Options::test() }).await;
    let most = || {
        measured
            .of("AccountsDiffering")
            .iter()
            .filter_map(|(_, differing)| differing.as_u64())
            .max()
    };
    let caller = stage.caller();
    caller.finish(&caller.accept("charged").await).await;
    stage.caller_with("1.00").await;
    let audited = async || stage.system.invoke("audit-accounts", json!({})).await.unwrap();
    assert_eq!(audited().await, json!({"audited": 3, "differing": 0, "moved": 0, "unread": 0}));
    assert_eq!(most(), Some(0));

    move_by_hand(&stage, caller.org).await;
    assert_eq!(audited().await, json!({"audited": 3, "differing": 1, "moved": 0, "unread": 0}));
    assert_eq!(most(), Some(1));
    let mxn = |text: &str| text.parse().unwrap();
    let found = Audited::Differs(vec![Difference::Balance {
        account: mxn("45.800001"),
        ledger: mxn("45.80"),
    }]);
    assert_eq!(stage.store.audit(caller.org).await.unwrap(), Some(found));
    assert_eq!(stage.store.audit(stage.system.world().ambient.org_id()).await.unwrap(), None);
    let answer = stage.ask(Ask::submit(&stage.system.identity.live_key, &json!({}))).await;
    assert_eq!(answer.status, 400, "callers are served all the same");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_moves_while_it_is_looked_at_is_no_difference() {
    let stage = Stage::new().await;
    let org = stage.caller().org;
    for (moves, said) in [(3, Audited::Agrees), (usize::MAX, Audited::Moved)] {
        let busy = Arc::new(Busy::default());
        busy.begin(org, &stage.store, moves);
        let world = World { outbound: Outbound::gated(busy.clone()), ..stage.system.world() };
        let tables = [Table::Accounts, Table::Ledger, Table::Jobs];
        let store = Store::new(&world, &sdk_config(&world).unwrap(), &tables).unwrap();
        assert_eq!(
            store.audit(org).await.unwrap(),
            Some(said),
            "after {moves} payments in the midst of it"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_could_not_be_judged_is_counted() {
    let (measured, busy) = (Measured::default(), Arc::new(Busy::default()));
    let gate: Arc<dyn Gate> = busy.clone();
    let stage =
        Stage::with(Options { metrics: measured.metrics(), gate: Some(gate), ..Options::test() })
            .await;
    let org = stage.caller().org;
    let audited = async || stage.system.invoke("audit-accounts", json!({})).await.unwrap();
    let most = || {
        measured.of("AccountsUnjudged").iter().filter_map(|(_, unjudged)| unjudged.as_u64()).max()
    };
    assert_eq!(audited().await, json!({"audited": 2, "differing": 0, "moved": 0, "unread": 0}));
    assert_eq!(most(), Some(0));
    busy.begin(org, &stage.store, usize::MAX);
    assert_eq!(audited().await, json!({"audited": 1, "differing": 0, "moved": 1, "unread": 0}));
    assert_eq!(most(), Some(1));
}

/// Pays money in between the look at the account and the look at the ledger.
#[derive(Debug, Default)]
struct Busy {
    paid_into: OnceLock<(OrgId, Store)>,
    left: AtomicUsize,
}

impl Busy {
    fn begin(&self, org: OrgId, store: &Store, payments: usize) {
        assert!(self.paid_into.set((org, store.clone())).is_ok());
        self.left.store(payments, Ordering::SeqCst);
    }
}

impl Gate for Busy {
    fn exchange<'a>(&'a self, request: reqwest::Request, send: Network<'a>) -> Exchange<'a> {
        let call = Call::of(&request);
        let looks =
            call.what == "DynamoDB_20120810.Query" && call.body["TableName"] == "LedgerTable";
        Box::pin(async move {
            let one_less = |left: usize| left.checked_sub(1);
            if looks
                && let Ok(left) =
                    self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less)
            {
                let (org, store) = self.paid_into.get().unwrap();
                let entry =
                    Entry::recharge(*org, &format!("payment-{left}"), "1".parse().unwrap(), 0);
                store.post(&entry).await.unwrap();
            }
            send(request).await
        })
    }
}

/// Adds a millionth to balance and available, as no path of ours does.
async fn move_by_hand(stage: &Stage, org: OrgId) {
    let config =
        aws_sdk_dynamodb::config::Builder::from(&sdk_config(&stage.system.world()).unwrap());
    let db = Client::from_conf(config.endpoint_url(&stage.system.dynamodb).build());
    let update =
        db.update_item().table_name("AccountsTable").key("org", AttributeValue::S(org.to_string()));
    let update = update.update_expression("ADD balance :one, available :one");
    update
        .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
        .send()
        .await
        .unwrap();
}
