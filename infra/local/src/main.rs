//! `cargo local`: the whole system on one machine.

use clap::{Args, Parser, Subcommand};
use local::client::Client;
use local::demo::{self, Order};
use local::options::{Options, Pace};
use local::place::{DEFAULT_PORT, Data, Ports};
use local::system::{System, unseen};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::SystemTime;

/// GeekHub Video on this machine: nothing to install, nothing to pay.
#[derive(Parser)]
#[command(name = "cargo local", bin_name = "cargo local")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Starts the system and keeps it up until Ctrl-C.
    Up {
        #[command(flatten)]
        place: Place,
        /// Print one line of JSON when everything is ready, and nothing else, on standard output.
        #[arg(long)]
        json: bool,
        /// Leave the API to `cargo lambda watch`.
        #[arg(long)]
        no_api: bool,
    },
    /// Starts the system, makes one video on it and shows what it cost.
    Demo {
        #[command(flatten)]
        place: Place,
        /// What the video shows.
        prompt: String,
        /// One of the catalog's models.
        #[arg(long, default_value = "fal/kling-2")]
        model: String,
        /// Seconds of video; the model's default if you do not say.
        #[arg(long)]
        duration: Option<u32>,
        /// Such as 16:9; the provider's default if you do not say.
        #[arg(long)]
        aspect_ratio: Option<String>,
        /// Stay up afterwards, so that the video's URL keeps answering.
        #[arg(long)]
        keep: bool,
    },
}

#[derive(Args)]
struct Place {
    /// Render in a second instead of minutes.
    #[arg(long)]
    fast: bool,
    /// The API's port on 127.0.0.1, with the next five for what is behind it; 0 picks free ones.
    #[arg(long, default_value_t = DEFAULT_PORT)]
    port: u16,
    /// Where the data is kept.
    #[arg(long, default_value = ".local")]
    data_dir: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    log_to_stderr();
    let done = match Cli::parse().command {
        Command::Up { place, json, no_api } => up(&place, json, no_api).await,
        Command::Demo { place, prompt, model, duration, aspect_ratio, keep } => {
            demonstrate(&place, &Order { prompt, model, duration, aspect_ratio }, keep).await
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

async fn up(place: &Place, json: bool, no_api: bool) -> Result<(), String> {
    let system = System::start(options(place, !no_api)).await?;
    if json {
        println!("{}", system.addresses());
    } else {
        greet(&system);
    }
    until_told_to_stop().await;
    system.stop().await;
    Ok(())
}

async fn demonstrate(place: &Place, order: &Order, keep: bool) -> Result<(), String> {
    let system = System::start(options(place, true)).await?;
    let api = system.api.clone().unwrap_or_default();
    demo::run(&Client::new(&api, &system.identity.live_key), order).await?;
    if keep {
        println!("\nThe system stays up at {api} until Ctrl-C.");
        until_told_to_stop().await;
    } else {
        println!("\nThe URL answers while the system is up: `cargo local demo --keep …`, or `cargo local up`.");
    }
    system.stop().await;
    Ok(())
}

fn options(place: &Place, api: bool) -> Options {
    Options {
        ports: if place.port == 0 { Ports::Free } else { Ports::From(place.port) },
        data: Data::Directory(place.data_dir.clone()),
        pace: if place.fast { Pace::Fast } else { Pace::Usual },
        api,
        parameters: parameters(),
        secrets: secrets(),
        now: Arc::new(SystemTime::now),
        gate: None,
        metrics: unseen(),
    }
}

/// The operator's secrets from this process's environment: with `FAL_KEY` set, the real fal is used.
fn secrets() -> BTreeMap<String, String> {
    let names = ["FAL_KEY", "GOOGLE_SERVICE_ACCOUNT", "SUPABASE_SECRET_KEY"];
    names.into_iter().filter_map(|name| Some((name.to_owned(), set(name)?))).collect()
}

/// The template's parameters from there: with `SUPABASE_URL` set, the real one is used.
fn parameters() -> BTreeMap<String, String> {
    let names = [
        ("FX_MXN_PER_USD", "FxMxnPerUsd"),
        ("MARKUP", "Markup"),
        ("CATALOG", "Catalog"),
        ("FAL_QUEUE_URL", "FalQueueUrl"),
        ("GOOGLE_PROJECT", "GoogleProject"),
        ("GOOGLE_LOCATION", "GoogleLocation"),
        ("GOOGLE_STORAGE_URI", "GoogleStorageUri"),
        ("GOOGLE_API_URL", "GoogleApiUrl"),
        ("GOOGLE_STORAGE_API_URL", "GoogleStorageApiUrl"),
        ("SUPABASE_URL", "SupabaseUrl"),
        ("SUPABASE_BUCKET", "SupabaseBucket"),
        ("DOWNLOAD_HOSTS", "DownloadHosts"),
    ];
    names.into_iter().filter_map(|(variable, parameter)| Some((parameter.to_owned(), set(variable)?))).collect()
}

fn set(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|value| !value.is_empty())
}

fn greet(system: &System) {
    let api = system.api.as_deref().unwrap_or("left to cargo lambda watch");
    let key = &system.identity.live_key;
    println!("API       {api}");
    println!("key       {key}   (organization {})", system.identity.org);
    println!("sandbox   {}   (nothing is rendered or charged)", system.identity.sandbox_key);
    println!("fal       {}", system.fal.as_ref().map_or("the real one: FAL_KEY is set", |fal| &fal.origin));
    let google = system.google.as_ref();
    println!("Google    {}", google.map_or("the real one: GOOGLE_SERVICE_ACCOUNT is set", |google| &google.origin));
    println!(
        "storage   {}",
        system.storage.as_ref().map_or("the real one: SUPABASE_URL is set", |storage| &storage.origin)
    );
    println!("DynamoDB  {}", system.dynamodb);
    println!("SQS       {}", system.sqs_endpoint);
    println!("variables {}", system.env_file().display());
    if system.api.is_some() {
        println!("\ncurl {api}/videos/generations -H 'Authorization: Bearer {key}' \\");
        println!("  -d '{{\"model\":\"fal/kling-2\",\"prompt\":\"a hummingbird at dawn\"}}'");
    }
    println!("\nCtrl-C ends it.");
}

async fn until_told_to_stop() {
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}

/// Warnings and errors only, on standard error, unless `RUST_LOG` says otherwise.
fn log_to_stderr() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false).init();
}
