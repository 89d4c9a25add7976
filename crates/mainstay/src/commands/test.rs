//! `mainstay test`: the tests of the access rules.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use app::rule_tests::{self, Outcome, TestFile};
use serde_json::{Value as Json, json};

use crate::cli::{Shown, Test};
use crate::folder;

/// Files of tests that are run at most.
const FILES_MAX: usize = 1_000;

/// Runs `tests/*.toml`; fails where something is not as expected.
pub(crate) fn run(args: &Test) -> anyhow::Result<u8> {
    let loaded = match folder::load(&args.dir)? {
        Ok(loaded) => loaded,
        Err(report) => {
            super::say_error(&report.to_human(folder::is_terminal()));
            return Ok(super::MISTAKES);
        }
    };
    let files = files(&args.dir)?;
    let (model, config) = (Arc::new(loaded.model), Arc::new(loaded.config));
    let mut results: Vec<(String, Vec<Outcome>)> = Vec::new();
    for mut file in files {
        if let Some(text) = &args.only {
            file.keep_only(text);
        }
        let temporary = tempfile::tempdir().context("cannot make a temporary folder")?;
        let ran = super::runtime()?
            .block_on(rule_tests::run(&model, &config, temporary.path(), &file))
            .with_context(|| file.name.clone())?;
        results.push((file.name, ran));
    }
    match args.format {
        Shown::Human => show(&results),
        Shown::Json => super::say(&format!("{:#}", to_json(&results))),
    }
    let failed = results.iter().flat_map(|(_, ran)| ran).any(|outcome| !outcome.passed());
    Ok(if failed { super::MISTAKES } else { super::OK })
}

/// Reads `tests/*.toml`, in the order of their names.
fn files(dir: &Path) -> anyhow::Result<Vec<TestFile>> {
    let folder = dir.join("tests");
    anyhow::ensure!(folder.is_dir(), "{} has no folder `tests`", dir.display());
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&folder).context("cannot read tests/")? {
        let path = entry.context("cannot read tests/")?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            names.push(path);
        }
    }
    names.sort();
    anyhow::ensure!(!names.is_empty(), "there is no test: tests/*.toml");
    anyhow::ensure!(names.len() <= FILES_MAX, "tests/ has more than {FILES_MAX} files");
    let read = |path: &std::path::PathBuf| {
        let name = format!("tests/{}", path.file_name().unwrap_or_default().to_string_lossy());
        let size = path.metadata().map_or(0, |meta| meta.len());
        anyhow::ensure!(size <= rule_tests::FILE_BYTES_MAX as u64, "{name} is larger than 1 MiB");
        let text = std::fs::read_to_string(path).with_context(|| name.clone())?;
        Ok(TestFile::parse(&name, &text)?)
    };
    names.iter().map(read).collect()
}

fn show(results: &[(String, Vec<Outcome>)]) {
    let (mut tests, mut failed, mut expected) = (0, 0, 0);
    for (file, outcomes) in results {
        super::say(file);
        for outcome in outcomes {
            tests += 1;
            expected += outcome.expected;
            failed += usize::from(!outcome.passed());
            let mark = if outcome.passed() { "ok  " } else { "FAIL" };
            super::say(&format!("  {mark}  {}", outcome.name));
            for line in outcome.failures.iter().flat_map(|failure| failure.lines()) {
                super::say(format!("        {line}").trim_end());
            }
        }
    }
    let passed = tests - failed;
    super::say(&format!("\n{passed} of {tests} tests passed, {expected} expectations"));
}

fn to_json(results: &[(String, Vec<Outcome>)]) -> Json {
    let outcome = |outcome: &Outcome| {
        json!({
            "name": outcome.name, "passed": outcome.passed(),
            "expectations": outcome.expected, "failures": outcome.failures,
        })
    };
    let files: Vec<Json> = results
        .iter()
        .map(|(file, ran)| {
            json!({ "file": file, "tests": ran.iter().map(outcome).collect::<Vec<_>>() })
        })
        .collect();
    let passed = results.iter().flat_map(|(_, ran)| ran).all(Outcome::passed);
    json!({ "passed": passed, "files": files })
}
