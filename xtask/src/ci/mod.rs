//! `cargo xtask ci`: everything that guards what lands. `.ci/run` calls exactly this.

use std::time::{Duration, Instant};

use crate::{test, tidy, workspace};

/// A stage: its name and what it does.
type Stage = (&'static str, fn() -> anyhow::Result<()>);

const STAGES: [Stage; 6] = [
    ("fmt", || workspace::run("cargo", &["fmt", "--all", "--check"])),
    ("tidy", tidy::run),
    ("clippy", || {
        workspace::run("cargo", &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])
    }),
    // All else is built with the features that tests have.
    ("plain", || workspace::run("cargo", &["check", "--package", "mainstay"])),
    ("test", || test::run(&test::Options::default())),
    ("deny", deny),
];

/// Runs the stages in turn and prints how long each took.
pub(crate) fn run() -> anyhow::Result<()> {
    let mut taken: Vec<(&str, Duration)> = Vec::new();
    for (name, stage) in STAGES {
        println!("\n== {name}");
        let started = Instant::now();
        let result = stage();
        taken.push((name, started.elapsed()));
        if let Err(error) = result {
            print(&taken);
            return Err(error.context(format!("the stage `{name}` failed")));
        }
    }
    print(&taken);
    Ok(())
}

/// Licences, sources and banned crates; advisories need a network and are looked up elsewhere.
fn deny() -> anyhow::Result<()> {
    if !workspace::has("cargo", &["deny", "--version"]) {
        println!("skipped: cargo-deny is not installed");
        return Ok(());
    }
    workspace::run("cargo", &["deny", "--offline", "check", "bans", "licenses", "sources"])
}

fn print(taken: &[(&str, Duration)]) {
    println!();
    for (name, time) in taken {
        println!("{name:>8} {:>7.1} s", time.as_secs_f64());
    }
}
