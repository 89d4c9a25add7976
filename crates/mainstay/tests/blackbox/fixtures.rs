//! Applications that several tests use.

use serde_json::{Value as Json, json};
use testkit::{Client, Folder, Server};

/// The binary under test.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_mainstay");

pub(crate) const ALICE: &str = "0198c0de-0000-7000-8000-00000000a11c";
pub(crate) const BOB: &str = "0198c0de-0000-7000-8000-000000000b0b";

/// Users, posts and comments in one module.
pub(crate) const BLOG: &str = r#"
enum Status { DRAFT PUBLISHED }

type User @entity @allow(read: "true", create: "user.role == 'admin'", update: "row.id == user.id") {
  name: String! @length(min: 1, max: 40)
  email: Email @unique @allow(read: "row.id == user.id || user.role == 'admin'")
  secret: String @private
  posts: [Post!]! @inverse(of: "author")
}

type Post @entity
  @index(on: ["author", "-createdAt"])
  @allow(
    read: "row.status == 'PUBLISHED' || row.author == user.id"
    create: "user != null"
    update: "row.author == user.id"
    delete: "row.author == user.id || user.role == 'admin'"
  )
{
  author: User! @owner
  title: String! @length(min: 1, max: 120)
  body: String! @default(value: "")
  status: Status! @default(value: "PUBLISHED")
  rating: Float
  price: Decimal
  tags: [String!]! @default(value: [])
  extra: JSON
  shout: String! @computed(expr: "row.title.upperAscii()")
  createdAt: DateTime! @created
  updatedAt: DateTime! @updated
  comments: [Comment!]! @inverse(of: "post")
}

type Comment @entity
  @index(on: ["post", "-createdAt"])
  @allow(read: "true", create: "user != null", delete: "row.author == user.id")
{
  post: Post! @onDelete(do: CASCADE)
  author: User! @owner
  text: String! @length(min: 1, max: 500)
  createdAt: DateTime! @created
}
"#;

/// Starts an application of one module.
pub(crate) fn start(schema: &str) -> Server {
    Server::start(BINARY, Folder::new(schema))
}

/// Starts the blog with Alice and Bob in it.
pub(crate) async fn blog() -> Server {
    let server = start(BLOG);
    let admin = server.client().as_admin();
    for (id, name) in [(ALICE, "Alice"), (BOB, "Bob")] {
        let email = format!("{}@example.com", name.to_lowercase());
        admin
            .post("/api/v1/users", json!({ "id": id, "name": name, "email": email }))
            .await
            .expect(201);
    }
    server
}

/// Creates a post and returns it.
pub(crate) async fn post(client: &Client, body: Json) -> Json {
    client.post("/api/v1/posts", body).await.expect(201).json()
}

/// How many rows go through an export or import whose memory is measured: enough to see growth, or
/// as many as `MAINSTAY_TEST_ROWS` says.
#[expect(clippy::disallowed_methods, reason = "a test is told by its environment")]
pub(crate) fn transfer_rows() -> usize {
    let told = std::env::var("MAINSTAY_TEST_ROWS").ok();
    told.and_then(|rows| rows.parse().ok()).unwrap_or(20_000)
}

/// Awaits something, and returns with it by how many MiB the server had grown meanwhile, at most.
pub(crate) async fn growth_while<T>(server: &Server, work: impl Future<Output = T>) -> (T, usize) {
    let before = server.own_memory();
    let mut most = before;
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            biased;
            output = &mut work => return (output, (most - before) / (1024 * 1024)),
            () = tokio::task::yield_now() => most = most.max(server.own_memory()),
        }
    }
}
