//! The parts of the local system in a run, at their origins, and the functions' environments.

use crate::aside::Aside;
use crate::clock::Clock;
use crate::deliveries::Deliveries;
use crate::dynamodb::Dynamo;
use crate::lag::Lag;
use crate::network::{Network, Peer, Sent};
use crate::scratch::Scratch;
use crate::stage::Settings;
use axum::http::{HeaderMap, Method};
use ghub::config::Env;
use local::aws::environment::Environment;
use local::aws::queues;
use local::aws::secrets_manager::SecretsManager;
use local::fal::{self, Fal};
use local::google::{self, Google};
use local::options::Pace;
use local::sqs::Sqs;
use local::supabase::{self, Supabase};
use local::system::SECRETS;
use local::template::{Function, Template};
use serde_json::json;
use std::collections::BTreeMap;

pub const FAL_KEY: &str = "chaos-key-id:chaos-key-secret";
pub const STORAGE_KEY: &str = "sb_secret_chaos";
/// The bucket of the videos.
pub const BUCKET: &str = "generated-videos";

/// Makes everything that the functions call.
pub fn network(
    settings: &Settings,
    template: &Template,
    clock: &Clock,
    aside: &Aside,
    scratch: &Scratch,
) -> Network {
    let sqs = Sqs::new(Peer::Sqs.origin(), "us-east-1", "123456789012", clock.wall());
    queues::create(&sqs, template).expect("the template's queues can be created");
    let fal = Fal::new(fal::Options {
        base_url: Peer::Fal.origin(),
        key: FAL_KEY.to_owned(),
        data_dir: None,
        render: settings.render,
        now: clock.wall(),
    });
    fal.configure(|fal| fal.cancel_stops_rendering = settings.cancel_stops_rendering);
    let google = Google::new(google::Options {
        base_url: Peer::Google.origin(),
        project: "chaos".to_owned(),
        location: "us-central1".to_owned(),
        data_dir: None,
        render: settings.render,
        now: clock.wall(),
    });
    let storage = Supabase::new(supabase::Options {
        base_url: Peer::Storage.origin(),
        key: STORAGE_KEY.to_owned(),
        data_dir: scratch.path().to_owned(),
        now: clock.shown(),
    });
    let routers = BTreeMap::from([
        (Peer::Secrets, secrets(&google).router()),
        (Peer::Sqs, sqs.router()),
        (Peer::Fal, fal.router()),
        (Peer::Google, google.router()),
        (Peer::Storage, storage.router()),
    ]);
    let dynamo = Dynamo::new(&template.tables, Lag::of(settings.index_lags_percent, settings.seed))
        .expect("the template's tables can be created");
    let deliveries =
        Deliveries::new(settings.misdelivery, settings.first_lost, &sqs, settings.seed);
    let network = Network {
        dynamo,
        sqs,
        fal,
        google,
        storage,
        aside: aside.clone(),
        clock: clock.clone(),
        deliveries,
        routers,
    };
    create_bucket(&network);
    network
}

/// Secrets Manager with every secret that the functions read.
fn secrets(google: &Google) -> SecretsManager {
    let secrets = SecretsManager::default();
    for (variable, name, _) in SECRETS {
        match variable {
            "FAL_KEY" => secrets.put(name, FAL_KEY),
            "SUPABASE_SECRET_KEY" => secrets.put(name, STORAGE_KEY),
            "GOOGLE_SERVICE_ACCOUNT" => secrets.put(name, &google.service_account_json()),
            unknown => panic!(
                "the functions read the secret {unknown}, which the harness does not know: add it here"
            ),
        }
    }
    secrets
}

/// Makes the bucket, as the operator does.
fn create_bucket(network: &Network) {
    let headers = [("apikey", STORAGE_KEY), ("content-type", "application/json")];
    let headers = headers
        .map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value")));
    let bucket = json!({
        "id": BUCKET, "name": BUCKET, "public": true,
        "allowed_mime_types": ["video/mp4"], "file_size_limit": 512 << 20,
    });
    let request = Sent {
        peer: Peer::Storage,
        method: Method::POST,
        url: format!("{}/storage/v1/bucket", Peer::Storage.origin()).parse().expect("an address"),
        headers: HeaderMap::from_iter(headers),
        body: bucket.to_string().into(),
    };
    // It waits only for the other thread.
    let answer = futures::executor::block_on(network.deliver(request));
    assert_eq!(answer.status, 200, "{:?}", answer.body);
}

/// The environment of each function, and of all together.
pub fn environments(template: &Template, network: &Network) -> (BTreeMap<String, Env>, Env) {
    let catalog = local::simulators::catalog(Pace::Usual, |_| true, "{}")
        .expect("the local catalog can be written");
    let parameters = [
        ("FalQueueUrl", Peer::Fal.origin()),
        ("DownloadHosts", Peer::Fal.host().to_owned()),
        ("GoogleProject", "chaos".to_owned()),
        ("GoogleLocation", "us-central1".to_owned()),
        ("GoogleApiUrl", Peer::Google.origin()),
        ("GoogleStorageApiUrl", Peer::Google.origin()),
        ("SupabaseUrl", Peer::Storage.origin()),
        ("Catalog", catalog),
    ];
    let secrets = SECRETS.map(|(_, name, parameter)| (parameter, name.to_owned()));
    let parameters =
        parameters.into_iter().chain(secrets).map(|(name, value)| (name.to_owned(), value));
    let environment = Environment {
        parameters: parameters.collect(),
        secrets_manager: Peer::Secrets.origin(),
        dynamodb: Peer::DynamoDb.origin(),
        sqs_endpoint: Peer::Sqs.origin(),
        sqs: network.sqs.clone(),
    };
    let of = |function: &Function| {
        (
            function.name.clone(),
            environment.of(template, function).expect("every variable has a value"),
        )
    };
    let all = environment.of_all(template).expect("one name, one meaning");
    (template.functions.iter().map(of).collect(), all.into_iter().collect())
}
