//! Archived rows: deleted as far as anyone can tell, until they are restored.

use serde_json::{Value as Json, json};
use testkit::{Client, Server};

use crate::fixtures::{ALICE, BOB, start};

const SHOP: &str = r#"
type Category @entity @archive @allow(read: "true", write: "true") {
  slug: String! @unique
  products: [Product!]! @inverse(of: "category")
}
type Product @entity @archive(keep: "30d")
  @allow(read: "true", create: "true", update: "true", delete: "user.role == 'admin'")
{
  name: String! @unique
  category: Category
  similar: Product @onDelete(do: SET_NULL)
  variants: [Variant!]! @inverse(of: "product")
  members: [Member!]! @inverse(of: "product")
}
type Variant @entity @archive @allow(read: "true", write: "true") {
  product: Product! @onDelete(do: CASCADE)
  parent: Variant @onDelete(do: CASCADE)
  name: String!
}
type Member @entity @archive @allow(read: "true", write: "true") {
  product: Product!
  user: ID!
}
type Secret @entity @allow(read: "row.product.members.exists(m, m.user == user.id)", create: "true") {
  product: Product!
  text: String!
}
type Shown @entity @archive @allow(read: "true", write: "true") { name: String!  archivedAt: DateTime }
"#;

async fn made(client: &Client, path: &str, body: Json) -> String {
    client.post(path, body).await.expect(201).id()
}

async fn shop() -> (Server, Client) {
    let server = start(SHOP);
    let admin = server.client().as_admin();
    (server, admin)
}

async fn names(client: &Client, query: &str) -> Vec<Json> {
    client.get(&format!("/api/v1/products?sort=name{query}")).await.expect(200).column("name")
}

#[tokio::test]
async fn an_archived_row_is_gone_for_everyone_and_comes_back_as_it_was() {
    let (server, admin) = shop().await;
    let category = made(&admin, "/api/v1/categories", json!({ "slug": "c" })).await;
    let id = made(&admin, "/api/v1/products", json!({ "name": "a", "category": category })).await;
    let other = made(&admin, "/api/v1/products", json!({ "name": "b", "similar": id })).await;
    let path = format!("/api/v1/products/{id}");
    let before = admin.get(&path).await.expect(200);
    admin.delete(&path).await.expect(204);

    for client in [&admin, &server.client()] {
        client.get(&path).await.expect(404);
        client.patch(&path, json!({ "name": "x" })).await.expect(404);
        client.delete(&path).await.expect(404);
        assert_eq!(names(client, "&count=exact").await, [json!("b")]);
        assert_eq!(names(client, "&filter=similar.name%20==%20'a'").await, Vec::<Json>::new());
        let expanded = client.get(&format!("/api/v1/products/{other}?expand=similar")).await;
        assert_eq!(expanded.json()["similar"], Json::Null);
        let found = client.get("/api/v1/categories?expand=products&filter=size(products)%20==%200");
        assert_eq!(found.await.expect(200).items()[0]["products"], json!([]));
        client.post("/api/v1/products", json!({ "name": "x", "similar": id })).await.expect(422);
    }
    admin.post(&format!("{path}/restore"), json!({})).await.expect(200);
    let after = admin.get(&path).await.expect(200);
    assert_eq!((after.json(), after.etag()), (before.json(), before.etag()));
    let expanded = admin.get(&format!("/api/v1/products/{other}?expand=similar")).await.json();
    assert_eq!(expanded["similar"]["name"], json!("a"));
    admin.post(&format!("{path}/restore"), json!({})).await.expect(404);
}

#[tokio::test]
async fn archived_rows_are_listed_for_those_who_may_delete_them() {
    let (server, admin) = shop().await;
    let id = made(&admin, "/api/v1/products", json!({ "name": "a" })).await;
    made(&admin, "/api/v1/products", json!({ "name": "b" })).await;
    let path = format!("/api/v1/products/{id}");
    admin.delete(&path).await.expect(204);
    assert_eq!(names(&admin, "&archived=only").await, [json!("a")]);
    assert_eq!(names(&admin, "&archived=true").await, [json!("a")]);
    assert_eq!(names(&admin, "&archived=with").await, [json!("a"), json!("b")]);
    assert_eq!(names(&admin, "&archived=false").await, [json!("b")]);
    admin.get(&format!("{path}?archived=only")).await.expect(200);

    let anyone = server.client().as_user(BOB);
    anyone.get("/api/v1/products?archived=only").await.expect(403);
    assert_eq!(names(&anyone, "&archived=with").await, [json!("b")]);
    anyone.get(&format!("{path}?archived=only")).await.expect(404);
    anyone.post(&format!("{path}/restore"), json!({})).await.expect(404);
    admin.get("/api/v1/products?archived=maybe").await.expect(400);
    admin.get("/api/v1/products?archivedAt[null]=true").await.expect(400);
    admin.get("/api/v1/secrets?archived=only").await.expect(400);
    admin.post(&format!("/api/v1/secrets/{id}/restore"), json!({})).await.expect(404);
}

#[tokio::test]
async fn the_time_is_shown_where_the_type_declares_it() {
    let (_server, admin) = shop().await;
    let made = admin.post("/api/v1/showns", json!({ "name": "a" })).await.expect(201);
    assert_eq!(made.json()["archivedAt"], Json::Null);
    let path = format!("/api/v1/showns/{}", made.id());
    admin.patch(&path, json!({ "archivedAt": null })).await.expect(422);
    admin.delete(&path).await.expect(204);
    let rows = admin.get("/api/v1/showns?archived=only&sort=-archivedAt").await.expect(200).items();
    assert!(rows[0]["archivedAt"].is_string(), "{rows:?}");
}

#[tokio::test]
async fn what_is_unique_is_free_again() {
    let (_server, admin) = shop().await;
    let first = made(&admin, "/api/v1/products", json!({ "name": "a" })).await;
    admin.delete(&format!("/api/v1/products/{first}")).await.expect(204);
    let second = made(&admin, "/api/v1/products", json!({ "name": "a" })).await;
    let restore = format!("/api/v1/products/{first}/restore");
    let taken = admin.post(&restore, json!({})).await.expect(409).json();
    assert_eq!(taken["code"], json!("duplicate"));
    let replaced = admin.put("/api/v1/products?name=a", json!({ "name": "a" })).await.expect(200);
    assert_eq!(replaced.json()["id"], json!(second));
    admin.delete(&format!("/api/v1/products/{second}")).await.expect(204);
    admin.post(&restore, json!({})).await.expect(200);
}

#[tokio::test]
async fn what_belongs_to_a_row_goes_and_comes_back_with_it() {
    let (_server, admin) = shop().await;
    let product = made(&admin, "/api/v1/products", json!({ "name": "a" })).await;
    let variant =
        |name: &str, parent: Json| json!({ "product": product, "name": name, "parent": parent });
    let root = made(&admin, "/api/v1/variants", variant("root", Json::Null)).await;
    let child = made(&admin, "/api/v1/variants", variant("child", json!(root))).await;
    made(&admin, "/api/v1/variants", variant("leaf", json!(child))).await;
    let gone = made(&admin, "/api/v1/variants", variant("gone before", Json::Null)).await;
    admin.delete(&format!("/api/v1/variants/{gone}")).await.expect(204);
    let listed = async || admin.get("/api/v1/variants?sort=name").await.expect(200).column("name");

    admin.delete(&format!("/api/v1/variants/{root}")).await.expect(204);
    assert_eq!(listed().await, Vec::<Json>::new());
    let orphan = admin.post(&format!("/api/v1/variants/{child}/restore"), json!({})).await;
    assert_eq!(orphan.expect(409).json()["code"], json!("archived"));
    admin.post(&format!("/api/v1/variants/{root}/restore"), json!({})).await.expect(200);
    assert_eq!(listed().await, [json!("child"), json!("leaf"), json!("root")]);

    admin.delete(&format!("/api/v1/products/{product}")).await.expect(204);
    assert_eq!(listed().await, Vec::<Json>::new());
    admin.post(&format!("/api/v1/products/{product}/restore"), json!({})).await.expect(200);
    assert_eq!(listed().await, [json!("child"), json!("leaf"), json!("root")]);
}

#[tokio::test]
async fn a_row_that_others_rely_on_is_not_archived() {
    let (_server, admin) = shop().await;
    let category = made(&admin, "/api/v1/categories", json!({ "slug": "c" })).await;
    let product =
        made(&admin, "/api/v1/products", json!({ "name": "a", "category": category })).await;
    let (category, product) =
        (format!("/api/v1/categories/{category}"), format!("/api/v1/products/{product}"));
    let used = admin.delete(&category).await.expect(409).json();
    assert_eq!(used["code"], json!("in_use"));
    admin.delete(&product).await.expect(204);
    admin.delete(&category).await.expect(204);
    let refused = admin.post(&format!("{product}/restore"), json!({})).await.expect(409).json();
    assert_eq!(refused["code"], json!("archived"));
    admin.post(&format!("{category}/restore"), json!({})).await.expect(200);
    admin.post(&format!("{product}/restore"), json!({})).await.expect(200);
}

#[tokio::test]
async fn a_row_that_refers_to_itself_is_archived_and_restored() {
    let model = "type Node @entity @archive @allow(read: \"true\", write: \"true\") \
                 { name: String!  next: Node }";
    let server = start(model);
    let client = server.client();
    let id = made(&client, "/api/v1/nodes", json!({ "name": "a" })).await;
    let path = format!("/api/v1/nodes/{id}");
    client.patch(&path, json!({ "next": id })).await.expect(200);
    let other = made(&client, "/api/v1/nodes", json!({ "name": "b", "next": id })).await;
    assert_eq!(client.delete(&path).await.expect(409).json()["code"], "in_use");
    let other = format!("/api/v1/nodes/{other}");
    client.patch(&other, json!({ "next": null })).await.expect(200);
    client.delete(&path).await.expect(204);
    client.get(&path).await.expect(404);
    let restored = client.post(&format!("{path}/restore"), json!({})).await.expect(200).json();
    assert_eq!((&restored["id"], &restored["nextId"]), (&json!(id), &json!(id)));
}

#[tokio::test]
async fn a_rule_that_looks_into_an_archived_row_finds_null_there() {
    let model = r#"
        type Owner @entity @archive @allow(read: "true", write: "true") { name: String! }
        type Item @entity @archive @allow(read: "true", write: "true") {
          owner: Owner! @onDelete(do: CASCADE)
          hint: String
          same: String! @default(value: "s") @allow(read: "row.owner.name == row.hint")
          other: String! @default(value: "o") @allow(read: "!(row.owner.name == 'a')")
        }"#;
    let server = start(model);
    let client = server.client();
    let owner = made(&client, "/api/v1/owners", json!({ "name": "a" })).await;
    made(&client, "/api/v1/items", json!({ "owner": owner })).await;
    let shown = async |query: &str| {
        let items = client.get(&format!("/api/v1/items?{query}")).await.expect(200);
        (items.column("same"), items.column("other"))
    };
    let null = || vec![Json::Null];
    assert_eq!(shown("").await, (null(), null()));
    client.delete(&format!("/api/v1/owners/{owner}")).await.expect(204);
    assert_eq!(shown("archived=only").await, (vec![json!("s")], vec![json!("o")]));
}

#[tokio::test]
async fn an_archived_row_gives_nobody_access() {
    let (server, admin) = shop().await;
    let product = made(&admin, "/api/v1/products", json!({ "name": "a" })).await;
    let member =
        made(&admin, "/api/v1/members", json!({ "product": product, "user": ALICE })).await;
    admin.post("/api/v1/secrets", json!({ "product": product, "text": "x" })).await.expect(201);
    let alice = server.client().as_user(ALICE);
    let seen = async || alice.get("/api/v1/secrets").await.expect(200).items().len();
    assert_eq!(seen().await, 1);
    admin.delete(&format!("/api/v1/members/{member}")).await.expect(204);
    assert_eq!(seen().await, 0);
    admin.post(&format!("/api/v1/members/{member}/restore"), json!({})).await.expect(200);
    assert_eq!(seen().await, 1);
}

#[tokio::test]
async fn archiving_obeys_preconditions_and_answers_what_is_preferred() {
    let (_server, admin) = shop().await;
    let made = admin.post("/api/v1/products", json!({ "name": "a" })).await.expect(201);
    let path = format!("/api/v1/products/{}", made.id());
    admin.with("if-match", "\"0000000000000000\"").delete(&path).await.expect(412);
    let shown = admin.with("prefer", "return=representation").delete(&path).await.expect(200);
    assert_eq!(shown.json(), made.json());
    let restore = format!("{path}/restore");
    admin.with("if-match", "\"0000000000000000\"").post(&restore, json!({})).await.expect(412);
    admin.with("if-match", &made.etag()).post(&restore, json!({})).await.expect(200);
    admin.get(&restore).await.expect(405);
}
