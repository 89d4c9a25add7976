//! Many rows in one request: arrays of new ones, and those that a filter matches.

use serde_json::{Value as Json, json};
use testkit::{Client, Folder, Server};

use crate::fixtures::{ALICE, BINARY, BOB, blog, start};

const SHOP: &str = r#"
type Product @entity @allow(
  read: "!row.secret", create: "row.price < 100", update: "!row.locked && row.price < 100", delete: "!row.locked"
) {
  slug: String! @unique
  price: Decimal! @range(min: 0) @check(expr: "row.price != 13", message: "is unlucky")
  locked: Boolean! @default(value: false)
  secret: Boolean! @default(value: false)
  note: String @private
  data: JSON
}
"#;

async fn count(client: &Client) -> Json {
    client.get("/api/v1/products?count=exact").await.expect(200).json()["total"].clone()
}

async fn fill(client: &Client, rows: usize) {
    let rows: Json = (0..rows).map(|n| json!({ "slug": format!("s{n}"), "price": n })).collect();
    client.with("prefer", "return=minimal").post("/api/v1/products", rows).await.expect(201);
}

#[tokio::test]
async fn an_array_creates_all_its_rows_in_their_order() {
    let server = start(SHOP);
    let client = server.client();
    let rows = json!([
        { "slug": "a", "price": "1" },
        { "slug": "b", "price": "2", "secret": true },
        { "slug": "c", "price": "3", "id": ALICE }
    ]);
    let created = client.post("/api/v1/products", rows).await.expect(201);
    assert_eq!((created.header("location"), created.header("etag")), (None, None));
    let created = created.json();
    assert_eq!(created["created"], json!(3));
    let items = created["items"].as_array().expect("items");
    assert_eq!((&items[0]["slug"], &items[2]["id"]), (&json!("a"), &json!(ALICE)));
    assert_eq!(items[1].as_object().map(serde_json::Map::len), Some(1), "the key alone");
    assert_eq!(count(&client).await, json!(2));

    let minimal = client.with("prefer", "return=minimal");
    let rows = json!([{ "slug": "d", "price": "1" }]);
    let created = minimal.post("/api/v1/products", rows).await.expect(201);
    assert_eq!(created.json(), json!({ "created": 1 }));
    assert_eq!(created.header("preference-applied"), Some("return=minimal"));
    let none = client.post("/api/v1/products", json!([])).await.expect(201).json();
    assert_eq!(none, json!({ "created": 0, "items": [] }));
}

#[tokio::test]
async fn one_wrong_row_keeps_all_others_out_and_is_named() {
    let server = start(SHOP);
    let client = server.client();
    let good = |slug: &str| json!({ "slug": slug, "price": "1" });
    client.post("/api/v1/products", good("taken")).await.expect(201);
    let check = async |wrong: Json, status: u16, expected: &[(&str, &str)]| {
        let rows = json!([good("a"), good("b"), good("c"), wrong, good("d")]);
        let expected: Vec<_> =
            expected.iter().map(|(p, c)| ((*p).to_owned(), (*c).to_owned())).collect();
        let answer = client.post("/api/v1/products", rows).await;
        assert_eq!(answer.expect(status).errors(), expected);
        assert_eq!(count(&client).await, json!(1), "nothing was kept");
    };
    let mistakes = [("/3/price", "range"), ("/3/x~1y", "unknown_field"), ("/3/slug", "required")];
    check(json!({ "price": -1, "x/y": 1 }), 422, &mistakes).await;
    check(good("taken"), 409, &[("/3/slug", "duplicate")]).await;
    check(good("a"), 409, &[("/3/slug", "duplicate")]).await;
    check(json!({ "slug": "e", "price": 13 }), 422, &[("/3/price", "check_failed")]).await;
    check(json!({ "slug": "e", "price": 100 }), 401, &[("/3", "unauthenticated")]).await;
    for body in [json!([1]), json!([[]]), json!([{}, null])] {
        let answer = client.post("/api/v1/products", body).await.expect(400);
        assert_eq!(answer.text("code"), "malformed_body");
    }
    let rows = json!([{}, { "slug": 1 }]);
    let found = client.post("/api/v1/products", rows).await.expect(422).errors();
    let places: Vec<&str> = found.iter().map(|(place, _)| place.as_str()).collect();
    assert_eq!(places, ["/0/slug", "/0/price", "/1/slug", "/1/price"]);
    let many: Json = (0..900).map(|_| json!({ "x": 1 })).collect();
    assert_eq!(client.post("/api/v1/products", many).await.expect(422).errors().len(), 100);
}

#[tokio::test]
async fn rows_of_an_array_may_refer_to_each_other_in_either_order_of_rules() {
    let server = start(
        r#"type Part @entity @allow(read: "true", create: "row.parent == null || row.parent.parts.exists(p, p.name == 'last')") {
             name: String!  parent: Part  parts: [Part!]! @inverse(of: "parent")
           }"#,
    );
    let client = server.client();
    let row = |name: &str| json!({ "name": name, "parent": ALICE });
    let rows = json!([{ "id": ALICE, "name": "root" }, row("first"), row("last")]);
    client.post("/api/v1/parts", rows).await.expect(201);
    let rows = json!([{ "id": BOB, "name": "root" }, { "name": "first", "parent": BOB }]);
    assert_eq!(
        client.post("/api/v1/parts", rows).await.expect(401).errors(),
        [("/1".to_owned(), "unauthenticated".to_owned())]
    );
}

#[tokio::test]
async fn a_filter_says_which_rows_are_changed() {
    let server = start(SHOP);
    let client = server.client();
    fill(&client, 10).await;
    let path = "/api/v1/products?filter=price%20%3C%203";
    let changed = client.patch(path, json!({ "data": { "a": 1 } })).await.expect(200);
    assert_eq!(changed.json(), json!({ "updated": 3 }));
    let full = client
        .with("prefer", "return=representation")
        .with("content-type", "application/merge-patch+json");
    let path = "/api/v1/products?price[gte]=2&price[lt]=4";
    let changed = full.patch(path, json!({ "data": { "b": 2 } })).await.expect(200);
    assert_eq!(changed.header("preference-applied"), Some("return=representation"));
    let changed = changed.json();
    assert_eq!(changed["updated"], json!(2));
    assert_eq!(changed["items"][0]["data"], json!({ "a": 1, "b": 2 }));
    assert_eq!(changed["items"][1]["data"], json!({ "b": 2 }));

    let deleted = client.delete("/api/v1/products?slug[in]=s0,s1,s77").await.expect(200);
    assert_eq!(deleted.json(), json!({ "deleted": 2 }));
    let deleted = full.delete("/api/v1/products?slug=s2").await.expect(200).json();
    assert_eq!(deleted["items"][0]["slug"], json!("s2"));
    let none = client.delete("/api/v1/products?slug=s2").await.expect(200).json();
    assert_eq!(none, json!({ "deleted": 0 }));
    let all = client.delete("/api/v1/products?filter=true").await.expect(200).json();
    assert_eq!(all, json!({ "deleted": 7 }));
}

#[tokio::test]
async fn what_is_not_a_filter_is_no_way_to_name_rows() {
    let server = start(SHOP);
    let client = server.client();
    fill(&client, 3).await;
    for (query, parameter, code) in [
        ("", "filter", "required"),
        ("?limit=1", "limit", "unknown_parameter"),
        ("?slug=s1&sort=slug", "sort", "unknown_parameter"),
        ("?note=x", "note", "unknown_parameter"),
        ("?filter=note%20%3D%3D%20%27x%27", "filter", "invalid_filter"),
        ("?filter=true&filter=true", "filter", "repeated"),
        ("?filter=", "filter", "invalid_filter"),
        ("?slug[is]=a", "slug", "unknown_operator"),
    ] {
        let path = format!("/api/v1/products{query}");
        for answer in [client.patch(&path, json!({})).await, client.delete(&path).await] {
            let error = answer.expect(400).json()["errors"][0].clone();
            assert_eq!((&error["parameter"], &error["code"]), (&json!(parameter), &json!(code)));
        }
    }
    let guarded = client.with("if-match", "*");
    guarded.delete("/api/v1/products?filter=true").await.expect(400);
    assert_eq!(count(&client).await, json!(3));
}

#[tokio::test]
async fn rows_that_the_caller_cannot_see_are_not_matched_and_locked_ones_stop_all() {
    let server = start(SHOP);
    let client = server.client();
    fill(&client, 3).await;
    let rows = json!([
        { "slug": "hidden", "price": 1, "secret": true, "locked": true },
        { "id": BOB, "slug": "locked", "price": 50, "locked": true }
    ]);
    client.post("/api/v1/products", rows).await.expect(201);
    let path = "/api/v1/products?price[lt]=10";
    let changed = client.patch(path, json!({ "note": "x" })).await.expect(200).json();
    assert_eq!(changed, json!({ "updated": 3 }));
    let user = client.as_user(ALICE);
    for answer in [
        user.patch("/api/v1/products?filter=true", json!({ "price": 5 })).await,
        user.delete("/api/v1/products?filter=true").await,
    ] {
        let answer = answer.expect(403);
        assert!(answer.text("detail").starts_with(BOB), "{answer}");
    }
    assert_eq!(client.get("/api/v1/products?price=5").await.items().len(), 0);
    // The rule is judged on the new rows too, and the database has its say.
    user.patch(path, json!({ "price": 100 })).await.expect(403);
    let unlucky = user.patch(path, json!({ "price": 13 })).await.expect(422).json();
    assert_eq!(unlucky["code"], json!("check_failed"));
    user.patch(path, json!({ "slug": "same" })).await.expect(409);
    assert_eq!(count(&client).await, json!(4));
    let away = client.patch(path, json!({ "secret": true })).await.expect(200).json();
    assert_eq!((away, count(&client).await), (json!({ "updated": 3 }), json!(1)));

    let server = blog().await;
    let path = "/api/v1/comments?filter=true";
    server.client().as_user(BOB).patch(path, json!({})).await.expect(200);
    let server = start(
        r#"type Log @entity @allow(read: "user.role == 'admin'", write: "true") { text: String! }"#,
    );
    server.client().delete("/api/v1/logs?filter=true").await.expect(401);
    server.client().as_user(BOB).delete("/api/v1/logs?filter=true").await.expect(403);
}

#[tokio::test]
async fn more_rows_than_the_bound_are_refused_and_nothing_is_done() {
    let folder = Folder::new(SHOP);
    let config =
        std::fs::read_to_string(folder.path().join("mainstay.toml")).expect("a configuration");
    folder.write(
        "mainstay.toml",
        &format!(
            "{config}
[limits]
bulk_rows_max = 5
"
        ),
    );
    let server = Server::start(BINARY, folder);
    let client = server.client();
    fill(&client, 5).await;
    let rows: Json = (0..6).map(|n| json!({ "slug": format!("t{n}"), "price": 1 })).collect();
    let refused = client.post("/api/v1/products", rows).await.expect(422);
    assert_eq!(refused.text("code"), "too_many_rows");
    client.patch("/api/v1/products?filter=true", json!({ "note": "x" })).await.expect(200);
    client.post("/api/v1/products", json!({ "slug": "one", "price": 1 })).await.expect(201);
    for answer in [
        client.patch("/api/v1/products?filter=true", json!({ "price": 7 })).await,
        client.delete("/api/v1/products?filter=true").await,
    ] {
        assert_eq!(answer.expect(422).text("code"), "too_many_rows");
    }
    assert_eq!(client.get("/api/v1/products?price=7").await.items().len(), 0);
    assert_eq!(count(&client).await, json!(6));
}

#[tokio::test]
async fn what_is_written_and_answered_at_once_is_bounded_in_bytes() {
    let server = start(
        r#"type Doc @entity @allow(read: "true", write: "true") { text: String! @default(value: "") }"#,
    );
    let client = server.client();
    let rows: Json = (0..40).map(|_| json!({})).collect();
    client.post("/api/v1/docs", rows).await.expect(201);
    let large = "x".repeat(900_000);
    let path = "/api/v1/docs?filter=true";
    let refused = client.patch(path, json!({ "text": large })).await.expect(422);
    assert_eq!(refused.text("code"), "too_many_rows");
    client.patch(path, json!({ "text": "x".repeat(400_000) })).await.expect(200);
    let full = client.with("prefer", "return=representation");
    let refused = full.delete(path).await.expect(200).json();
    assert_eq!(refused["deleted"], json!(40));
    let rows: Json = (0..2).map(|_| json!({ "text": "x".repeat(500_000) })).collect();
    for _ in 0..20 {
        client.post("/api/v1/docs", rows.clone()).await.expect(201);
    }
    let refused = full.delete(path).await.expect(422);
    assert_eq!(refused.text("code"), "answer_too_large");
    assert_eq!(client.delete(path).await.expect(200).json(), json!({ "deleted": 40 }));
}

#[tokio::test]
async fn deleting_many_takes_what_falls_with_the_first_of_them() {
    let server = start(
        r#"type Node @entity @allow(read: "true", write: "true") { name: String!  parent: Node @onDelete(do: CASCADE) }"#,
    );
    let client = server.client();
    let rows = json!([
        { "id": BOB, "name": "a" },
        { "id": ALICE, "name": "b", "parent": BOB },
        { "name": "c", "parent": ALICE }
    ]);
    client.post("/api/v1/nodes", rows).await.expect(201);
    let deleted = client.delete("/api/v1/nodes?filter=true").await.expect(200).json();
    assert_eq!(deleted, json!({ "deleted": 1 }), "two fell with the first");
    assert_eq!(client.get("/api/v1/nodes").await.items().len(), 0);
}

#[tokio::test]
async fn writes_of_many_rows_at_the_same_time_do_not_mix() {
    let server = start(
        r#"type Counter @entity @allow(read: "true", write: "true") { group: Int!  by: String! @default(value: "none") }"#,
    );
    let rows: Json = (0..200).map(|n| json!({ "group": n % 4 })).collect();
    server.client().post("/api/v1/counters", rows).await.expect(201);
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..32 {
        let client = server.client();
        tasks.spawn(async move {
            let by = json!({ "by": format!("c{number}") });
            client.patch("/api/v1/counters?group[lt]=4", by).await.expect(200).json()
        });
    }
    for changed in tasks.join_all().await {
        assert_eq!(changed, json!({ "updated": 200 }));
    }
    let rows = server.client().get("/api/v1/counters?limit=200").await.column("by");
    assert!(rows.iter().all(|by| *by == rows[0] && *by != json!("none")), "{rows:?}");
}

#[tokio::test]
async fn a_repeated_write_of_many_rows_with_a_key_happens_once() {
    let server = start(SHOP);
    let client = server.client();
    let once = |key: &str| client.with("idempotency-key", key);
    let rows = json!([{ "slug": "a", "price": 1 }, { "slug": "b", "price": 2 }]);
    let first = once("k1").post("/api/v1/products", rows.clone()).await.expect(201);
    let again = once("k1").post("/api/v1/products", rows).await.expect(201);
    assert_eq!((first.json(), again.header("idempotency-replayed")), (again.json(), Some("true")));
    let path = "/api/v1/products?price[lt]=2";
    for _ in 0..2 {
        let changed = once("k2").patch(path, json!({ "price": 5 })).await.expect(200).json();
        assert_eq!(changed, json!({ "updated": 1 }));
    }
    for _ in 0..2 {
        let deleted = once("k3").delete("/api/v1/products?filter=true").await.expect(200).json();
        assert_eq!(deleted, json!({ "deleted": 2 }));
    }
}
