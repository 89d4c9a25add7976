//! Bodies: strict, all mistakes at once, roles and defaults filled in.

use serde_json::{Value as Json, json};

use crate::fixtures::{ALICE, BOB, blog, post, start};

fn errors(answer: &Json) -> Vec<(String, String)> {
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    answer["errors"]
        .as_array()
        .map(|errors| errors.iter().map(|e| (text(&e["pointer"]), text(&e["code"]))).collect())
        .unwrap_or_default()
}

#[tokio::test]
async fn every_mistake_in_a_body_is_named_with_its_pointer() {
    let server = start(
        r#"enum Size { S M L }
           type Shirt @entity @allow(read: "true", create: "true", update: "true") {
             name: String! @length(min: 2, max: 5)
             slug: String @pattern(regex: "^[a-z]+$")
             size: Size!
             price: Decimal! @range(min: 0.01, max: 99.99)
             stock: Int @range(min: 0)
             tags: [Size!]! @default(value: [])
             mail: Email
             site: URL
             soldAt: DateTime
             day: Date
             weight: Float
             big: BigInt
             double: Int @computed(expr: "row.stock * 2")
             madeAt: DateTime! @created
             code: String @readonly
             parent: Shirt
           }"#,
    );
    let body = json!({
        "name": "x", "slug": "A1", "size": "XL", "price": "0.001", "stock": -1, "tags": ["S", "XS"],
        "mail": "nobody", "site": "example", "soldAt": "yesterday", "day": "2026-02-30",
        "weight": "heavy", "big": "9223372036854775808", "double": 4, "madeAt": "2026-01-01T00:00:00Z",
        "code": "c", "parent": "not-a-key", "colour": "red", "a/b~c": 1
    });
    let answer = server.client().post("/api/v1/shirts", body).await.expect(422).json();
    let expected = [
        ("/name", "length"),
        ("/slug", "pattern"),
        ("/size", "type"),
        ("/price", "range"),
        ("/stock", "range"),
        ("/tags/1", "type"),
        ("/mail", "type"),
        ("/site", "type"),
        ("/soldAt", "type"),
        ("/day", "type"),
        ("/weight", "type"),
        ("/big", "type"),
        ("/double", "readonly"),
        ("/madeAt", "readonly"),
        ("/code", "readonly"),
        ("/parent", "type"),
        ("/colour", "unknown_field"),
        ("/a~1b~0c", "unknown_field"),
    ];
    let expected: Vec<(String, String)> =
        expected.iter().map(|(p, c)| ((*p).to_owned(), (*c).to_owned())).collect();
    assert_eq!(errors(&answer), expected);

    let empty = server.client().post("/api/v1/shirts", json!({})).await.expect(422).json();
    let required = ["/name", "/size", "/price"].map(|p| (p.to_owned(), "required".to_owned()));
    assert_eq!(errors(&empty), required);
    let nulls = json!({ "name": null, "size": "S", "price": "1" });
    let nulls = server.client().post("/api/v1/shirts", nulls).await.expect(422).json();
    assert_eq!(errors(&nulls), [("/name".to_owned(), "null".to_owned())]);
}

#[tokio::test]
async fn bodies_that_are_no_json_object_are_refused() {
    let server = blog().await;
    let alice = server.client().as_user(ALICE);
    let deep = format!("{{\"title\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
    for body in
        ["", "[1]", "null", "{\"title\":\"a\",\"title\":\"b\"}", "{\"title\":\"a\"", "\u{0}", &deep]
    {
        let answer =
            alice.send(http::Method::POST, "/api/v1/posts", Some(body.to_owned().into())).await;
        assert_eq!(answer.expect(400).json()["code"], json!("malformed_body"), "{body:.20}");
    }
    for body in [
        r#"{"title":"a","comments":[{"text":"a"},{"text":"b","text":"c"}]}"#,
        r#"[{"title":"a"},{"title":"a","comments":[{"text":"b","te\u0078t":"c"}]}]"#,
    ] {
        let answer =
            alice.send(http::Method::POST, "/api/v1/posts", Some(body.to_owned().into())).await;
        let problem = answer.expect(400).json();
        assert_eq!(problem["code"], json!("malformed_body"), "{body}");
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert!(detail.contains("repeated member `text`"), "{detail}");
    }
    let invalid = alice
        .send(http::Method::POST, "/api/v1/posts", Some(b"{\"title\":\"\xff\"}".to_vec().into()))
        .await;
    invalid.expect(400);
    let nul = alice.post("/api/v1/posts", json!({ "title": "a\u{0}b" })).await.expect(422).json();
    assert_eq!(errors(&nul)[0].0, "/title");
    let typed = alice.with("content-type", "text/plain");
    typed.post("/api/v1/posts", json!({ "title": "a" })).await.expect(415);
    let large = json!({ "title": "a", "body": "x".repeat(1_100_000) });
    assert_eq!(
        alice.post("/api/v1/posts", large).await.expect(413).json()["code"],
        json!("body_too_large")
    );
}

#[tokio::test]
async fn roles_and_defaults_are_filled_in_by_the_server() {
    let server = start(
        r#"type Ticket @entity @allow(read: "true", create: "user != null", update: "true") {
             owner: ID! @owner
             title: String!
             state: String! @default(value: "open")
             area: String @default(expr: "user.area")
             dueAt: DateTime! @default(expr: "now + duration('24h')")
             copies: [String!]! @default(value: ["a"])
             createdAt: DateTime! @created
             updatedAt: DateTime! @updated
           }"#,
    );
    let client = server.client().as_caller(&json!({ "sub": ALICE, "area": "north" }));
    let row = client.post("/api/v1/tickets", json!({ "title": "t" })).await.expect(201).json();
    assert_eq!(row["owner"], json!(ALICE));
    assert_eq!(row["state"], json!("open"));
    assert_eq!(row["area"], json!("north"));
    assert_eq!(row["copies"], json!(["a"]));
    assert_eq!(row["createdAt"], row["updatedAt"]);
    assert!(row["dueAt"].as_str() > row["createdAt"].as_str());
    let path = format!("/api/v1/tickets/{}", row["id"].as_str().expect("an id"));
    let changed =
        client.patch(&path, json!({ "area": null, "state": "done" })).await.expect(200).json();
    assert_eq!((&changed["area"], &changed["state"]), (&json!(null), &json!("done")));
    assert!(changed["updatedAt"].as_str() > row["updatedAt"].as_str());
    assert_eq!(changed["createdAt"], row["createdAt"]);
    let same = client.patch(&path, json!({})).await.expect(200).json();
    assert_eq!(same["updatedAt"], changed["updatedAt"], "nothing was sent, nothing is written");
}

#[tokio::test]
async fn uniqueness_checks_and_references_are_the_databases_verdict() {
    let server = start(
        r#"type Group @entity @allow(read: "true", write: "true") { name: String! @unique }
           type Seat @entity @index(on: ["group", "number"], unique: true) @check(expr: "row.low <= row.high", message: "must not be upside down")
             @allow(read: "true", write: "true") {
             group: Group!
             number: Int! @check(expr: "row.number > 0", message: "must be positive")
             low: Int @default(value: 0)
             high: Int @default(value: 9)
           }"#,
    );
    let client = server.client();
    let group = client.post("/api/v1/groups", json!({ "name": "a" })).await.expect(201).id();
    let taken = client.post("/api/v1/groups", json!({ "name": "a" })).await.expect(409).json();
    assert_eq!(
        (taken["code"].as_str(), taken["errors"][0]["pointer"].as_str()),
        (Some("duplicate"), Some("/name"))
    );

    let seat = json!({ "group": group, "number": 1 });
    client.post("/api/v1/seats", seat.clone()).await.expect(201);
    let twice = client.post("/api/v1/seats", seat).await.expect(409).json();
    assert_eq!(errors(&twice).len(), 2);
    let negative = client
        .post("/api/v1/seats", json!({ "group": group, "number": -1 }))
        .await
        .expect(422)
        .json();
    assert_eq!(negative["code"], json!("check_failed"));
    assert_eq!(negative["detail"], json!("number must be positive"));
    let upside = json!({ "group": group, "number": 2, "low": 5, "high": 1 });
    let upside = client.post("/api/v1/seats", upside).await.expect(422).json();
    assert_eq!(upside["detail"], json!("must not be upside down"));
    let unknown = json!({ "group": BOB, "number": 3 });
    let unknown = client.post("/api/v1/seats", unknown).await.expect(422).json();
    assert_eq!(errors(&unknown), [("/group".to_owned(), "not_found".to_owned())]);
    let used = client.delete(&format!("/api/v1/groups/{group}")).await.expect(409).json();
    assert_eq!(used["code"], json!("in_use"));
}

#[tokio::test]
async fn deleting_a_parent_does_what_the_model_says() {
    let server = start(
        r#"type Album @entity @allow(read: "true", write: "true") { name: String! }
           type Photo @entity @allow(read: "true", write: "true") { album: Album! @onDelete(do: CASCADE) }
           type Pin @entity @allow(read: "true", write: "true") { album: Album @onDelete(do: SET_NULL) }"#,
    );
    let client = server.client();
    let album = client.post("/api/v1/albums", json!({ "name": "a" })).await.expect(201).id();
    client.post("/api/v1/photos", json!({ "album": album })).await.expect(201);
    client.post("/api/v1/pins", json!({ "albumId": album })).await.expect(201);
    client.delete(&format!("/api/v1/albums/{album}")).await.expect(204);
    assert_eq!(client.get("/api/v1/photos").await.items().len(), 0);
    assert_eq!(client.get("/api/v1/pins").await.column("albumId"), [json!(null)]);
    client.delete(&format!("/api/v1/albums/{album}")).await.expect(404);
}

#[tokio::test]
async fn the_key_may_be_sent_once_and_never_changes() {
    let server = blog().await;
    let alice = server.client().as_user(ALICE);
    let id = "0198c0de-1111-7000-8000-000000000001";
    let row = post(&alice, json!({ "id": id, "title": "t" })).await;
    assert_eq!(row["id"], json!(id));
    alice.post("/api/v1/posts", json!({ "id": id, "title": "t" })).await.expect(409);
    let moved =
        alice.patch(&format!("/api/v1/posts/{id}"), json!({ "id": ALICE })).await.expect(422);
    assert_eq!(errors(&moved.json()), [("/id".to_owned(), "readonly".to_owned())]);
}
