//! The operator's command line: what callers cannot do for themselves. It parses, asks and prints; every rule of money and keys is
//! the store's, and nothing here writes to a table by itself.

mod balance;
mod confirm;
mod environment;
mod failure;
mod key;
mod org;
mod output;

use clap::{Parser, Subcommand};
use environment::Operator;
use failure::Failure;
use output::Report;
use std::path::PathBuf;
use std::process::ExitCode;

/// Organizations, their API keys and their money.
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
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let line = CommandLine::parse(); // a mistake in it ends here, with exit code 2
    let json = line.json;
    let done = match run(line).await {
        Ok(report) => report.print(json),
        Err(failure) => Err(failure),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.tell(),
    }
}

async fn run(line: CommandLine) -> Result<Report, Failure> {
    let operator = Operator::new(line.env_file.as_deref())?;
    match line.noun {
        Noun::Org(command) => org::run(command, &operator).await,
        Noun::Key(command) => key::run(command, &operator).await,
        Noun::Balance(command) => balance::run(command, &operator).await,
    }
}
