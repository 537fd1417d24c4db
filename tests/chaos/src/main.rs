//! `cargo chaos`: the fault harness's long run.

use chaos::scorecard::{Scorecard, replay};
use clap::Parser;
use std::process::ExitCode;

/// Runs the real functions under scheduled faults, on virtual time, and prints a scorecard. The
/// same seed gives the same runs.
#[derive(Parser)]
#[command(name = "cargo chaos", bin_name = "cargo chaos")]
struct Cli {
    /// How many jobs run under random schedules.
    #[arg(long, default_value_t = 10_000)]
    jobs: usize,
    /// The seed that decides everything.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only the run with this seed, step by step. A failure names the seed.
    #[arg(long)]
    run: Option<u64>,
    /// Only this path, with each fault at each of its steps.
    #[arg(long)]
    path: Option<String>,
}

fn main() -> ExitCode {
    let Cli { jobs, seed, run, path } = Cli::parse();
    let well = match (run, path) {
        (Some(run), _) => replay(run, jobs),
        (None, Some(path)) => {
            let mut card = Scorecard::new(seed);
            card.exhaustive(Some(&path));
            card.end()
        }
        (None, None) => {
            let mut card = Scorecard::new(seed);
            card.exhaustive(None);
            card.situations();
            card.sabotage();
            card.random(jobs);
            card.end()
        }
    };
    if well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
