//! Entity tags: 304 for what has not changed, 412 for what has.

use serde_json::json;

use crate::fixtures::{ALICE, BOB, blog, post};

#[tokio::test]
async fn an_unchanged_row_or_list_is_not_sent_again() {
    let server = blog().await;
    let alice = server.client().as_user(ALICE);
    let row = post(&alice, json!({ "title": "t" })).await;
    let path = format!("/api/v1/posts/{}", row["id"].as_str().expect("an id"));
    for path in
        [&path, "/api/v1/posts", &format!("{path}?expand=author"), &format!("{path}?fields=title")]
    {
        let tag = alice.get(path).await.expect(200).etag();
        let again =
            alice.with("if-none-match", &format!("\"x\", {tag}")).get(path).await.expect(304);
        assert!(again.body.is_empty());
        assert_eq!(again.etag(), tag);
        alice.with("if-none-match", "\"other\"").get(path).await.expect(200);
        alice.with("if-none-match", "*").get(path).await.expect(304);
    }
    let list = alice.get("/api/v1/posts").await.etag();
    alice.patch(&path, json!({ "title": "u" })).await.expect(200);
    alice.with("if-none-match", &list).get("/api/v1/posts").await.expect(200);
}

#[tokio::test]
async fn a_change_of_an_embedded_row_changes_the_view_but_not_the_row() {
    let server = blog().await;
    let alice = server.client().as_user(ALICE);
    let row = post(&alice, json!({ "title": "t" })).await;
    let path = format!("/api/v1/posts/{}", row["id"].as_str().expect("an id"));
    let plain = alice.get(&path).await.etag();
    let view = alice.get(&format!("{path}?expand=author")).await.etag();
    alice.patch(&format!("/api/v1/users/{ALICE}"), json!({ "name": "Alicia" })).await.expect(200);
    assert_eq!(alice.get(&path).await.etag(), plain);
    assert_ne!(alice.get(&format!("{path}?expand=author")).await.etag(), view);
    alice.with("if-match", &view).patch(&path, json!({ "title": "u" })).await.expect(200);
}

#[tokio::test]
async fn lost_updates_are_impossible_with_if_match() {
    let server = blog().await;
    let alice = server.client().as_user(ALICE);
    let row = post(&alice, json!({ "title": "0", "rating": 0 })).await;
    let path = format!("/api/v1/posts/{}", row["id"].as_str().expect("an id"));
    let count = async |client: testkit::Client| {
        let mut done = 0;
        while done < 20 {
            let seen = client.get(&path).await.expect(200);
            let rating = seen.json()["rating"].as_f64().expect("a number");
            let guarded = client.with("if-match", &seen.etag());
            let answer = guarded.patch(&path, json!({ "rating": rating + 1.0 })).await;
            match answer.status.as_u16() {
                200 => done += 1,
                412 => assert_eq!(answer.json()["code"], json!("stale")),
                _ => panic!("{answer}"),
            }
        }
    };
    tokio::join!(count(alice.clone()), count(alice.clone()), count(alice.clone()));
    assert_eq!(alice.get(&path).await.json()["rating"], json!(60.0));
}

#[tokio::test]
async fn preconditions_guard_writes_of_each_kind() {
    let server = blog().await;
    let alice = server.client().as_user(ALICE);
    let row = alice.post("/api/v1/posts", json!({ "title": "t" })).await.expect(201);
    let path = row.header("location").expect("a Location").to_owned();
    assert_eq!(row.etag(), alice.get(&path).await.etag());
    let stale = alice.with("if-match", "\"0123456789abcdef\"");
    stale.patch(&path, json!({ "title": "u" })).await.expect(412);
    stale.delete(&path).await.expect(412);
    let bob = server.client().as_user(BOB);
    bob.with("if-match", &row.etag()).delete(&path).await.expect(403);
    alice.with("if-match", "*").patch(&path, json!({ "title": "u" })).await.expect(200);
    let fresh = alice.patch(&path, json!({ "title": "v" })).await.expect(200).etag();
    let weak = format!("W/{fresh}");
    alice.with("if-match", &weak).delete(&path).await.expect(412);
    alice.with("if-match", &fresh).delete(&path).await.expect(204);
    alice.with("if-match", "*").delete(&path).await.expect(404);
}
