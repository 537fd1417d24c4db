//! The world outside, simulated on the wire: fal, Google and Supabase, and what they share. A
//! simulator can be told to misbehave, and remembers what it was asked.
//!
//! This module starts them, and sets the parameters and secrets that point the functions at them. A
//! provider or storage that is really there is not simulated.

pub mod fal;
pub mod faults;
pub mod google;
pub mod supabase;
pub mod video;

pub(crate) mod dates;
mod door;
mod json_file;
mod output;
mod provider;
mod ranges;
mod script;
mod seen;
mod shelf;
mod verdict;

use self::fal::{Fal, Render};
use self::google::Google;
use self::supabase::Supabase;
use crate::options::{Options, Pace};
use crate::place::{Part, Scratch};
use crate::system::{serve, text};
use ghub::catalog::Catalog;
use ghub::outbound::Outbound;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::task::JoinSet;

pub(crate) const FAL_KEY: &str = "local-key-id:local-key-secret";
pub(crate) const STORAGE_KEY: &str = "sb_secret_local";
const GOOGLE_PROJECT: &str = "local-project";
const GOOGLE_LOCATION: &str = "us-central1";

/// A simulator and where it listens.
pub struct Simulated<T> {
    /// `http://127.0.0.1:…`.
    pub origin: String,
    /// What it can be told and asked.
    pub simulator: T,
}

pub(crate) async fn fal(
    options: &Options,
    scratch: &Scratch,
    parameters: &mut BTreeMap<String, String>,
    secrets: &mut BTreeMap<String, String>,
    tasks: &mut JoinSet<()>,
) -> Result<Option<Simulated<Fal>>, String> {
    if secrets.contains_key("FAL_KEY") {
        return Ok(None);
    }
    let (listener, origin) = options.ports.listen(Part::Fal).await?;
    let simulator = Fal::new(fal::Options {
        base_url: origin.clone(),
        key: FAL_KEY.to_owned(),
        data_dir: options.data.is_kept().then(|| scratch.path().join("fal")),
        render: render(options.pace),
        now: options.now.clone(),
    });
    tasks.spawn(serve(listener, simulator.router()));
    let hosts =
        parameters.get("DownloadHosts").map(|hosts| format!("{hosts},")).unwrap_or_default();
    parameters.insert("FalQueueUrl".to_owned(), origin.clone());
    secrets.insert("FAL_KEY".to_owned(), FAL_KEY.to_owned());
    parameters.insert(
        "DownloadHosts".to_owned(),
        format!("{hosts}{}", origin.trim_start_matches("http://")),
    );
    Ok(Some(Simulated { origin, simulator }))
}

pub(crate) async fn storage(
    options: &Options,
    scratch: &Scratch,
    parameters: &mut BTreeMap<String, String>,
    secrets: &mut BTreeMap<String, String>,
    tasks: &mut JoinSet<()>,
) -> Result<Option<Simulated<Supabase>>, String> {
    if parameters.contains_key("SupabaseUrl") {
        return Ok(None);
    }
    let (listener, origin) = options.ports.listen(Part::Storage).await?;
    let simulator = Supabase::new(supabase::Options {
        base_url: origin.clone(),
        key: STORAGE_KEY.to_owned(),
        data_dir: scratch.path().join("storage"),
        now: options.now.clone(),
    });
    tasks.spawn(serve(listener, simulator.router()));
    create_bucket(
        &origin,
        parameters.get("SupabaseBucket").map_or("generated-videos", String::as_str),
    )
    .await?;
    parameters.insert("SupabaseUrl".to_owned(), origin.clone());
    secrets.insert("SUPABASE_SECRET_KEY".to_owned(), STORAGE_KEY.to_owned());
    Ok(Some(Simulated { origin, simulator }))
}

/// Makes the bucket as `cargo admin storage init` would. One that is there from an earlier start is
/// refused, and that is right.
async fn create_bucket(origin: &str, bucket: &str) -> Result<(), String> {
    let url = format!("{origin}/storage/v1/bucket").parse().map_err(text)?;
    let body = json!({
        "id": bucket, "name": bucket, "public": true,
        "allowed_mime_types": ["video/mp4"], "file_size_limit": 512 << 20,
    });
    let mut request = reqwest::Request::new(reqwest::Method::POST, url);
    let headers = request.headers_mut();
    headers.insert("apikey", reqwest::header::HeaderValue::from_static(STORAGE_KEY));
    headers.insert(
        reqwest::header::CONTENT_TYPE,
        reqwest::header::HeaderValue::from_static("application/json"),
    );
    *request.body_mut() = Some(body.to_string().into());
    Outbound::network().exchange(request).await.map(drop).map_err(text)
}

pub(crate) async fn google(
    options: &Options,
    scratch: &Scratch,
    parameters: &mut BTreeMap<String, String>,
    secrets: &mut BTreeMap<String, String>,
    tasks: &mut JoinSet<()>,
) -> Result<Option<Simulated<Google>>, String> {
    if secrets.contains_key("GOOGLE_SERVICE_ACCOUNT") {
        return Ok(None);
    }
    let (listener, origin) = options.ports.listen(Part::Google).await?;
    let simulator = Google::new(google::Options {
        base_url: origin.clone(),
        project: GOOGLE_PROJECT.to_owned(),
        location: GOOGLE_LOCATION.to_owned(),
        data_dir: options.data.is_kept().then(|| scratch.path().join("google")),
        render: render(options.pace),
        now: options.now.clone(),
    });
    tasks.spawn(serve(listener, simulator.router()));
    let account = simulator.service_account_json();
    scratch.write("service-account.json", &account)?;
    secrets.insert("GOOGLE_SERVICE_ACCOUNT".to_owned(), account);
    for (name, value) in [
        ("GoogleProject", GOOGLE_PROJECT),
        ("GoogleLocation", GOOGLE_LOCATION),
        ("GoogleApiUrl", &origin),
        ("GoogleStorageApiUrl", &origin),
    ] {
        parameters.insert(name.to_owned(), value.to_owned());
    }
    Ok(Some(Simulated { origin, simulator }))
}

fn render(pace: Pace) -> Render {
    let (queued, rendering) = match pace {
        Pace::Usual => (Duration::from_secs(10), Duration::from_secs(110)),
        Pace::Fast => (Duration::from_millis(200), Duration::from_millis(800)),
    };
    Render { queued, rendering }
}

/// The local catalog: the models without a live upstream are routed to the simulators, `Fast` looks
/// every second, and what is set otherwise wins.
pub fn catalog(pace: Pace, fal: bool, google: bool, set: &str) -> Result<String, String> {
    let mut overrides: Map<String, Value> = Map::new();
    for model in Catalog::published().iter() {
        let mut change = Map::new();
        if pace == Pace::Fast {
            change.insert("poll_every_seconds".to_owned(), 1.into());
        }
        match model.id.as_str() {
            "fal/runway-gen-4" if fal => {
                drop(change.insert("route".to_owned(), "fal-ai/runway-gen-4".into()))
            }
            "google/veo-3" if google => {
                drop(change.insert("route".to_owned(), "veo-3-local".into()))
            }
            _ => {}
        }
        overrides.insert(model.id.clone(), change.into());
    }
    // The merged catalog is checked too, but its mistakes would have places in a text that no
    // person wrote.
    Catalog::with_overrides(set).map_err(|error| format!("CATALOG is wrong: {error}"))?;
    let set: Map<String, Value> = serde_json::from_str(set).map_err(text)?;
    for (id, change) in set {
        let known = overrides.entry(id).or_insert_with(|| json!({}));
        known
            .as_object_mut()
            .into_iter()
            .for_each(|known| known.extend(change.as_object().cloned().unwrap_or_default()));
    }
    Ok(Value::Object(overrides).to_string())
}
