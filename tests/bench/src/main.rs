//! `cargo bench-all`: runs the release builds of the functions as Lambda does, and counts what they
//! cost. docs/PERFORMANCE.md says what is counted, and keeps the figures.

mod exchanges;
mod functions;
mod instructions;
mod lambda;
mod page;
mod recorder;
mod stage;
mod table;
mod units;

use clap::Parser;
use functions::Built;
use stage::Stage;
use std::path::PathBuf;
use std::process::ExitCode;
use table::Table;

/// Counts instructions, exchanges, write units and bytes of the release builds, prints them as a
/// table, and writes them into docs/PERFORMANCE.md. It needs valgrind.
#[derive(Parser)]
#[command(name = "cargo bench-all", bin_name = "cargo bench-all")]
struct Cli {
    /// Functions that `infra/build` has built for this machine; without it they are built first.
    #[arg(long)]
    built: Option<PathBuf>,
    /// Prints the table and writes no page.
    #[arg(long)]
    dry_run: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Result<(), String> {
    let built = Built::find_or_build(cli.built).await?;
    let stage = Stage::new(&built).await?;
    let mut table = Table::default();
    exchanges::count(&stage, &mut table).await?;
    units::count(&stage, &mut table).await?;
    instructions::count(&stage, &mut table).await?;
    built.sizes(&mut table).await?;
    let table = table.as_markdown();
    println!("{table}");
    if cli.dry_run { Ok(()) } else { page::write(&table) }
}
