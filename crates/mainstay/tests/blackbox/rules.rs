//! Access rules on rows and fields.

use serde_json::json;

use crate::fixtures::{ALICE, BOB, blog, post, start};

#[tokio::test]
async fn what_no_rule_allows_is_denied() {
    let server =
        start(r#"type Thing @entity @allow(read: "user.role == 'admin'") { name: String! }"#);
    let anonymous = server.client();
    let user = anonymous.as_user(ALICE);
    let admin = anonymous.as_admin();
    anonymous.get("/api/v1/things").await.expect(401);
    user.get("/api/v1/things").await.expect(403);
    admin.get("/api/v1/things").await.expect(200);
    anonymous.post("/api/v1/things", json!({ "name": "x" })).await.expect(401);
    admin.post("/api/v1/things", json!({ "name": "x" })).await.expect(403);
}

#[tokio::test]
async fn a_type_without_a_read_rule_is_seen_by_nobody_over_no_way() {
    let server = start(
        r#"
        type Secret @entity @allow(create: "true", update: "true", delete: "true") {
          code: String!
          notes: [Note!]! @inverse(of: "secret")
        }
        type Note @entity @allow(read: "true", create: "true") {
          text: String!
          secret: Secret
        }"#,
    );
    let admin = server.client().as_admin();
    let secret = "0198c0de-0000-7000-8000-00000000005e";
    let path = format!("/api/v1/secrets/{secret}");
    let created = admin.post("/api/v1/secrets", json!({ "id": secret, "code": "x" })).await;
    assert_eq!(created.expect(201).json(), json!({ "id": secret }));
    admin.get("/api/v1/secrets").await.expect(403);
    admin.get(&path).await.expect(404);
    admin.patch(&path, json!({ "code": "y" })).await.expect(404);
    admin.delete(&path).await.expect(404);
    // A reference would tell which keys exist.
    let referring = admin.post("/api/v1/notes", json!({ "text": "n", "secret": secret })).await;
    assert_eq!(referring.expect(422).json()["errors"][0]["code"], "not_found");
    admin.post("/api/v1/notes", json!({ "text": "n" })).await.expect(201);
    let filter = [("filter", "secret.code == 'x' || secret.notes.exists(n, true)")];
    assert!(admin.find("/api/v1/notes", &filter).await.expect(200).items().is_empty());
}

#[tokio::test]
async fn an_embedded_row_without_a_read_rule_stays_hidden() {
    let server = start(
        r#"
        type Holder @entity @allow(create: "true") {
          code: String!
          notes: [Note!]! @inverse(of: "holder")
        }
        type Note @entity @allow(read: "true", create: "true") {
          holder: Holder @owner
          text: String!
          replies: [Reply!]! @inverse(of: "note")
        }
        type Reply @entity @allow(create: "true") { note: Note! text: String! }"#,
    );
    let alice = server.client().as_user(ALICE);
    alice.post("/api/v1/holders", json!({ "id": ALICE, "code": "x" })).await.expect(201);
    let note = alice.post("/api/v1/notes", json!({ "text": "n" })).await.expect(201).id();
    alice.post("/api/v1/replies", json!({ "note": note, "text": "r" })).await.expect(201);
    let listed = alice.get("/api/v1/notes?expand=holder,replies").await.expect(200).items();
    assert_eq!(listed[0]["holder"], json!(null));
    assert_eq!(listed[0]["replies"], json!([]));
    let sorted = alice.get("/api/v1/notes?sort=holder.code").await.expect(200).items();
    assert_eq!(sorted.len(), 1);
}

#[tokio::test]
async fn hidden_rows_do_not_exist_and_visible_ones_may_be_locked() {
    let server = blog().await;
    let alice = server.client().as_user(ALICE);
    let bob = server.client().as_user(BOB);
    let draft = post(&alice, json!({ "title": "d", "status": "DRAFT" })).await;
    let public = post(&alice, json!({ "title": "p" })).await;
    let draft = format!("/api/v1/posts/{}", draft["id"].as_str().expect("an id"));
    let public = format!("/api/v1/posts/{}", public["id"].as_str().expect("an id"));

    alice.get(&draft).await.expect(200);
    let absent = bob.get("/api/v1/posts/0198c0de-0000-7000-8000-000000000000").await.expect(404);
    for answer in [
        bob.get(&draft).await,
        bob.patch(&draft, json!({ "title": "x" })).await,
        bob.delete(&draft).await,
        server.client().get(&draft).await,
    ] {
        assert_eq!(answer.status.as_u16(), 404);
        assert_eq!(answer.json()["code"], absent.json()["code"]);
        assert_eq!(answer.json()["detail"], absent.json()["detail"]);
    }
    bob.patch(&public, json!({ "title": "x" })).await.expect(403);
    server.client().patch(&public, json!({ "title": "x" })).await.expect(401);
    bob.delete(&public).await.expect(403);
    server.client().as_admin().delete(&public).await.expect(204);
    assert_eq!(bob.get("/api/v1/posts").await.expect(200).items().len(), 0);
}

#[tokio::test]
async fn an_update_must_satisfy_the_rule_before_and_after() {
    let server = start(
        r#"type Doc @entity @allow(read: "true", create: "true", update: "row.owner == user.id && !row.locked") {
             owner: ID!  title: String!  locked: Boolean! @default(value: false)
           }"#,
    );
    let alice = server.client().as_user(ALICE);
    let doc = alice.post("/api/v1/docs", json!({ "owner": ALICE, "title": "t" })).await.expect(201);
    let path = doc.header("location").expect("a Location").to_owned();
    alice.patch(&path, json!({ "owner": BOB })).await.expect(403);
    assert_eq!(alice.get(&path).await.json()["owner"], json!(ALICE), "nothing was written");
    alice.patch(&path, json!({ "title": "u" })).await.expect(200);
    alice.patch(&path, json!({ "locked": true })).await.expect(403);
    let bob = server.client().as_user(BOB);
    bob.patch(&path, json!({ "owner": BOB })).await.expect(403);
}

#[tokio::test]
async fn a_null_comparison_in_a_rule_denies() {
    let server = start(
        r#"type Item @entity @allow(read: "!(row.level > 3)", create: "true") { level: Int  name: String! }"#,
    );
    let client = server.client();
    for (level, name) in [(json!(1), "low"), (json!(9), "high"), (json!(null), "none")] {
        client.post("/api/v1/items", json!({ "level": level, "name": name })).await.expect(201);
    }
    let names = client.get("/api/v1/items").await.expect(200).column("name");
    assert_eq!(names, ["low"]);
}

#[tokio::test]
async fn rules_hop_over_relations_and_look_into_lists_of_rows() {
    let server = start(
        r#"type Team @entity @allow(read: "row.members.exists(m, m.person == user.id)", create: "true") {
             name: String!  members: [Member!]! @inverse(of: "team")
           }
           type Member @entity @allow(read: "row.team.members.exists(m, m.person == user.id)", create: "true") {
             team: Team!  person: ID!
           }
           type Task @entity @allow(read: "row.team.members.exists(m, m.person == user.id) || 'auditor' in user.roles", create: "true") {
             team: Team  title: String!
           }"#,
    );
    let admin = server.client();
    let mut teams = Vec::new();
    for (name, person) in [("red", ALICE), ("blue", BOB)] {
        // A row its creator may not read is answered by its key alone.
        let team = admin.post("/api/v1/teams", json!({ "name": name })).await.expect(201);
        assert_eq!(team.json().get("name"), None);
        let id = team.id();
        let member = json!({ "team": id, "person": person });
        admin.post("/api/v1/members", member).await.expect(422);
        teams.push(id);
    }
    assert_eq!(teams.len(), 2);
    admin.as_user(ALICE).get("/api/v1/tasks").await.expect(200);
    admin.post("/api/v1/tasks", json!({ "title": "free" })).await.expect(201);
    let auditor = admin.as_caller(&json!({ "sub": BOB, "roles": ["user", "auditor"] }));
    assert_eq!(auditor.get("/api/v1/tasks").await.expect(200).items().len(), 1);
    assert_eq!(admin.as_user(BOB).get("/api/v1/tasks").await.expect(200).items().len(), 0);
}

#[tokio::test]
async fn field_rules_hide_on_read_and_refuse_on_write() {
    let server = start(
        r#"type Person @entity @allow(read: "true", create: "true", update: "true") {
             name: String!
             salary: Decimal @allow(read: "row.id == user.id || user.role == 'admin'", write: "user.role == 'admin'")
           }"#,
    );
    let admin = server.client().as_admin();
    let person = json!({ "id": ALICE, "name": "Alice", "salary": "10.50" });
    server.client().post("/api/v1/people", person.clone()).await.expect(403);
    admin.post("/api/v1/people", person).await.expect(201);
    admin
        .post("/api/v1/people", json!({ "id": BOB, "name": "Bob", "salary": "11" }))
        .await
        .expect(201);

    let alice = server.client().as_user(ALICE);
    let rows = alice.get("/api/v1/people?sort=name").await.expect(200).items();
    assert_eq!(rows[0]["salary"], json!("10.50"));
    assert_eq!(rows[1].get("salary"), None);
    let path = format!("/api/v1/people/{ALICE}");
    let refused =
        alice.patch(&path, json!({ "name": "A", "salary": "99" })).await.expect(403).json();
    assert_eq!(refused["errors"][0]["pointer"], json!("/salary"));
    assert_eq!(alice.get(&path).await.json()["name"], json!("Alice"));
    admin.patch(&path, json!({ "salary": "12" })).await.expect(200);
}

#[tokio::test]
async fn rules_may_look_at_the_input() {
    let server = start(
        r#"type Vote @entity @allow(read: "true", create: "input.stars <= 3 || user.role == 'admin'", update: "!has(input.stars)") {
             stars: Int!  text: String @default(value: "")
           }"#,
    );
    let client = server.client();
    client.post("/api/v1/votes", json!({ "stars": 5 })).await.expect(401);
    client.as_user(ALICE).post("/api/v1/votes", json!({ "stars": 5 })).await.expect(403);
    let vote = client.post("/api/v1/votes", json!({ "stars": 3 })).await.expect(201);
    let path = vote.header("location").expect("a Location").to_owned();
    client.as_user(ALICE).patch(&path, json!({ "stars": 2 })).await.expect(403);
    client.patch(&path, json!({ "text": "ok" })).await.expect(200);
}
