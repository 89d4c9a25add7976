//! Code blocks of Markdown.

/// A fenced block.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Block {
    pub(super) language: String,
    pub(super) text: String,
    /// The line of its fence, counted from 1.
    pub(super) line: usize,
    /// What a comment before it, `<!-- with … -->`, adds to it; readers do not see it.
    pub(super) with: String,
}

/// Returns the fenced blocks of a document.
pub(super) fn blocks(document: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut with = String::new();
    let mut open: Option<Block> = None;
    let mut in_comment = false;
    for (index, line) in document.lines().enumerate() {
        if let Some(block) = &mut open {
            if line.trim_start().starts_with("```") {
                found.extend(open.take());
            } else {
                block.text.push_str(line);
                block.text.push('\n');
            }
        } else if in_comment {
            in_comment = line.trim() != "-->";
            if in_comment {
                with.push_str(line);
                with.push('\n');
            }
        } else if line.trim() == "<!-- with" {
            in_comment = true;
        } else if let Some(language) = line.trim_start().strip_prefix("```") {
            open = Some(Block {
                language: language.to_owned(),
                text: String::new(),
                line: index + 1,
                with: std::mem::take(&mut with),
            });
        }
    }
    assert!(open.is_none() && !in_comment, "a block or comment has no end");
    found
}

#[test]
fn blocks_are_found_with_what_belongs_to_them() {
    let found = blocks("a\n<!-- with\nx\n-->\n```sh\nls\n```\n\n```\nb\n```\n");
    let shown: Vec<(&str, &str, &str, usize)> =
        found.iter().map(|b| (&*b.language, &*b.text, &*b.with, b.line)).collect();
    assert_eq!(shown, [("sh", "ls\n", "x\n", 5), ("", "b\n", "", 9)]);
}
