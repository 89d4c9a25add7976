//! Rows that are created with their parent.

use serde_json::{Value as Json, json};

use crate::fixtures::{ALICE, BOB, blog, start};

const ORDERS: &str = r#"
type Order @entity @allow(
  read: "row.customer == user.id", create: "row.customer == user.id && size(row.lines) > 0 && size(row.lines) < 50"
) {
  customer: ID! @owner
  note: String
  lines: [Line!]! @inverse(of: "order")
  tags: [Tag!]! @inverse(of: "order")
}
type Line @entity @allow(
  read: "row.order.customer == user.id && row.quantity != 7", create: "row.order.customer == user.id && row.quantity < 100"
) {
  order: Order!
  product: String! @length(min: 1, max: 10)
  quantity: Int! @range(min: 1) @default(value: 1)
  discount: Decimal @allow(write: "user.role == 'admin'")
  serials: [Serial!]! @inverse(of: "line")
}
type Serial @entity @allow(read: "true", create: "user != null") { line: Line!  number: String! @unique }
type Tag @entity @key(on: ["order", "name"]) @allow(read: "true", create: "user != null") { order: Order!  name: String! }
"#;

#[tokio::test]
async fn a_parent_comes_with_its_children_and_is_answered_with_them() {
    let server = start(ORDERS);
    let alice = server.client().as_user(ALICE);
    let body = json!({
        "note": "n",
        "lines": [
            { "product": "knife", "serials": [{ "number": "1" }, { "number": "2" }] },
            { "product": "fork", "quantity": 7, "serials": [] },
            { "product": "spoon", "quantity": 3 }
        ],
        "tags": [{ "name": "new" }]
    });
    let created = alice.post("/api/v1/orders", body).await.expect(201);
    let path = created.header("location").expect("a Location").to_owned();
    let (order, id) = (created.json(), created.id());
    let lines = order["lines"].as_array().expect("lines");
    assert_eq!((&lines[0]["product"], &lines[2]["quantity"]), (&json!("knife"), &json!(3)));
    assert_eq!(lines[0]["orderId"], json!(id));
    assert_eq!(lines[0]["serials"][1]["number"], json!("2"));
    assert_eq!(lines[0]["serials"][1]["lineId"], lines[0]["id"]);
    assert_eq!(lines[1].get("product"), None, "a hidden row is its key");
    assert_eq!(lines[1]["serials"], json!(null));
    assert_eq!(lines[2].get("serials"), None);
    assert_eq!(order["tags"], json!([{ "orderId": id, "name": "new" }]));
    assert_eq!(created.etag(), alice.get(&path).await.etag());

    let expanded = alice.get(&format!("{path}?expand=lines.serials,tags")).await.expect(200).json();
    assert_eq!(expanded["lines"].as_array().map(Vec::len), Some(2));
    assert_eq!((&expanded["lines"][0], &expanded["tags"]), (&lines[0], &order["tags"]));
    assert_eq!(alice.get("/api/v1/serials").await.items().len(), 2);
}

#[tokio::test]
async fn mistakes_and_refusals_are_named_by_their_place_and_keep_everything_out() {
    let server = start(ORDERS);
    let alice = server.client().as_user(ALICE);
    let check = async |body: Json, status: u16, expected: &[(&str, &str)]| {
        let expected: Vec<_> =
            expected.iter().map(|(p, c)| ((*p).to_owned(), (*c).to_owned())).collect();
        assert_eq!(
            alice.post("/api/v1/orders", body.clone()).await.expect(status).errors(),
            expected,
            "{body}"
        );
        for path in ["orders", "lines", "serials", "tags"] {
            let left = server.client().as_user(ALICE).get(&format!("/api/v1/{path}")).await;
            assert_eq!(left.items().len(), 0, "{path} after {body}");
        }
    };
    let line = |more: Json| {
        let mut line = json!({ "product": "a" });
        line.as_object_mut().expect("an object").extend(more.as_object().expect("one").clone());
        json!({ "lines": [{ "product": "ok" }, line] })
    };
    let wrong = json!({
        "colour": 1,
        "lines": [{ "product": "" }, 5, { "product": "x", "quantity": 0, "serials": [{}, { "number": 2 }] }],
        "tags": { "name": "x" }
    });
    let expected = [
        ("/colour", "unknown_field"),
        ("/lines/0/product", "length"),
        ("/lines/1", "type"),
        ("/lines/2/quantity", "range"),
        ("/lines/2/serials/0/number", "required"),
        ("/lines/2/serials/1/number", "type"),
        ("/tags", "type"),
    ];
    check(wrong, 422, &expected).await;
    check(line(json!({ "quantity": 100 })), 403, &[("/lines/1", "forbidden")]).await;
    check(line(json!({ "discount": "1" })), 403, &[("/lines/1/discount", "forbidden_field")]).await;
    let order = json!({ "order": BOB });
    check(line(order), 422, &[("/lines/1/order", "mismatch")]).await;
    let twice = json!({ "serials": [{ "number": "1" }, { "number": "1" }] });
    check(line(twice), 409, &[("/lines/1/serials/1/number", "duplicate")]).await;
    // An order needs a line, and the rule counts them when they are written.
    check(json!({ "lines": [] }), 403, &[]).await;
    check(json!({}), 403, &[]).await;
    let many: Json = (0..50).map(|_| json!({ "product": "a" })).collect();
    check(json!({ "lines": many }), 403, &[]).await;
    check(json!({ "lines": null }), 422, &[("/lines", "null")]).await;
    server.client().post("/api/v1/orders", line(json!({}))).await.expect(401);
}

#[tokio::test]
async fn an_array_of_parents_brings_the_children_of_each() {
    let server = start(ORDERS);
    let alice = server.client().as_user(ALICE);
    let rows = json!([
        { "id": ALICE, "lines": [{ "product": "a", "orderId": ALICE }] },
        { "lines": [{ "product": "b" }, { "product": "c" }] }
    ]);
    let created = alice.post("/api/v1/orders", rows).await.expect(201).json();
    assert_eq!(created["created"], json!(2));
    assert_eq!(created["items"][0]["lines"][0]["orderId"], json!(ALICE));
    assert_eq!(created["items"][1]["lines"][1]["product"], json!("c"));
    let rows = json!([{ "lines": [{ "product": "a" }] }, { "lines": [{ "quantity": 1 }] }]);
    assert_eq!(
        alice.post("/api/v1/orders", rows).await.expect(422).errors(),
        [("/1/lines/0/product".to_owned(), "required".to_owned())]
    );
    let many: Json = (0..40).map(|_| json!({ "product": "a" })).collect();
    let rows: Json = (0..25).map(|_| json!({ "lines": many })).collect();
    let refused = alice.post("/api/v1/orders", rows).await.expect(422);
    assert_eq!(refused.text("code"), "too_many_rows");
    assert_eq!(alice.get("/api/v1/orders?count=exact").await.json()["total"], json!(2));
}

#[tokio::test]
async fn a_team_can_be_created_with_the_member_that_makes_it_visible() {
    let server = start(
        r#"type Team @entity @allow(read: "row.members.exists(m, m.person == user.id)", create: "row.members.exists(m, m.person == user.id)") {
             name: String!  members: [Member!]! @inverse(of: "team")
           }
           type Member @entity @allow(read: "row.team.members.exists(m, m.person == user.id)", create: "row.team.members.exists(m, m.person == user.id)") {
             team: Team!  person: ID!
           }"#,
    );
    let alice = server.client().as_user(ALICE);
    let team = |people: &[&str]| {
        let members: Json = people.iter().map(|person| json!({ "person": person })).collect();
        json!({ "name": "t", "members": members })
    };
    let created = alice.post("/api/v1/teams", team(&[BOB, ALICE])).await.expect(201).json();
    assert_eq!(created["members"][1]["person"], json!(ALICE));
    alice.post("/api/v1/teams", team(&[BOB])).await.expect(403);
    assert_eq!(alice.get("/api/v1/teams").await.items().len(), 1);
    assert_eq!(server.client().as_user(BOB).get("/api/v1/members").await.items().len(), 2);
}

#[tokio::test]
async fn children_learn_the_keys_that_the_database_makes() {
    let server = start(
        r#"type Invoice @entity @key(on: ["number"]) @allow(read: "true", write: "true") {
             number: Int! @identity  items: [Item!]! @inverse(of: "invoice")
           }
           type Item @entity @key(on: ["invoice", "place"]) @allow(read: "true", write: "true") {
             invoice: Invoice!  place: Int!  parts: [Part!]! @inverse(of: "item")
           }
           type Part @entity @key(on: ["id"]) @allow(read: "true", write: "true") { id: BigInt! @identity  item: Item! }"#,
    );
    let client = server.client();
    let items = json!([{ "place": 1, "parts": [{}, {}] }, { "place": 2, "parts": [{}] }]);
    let invoice = json!({ "items": items });
    let created =
        client.post("/api/v1/invoices", json!([invoice, invoice])).await.expect(201).json();
    let second = &created["items"][1];
    assert_eq!((&second["number"], &second["items"][1]["invoiceId"]), (&json!(2), &json!(2)));
    assert_eq!(second["items"][1]["parts"], json!([{ "id": "6", "itemId": "2,2" }]));
    let rows = client.get("/api/v1/invoices?expand=items.parts&sort=number").await.items();
    assert_eq!(Json::from(rows), created["items"]);
}

#[tokio::test]
async fn rows_are_nested_in_bounds_and_in_their_module_only() {
    let server = start(
        r#"type Node @entity @allow(read: "true", write: "true") { parent: Node  nodes: [Node!]! @inverse(of: "parent") }"#,
    );
    let client = server.client();
    let nest = |depth: usize| (0..depth).fold(json!({}), |inner, _| json!({ "nodes": [inner] }));
    client.post("/api/v1/nodes", nest(3)).await.expect(201);
    assert_eq!(
        client.post("/api/v1/nodes", nest(4)).await.expect(422).errors(),
        [("/nodes/0/nodes/0/nodes/0/nodes".to_owned(), "too_deep".to_owned())]
    );
    let many: Json = (0..1000).map(|_| json!({})).collect();
    let refused = client.post("/api/v1/nodes", json!({ "nodes": many })).await.expect(422);
    assert_eq!(refused.text("code"), "too_many_rows");
    assert_eq!(client.get("/api/v1/nodes?count=exact").await.json()["total"], json!(4));

    // What a server sets to the caller is no other row because it is nested in it.
    let server = blog().await;
    let admin = server.client().as_admin();
    let user = json!({ "name": "C", "posts": [{ "title": "t" }] });
    assert_eq!(
        admin.post("/api/v1/users", user).await.expect(403).errors(),
        [("/posts/0".to_owned(), "forbidden".to_owned())]
    );
    let post = json!({ "title": "t", "comments": [{ "text": "first" }] });
    let alice = server.client().as_user(ALICE);
    let created = alice.post("/api/v1/posts", post.clone()).await.expect(201);
    assert_eq!(created.json()["comments"][0]["authorId"], json!(ALICE));
    let path = created.header("location").expect("a Location").to_owned();
    let merge = alice.with("content-type", "application/merge-patch+json");
    for answer in [merge.patch(&path, post.clone()).await, alice.put(&path, post).await] {
        let expected = ("/comments".to_owned(), "unsupported".to_owned());
        assert_eq!(answer.expect(422).errors(), [expected]);
    }
}
