//! Rows out of CSV and NDJSON: all or none of them, or each by itself.

use http::Method;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value as Json, json};
use testkit::{Answer, Client, Folder, Server, Wire};

use crate::fixtures::{ALICE, BINARY, BOB, blog, growth_while, start, transfer_rows};

const CSV: &str = "text/csv";
const NDJSON: &str = "application/x-ndjson";

const GOODS: &str = r#"
type Maker @entity @key(on: ["name"]) @allow(read: "true", write: "true") { name: String! }
type Good @entity @allow(read: "true", create: "row.name != 'forbidden'", update: "true", delete: "true") {
  name: String! @unique @length(max: 40)
  note: String
  price: Decimal @range(min: 0)
  stock: Int! @default(value: 7)
  tags: [String!]! @default(value: [])
  data: JSON
  open: Boolean
  maker: Maker
  shout: String! @computed(expr: "row.name.upperAscii()")
  createdAt: DateTime! @created
}
"#;

async fn import(client: &Client, kind: &str, path: &str, body: impl Into<Vec<u8>>) -> Answer {
    let body = Some(body.into().into());
    client.with("content-type", kind).send(Method::POST, path, body).await
}

async fn csv(client: &Client, body: &str) -> Answer {
    import(client, CSV, "/api/v1/goods", body).await
}

/// A server on which imports are bounded like this.
fn bounded(limits: &str) -> Server {
    let folder = Folder::new(GOODS);
    let text = std::fs::read_to_string(folder.path().join("mainstay.toml")).expect("the file");
    Server::start(BINARY, folder.file("mainstay.toml", &format!("[limits]\n{limits}\n{text}")))
}

async fn count(client: &Client) -> Json {
    client.get("/api/v1/goods?count=exact").await.expect(200).json()["total"].clone()
}

/// Returns line, status and code of each refused row, and where it is wrong.
fn failures(answer: &Answer) -> Vec<String> {
    let failures = answer.json()["failures"].as_array().cloned().unwrap_or_default();
    let told = failures.iter().map(|failure| {
        let errors = failure["errors"].as_array().cloned().unwrap_or_default();
        let places = errors.iter().map(|error| error["pointer"].as_str().unwrap_or_default());
        let code = failure["code"].as_str().unwrap_or_default();
        let places = places.collect::<Vec<_>>().join(" ");
        format!("{} {} {code} {places}", failure["line"], failure["status"]).trim().to_owned()
    });
    told.collect()
}

#[tokio::test]
async fn a_row_of_csv_is_created_as_by_a_post() {
    let server = start(GOODS);
    let client = server.client();
    client.post("/api/v1/makers", json!({ "name": "=Acme" })).await.expect(201);
    let body = format!(
        "\u{feff}id,name,note,price,stock,tags,data,open,makerId\r\n\
         {ALICE},\"say \"\"hi\"\",\r\nthere\",\"\",19.90,3,\"[\"\"a,b\"\"]\",\"{{\"\"a\"\":1}}\",TRUE,'=Acme\r\n\
         ,plain,,,,,,,\r\n\
         \r\n\
         ,\"'=1+1\",''=x,\"\",\"5\",\"\",\"\",false,\"'=Acme\"",
    );
    let answer = csv(&client, &body).await.expect(201);
    assert_eq!(answer.json(), json!({ "created": 3, "replaced": 0, "failed": 0, "failures": [] }));
    let rows =
        client.get("/api/v1/goods?sort=name&fields=name,note,price,stock,tags,data,open,maker");
    let rows = rows.await.expect(200).items();
    let expected = json!([
        { "name": "=1+1", "note": "'=x", "price": null, "stock": 5, "tags": [], "data": null,
          "open": false, "makerId": "=Acme" },
        { "name": "plain", "note": null, "price": null, "stock": 7, "tags": [], "data": null,
          "open": null, "makerId": null },
        { "name": "say \"hi\",\r\nthere", "note": "", "price": "19.90", "stock": 3, "tags": ["a,b"],
          "data": { "a": 1 }, "open": true, "makerId": "=Acme" },
    ]);
    assert_eq!(Json::Array(rows), expected);
    assert_eq!(client.get(&format!("/api/v1/goods/{ALICE}")).await.expect(200).id(), ALICE);

    let lines = "{\"name\":\"n1\",\"tags\":[\"x\"]}\n\n{\"name\":\"n2\",\"stock\":1}";
    let answer = import(&client, NDJSON, "/api/v1/goods", lines).await.expect(201);
    assert_eq!(answer.json()["created"], json!(2));
    let options = client.send(Method::OPTIONS, "/api/v1/goods", None).await.expect(204);
    let taken = "application/json, text/csv, application/x-ndjson";
    assert_eq!(options.header("accept-post"), Some(taken));
    let none = csv(&client, "name\r\n").await.expect(201);
    assert_eq!(none.json()["created"], json!(0));
    import(&client, NDJSON, "/api/v1/goods", "").await.expect(201);
}

#[tokio::test]
async fn one_refused_row_keeps_all_out_and_each_mistake_is_told_by_its_line() {
    let server = start(GOODS);
    let client = server.client();
    client.post("/api/v1/goods", json!({ "name": "taken" })).await.expect(201);
    let check = async |body: &str, expected: &[&str]| {
        let answer = csv(&client, body).await.expect(422);
        assert_eq!(answer.text("code"), "invalid_rows");
        assert_eq!(failures(&answer), expected, "{body}");
        assert_eq!(answer.json()["created"], json!(0));
        assert_eq!(count(&client).await, json!(1), "nothing was kept");
    };
    check(
        "name,price,stock\na,-1,x\nb,1,1\n\"c\nd\",1,1.5\n,1,1\n",
        &[
            "2 422 invalid_body /price /stock",
            "4 422 invalid_body /stock",
            "6 422 invalid_body /name",
        ],
    )
    .await;
    check("name\na\ntaken\nb\n", &["3 409 duplicate /name"]).await;
    check("name\na\na\n", &["3 409 duplicate /name"]).await;
    check("name\na\nforbidden\n", &["3 401 unauthenticated"]).await;
    check("name,maker\na,nobody\n", &["2 422 invalid_body /maker"]).await;
    let many = format!("name,price\n{}", "x,-1\n".repeat(500));
    assert_eq!(failures(&csv(&client, &many).await.expect(422)).len(), 100);
}

#[tokio::test]
async fn refused_rows_are_skipped_where_that_is_asked_for() {
    let server = start(GOODS);
    let client = server.client();
    client.post("/api/v1/goods", json!({ "name": "taken" })).await.expect(201);
    let path = "/api/v1/goods?onError=skip";
    let body = "name,price\na,1\ntaken,1\nb,-1\na,1\nforbidden,1\nragged\n\"bad\"x,1\nc,2\n";
    let answer = import(&client, CSV, path, body).await.expect(200);
    assert_eq!((&answer.json()["created"], &answer.json()["failed"]), (&json!(2), &json!(6)));
    let expected = [
        "3 409 duplicate /name",
        "4 422 invalid_body /price",
        "5 409 duplicate /name",
        "6 401 unauthenticated",
        "7 400 malformed_body",
        "8 400 malformed_body",
    ];
    assert_eq!(failures(&answer), expected);
    assert_eq!(count(&client).await, json!(3));
    let lines = "{\"name\":\"d\"}\n[1]\n{\"name\":\"e\",\"name\":\"f\"}\nnull\n{\"name\":\"g\"";
    let answer = import(&client, NDJSON, path, lines).await.expect(200);
    let malformed = |line| format!("{line} 400 malformed_body");
    assert_eq!(failures(&answer), [2, 3, 4, 5].map(malformed));
    let many = format!("name,price\n{}z,1\n", "x,-1\n".repeat(500));
    let answer = import(&client, CSV, path, many).await.expect(200);
    assert_eq!((&answer.json()["failed"], failures(&answer).len()), (&json!(500), 100));
    assert_eq!(answer.json()["created"], json!(1));
}

#[tokio::test]
async fn broken_files_are_told_where_and_how() {
    let server = start(GOODS);
    let client = server.client();
    let check = async |body: &[u8], expected: &str| {
        let answer = import(&client, CSV, "/api/v1/goods?onError=skip", body).await;
        let told = match answer.status.as_u16() {
            200 => {
                let failure = &answer.json()["failures"][0];
                format!("{}: {}", failure["line"], failure["detail"].as_str().unwrap_or_default())
            }
            status => {
                let json = answer.json();
                let detail = json["errors"][0]["detail"].as_str().or(json["detail"].as_str());
                format!("{status} {}", detail.unwrap_or_default())
            }
        };
        assert_eq!(told, expected, "{}", body.escape_ascii());
    };
    check(b"", "400 the first line names the columns").await;
    check(b"name,colour\na,b\n", "422 Good has no field `colour`").await;
    check(b"name,nots\na,b\n", "422 Good has no field `nots`; did you mean `note`?").await;
    check(b"name,name\na,b\n", "422 the column `name` stands twice").await;
    let semicolons = "422 Good has no field `name;note`; cells are separated by commas";
    check(b"name;note\na;b\n", semicolons).await;
    check(b"\xff\xfen\0a\0", "400 cell 1 is not UTF-8").await;
    check(b"name,note\na\n", "2: it has 1 cells, and the first line 2").await;
    check(b"name,note\na,b\nc,d,e\n", "3: it has 3 cells, and the first line 2").await;
    check(b"name,note\na,\xff\n", "2: cell 2 is not UTF-8").await;
    check(b"name,note\nb,\"x\ny\n", "2: a quote is not closed").await;
    check(b"name,note\nc,x\"y\"\n", "2: a cell with a quote in it stands in quotes").await;
    check(
        b"name,data\nd,\"{\"\"a\"\":1,\"\"a\"\":2}\"\n",
        "2: data is not JSON: repeated member `a` at line 1 column 13",
    )
    .await;
    check(
        b"name,data\nd,{\n",
        "2: data is not JSON: EOF while parsing an object at line 1 column 1",
    )
    .await;
    let huge = [b"name,note\ne,".as_slice(), &vec![b'x'; 1_100_000], b"\nf,\n"].concat();
    check(&huge, "2: a row has at most 1048576 bytes ([limits] body_bytes_max)").await;
    assert_eq!(count(&client).await, json!(2), "a and f");
}

#[tokio::test]
async fn rules_owners_and_locked_fields_are_those_of_a_create() {
    let server = blog().await;
    let (nobody, alice) = (server.client(), server.client().as_user(ALICE));
    let body = "title,createdAt\none,2020-01-01T00:00:00Z\n";
    import(&nobody, CSV, "/api/v1/posts", body).await.expect(401);
    import(&alice, CSV, "/api/v1/users", "name\nEve\n").await.expect(403);
    let answer = import(&alice, CSV, "/api/v1/posts", body).await.expect(422);
    assert_eq!(failures(&answer), ["2 422 invalid_body /createdAt"]);
    let path = "/api/v1/posts?columns=title";
    import(&alice, CSV, path, body).await.expect(201);
    let posts = nobody.get("/api/v1/posts").await.expect(200).items();
    assert_eq!((&posts[0]["title"], &posts[0]["authorId"]), (&json!("one"), &json!(ALICE)));
    assert_ne!(posts[0]["createdAt"], json!("2020-01-01T00:00:00.000000Z"));
    let lines = "{\"title\":\"two\",\"author\":\"x\",\"nonsense\":1}\n";
    import(&alice, NDJSON, "/api/v1/posts", lines).await.expect(422);
    import(&alice, NDJSON, path, lines).await.expect(201);
    // The key's name means the relation too; a name that means nothing would lose what it holds.
    let answer = import(&alice, CSV, "/api/v1/posts?columns=title,titel", body).await.expect(400);
    let error = &answer.json()["errors"][0];
    assert_eq!((&error["parameter"], &error["code"]), (&json!("columns"), &json!("unknown_field")));
}

#[tokio::test]
async fn rows_are_of_the_callers_tenant() {
    let server = start(
        r#"
        type Org @entity @allow(read: "true", create: "true") { name: String! }
        type Note @entity @tenant(field: "org") @allow(read: "true", write: "true") { org: Org!  text: String! }
        "#,
    );
    let nobody = server.client();
    for (id, name) in [(ALICE, "red"), (BOB, "blue")] {
        nobody.post("/api/v1/orgs", json!({ "id": id, "name": name })).await.expect(201);
    }
    let red = nobody.as_caller(&json!({ "sub": ALICE, "org": ALICE }));
    let blue = nobody.as_caller(&json!({ "sub": BOB, "org": BOB }));
    import(&red, CSV, "/api/v1/notes", "text\nhello\n").await.expect(201);
    let own = format!("text,orgId\nown,{ALICE}\n");
    import(&red, CSV, "/api/v1/notes", own.clone()).await.expect(201);
    let answer = import(&blue, CSV, "/api/v1/notes", own).await.expect(422);
    assert_eq!(failures(&answer), ["2 422 invalid_body /org"]);
    let seen = |client: &Client| {
        let client = client.with("accept", CSV);
        async move { client.get("/api/v1/notes?fields=text&sort=text").await.expect(200).body }
    };
    assert_eq!(&seen(&red).await[..], b"text\r\nhello\r\nown\r\n");
    assert_eq!(&seen(&blue).await[..], b"text\r\n");
}

#[tokio::test]
async fn rows_that_are_there_are_replaced_where_that_is_asked_for() {
    let server = start(
        r#"
        type Good @entity
          @allow(read: "!row.secret", create: "row.name != 'new'", update: "!row.locked", delete: "true") {
          name: String! @unique
          note: String
          stock: Int! @default(value: 7)
          locked: Boolean! @default(value: false)
          secret: Boolean! @default(value: false)
        }
        "#,
    );
    let client = server.client().as_user(ALICE);
    for row in [
        json!({ "name": "a", "note": "old", "stock": 1 }),
        json!({ "name": "locked", "locked": true }),
        json!({ "name": "secret", "secret": true }),
    ] {
        client.post("/api/v1/goods", row).await.expect(201);
    }
    let id = client.get("/api/v1/goods?name=a").await.expect(200).items()[0]["id"].clone();
    let all = "/api/v1/goods?replace=name";
    let answer = import(&client, CSV, all, "name,note\na,x\nb,y\na,z\n").await.expect(201);
    let counted = json!({ "created": 1, "replaced": 2, "failed": 0, "failures": [] });
    assert_eq!(answer.json(), counted);
    let row = client.get("/api/v1/goods?name=a").await.expect(200).items().remove(0);
    assert_eq!((&row["id"], &row["note"], &row["stock"]), (&id, &json!("z"), &json!(7)));

    let mixed = "name,note\na,1\nlocked,1\nsecret,1\n,1\nnew,1\nc,1\n";
    let answer = import(&client, CSV, all, mixed).await.expect(422);
    assert_eq!(failures(&answer), ["5 422 invalid_body /name"]);
    let answer = import(&client, CSV, all, mixed.replace("\n,1", "")).await.expect(422);
    assert_eq!(failures(&answer), ["3 403 forbidden"]);
    let row = client.get("/api/v1/goods?name=a").await.expect(200).items().remove(0);
    assert_eq!(row["note"], json!("z"), "nothing was kept");
    let skip = "/api/v1/goods?replace=name&onError=skip";
    let answer = import(&client, CSV, skip, mixed).await.expect(200);
    let expected =
        ["3 403 forbidden", "4 409 duplicate /name", "5 422 invalid_body /name", "6 403 forbidden"];
    assert_eq!(failures(&answer), expected);
    assert_eq!((&answer.json()["created"], &answer.json()["replaced"]), (&json!(1), &json!(1)));

    let by_key = format!("id,name,note\n{},renamed,n\n", id.as_str().expect("an id"));
    let path = "/api/v1/goods?replace=id";
    import(&client, CSV, path, by_key).await.expect(201);
    let path = format!("/api/v1/goods/{}", id.as_str().expect("an id"));
    assert_eq!(client.get(&path).await.expect(200).text("name"), "renamed");
    for wrong in ["note", "name,note", "nome", ""] {
        let path = format!("/api/v1/goods?replace={wrong}");
        let answer = import(&client, CSV, &path, "name\na\n").await.expect(400);
        assert_eq!(answer.json()["errors"][0]["parameter"], json!("replace"), "{wrong}");
    }
}

#[tokio::test]
async fn what_an_import_cannot_take_is_refused() {
    let server = bounded(
        "import_rows_max = 3\nimport_bytes_max = 2000\nimports_max = 1\nbody_timeout = \"300ms\"",
    );
    let client = server.client();
    let check = async |client: &Client,
                       kind: &str,
                       path: &str,
                       body: &str,
                       expected: (u16, &str)| {
        let answer = import(client, kind, path, body).await;
        assert_eq!((answer.status.as_u16(), answer.text("code").as_str()), expected, "{answer}");
        answer
    };
    let path = "/api/v1/goods";
    let keyed = client.with("idempotency-key", "k1");
    check(&keyed, CSV, path, "name\na\n", (400, "invalid_header")).await;
    check(&client, "text/csv; charset=latin1", path, "name\n", (415, "unsupported_media_type"))
        .await;
    check(&client, CSV, "/api/v1/goods?onError=x", "name\n", (400, "invalid_parameters")).await;
    check(&client, CSV, "/api/v1/goods?x=1", "name\n", (400, "invalid_parameters")).await;
    check(&client, CSV, path, "name\na\nb\nc\nd\n", (422, "too_many_rows")).await;
    let long = format!("name,note\na,{}\nb,\nc,", "x".repeat(1990));
    check(&client, CSV, path, &long, (413, "body_too_large")).await;
    // The length is known before any row is written, and a refused row is a row.
    let one_by_one = "/api/v1/goods?onError=skip";
    check(&client, CSV, one_by_one, &long, (413, "body_too_large")).await;
    let refused = "name,note\n,x\na,\nb,\nc,\n";
    check(&client, CSV, path, refused, (422, "too_many_rows")).await;
    assert_eq!(count(&client).await, json!(0));

    // A body that stops coming gives up its place, and the rows before it are kept where each is
    // written by itself.
    let mut wire = Wire::open(&server);
    wire.send(
        b"POST /api/v1/goods?onError=skip HTTP/1.1\r\nhost: t\r\ncontent-type: text/csv\r\n\
          content-length: 100\r\nconnection: close\r\n\r\nname\r\na\r\nb\r\nc",
    );
    while csv(&client, "name\n").await.status != 503 {}
    check(&client, CSV, path, "name\n", (503, "overloaded")).await;
    let answer = String::from_utf8(wire.rest()).expect("UTF-8");
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("\"created\":2,\"replaced\":0,\"failed\":0"), "{answer}");
    assert_eq!(count(&client).await, json!(2));
    csv(&client, "name\nd\n").await.expect(201);
}

#[tokio::test]
async fn as_many_rows_as_may_be_are_kept_together() {
    let server = start(
        r#"
        type Team @entity @allow(read: "row.members.exists(m, m.user == user.id)", create: "true") {
          name: String!
          members: [Member!]! @inverse(of: "team")
        }
        type Member @entity @allow(read: "true", create: "true") { team: Team!  user: ID! }
        type Task @entity
          @allow(read: "row.team.members.exists(m, m.user == user.id)", create: "row.team.members.exists(m, m.user == user.id)")
        {
          team: Team!  title: String! @unique  done: Boolean! @default(value: false)
          hours: Decimal  due: Date  note: String  createdAt: DateTime! @created
        }
        "#,
    );
    let alice = server.client().as_user(ALICE);
    let team = json!({ "id": BOB, "name": "t", "members": [{ "user": ALICE }] });
    alice.post("/api/v1/teams", team).await.expect(201);
    let rows = |count: usize| {
        let rows = (0..count).map(|task| format!("t{task},{BOB},1.5,2026-11-25\n"));
        format!("title,teamId,hours,due\n{}", rows.collect::<String>())
    };
    let answer = import(&alice, CSV, "/api/v1/tasks", rows(10_001)).await.expect(422);
    assert_eq!(answer.text("code"), "too_many_rows");
    let answer = import(&alice, CSV, "/api/v1/tasks", rows(10_000)).await.expect(201);
    assert_eq!(answer.json()["created"], json!(10_000));
    let bob = server.client().as_user(BOB);
    let answer = import(&bob, CSV, "/api/v1/tasks", "title,teamId\nx,".to_owned() + BOB).await;
    assert_eq!(failures(&answer.expect(422)), ["2 422 invalid_body /team"]);
}

const ALL: &str = r#"
enum Colour { RED GREEN }
type Part { name: String!  size: Int }
type Owner @entity @key(on: ["name"]) @allow(read: "true", write: "true") { name: String! }
type Box @entity @allow(read: "true", write: "true") {
  text: String  must: String!  int: Int  big: BigInt  float: Float  decimal: Decimal  truth: Boolean
  time: DateTime  day: Date  json: JSON  colour: Colour  mail: Email  site: URL  ref: ID
  part: Part  parts: [Part!]! @default(value: [])  texts: [String!]! @default(value: [])  ints: [Int!]! @default(value: [])  owner: Owner
}
"#;

/// Any row, in the form of the API. Null is likely, and so is text that CSV has trouble with.
fn boxes() -> impl Strategy<Value = Json> {
    fn maybe(of: impl Strategy<Value = Json> + 'static) -> BoxedStrategy<Json> {
        prop_oneof![1 => Just(Json::Null), 3 => of].boxed()
    }
    let text = || "['=+@\\-\\t\\r\\n,;\" aé日\u{1F600}]{0,6}|null|NULL|\\\\N| x ";
    let json = prop_oneof![
        any::<i32>().prop_map(Json::from),
        text().prop_map(Json::from),
        proptest::collection::vec(text(), 0..3).prop_map(Json::from),
        (text(), any::<bool>()).prop_map(|(text, truth)| json!({ "a\"b": text, "c": [truth] })),
    ];
    let part =
        || (text(), any::<i32>()).prop_map(|(name, size)| json!({ "name": name, "size": size }));
    let first = (
        maybe(text().prop_map(Json::from)),
        text(),
        maybe(any::<i32>().prop_map(Json::from)),
        maybe(any::<i64>().prop_map(|number| number.to_string().into())),
        maybe((-1e9..1e9_f64).prop_map(Json::from)),
        maybe(
            (any::<i64>(), 0_usize..6)
                .prop_map(|(units, scale)| json!(format!("{units}.{:0>1$}", "", scale.max(1)))),
        ),
        maybe(any::<bool>().prop_map(Json::from)),
        maybe(
            (-2_000_000_000_i64..4_000_000_000).prop_map(|_| json!("1999-12-31T23:59:59.123456Z")),
        ),
    );
    let second = (
        maybe(Just(json!("2024-02-29"))),
        maybe(json),
        maybe(prop_oneof![Just(json!("RED")), Just(json!("GREEN"))]),
        maybe(Just(json!("+a@b.co"))),
        maybe(Just(json!("https://example.com/?a=\"b\",c"))),
        maybe(Just(json!(ALICE))),
        maybe(part()),
        proptest::collection::vec(part(), 0..3).prop_map(Json::from),
    );
    let third = (
        proptest::collection::vec(text(), 0..3).prop_map(Json::from),
        proptest::collection::vec(any::<i32>(), 0..3),
        maybe(prop_oneof![Just(json!("=Acme")), Just(json!("'=Acme")), Just(json!("plain"))]),
    );
    (first, second, third).prop_map(|(a, b, c)| {
        json!({
            "text": a.0, "must": a.1, "int": a.2, "big": a.3, "float": a.4, "decimal": a.5,
            "truth": a.6, "time": a.7, "day": b.0, "json": b.1, "colour": b.2, "mail": b.3,
            "site": b.4, "ref": b.5, "part": b.6, "parts": b.7, "texts": c.0, "ints": c.1,
            "owner": c.2,
        })
    })
}

#[tokio::test]
async fn what_is_exported_imports_as_the_same_rows() {
    let (from, csv, ndjson) = (start(ALL), start(ALL), start(ALL));
    for server in [&from, &csv, &ndjson] {
        for name in ["=Acme", "'=Acme", "plain"] {
            server.client().post("/api/v1/owners", json!({ "name": name })).await.expect(201);
        }
    }
    let mut runner = TestRunner::deterministic();
    let rows: Json =
        (0..300).map(|_| boxes().new_tree(&mut runner).expect("a row").current()).collect();
    from.client().post("/api/v1/boxes", rows).await.expect(201);
    let all = async |server: &Server| {
        let client = server.client().with("accept", NDJSON);
        let body = client.get("/api/v1/boxes?sort=id").await.expect(200).body;
        String::from_utf8(body.to_vec()).expect("UTF-8")
    };
    let before = all(&from).await;
    assert_eq!(before.lines().count(), 300);
    for (to, kind) in [(&csv, CSV), (&ndjson, NDJSON)] {
        let file = from.client().with("accept", kind).get("/api/v1/boxes").await.expect(200).body;
        let answer = import(&to.client(), kind, "/api/v1/boxes", file.to_vec()).await.expect(201);
        assert_eq!(answer.json()["created"], json!(300));
        let after = all(to).await;
        for (before, after) in before.lines().zip(after.lines()) {
            assert_eq!(before, after, "{kind}");
        }
        assert_eq!(before.len(), after.len());
    }
}

#[tokio::test]
async fn memory_does_not_grow_with_the_rows_of_an_import() {
    let server = start(GOODS);
    let client = server.client();
    let rows = transfer_rows();
    let note = "x".repeat(300);
    let file = |name: &str, rows: usize| {
        let mut text = String::from("name,note,price\r\n");
        (0..rows).for_each(|row| text.push_str(&format!("{name}{row},{note},1.50\r\n")));
        text
    };
    let path = "/api/v1/goods?onError=skip";
    import(&client, CSV, path, file("warm", 1000)).await.expect(200);
    let start = std::time::Instant::now();
    let work = import(&client, CSV, path, file("g", rows));
    let (answer, growth) = growth_while(&server, work).await;
    println!("{rows} rows in {:?}: {growth} MiB more", start.elapsed());
    assert_eq!(answer.expect(200).json()["created"], json!(rows));
    assert!(growth < 30, "it has grown by {growth} MiB");
}
