//! Many jobs of one organization that complete at the same moment: what their charges cost in attempts, and the order that they stand in.

use crate::money::Conflicts;
use crate::stage::Stage;
use crate::traces::Call;
use futures::future::{BoxFuture, join_all};
use ghub::job::Job;
use ghub::outbound::{Gate, Network, Outbound, WireError, sdk_config};
use ghub::store::{Store, Table, Written};
use ghub::world::World;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const AT_ONCE: usize = 30;

#[tokio::test(flavor = "multi_thread")]
async fn thirty_settles_at_once_take_few_attempts_and_one_order() {
    let stage = Stage::new().await;
    stage.system.sqs.lose_if("PollQueue", |_| true).unwrap(); // the test completes the jobs itself
    let caller = stage.caller_with("126.00").await;
    let ids = join_all((0..AT_ONCE).map(|n| caller.accepted_owned(format!("video {n}")))).await;
    let mut ready = Vec::new();
    for id in ids {
        let job = stage.stored(caller.org, &id).await;
        let now = stage.system.world().ambient.now();
        let found = job.file_found("https://fal.media/files/a.mp4".to_owned(), now).applied().unwrap();
        assert_eq!(stage.store.write(&found).await.unwrap(), Written::Done);
        ready.push(found.completed("https://storage.example/video.mp4".to_owned(), now).applied().unwrap());
    }
    let attempts = Arc::new(Attempts::default());
    let world = World { outbound: Outbound::gated(attempts.clone()), ..stage.system.world() };
    let tables = [Table::Jobs, Table::Accounts, Table::Ledger];
    let store = Store::new(&world, &sdk_config(&world).unwrap(), &tables).unwrap();
    let settle = async |job: &Job| assert_eq!(store.write(job).await.unwrap(), Written::Done);
    join_all(ready.iter().map(settle)).await;
    let of = |count: &AtomicUsize| count.load(Ordering::SeqCst);
    eprintln!(
        "MEASURED transactions {} conflicts {} reads {}",
        of(&attempts.transactions),
        of(&attempts.conflicts.injected),
        of(&attempts.reads)
    );
    stage.audit().await;
}

/// DynamoDB with its conflicts, counting what it is asked.
#[derive(Debug, Default)]
struct Attempts {
    conflicts: Conflicts,
    transactions: AtomicUsize,
    reads: AtomicUsize,
}

impl Gate for Attempts {
    fn exchange<'a>(
        &'a self,
        request: reqwest::Request,
        send: Network<'a>,
    ) -> BoxFuture<'a, Result<reqwest::Response, WireError>> {
        let call = Call::of(&request);
        match call.what.rsplit('.').next() {
            Some("TransactWriteItems") => self.transactions.fetch_add(1, Ordering::SeqCst),
            Some("GetItem") => self.reads.fetch_add(1, Ordering::SeqCst),
            _ => 0,
        };
        self.conflicts.exchange(request, send)
    }
}
