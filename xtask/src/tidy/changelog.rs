//! The changelog has a place for what is not released yet.

use super::Finding;
use super::tree::File;

const PATH: &str = "CHANGELOG.md";
const UNRELEASED: &str = "## Unreleased";

/// Checks the changelog.
pub(super) fn check(files: &[File]) -> Option<Finding> {
    let changelog = files.iter().find(|file| file.path == PATH);
    let there = changelog.is_some_and(|file| file.text.lines().any(|line| line == UNRELEASED));
    let message = format!("needs a section `{UNRELEASED}`");
    (!there).then(|| Finding { path: PATH.to_owned(), line: 0, message })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn section_for_the_unreleased_is_needed() {
        let file = |text: &str| [File { path: PATH.to_owned(), text: text.to_owned() }];
        assert_eq!(check(&file("# Changelog\n\n## Unreleased\n")), None);
        assert!(check(&file("# Changelog\n\n## 0.1.0\n")).is_some());
        assert!(check(&[]).is_some());
    }
}
