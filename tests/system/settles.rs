//! Many jobs of one organization that complete at the same moment: each is charged, and the charges
//! stand in one order.

use crate::money::Conflicts;
use crate::stage::{Caller, Stage};
use futures::future::join_all;
use ghub::aws::sdk_config;
use ghub::job::Job;
use ghub::outbound::Outbound;
use ghub::store::{Entry, Posted, Store, Table, Written};
use ghub::world::World;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

const AT_ONCE: usize = 30;
/// So many charges at once are made within 2 s at AWS; a busy machine takes its time.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn thirty_settles_and_a_payment_at_once_stand_in_one_order() {
    let stage = Stage::new().await;
    stage.system.sqs.lose_if("PollQueue", |_| true).unwrap(); // the test completes the jobs itself
    let caller = stage.caller_with("126.00").await;
    let jobs = ready_to_settle(&stage, &caller).await;
    let conflicts = Arc::new(Conflicts::default());
    let world = World { outbound: Outbound::gated(conflicts.clone()), ..stage.system.world() };
    let tables = [Table::Jobs, Table::Accounts, Table::Ledger];
    let store =
        Store::new(&world, &sdk_config(&world).unwrap(), &tables).unwrap().trying_for(PATIENCE);

    let settles = jobs.iter().cloned().map(|job| {
        let store = store.clone();
        tokio::spawn(async move { store.write(&job).await })
    });
    let settles: Vec<_> = settles.collect();
    let payment = Entry::recharge(caller.org, "meanwhile", "10".parse().unwrap(), 0);
    assert_eq!(store.post(&payment).await.unwrap(), Posted::Now);
    for settled in join_all(settles).await {
        assert_eq!(settled.unwrap().unwrap(), Written::Done);
    }
    assert!(conflicts.injected.load(Ordering::SeqCst) > 0, "the conflicts were really there");
    let account = stage.store.account(caller.org).await.unwrap().unwrap();
    // the bonus and two payments
    assert_eq!((account.balance.to_string(), account.entries), ("10.00".to_owned(), 33));
    stage.audit().await; // every entry in its place, with the sum up to it

    assert_eq!(store.write(&jobs[0]).await.unwrap(), Written::Overtaken, "by another write's name");
    assert_eq!(
        store.post(&payment).await.unwrap(),
        Posted::Now,
        "the same posting again is the one that stands"
    );
    assert_eq!(stage.store.account(caller.org).await.unwrap().unwrap().entries, 33);
}

/// Jobs that are completed but for the write.
async fn ready_to_settle(stage: &Stage, caller: &Caller) -> Vec<Job> {
    let mut jobs = Vec::new();
    for number in 0..AT_ONCE {
        let id = caller.accept(&format!("video {number}")).await;
        let job = stage.read_job(caller.org, &id).await;
        let now = stage.system.world().ambient.now();
        let found =
            job.file_found("https://fal.media/files/a.mp4".to_owned(), now).applied().unwrap();
        assert_eq!(stage.store.write(&found).await.unwrap(), Written::Done);
        jobs.push(
            found.completed("https://storage.example/video.mp4".to_owned(), now).applied().unwrap(),
        );
    }
    jobs
}
