//! What migrations make of histories.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use testkit::{Client, Folder, Server, command};

use crate::fixtures::BINARY;

const SCHEMA: &str = "modules/app/schema.graphql";
const TAG: &str = r#"type Tag @entity @allow(read: "true", write: "true") { name: String! }"#;

fn person(directives: &str, fields: &str) -> String {
    format!(
        "{TAG} type Person @entity {directives} @allow(read: \"true\", write: \"true\") {{ {fields} }}"
    )
}

fn migrate(args: &[&str], folder: &Folder) -> (Option<i32>, String) {
    let (code, out, said) =
        command(BINARY, &[&["migrate", "--apply"], args].concat(), folder.path());
    (code, out + &said)
}

/// Stops the server, migrates to another model, and serves that.
fn with_model(server: Server, model: &str, args: &[&str]) -> (Server, Client) {
    let folder = server.kill();
    folder.write(SCHEMA, model);
    let (code, said) = migrate(args, &folder);
    assert_eq!(code, Some(0), "{said}");
    served(folder)
}

fn served(folder: Arc<Folder>) -> (Server, Client) {
    let server = Server::run(BINARY, "serve", folder);
    let client = server.client().as_admin();
    (server, client)
}

async fn changes(client: &Client, path: &str) -> Vec<Json> {
    client.get(&format!("{path}/history")).await.expect(200).column("changes")
}

#[tokio::test]
async fn a_table_with_rows_gets_a_history_that_begins_with_their_next_change() {
    let server = Server::start(BINARY, Folder::new(&person("", "name: String!")));
    let admin = server.client().as_admin();
    let id = admin.post("/api/v1/people", json!({ "name": "a" })).await.expect(201).id();
    let path = format!("/api/v1/people/{id}");
    admin.get(&format!("{path}/history")).await.expect(404);
    let (_server, admin) = with_model(server, &person("@audit", "name: String!"), &[]);
    assert_eq!(changes(&admin, &path).await, Vec::<Json>::new());
    admin.patch(&path, json!({ "name": "b" })).await.expect(200);
    assert_eq!(changes(&admin, &path).await, [json!({ "name": { "from": "a", "to": "b" } })]);
}

#[tokio::test]
async fn renamed_fields_and_types_are_renamed_in_it() {
    let old = person("@audit", "name: String! tags: [Tag!]! @join");
    let server = Server::start(BINARY, Folder::new(&old));
    let admin = server.client().as_admin();
    let tag = admin.post("/api/v1/tags", json!({ "name": "t" })).await.expect(201).id();
    let body = json!({ "name": "a", "tags": [tag] });
    let id = admin.post("/api/v1/people", body).await.expect(201).id();
    let new = format!(
        "{TAG} type Member @entity @was(name: \"Person\") @audit @allow(read: \"true\", write: \"true\") {{ \
         title: String! @was(name: \"name\") labels: [Tag!]! @join @was(name: \"tags\") }}"
    );
    let (server, admin) = with_model(server, &new, &[]);
    let path = format!("/api/v1/members/{id}");
    admin.patch(&path, json!({ "title": "b" })).await.expect(200);
    let seen = changes(&admin, &path).await;
    assert_eq!(seen[0], json!({ "title": { "from": "a", "to": "b" } }));
    assert_eq!(seen[1]["title"], json!({ "from": null, "to": "a" }));
    assert_eq!(seen[1]["labels"], json!({ "added": [tag], "removed": [] }));
    // It holds when the model no longer says so.
    let new = new.replace("@was(name: \"Person\")", "").replace("@was(name: \"name\")", "");
    let new = new.replace("@was(name: \"tags\")", "");
    let (_server, admin) = with_model(server, &new, &[]);
    assert_eq!(changes(&admin, &path).await, seen);
}

#[tokio::test]
async fn another_type_leaves_entries_as_they_are_and_a_rebuild_keeps_the_triggers() {
    let server = Server::start(BINARY, Folder::new(&person("@audit", "name: String! age: Int")));
    let admin = server.client().as_admin();
    let id = admin.post("/api/v1/people", json!({ "name": "a", "age": 5 })).await.expect(201).id();
    let new =
        person("@audit", "name: String! age: String initial: String! @fill(expr: \"row.name\")");
    let (server, admin) = with_model(server, &new, &[]);
    let path = format!("/api/v1/people/{id}");
    assert_eq!(changes(&admin, &path).await.len(), 1, "a migration is nobody's change");
    admin.patch(&path, json!({ "age": "six" })).await.expect(200);
    let seen = changes(&admin, &path).await;
    assert_eq!(seen[0], json!({ "age": { "from": "5", "to": "six" } }));
    assert_eq!(seen[1]["age"], json!({ "from": null, "to": 5 }));
    let online = person(
        "@audit",
        "name: String! age: String initial: String! second: String @fill(expr: \"row.name\")",
    );
    let (_server, admin) = with_model(server, &online, &["--online"]);
    assert_eq!(changes(&admin, &path).await.len(), 2, "filling later is no change either");
    assert_eq!(admin.get(&path).await.expect(200).json()["second"], json!("a"));
}

#[tokio::test]
async fn what_is_gone_or_private_leaves_it() {
    let old = person("@audit", "name: String! pin: String note: String");
    let server = Server::start(BINARY, Folder::new(&old));
    let admin = server.client().as_admin();
    let body = json!({ "name": "a", "pin": "hidden-pin", "note": "hidden-note" });
    let id = admin.post("/api/v1/people", body).await.expect(201).id();
    let path = format!("/api/v1/people/{id}");
    let allowed = ["--allow-drop", "app_person.note"];
    let (server, admin) =
        with_model(server, &person("@audit", "name: String! pin: String @private"), &allowed);
    let names: Vec<String> = changes(&admin, &path).await[0]
        .as_object()
        .map(|changes| changes.keys().cloned().collect())
        .unwrap_or_default();
    assert_eq!(names, ["id", "name"]);
    // It is not only hidden: what comes back is empty.
    let (_server, admin) = with_model(server, &person("@audit", "name: String! pin: String"), &[]);
    assert_eq!(changes(&admin, &path).await[0]["pin"], Json::Null);
}

#[tokio::test]
async fn a_history_is_dropped_only_where_that_is_allowed() {
    let server = Server::start(BINARY, Folder::new(&person("@audit", "name: String!")));
    let admin = server.client().as_admin();
    admin.post("/api/v1/people", json!({ "name": "a" })).await.expect(201);
    let folder = server.kill();
    folder.write(SCHEMA, &person("", "name: String!"));
    let (code, said) = migrate(&[], &folder);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("mainstay_history_app_person"), "{said}");
    let (code, said) = migrate(&["--allow-drop", "mainstay_history_app_person"], &folder);
    assert_eq!(code, Some(0), "{said}");
    let (_server, admin) = served(folder);
    admin.post("/api/v1/people", json!({ "name": "b" })).await.expect(201);
}
