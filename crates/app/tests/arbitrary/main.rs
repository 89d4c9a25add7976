//! Any text from clients is taken or refused: arbitrary bytes, and valid inputs damaged a little.
//!
//! `cargo xtask fuzz` looks for longer, guided by what the code does.

mod entries;

use std::path::Path;

use entries::ENTRIES;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

const ARBITRARY: u32 = 500;
const DAMAGED: u32 = 6000;
/// What valid inputs are damaged with: what means something somewhere.
const FRAGMENTS: [&str; 24] = [
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "\"",
    "'",
    "\\",
    ",",
    ".",
    "&",
    "=",
    "%",
    "-",
    "!",
    "null",
    "\0",
    "\u{e4}",
    "\u{1f600}",
    "9999999999999999999",
    "1e999",
    "&&",
    "row.",
];

/// One small change: a place, a length that goes, and what comes instead.
type Damage = (prop::sample::Index, usize, usize);

/// The inputs in `fuzz/seeds`.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
    let mut paths: Vec<_> = std::fs::read_dir(&root)
        .expect("each target has seeds")
        .map(|entry| entry.expect("the folder can be read").path())
        .collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).expect("a seed can be read")).collect()
}

fn damaged(seed: &[u8], damages: &[Damage]) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for (place, length, fragment) in damages {
        let start = place.index(bytes.len() + 1);
        let end = (start + length).min(bytes.len());
        bytes.splice(start..end, FRAGMENTS[*fragment].bytes());
    }
    bytes
}

/// The same cases each time: what is found once stays found.
fn runner(cases: u32) -> TestRunner {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(
        config,
        prop::test_runner::TestRng::deterministic_rng(prop::test_runner::RngAlgorithm::ChaCha),
    )
}

#[test]
fn each_entry_is_a_target_that_is_built() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let names = |folder: &str| {
        let entries = std::fs::read_dir(fuzz.join(folder)).expect("the folder is there");
        let mut names: Vec<String> = entries
            .map(|entry| entry.expect("the folder can be read").path())
            .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
            .collect();
        names.sort();
        names
    };
    let entries = ENTRIES.map(|(name, _)| name);
    assert_eq!(names("fuzz_targets"), entries);
    assert_eq!(names("seeds"), entries);
    let manifest = std::fs::read_to_string(fuzz.join("Cargo.toml")).expect("the manifest is there");
    let built = manifest.split("[[bin]]\nname = \"").skip(1);
    let built: Vec<&str> = built.filter_map(|bin| bin.split('"').next()).collect();
    assert_eq!(built, entries);
}

#[test]
fn seeds_are_taken() {
    for (target, entry) in ENTRIES {
        let seeds = seeds(target);
        assert!(!seeds.is_empty(), "{target}");
        for seed in seeds {
            entry(&seed);
        }
    }
}

#[test]
fn arbitrary_bytes_are_taken_or_refused() {
    let bytes = prop::collection::vec(any::<u8>(), 0..200);
    for (target, entry) in ENTRIES {
        let ran = runner(ARBITRARY).run(&bytes, |bytes| {
            entry(&bytes);
            Ok(())
        });
        ran.unwrap_or_else(|error| panic!("{target}: {error}"));
    }
}

#[test]
fn damaged_inputs_are_taken_or_refused() {
    for (target, entry) in ENTRIES {
        let seeds = seeds(target);
        let damage = (any::<prop::sample::Index>(), 0..8_usize, 0..FRAGMENTS.len());
        let cases = (prop::sample::select(seeds), prop::collection::vec(damage, 1..6));
        let ran = runner(DAMAGED).run(&cases, |(seed, damages)| {
            entry(&damaged(&seed, &damages));
            Ok(())
        });
        ran.unwrap_or_else(|error| panic!("{target}: {error}"));
    }
}
