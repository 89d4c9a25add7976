//! Rows that are created and changed in the PATCH of their parent.

use serde_json::{Value as Json, json};
use testkit::{Client, Server};

use crate::fixtures::{ALICE, BOB, start};

const NOWHERE: &str = "0198c0de-0000-7000-8000-00000000dead";

const ORDERS: &str = r#"
type Order @entity @allow(
  read: "row.customer == user.id", create: "row.customer == user.id",
  update: "row.customer == user.id && size(row.lines) < 6"
) {
  customer: ID! @owner
  note: String
  lines: [Line!]! @inverse(of: "order")
  tags: [Tag!]! @inverse(of: "order")
}
type Line @entity @allow(
  read: "row.order.customer == user.id && row.quantity != 7",
  create: "row.order.customer == user.id && row.quantity < 100",
  update: "row.order.customer == user.id && row.quantity < 100 && row.product != 'fixed'"
) {
  order: Order!
  product: String! @length(min: 1, max: 10)
  quantity: Int! @range(min: 1) @default(value: 1)
  discount: Decimal @allow(write: "user.role == 'admin'")
  serials: [Serial!]! @inverse(of: "line")
}
type Serial @entity @allow(read: "true", write: "user != null") { line: Line!  number: String! @unique }
type Tag @entity @key(on: ["order", "name"]) @allow(read: "true", write: "user != null") {
  order: Order!  name: String!  colour: String
}
"#;

/// Creates an order with these lines; returns its path and the keys of the lines.
async fn order(client: &Client, lines: Json) -> (String, Vec<String>) {
    let body = json!({ "note": "n", "lines": lines, "tags": [{ "name": "new" }] });
    let created = client.post("/api/v1/orders", body).await.expect(201);
    let path = created.header("location").expect("a Location").to_owned();
    let lines = created.json()["lines"].as_array().cloned().unwrap_or_default();
    (path, lines.iter().map(|line| line["id"].as_str().expect("an id").to_owned()).collect())
}

/// Returns all that the callers see.
async fn everything(server: &Server) -> Vec<Json> {
    let mut all = Vec::new();
    for caller in [ALICE, BOB] {
        for path in ["orders", "lines", "serials", "tags"] {
            let client = server.client().as_user(caller);
            all.extend(client.get(&format!("/api/v1/{path}")).await.expect(200).items());
        }
    }
    all
}

#[tokio::test]
async fn named_rows_change_others_are_created_and_the_rest_stays() {
    let server = start(ORDERS);
    let alice = server.client().as_user(ALICE);
    let lines =
        json!([{ "product": "knife", "serials": [{ "number": "1" }] }, { "product": "fork" }]);
    let (path, lines) = order(&alice, lines).await;
    let serial = alice.get("/api/v1/serials").await.items().remove(0);
    let patch = json!({
        "note": "changed",
        "lines": [
            { "id": lines[0], "quantity": 2, "serials": [{ "id": serial["id"], "number": "1b" }, { "number": "2" }] },
            { "product": "spoon", "serials": [{ "id": NOWHERE, "number": "3" }] }
        ],
        "tags": [{ "name": "new", "colour": "red" }]
    });
    let changed = alice.patch(&path, patch).await.expect(200);
    let row = changed.json();
    assert_eq!(row["note"], json!("changed"));
    assert_eq!(
        (&row["lines"][0]["product"], &row["lines"][0]["quantity"]),
        (&json!("knife"), &json!(2))
    );
    assert_eq!(row["lines"][0]["serials"][0]["number"], json!("1b"));
    assert_eq!(row["lines"][0]["serials"][1]["lineId"], json!(lines[0]));
    assert_eq!(row["lines"][1]["orderId"], row["id"]);
    assert_eq!(row["lines"][1]["serials"][0]["id"], json!(NOWHERE), "in a new row all are new");
    assert_eq!(row["tags"], json!([{ "orderId": row["id"], "name": "new", "colour": "red" }]));
    assert_eq!(changed.etag(), alice.get(&path).await.etag());
    let all = alice.get("/api/v1/lines?sort=product").await;
    assert_eq!(all.column("product"), ["fork", "knife", "spoon"].map(Json::from));
    assert_eq!(alice.get("/api/v1/serials?sort=number").await.column("number").len(), 3);

    let minimal = alice.with("prefer", "return=minimal");
    minimal.patch(&path, json!({ "lines": [] })).await.expect(204);
    let stale = alice.with("if-match", "\"0\"");
    stale.patch(&path, json!({ "lines": [{ "product": "a" }] })).await.expect(412);
    let same = alice.with("if-match", &changed.etag());
    same.patch(&path, json!({ "lines": [{ "id": lines[1], "orderId": row["id"] }] }))
        .await
        .expect(200);
    assert_eq!(alice.get("/api/v1/lines").await.items().len(), 3);
}

#[tokio::test]
async fn one_row_that_is_refused_keeps_everything_as_it_was() {
    let server = start(ORDERS);
    let alice = server.client().as_user(ALICE);
    let lines = json!([{ "product": "knife" }, { "product": "fork" }, { "product": "fixed" }]);
    let (path, lines) = order(&alice, lines).await;
    let before = everything(&server).await;
    let check = async |second: Json, status: u16, expected: &[(&str, &str)]| {
        let first = json!({ "id": lines[0], "quantity": 5 });
        let body = json!({
            "note": "changed",
            "lines": [first, second],
            "tags": [{ "name": "new", "colour": "red" }]
        });
        let expected: Vec<_> =
            expected.iter().map(|(p, c)| ((*p).to_owned(), (*c).to_owned())).collect();
        assert_eq!(alice.patch(&path, body).await.expect(status).errors(), expected, "{second}");
        assert_eq!(everything(&server).await, before, "after {second}");
    };
    let id = &lines[1];
    check(json!({ "id": id, "quantity": 100 }), 403, &[("/lines/1", "forbidden")]).await;
    check(json!({ "id": lines[2], "product": "free" }), 403, &[("/lines/1", "forbidden")]).await;
    check(json!({ "product": "a", "quantity": 100 }), 403, &[("/lines/1", "forbidden")]).await;
    let field = [("/lines/1/discount", "forbidden_field")];
    check(json!({ "id": id, "discount": "1" }), 403, &field).await;
    check(json!({ "id": id, "quantity": 0 }), 422, &[("/lines/1/quantity", "range")]).await;
    check(json!({ "quantity": 2 }), 422, &[("/lines/1/product", "required")]).await;
    check(json!({ "id": 5 }), 422, &[("/lines/1/id", "type")]).await;
    check(json!({ "id": null, "product": "a" }), 422, &[("/lines/1/id", "type")]).await;
    check(json!({ "id": lines[0] }), 422, &[("/lines/1", "repeated")]).await;
    check(json!({ "id": id, "order": NOWHERE }), 422, &[("/lines/1/order", "mismatch")]).await;
    check(json!({ "id": id, "colour": 1 }), 422, &[("/lines/1/colour", "unknown_field")]).await;
    check(json!(5), 422, &[("/lines/1", "type")]).await;
    let twice = json!({ "id": id, "serials": [{ "number": "1" }, { "number": "1" }] });
    check(twice, 409, &[("/lines/1/serials/1/number", "duplicate")]).await;

    // The rule of the order counts the lines when they are written.
    let many: Json = (0..3).map(|_| json!({ "product": "a" })).collect();
    alice.patch(&path, json!({ "lines": many })).await.expect(403);
    let many: Json = (0..1000).map(|_| json!({ "product": "a" })).collect();
    let refused = alice.patch(&path, json!({ "lines": many })).await.expect(422);
    assert_eq!(refused.text("code"), "too_many_rows");
    assert_eq!(everything(&server).await, before);
}

#[tokio::test]
async fn a_row_that_is_hidden_or_of_another_parent_is_not_there() {
    let server = start(ORDERS);
    let (alice, bob) = (server.client().as_user(ALICE), server.client().as_user(BOB));
    let lines = json!([{ "product": "seen" }, { "product": "hidden", "quantity": 7 }]);
    let (path, lines) = order(&alice, lines).await;
    let (_, elsewhere) = order(&alice, json!([{ "product": "other" }])).await;
    let (bobs, of_bob) = order(&bob, json!([{ "product": "bobs" }])).await;
    let before = everything(&server).await;
    for key in [lines[1].as_str(), &elsewhere[0], &of_bob[0], NOWHERE] {
        let body = json!({ "note": "x", "lines": [{ "id": lines[0], "quantity": 2 }, { "id": key, "quantity": 3 }] });
        let mut refused = alice.patch(&path, body).await.expect(422).json();
        refused["requestId"].take();
        assert_eq!(refused["code"], json!("invalid_body"), "{key}");
        assert_eq!(refused["errors"][0]["pointer"], json!("/lines/1"), "{key}");
        assert_eq!(refused["errors"][0]["code"], json!("not_found"), "{key}");
        assert!(!refused.to_string().contains(key), "{refused}");
    }
    let tags = json!({ "tags": [{ "name": "old" }] });
    assert_eq!(
        alice.patch(&path, tags).await.expect(422).errors(),
        [("/tags/0".to_owned(), "not_found".to_owned())]
    );
    // Of a row that the caller may not see, nothing is said of what is in it.
    for key in [of_bob[0].as_str(), NOWHERE] {
        alice.patch(&bobs, json!({ "lines": [{ "id": key }] })).await.expect(404);
    }
    alice.patch(&bobs, json!({ "lines": [{ "product": "mine" }] })).await.expect(404);
    server.client().patch(&path, json!({ "lines": [{ "id": lines[0] }] })).await.expect(404);
    assert_eq!(everything(&server).await, before);
}

#[tokio::test]
async fn rows_of_another_tenant_are_not_there() {
    let server = start(
        r#"type Org @entity @allow(read: "true", create: "user.role == 'admin'") { name: String! }
           type Project @entity @tenant(field: "org") @allow(read: "true", write: "true") {
             org: Org!  name: String!  tasks: [Task!]! @inverse(of: "project")
           }
           type Task @entity @tenant(field: "org") @allow(read: "true", write: "true") {
             org: Org!  title: String!  project: Project!
           }"#,
    );
    let mut worlds = Vec::new();
    for (caller, org) in [(ALICE, "Red"), (BOB, "Blue")] {
        let admin = server.client().as_admin();
        let org = admin.post("/api/v1/orgs", json!({ "name": org })).await.expect(201).text("id");
        let client = server.client().as_caller(&json!({ "sub": caller, "org": org }));
        let body = json!({ "name": "p", "tasks": [{ "title": "secret" }] });
        let created = client.post("/api/v1/projects", body).await.expect(201);
        let path = created.header("location").expect("a Location").to_owned();
        worlds.push((client, path, created.json()["tasks"][0]["id"].clone()));
    }
    let Ok([(red, path, own), (_, blue_path, foreign)]) = <[_; 2]>::try_from(worlds) else {
        unreachable!("there are two");
    };
    let tasks = |id: &Json| json!({ "tasks": [{ "id": id, "title": "t" }, { "title": "new" }] });
    let refused = red.patch(&path, tasks(&foreign)).await.expect(422).errors();
    assert_eq!(refused, [("/tasks/0".to_owned(), "not_found".to_owned())]);
    red.patch(&blue_path, tasks(&foreign)).await.expect(404);
    red.patch(&blue_path, json!({ "tasks": [{ "title": "new" }] })).await.expect(404);
    let changed = red.patch(&path, tasks(&own)).await.expect(200).json();
    assert_eq!(changed["tasks"][1]["orgId"], changed["orgId"]);
    assert_eq!(
        red.get("/api/v1/tasks?sort=title").await.column("title"),
        ["new", "t"].map(Json::from)
    );
}
