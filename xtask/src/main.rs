//! `cargo xtask`: the project's automation, a folder for each command.
#![expect(clippy::print_stdout, reason = "a command-line tool talks on its standard output")]

mod bench;
mod ci;
mod fuzz;
mod test;
mod tidy;
mod workspace;

use clap::{Parser, Subcommand};

/// The project's automation.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs Mainstay against the hand-written limit and prints the table.
    Bench(bench::Options),
    /// Looks for text from clients that makes the server panic.
    Fuzz(fuzz::Options),
    /// Runs every test; what a newcomer starts with.
    Test(test::Options),
    /// Checks the house rules that a lint cannot say.
    Tidy,
    /// Runs everything that guards what lands.
    Ci,
}

fn main() -> anyhow::Result<()> {
    match Args::parse().command {
        Command::Bench(options) => bench::run(&options),
        Command::Fuzz(options) => fuzz::run(&options),
        Command::Test(options) => test::run(&options),
        Command::Tidy => tidy::run(),
        Command::Ci => ci::run(),
    }
}
