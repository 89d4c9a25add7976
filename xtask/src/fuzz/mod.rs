//! `cargo xtask fuzz`: looks for text from clients that makes the server panic, guided by what the
//! code does with it.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::Args;

use crate::workspace;

/// The version that is installed where there is none.
const CARGO_FUZZ: &str = "0.13.2";
/// A little more than the longest that a bound lets pass, a filter of 8 KiB.
const INPUT_BYTES_MAX: u32 = 9 * 1024;
/// An input that takes longer is a finding.
const INPUT_SECONDS_MAX: u32 = 5;
/// A target that holds more is a finding.
const MEMORY_MIB_MAX: u32 = 2048;

/// What means something somewhere, of which inputs are put together.
const WORDS: &str = "fuzz/words.dict";

/// What to fuzz, and for how long.
#[derive(Args)]
pub(crate) struct Options {
    /// One target, a file in `fuzz/fuzz_targets`; all of them in turn where none is named.
    target: Option<String>,
    /// How long each target runs.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Runs the target on this input alone, such as one that was found.
    #[arg(long, requires = "target", conflicts_with = "seconds")]
    input: Option<PathBuf>,
}

/// Runs the targets: all of them, whatever one of them finds.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let known = targets()?;
    let chosen: Vec<&String> = match &options.target {
        Some(name) => known.iter().filter(|target| *target == name).collect(),
        None => known.iter().collect(),
    };
    ensure!(!chosen.is_empty(), "there are the targets {}", known.join(", "));
    if !workspace::has("cargo", &["fuzz", "--version"]) {
        workspace::run("cargo", &["install", "--locked", "cargo-fuzz", "--version", CARGO_FUZZ])?;
    }
    let mut found = Vec::new();
    for target in chosen {
        let passed = match &options.input {
            Some(input) => replay(target, input)?,
            None => fuzz(target, options.seconds)?,
        };
        if !passed {
            found.push(target.as_str());
        }
    }
    if options.input.is_some() {
        ensure!(found.is_empty(), "the input is still a finding");
    }
    for target in &found {
        for input in artifacts(target)? {
            println!("  cargo xtask fuzz {target} --input {input}");
        }
    }
    ensure!(
        found.is_empty(),
        "found something in {}; see above how to see it again",
        found.join(", ")
    );
    Ok(())
}

/// The names of the files in `fuzz/fuzz_targets`.
fn targets() -> anyhow::Result<Vec<String>> {
    let folder = workspace::root().join("fuzz/fuzz_targets");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&folder).context("cannot list fuzz/fuzz_targets")? {
        let path = entry?.path();
        names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names)
}

/// What runs of a target have found, this one and earlier ones.
fn artifacts(target: &str) -> anyhow::Result<Vec<String>> {
    let folder = format!("fuzz/artifacts/{target}");
    let Ok(entries) = std::fs::read_dir(workspace::root().join(&folder)) else {
        return Ok(Vec::new());
    };
    let mut names = Vec::new();
    for entry in entries {
        names.push(format!("{folder}/{}", entry?.file_name().to_string_lossy()));
    }
    names.sort();
    Ok(names)
}

/// Fuzzes one target from its seeds and what earlier runs have kept. Says whether it found nothing.
fn fuzz(target: &str, seconds: u32) -> anyhow::Result<bool> {
    let (corpus, seeds) = (format!("fuzz/corpus/{target}"), format!("fuzz/seeds/{target}"));
    std::fs::create_dir_all(workspace::root().join(&corpus)).context("cannot keep a corpus")?;
    let limits = [
        format!("-max_total_time={seconds}"),
        format!("-max_len={INPUT_BYTES_MAX}"),
        format!("-timeout={INPUT_SECONDS_MAX}"),
        format!("-rss_limit_mb={MEMORY_MIB_MAX}"),
        format!("-dict={}", workspace::root().join(WORDS).display()),
        "-print_final_stats=1".to_owned(),
    ];
    let mut args = vec![target, &corpus, &seeds, "--"];
    args.extend(limits.iter().map(String::as_str));
    cargo_fuzz(&args)
}

/// Runs a target on one input. Says whether it is taken.
fn replay(target: &str, input: &Path) -> anyhow::Result<bool> {
    let input = std::path::absolute(input).context("cannot find the input")?;
    let input = input.to_str().context("the input's path is not in Unicode")?;
    let timeout = format!("-timeout={INPUT_SECONDS_MAX}");
    cargo_fuzz(&[target, input, "--", &timeout])
}

/// Runs `cargo fuzz run`, and says whether it found nothing.
fn cargo_fuzz(args: &[&str]) -> anyhow::Result<bool> {
    // Sanitizers need another compiler, and find little where there is no unsafe code.
    let args = [&["fuzz", "run", "--sanitizer", "none"], args].concat();
    println!("$ cargo {}", args.join(" "));
    let mut command = workspace::command("cargo", &args);
    // The instrumentation is stable, the switch for it is not.
    let status = command.env("RUSTC_BOOTSTRAP", "1").status().context("cannot start cargo")?;
    Ok(status.success())
}
