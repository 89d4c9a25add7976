//! `cargo xtask tidy`: the house rules that a lint cannot say.

mod changelog;
mod layers;
mod links;
mod source;
mod text;
mod tree;

use std::fmt;

use anyhow::bail;

use crate::workspace;

/// A rule that a file breaks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// The file, from the workspace's folder.
    pub(crate) path: String,
    /// The line, counted from 1; 0 for the file as a whole.
    pub(crate) line: usize,
    /// What is wrong and what to do.
    pub(crate) message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(out, "{}: {}", self.path, self.message),
            line => write!(out, "{}:{line}: {}", self.path, self.message),
        }
    }
}

/// Checks the workspace and prints each finding.
pub(crate) fn run() -> anyhow::Result<()> {
    let files = tree::read(&workspace::root())?;
    let mut findings = check(&files);
    findings.sort();
    for finding in &findings {
        println!("{finding}");
    }
    for file in files.iter().filter(|file| file.path.ends_with(".rs")) {
        if let Some(lines) = source::too_long(file) {
            println!("note: {} has {lines} lines; is it still one subject?", file.path);
        }
    }
    if !findings.is_empty() {
        bail!("{} findings", findings.len());
    }
    println!("tidy: {} files", files.len());
    Ok(())
}

fn check(files: &[tree::File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        if file.path.ends_with(".rs") {
            findings.extend(source::check(file));
        }
        if file.path.ends_with(".md") {
            findings.extend(links::check(file, files));
        }
        findings.extend(text::check(file));
    }
    findings.extend(layers::check(files));
    findings.extend(changelog::check(files));
    findings
}
