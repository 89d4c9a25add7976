//! Many-to-many relations: set by keys, read as lists, confined by rules.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use testkit::{Answer, Client, Server, command};

use crate::fixtures::{ALICE, BINARY, start};

const SHOP: &str = r#"
type Product @entity @allow(read: "true", create: "true", update: "true", delete: "true") {
  name: String! @unique
  tags: [Tag!]! @join
  similar: [Product!]! @join @allow(update: "user.role == 'admin'")
  similarTo: [Product!]! @inverse(of: "similar")
}
type Tag @entity @key(on: ["code"]) @allow(read: "row.secret == false || user.role == 'admin'", write: "true") {
  code: String!
  secret: Boolean! @default(value: false)
  products: [Product!]! @inverse(of: "tags")
}
"#;

async fn shop() -> Server {
    let server = start(SHOP);
    for (code, secret) in [("a", false), ("b,c", false), ("d", false), ("hidden", true)] {
        let tag = json!({ "code": code, "secret": secret });
        let created = server.client().as_admin().post("/api/v1/tags", tag).await;
        created.expect(201);
    }
    server
}

async fn product(client: &Client, name: &str, tags: Json) -> String {
    let body = json!({ "name": name, "tags": tags });
    client.post("/api/v1/products", body).await.expect(201).id()
}

/// Returns the codes of a product's tags, as the caller sees them.
async fn tags(client: &Client, id: &str) -> Vec<String> {
    let path = format!("/api/v1/products/{id}?expand=tags(sort:code)");
    let row = client.get(&path).await.expect(200).json();
    let tags = row["tags"].as_array().expect("a list");
    tags.iter().map(|tag| tag["code"].as_str().expect("a code").to_owned()).collect()
}

fn codes(answer: &Answer) -> Vec<Json> {
    answer.json()["errors"].as_array().expect("errors").iter().map(|e| e["code"].clone()).collect()
}

#[tokio::test]
async fn a_list_of_keys_sets_what_is_linked() {
    let server = shop().await;
    let client = server.client();
    let id = product(&client, "one", json!(["a", "b,c", "a"])).await;
    assert_eq!(tags(&client, &id).await, ["a", "b,c"]);
    let path = format!("/api/v1/products/{id}");
    client.patch(&path, json!({ "name": "still" })).await.expect(200);
    assert_eq!(tags(&client, &id).await, ["a", "b,c"]);
    client.patch(&path, json!({ "tags": ["d", "a"] })).await.expect(200);
    assert_eq!(tags(&client, &id).await, ["a", "d"]);
    client.patch(&path, json!({ "tags": [] })).await.expect(200);
    assert_eq!(tags(&client, &id).await, [""; 0]);

    for (wrong, code) in [
        (json!(["a", "none"]), "not_found"),
        (json!("a"), "type"),
        (json!(["a", {}]), "type"),
        (json!(null), "null"),
        (json!(vec!["a"; 1001]), "too_many"),
    ] {
        let answer = client.patch(&path, json!({ "tags": wrong })).await.expect(422);
        assert_eq!(codes(&answer), [json!(code)]);
    }
    assert_eq!(tags(&client, &id).await, [""; 0], "a refused write links nothing");
}

#[tokio::test]
async fn both_sides_are_read_filtered_and_set() {
    let server = shop().await;
    let client = server.client();
    let one = product(&client, "one", json!(["a", "d"])).await;
    let two = product(&client, "two", json!(["a"])).await;
    product(&client, "three", json!([])).await;
    let tag = client.get("/api/v1/tags/a?expand=products(sort:name).tags").await.expect(200).json();
    let names: Vec<&Json> =
        tag["products"].as_array().expect("a list").iter().map(|row| &row["name"]).collect();
    assert_eq!(names, [&json!("one"), &json!("two")]);
    assert_eq!(tag["products"][0]["tags"].as_array().map(Vec::len), Some(2));
    client.patch("/api/v1/tags/d", json!({ "products": [two] })).await.expect(200);
    assert_eq!(tags(&client, &one).await, ["a"]);
    assert_eq!(tags(&client, &two).await, ["a", "d"]);
    for (filter, expected) in [
        ("tags.exists(t, t.code == 'd')", vec!["two"]),
        ("size(tags) == 0", vec!["three"]),
        ("tags.all(t, t.code < 'c')", vec!["one", "three"]),
        ("tags.exists(t, t.products.exists(p, p.name == 'two'))", vec!["one", "two"]),
    ] {
        let query = [("filter", filter), ("sort", "name")];
        let rows = client.find("/api/v1/products", &query).await.expect(200).items();
        let names: Vec<&str> = rows.iter().map(|row| row["name"].as_str().expect("text")).collect();
        assert_eq!(names, expected, "{filter}");
    }
    client.delete("/api/v1/tags/a").await.expect(204);
    assert_eq!(tags(&client, &two).await, ["d"], "a link goes with either of its rows");
}

#[tokio::test]
async fn rows_of_one_type_are_linked_in_a_direction() {
    let server = shop().await;
    let admin = server.client().as_admin();
    let first = product(&admin, "first", json!([])).await;
    let body = json!({ "name": "second", "similar": [first] });
    let second = admin.post("/api/v1/products", body).await.expect(201).id();
    let path = format!("/api/v1/products/{first}?expand=similar,similarTo");
    let row = admin.get(&path).await.expect(200).json();
    assert_eq!(row["similar"], json!([]));
    assert_eq!(row["similarTo"][0]["id"], json!(second));
    let path = format!("/api/v1/products/{second}");
    let alice = server.client().as_user(ALICE);
    let refused = alice.patch(&path, json!({ "similar": [] })).await.expect(403);
    assert_eq!(refused.json()["code"], json!("forbidden_field"));
    admin.patch(&path, json!({ "similar": [second] })).await.expect(200);
}

#[tokio::test]
async fn hidden_rows_are_neither_linked_nor_seen_nor_unlinked() {
    let server = shop().await;
    let (client, admin) = (server.client(), server.client().as_admin());
    let body = json!({ "name": "x", "tags": ["hidden"] });
    let answer = client.post("/api/v1/products", body).await.expect(422);
    let missing = json!({ "name": "x", "tags": ["missing"] });
    let other = client.post("/api/v1/products", missing).await.expect(422);
    assert_eq!(answer.json()["errors"], other.json()["errors"], "hidden is as good as missing");

    let id = product(&admin, "one", json!(["a", "hidden"])).await;
    assert_eq!(tags(&client, &id).await, ["a"]);
    let hidden = [("filter", "tags.exists(t, t.code == 'hidden')")];
    assert_eq!(client.find("/api/v1/products", &hidden).await.expect(200).items().len(), 0);
    let path = format!("/api/v1/products/{id}");
    client.patch(&path, json!({ "tags": ["d"] })).await.expect(200);
    assert_eq!(tags(&admin, &id).await, ["d", "hidden"], "what one does not see one does not undo");
}

#[tokio::test]
async fn sixty_four_clients_setting_one_list_leave_one_of_theirs() {
    let server = shop().await;
    let client = server.client();
    let id = product(&client, "one", json!([])).await;
    let mut writers = tokio::task::JoinSet::new();
    for number in 0..64 {
        let (client, path) = (server.client(), format!("/api/v1/products/{id}"));
        let list = if number % 2 == 0 { json!(["a", "d"]) } else { json!(["b,c"]) };
        writers.spawn(async move {
            client.patch(&path, json!({ "tags": list })).await.expect(200);
        });
    }
    while let Some(done) = writers.join_next().await {
        done.expect("writers do not panic");
    }
    let left = tags(&client, &id).await;
    assert!(left == ["a", "d"] || left == ["b,c"], "{left:?}");
}

#[tokio::test]
async fn links_stay_when_their_field_is_renamed_and_go_with_it() {
    let server = shop().await;
    let id = product(&server.client(), "one", json!(["a", "d"])).await;
    let folder = server.kill();
    let labels = SHOP
        .replace("tags: [Tag!]! @join", "labels: [Tag!]! @join @was(name: \"tags\")")
        .replace("of: \"tags\"", "of: \"labels\"");
    folder.write("modules/app/schema.graphql", &labels);
    let dir = folder.path();
    let (code, said, complaint) = command(BINARY, &["migrate", "--apply"], dir);
    assert_eq!(code, Some(0), "{said}{complaint}");
    let server = Server::run(BINARY, "serve", Arc::clone(&folder));
    let path = format!("/api/v1/products/{id}?expand=labels");
    let row = server.client().get(&path).await.expect(200).json();
    assert_eq!(row["labels"].as_array().map(Vec::len), Some(2));
    server.kill();

    let without = labels
        .replace("labels: [Tag!]! @join @was(name: \"tags\")", "")
        .replace("products: [Product!]! @inverse(of: \"labels\")", "");
    folder.write("modules/app/schema.graphql", &without);
    let (code, said, complaint) = command(BINARY, &["migrate", "--apply"], dir);
    assert_ne!(code, Some(0), "links are data: {said}");
    assert!(complaint.contains("app_product_labels"), "{complaint}");
    let drop = ["migrate", "--apply", "--allow-drop", "app_product_labels"];
    let (code, said, complaint) = command(BINARY, &drop, dir);
    assert_eq!(code, Some(0), "{said}{complaint}");
}
