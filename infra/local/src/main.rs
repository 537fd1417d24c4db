//! `cargo local`: the whole system on one machine.

use clap::{Args, Parser, Subcommand};
use ghub::foreign_text::printable_lines;
use ghub::money::Money;
use ghub::telemetry;
use local::client::Client;
use local::demo::{self, Order};
use local::options::{Options, Pace};
use local::outside::Outside;
use local::place::{DEFAULT_PORT, Data, HIGHEST_PORT, Ports};
use local::system::{System, unseen};
use local::terminal::say;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::SystemTime;

const HELP: &str = "\
Without variables everything outside is simulated, and nothing costs money. Real services, from the environment or from --env-file;
where both name a value, the file's is taken:
  FAL_KEY                                      fal: its key, id:secret
  FAL_QUEUE_URL                                fal's queue, if not https://queue.fal.run
  GOOGLE_SERVICE_ACCOUNT, GOOGLE_PROJECT       Google: the JSON of a service account's key, or the base64 of it, and the project
  GOOGLE_LOCATION, GOOGLE_STORAGE_URI          where it renders (us-central1), and a bucket for its videos, gs://bucket/folder
  SUPABASE_URL, SUPABASE_SECRET_KEY            Supabase: https://<project>.supabase.co and a secret key, sb_secret_…
  SUPABASE_BUCKET                              its bucket, generated-videos
  CATALOG, MARKUP, FX_MXN_PER_USD              prices and models, as in README.md
  HIGHEST_USD_PER_SECOND                       what a model in CATALOG may cost at most (10)
  DOWNLOAD_HOSTS                               further hosts from which finished files may be fetched
A real provider bills every render.";

/// GeekHub Video on this machine: nothing to install, nothing to pay.
#[derive(Parser)]
#[command(name = "cargo local", bin_name = "cargo local", after_long_help = HELP)]
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
        #[command(flatten)]
        order: Order,
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
    /// The API's port on 127.0.0.1; the six ports after it are for what is behind the API. 0 takes
    /// free ones. URLs of earlier videos keep the port that they were stored at, and answer at no
    /// other.
    #[arg(long, default_value_t = DEFAULT_PORT, value_parser = clap::value_parser!(u16).range(..=i64::from(HIGHEST_PORT)))]
    port: u16,
    /// The folder where the data is kept.
    #[arg(long, default_value = DATA)]
    data_dir: PathBuf,
    /// A file with the variables of real services: NAME='value' lines, # comments. `cargo local
    /// --help` names them.
    #[arg(long, value_name = "FILE")]
    env_file: Option<PathBuf>,
}

/// Where the data is kept, unless another folder is given.
const DATA: &str = ".local";

#[tokio::main]
async fn main() -> ExitCode {
    telemetry::on_stderr(SHOWN);
    let line = Cli::try_parse().unwrap_or_else(|mistake| end_with(&mistake));
    let done = match line.command {
        Command::Up { place, json, no_api } => up(&place, json, no_api).await,
        Command::Demo { place, order, keep } => demonstrate(&place, &order, keep).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{}", printable_lines(&message));
            ExitCode::FAILURE
        }
    }
}

/// Prints help, or a mistake with what was typed, and ends: with exit code 2 for a mistake.
fn end_with(mistake: &clap::Error) -> ! {
    if mistake.use_stderr() {
        eprintln!("{}", printable_lines(&mistake.to_string()));
        std::process::exit(mistake.exit_code());
    }
    mistake.exit()
}

async fn up(place: &Place, json: bool, no_api: bool) -> Result<(), String> {
    let system = start(place, !no_api).await?;
    if json {
        for line in system.outside().await.iter().filter(|line| !line.usable) {
            eprintln!("note: {}: {}", line.name, line.text);
        }
        say(system.addresses())?;
    } else {
        greet(&system).await?;
    }
    until_told_to_stop().await;
    system.stop().await;
    Ok(())
}

async fn demonstrate(place: &Place, order: &Order, keep: bool) -> Result<(), String> {
    let system = start(place, true).await?;
    for line in system.outside().await.iter().filter(|line| line.real) {
        say(format!("{:<9} {}", line.name, line.text))?;
    }
    let api = system.api.clone().unwrap_or_default();
    let done = demo::run(&Client::new(&api, &system.identity.live_key), order).await;
    done.map_err(|stopped| stopped.told(|amount| way_to_pay(amount, place, &system)))?;
    if keep {
        say(format!("\nThe system stays up at {api} until Ctrl-C."))?;
        until_told_to_stop().await;
    } else {
        say(
            "\nThe URL answers while the system is up: `cargo local demo --keep …`, or `cargo local up`.",
        )?;
    }
    system.stop().await;
    Ok(())
}

/// How the caller's balance is topped up, as it has to be typed. A reference credits once, so each
/// time has its own.
fn way_to_pay(amount: Money, place: &Place, system: &System) -> String {
    let quoted = |path: &Path| format!("'{}'", path.display().to_string().replace('\'', r"'\''"));
    let (data, env) = (quoted(&place.data_dir), quoted(&place.data_dir.join("env")));
    let folder = if place.data_dir == Path::new(DATA) {
        String::new()
    } else {
        format!(" --data-dir {data}")
    };
    let now = system.world().ambient.now().unix_s();
    format!(
        "Start the system with `cargo local up{folder}`, and pay in from a second terminal:\n  \
         cargo admin --env-file {env} balance recharge --org {} --amount {amount} --reference demo-{now} --yes",
        system.identity.org
    )
}

/// Starts the system with what a person set, and says what of that was not taken.
async fn start(place: &Place, api: bool) -> Result<System, String> {
    let Outside { parameters, secrets, notes } = Outside::read(place.env_file.as_deref())?;
    for note in notes {
        eprintln!("note: {note}");
    }
    let options = Options {
        ports: if place.port == 0 { Ports::Free } else { Ports::From(place.port) },
        data: Data::Directory(place.data_dir.clone()),
        pace: if place.fast { Pace::Fast } else { Pace::Usual },
        api,
        parameters,
        secrets,
        now: Arc::new(SystemTime::now),
        gate: None,
        metrics: unseen(),
    };
    System::start(options).await
}

async fn greet(system: &System) -> Result<(), String> {
    let api = system.api.as_deref().unwrap_or("left to cargo lambda watch");
    let key = &system.identity.live_key;
    say(format!("API       {api}"))?;
    say(format!("key       {key}   (organization {})", system.identity.org))?;
    say(format!("sandbox   {}   (nothing is rendered or charged)", system.identity.sandbox_key))?;
    for line in system.outside().await {
        say(format!("{:<9} {}", line.name, line.text))?;
    }
    say(format!("DynamoDB  {}", system.dynamodb))?;
    say(format!("SQS       {}", system.sqs_endpoint))?;
    say(format!("variables {}", system.env_file().display()))?;
    if system.api.is_some() {
        say(format!("\ncurl {api}/videos/generations -H 'Authorization: Bearer {key}' \\"))?;
        say(r#"  -d '{"model":"fal/kling-2","prompt":"a hummingbird at dawn"}'"#)?;
    }
    say("\nCtrl-C ends it.")
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

/// What is shown unless `RUST_LOG` says otherwise. The embedded DynamoDB warns of every condition
/// that fails and every transaction that is refused. Both are how the functions work, so those
/// lines are left out. Each function would also say what is wrong with a provider's secret; the
/// greeting says it once.
const SHOWN: &str = "warn,dynoxide::server=error,ghub::secrets::provider=off";
