//! `mainstay rules diff`: which access a change of the model widens or narrows.

use std::path::Path;
use std::process::Command;

use anyhow::Context;
use app::access::Differences;
use model::{CONFIG_PATH, FILE_BYTES_MAX, FILES_MAX, Model, Sources};

use crate::cli::{Diff, Shown};
use crate::commands::{MISTAKES, OK, say};

/// Compares two models; with `--deny-widening` fails where a caller can do more than before.
pub(super) fn run(args: &Diff) -> anyhow::Result<u8> {
    let Some(new) = super::loaded(&args.dir)? else { return Ok(MISTAKES) };
    let old = old_model(args)?;
    let found = Differences::of(&old, &new.model);
    say(&match args.format {
        Shown::Human => found.to_string(),
        Shown::Json => format!("{:#}", found.to_json()),
    });
    Ok(if args.deny_widening && found.widens() { MISTAKES } else { OK })
}

/// Loads the model as it was. Of its settings only the tenant's claim matters, so they are read too.
fn old_model(args: &Diff) -> anyhow::Result<Model> {
    let path = Path::new(&args.old);
    let sources = if path.join("modules").is_dir() {
        Sources::read(path).with_context(|| format!("cannot read {}", args.old))?
    } else {
        of_revision(&args.dir, &args.old)?
    };
    match model::load(&sources) {
        Ok(loaded) => Ok(loaded.model),
        Err(report) => anyhow::bail!("{} is no good model:\n{}", args.old, report.to_human(false)),
    }
}

/// Reads the modules of a folder as they were in a revision of git.
fn of_revision(dir: &Path, revision: &str) -> anyhow::Result<Sources> {
    // A revision is never an option, whatever it looks like.
    anyhow::ensure!(!revision.starts_with('-'), "`{revision}` is neither a folder nor a revision");
    let listed =
        git(dir, &["ls-tree", "-r", "-z", "--name-only", revision, "--", CONFIG_PATH, "modules/"])
            .with_context(|| {
                format!("{revision} is neither a folder with modules nor a revision")
            })?;
    let wanted = |path: &&str| is_module(path) || *path == CONFIG_PATH;
    let paths: Vec<&str> = listed.split('\0').filter(wanted).collect();
    anyhow::ensure!(
        paths.iter().any(|path| is_module(path)),
        "{revision} has no modules in {}",
        dir.display()
    );
    anyhow::ensure!(paths.len() <= FILES_MAX, "{revision} has more than {FILES_MAX} files");
    let mut files = Vec::with_capacity(paths.len());
    for path in paths {
        let text = git(dir, &["show", &format!("{revision}:./{path}")])?;
        anyhow::ensure!(text.len() as u64 <= FILE_BYTES_MAX, "{path} is larger than 1 MiB");
        files.push((path.to_owned(), text));
    }
    Ok(Sources::new(files))
}

/// `modules/catalog/schema.graphql`
fn is_module(path: &str) -> bool {
    path.split('/').count() == 3 && path.starts_with("modules/") && path.ends_with(".graphql")
}

fn git(dir: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(dir)
        .args(arguments)
        .output()
        .context("git cannot be run")?;
    let said = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "git: {}", said.trim());
    String::from_utf8(output.stdout).context("a file is not UTF-8")
}
