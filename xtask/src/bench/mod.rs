//! `cargo xtask bench`: Mainstay against the hand-written limit, side by side and interleaved.

mod bars;
mod build;
mod data;
mod dataset;
mod http;
mod load;
mod operation;
mod pinning;
mod prose;
mod random;
mod report;
mod same;
mod schedule;
mod server;
mod start;
mod token;

use anyhow::bail;
use clap::{Args, ValueEnum};

use operation::Operation;
use server::Contestant;

/// What to measure, and for how long.
#[derive(Args)]
pub(crate) struct Options {
    /// How long each round of each operation takes.
    #[arg(long, default_value_t = 8)]
    seconds: u64,
    /// How often the contestants take turns.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// The operations; all if not given.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Operation>,
    /// The contestants; the ratios are the first to the second.
    #[arg(long, value_delimiter = ',', default_values = ["mainstay", "limit"])]
    contestants: Vec<Contestant>,
    /// The connections that send requests.
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// Ends with an error where a bar is missed.
    #[arg(long)]
    check: bool,
}

/// Builds, generates, measures and prints.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let operations = match options.only.as_slice() {
        [] => Operation::value_variants().to_vec(),
        only => only.to_vec(),
    };
    let contestants = &options.contestants;
    if contestants.is_empty() || options.rounds == 0 || options.seconds == 0 {
        bail!("nothing to measure: give at least one contestant, one round and one second");
    }
    if cfg!(debug_assertions) {
        // A generator that is slower than the servers measures itself.
        return build::run_optimized();
    }
    build::release(contestants)?;
    let database = data::database(contestants)?;
    pinning::pin_generator()?;
    let dataset = dataset::Dataset::read(&database)?;
    let starts = start::measure(contestants, &database, &dataset)?;
    let measured = schedule::run(options, &operations, &database, dataset)?;
    let report = report::Report { contestants: contestants.clone(), starts, measured };
    println!("\n{report}");
    let missed = bars::missed(&report);
    for bar in &missed {
        println!("missed: {bar}");
    }
    if options.check && !missed.is_empty() {
        bail!("{} of the bars were missed", missed.len());
    }
    Ok(())
}
