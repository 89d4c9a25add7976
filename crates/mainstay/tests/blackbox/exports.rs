//! Lists as CSV and NDJSON: all rows, while they are read.

use http::Method;
use serde_json::{Value as Json, json};
use testkit::{Answer, Client, Folder, Server, Wire};

use crate::fixtures::{ALICE, BINARY, BOB, blog, growth_while, post, start, transfer_rows};

const GOODS: &str = r#"
enum Grade { A B }
type Maker @entity @allow(read: "row.name != 'hidden'", write: "true") {
  name: String!
  goods: [Good!]! @inverse(of: "maker")
}
type Good @entity @allow(read: "!row.hidden", write: "true") {
  name: String!
  note: String
  price: Decimal
  size: Float
  count: BigInt
  grade: Grade
  sold: Boolean
  day: Date
  data: JSON
  tags: [String!]! @default(value: [])
  maker: Maker
  hidden: Boolean! @default(value: false) @allow(read: "false")
  cost: Int @allow(read: "row.name == 'open'")
}
"#;

const CSV: &str = "text/csv";
const NDJSON: &str = "application/x-ndjson";

async fn export(client: &Client, kind: &str, path: &str) -> Answer {
    client.with("accept", kind).get(path).await
}

/// Returns the lines of a CSV without quoted line ends, or of NDJSON.
fn lines(answer: &Answer) -> Vec<String> {
    let text = String::from_utf8(answer.body.to_vec()).expect("UTF-8");
    text.lines().map(str::to_owned).collect()
}

fn objects(answer: &Answer) -> Vec<Json> {
    lines(answer).iter().map(|line| serde_json::from_str(line).expect("an object")).collect()
}

/// Creates goods of about `bytes` each.
async fn fill(client: &Client, count: usize, bytes: usize) {
    let note = "x".repeat(bytes);
    let client = client.with("prefer", "return=minimal");
    let together = (900_000 / (bytes + 100)).min(1000);
    for first in (0..count).step_by(together) {
        let rows = (first..count.min(first + together))
            .map(|number| json!({ "name": format!("g{number:06}"), "note": note }));
        client.post("/api/v1/goods", rows.collect()).await.expect(201);
    }
}

/// A server on which exports are bounded like this.
fn bounded(limits: &str) -> Server {
    let folder = Folder::new(GOODS);
    let text = std::fs::read_to_string(folder.path().join("mainstay.toml")).expect("the file");
    Server::start(BINARY, folder.file("mainstay.toml", &format!("[limits]\n{limits}\n{text}")))
}

#[tokio::test]
async fn csv_has_a_line_of_names_and_one_for_each_row() {
    let server = start(GOODS);
    let client = server.client();
    let maker = json!({ "id": ALICE, "name": "Acme" });
    client.post("/api/v1/makers", maker).await.expect(201);
    let full = json!({
        "id": BOB, "name": "say \"hi\",\nthere", "note": "", "price": "-19.90", "size": -0.5,
        "count": "-9007199254740993", "grade": "B", "sold": true, "day": "2026-11-25",
        "data": { "a": [1, "x"] }, "tags": ["a,b"], "maker": ALICE, "cost": 7,
    });
    client.post("/api/v1/goods", full).await.expect(201);
    client.post("/api/v1/goods", json!({ "name": "open", "cost": 7 })).await.expect(201);
    client.post("/api/v1/goods", json!({ "name": "=1+1", "note": "'tis" })).await.expect(201);
    client.post("/api/v1/goods", json!({ "name": "gone", "hidden": true })).await.expect(201);

    let answer = export(&client, CSV, "/api/v1/goods?sort=-name").await.expect(200);
    assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8; header=present"));
    assert_eq!(answer.header("content-disposition"), Some("attachment; filename=\"goods.csv\""));
    assert_eq!((answer.header("cache-control"), answer.header("etag")), (Some("no-store"), None));
    let text = String::from_utf8(answer.body.to_vec()).expect("UTF-8");
    let (header, rest) = text.split_once("\r\n").expect("lines");
    assert_eq!(header, "id,name,note,price,size,count,grade,sold,day,data,tags,makerId,cost");
    let (first, rest) = rest.split_once("\r\n").expect("lines");
    let expected = format!(
        "{BOB},\"say \"\"hi\"\",\nthere\",\"\",-19.90,-0.5,-9007199254740993,B,true,2026-11-25,\
         \"{{\"\"a\"\":[1,\"\"x\"\"]}}\",\"[\"\"a,b\"\"]\",{ALICE},"
    );
    assert_eq!(first, expected);
    let (second, rest) = rest.split_once("\r\n").expect("lines");
    assert_eq!(&second[36..], ",open,,,,,,,,,[],,7", "hidden cells are empty in other rows");
    assert_eq!(&rest[36..], ",'=1+1,'tis,,,,,,,,[],,\r\n", "no formula");

    let query = [("fields", "name"), ("filter", "grade == null"), ("sort", "name"), ("limit", "1")];
    let some = client.with("accept", CSV).find("/api/v1/goods", &query).await.expect(200);
    assert_eq!(&some.body[..], b"name\r\n'=1+1\r\n");
    let none = export(&client, CSV, "/api/v1/goods?fields=name&name=nothing").await.expect(200);
    assert_eq!(&none.body[..], b"name\r\n");
    let none = export(&client, NDJSON, "/api/v1/goods?name=nothing").await.expect(200);
    assert_eq!(&none.body[..], b"");
}

#[tokio::test]
async fn ndjson_has_the_objects_of_the_list_with_what_they_embed() {
    let server = start(GOODS);
    let client = server.client();
    for (id, name) in [(ALICE, "Acme"), (BOB, "shy")] {
        client.post("/api/v1/makers", json!({ "id": id, "name": name })).await.expect(201);
    }
    let rows = |maker: &str| {
        let maker = maker.to_owned();
        (0..250).map(move |n| json!({ "name": format!("n{n}"), "maker": maker }))
    };
    for maker in [ALICE, BOB] {
        client.post("/api/v1/goods", rows(maker).collect()).await.expect(201);
    }
    let shy = format!("/api/v1/makers/{BOB}");
    client.patch(&shy, json!({ "name": "hidden" })).await.expect(204);
    client.post("/api/v1/goods", json!({ "name": "n7", "price": "1.50" })).await.expect(201);
    // More rows than one page may have, in an order of equal values and nulls.
    let paged = async |query: &str| {
        let mut found = Vec::new();
        let mut after = String::new();
        loop {
            let path = format!("/api/v1/goods?{query}&limit=200{after}");
            let page = client.get(&path).await.expect(200);
            found.extend(page.items());
            match page.json()["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return found,
            }
        }
    };
    for query in [
        "sort=name",
        "sort=-price,name&expand=maker",
        "sort=name&expand=maker.goods(limit:2,sort:-name)",
        "sort=-maker.name&expand=maker(fields:name)&fields=name,maker",
    ] {
        let answer = export(&client, NDJSON, &format!("/api/v1/goods?{query}")).await;
        if query.contains("fields:") {
            answer.expect(400);
            continue;
        }
        let answer = answer.expect(200);
        assert_eq!(answer.header("content-type"), Some(NDJSON));
        let found = objects(&answer);
        assert_eq!(found.len(), 501);
        assert_eq!(found, paged(query).await, "{query}");
        let path = format!("/api/v1/goods?{query}&limit=205&offset=3");
        let some = objects(&export(&client, NDJSON, &path).await.expect(200));
        assert_eq!(some[..], found[3..208], "{query}");
    }
    let next = client.get("/api/v1/goods?sort=name&limit=100").await.text("next");
    let rest = export(&client, NDJSON, &format!("/api/v1/goods?sort=name&after={next}")).await;
    assert_eq!(objects(&rest.expect(200)).len(), 401);
}

#[tokio::test]
async fn exports_show_no_more_than_lists() {
    let server = blog().await;
    let client = server.client();
    let (alice, bob) = (client.as_user(ALICE), client.as_user(BOB));
    post(&alice, json!({ "title": "open" })).await;
    post(&alice, json!({ "title": "draft", "status": "DRAFT" })).await;
    for (client, expected) in [(&alice, 2), (&bob, 1), (&client, 1)] {
        for kind in [CSV, NDJSON] {
            let found = lines(&export(client, kind, "/api/v1/posts").await.expect(200)).len();
            assert_eq!(found, expected + usize::from(kind == CSV));
        }
    }
    let users = export(&bob, CSV, "/api/v1/users?sort=name").await.expect(200);
    let expected = [
        "id,name,email".to_owned(),
        format!("{ALICE},Alice,"),
        format!("{BOB},Bob,bob@example.com"),
    ];
    assert_eq!(lines(&users), expected);
    let users = export(&client, CSV, "/api/v1/users").await.expect(200);
    assert_eq!(lines(&users)[0], "id,name", "nobody has no such column");
    let bad = export(&client, CSV, "/api/v1/users?filter=secret%20==%20'x'").await.expect(400);
    assert_eq!(bad.text("code"), "invalid_parameters");
}

#[tokio::test]
async fn archived_rows_are_exported_where_they_are_asked_for() {
    let server = start(
        r#"type Note @entity @archive @allow(read: "true", write: "true") { text: String!  archivedAt: DateTime }"#,
    );
    let client = server.client();
    for text in ["kept", "gone"] {
        client.post("/api/v1/notes", json!({ "text": text })).await.expect(201);
    }
    client.delete("/api/v1/notes?text=gone").await.expect(200);
    let check = async |query: &str, expected: &str| {
        let path = format!("/api/v1/notes?fields=text&sort=text{query}");
        let answer = export(&client, CSV, &path).await.expect(200);
        assert_eq!(lines(&answer).join(" "), expected, "{query}");
    };
    check("", "text kept").await;
    check("&archived=only", "text gone").await;
    check("&archived=with", "text gone kept").await;
}

/// An idle connection is closed, also where an answer on it is stuck.
#[tokio::test]
async fn the_connection_of_a_client_that_reads_nothing_is_closed() {
    let server = bounded(
        "export_stall_timeout = \"200ms\"\nidle_timeout = \"500ms\"\nhead_timeout = \"500ms\"",
    );
    let open = || {
        let sockets = std::fs::read_dir(format!("/proc/{}/fd", server.pid())).expect("its files");
        let links = sockets.flatten().flat_map(|entry| std::fs::read_link(entry.path()));
        links.filter(|link| link.to_string_lossy().starts_with("socket:")).count()
    };
    let without = open();
    fill(&server.client(), MANY.0, MANY.1).await;
    let mut wire = stalled(&server);
    wire.until(b"\r\n\r\n");
    server.until_logged("takes nothing; it is cut off");
    while open() > without {
        std::thread::yield_now();
    }
    assert!(!wire.rest().ends_with(b"0\r\n\r\n"));
}

#[tokio::test]
async fn what_a_stream_cannot_do_is_refused_before_it_starts() {
    let server = start(GOODS);
    let client = server.client();
    let check = async |kind: &str, query: &str, parameter: &str| {
        let answer = export(&client, kind, &format!("/api/v1/goods?{query}")).await.expect(400);
        assert_eq!(answer.json()["errors"][0]["parameter"], json!(parameter), "{query}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    };
    check(CSV, "expand=maker", "expand").await;
    check(CSV, "count=exact", "count").await;
    check(NDJSON, "count=exact", "count").await;
    check(NDJSON, "limit=0", "limit").await;
    check(NDJSON, "nmae=x", "nmae").await;
    check(CSV, "before=WzFd", "before").await;

    let locked = start(r#"type Secret @entity @allow(read: "user != null") { name: String! }"#);
    export(&locked.client(), CSV, "/api/v1/secrets").await.expect(401);
    export(&locked.client().as_user(ALICE), CSV, "/api/v1/secrets").await.expect(200);
}

#[tokio::test]
async fn the_form_is_negotiated_and_compressed() {
    let server = start(GOODS);
    let client = server.client();
    fill(&client, 500, 100).await;
    let kind = async |accept: &str| {
        let answer = export(&client, accept, "/api/v1/goods").await.expect(200);
        let kind = answer.header("content-type").unwrap_or_default();
        kind.split(';').next().unwrap_or_default().to_owned()
    };
    assert_eq!(kind("*/*").await, "application/json");
    assert_eq!(kind("text/csv;q=0.4, application/x-ndjson;q=0.5, */*;q=0.1").await, NDJSON);
    assert_eq!(kind("text/csv, */*").await, CSV);

    let plain = export(&client, CSV, "/api/v1/goods").await.expect(200);
    assert_eq!(plain.header("content-encoding"), None);
    let packed = client.with("accept-encoding", "gzip");
    let packed = export(&packed, CSV, "/api/v1/goods").await.expect(200);
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert!(packed.body.len() < plain.body.len() / 2);
    let vary: Vec<_> = packed.headers.get_all("vary").iter().collect();
    assert_eq!(vary, ["accept", "accept-encoding"]);

    let head = client.with("accept", CSV).send(Method::HEAD, "/api/v1/goods", None).await;
    let head = head.expect(200);
    assert_eq!((head.body.len(), head.header("content-length")), (0, None));
    assert_eq!(head.header("content-disposition"), plain.header("content-disposition"));
    let head = client.with("accept", CSV).send(Method::HEAD, "/api/v1/goods?x=1", None).await;
    head.expect(400);
}

/// Asks for an export and reads nothing of it.
fn stalled(server: &Server) -> Wire {
    let mut wire = Wire::open(server);
    let request =
        b"GET /api/v1/goods HTTP/1.1\r\nhost: t\r\naccept: text/csv\r\nconnection: close\r\n\r\n";
    assert!(wire.send(request));
    wire
}

/// Enough that the system's buffers do not take it all.
const MANY: (usize, usize) = (3000, 8000);

#[tokio::test]
async fn a_client_that_reads_nothing_is_cut_off_and_another_gets_its_place() {
    let server = bounded("exports_max = 1\nexport_stall_timeout = \"300ms\"");
    let client = server.client();
    fill(&client, MANY.0, MANY.1).await;
    let mut wire = stalled(&server);
    wire.until(b"\r\n\r\n");
    let refused = export(&client, CSV, "/api/v1/goods").await.expect(503);
    assert_eq!(
        (refused.text("code"), refused.header("retry-after")),
        ("overloaded".into(), Some("5"))
    );
    assert!(refused.text("detail").contains("exports_max"));
    client.get("/api/v1/goods").await.expect(200);
    server.until_logged("takes nothing; it is cut off");
    while export(&client, CSV, "/api/v1/goods?limit=1").await.status == 503 {}
    let rest = wire.rest();
    assert!(!rest.ends_with(b"0\r\n\r\n"), "what was cut off does not look whole");
}

#[tokio::test]
async fn a_client_that_goes_away_frees_its_place() {
    let server = bounded("exports_max = 1\nexport_stall_timeout = \"1h\"");
    let client = server.client();
    fill(&client, MANY.0, MANY.1).await;
    let mut wire = stalled(&server);
    wire.until(b"\r\n\r\n");
    export(&client, CSV, "/api/v1/goods").await.expect(503);
    drop(wire);
    while export(&client, CSV, "/api/v1/goods?limit=1").await.status == 503 {}
}

#[tokio::test]
async fn an_export_that_takes_too_long_does_not_look_whole() {
    let server = bounded("export_timeout = \"300ms\"");
    let client = server.client();
    fill(&client, MANY.0, MANY.1).await;
    let mut wire = stalled(&server);
    let start = wire.until(b"\r\n\r\n");
    assert!(start.starts_with(b"HTTP/1.1 200 OK\r\n"), "{}", start.escape_ascii());
    let now = std::time::Instant::now();
    while now.elapsed() < std::time::Duration::from_millis(400) {
        std::thread::yield_now();
    }
    let rest = wire.rest();
    assert!(!rest.ends_with(b"0\r\n\r\n"));
    server.until_logged("an export broke off");
}

#[tokio::test]
async fn an_export_is_one_snapshot() {
    let server = start(GOODS);
    let client = server.client();
    fill(&client, MANY.0, MANY.1).await;
    let mut wire = stalled(&server);
    let mut answer = wire.until(b"\r\n\r\n");
    client.delete("/api/v1/goods?filter=name%20%3E%20'g001000'").await.expect(422);
    client.delete("/api/v1/goods?filter=name%20%3E%20'g002000'").await.expect(200);
    answer.extend(wire.rest());
    assert!(answer.ends_with(b"\r\n0\r\n\r\n"), "it is whole");
    let rows = answer.windows(3).filter(|window| window == b",g0").count();
    assert_eq!(rows, MANY.0);
    let now = export(&client, CSV, "/api/v1/goods?fields=name").await.expect(200);
    assert_eq!(lines(&now).len(), 2002);
}

#[tokio::test]
async fn memory_does_not_grow_with_the_rows() {
    let server = start(GOODS);
    let client = server.client();
    let rows = transfer_rows();
    fill(&client, rows, 500).await;
    export(&client, CSV, "/api/v1/goods?limit=1000").await.expect(200);
    for (kind, query) in
        [(CSV, ""), (NDJSON, ""), (NDJSON, "?expand=maker.goods"), (CSV, "?sort=-note")]
    {
        let path = format!("/api/v1/goods{query}");
        let (answer, growth) = growth_while(&server, export(&client, kind, &path)).await;
        assert!(answer.expect(200).body.len() > rows * 500, "all rows are there");
        println!("{rows} rows as {kind}{query}: {growth} MiB more");
        assert!(growth < 30, "{query}: it has grown by {growth} MiB");
    }
}
