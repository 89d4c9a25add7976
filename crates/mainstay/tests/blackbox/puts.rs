//! `PUT`: a row is where its address says, whether it was there before or not.

use serde_json::{Value as Json, json};
use testkit::Answer;
use tokio::task::JoinSet;

use crate::fixtures::{ALICE, BOB, blog, post, start};

const ID: &str = "0198c0de-2222-7000-8000-000000000001";

const SHOP: &str = r#"
type Shop @entity @allow(read: "true", write: "true") { name: String! @unique }
type Product @entity @index(on: ["shop", "number"], unique: true) @allow(read: "!row.secret", write: "true") {
  shop: Shop  number: Int
  slug: String! @unique @pattern(regex: "^[a-z]+$")
  contact: Email @unique
  name: String! @default(value: "unnamed")
  price: Decimal
  tags: [String!]! @default(value: ["new"])
  secret: Boolean! @default(value: false)
  stock: Int @readonly
  code: String @private @unique
}
"#;

#[track_caller]
fn first_error(answer: Answer, status: u16) -> (String, String) {
    let error = answer.expect(status).json()["errors"][0].clone();
    let place = error.get("pointer").or(error.get("parameter")).cloned();
    let text = |value: Json| value.as_str().unwrap_or_default().to_owned();
    (text(place.unwrap_or_default()), text(error["code"].clone()))
}

#[tokio::test]
async fn a_put_creates_a_row_and_the_next_one_replaces_it_whole() {
    let server = blog().await;
    let alice = server.client().as_user(ALICE);
    let path = format!("/api/v1/posts/{ID}");
    let full = json!({ "title": "a", "rating": 2.5, "tags": ["x"], "status": "DRAFT", "extra": 1 });
    let created = alice.put(&path, full).await.expect(201);
    assert_eq!(created.header("location"), Some(path.as_str()));
    let old = created.json();
    assert_eq!((&old["id"], &old["authorId"]), (&json!(ID), &json!(ALICE)));

    let replaced = alice.put(&path, json!({ "title": "b" })).await.expect(200);
    assert_eq!(replaced.header("location"), None);
    let new = replaced.json();
    for (name, expected) in [
        ("title", json!("b")),
        ("rating", json!(null)),
        ("tags", json!([])),
        ("status", json!("PUBLISHED")),
        ("extra", json!(null)),
        ("id", json!(ID)),
        ("authorId", old["authorId"].clone()),
        ("createdAt", old["createdAt"].clone()),
    ] {
        assert_eq!(new[name], expected, "{name}");
    }
    assert!(new["updatedAt"].as_str() > old["updatedAt"].as_str());
    assert_eq!(alice.get(&path).await.json(), new);
    assert_eq!(replaced.etag(), alice.get(&path).await.etag());

    alice.put(&path, json!({ "id": ID, "title": "c" })).await.expect(200);
    let other = alice.put(&path, json!({ "id": ALICE, "title": "c" })).await;
    assert_eq!(first_error(other, 422), ("/id".to_owned(), "mismatch".to_owned()));
    let empty = alice.put(&path, json!({})).await;
    assert_eq!(first_error(empty, 422), ("/title".to_owned(), "required".to_owned()));
    let locked = alice.put(&path, json!({ "title": "c", "createdAt": old["createdAt"] })).await;
    assert_eq!(first_error(locked, 422), ("/createdAt".to_owned(), "readonly".to_owned()));
    alice.put("/api/v1/posts/none", json!({ "title": "c" })).await.expect(404);
}

#[tokio::test]
async fn a_put_is_judged_as_the_create_or_the_update_that_it_is() {
    let server = blog().await;
    let alice = server.client().as_user(ALICE);
    let path = format!("/api/v1/posts/{ID}");
    server.client().put(&path, json!({ "title": "a" })).await.expect(401);
    alice.put(&path, json!({ "title": "a" })).await.expect(201);
    server.client().as_user(BOB).put(&path, json!({ "title": "b" })).await.expect(403);
    server.client().put(&path, json!({ "title": "b" })).await.expect(401);
    assert_eq!(alice.get(&path).await.text("title"), "a");
    // Nobody but an admin creates users; all may replace themselves.
    let user = json!({ "name": "Al", "email": "al@example.com" });
    alice.put(&format!("/api/v1/users/{ALICE}"), user.clone()).await.expect(200);
    alice.put(&format!("/api/v1/users/{ID}"), user).await.expect(403);

    let server = start(
        r#"type Doc @entity @allow(read: "true", create: "row.level < 3", update: "row.level < 5") { level: Int! }"#,
    );
    let client = server.client();
    let path = format!("/api/v1/docs/{ID}");
    client.put(&path, json!({ "level": 3 })).await.expect(401);
    client.put(&path, json!({ "level": 2 })).await.expect(201);
    client.put(&path, json!({ "level": 4 })).await.expect(200);
    client.put(&path, json!({ "level": 5 })).await.expect(401);
    assert_eq!(client.get(&path).await.json()["level"], json!(4));
}

#[tokio::test]
async fn what_its_caller_cannot_see_or_write_survives_a_replacement() {
    let server = start(
        r#"type Person @entity @allow(read: "true", write: "true") {
             name: String!
             salary: Decimal @allow(read: "row.id == user.id || user.role == 'admin'", write: "user.role == 'admin'")
             note: String @allow(read: "row.id == user.id")
             pin: String @private
             rank: Int @readonly @default(value: 7)
           }"#,
    );
    let admin = server.client().as_admin();
    let alice = server.client().as_user(ALICE);
    let path = format!("/api/v1/people/{ALICE}");
    let person = json!({ "name": "A", "salary": "10.50", "note": "n", "pin": "1" });
    admin.put(&path, person).await.expect(201);
    let seen = alice.get(&path).await.json();
    assert_eq!((&seen["rank"], &seen["note"]), (&json!(7), &json!("n")));

    // Alice may not write the salary, the admin may not read the note.
    let replaced = alice.put(&path, json!({ "name": "B", "note": "m" })).await.expect(200).json();
    assert_eq!((&replaced["salary"], &replaced["rank"]), (&json!("10.50"), &json!(7)));
    admin.put(&path, json!({ "name": "C" })).await.expect(200);
    let seen = alice.get(&path).await.json();
    assert_eq!((&seen["salary"], &seen["note"]), (&json!(null), &json!("m")));
    let again = alice.put(&path, json!({ "name": "D" })).await.expect(200).json();
    assert_eq!(again["note"], json!(null));
    alice.put(&path, json!({ "name": "E", "salary": "99" })).await.expect(403);
}

#[tokio::test]
async fn a_row_can_be_put_by_any_unique_key() {
    let server = start(SHOP);
    let client = server.client();
    let shop = client.put("/api/v1/shops?name=A%20%26%20B", json!({})).await.expect(201).id();
    let path = "/api/v1/products?slug=knife";
    let created = client.put(path, json!({ "price": "1.50", "shop": shop })).await.expect(201);
    assert_eq!(created.text("slug"), "knife");
    let id = created.id();
    let replaced = client.put(path, json!({ "slug": "knife", "name": "Knife" })).await.expect(200);
    let (replaced, by_id) =
        (replaced.json(), client.get(&format!("/api/v1/products/{id}")).await.json());
    assert_eq!(replaced, by_id);
    assert_eq!((&replaced["price"], &replaced["shopId"]), (&json!(null), &json!(null)));

    client.put(path, json!({ "id": id })).await.expect(200);
    for (body, place) in [(json!({ "id": ID }), "/id"), (json!({ "slug": "fork" }), "/slug")] {
        let answer = client.put(path, body).await;
        assert_eq!(first_error(answer, 422), (place.to_owned(), "mismatch".to_owned()));
    }
    let fork = client.put("/api/v1/products?slug=fork", json!({ "id": ID })).await.expect(201);
    assert_eq!(fork.id(), ID);

    let path = format!("/api/v1/products?shop={shop}&number=7");
    let created = client.put(&path, json!({ "slug": "spoon" })).await.expect(201).json();
    assert_eq!((&created["shopId"], &created["number"]), (&json!(shop), &json!(7)));
    let same = client.put(&path.replace("shop=", "shopId="), json!({ "slug": "ladle" })).await;
    assert_eq!(same.expect(200).id(), created["id"].as_str().expect("an id"));
    let taken = client.put(&path, json!({ "slug": "fork" })).await.expect(409).json();
    assert_eq!(taken["errors"][0]["pointer"], json!("/slug"));
    assert_eq!(client.get("/api/v1/products?count=exact").await.json()["total"], json!(3));
}

#[tokio::test]
async fn an_address_that_does_not_tell_one_row_is_refused() {
    let server = start(SHOP);
    let client = server.client();
    for (query, parameter, code) in [
        ("", "", "not_unique"),
        ("?name=x", "name", "not_unique"),
        ("?shop=0198c0de-2222-7000-8000-000000000001", "shop", "not_unique"),
        ("?slug=a&name=x", "slug", "not_unique"),
        ("?slug=a&slug=b", "slug", "repeated"),
        ("?tags=a", "tags", "not_unique"),
        ("?code=a", "code", "unknown_field"),
        ("?limit=1", "limit", "unknown_field"),
        ("?slug[ne]=a", "slug", "unknown_operator"),
        ("?shop=x&number=1", "shop", "invalid_value"),
    ] {
        let answer = client.put(&format!("/api/v1/products{query}"), json!({})).await;
        assert_eq!(first_error(answer, 400), (parameter.to_owned(), code.to_owned()), "{query}");
    }
    // What is valid in a filter need not be in a row.
    for (query, place, code) in
        [("?slug=A1", "/slug", "pattern"), ("?contact=nobody", "/contact", "type")]
    {
        let body = if query == "?slug=A1" { json!({}) } else { json!({ "slug": "a" }) };
        let answer = client.put(&format!("/api/v1/products{query}"), body).await;
        let expected = (place.to_owned(), code.to_owned());
        assert_eq!(first_error(answer, 422), expected, "{query}");
    }
}

#[tokio::test]
async fn a_hidden_row_is_neither_overwritten_nor_told_from_any_other_that_is_taken() {
    let server = start(SHOP);
    let client = server.client();
    let hidden = json!({ "slug": "knife", "secret": true, "name": "hidden" });
    client.put(&format!("/api/v1/products/{ID}"), hidden.clone()).await.expect(201);
    for path in [format!("/api/v1/products/{ID}"), "/api/v1/products?slug=knife".to_owned()] {
        let body = json!({ "slug": "knife", "name": "mine" });
        let refused = client.put(&path, body.clone()).await.expect(409).json();
        assert_eq!(refused["code"], json!("duplicate"));
        client.with("if-match", "*").put(&path, body.clone()).await.expect(412);
        client.with("if-none-match", "*").put(&path, body).await.expect(409);
    }

    let server = start(
        r#"type Note @entity @allow(read: "row.owner == user.id", create: "user.role == 'admin'", update: "true") {
             owner: ID!  text: String! @default(value: "t")
           }"#,
    );
    let admin = server.client().as_admin();
    let path = format!("/api/v1/notes/{ID}");
    admin.put(&path, json!({ "owner": ALICE })).await.expect(201);
    let bob = server.client().as_user(BOB);
    let body = json!({ "owner": BOB });
    let there = bob.put(&path, body.clone()).await.expect(403).json();
    let absent = bob.put(&format!("/api/v1/notes/{ALICE}"), body).await.expect(403).json();
    assert_eq!((&there["code"], &there["detail"]), (&absent["code"], &absent["detail"]));
    let alice = server.client().as_user(ALICE);
    assert_eq!(alice.get(&path).await.expect(200).text("owner"), ALICE);
}

#[tokio::test]
async fn preconditions_create_only_or_replace_only() {
    let server = start(SHOP);
    let client = server.client();
    let path = format!("/api/v1/products/{ID}");
    let body = json!({ "slug": "a" });
    let (fresh, existing) = (client.with("if-none-match", "*"), client.with("if-match", "*"));
    assert_eq!(existing.put(&path, body.clone()).await.expect(412).json()["code"], json!("stale"));
    let created = fresh.put(&path, body.clone()).await.expect(201);
    assert_eq!(fresh.put(&path, body.clone()).await.expect(412).json()["code"], json!("exists"));
    existing.put(&path, json!({ "slug": "b" })).await.expect(200);
    let tagged = |tag: &str| client.with("if-match", tag);
    tagged(&created.etag()).put(&path, body.clone()).await.expect(412);
    let tag = client.get(&path).await.etag();
    tagged(&tag).put("/api/v1/products?slug=b", json!({ "name": "c" })).await.expect(200);
    for wrong in [client.with("if-none-match", "\"x\""), fresh.with("if-match", "*")] {
        assert_eq!(wrong.put(&path, body.clone()).await.expect(400).text("code"), "invalid_header");
    }
    let minimal = client.with("prefer", "return=minimal");
    assert!(minimal.put(&path, body).await.expect(204).body.is_empty());
    let other = minimal.put("/api/v1/products?slug=z", json!({})).await.expect(201);
    assert!(other.body.is_empty() && other.header("location").is_some());
}

#[tokio::test]
async fn sixty_four_clients_that_put_the_same_key_make_one_row() {
    let server = start(SHOP);
    for (path, body) in [
        (format!("/api/v1/products/{ID}"), json!({ "slug": "a" })),
        ("/api/v1/products?slug=race".to_owned(), json!({})),
    ] {
        let mut tasks = JoinSet::new();
        for number in 0..64 {
            let (client, path, mut body) = (server.client(), path.clone(), body.clone());
            body["name"] = json!(format!("n{number}"));
            tasks.spawn(async move { client.put(&path, body).await.status.as_u16() });
        }
        let mut statuses = tasks.join_all().await;
        statuses.sort_unstable();
        assert_eq!((statuses[0], statuses[62], statuses[63]), (200, 200, 201));
    }
    assert_eq!(server.client().get("/api/v1/products?count=exact").await.json()["total"], json!(2));
}

#[tokio::test]
async fn keys_of_several_fields_with_the_caller_among_them_are_put_by_that_caller_only() {
    let server = start(
        r#"type User @entity @allow(read: "true", write: "true") { name: String! }
           type Like @entity @key(on: ["user", "thing"]) @allow(read: "true", create: "user != null", update: "row.user == user.id") {
             user: User! @owner  thing: String!  stars: Int
           }"#,
    );
    for id in [ALICE, BOB] {
        server
            .client()
            .put(&format!("/api/v1/users/{id}"), json!({ "name": "n" }))
            .await
            .expect(201);
    }
    let alice = server.client().as_user(ALICE);
    let path = format!("/api/v1/likes/{ALICE},a%2Cb");
    let like = alice.put(&path, json!({ "stars": 3 })).await.expect(201);
    assert_eq!(like.header("location"), Some(path.as_str()));
    alice.put(&path, json!({ "stars": 4, "thing": "a,b" })).await.expect(200);
    alice.put(&format!("/api/v1/likes/{BOB},x"), json!({})).await.expect(403);
    server.client().as_user(BOB).put(&path, json!({ "stars": 1 })).await.expect(403);
    assert_eq!(alice.get("/api/v1/likes").await.column("stars"), [json!(4)]);
}

#[tokio::test]
async fn a_put_answers_in_the_same_way_when_the_row_moves_out_of_sight() {
    let server = blog().await;
    let alice = server.client().as_user(ALICE);
    let row = post(&alice, json!({ "title": "t" })).await;
    let server = start(SHOP);
    let client = server.client();
    let path = format!("/api/v1/products/{}", row["id"].as_str().expect("an id"));
    let hidden = client.put(&path, json!({ "slug": "a", "secret": true })).await.expect(201);
    assert_eq!(hidden.json(), json!({ "id": row["id"] }));
    let path = "/api/v1/products?slug=b";
    client.put(path, json!({})).await.expect(201);
    assert!(client.put(path, json!({ "secret": true })).await.expect(204).body.is_empty());
}
