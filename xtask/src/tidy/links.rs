//! Documents: each relative link leads to a file.

use std::collections::HashSet;

use super::Finding;
use super::tree::File;

/// Checks a document's links against all files.
pub(super) fn check(document: &File, files: &[File]) -> Vec<Finding> {
    let known: HashSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let mut findings = Vec::new();
    let mut in_code = false;
    for (number, line) in document.text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        for target in targets(line) {
            let path = resolve(&document.path, target);
            let folder = format!("{path}/");
            let exists = path.is_empty()
                || known.contains(path.as_str())
                || files.iter().any(|file| file.path.starts_with(&folder));
            if !exists {
                let message = format!("the link to `{target}` leads nowhere");
                findings.push(Finding { path: document.path.clone(), line: number + 1, message });
            }
        }
    }
    findings
}

/// Returns the relative targets of a line's links, without anchors.
fn targets(line: &str) -> Vec<&str> {
    line.split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'))
        .filter_map(|(target, _)| target.split(['#', ' ']).next())
        .filter(|target| !target.is_empty() && !target.contains("://"))
        .filter(|target| !target.starts_with("mailto:"))
        .collect()
}

/// Follows a link from a document.
fn resolve(document: &str, target: &str) -> String {
    let mut parts: Vec<&str> = document.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File { path: path.to_owned(), text: text.to_owned() }
    }

    fn check_text(text: &str) -> usize {
        let document = file("docs/a.md", text);
        let files = [file("README.md", ""), file("docs/adr/0001-x.md", ""), document.clone()];
        check(&document, &files).len()
    }

    #[test]
    fn links_lead_to_files_or_folders() {
        assert_eq!(check_text("[x](../README.md) and [y](adr/0001-x.md#context)"), 0);
        assert_eq!(check_text("[x](adr) [x](adr/) [x](#here) [x](https://example.com/a.md)"), 0);
        assert_eq!(check_text("[x](README.md)\n[y](../b.md)"), 2);
    }

    #[test]
    fn code_is_not_a_link() {
        assert_eq!(check_text("```\nlist[0](nowhere.md)\n```"), 0);
    }
}
