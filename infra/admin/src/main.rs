//! The operator's command line, for everything that callers cannot do for themselves. It parses,
//! asks and prints. The store has every rule about money and keys, and nothing here writes to a
//! table by itself.

mod audit;
mod balance;
mod bucket;
mod confirm;
mod dlq;
mod doctor;
mod environment;
mod failure;
mod job;
mod jobs;
mod key;
mod ledger;
mod org;
mod output;
mod posting;
mod storage;
mod who;

use clap::{Parser, Subcommand};
use environment::{Deployment, Operator};
use failure::Failure;
use ghub::actor::Actor;
use ghub::foreign_text::printable_lines;
use output::{Answer, print};
use std::path::PathBuf;
use std::process::ExitCode;

/// Manage organizations, their API keys, jobs and money, the queues and the bucket; audit and check
/// all of it
#[derive(Debug, Parser)]
#[command(name = "admin", bin_name = "cargo admin", after_long_help = environment::HELP)]
struct CommandLine {
    /// Print one JSON object, for programs; money is decimal text, times are Unix seconds
    #[arg(long, global = true)]
    json: bool,
    /// Read the configuration from this file too (NAME='value' lines, # comments); it wins over the
    /// environment
    #[arg(long, global = true, value_name = "FILE")]
    env_file: Option<PathBuf>,
    /// Your name, which is stored beside everything that you change. Without it, your user name on
    /// this machine is stored
    #[arg(long = "as", global = true, value_name = "NAME")]
    actor: Option<Actor>,
    #[command(subcommand)]
    noun: Noun,
}

#[derive(Debug, Subcommand)]
enum Noun {
    /// Organizations: the tenants that own keys, jobs and a balance
    #[command(subcommand)]
    Org(org::Command),
    /// Create, list and revoke API keys
    #[command(subcommand)]
    Key(key::Command),
    /// Show and change an organization's money
    #[command(subcommand)]
    Balance(balance::Command),
    /// Show an organization's ledger: everything that ever moved its money
    Ledger(ledger::Ledger),
    /// List jobs of one organization or of all: the newest, or those that are open or stuck
    Jobs(jobs::Jobs),
    /// Show, recheck or end one job
    #[command(subcommand)]
    Job(job::Command),
    /// Show and resend messages that no function could process
    #[command(subcommand)]
    Dlq(dlq::Command),
    /// Recompute accounts from their ledger and jobs, and say where they differ; the exit code is 1
    /// if one differs or could not be judged
    Audit(audit::Audit),
    /// Set up the bucket that videos are put into
    #[command(subcommand)]
    Storage(storage::Command),
    /// Check everything that the deployment needs, and say what to do about what is wrong
    #[command(after_long_help = doctor::HELP)]
    Doctor,
}

/// An item that cannot be read is left out of the answer, and the log says so.
const LEFT_OUT: &str = "off,ghub::store::page=error";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let line = CommandLine::try_parse().unwrap_or_else(|mistake| end_with(&mistake));
    ghub::telemetry::on_stderr(LEFT_OUT);
    run(line).await.unwrap_or_else(|failure| failure.tell())
}

/// Prints the help, or a mistake in the command line. Then exits, with code 2 for a mistake.
fn end_with(mistake: &clap::Error) -> ! {
    if mistake.use_stderr() {
        eprintln!("{}", printable_lines(&mistake.to_string()));
        std::process::exit(mistake.exit_code());
    }
    mistake.exit()
}

async fn run(
    CommandLine { json, env_file, actor, noun }: CommandLine,
) -> Result<ExitCode, Failure> {
    let deployment = Deployment::read(env_file.as_deref())?;
    let answer = answer(noun, &deployment, &who::operates(actor)).await;
    let answer = answer.map_err(|failure| failure.at(&deployment.world.env))?;
    print(&answer.text(json))?;
    Ok(if answer.sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn answer(noun: Noun, deployment: &Deployment, actor: &Actor) -> Result<Answer, Failure> {
    let operator = || Operator::new(deployment, actor);
    Ok(match noun {
        Noun::Org(command) => org::run(command, &operator()?).await?,
        Noun::Key(command) => key::run(command, &operator()?).await?,
        Noun::Balance(command) => balance::run(command, &operator()?).await?.into(),
        Noun::Ledger(ledger) => ledger.run(&operator()?).await?,
        Noun::Jobs(jobs) => jobs.run(&operator()?).await?.into(),
        Noun::Job(command) => job::run(command, &operator()?).await?.into(),
        Noun::Dlq(command) => dlq::run(command, &deployment.world).await?.into(),
        Noun::Audit(audit) => audit.run(&operator()?).await?,
        Noun::Storage(command) => storage::run(command, deployment).await?.into(),
        Noun::Doctor => {
            let diagnosis = doctor::examine(deployment).await;
            Answer { json: diagnosis.json(), text: diagnosis.table(), sound: diagnosis.is_sound() }
        }
    })
}
