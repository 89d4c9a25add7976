//! Fuzzes `entries::aggregate`.
#![no_main]

#[path = "../../crates/app/tests/arbitrary/entries.rs"]
#[expect(dead_code, reason = "a target enters once")]
mod entries;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| entries::aggregate(bytes));
