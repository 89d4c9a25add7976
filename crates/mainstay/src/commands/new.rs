//! `mainstay new`: an application folder to start from.

use std::path::Path;

use anyhow::Context;

use crate::cli::{New, Template};

/// A file of a template.
type File = (&'static str, &'static str);

const COMMON: &[File] = &[
    ("mainstay.toml", include_str!("../../templates/mainstay.toml")),
    (".gitignore", include_str!("../../templates/gitignore")),
    ("README.md", include_str!("../../templates/README.md")),
];

const BLANK: &[File] = &[
    (
        "modules/app/schema.graphql",
        include_str!("../../templates/blank/modules/app/schema.graphql"),
    ),
    ("seed/Note.json", include_str!("../../templates/blank/seed/Note.json")),
    ("tests/rules.toml", include_str!("../../templates/blank/tests/rules.toml")),
];

const SAAS: &[File] = &[
    (
        "modules/accounts/schema.graphql",
        include_str!("../../templates/saas/modules/accounts/schema.graphql"),
    ),
    (
        "modules/work/schema.graphql",
        include_str!("../../templates/saas/modules/work/schema.graphql"),
    ),
    ("tests/rules.toml", include_str!("../../templates/saas/tests/rules.toml")),
];

macro_rules! shop {
    ($($path:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!("../../../../examples/shop/", $path)))),+]
    };
}

const SHOP: &[File] = shop![
    "modules/accounts/schema.graphql",
    "modules/catalog/schema.graphql",
    "modules/orders/schema.graphql",
    "seed/Category.json",
    "seed/Order.json",
    "seed/OrderLine.json",
    "seed/Product.json",
    "seed/Review.json",
    "seed/User.json",
    "tests/rules.toml",
];

/// Writes the folder, which must not have anything in it yet.
pub(crate) fn run(args: &New) -> anyhow::Result<u8> {
    let dir = &args.name;
    let used = dir.read_dir().is_ok_and(|mut entries| entries.next().is_some());
    anyhow::ensure!(!used, "{} is not empty", dir.display());
    let name = dir.file_name().context("give the folder a name")?.to_string_lossy();
    let template = match args.template {
        Template::Blank => BLANK,
        Template::Saas => SAAS,
        Template::Shop => SHOP,
    };
    for (path, text) in COMMON.iter().chain(template) {
        write(dir, path, &text.replace("{name}", &name))?;
    }
    super::say(&format!("{} is ready. Start it:\n\n    mainstay dev {}", name, dir.display()));
    Ok(super::OK)
}

fn write(dir: &Path, path: &str, text: &str) -> anyhow::Result<()> {
    let path = dir.join(path);
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)
            .with_context(|| format!("cannot create {}", parent.display()))?;
    }
    std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
}
