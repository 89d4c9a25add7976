//! The workspace's text files.

use std::path::Path;

use anyhow::Context;

/// Folders that hold nothing written by hand.
const SKIPPED_FOLDERS: [&str; 6] =
    ["target", "node_modules", ".git", ".mainstay", "corpus", "artifacts"];

/// What the rules look at.
const EXTENSIONS: [&str; 9] = ["rs", "md", "toml", "graphql", "sql", "sh", "json", "ts", "tsx"];

/// A file and its text.
#[derive(Debug, Clone)]
pub(crate) struct File {
    /// From the workspace's folder, with slashes.
    pub(crate) path: String,
    /// What it holds; nothing where only its existence matters.
    pub(crate) text: String,
}

/// Reads the files below a folder, in the order of their paths.
pub(crate) fn read(root: &Path) -> anyhow::Result<Vec<File>> {
    let mut files = Vec::new();
    visit(root, "", &mut files)?;
    files.sort_by(|left, right| left.path.cmp(&right.path));
    Ok(files)
}

fn visit(folder: &Path, prefix: &str, files: &mut Vec<File>) -> anyhow::Result<()> {
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() {
            if !SKIPPED_FOLDERS.contains(&name.as_str()) {
                visit(&entry.path(), &format!("{path}/"), files)?;
            }
            continue;
        }
        let known = Path::new(&name)
            .extension()
            .is_some_and(|extension| EXTENSIONS.iter().any(|known| extension == *known));
        let text = if known || path == ".ci/run" {
            std::fs::read_to_string(entry.path()).with_context(|| format!("cannot read {path}"))?
        } else {
            String::new()
        };
        files.push(File { path, text });
    }
    Ok(())
}
