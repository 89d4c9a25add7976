//! Crates depend only on those below them, as ARCHITECTURE.md draws it.

use super::Finding;
use super::tree::File;

/// The product's crates from the bottom to the top. A crate reaches only those before it.
const LAYERS: [&str; 7] = ["expr", "model", "plan", "store", "app", "api", "mainstay"];

/// Crates that stand beside the layers and that no layer may depend on, except to test.
const OUTSIDE: [&str; 3] = ["testkit", "limit", "xtask"];

/// The only crate that knows a database driver, and the drivers.
const DRIVER_CRATE: &str = "store";
const DRIVERS: [&str; 2] = ["rusqlite", "tokio-postgres"];

/// Checks the manifests of the layers.
pub(super) fn check(files: &[File]) -> Vec<Finding> {
    let manifests = files.iter().filter_map(|file| {
        let name = file.path.strip_prefix("crates/")?.strip_suffix("/Cargo.toml")?;
        (!OUTSIDE.contains(&name)).then_some((name, file))
    });
    manifests.flat_map(|(name, file)| check_manifest(name, file)).collect()
}

fn check_manifest(name: &str, file: &File) -> Vec<Finding> {
    let finding = |message: String| Finding { path: file.path.clone(), line: 0, message };
    let Some(own) = LAYERS.iter().position(|layer| *layer == name) else {
        return vec![finding(format!("give `{name}` its place among the layers in xtask's tidy"))];
    };
    let Ok(manifest) = file.text.parse::<toml::Table>() else {
        return vec![finding("is not TOML".to_owned())];
    };
    let dependencies = manifest.get("dependencies").and_then(toml::Value::as_table);
    let names = dependencies.into_iter().flat_map(|table| table.keys());
    names
        .filter_map(|dependency| {
            let dependency = dependency.as_str();
            let above = LAYERS.iter().position(|layer| *layer == dependency);
            if above.is_some_and(|above| above >= own) || OUTSIDE.contains(&dependency) {
                return Some(finding(format!("`{name}` must not depend on `{dependency}`")));
            }
            let driver = DRIVERS.contains(&dependency) && name != DRIVER_CRATE;
            driver.then(|| finding(format!("only `{DRIVER_CRATE}` knows `{dependency}`")))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, dependencies: &str) -> Vec<String> {
        let path = format!("crates/{name}/Cargo.toml");
        let text = format!("[dependencies]\n{dependencies}\n");
        check(&[File { path, text }]).into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn crate_reaches_only_those_below() {
        assert_eq!(found("plan", "expr.workspace = true\nmodel.workspace = true"), [""; 0]);
        assert_eq!(found("expr", "model.workspace = true"), ["`expr` must not depend on `model`"]);
        assert_eq!(found("api", "testkit.workspace = true").len(), 1);
        assert_eq!(found("testkit", "api.workspace = true"), [""; 0]);
    }

    #[test]
    fn only_the_store_knows_a_driver() {
        assert_eq!(found("store", "rusqlite.workspace = true"), [""; 0]);
        assert_eq!(found("app", "rusqlite.workspace = true"), ["only `store` knows `rusqlite`"]);
    }

    #[test]
    fn new_crate_asks_for_its_place() {
        assert!(found("advisor", "")[0].contains("give `advisor` its place"));
    }
}
