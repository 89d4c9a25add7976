//! Who may read a history, and what of it.

use serde_json::{Value as Json, json};
use testkit::{Client, Server};

use crate::fixtures::{ALICE, BOB, start};

const ACME: &str = "01900000-0000-7000-8000-0000000000ac";
const GLOBEX: &str = "01900000-0000-7000-8000-00000000061b";

const OFFICE: &str = r#"
type Person @entity @audit @allow(read: "row.open || row.owner == user.id || user.role == 'admin'",
  create: "true", update: "row.owner == user.id", delete: "user.role == 'admin'") {
  owner: ID! @owner
  open: Boolean! @default(value: false)
  name: String!
  salary: Decimal @allow(read: "user.role == 'admin'")
  grade: Int @allow(read: "row.owner == user.id")
  pin: String @private
  skills: [Skill!]! @join
}
type Skill @entity @allow(read: "row.open", create: "true", update: "true", delete: "true") {
  open: Boolean! @default(value: true)
}
type Paper @entity @audit(read: "user.role == 'auditor'") @archive
  @allow(read: "row.open", create: "true", update: "true", delete: "user.role == 'auditor'") {
  open: Boolean! @default(value: true)
  text: String!
}
type Project @entity @audit @tenant(field: "org") @allow(read: "true", write: "true") { org: ID!  name: String! }
type Plate @entity @audit @key(on: ["country", "number"]) @allow(read: "true", write: "true") {
  country: String!
  number: Int!
  next: Plate
}
type Plain @entity @allow(read: "true", write: "true") { name: String! }
"#;

async fn made(client: &Client, path: &str, body: Json) -> String {
    client.post(path, body).await.expect(201).id()
}

async fn changes(client: &Client, path: &str) -> Vec<Json> {
    client.get(&format!("{path}/history")).await.expect(200).column("changes")
}

fn people(server: &Server) -> [Client; 3] {
    let client = server.client();
    [client.as_user(ALICE), client.as_user(BOB), client.as_admin()]
}

#[tokio::test]
async fn a_history_is_for_those_who_may_read_and_change_the_row() {
    let server = start(OFFICE);
    let [alice, bob, admin] = people(&server);
    let id = made(&alice, "/api/v1/people", json!({ "name": "draft" })).await;
    let path = format!("/api/v1/people/{id}/history");
    alice.get(&path).await.expect(200);
    bob.get(&path).await.expect(404);
    server.client().get(&path).await.expect(404);
    // What everyone may read today was not for everyone before.
    alice.patch(&format!("/api/v1/people/{id}"), json!({ "open": true })).await.expect(200);
    bob.get(&path).await.expect(403);
    admin.get(&path).await.expect(403);
    server.client().get(&path).await.expect(401);
    alice.post(&path, json!({})).await.expect(405);
    alice.get(&format!("/api/v1/people/{ALICE}/history")).await.expect(404);
    alice.get("/api/v1/people/nonsense/history").await.expect(404);
    alice.get(&format!("/api/v1/plains/{id}/history")).await.expect(404);
}

#[tokio::test]
async fn a_model_may_say_who_else_reads_it() {
    let server = start(OFFICE);
    let alice = server.client().as_user(ALICE);
    let auditor = server.client().as_caller(&json!({ "sub": BOB, "role": "auditor" }));
    let id = made(&alice, "/api/v1/papers", json!({ "text": "a" })).await;
    let path = format!("/api/v1/papers/{id}");
    alice.get(&format!("{path}/history")).await.expect(403);
    assert_eq!(changes(&auditor, &path).await.len(), 1);
    auditor.delete(&path).await.expect(204);
    alice.get(&format!("{path}/history")).await.expect(404);
    let entries = auditor.get(&format!("{path}/history")).await.expect(200).items();
    assert_eq!(entries[0]["operation"], json!("archive"));
    assert_eq!(entries[0]["changes"], json!({}));
    // A row that is hidden has no history either, whoever asks.
    let hidden = made(&alice, "/api/v1/papers", json!({ "text": "a", "open": false }));
    let hidden = hidden.await;
    auditor.get(&format!("/api/v1/papers/{hidden}/history")).await.expect(404);
}

#[tokio::test]
async fn a_deleted_row_is_judged_as_it_was_last_known() {
    let server = start(OFFICE);
    let [alice, bob, admin] = people(&server);
    let body = json!({ "name": "a", "open": true, "grade": 3 });
    let id = made(&alice, "/api/v1/people", body).await;
    let path = format!("/api/v1/people/{id}");
    admin.delete(&path).await.expect(204);
    // Only who could read and delete it.
    for client in [&alice, &bob, &server.client()] {
        client.get(&format!("{path}/history")).await.expect(404);
    }
    let entries = admin.get(&format!("{path}/history")).await.expect(200).items();
    assert_eq!(entries[0]["operation"], json!("delete"));
    assert_eq!(entries[0]["changes"]["name"], json!({ "from": "a", "to": null }));
    assert_eq!(entries[0]["changes"]["open"], json!({ "from": true, "to": null }));
    assert_eq!(entries[0]["changes"]["grade"], Json::Null, "only its owner reads it");

    // A row that takes its place goes on with it.
    let plate = json!({ "country": "PT", "number": 5 });
    admin.post("/api/v1/plates", plate.clone()).await.expect(201);
    admin.delete("/api/v1/plates/PT,5").await.expect(204);
    assert_eq!(changes(&admin, "/api/v1/plates/PT,5").await.len(), 2);
    admin.post("/api/v1/plates", plate).await.expect(201);
    let entries = admin.get("/api/v1/plates/PT,5/history").await.expect(200);
    assert_eq!(entries.column("number"), [json!(3), json!(2), json!(1)]);
}

#[tokio::test]
async fn hidden_fields_are_not_told_apart_from_one_another() {
    let server = start(OFFICE);
    let [alice, _, admin] = people(&server);
    let id = made(&alice, "/api/v1/people", json!({ "name": "a", "open": true })).await;
    let path = format!("/api/v1/people/{id}");
    for field in [json!({ "salary": "10" }), json!({ "salary": "20" })] {
        alice.patch(&path, field).await.expect(200);
    }
    alice.patch(&path, json!({ "grade": 1 })).await.expect(200);
    let seen = changes(&alice, &path).await;
    assert_eq!(seen[0], json!({ "grade": { "from": null, "to": 1 } }));
    assert_eq!(seen[1..3], [json!({}), json!({})]);
    assert_eq!(seen[3]["salary"], Json::Null);
    // A filter on a hidden field is no way in.
    alice.get(&format!("{path}/history?salary=10")).await.expect(400);
    admin.delete(&path).await.expect(204);
    let seen = changes(&admin, &path).await;
    assert_eq!(seen[0]["salary"], json!({ "from": "20", "to": null }));
    assert_eq!(seen[2], json!({ "salary": { "from": "10", "to": "20" } }));
}

#[tokio::test]
async fn linked_rows_are_told_to_those_who_may_see_them() {
    let server = start(OFFICE);
    let alice = server.client().as_user(ALICE);
    let skill = made(&alice, "/api/v1/skills", json!({})).await;
    let other = made(&alice, "/api/v1/skills", json!({})).await;
    let body = json!({ "name": "a", "skills": [skill, other] });
    let id = made(&alice, "/api/v1/people", body).await;
    let path = format!("/api/v1/people/{id}");
    let mut both = [skill.clone(), other.clone()];
    both.sort();
    assert_eq!(changes(&alice, &path).await[0]["skills"]["added"], json!(both));
    alice.patch(&format!("/api/v1/skills/{skill}"), json!({ "open": false })).await;
    let seen = changes(&alice, &path).await;
    assert_eq!(seen[0]["skills"], json!({ "added": [other], "removed": [] }));
    alice.patch(&format!("/api/v1/skills/{other}"), json!({ "open": false })).await;
    assert_eq!(changes(&alice, &path).await[0]["skills"], Json::Null);
}

#[tokio::test]
async fn another_tenant_has_no_history_here() {
    let server = start(OFFICE);
    let of = |org: &str| server.client().as_caller(&json!({ "sub": ALICE, "org": org }));
    let (acme, globex) = (of(ACME), of(GLOBEX));
    let id = made(&acme, "/api/v1/projects", json!({ "name": "a" })).await;
    let path = format!("/api/v1/projects/{id}");
    assert_eq!(changes(&acme, &path).await.len(), 1);
    globex.get(&format!("{path}/history")).await.expect(404);
    server.client().as_user(ALICE).get(&format!("{path}/history")).await.expect(404);
    acme.delete(&path).await.expect(204);
    assert_eq!(changes(&acme, &path).await.len(), 2);
    globex.get(&format!("{path}/history")).await.expect(404);
}

#[tokio::test]
async fn pages_and_filters_walk_through_a_history() {
    let server = start(OFFICE);
    let alice = server.client().as_user(ALICE);
    let body = json!({ "country": "PT", "number": 5 });
    alice.post("/api/v1/plates", body).await.expect(201);
    let path = "/api/v1/plates/PT,5";
    for turn in 0..4 {
        let next = if turn % 2 == 0 { json!("PT,5") } else { Json::Null };
        alice.patch(path, json!({ "next": next })).await.expect(200);
    }
    let seen = changes(&alice, path).await;
    assert_eq!(seen[3], json!({ "nextId": { "from": null, "to": "PT,5" } }));
    let page = async |query: &str| alice.get(&format!("{path}/history?{query}")).await.expect(200);
    let first = page("limit=2").await;
    assert_eq!(first.column("number"), [json!(5), json!(4)]);
    assert_eq!(first.json()["prev"], Json::Null);
    let next = first.text("next");
    let second = page(&format!("limit=2&after={next}")).await;
    assert_eq!(second.column("number"), [json!(3), json!(2)]);
    assert!(second.header("link").is_some_and(|link| link.contains("rel=\"next\"")));
    let last = page(&format!("limit=2&after={}", second.text("next"))).await;
    assert_eq!((last.column("number"), &last.json()["next"]), (vec![json!(1)], &Json::Null));
    let back = page(&format!("limit=2&before={}", last.text("prev"))).await;
    assert_eq!(back.column("number"), [json!(3), json!(2)]);
    assert_eq!(page("operation=create").await.column("number"), [json!(1)]);
    assert_eq!(page(&format!("by={ALICE}&limit=1")).await.column("number"), [json!(5)]);
    assert_eq!(page(&format!("by={BOB}")).await.items(), Vec::<Json>::new());
    let at = first.items()[1]["at"].as_str().expect("a time").to_owned();
    assert_eq!(page(&format!("at[gt]={at}")).await.column("number"), [json!(5)]);
    assert_eq!(page(&format!("at[lte]={at}&limit=1")).await.column("number"), [json!(4)]);
    for bad in [
        "limit=0",
        "limit=999",
        "after=x",
        "sort=at",
        "operation=sold",
        "at[gte]=soon",
        "by[ne]=x",
        "at[in]=x",
        &format!("after={next}&before={next}"),
        "number=1",
    ] {
        alice.get(&format!("{path}/history?{bad}")).await.expect(400);
    }
    // A page is conditional as lists are.
    let tag = first.etag();
    alice.with("if-none-match", &tag).get(&format!("{path}/history?limit=2")).await.expect(304);
    // A cursor of a list is none of a history.
    let list = alice.get("/api/v1/people?limit=1").await.expect(200).json();
    assert_eq!(list["next"], Json::Null);
}

#[tokio::test]
async fn a_batch_reads_no_history() {
    let server = start(OFFICE);
    let alice = server.client().as_user(ALICE);
    let id = made(&alice, "/api/v1/people", json!({ "name": "a" })).await;
    let batch =
        json!({ "operations": [{ "method": "GET", "path": format!("/people/{id}/history") }] });
    let detail = alice.post("/api/v1/batch", batch).await.expect(405).text("detail");
    assert!(detail.ends_with("is not an operation of a batch; send it by itself"), "{detail}");
}
