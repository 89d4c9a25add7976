//! A translated regular expression finds on PostgreSQL what the original finds in memory.

use std::time::{Duration, Instant};

use expr::ops;
use plan::{PatternError, postgres_pattern};
use proptest::prelude::*;

use crate::database::{Argument, Database};

/// What the largest patterns may take a server to compile and to run once; they take a twentieth.
const LARGEST: Duration = Duration::from_secs(10);

/// A pattern of the language.
#[derive(Clone, Debug)]
struct Pattern(String);

impl Argument for Pattern {
    fn literal(&self) -> String {
        postgres_pattern(&self.0).expect("small").literal()
    }
}

/// Patterns of everything that the syntax has, about texts as `texts` draws them.
fn patterns() -> BoxedStrategy<Pattern> {
    let plain = prop::sample::select(vec![
        "a",
        "b",
        "A",
        "ab",
        "k",
        "ſ",
        "é",
        "ß",
        "😀",
        "_",
        "-",
        "1",
        " ",
        r"\.",
        r"\[",
        r"\n",
        r"\r",
        r"\x{2028}",
        "]",
        "#",
        r"\0",
        "",
    ]);
    let classes = prop::sample::select(vec![
        ".",
        r"\w",
        r"\W",
        r"\d",
        r"\D",
        r"\s",
        r"\S",
        "[ab]",
        "[^ab]",
        "[a-zé]",
        r"[^\n\r]",
        "[[:alpha:]_-]",
        r"[\w--[a-m]]",
        r"\pL",
        r"\p{Greek}",
        r"[^\x00-\x{10FFFF}]",
        r"[\x00-\x{10FFFF}]",
        r"[\]\[^-]",
    ]);
    let places = prop::sample::select(vec![
        "^",
        "$",
        r"\A",
        r"\z",
        r"\b",
        r"\B",
        r"\b{start}",
        r"\b{end}",
        r"\b{start-half}",
        r"\b{end-half}",
        r"(?-u:\b)",
        r"(?-u:\B)",
        r"(?-u:\b{start})",
        r"(?-u:\b{end})",
        r"(?-u:\b{start-half})",
        r"(?-u:\b{end-half})",
    ]);
    let leaf = prop_oneof![3 => plain, 2 => classes, 2 => places].prop_map(str::to_owned);
    let whole = leaf.prop_recursive(4, 24, 4, |part| {
        let flags = prop::sample::select(vec!["", "?:", "?i:", "?m:", "?s:", "?mR:", "?R:", "?-u:", "?U:", "?i-s:"]);
        let counts = prop::sample::select(vec!["*", "+", "?", "{2}", "{1,2}", "{0,3}", "{2,}", "*?", "{0}", "+?"]);
        prop_oneof![
            4 => prop::collection::vec(part.clone(), 2..4).prop_map(|parts| parts.concat()),
            2 => prop::collection::vec(part.clone(), 2..4).prop_map(|parts| format!("(?:{})", parts.join("|"))),
            2 => (flags, part.clone()).prop_map(|(flags, part)| format!("({flags}{part})")),
            2 => (part, counts).prop_map(|(part, count)| format!("(?:{part}){count}")),
        ]
    });
    let compiles = whole
        .prop_filter("patterns of the language", |pattern| ops::compile_pattern(pattern).is_ok());
    compiles.prop_map(Pattern).boxed()
}

fn texts() -> BoxedStrategy<String> {
    prop_oneof![
        "[abAkKſé_1 \n\r😀-]{0,6}",
        "[ab]{0,3}",
        "[ab\r\n]{0,4}",
        "[a1αß.\u{2028}#\\[\\]]{0,5}"
    ]
    .boxed()
}

#[test]
fn patterns_find_what_they_find_in_memory() {
    let on = Database::start();
    on.check("a ~ b", (&texts(), &patterns()), |text: String, pattern: Pattern| {
        ops::matches(&text, &pattern.0)
    });
}

#[test]
fn counts_beyond_those_of_postgresql_are_exact() {
    let on = Database::start();
    for (pattern, from, to) in [
        ("^a{255}$", 255, 255),
        ("^a{256}$", 256, 256),
        ("^a{255,}$", 255, 900),
        ("^a{498,}$", 498, 900),
        ("^a{300,}$", 300, 900),
        ("^a{100,498}$", 100, 498),
        ("^a{300,498}$", 300, 498),
        ("^a{0,256}$", 0, 256),
    ] {
        let pattern = Pattern(pattern.to_owned());
        let rows: Vec<String> = (0..900)
            .map(|count| format!("{}, {}", "a".repeat(count).literal(), pattern.literal()))
            .collect();
        let found = on.evaluate("(a ~ b)::text", &rows);
        for (count, found) in found.iter().enumerate() {
            let expected = (from..=to).contains(&count) || (to == 900 && count >= from);
            assert_eq!(
                found.as_deref(),
                Some(if expected { "true" } else { "false" }),
                "{count} in {pattern:?}"
            );
        }
    }
}

#[test]
fn the_largest_patterns_are_compiled_in_time_and_larger_ones_are_refused() {
    let on = Database::start();
    let text = "a".repeat(2000);
    for pattern in [
        r"^\w{1,20}$",
        "^(?:a|b|c?){1,160}$",
        r"^(?:[a-z]+ ){0,248}x$",
        r"\bfoo\b.*\bbar\b",
        "(?i)straße|[a-z]{0,490}z",
        "^(?:a?){249}a{249}$",
        "(?:(?:a*)*)*b",
        "(?:a|a)*b(?:.*.*)*c",
        "(?m)(?:^a$|b){1,120}",
        r"(?:\b\w+\b\W*){1,8}",
    ] {
        let pattern = Pattern(pattern.to_owned());
        let started = Instant::now();
        let found =
            on.evaluate("(a ~ b)::text", &[format!("{}, {}", text.literal(), pattern.literal())]);
        let took = started.elapsed();
        let expected = ops::matches(&text, &pattern.0).map(|found| found.to_string());
        assert_eq!(found, [expected], "{pattern:?}");
        assert!(took < LARGEST, "{pattern:?}: {took:?}");
    }
    assert_eq!(postgres_pattern("a{501}"), Err(PatternError::TooLarge));
    assert_eq!(postgres_pattern("(?:a{99}){99}"), Err(PatternError::TooLarge));
    assert_eq!(postgres_pattern(&r"\b".repeat(20)), Err(PatternError::TooLarge));
    assert!(matches!(postgres_pattern("("), Err(PatternError::Syntax(_))));
}
