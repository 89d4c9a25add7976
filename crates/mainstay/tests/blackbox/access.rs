//! `mainstay rules`: who may do what, as a person and a program see it.

use std::path::Path;

use insta::assert_snapshot;
use serde_json::{Value as Json, json};
use testkit::command;

use crate::fixtures::BINARY;

const SHOP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/shop");

#[test]
fn the_matrix_of_the_shop_is_read_at_a_glance() {
    let (code, shown, said) = command(BINARY, &["rules"], Path::new(SHOP));
    assert_eq!(code, Some(0), "{said}");
    assert_snapshot!("matrix_of_the_shop", shown);
}

#[test]
fn one_entity_of_the_matrix_is_json() {
    let arguments = ["rules", "--entity", "catalog.Product", "--format", "json"];
    let (code, shown, said) = command(BINARY, &arguments, Path::new(SHOP));
    assert_eq!(code, Some(0), "{said}");
    let matrix: Json = serde_json::from_str(&shown).expect("JSON");
    assert_eq!(
        matrix["callers"][2],
        json!({ "name": "role=admin", "claims": { "role": "admin" } })
    );
    let entity = &matrix["entities"][0];
    assert_eq!(entity["operations"]["read"]["nobody"]["when"], "row.listed");
    assert_eq!(entity["operations"]["delete"]["role=admin"]["access"], "always");
    let hidden = entity["fields"].as_array().expect("fields").iter();
    let hidden: Vec<&Json> = hidden.filter(|field| field["note"] == "private").collect();
    assert_eq!(hidden[0]["name"], "purchasePrice");
    assert_eq!(hidden[0]["operations"]["read"]["role=admin"]["access"], "never");
    let (code, _, said) = command(BINARY, &["rules", "--entity", "Porduct"], Path::new(SHOP));
    assert_eq!(code, Some(2));
    assert!(said.contains("no entity `Porduct`"), "{said}");
}
