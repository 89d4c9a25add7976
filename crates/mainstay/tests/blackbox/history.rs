//! The history of rows: each door that writes leaves one entry for each row that it changed.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use testkit::{Client, Folder, Server};

use crate::fixtures::{ALICE, BINARY, start};

const SHOP: &str = r#"
type Product @entity @audit(keep: "1y") @archive(keep: "30d") @allow(read: "true", write: "true") {
  name: String! @unique
  price: Decimal
  weight: Float
  stock: BigInt
  listed: Boolean! @default(value: true)
  since: DateTime
  day: Date
  extra: JSON
  labels: [String!]! @default(value: [])
  note: String @private
  changedAt: DateTime! @updated
  category: Category @onDelete(do: SET_NULL)
  tags: [Tag!]! @join
  parts: [Part!]! @inverse(of: "product")
}
type Part @entity @audit @archive @allow(read: "true", write: "true") {
  product: Product! @onDelete(do: CASCADE)
  name: String!
}
type Category @entity @allow(read: "true", write: "true") { name: String! }
type Tag @entity @audit @allow(read: "true", write: "true") { name: String!  products: [Product!]! @inverse(of: "tags") }
type Order @entity @allow(read: "true", write: "true") { lines: [Line!]! @inverse(of: "order") }
type Line @entity @audit @allow(read: "true", write: "true") { order: Order! @onDelete(do: CASCADE)  text: String! }
type Plain @entity @allow(read: "true", write: "true") { name: String! }
"#;

async fn shop() -> (Server, Client) {
    let server = start(SHOP);
    let admin = server.client().as_admin();
    (server, admin)
}

async fn made(client: &Client, path: &str, body: Json) -> String {
    client.post(path, body).await.expect(201).id()
}

async fn history(client: &Client, path: &str) -> Vec<Json> {
    client.get(&format!("{path}/history")).await.expect(200).items()
}

async fn operations(client: &Client, path: &str) -> Vec<Json> {
    history(client, path).await.iter().map(|entry| entry["operation"].clone()).collect()
}

#[tokio::test]
async fn an_entry_tells_who_changed_what_and_when() {
    let (server, admin) = shop().await;
    let id = made(&admin, "/api/v1/products", json!({ "name": "a", "price": "1.50" })).await;
    let path = format!("/api/v1/products/{id}");
    let alice = server.client().as_user(ALICE).with("x-request-id", "r-1");
    alice.patch(&path, json!({ "price": "2", "stock": "9007199254740993" })).await.expect(200);
    let entries = history(&admin, &path).await;
    assert_eq!(entries.len(), 2);
    let mut newest = entries[0].clone();
    assert!(newest["at"].as_str().is_some_and(|at| at.ends_with('Z')), "{newest}");
    newest["at"] = Json::Null;
    assert_eq!(
        newest,
        json!({
            "number": 2, "at": null, "operation": "update", "by": ALICE, "role": null, "requestId": "r-1",
            "changes": {
                "price": { "from": "1.50", "to": "2" },
                "stock": { "from": null, "to": "9007199254740993" },
            },
        })
    );
    let oldest = &entries[1];
    assert_eq!(oldest["operation"], json!("create"));
    assert_eq!(oldest["role"], json!("admin"));
    assert_eq!(oldest["changes"]["name"], json!({ "from": null, "to": "a" }));
    assert_eq!(oldest["changes"]["id"]["to"], json!(id));
    assert!(oldest["changes"]["changedAt"]["to"].is_string());
    assert_eq!(oldest["changes"]["stock"], Json::Null);
}

#[tokio::test]
async fn values_are_kept_as_clients_see_them() {
    let (_server, admin) = shop().await;
    let category = made(&admin, "/api/v1/categories", json!({ "name": "c" })).await;
    let body = json!({
        "name": "ä \"b\"", "price": "0.10", "weight": 0.1, "stock": "-9223372036854775808",
        "listed": false, "since": "2026-01-02T03:04:05.678901Z", "day": "2026-01-02",
        "extra": { "a": [1, null, { "b": 1.25 }], "c": null }, "labels": ["x", "y"],
        "category": category,
    });
    let row = admin.post("/api/v1/products", body.clone()).await.expect(201).json();
    let path = format!("/api/v1/products/{}", row["id"].as_str().expect("an id"));
    let changes = history(&admin, &path).await[0]["changes"].clone();
    for (name, value) in row.as_object().expect("a row") {
        assert_eq!(changes[name]["to"], *value, "{name}");
    }
    admin.patch(&path, json!({ "extra": { "a": 1 }, "weight": null })).await.expect(200);
    let changes = history(&admin, &path).await[0]["changes"].clone();
    assert_eq!(
        changes,
        json!({
            "weight": { "from": 0.1, "to": null },
            "extra": { "from": body["extra"], "to": { "a": 1 } },
        })
    );
}

#[tokio::test]
async fn each_door_leaves_one_entry_for_each_row() {
    let (_server, admin) = shop().await;
    let id = made(&admin, "/api/v1/products", json!({ "name": "a" })).await;
    let path = format!("/api/v1/products/{id}");
    admin.patch(&path, json!({ "name": "b" })).await.expect(200);
    admin.put(&path, json!({ "name": "c" })).await.expect(200);
    admin.put("/api/v1/products?name=c", json!({ "name": "c", "price": "1" })).await.expect(200);
    admin.patch("/api/v1/products?name=c", json!({ "price": "2" })).await.expect(200);
    let batch = json!({ "operations": [
        { "method": "PATCH", "path": format!("/products/{id}"), "body": { "price": "3" } },
        { "method": "PATCH", "path": format!("/products/{id}"), "body": { "price": "4" } },
    ] });
    admin.with("x-request-id", "of-a-batch").post("/api/v1/batch", batch).await.expect(200);
    let merge = admin.with("content-type", "application/merge-patch+json");
    merge.patch(&path, json!({ "extra": { "a": 1 } })).await.expect(200);
    admin.with("idempotency-key", "k").patch(&path, json!({ "price": "5" })).await.expect(200);
    admin.with("idempotency-key", "k").patch(&path, json!({ "price": "5" })).await.expect(200);
    admin.delete(&path).await.expect(204);
    admin.post(&format!("{path}/restore"), json!({})).await.expect(200);
    admin.delete("/api/v1/products?name=c").await.expect(200);
    let entries = history(&admin, &path).await;
    let operations: Vec<&Json> = entries.iter().map(|entry| &entry["operation"]).collect();
    let mut expected = vec!["archive", "restore", "archive"];
    expected.extend(["update"; 8]);
    expected.push("create");
    assert_eq!(operations, expected);
    assert_eq!(entries[5]["requestId"], json!("of-a-batch"));
    let numbers: Vec<i64> = entries.iter().filter_map(|entry| entry["number"].as_i64()).collect();
    assert_eq!(numbers, (1..=12).rev().collect::<Vec<i64>>());
}

#[tokio::test]
async fn rows_written_together_each_have_their_entry() {
    let (_server, admin) = shop().await;
    let rows =
        json!([{ "name": "a", "parts": [{ "name": "p" }, { "name": "q" }] }, { "name": "b" }]);
    let rows = admin.post("/api/v1/products", rows).await.expect(201).json();
    let parts = admin.get("/api/v1/parts").await.expect(200).column("id");
    assert_eq!(parts.len(), 2);
    for id in &parts {
        let path = format!("/api/v1/parts/{}", id.as_str().expect("an id"));
        assert_eq!(operations(&admin, &path).await, ["create"]);
    }
    let first = rows["items"][0]["id"].as_str().expect("an id");
    let path = format!("/api/v1/products/{first}");
    assert_eq!(operations(&admin, &path).await, ["create"]);
    // What belongs to a row goes and comes back with it, by the same request.
    admin.delete(&path).await.expect(204);
    admin
        .with("x-request-id", "back")
        .post(&format!("{path}/restore"), json!({}))
        .await
        .expect(200);
    for id in &parts {
        let entries =
            history(&admin, &format!("/api/v1/parts/{}", id.as_str().expect("an id"))).await;
        let operations: Vec<&Json> = entries.iter().map(|entry| &entry["operation"]).collect();
        assert_eq!(operations, ["restore", "archive", "create"]);
        assert_eq!(entries[0]["requestId"], json!("back"));
        assert_eq!(entries[1]["role"], json!("admin"));
    }
}

#[tokio::test]
async fn imported_rows_each_have_their_entry() {
    let (_server, admin) = shop().await;
    let csv = admin.with("content-type", "text/csv").with("x-request-id", "import");
    let body = Some("name,price\na,1\nb,2\n".into());
    csv.send(http::Method::POST, "/api/v1/products", body).await.expect(201);
    for id in admin.get("/api/v1/products").await.expect(200).column("id") {
        let path = format!("/api/v1/products/{}", id.as_str().expect("an id"));
        let entries = history(&admin, &path).await;
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0]["operation"], json!("create"));
        assert_eq!(entries[0]["role"], json!("admin"));
        assert_eq!(entries[0]["requestId"], json!("import"));
    }
}

#[tokio::test]
async fn what_foreign_keys_do_is_kept_too() {
    let (_server, admin) = shop().await;
    let category = made(&admin, "/api/v1/categories", json!({ "name": "c" })).await;
    let product =
        made(&admin, "/api/v1/products", json!({ "name": "a", "category": category })).await;
    admin.delete(&format!("/api/v1/categories/{category}")).await.expect(204);
    let entries = history(&admin, &format!("/api/v1/products/{product}")).await;
    assert_eq!(entries[0]["changes"], json!({ "categoryId": { "from": category, "to": null } }));
    assert_eq!(entries[0]["role"], json!("admin"));

    let order = made(&admin, "/api/v1/orders", json!({})).await;
    let line = made(&admin, "/api/v1/lines", json!({ "order": order, "text": "x" })).await;
    admin.with("x-request-id", "gone").delete(&format!("/api/v1/orders/{order}")).await.expect(204);
    let entries = history(&admin, &format!("/api/v1/lines/{line}")).await;
    assert_eq!(entries[0]["operation"], json!("delete"));
    assert_eq!(entries[0]["requestId"], json!("gone"));
    assert_eq!(entries[0]["changes"]["text"], json!({ "from": "x", "to": null }));
}

#[tokio::test]
async fn links_are_kept_with_the_write_that_sets_them() {
    let (_server, admin) = shop().await;
    let [a, b] = [
        made(&admin, "/api/v1/tags", json!({ "name": "a" })).await,
        made(&admin, "/api/v1/tags", json!({ "name": "b" })).await,
    ];
    let body = json!({ "name": "p", "tags": [a] });
    let product = made(&admin, "/api/v1/products", body).await;
    let path = format!("/api/v1/products/{product}");
    admin.patch(&path, json!({ "price": "1", "tags": [b] })).await.expect(200);
    admin.patch(&path, json!({ "tags": [b] })).await.expect(200);
    let entries = history(&admin, &path).await;
    assert_eq!(entries.len(), 2, "{entries:?}");
    assert_eq!(entries[0]["changes"]["tags"], json!({ "added": [b], "removed": [a] }));
    assert_eq!(entries[0]["changes"]["price"]["to"], json!("1"));
    assert_eq!(entries[1]["operation"], json!("create"));
    assert_eq!(entries[1]["changes"]["tags"], json!({ "added": [a], "removed": [] }));
    // The other side has changed as well.
    let tag = history(&admin, &format!("/api/v1/tags/{b}")).await;
    assert_eq!(tag[0]["changes"], json!({ "products": { "added": [product], "removed": [] } }));
    // A link that goes with a row is a part of that row's own entry.
    admin.delete(&format!("/api/v1/tags/{b}")).await.expect(204);
    assert_eq!(
        operations(&admin, &format!("/api/v1/tags/{b}")).await,
        ["delete", "update", "create"]
    );
    assert_eq!(history(&admin, &path).await.len(), 3);
    // It is told by the histories of the rows that stay, and not once more by that of the one that goes.
    let path = format!("/api/v1/tags/{b}");
    let deletion = history(&admin, &path).await[0]["changes"].clone();
    assert_eq!(
        deletion,
        json!({ "id": { "from": b, "to": null }, "name": { "from": "b", "to": null } })
    );
}

#[tokio::test]
async fn keys_of_linked_rows_are_shown_as_relations_show_them() {
    const KEYS: &str = r#"
      type Room @entity @audit @allow(read: "true", write: "true") {
        slots: [Slot!]! @join
        sides: [Side!]! @join
        spans: [Span!]! @join
        counts: [Count!]! @join
        sizes: [Size!]! @join
      }
      type Slot @entity @key(on: ["at"]) @allow(read: "true", write: "true") { at: DateTime! }
      type Side @entity @key(on: ["left"]) @allow(read: "true", write: "true") { left: Boolean! }
      type Span @entity @key(on: ["from", "whole", "room", "share"]) @allow(read: "true", write: "true") {
        from: DateTime!
        whole: Boolean!
        room: ID!
        share: Float!
      }
      type Count @entity @key(on: ["count"]) @allow(read: "true", write: "true") { count: BigInt! }
      type Size @entity @key(on: ["size"]) @allow(read: "true", write: "true") { size: Float! }
    "#;
    let server = start(KEYS);
    let admin = server.client().as_admin();
    let at = "2026-01-02T03:04:05.678901Z";
    let span = json!({ "from": at, "whole": true, "room": ALICE, "share": 0.1 });
    let rows = [
        ("slots", json!({ "at": at }), json!([at])),
        ("sides", json!({ "left": false }), json!([false])),
        ("spans", span, json!([format!("{at},true,{ALICE},0.1")])),
        ("counts", json!({ "count": "9007199254740993" }), json!(["9007199254740993"])),
        ("sizes", json!({ "size": 0.300_000_000_000_000_04 }), json!([0.300_000_000_000_000_04])),
    ];
    let mut body = serde_json::Map::new();
    for (list, row, keys) in &rows {
        admin.post(&format!("/api/v1/{list}"), row.clone()).await.expect(201);
        body.insert((*list).to_owned(), keys.clone());
    }
    body["sides"] = json!(["false"]);
    let room = made(&admin, "/api/v1/rooms", Json::Object(body)).await;
    let path = format!("/api/v1/rooms/{room}");
    let none = json!({ "slots": [], "sides": [], "spans": [], "counts": [], "sizes": [] });
    admin.patch(&path, none).await.expect(200);
    let entries = history(&admin, &path).await;
    for (list, _, keys) in rows {
        assert_eq!(entries[0]["changes"][list], json!({ "added": [], "removed": keys }));
        assert_eq!(entries[1]["changes"][list], json!({ "added": keys, "removed": [] }));
    }
}

#[tokio::test]
async fn what_is_refused_or_changes_nothing_leaves_no_entry() {
    let (_server, admin) = shop().await;
    let id = made(&admin, "/api/v1/products", json!({ "name": "a" })).await;
    made(&admin, "/api/v1/products", json!({ "name": "b" })).await;
    let path = format!("/api/v1/products/{id}");
    admin.patch(&path, json!({ "name": "a" })).await.expect(200);
    admin.patch(&path, json!({})).await.expect(200);
    admin.patch(&path, json!({ "name": "b" })).await.expect(409);
    admin.with("if-match", "\"0\"").patch(&path, json!({ "name": "c" })).await.expect(412);
    let batch = json!({ "operations": [
        { "method": "PATCH", "path": format!("/products/{id}"), "body": { "name": "z" } },
        { "method": "PATCH", "path": format!("/products/{id}"), "body": { "name": "b" } },
    ] });
    admin.post("/api/v1/batch", batch).await.expect(409);
    let rows = json!([{ "name": "x" }, { "name": "x" }]);
    admin.post("/api/v1/products", rows).await.expect(409);
    assert_eq!(operations(&admin, &path).await, ["create"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_concurrent_updates_are_numbered_without_gaps() {
    let (server, admin) = shop().await;
    let id = made(&admin, "/api/v1/products", json!({ "name": "a" })).await;
    let path = Arc::new(format!("/api/v1/products/{id}"));
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..20 {
        let (client, path) = (server.client().as_admin(), Arc::clone(&path));
        tasks.spawn(async move {
            for turn in 0..50 {
                let price = format!("{}", task * 50 + turn + 1);
                client.patch(&path, json!({ "price": price })).await.expect(200);
            }
        });
    }
    tasks.join_all().await;
    let mut numbers = Vec::new();
    let mut url = format!("{path}/history?limit=170");
    let mut newer = None::<Json>;
    loop {
        let page = admin.get(&url).await.expect(200);
        for entry in page.items() {
            numbers.push(entry["number"].as_i64().expect("a number"));
            // Each value leads to the next.
            if let Some(newer) = &newer {
                assert_eq!(newer["changes"]["price"]["from"], entry["changes"]["price"]["to"]);
            }
            newer = Some(entry);
        }
        let Json::String(next) = &page.json()["next"] else { break };
        url = format!("{path}/history?limit=170&after={next}");
    }
    assert_eq!(numbers, (1..=1001).rev().collect::<Vec<i64>>());
}

#[tokio::test]
async fn it_outlives_the_process() {
    let (server, admin) = shop().await;
    let id = made(&admin, "/api/v1/products", json!({ "name": "a" })).await;
    let folder = server.kill();
    let server = Server::run(BINARY, "serve", folder);
    let admin = server.client().as_admin();
    let path = format!("/api/v1/products/{id}");
    admin.patch(&path, json!({ "name": "b" })).await.expect(200);
    assert_eq!(operations(&admin, &path).await, ["update", "create"]);
}

#[tokio::test]
async fn seeds_are_nobodys_change() {
    let folder = Folder::new(SHOP).file("seed/Tag.json", r#"[{"name":"seeded"}]"#);
    let server = Server::dev(BINARY, folder);
    let admin = server.client().as_admin();
    let tags = admin.get("/api/v1/tags").await.expect(200).column("id");
    let path = format!("/api/v1/tags/{}", tags[0].as_str().expect("an id"));
    let entries = history(&admin, &path).await;
    assert_eq!(entries.len(), 1);
    assert_eq!((&entries[0]["by"], &entries[0]["requestId"]), (&Json::Null, &Json::Null));
}
