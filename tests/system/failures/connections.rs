//! F8: a submission on a connection that its peer has left, has closed, or closes under it. fal may
//! have taken it, so it is not sent again.

use super::hostile::{Peer, Proxy};
use super::submit::lease;
use super::{Quiet, failure};
use ghub::failure::FailureCode;
use ghub::status::Status;
use std::time::Duration;

/// The functions let a connection idle for 4 s. They measure it by Tokio's clock, which only a
/// runtime with one thread can put forward.
#[tokio::test]
async fn f08_a_connection_that_idled_is_not_trusted_with_a_submission() {
    let (quiet, proxy) = behind(Peer::Tires).await;
    let first = quiet.caller.accept("on a new connection").await;
    proxy.tire();
    let_idle(Duration::from_millis(4_500)).await;
    let second = quiet.caller.accept("when the first connection is dead").await;
    assert_eq!(proxy.connections(), 2, "the dead one was not used");
    proxy.close_all();
    let third = quiet.caller.accept("when all connections are closed").await;
    for job in [&first, &second, &third] {
        assert_eq!(quiet.status(job).await, Status::Processing, "fal took it and said so");
    }
    quiet.settle(&[first, second, third]).await;
    assert_eq!(quiet.stage.fal().renders(), 3);
    quiet.expect_charge_for(3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f08_a_connection_that_closes_under_a_submission_does_not_double_it() {
    let (quiet, proxy) = behind(Peer::TakesOneRequest).await;
    let first = quiet.caller.accept("the first").await;
    let second = quiet.caller.accept("the second").await;
    assert_eq!(proxy.connections(), 1, "both went the same way");
    assert_eq!(lease(&quiet.read_job(&second).await), Some(true), "it may have arrived");
    quiet.wire.lead(None); // with such a peer no second request ever gets through
    let jobs = [first, second.clone()];
    quiet.settle(&jobs).await;
    assert_eq!(failure(&quiet.read_job(&second).await), Some(FailureCode::SubmitUnknown));
    assert_eq!(quiet.wire.submissions_of("the second"), 1);
    quiet.expect_charge_for(1).await;
}

/// fal behind a peer that treats connections in its own way.
async fn behind(peer: Peer) -> (Quiet, Proxy) {
    let quiet = Quiet::new().await;
    let fal = quiet
        .stage
        .system
        .fal
        .as_ref()
        .unwrap()
        .origin
        .rsplit_once(':')
        .unwrap()
        .1
        .parse()
        .unwrap();
    let proxy = Proxy::in_front_of(fal, peer);
    quiet.wire.lead(Some((fal, proxy.port)));
    (quiet, proxy)
}

/// Puts Tokio's clock forward. Nothing but idle connections notices.
async fn let_idle(by: Duration) {
    tokio::time::pause();
    tokio::time::advance(by).await;
    tokio::time::resume();
}
