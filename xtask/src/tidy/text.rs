//! Any text: nothing skipped, nothing left undone without a place where it is remembered, and
//! nothing that is true on one machine only.

use super::Finding;
use super::tree::File;

// Written in pieces, so that this file does not break its own rules.
const SKIPPED_TEST: &str = concat!("#[ig", "nore");
const UNDONE: &str = concat!("TO", "DO");
const HOMES: [&str; 3] = [concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/Us", "ers/")];

/// Checks a file.
pub(super) fn check(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        let mut report = |message: &str| {
            let message = message.to_owned();
            findings.push(Finding { path: file.path.clone(), line: number + 1, message });
        };
        if file.path.ends_with(".rs") && line.contains(SKIPPED_TEST) {
            report("a skipped test proves nothing; assert today's behaviour with a FIXME");
        }
        if has_word(line, UNDONE) && !line.contains('#') {
            report("name the issue that this waits for, as #12");
        }
        if HOMES.iter().any(|home| line.contains(home)) {
            report("a path of one machine");
        }
    }
    findings
}

fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let letter = |character: Option<char>| character.is_some_and(char::is_alphanumeric);
        !letter(line[..at].chars().next_back()) && !letter(line[at + word.len()..].chars().next())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> usize {
        check(&File { path: "src/x.rs".to_owned(), text: text.to_owned() }).len()
    }

    #[test]
    fn undone_work_names_its_issue() {
        assert_eq!(found(&format!("// {UNDONE}: later")), 1);
        assert_eq!(found(&format!("// {UNDONE}(#12): later")), 0);
        assert_eq!(found(&format!("// MAS{UNDONE}N")), 0);
    }

    #[test]
    fn test_is_never_skipped() {
        assert_eq!(found(&format!("{SKIPPED_TEST}]")), 1);
        assert_eq!(found(&format!("{SKIPPED_TEST} = \"slow\"]")), 1);
    }

    #[test]
    fn path_of_one_machine_is_refused() {
        assert_eq!(found(&format!("let p = \"{}ann/x\";", HOMES[0])), 1);
        assert_eq!(found("let p = \"/var/lib/x\";"), 0);
    }
}
