//! A lease is written for a function that holds it, or not at all.

use crate::dynamo::Fault;
use crate::fixtures::at;
use crate::stage::{Stage, moved};
use ghub::job::{Job, State};
use ghub::store::{StoreError, Written};
use serde_json::json;
use std::time::Duration;

/// A job that waits to be sent: once with the lease, once with its turn given back.
async fn waiting(stage: &Stage) -> (Job, Job) {
    let org = stage.org("100.00").await;
    let waiting = stage.accept_job(org).await;
    (moved(waiting.clone().leased(at(1))), moved(waiting.again_in(at(1), Duration::from_secs(10))))
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_could_not_be_written_is_not_written_late() {
    let stage = Stage::new();
    let hasty = stage.store.trying_for(Duration::from_millis(10));
    let throttled = json!({"__type": "a#ThrottlingException", "message": "no"});
    for fault in [Fault::Late, Fault::NotSent, Fault::Answer(400, throttled)] {
        let (leased, without) = waiting(&stage).await;
        stage.dynamo.meets("UpdateItem", [fault]);
        let told = hasty.lease(&leased, &without).await;
        assert!(matches!(told, Err(StoreError::Unavailable(_))), "{told:?}");
        assert!(stage.dynamo.deliver_late().iter().all(|status| *status == 400));
        assert_eq!(stage.store.job(leased.org(), leased.id()).await.unwrap(), Some(without));
    }
}

#[tokio::test(start_paused = true)]
async fn a_lease_whose_answer_was_lost_is_held() {
    let stage = Stage::new();
    let hasty = stage.store.trying_for(Duration::from_millis(10));
    let (leased, without) = waiting(&stage).await;
    stage.dynamo.meets("UpdateItem", [Fault::AnswerLost]);
    assert_eq!(hasty.lease(&leased, &without).await.unwrap(), Written::Done);
    let found = stage.store.job(leased.org(), leased.id()).await.unwrap().unwrap();
    assert!(matches!(found.state(), State::Pending { lease_until: Some(_) }), "{found:?}");
}

#[tokio::test(start_paused = true)]
async fn a_lease_over_what_another_wrote_is_not_ours() {
    let stage = Stage::new();
    let hasty = stage.store.trying_for(Duration::from_millis(10));
    for fault in [None, Some(Fault::Late)] {
        let (leased, without) = waiting(&stage).await;
        assert_eq!(stage.store.lease(&leased, &without).await.unwrap(), Written::Done);
        stage.dynamo.meets("UpdateItem", fault);
        assert_eq!(
            hasty.lease(&leased, &without).await.unwrap(),
            Written::Overtaken,
            "the same content by another"
        );
    }
}
