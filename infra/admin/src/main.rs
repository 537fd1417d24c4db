//! The operator's command line: what callers cannot do for themselves. It parses, asks and prints; every rule of money and keys is
//! the store's, and nothing here writes to a table by itself.

mod balance;
mod bucket;
mod confirm;
mod doctor;
mod environment;
mod failure;
mod key;
mod org;
mod output;
mod storage;

use clap::{Parser, Subcommand};
use environment::{Deployment, Operator};
use failure::Failure;
use output::print;
use std::path::PathBuf;
use std::process::ExitCode;

/// Organizations, their API keys and their money; the bucket; and a doctor for all of it.
#[derive(Debug, Parser)]
#[command(name = "admin", bin_name = "cargo admin", after_long_help = environment::HELP)]
struct CommandLine {
    /// Print one JSON object, for programs; money is decimal text, times are Unix seconds
    #[arg(long, global = true)]
    json: bool,
    /// Read the configuration from this file too (NAME='value' lines, # comments); it wins over the environment
    #[arg(long, global = true, value_name = "FILE")]
    env_file: Option<PathBuf>,
    #[command(subcommand)]
    noun: Noun,
}

#[derive(Debug, Subcommand)]
enum Noun {
    /// Organizations: the tenants that own keys, jobs and a balance
    #[command(subcommand)]
    Org(org::Command),
    /// API keys
    #[command(subcommand)]
    Key(key::Command),
    /// An organization's money
    #[command(subcommand)]
    Balance(balance::Command),
    /// The bucket that videos are put into
    #[command(subcommand)]
    Storage(storage::Command),
    /// Look at everything that the deployment needs, and say what to do about what is wrong
    #[command(after_long_help = doctor::HELP)]
    Doctor,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let line = CommandLine::parse(); // a mistake in it ends here, with exit code 2
    run(line).await.unwrap_or_else(|failure| failure.tell())
}

async fn run(CommandLine { json, env_file, noun }: CommandLine) -> Result<ExitCode, Failure> {
    let deployment = Deployment::read(env_file.as_deref())?;
    let report = match noun {
        Noun::Doctor => {
            let diagnosis = doctor::examine(&deployment).await;
            print(&if json { format!("{}\n", diagnosis.json()) } else { diagnosis.table() })?;
            return Ok(if diagnosis.is_sound() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Noun::Org(command) => org::run(command, &Operator::new(&deployment)?).await?,
        Noun::Key(command) => key::run(command, &Operator::new(&deployment)?).await?,
        Noun::Balance(command) => balance::run(command, &Operator::new(&deployment)?).await?,
        Noun::Storage(command) => storage::run(command, &deployment).await?,
    };
    print(&report.text(json))?;
    Ok(ExitCode::SUCCESS)
}
