//! `cargo xtask test`: what a newcomer runs.

mod needs;

use std::process::Stdio;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};

use crate::workspace;

/// Which tests to run, and on what.
#[derive(Args, Default)]
pub(crate) struct Options {
    /// What the application runs on.
    #[arg(long, value_enum, default_value_t = Topology::Sqlite)]
    topology: Topology,
    /// How many cases the tests against an oracle try, rather than a few thousand.
    #[arg(long, value_name = "CASES")]
    oracle: Option<u32>,
    /// Only tests whose name contains this.
    filter: Option<String>,
}

/// What the application runs on.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Topology {
    /// The embedded database, which needs nothing installed.
    #[default]
    Sqlite,
}

/// Runs the tests and prints their number.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    needs::install()?;
    match options.topology {
        Topology::Sqlite => cargo_tests(options.filter.as_deref(), options.oracle),
    }
}

fn cargo_tests(filter: Option<&str>, oracle: Option<u32>) -> anyhow::Result<()> {
    // nextest runs the tests of all crates side by side; without it each crate takes its turn.
    let nextest = workspace::has("cargo", &["nextest", "--version"]);
    let mut args = match nextest {
        true => vec!["nextest", "run", "--workspace", "--no-tests=pass"],
        false => vec!["test", "--workspace", "--all-targets"],
    };
    args.extend(filter);
    println!("$ cargo {}", args.join(" "));
    let oracle = oracle.map(|cases| ("MAINSTAY_TEST_CASES", cases.to_string()));
    let mut child = workspace::command("cargo", &args)
        .envs(oracle)
        .stdout(if nextest { Stdio::inherit() } else { Stdio::piped() })
        .spawn()
        .context("cannot start cargo")?;
    let mut totals = Totals::default();
    if let Some(stdout) = child.stdout.take() {
        use std::io::BufRead;
        for line in std::io::BufReader::new(stdout).lines() {
            let line = line.context("cargo's output broke off")?;
            totals.add(&line);
            println!("{line}");
        }
    }
    let status = child.wait().context("cargo got lost")?;
    if !nextest {
        println!(
            "total: {} passed, {} failed, {} skipped",
            totals.passed, totals.failed, totals.skipped
        );
    }
    if !status.success() {
        bail!("tests failed");
    }
    Ok(())
}

/// The sum of the result lines that `cargo test` prints, one for each test binary.
#[derive(Default, Debug, PartialEq)]
struct Totals {
    passed: u64,
    failed: u64,
    skipped: u64,
}

impl Totals {
    fn add(&mut self, line: &str) {
        let Some(result) = line.strip_prefix("test result: ") else { return };
        for part in result.split([';', '.']) {
            let Some((number, what)) = part.trim().split_once(' ') else { continue };
            let Ok(number) = number.parse::<u64>() else { continue };
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.skipped += number,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_all_binaries_add_up() {
        let mut totals = Totals::default();
        totals.add("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; finished in 0.1s");
        totals.add("test some::test ... ok");
        totals.add("test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured;");
        assert_eq!(totals, Totals { passed: 15, failed: 2, skipped: 1 });
    }
}
