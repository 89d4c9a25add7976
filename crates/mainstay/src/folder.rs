//! The application folder on disk.

use std::io::IsTerminal;
use std::path::Path;

use anyhow::Context;
use app::seed::SeedFile;
use model::{Loaded, Report, Sources};

/// Larger seed files are data, not samples; `import` is for them.
const SEED_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Reads and checks the folder. The inner error is what is wrong with the application.
pub(crate) fn load(dir: &Path) -> anyhow::Result<Result<Loaded, Report>> {
    anyhow::ensure!(
        dir.join("modules").is_dir() || dir.join("mainstay.toml").is_file(),
        "{} is not an application folder: it has neither `modules/` nor `mainstay.toml`; \
         `mainstay new NAME` makes one",
        dir.display()
    );
    let sources = Sources::read(dir).with_context(|| format!("cannot read {}", dir.display()))?;
    Ok(model::load(&sources))
}

/// Reads `seed/*.json`, in the order of their names.
pub(crate) fn seeds(dir: &Path) -> anyhow::Result<Vec<SeedFile>> {
    let dir = dir.join("seed");
    let mut files = Vec::new();
    if !dir.is_dir() {
        return Ok(files);
    }
    for entry in std::fs::read_dir(&dir).context("cannot read seed/")? {
        let path = entry.context("cannot read seed/")?.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let size = path.metadata().map_or(0, |meta| meta.len());
        anyhow::ensure!(size <= SEED_BYTES_MAX, "seed/{name} is larger than 16 MiB");
        let text = std::fs::read_to_string(&path).with_context(|| format!("seed/{name}"))?;
        files.push(SeedFile { name, text });
    }
    files.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(files)
}

/// Whether a person looks at the output, so that colours help.
pub(crate) fn is_terminal() -> bool {
    std::io::stdout().is_terminal()
}
