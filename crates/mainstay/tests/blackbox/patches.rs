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

/// A schema with nested types, of which one leads back to itself.
const PEOPLE: &str = r#"
    enum Kind { HOME WORK }
    type Position { lat: Float!  lon: Float!  note: String }
    type Address {
      city: String! @length(min: 1, max: 20)  street: String  kind: Kind! @default(value: "HOME")
      tags: [String!]! @default(value: [])  position: Position  extra: JSON  care: Address
    }
    type Person @entity @allow(read: "true", write: "true") {
      address: Address  others: [Address!]! @default(value: []) @length(max: 2)
      pin: Address @private  salary: Address @allow(read: "false", write: "true")
    }"#;

/// Creates a person, and returns their path with a client that replaces and one that merges.
async fn person(server: &testkit::Server, row: Json) -> (String, testkit::Client, testkit::Client) {
    let client = server.client();
    let person = client.post("/api/v1/people", row).await.expect(201);
    let merging = client.with("content-type", "application/merge-patch+json");
    (person.header("location").expect("a Location").to_owned(), client, merging)
}

#[tokio::test]
async fn a_document_of_a_nested_type_is_merged_at_every_depth() {
    let server = start(PEOPLE);
    let stored = json!({
        "city": "Bern", "street": "A", "kind": "WORK", "tags": ["a", "b"],
        "position": { "lat": 1.0, "lon": 2.0, "note": "n" }, "extra": { "a": { "b": 1 }, "c": 2 },
    });
    let (path, client, merging) = person(&server, json!({ "address": stored })).await;
    // What the merge makes is what would be stored if it had been sent whole.
    let check = async |patch: Json, expected: Json| {
        let merged = merging.patch(&path, json!({ "address": patch })).await.expect(200);
        assert_eq!(merged.json()["address"].to_string(), expected.to_string(), "{patch}");
        let whole = client.patch(&path, json!({ "address": expected })).await.expect(200);
        assert_eq!(whole.etag(), merged.etag(), "{patch}");
    };
    check(json!({}), stored.clone()).await;
    let patch = json!({
        "tags": ["c"], "street": null, "kind": "HOME",
        "position": { "note": null, "lon": 3.0 }, "extra": { "a": { "b": null, "d": 4 } },
    });
    let merged = json!({
        "city": "Bern", "kind": "HOME", "tags": ["c"],
        "position": { "lat": 1.0, "lon": 3.0 }, "extra": { "a": { "d": 4 }, "c": 2 },
    });
    check(patch, merged).await;
    let patch = json!({ "position": null, "extra": null, "tags": [], "care": { "city": "Genf" } });
    let care = json!({ "city": "Genf", "kind": "HOME", "tags": [] });
    let merged = json!({ "city": "Bern", "kind": "HOME", "tags": [], "care": care });
    check(patch, merged).await;
    let patch = json!({ "care": { "care": { "city": "Basel", "kind": "WORK" } } });
    let care = json!({ "city": "Basel", "kind": "WORK", "tags": [] });
    let care = json!({ "city": "Genf", "kind": "HOME", "tags": [], "care": care });
    check(patch, json!({ "city": "Bern", "kind": "HOME", "tags": [], "care": care })).await;

    let emptied = merging.patch(&path, json!({ "address": null })).await.expect(200);
    assert_eq!(emptied.json()["address"], json!(null));
    check(json!({ "city": "Chur" }), json!({ "city": "Chur", "kind": "HOME", "tags": [] })).await;
    let others = json!({ "others": [{ "city": "Bern", "kind": "WORK" }, { "city": "Genf" }] });
    merging.patch(&path, others).await.expect(200);
    let replaced = merging.patch(&path, json!({ "others": [{ "city": "Basel" }] })).await;
    assert_eq!(
        replaced.expect(200).json()["others"],
        json!([{ "city": "Basel", "kind": "HOME", "tags": [] }]),
        "an array is replaced"
    );
}

#[tokio::test]
async fn what_a_merge_breaks_of_a_nested_type_is_named_by_its_place() {
    let server = start(PEOPLE);
    let (path, client, merging) = person(&server, json!({ "address": { "city": "Bern" } })).await;
    let before = client.get(&path).await.expect(200);
    let check = async |patch: Json, expected: &[(&str, &str)]| {
        let refused = merging.patch(&path, patch.clone()).await.expect(422).json();
        let errors = refused["errors"].as_array().expect("errors").iter();
        let errors: Vec<_> = errors
            .map(|e| (e["pointer"].as_str().unwrap_or("-"), e["code"].as_str().unwrap_or("-")))
            .collect();
        assert_eq!(errors, expected, "{patch}");
    };
    // What the patch says is told without the row.
    check(
        json!({ "address": { "citi": "x", "city": null, "kind": "CASTLE", "tags": [1] } }),
        &[
            ("/address/citi", "unknown_field"),
            ("/address/city", "null"),
            ("/address/kind", "type"),
            ("/address/tags/0", "type"),
        ],
    )
    .await;
    check(json!({ "address": { "city": "" } }), &[("/address/city", "length")]).await;
    check(json!({ "address": { "position": [] } }), &[("/address/position", "type")]).await;
    check(json!({ "address": { "tags": { "a": 1 } } }), &[("/address/tags", "type")]).await;
    check(json!({ "address": [] }), &[("/address", "type")]).await;
    check(json!({ "others": [{ "street": "x" }] }), &[("/others/0/city", "required")]).await;
    // What is missing then depends on the row.
    check(
        json!({ "address": { "position": { "lat": 1 }, "care": { "care": {} } } }),
        &[
            ("/address/position/lon", "required"),
            ("/address/care/city", "required"),
            ("/address/care/care/city", "required"),
        ],
    )
    .await;
    assert_eq!(client.get(&path).await.etag(), before.etag());

    let empty = client.post("/api/v1/people", json!({})).await.expect(201);
    let empty = empty.header("location").expect("a Location").to_owned();
    let refused = merging.patch(&empty, json!({ "address": { "street": "x" } })).await.expect(422);
    assert_eq!(refused.json()["errors"][0]["pointer"], json!("/address/city"));
    // Who is wrong about the row learns that first.
    let stale = merging.with("if-match", "\"0\"");
    stale.patch(&empty, json!({ "address": { "street": "x" } })).await.expect(412);
}

#[tokio::test]
async fn concurrent_merges_into_a_document_lose_nothing() {
    let server = start(PEOPLE);
    let (path, client, merging) = person(&server, json!({ "address": { "city": "Bern" } })).await;
    let parts = [
        json!({ "street": "A" }),
        json!({ "kind": "WORK" }),
        json!({ "tags": ["a"] }),
        json!({ "position": { "lat": 1.0, "lon": 2.0 } }),
        json!({ "care": { "city": "Genf" } }),
    ];
    let mut tasks = tokio::task::JoinSet::new();
    for part in parts {
        let (merging, path) = (merging.clone(), path.clone());
        tasks.spawn(async move {
            merging.patch(&path, json!({ "address": part })).await.expect(200);
        });
    }
    tasks.join_all().await;
    let expected = json!({
        "city": "Bern", "street": "A", "kind": "WORK", "tags": ["a"],
        "position": { "lat": 1.0, "lon": 2.0 },
        "care": { "city": "Genf", "kind": "HOME", "tags": [] },
    });
    assert_eq!(client.get(&path).await.json()["address"], expected);
}

#[tokio::test]
async fn a_merge_tells_nothing_of_a_document_that_its_caller_may_not_read() {
    let server = start(PEOPLE);
    let there = json!({ "city": "Bern", "street": "A" });
    let (full, _, merging) = person(&server, json!({ "pin": there, "salary": there })).await;
    let (empty, ..) = person(&server, json!({})).await;
    for path in [&full, &empty] {
        for field in ["pin", "salary"] {
            let refused = merging.patch(path, json!({ (field): { "street": "B" } })).await;
            let refused = refused.expect(422).json();
            assert_eq!(refused["errors"][0]["pointer"], json!(format!("/{field}/city")));
            let complete = json!({ (field): { "street": "B", "city": "Genf" } });
            merging.patch(path, complete).await.expect(200);
        }
    }
}
