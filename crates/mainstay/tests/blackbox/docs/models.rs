//! The models in the documents load, and each directive is in one of them.

use testkit::{Folder, command};

use super::blocks::{Block, blocks};
use super::{read, root};
use crate::fixtures::BINARY;

/// Directives whose features are not built yet, as docs/modelling.md lists them.
fn unsupported() -> Vec<String> {
    let modelling = read("docs/modelling.md");
    let (_, section) = modelling.split_once("## Not supported yet").expect("the list");
    section.split('`').filter_map(|word| word.strip_prefix('@')).map(str::to_owned).collect()
}

fn models() -> Vec<(String, Block)> {
    let docs = std::fs::read_dir(root().join("docs")).expect("the documents");
    let names = docs.map(|entry| entry.expect("a document").file_name());
    let mut paths: Vec<String> = names
        .filter_map(|name| name.into_string().ok())
        .filter(|name| name.ends_with(".md"))
        .map(|name| format!("docs/{name}"))
        .collect();
    paths.push("README.md".to_owned());
    paths.sort();
    paths
        .iter()
        .flat_map(|path| blocks(&read(path)).into_iter().map(|block| (path.clone(), block)))
        .filter(|(_, block)| block.language == "graphql")
        .collect()
}

/// Makes a module of a block: definitions as they are, fields in a type of their own.
fn module(block: &Block) -> String {
    let starts = ["type ", "enum ", "extend ", "\""];
    let defines = block.text.lines().any(|line| starts.iter().any(|start| line.starts_with(start)));
    let text = block.text.replace('…', "sample: String");
    let text = match defines {
        true => text,
        false => format!("type Sample @entity @allow(read: \"true\") {{\n{text}}}\n"),
    };
    format!("{text}\n{}", block.with)
}

#[test]
fn every_model_in_the_documents_loads() {
    let models = models();
    assert!(models.len() > 10, "the documents show models");
    let mut wrong = Vec::new();
    for (path, block) in &models {
        let folder = Folder::new(&module(block));
        // What a block says of other modules is about one that is not shown.
        let other = "type Stranger @entity @exposed @allow(read: \"true\") { name: String! }";
        folder.write("modules/accounts/schema.graphql", other);
        let (code, said, complaint) = command(BINARY, &["check"], folder.path());
        if code != Some(0) {
            wrong.push(format!("{path}:{}\n{said}{complaint}", block.line));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_directive_that_works_is_shown_in_a_model() {
    let shown: String = models().iter().map(|(_, block)| block.text.clone()).collect();
    let unsupported = unsupported();
    let definitions = read("crates/model/src/directives.graphql");
    let missing: Vec<&str> = definitions
        .lines()
        .filter_map(|line| line.strip_prefix("directive @"))
        .filter_map(|line| line.split(['(', ' ']).next())
        .filter(|name| !unsupported.iter().any(|known| known == name))
        .filter(|name| !shown.contains(&format!("@{name}")))
        .collect();
    assert_eq!(missing, [""; 0], "show each in a block of docs/modelling.md");
}
