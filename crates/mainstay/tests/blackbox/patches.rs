//! `PATCH`: absent, null and nested values, and the two media types.

use serde_json::{Value as Json, json};

use crate::fixtures::{ALICE, blog, post, start};

#[tokio::test]
async fn an_absent_field_stays_a_null_one_is_emptied_and_a_list_is_replaced() {
    let server = blog().await;
    let alice = server.client().as_user(ALICE);
    let row = json!({ "title": "t", "rating": 1.5, "tags": ["a", "b"], "body": "text" });
    let row = post(&alice, row).await;
    let path = format!("/api/v1/posts/{}", row["id"].as_str().expect("an id"));
    for client in [&alice, &alice.with("content-type", "application/merge-patch+json")] {
        let changed = client.patch(&path, json!({ "rating": null, "tags": ["c"] })).await;
        let changed = changed.expect(200).json();
        assert_eq!((&changed["rating"], &changed["tags"]), (&json!(null), &json!(["c"])));
        assert_eq!(changed["body"], json!("text"));
        let refused = client.patch(&path, json!({ "title": null })).await.expect(422).json();
        assert_eq!(refused["errors"][0]["code"], json!("null"));
        client.patch(&path, json!({ "rating": 2.0, "tags": ["a"] })).await.expect(200);
    }
}

#[tokio::test]
async fn the_media_type_says_whether_json_is_replaced_or_merged() {
    let server = start(
        r#"type Doc @entity @allow(read: "true", create: "true", update: "!has(row.data.locked)") {
             data: JSON  text: String
           }"#,
    );
    let client = server.client();
    let merging = client.with("content-type", "application/merge-patch+json; charset=utf-8");
    let stored = json!({ "a": { "b": 1, "c": [1, 2] }, "n": null });
    let doc = client.post("/api/v1/docs", json!({ "data": stored, "text": "t" })).await.expect(201);
    let path = doc.header("location").expect("a Location").to_owned();
    let check = async |client: &testkit::Client, sent: Json, expected: Json| {
        let row = client.patch(&path, json!({ "data": sent })).await.expect(200);
        assert_eq!(row.json()["data"], expected, "{sent}");
        assert_eq!(row.etag(), client.get(&path).await.etag());
        assert_eq!(row.json()["text"], json!("t"));
    };
    let patch = json!({ "a": { "b": null, "c": [3], "d": { "e": null, "f": 1 } } });
    let merged = json!({ "a": { "c": [3], "d": { "f": 1 } }, "n": null });
    check(&merging, patch, merged).await;
    check(&merging, json!([1]), json!([1])).await;
    check(&merging, json!({ "x": null, "y": 1 }), json!({ "y": 1 })).await;
    check(&client, json!({ "x": null }), json!({ "x": null })).await;
    check(&merging, json!(null), json!(null)).await;
    check(&merging, json!({ "x": { "y": null } }), json!({ "x": {} })).await;

    // The rule is judged on what the merge made of the row.
    merging.patch(&path, json!({ "data": { "locked": 1 } })).await.expect(401);
    check(&merging, json!({ "z": 1 }), json!({ "x": {}, "z": 1 })).await;
    let stale = merging.with("if-match", &doc.etag());
    stale.patch(&path, json!({ "data": { "z": 2 } })).await.expect(412);
}

#[tokio::test]
async fn concurrent_merges_lose_nothing_and_a_value_has_an_end() {
    let server = start(
        r#"type Doc @entity @allow(read: "true", create: "true", update: "true") { data: JSON }"#,
    );
    let client = server.client();
    let doc = client.post("/api/v1/docs", json!({})).await.expect(201);
    let path = doc.header("location").expect("a Location").to_owned();
    let merging = client.with("content-type", "application/merge-patch+json");
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..32 {
        let (merging, path) = (merging.clone(), path.clone());
        tasks.spawn(async move {
            let sent = json!({ "data": { format!("k{number}"): number } });
            merging.patch(&path, sent).await.expect(200);
        });
    }
    tasks.join_all().await;
    let data = client.get(&path).await.json();
    assert_eq!(data["data"].as_object().map(serde_json::Map::len), Some(32));

    let large = "x".repeat(600_000);
    merging.patch(&path, json!({ "data": { "a": large } })).await.expect(200);
    let refused = merging.patch(&path, json!({ "data": { "b": large } })).await.expect(422).json();
    assert_eq!(refused["errors"][0]["code"], json!("too_large"));
    assert_eq!(refused["errors"][0]["pointer"], json!("/data"));
}

#[tokio::test]
async fn other_kinds_of_patches_are_refused_with_those_that_are_understood() {
    let server = blog().await;
    let alice = server.client().as_user(ALICE);
    let row = post(&alice, json!({ "title": "t" })).await;
    let path = format!("/api/v1/posts/{}", row["id"].as_str().expect("an id"));
    let understood = Some("application/json, application/merge-patch+json");
    let operations = alice.with("content-type", "application/json-patch+json");
    let body = json!([{ "op": "remove", "path": "/title" }]);
    let refused = operations.patch(&path, body).await.expect(415);
    assert_eq!(refused.header("accept-patch"), understood);
    let options = alice.send(http::Method::OPTIONS, &path, None).await.expect(204);
    assert_eq!(options.header("accept-patch"), understood);
}

#[tokio::test]
async fn a_document_of_a_nested_type_is_written_whole_by_either_kind() {
    let server = start(
        r#"type Address { city: String!  street: String  kind: String! @default(value: "HOME") }
           type Person @entity @allow(read: "true", write: "true") { address: Address }"#,
    );
    let client = server.client();
    let sent = json!({ "address": { "city": "Bern", "street": "A", "kind": "WORK" } });
    let person = client.post("/api/v1/people", sent).await.expect(201);
    let path = person.header("location").expect("a Location").to_owned();
    let merging = client.with("content-type", "application/merge-patch+json");
    merging.patch(&path, json!({ "address": { "street": "B" } })).await.expect(422);
    let changed = merging.patch(&path, json!({ "address": { "city": "Genf" } })).await.expect(200);
    assert_eq!(changed.json()["address"], json!({ "city": "Genf", "kind": "HOME" }));
}
