//! Embedded relations: to-one, to-many, nested, across modules, bounded.

use serde_json::json;
use testkit::{Folder, Server};

use crate::fixtures::{ALICE, BINARY, BOB, blog, post};

#[tokio::test]
async fn to_one_relations_are_embedded_beside_their_key() {
    let server = blog().await;
    let alice = server.client().as_user(ALICE);
    let row = post(&alice, json!({ "title": "t" })).await;
    let path =
        format!("/api/v1/posts/{}?expand=author&fields=title", row["id"].as_str().expect("an id"));
    let found = alice.get(&path).await.expect(200).json();
    assert_eq!(found["authorId"], json!(ALICE));
    assert_eq!(
        found["author"],
        json!({ "id": ALICE, "name": "Alice", "email": "alice@example.com" })
    );
    assert_eq!(found["title"], json!("t"));
    assert_eq!(found.get("body"), None);
}

#[tokio::test]
async fn to_many_relations_are_embedded_sorted_and_bounded_for_each_parent() {
    let server = blog().await;
    let alice = server.client().as_user(ALICE);
    for title in ["a", "b", "c"] {
        let row = post(&alice, json!({ "title": title })).await;
        let count = if title == "b" { 0 } else { 4 };
        for number in 0..count {
            let text = format!("{title}{number}");
            alice
                .post("/api/v1/comments", json!({ "post": row["id"], "text": text }))
                .await
                .expect(201);
        }
    }
    let page = alice
        .get("/api/v1/posts?sort=title&fields=title&expand=comments(limit:2,sort:-text)")
        .await
        .expect(200);
    let texts: Vec<Vec<String>> = page
        .items()
        .iter()
        .map(|row| {
            let comments = row["comments"].as_array().expect("a list");
            comments.iter().map(|c| c["text"].as_str().expect("text").to_owned()).collect()
        })
        .collect();
    assert_eq!(texts, [vec!["a3", "a2"], vec![], vec!["c3", "c2"]]);
}

#[tokio::test]
async fn relations_nest_and_share_rows() {
    let server = blog().await;
    let alice = server.client().as_user(ALICE);
    let bob = server.client().as_user(BOB);
    let row = post(&alice, json!({ "title": "t" })).await;
    for client in [&alice, &bob] {
        client
            .post("/api/v1/comments", json!({ "post": row["id"], "text": "hi" }))
            .await
            .expect(201);
    }
    let user = alice
        .get(&format!(
            "/api/v1/users/{ALICE}?expand=posts(sort:title).comments(sort:createdAt).author"
        ))
        .await
        .expect(200)
        .json();
    let comments = &user["posts"][0]["comments"];
    assert_eq!(comments[0]["author"]["name"], json!("Alice"));
    assert_eq!(comments[1]["author"]["name"], json!("Bob"));
    let twice =
        alice.get("/api/v1/comments?expand=author,post.author&sort=createdAt").await.expect(200);
    assert_eq!(twice.items()[1]["post"]["author"]["name"], json!("Alice"));
}

#[tokio::test]
async fn expansion_is_bounded_in_depth_rows_and_number() {
    let server = blog().await;
    let client = server.client();
    for expand in [
        "author.posts.author.posts",
        "comments(limit:101)",
        "comments(limit:0)",
        "comments(size:3)",
        "author(limit:3)",
        "title",
        "comments(",
        "autor",
    ] {
        let answer = client.find("/api/v1/posts", &[("expand", expand)]).await.expect(400);
        assert_eq!(answer.json()["errors"][0]["parameter"], json!("expand"), "{expand}");
    }
}

const SHOP: [(&str, &str); 2] = [
    (
        "modules/accounts/schema.graphql",
        r#"type User @entity @exposed @allow(read: "row.id == user.id || row.open", create: "user.role == 'admin'", delete: "user.role == 'admin'") {
             name: String!
             open: Boolean! @default(value: true)
           }"#,
    ),
    (
        "modules/orders/schema.graphql",
        r#"extend schema @module(uses: ["accounts"])
           type Order @entity @allow(read: "true", create: "user != null") {
             customer: User!
             gift: User @onDelete(do: SET_NULL)
             note: String
           }"#,
    ),
];

async fn two_modules() -> Server {
    let folder = SHOP.iter().fold(Folder::empty(), |folder, (path, text)| folder.file(path, text));
    let server = Server::start(BINARY, folder);
    let admin = server.client().as_admin();
    for (id, name, open) in [(ALICE, "Alice", true), (BOB, "Bob", false)] {
        admin
            .post("/api/v1/users", json!({ "id": id, "name": name, "open": open }))
            .await
            .expect(201);
    }
    server
}

#[tokio::test]
async fn relations_to_other_modules_are_embedded_under_their_own_rules() {
    let server = two_modules().await;
    let alice = server.client().as_user(ALICE);
    let admin = server.client().as_admin();
    for (customer, gift) in [(ALICE, json!(null)), (ALICE, json!(ALICE))] {
        admin
            .post("/api/v1/orders", json!({ "customer": customer, "gift": gift }))
            .await
            .expect(201);
    }
    let bob = server.client().as_user(BOB);
    bob.post("/api/v1/orders", json!({ "customer": BOB })).await.expect(201);
    let rows = alice.get("/api/v1/orders?expand=customer,gift").await.expect(200).items();
    assert_eq!(rows[0]["customer"]["name"], json!("Alice"));
    assert_eq!(rows[0]["gift"], json!(null));
    assert_eq!(rows[1]["gift"]["name"], json!("Alice"));
    assert_eq!(rows[2]["customer"], json!(null), "Bob is hidden from Alice");
    assert_eq!(rows[2]["customerId"], json!(BOB));
}

#[tokio::test]
async fn references_to_other_modules_are_checked_and_kept() {
    let server = two_modules().await;
    let admin = server.client().as_admin();
    let alice = server.client().as_user(ALICE);
    let nobody = "0198c0de-0000-7000-8000-00000000dead";
    let unknown =
        alice.post("/api/v1/orders", json!({ "customer": nobody })).await.expect(422).json();
    let hidden = alice.post("/api/v1/orders", json!({ "customer": BOB })).await.expect(422).json();
    assert_eq!(unknown["errors"], hidden["errors"], "a hidden row is no oracle");

    alice.post("/api/v1/orders", json!({ "customer": ALICE })).await.expect(201);
    let refused = admin.delete(&format!("/api/v1/users/{ALICE}")).await.expect(409).json();
    assert_eq!(refused["code"], json!("in_use"));
    let bob = server.client().as_user(BOB);
    let order = bob.post("/api/v1/orders", json!({ "customer": BOB })).await.expect(201).id();
    admin.delete(&format!("/api/v1/users/{BOB}")).await;
    assert_eq!(
        bob.get(&format!("/api/v1/orders/{order}")).await.expect(200).json()["gift"],
        json!(null)
    );
}
