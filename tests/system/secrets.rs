//! The operator's secrets: read at the start, read again after five minutes, and never in a log.

use crate::stage::Stage;
use crate::traces::Call;
use ghub::aws::sdk_config;
use ghub::outbound::{Exchange, Gate, Network};
use ghub::secrets::Secrets;
use ghub::status::Status;
use ghub::storage::Storage;
use ghub::world::World;
use local::fal::Render;
use local::options::Options;
use local::system::System;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

const FIVE_MINUTES: Duration = Duration::from_secs(5 * 60);

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_secret_holds_after_five_minutes_without_a_new_start() {
    let stage = Stage::new().await;
    let caller = stage.caller();
    let rotated = "another-id:another-secret";
    stage.system.secrets_manager.put("local/fal-key", rotated);
    stage
        .until(caller.org, &caller.accept("with the key of before").await, Status::Completed)
        .await;

    stage.later(FIVE_MINUTES);
    stage.fal().set_key(rotated);
    stage.until(caller.org, &caller.accept("with the key of now").await, Status::Completed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_cannot_be_read_again_holds_on() {
    let stage = Stage::new().await;
    let caller = stage.caller();
    stage.fal().set_render(Render { queued: Duration::ZERO, rendering: Duration::ZERO });
    stage.system.secrets_manager.delete("local/fal-key");
    stage.system.secrets_manager.delete("local/supabase-secret-key");
    stage.later(FIVE_MINUTES);
    let job = caller.accept("the secrets are gone").await;
    stage.until(caller.org, &job, Status::Completed).await;
}

/// The caller waits for the submit: it takes the old secrets after 2 s, before the SDK would try a
/// second time.
#[tokio::test(flavor = "multi_thread")]
async fn a_secrets_manager_that_hangs_is_not_waited_for() {
    let hanging = Arc::new(Hanging::default());
    let stage = Stage::with(Options { gate: Some(hanging.clone()), ..Options::test() }).await;
    let caller = stage.caller();
    stage.later(FIVE_MINUTES);
    hanging.begun.store(true, Ordering::SeqCst);
    let job = caller.accept("nobody answers").await;
    assert_eq!(stage.read_job(caller.org, &job).await.status(), Status::Processing, "fal has it");
    assert_eq!(
        hanging.asked_by_submit.load(Ordering::SeqCst),
        2,
        "once for each provider's secret, at the same time"
    );
}

/// From a moment on Secrets Manager takes questions and never answers.
#[derive(Debug, Default)]
struct Hanging {
    begun: AtomicBool,
    asked_by_submit: AtomicUsize,
}

impl Gate for Hanging {
    fn exchange<'a>(&'a self, request: reqwest::Request, send: Network<'a>) -> Exchange<'a> {
        let call = Call::of(&request);
        if !call.what.starts_with("secretsmanager.") || !self.begun.load(Ordering::SeqCst) {
            return send(request);
        }
        if call.by.as_deref() == Some("submit-video") {
            self.asked_by_submit.fetch_add(1, Ordering::SeqCst);
        }
        Box::pin(std::future::pending())
    }
}

/// Only storage's secret stops a start, and only of the functions that store.
#[tokio::test(flavor = "multi_thread")]
async fn storages_secret_that_is_not_there_stops_the_start_and_is_named() {
    let parameters = BTreeMap::from([
        ("SupabaseUrl".to_owned(), "https://project.supabase.test".to_owned()),
        ("SupabaseSecretKeySecret".to_owned(), "ghub/no-such-secret".to_owned()),
    ]);
    let stopped = System::start(Options { parameters, ..Options::test() }).await;
    let Err(says) = stopped else { panic!("it started without its secret") };
    assert_eq!(
        says,
        "the environment variable SUPABASE_SECRET_KEY_SECRET names the secret \"ghub/no-such-secret\", which cannot be \
         read: AccessDeniedException: not authorized to perform secretsmanager:GetSecretValue on resource: \
         ghub/no-such-secret. Either it does not exist, or the role may not read it"
    );
}

/// On a developer's machine a secret may be in the environment itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_variable_wins_over_the_secret_that_another_names() {
    let stage = Stage::new().await;
    let own = [("SUPABASE_SECRET_KEY".to_owned(), "sb_secret_local".to_owned())];
    let elsewhere = [("SUPABASE_SECRET_KEY_SECRET".to_owned(), "ghub/no-such-secret".to_owned())];
    let world = |env| World { env, ..World::process() };
    let variables = || stage.system.variables.clone().into_iter().chain(elsewhere.clone());
    let (with, without) = (world(variables().chain(own).collect()), world(variables().collect()));
    assert!(Storage::new(&with, &sdk_config(&with).unwrap()).await.is_ok());
    assert!(Storage::new(&without, &sdk_config(&without).unwrap()).await.is_err());
    let none = World { env: [].into(), ..World::process() };
    let secrets = Secrets::new(&none, &sdk_config(&with).unwrap());
    assert!(secrets.credential("FAL_KEY", |secret| Ok(secret.clone())).await.unwrap().is_none());
}
