//! Idempotency keys: a write happens once, however often it is sent.

use http::Method;
use serde_json::{Value as Json, json};
use testkit::{Answer, Client, Folder, Server};
use tokio::task::JoinSet;

use crate::fixtures::{ALICE, BINARY, BOB, start};

const NOTES: &str = r#"
type Note @entity @allow(read: "true", write: "true") {
  text: String! @length(max: 200000)
  slug: String @unique
  count: Int! @default(value: 0)
}
type Secret @entity @allow(create: "user != null", read: "row.owner == user.id", delete: "row.owner == user.id") {
  owner: ID! @owner
  text: String!
}
"#;

const KEY: &str = "idempotency-key";

fn keyed(client: &Client, key: &str) -> Client {
    client.with(KEY, key)
}

fn is_replayed(answer: &Answer) -> bool {
    answer.header("idempotency-replayed") == Some("true")
}

/// What must be the same in each answer to one request.
fn told(answer: &Answer) -> (u16, Option<String>, Option<String>, Vec<u8>) {
    let header = |name: &str| answer.header(name).map(str::to_owned);
    (answer.status.as_u16(), header("location"), header("etag"), answer.body.to_vec())
}

async fn notes(client: &Client) -> Vec<Json> {
    client.get("/api/v1/notes").await.expect(200).items().to_vec()
}

#[tokio::test]
async fn a_repeated_create_makes_one_row_and_gives_the_same_answer() {
    let server = start(NOTES);
    let client = keyed(&server.client(), "k-1");
    let first = client.post("/api/v1/notes", json!({ "text": "a" })).await.expect(201);
    assert!(!is_replayed(&first));
    // Whatever becomes of the row meanwhile.
    let path = first.header("location").expect("a Location").to_owned();
    server.client().patch(&path, json!({ "text": "b" })).await.expect(200);
    for _ in 0..3 {
        let again = client.post("/api/v1/notes", json!({ "text": "a" })).await;
        assert!(is_replayed(&again));
        assert_eq!(told(&again), told(&first));
        assert_eq!(again.header("content-type"), first.header("content-type"));
    }
    // The draft writes keys in quotes.
    let quoted = keyed(&server.client(), "\"k-1\"");
    assert!(is_replayed(&quoted.post("/api/v1/notes", json!({ "text": "a" })).await));
    assert_eq!(notes(&server.client()).await.len(), 1);
    let other = keyed(&server.client(), "k-2");
    assert!(!is_replayed(&other.post("/api/v1/notes", json!({ "text": "a" })).await.expect(201)));
    server.client().post("/api/v1/notes", json!({ "text": "a" })).await.expect(201);
    assert_eq!(notes(&server.client()).await.len(), 3);
}

#[tokio::test]
async fn every_kind_of_write_happens_once() {
    let server = start(NOTES);
    let client = server.client();
    let row = client.post("/api/v1/notes", json!({ "text": "a" })).await.expect(201);
    let path = row.header("location").expect("a Location").to_owned();
    let twice = async |client: &Client, method: &Method, path: &str, body: Option<Json>| {
        let body = body.map(|body| body.to_string().into_bytes());
        let body = || body.clone().map(Into::into);
        let first = client.send(method.clone(), path, body()).await;
        let again = client.send(method.clone(), path, body()).await;
        assert!(!is_replayed(&first) && is_replayed(&again), "{method} {first} {again}");
        assert_eq!(told(&first), told(&again));
        first
    };
    // A second change would meet another tag and be refused.
    let guarded = keyed(&client, "a").with("if-match", &row.etag());
    let changed = twice(&guarded, &Method::PATCH, &path, Some(json!({ "count": 1 }))).await;
    assert_eq!(changed.expect(200).json()["count"], json!(1));
    let minimal = keyed(&client, "b").with("prefer", "return=minimal");
    twice(&minimal, &Method::PATCH, &path, Some(json!({ "count": 2 }))).await.expect(204);
    let operations = json!({ "operations": [
        { "method": "POST", "path": "/notes", "id": "n", "body": { "text": "x" } },
        { "method": "POST", "path": "/notes", "body": { "text": { "$ref": "n.id" } } }
    ] });
    twice(&keyed(&client, "c"), &Method::POST, "/api/v1/batch", Some(operations)).await.expect(200);
    assert_eq!(notes(&client).await.len(), 3);
    // A second put would replace what the first has created.
    let put = Some(json!({ "text": "p" }));
    let new = format!("/api/v1/notes/{BOB}");
    twice(&keyed(&client, "p"), &Method::PUT, &new, put).await.expect(201);
    // A second delete would find nothing.
    twice(&keyed(&client, "d"), &Method::DELETE, &path, None).await.expect(204);
    client.delete(&path).await.expect(404);
    // Reads have no use for a key.
    assert!(!is_replayed(&keyed(&client, "d").get("/api/v1/notes").await.expect(200)));
}

#[tokio::test]
async fn a_key_belongs_to_one_request() {
    let server = start(NOTES);
    let client = keyed(&server.client(), "k");
    client.post("/api/v1/notes", json!({ "text": "a" })).await.expect(201);
    let reused = client.post("/api/v1/notes", json!({ "text": "b" })).await.expect(422);
    assert_eq!(reused.json()["code"], json!("idempotency_key_reused"));
    // Also where the other body would be refused for itself.
    let reused = client.post("/api/v1/notes", json!({ "txt": "b" })).await.expect(422);
    assert_eq!(reused.json()["code"], json!("idempotency_key_reused"));
    // Another path or method is another request.
    let row = notes(&server.client()).await[0]["id"].as_str().expect("an id").to_owned();
    let path = format!("/api/v1/notes/{row}");
    client.patch(&path, json!({ "text": "a" })).await.expect(200);
    // As is what guards it.
    let guarded = client.with("if-match", "*").patch(&path, json!({ "text": "a" })).await;
    assert_eq!(guarded.expect(422).json()["code"], json!("idempotency_key_reused"));
    assert_eq!(notes(&server.client()).await.len(), 1);
}

#[tokio::test]
async fn another_caller_with_the_same_key_sees_nothing_of_it() {
    let server = start(NOTES);
    let alice = keyed(&server.client().as_user(ALICE), "k");
    let bob = keyed(&server.client().as_user(BOB), "k");
    let body = json!({ "text": "x" });
    let hers = alice.post("/api/v1/secrets", body.clone()).await.expect(201);
    let his = bob.post("/api/v1/secrets", body.clone()).await.expect(201);
    assert!(!is_replayed(&his));
    assert_ne!(hers.id(), his.id());
    bob.post("/api/v1/secrets", json!({ "text": "y" })).await.expect(422);
    server.client().with(KEY, "k").post("/api/v1/secrets", body.clone()).await.expect(401);
    // A renewed token is the same caller.
    let renewed = server.client().as_caller(&json!({ "sub": ALICE, "exp": 4_800_000_000_u64 }));
    let again = keyed(&renewed, "k").post("/api/v1/secrets", body.clone()).await;
    assert!(is_replayed(&again));
    assert_eq!(again.id(), hers.id());
    // What does not hold is refused before anything is looked up.
    let expired = server.client().as_caller(&json!({ "sub": ALICE, "exp": 1 }));
    keyed(&expired, "k").post("/api/v1/secrets", body).await.expect(401);
}

#[tokio::test]
async fn a_caller_of_two_tenants_writes_to_each() {
    let server = start(
        r#"type Task @entity @tenant(field: "org") @allow(read: "true", write: "true") { org: String!  text: String! }"#,
    );
    let of =
        |org: &str| keyed(&server.client().as_caller(&json!({ "sub": ALICE, "org": org })), "k");
    for org in ["red", "blue"] {
        let made = of(org).post("/api/v1/tasks", json!({ "text": "a" })).await.expect(201);
        assert!(!is_replayed(&made));
        assert!(is_replayed(&of(org).post("/api/v1/tasks", json!({ "text": "a" })).await));
        assert_eq!(of(org).get("/api/v1/tasks").await.expect(200).items().len(), 1);
    }
}

#[tokio::test]
async fn what_was_refused_may_be_sent_again_with_its_key() {
    let server = start(NOTES);
    let plain = server.client();
    let client = keyed(&plain, "k");
    client.post("/api/v1/notes", json!({ "text": 1 })).await.expect(422);
    let taken = plain.post("/api/v1/notes", json!({ "text": "a", "slug": "s" })).await.expect(201);
    let body = json!({ "text": "b", "slug": "s" });
    client.post("/api/v1/notes", body.clone()).await.expect(409);
    client.post("/api/v1/notes", body.clone()).await.expect(409);
    plain.delete(taken.header("location").expect("a Location")).await.expect(204);
    let made = client.post("/api/v1/notes", body.clone()).await.expect(201);
    assert!(!is_replayed(&made));
    assert!(is_replayed(&client.post("/api/v1/notes", body).await.expect(201)));
    // A batch that fails keeps neither its rows nor its key.
    let batch = |slug: &str| {
        json!({ "operations": [
            { "method": "POST", "path": "/notes", "body": { "text": "x" } },
            { "method": "POST", "path": "/notes", "body": { "text": "y", "slug": slug } }
        ] })
    };
    client.post("/api/v1/batch", batch("s")).await.expect(409);
    assert!(!is_replayed(&client.post("/api/v1/batch", batch("t")).await.expect(200)));
    assert_eq!(notes(&plain).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_clients_racing_one_key_make_one_row_and_get_one_answer() {
    let server = start(NOTES);
    let batch = json!({ "operations": [
        { "method": "POST", "path": "/notes", "id": "n", "body": { "text": "b" } },
        { "method": "POST", "path": "/notes", "body": { "text": { "$ref": "n.id" } } }
    ] });
    for (round, (path, body, rows)) in
        [("/api/v1/notes", json!({ "text": "a" }), 1), ("/api/v1/batch", batch, 3)]
            .into_iter()
            .enumerate()
    {
        let mut racing = JoinSet::new();
        for _ in 0..64 {
            let (client, body) = (keyed(&server.client(), &format!("race-{round}")), body.clone());
            racing.spawn(async move { client.post(path, body).await });
        }
        let answers = racing.join_all().await;
        assert!(answers[0].status.is_success(), "{}", answers[0]);
        assert!(answers.iter().all(|answer| told(answer) == told(&answers[0])));
        assert_eq!(answers.iter().filter(|answer| !is_replayed(answer)).count(), 1);
        assert_eq!(notes(&server.client()).await.len(), rows);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_different_requests_racing_one_key_one_wins() {
    let server = start(NOTES);
    let mut racing = JoinSet::new();
    for number in 0..32 {
        let client = keyed(&server.client(), "k");
        racing.spawn(async move {
            client.post("/api/v1/notes", json!({ "text": number.to_string() })).await
        });
    }
    let answers = racing.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == 422).count(), 31);
    assert_eq!(notes(&server.client()).await.len(), 1);
}

#[tokio::test]
async fn a_key_that_cannot_be_one_writes_nothing() {
    let server = start(NOTES);
    let plain = server.client();
    let long = "k".repeat(256);
    for key in ["", "a b", "\"a", "\"\"", &long] {
        let answer = keyed(&plain, key).post("/api/v1/notes", json!({ "text": "a" })).await;
        assert_eq!(answer.expect(400).json()["code"], json!("invalid_header"));
    }
    let two = keyed(&keyed(&plain, "a"), "b");
    two.post("/api/v1/notes", json!({ "text": "a" })).await.expect(400);
    assert_eq!(notes(&plain).await.len(), 0);
}

#[tokio::test]
async fn an_answer_too_large_to_keep_refuses_the_write() {
    let folder = Folder::new(NOTES);
    let config = std::fs::read_to_string(folder.path().join("mainstay.toml")).expect("a config");
    folder
        .write("mainstay.toml", &format!("[limits]\nidempotency_body_bytes_max = 1024\n{config}"));
    let server = Server::start(BINARY, folder);
    let client = keyed(&server.client(), "k");
    let large = json!({ "text": "x".repeat(2000) });
    let refused = client.post("/api/v1/notes", large.clone()).await.expect(422);
    assert_eq!(refused.json()["code"], json!("answer_too_large"));
    assert!(refused.to_string().contains("idempotency_body_bytes_max"), "{refused}");
    assert_eq!(notes(&server.client()).await.len(), 0);
    // Without its row, or without a key, it fits.
    client.with("prefer", "return=minimal").post("/api/v1/notes", large.clone()).await.expect(201);
    server.client().post("/api/v1/notes", large).await.expect(201);
}

#[tokio::test]
async fn answers_outlive_the_server() {
    let server = start(NOTES);
    let client = keyed(&server.client(), "k");
    let first = client.post("/api/v1/notes", json!({ "text": "a" })).await.expect(201);
    let folder = std::sync::Arc::clone(server.folder());
    assert_eq!(server.terminate(), Some(0));
    let server = Server::run(BINARY, "serve", folder);
    let client = keyed(&server.client(), "k");
    let again = client.post("/api/v1/notes", json!({ "text": "a" })).await;
    assert!(is_replayed(&again));
    assert_eq!(told(&again), told(&first));
}
