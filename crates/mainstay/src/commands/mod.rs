//! One file for each command.

mod check;
mod claims;
mod dev;
mod export;
mod folder_app;
mod import;
mod migrate;
mod new;
mod rows_of;
mod rules;
mod serve;
mod test;
mod token;

use std::process::ExitCode;

use anyhow::Context;

use crate::cli::{Cli, Command, User};

/// Everything went well.
const OK: u8 = 0;
/// The application or its database is not as it should be: mistakes in the model, a migration that
/// must not run by itself.
const MISTAKES: u8 = 1;
/// The command could not do its work: a missing folder, a taken port, a broken disk.
const FAILED: u8 = 2;

/// Runs a command and says how it ended.
pub(crate) fn run(cli: Cli) -> ExitCode {
    let result = match cli.command {
        Command::New(args) => new::run(&args),
        Command::Dev(args) => dev::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Migrate(args) => migrate::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Rules(args) => rules::run(&args),
        Command::Import(args) => import::run(&args),
        Command::Export(args) => export::run(&args),
        Command::User(User::Token(args)) => token::run(&args),
    };
    match result {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            say_error(&format!("mainstay: {error:#}"));
            ExitCode::from(FAILED)
        }
    }
}

/// Starts the async runtime: one worker for each core.
fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")
}

/// Prints a line for the person at the terminal.
#[expect(clippy::print_stdout, reason = "a command's output is its purpose")]
fn say(line: &str) {
    println!("{line}");
}

/// Prints a line about what went wrong.
#[expect(clippy::print_stderr, reason = "a command's output is its purpose")]
fn say_error(line: &str) {
    eprintln!("{line}");
}
