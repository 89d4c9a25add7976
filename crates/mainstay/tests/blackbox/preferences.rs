//! `Prefer: return=…`: whether a write answers with the row.

use serde_json::json;

use crate::fixtures::{ALICE, blog, start};

#[tokio::test]
async fn a_write_answers_with_the_row_unless_less_is_preferred() {
    let server = blog().await;
    let alice = server.client().as_user(ALICE);
    let minimal = alice.with("prefer", "return=minimal");
    let full = alice.with("prefer", "respond-async, return=representation");

    let plain = alice.post("/api/v1/posts", json!({ "title": "a" })).await.expect(201);
    assert_eq!((plain.text("title").as_str(), plain.header("preference-applied")), ("a", None));
    let created = minimal.post("/api/v1/posts", json!({ "title": "b" })).await.expect(201);
    assert!(created.body.is_empty());
    assert_eq!(created.header("preference-applied"), Some("return=minimal"));
    let path = created.header("location").expect("a Location").to_owned();
    assert_eq!(created.etag(), alice.get(&path).await.etag());

    let changed = minimal.patch(&path, json!({ "title": "c" })).await.expect(204);
    assert_eq!(changed.header("preference-applied"), Some("return=minimal"));
    assert_eq!(changed.etag(), alice.get(&path).await.etag());
    let changed = full.patch(&path, json!({ "title": "d" })).await.expect(200);
    assert_eq!(changed.text("title"), "d");
    assert_eq!(changed.header("preference-applied"), Some("return=representation"));

    let deleted = full.delete(&path).await.expect(200);
    assert_eq!((deleted.text("title").as_str(), deleted.header("etag")), ("d", None));
    full.delete(&path).await.expect(404);
    let path = plain.header("location").expect("a Location").to_owned();
    let deleted = minimal.delete(&path).await.expect(204);
    assert_eq!(deleted.header("preference-applied"), Some("return=minimal"));
}

#[tokio::test]
async fn a_row_that_its_writer_may_not_read_is_shown_by_no_preference() {
    let server = start(
        r#"type Note @entity @allow(read: "row.open", create: "true", update: "true", delete: "true") {
             text: String!  open: Boolean!
             secret: String! @default(value: "s") @allow(read: "false")
           }"#,
    );
    let full = server.client().with("prefer", "return=representation");
    let hidden = full.post("/api/v1/notes", json!({ "text": "t", "open": false })).await;
    let hidden = hidden.expect(201);
    assert_eq!(hidden.json(), json!({ "id": hidden.id() }), "the key alone");
    assert_eq!(hidden.header("preference-applied"), None);

    let open = json!({ "text": "t", "open": true });
    let shown = full.post("/api/v1/notes", open.clone()).await.expect(201);
    let path = shown.header("location").expect("a Location").to_owned();
    let closed = full.patch(&path, json!({ "open": false })).await.expect(204);
    assert_eq!(closed.header("preference-applied"), None);
    full.delete(&path).await.expect(404);

    let shown = full.post("/api/v1/notes", open).await.expect(201);
    let path = shown.header("location").expect("a Location").to_owned();
    let deleted = full.delete(&path).await.expect(200).json();
    assert_eq!(deleted.get("secret"), None);
    assert_eq!(deleted["text"], json!("t"));
}
