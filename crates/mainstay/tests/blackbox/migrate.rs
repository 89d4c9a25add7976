//! `mainstay migrate` as people and pipelines call it.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value as Json, json};
use testkit::{Folder, Server, command};

use crate::fixtures::BINARY;

const SCHEMA: &str = "modules/app/schema.graphql";
const OLD: &str =
    r#"type Person @entity @allow(read: "true", write: "true") { name: String! age: String }"#;
/// Splits the name and makes a number of the age.
const NEW: &str = r#"type Person @entity @allow(read: "true", write: "true") {
  firstName: String! @fill(expr: "row.name.before(' ')")
  lastName: String! @fill(expr: "row.name.after(' ')")
  age: Int @fill(expr: "int(row.age)")
}"#;

/// Serves the old model, creates people, and puts the new model into the folder.
async fn people(people: &[(&str, Option<&str>)]) -> Arc<Folder> {
    let server = Server::start(BINARY, Folder::new(OLD));
    for (name, age) in people {
        let person = json!({ "name": name, "age": age });
        server.client().post("/api/v1/people", person).await.expect(201);
    }
    let folder = server.kill();
    folder.write(SCHEMA, NEW);
    folder
}

fn migrate(args: &[&str], folder: &Path) -> (Option<i32>, String, String) {
    command(BINARY, &[&["migrate"], args].concat(), folder)
}

fn plan(args: &[&str], folder: &Path) -> (Option<i32>, Json) {
    let (code, text, said) = migrate(&[args, &["--format", "json"]].concat(), folder);
    (code, serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}{said}")))
}

#[tokio::test]
async fn a_pipeline_can_tell_nothing_to_do_from_something_to_do_and_from_stopped() {
    let folder = people(&[("Ada Lovelace", Some("36"))]).await;
    let (code, found) = plan(&["--plan", "--exit-code"], folder.path());
    assert_eq!((code, &found["state"]), (Some(3), &json!("pending")), "{found:#}");
    assert_eq!(migrate(&["--plan"], folder.path()).0, Some(0), "only those who ask are told");
    let (code, found) = plan(&["--apply"], folder.path());
    assert_eq!((code, &found["state"]), (Some(0), &json!("applied")), "{found:#}");
    let (code, found) = plan(&["--plan", "--exit-code"], folder.path());
    assert_eq!((code, &found["state"]), (Some(0), &json!("current")));
    folder.write(SCHEMA, &NEW.replace("age: Int @fill(expr: \"int(row.age)\")", ""));
    let (code, found) = plan(&["--plan", "--exit-code"], folder.path());
    assert_eq!((code, &found["state"]), (Some(1), &json!("stopped")));
    assert_eq!(found["problems"][0]["allowDrop"], json!("app_person.age"));
    let (code, found) =
        plan(&["--plan", "--exit-code", "--allow-drop", "app_person.age"], folder.path());
    assert_eq!((code, &found["state"]), (Some(3), &json!("pending")), "{found:#}");
}

#[tokio::test]
async fn the_plan_says_what_why_and_how_many_rows() {
    let folder = people(&[("Ada Lovelace", Some("36")), ("Cher", Some("?"))]).await;
    let (code, text, said) = migrate(&["--plan"], folder.path());
    assert_eq!(code, Some(1), "{said}");
    let (_, found) = plan(&["--plan"], folder.path());
    let keys: Vec<&str> = found["problems"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|problem| problem["keys"][0].as_str())
        .collect();
    let text = keys.iter().fold(text, |text, key| text.replace(key, "KEY"));
    insta::assert_snapshot!("plan_text", text);
    let text = keys.iter().fold(found.to_string(), |text, key| text.replace(key, "KEY"));
    let found: Json = serde_json::from_str(&text).expect("JSON");
    insta::assert_snapshot!("plan_json", format!("{found:#}"));
    let (code, sql, said) = migrate(&["--plan", "--format", "sql"], folder.path());
    assert_eq!(code, Some(1), "what stops it is told apart from the SQL");
    assert!(said.contains("its @fill gives none"), "{said}");
    insta::assert_snapshot!("plan_sql", sql);
}

#[tokio::test]
async fn a_dry_run_migrates_a_copy_and_leaves_the_database_alone() {
    let folder = people(&[("Ada Lovelace", Some("36")), ("Alan Turing", None)]).await;
    let before = plan(&["--plan"], folder.path());
    let (code, text, said) = migrate(&["--dry-run"], folder.path());
    assert_eq!(code, Some(0), "{text}{said}");
    assert!(
        text.contains("app_person: 2 rows before, 2 after; 1 untouched column, same checksum"),
        "{text}"
    );
    assert!(text.contains("integrity: ok\nforeign keys: ok"), "{text}");
    let files = std::fs::read_dir(folder.database().parent().expect("a folder")).expect("a folder");
    let copies = files.flatten().filter(|file| file.path().to_string_lossy().contains("dry-run"));
    assert_eq!(copies.count(), 0, "the copy is gone");
    assert_eq!(plan(&["--plan"], folder.path()), before);

    let copy = folder.path().join("copy.db");
    let copy_to = copy.to_str().expect("a path in UTF-8");
    let (code, found) = plan(&["--dry-run", "--copy-to", copy_to], folder.path());
    assert_eq!((code, &found["dryRun"]["good"]), (Some(0), &json!(true)), "{found:#}");
    assert_eq!(found["dryRun"]["tables"][0]["untouchedColumns"], json!(["id"]));
    let (_, found) = plan(&["--plan", "--database", copy_to], folder.path());
    assert_eq!(found["state"], json!("current"), "the copy was migrated");
    let (code, _, said) = migrate(&["--dry-run", "--copy-to", copy_to], folder.path());
    assert_eq!(code, Some(2), "nothing is overwritten");
    assert!(said.contains("copy.db"), "{said}");
}

#[tokio::test]
async fn a_dry_run_is_made_while_the_server_writes() {
    let server = Server::start(BINARY, Folder::new(OLD));
    let client = server.client();
    client.post("/api/v1/people", json!({ "name": "Ada Lovelace" })).await.expect(201);
    server.folder().write(SCHEMA, &OLD.replace("age: String", "age: String note: String"));
    let (code, found) = plan(&["--dry-run"], server.folder().path());
    assert_eq!(code, Some(0), "{found:#}");
    client.post("/api/v1/people", json!({ "name": "Alan Turing" })).await.expect(201);
}

#[tokio::test]
async fn a_server_of_the_old_model_writes_on_while_rows_are_filled_online() {
    let server = Server::start(BINARY, Folder::new(OLD));
    let client = server.client();
    client.post("/api/v1/people", json!({ "name": "Ada Lovelace" })).await.expect(201);
    let loud = r#"loud: String @fill(expr: "row.name.upperAscii()")"#;
    let new = OLD.replace("age: String", &format!("age: String {loud}"));
    let folder = Arc::clone(server.folder());
    // `dev` would reload the model and migrate by itself, so the new one is in a folder of its own.
    let other = Folder::new(&new);
    let database = folder.database();
    let database = database.to_str().expect("a path in UTF-8");
    let args = ["--apply", "--online", "--database", database];
    let (code, found) = plan(&args, other.path());
    assert_eq!((code, &found["state"]), (Some(0), &json!("applied")), "{found:#}");
    assert_eq!(found["steps"][0]["how"], json!("writeRowsLater"));
    client.post("/api/v1/people", json!({ "name": "Alan Turing" })).await.expect(201);
    drop(server.kill());
    // What the old model wrote since is filled when the field becomes required.
    other.write(SCHEMA, &new.replace("loud: String", "loud: String!"));
    let (code, found) = plan(&["--apply", "--database", database], other.path());
    assert_eq!((code, &found["state"]), (Some(0), &json!("applied")), "{found:#}");
    assert_eq!(found["steps"][0]["how"], json!("writeRows"));
}

#[test]
fn there_is_nothing_to_try_without_a_database() {
    let folder = Folder::new(OLD);
    let (code, _, said) = migrate(&["--dry-run"], folder.path());
    assert_eq!(code, Some(2));
    assert!(said.contains("there is no database"), "{said}");
    assert!(!folder.database().exists());
}
