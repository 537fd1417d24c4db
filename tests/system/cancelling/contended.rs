//! A hundred cancellations of one job at once.

use crate::asking::{Ask, Reply};
use crate::routes::ROUTES;
use crate::stage::{Stage, until};
use crate::still::{AT_ONCE, FOR_HOURS};
use crate::traces::QUEUES;
use futures::future::join_all;
use ghub::status::Status;
use local::fal::Render;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// A hundred want it ended while it is looked at, doubled messages and all: one outcome, and all
/// are told the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_cancellations_are_one() {
    let moment = Render { queued: Duration::ZERO, rendering: Duration::from_millis(1_100) };
    for render in [FOR_HOURS, moment, AT_ONCE] {
        let stage = Stage::new().await;
        stage.fal().set_render(render);
        for queue in QUEUES {
            stage.system.sqs.duplicate(queue, true).unwrap();
        }
        let caller = stage.caller();
        let key = stage.key_of(&caller).await;
        let job = caller.accept("contended").await;
        stage.later(Duration::from_secs(1)); // it is due, and its messages come
        let route = ROUTES.iter().find(|route| route.path.ends_with("/cancel")).unwrap();
        let retries = AtomicUsize::new(0);
        let cancel = || settle(&stage, route.ask(&job).key(&key), &retries);
        let show = || settle(&stage, Ask::video(&key, &job), &retries);
        let (told, _) =
            tokio::join!(join_all((0..100).map(|_| cancel())), join_all((0..50).map(|_| show())));

        let ended = until(async || {
            Some(stage.read_job(caller.org, &job).await).filter(|job| !job.is_open())
        })
        .await;
        let (agreed, refused): (Vec<_>, Vec<_>) =
            told.iter().partition(|reply| reply.status == 200);
        // Each is told how the job stands at that moment: asked to stop, or over.
        let open = |reply: &Reply| {
            reply.body["status"] == "processing" && reply.body["cancel_requested"].is_i64()
        };
        for reply in agreed {
            let over = reply.body["error"] == "cancelled" && ended.status() == Status::Failed;
            assert!(open(reply) || over, "{render:?}: {}", reply.body);
        }
        for reply in refused {
            assert_eq!(ended.status(), Status::Completed, "{render:?}: {}", reply.body);
            reply.refused(409, "not_cancellable");
        }
        assert!(render != FOR_HOURS || ended.status() == Status::Failed, "it can be stopped");
        assert!(render != AT_ONCE || ended.status() == Status::Completed, "it is finished");
        let stops =
            stage.fal().requests().iter().filter(|seen| seen.path.ends_with("/cancel")).count();
        let retries = retries.into_inner();
        assert!(stops <= 1 + retries, "{render:?}: fal was asked {stops} times, {retries} retries");
        let charged = usize::from(ended.status() == Status::Completed);
        assert_eq!(
            (stage.entries("consumption").await, stage.fal().renders_of("contended")),
            (charged, 1)
        );
        stage.audit().await;
    }
}

/// The answer, when it is one that sending again would not change. On a slow machine our store may
/// be overloaded, or fal take too long for an answer: each such answer counts as a retry.
async fn settle(stage: &Stage, ask: Ask, retries: &AtomicUsize) -> Reply {
    until(async || {
        let reply = stage.ask(ask.clone()).await;
        let again = reply.status != 200 && reply.retry_after_s().is_some();
        retries.fetch_add(usize::from(again), Ordering::SeqCst);
        (!again).then_some(reply)
    })
    .await
}
