//! `mainstay rules`: who may do what, as a person and a program see it.

use std::path::Path;

use insta::assert_snapshot;
use serde_json::{Value as Json, json};
use testkit::{Server, command};

use crate::fixtures::{ALICE, BINARY, BOB, blog, post};

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

/// Explains an attempt on a running server's database.
fn explain(server: &Server, arguments: &[&str]) -> (Option<i32>, String) {
    let all = [&["rules", "explain"], arguments].concat();
    let (code, shown, said) = command(BINARY, &all, server.folder().path());
    (code, shown + &said)
}

#[tokio::test]
async fn a_refusal_is_explained_part_by_part_on_the_real_row() {
    let server = blog().await;
    let draft = json!({ "title": "d", "status": "DRAFT" });
    let draft = post(&server.client().as_user(ALICE), draft).await;
    let row = format!("Post/{}", draft["id"].as_str().expect("an id"));
    let (code, shown) = explain(&server, &["--can", "read", &row, "--as", &format!("sub={BOB}")]);
    assert_eq!(code, Some(1), "{shown}");
    assert_snapshot!(shown.replace(&row, "Post/ID"), @r#"
    May {"sub":"0198c0de-0000-7000-8000-000000000b0b"} read app.Post/ID?
    No: the read rule hides the row, so for this caller it does not exist (404 not_found)

    read, on the row as it is: does not hold
      false    row.status == 'PUBLISHED' || row.author == user.id
      false      row.status == 'PUBLISHED'   [row.status = "DRAFT"]
      false      row.author == user.id   [row.author = "0198c0de-0000-7000-8000-00000000a11c", user.id = "0198c0de-0000-7000-8000-000000000b0b"]
    "#);

    let as_alice = ["--as", &format!("sub={ALICE}")];
    let (code, shown) = explain(&server, &[&["--can", "read", &row], &as_alice[..]].concat());
    assert_eq!(code, Some(0), "{shown}");
    let input = format!(r#"{{"author":"{BOB}"}}"#);
    let user = format!("User/{BOB}");
    let renamed = ["--can", "update", &user, "--input", r#"{"name":"Eve"}"#];
    let (code, shown) = explain(&server, &[&renamed[..], &as_alice[..]].concat());
    assert_eq!(code, Some(1));
    assert!(
        shown.contains("No: the update rule does not hold on the row as it is (403"),
        "{shown}"
    );
    let (code, shown) =
        explain(&server, &[&["--can", "update", &row, "--input", &input], &as_alice[..]].concat());
    assert_eq!(code, Some(1));
    assert!(shown.contains("author is set to the caller"), "{shown}");
}

#[tokio::test]
async fn an_explanation_masks_private_values_and_writes_nothing() {
    let server = crate::fixtures::start(
        r#"
        type Vault @entity @allow(
          read: "true"
          create: "true"
          update: "row.code == 'open' && row.level < 5"
        ) {
          code: String! @private
          level: Int @allow(update: "row.level == null || user.role == 'admin'")
          keys: [Key!]! @inverse(of: "vault")
        }
        type Key @entity @allow(create: "row.vault.keys.exists(k, k.owner == user.id)") {
          vault: Vault!
          owner: ID!
        }"#,
    );
    let client = server.client();
    let body = json!({ "code": "open", "level": 2 });
    let vault = client.post("/api/v1/vaults", body).await.expect(201).id();
    let row = format!("Vault/{vault}");
    let update = ["--can", "update", &row, "--input", r#"{"level":7}"#];
    let (code, shown) = explain(&server, &update);
    assert_eq!(code, Some(1));
    assert!(shown.contains("row.code == 'open'   [row.code = (private)]"), "{shown}");
    assert!(shown.contains("the caller may not send level (403 forbidden_field)"), "{shown}");
    let as_admin = ["--as", "role=admin"];
    let (code, shown) = explain(&server, &[&update[..], &as_admin[..]].concat());
    assert_eq!(code, Some(1));
    assert!(shown.contains("does not hold on the row as it would become (403"), "{shown}");
    let fitting = ["--can", "update", &row, "--input", r#"{"level":4}"#, "--as", "role=admin"];
    let (code, shown) = explain(&server, &[&fitting[..], &["--format", "json"]].concat());
    assert_eq!(code, Some(0), "{shown}");
    let explained: Json = serde_json::from_str(&shown).expect("JSON");
    assert_eq!((&explained["allowed"], &explained["status"]), (&json!(true), &json!(200)));
    let read = client.get(&format!("/api/v1/vaults/{vault}")).await.expect(200).json();
    assert_eq!(read, json!({ "id": vault, "level": 2 }), "nothing was written");

    // The new row is among those that its own rule looks at.
    let key = format!(r#"{{"vault":"{vault}","owner":"{ALICE}"}}"#);
    let create = ["--can", "create", "Key", "--input", &key];
    let (code, shown) =
        explain(&server, &[&create[..], &["--as", &format!("sub={ALICE}")]].concat());
    assert_eq!(code, Some(0), "{shown}");
    let (code, shown) = explain(&server, &[&create[..], &["--as", "sub=x"]].concat());
    assert_eq!(code, Some(1), "{shown}");
}

#[tokio::test]
async fn what_cannot_be_explained_is_said_so() {
    let server = crate::fixtures::start(
        r#"type Vault @entity @allow(read: "true", update: "true") { code: String! }"#,
    );
    let say = |arguments: &[&str], code: i32, said: &str| {
        let (exit, shown) = explain(&server, arguments);
        assert_eq!(exit, Some(code), "{shown}");
        assert!(shown.contains(said), "{shown}");
    };
    let row = format!("Vault/{ALICE}");
    say(&["--can", "create", "Vault"], 1, "nobody may create: there is no rule (401");
    say(&["--can", "delete", &row], 1, "there is no such row (404 not_found)");
    say(&["--can", "update", &row, "--input", r#"{"cod":1}"#], 1, "has no field `cod`");
    say(&["--can", "delete", "Vault/7"], 2, "`7` is not a key of Vault");
    say(&["--can", "delete", "Vault"], 2, "write Vault/KEY");
    say(&["--can", "drop", &row], 2, "not `drop`");
    say(&["--can", "read", "app.Valt/7"], 2, "did you mean `Vault`");
    say(&["--can", "read", &row, "--as", "role"], 2, "name=value");
    say(&["--can", "read", &row, "--database", "/nonexistent/x.db"], 2, "there is no database");
}
