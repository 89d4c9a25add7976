//! Rust files: a first line that says what they are for, a length one can read, names that say something.

use super::Finding;
use super::tree::File;

/// A longer file is looked at again: is it still one subject?
const LINES_MAX: usize = 600;

/// Names that say nothing.
const EMPTY_NAMES: [&str; 6] = ["utils", "util", "common", "helpers", "helper", "manager"];

/// Checks a Rust file.
pub(super) fn check(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut report = |line: usize, message: String| {
        findings.push(Finding { path: file.path.clone(), line, message });
    };
    let first = file.text.lines().find(|line| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with("#![")
    });
    // The name of `tests.rs` says what it is for.
    let named = file.path.ends_with("/tests.rs");
    if !named && !first.is_some_and(|line| line.starts_with("//!")) {
        report(1, "begin with a `//!` line that says what the file is for".to_owned());
    }
    for (number, line) in file.text.lines().enumerate() {
        if let Some(name) = module_name(line).filter(|name| EMPTY_NAMES.contains(name)) {
            report(number + 1, format!("`mod {name}` says nothing; name what is in it"));
        }
    }
    findings
}

/// Returns the number of lines, where a reader may wonder whether it is still one subject. That is
/// a question and no mistake.
pub(super) fn too_long(file: &File) -> Option<usize> {
    let lines = file.text.lines().count();
    (lines > LINES_MAX).then_some(lines)
}

fn module_name(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let line = line.strip_prefix("pub").map_or(line, |rest| {
        let rest = rest.trim_start();
        rest.strip_prefix('(').and_then(|rest| rest.split_once(')')).map_or(rest, |(_, rest)| rest)
    });
    let name = line.trim_start().strip_prefix("mod ")?;
    Some(name.trim_end_matches([';', '{', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_text(text: &str) -> Vec<String> {
        let file = File { path: "src/x.rs".to_owned(), text: text.to_owned() };
        check(&file).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn file_begins_by_saying_what_it_is_for() {
        assert_eq!(check_text("//! Things.\nfn f() {}\n"), [""; 0]);
        assert_eq!(check_text("#![expect(missing_docs, reason = \"x\")]\n//! Things.\n"), [""; 0]);
        assert!(check_text("fn f() {}\n")[0].starts_with("src/x.rs:1: begin with"));
        assert_eq!(check_text("").len(), 1);
    }

    #[test]
    fn long_file_is_a_question() {
        let file =
            |lines| File { path: "src/x.rs".to_owned(), text: "//! Things.\n".repeat(lines) };
        assert_eq!(too_long(&file(601)), Some(601));
        assert_eq!(too_long(&file(600)), None);
    }

    #[test]
    fn name_of_a_test_file_is_enough() {
        let file = File { path: "src/x/tests.rs".to_owned(), text: "use super::*;\n".to_owned() };
        assert_eq!(check(&file), []);
    }

    #[test]
    fn module_that_says_nothing_is_refused() {
        for declaration in ["mod utils;", "pub mod utils;", "pub(crate) mod utils {"] {
            let found = check_text(&format!("//! Things.\n{declaration}\n"));
            assert!(found[0].starts_with("src/x.rs:2: `mod utils` says nothing"), "{found:?}");
        }
        assert_eq!(check_text("//! Things.\nmod common_names;\n"), [""; 0]);
    }
}
