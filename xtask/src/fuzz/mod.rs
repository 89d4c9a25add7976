//! `cargo xtask fuzz`: looks for text from clients that makes the server panic, guided by what the
//! code does with it.

use anyhow::{Context, bail, ensure};
use clap::Args;

use crate::workspace;

/// The version that is installed where there is none.
const CARGO_FUZZ: &str = "0.13.2";
/// Longer inputs are refused by the bounds of requests, and teach nothing.
const INPUT_BYTES_MAX: u32 = 4096;
/// An input that takes longer is a finding.
const INPUT_SECONDS_MAX: u32 = 5;
/// A target that holds more is a finding.
const MEMORY_MIB_MAX: u32 = 2048;

/// What to fuzz, and for how long.
#[derive(Args)]
pub(crate) struct Options {
    /// One target, a file in `fuzz/fuzz_targets`; all of them in turn where none is named.
    target: Option<String>,
    /// How long each target runs.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
}

/// Runs the targets.
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
    for target in chosen {
        fuzz(target, options.seconds)?;
    }
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

/// Fuzzes one target from its seeds and what earlier runs have kept.
fn fuzz(target: &str, seconds: u32) -> anyhow::Result<()> {
    let (corpus, seeds) = (format!("fuzz/corpus/{target}"), format!("fuzz/seeds/{target}"));
    std::fs::create_dir_all(workspace::root().join(&corpus)).context("cannot keep a corpus")?;
    let limits = [
        format!("-max_total_time={seconds}"),
        format!("-max_len={INPUT_BYTES_MAX}"),
        format!("-timeout={INPUT_SECONDS_MAX}"),
        format!("-rss_limit_mb={MEMORY_MIB_MAX}"),
    ];
    // Sanitizers need another compiler, and find little where there is no unsafe code.
    let mut args = vec!["fuzz", "run", "--sanitizer", "none", target, &corpus, &seeds, "--"];
    args.extend(limits.iter().map(String::as_str));
    println!("$ cargo {}", args.join(" "));
    let mut command = workspace::command("cargo", &args);
    // The instrumentation is stable, the switch for it is not.
    let status = command.env("RUSTC_BOOTSTRAP", "1").status().context("cannot start cargo")?;
    if !status.success() {
        bail!("{target} has found something; the input is in fuzz/artifacts/{target}");
    }
    Ok(())
}
