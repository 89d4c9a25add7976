//! Hidden rows and fields cannot be inferred: tests that try.

use serde_json::{Value as Json, json};
use testkit::{Client, Server};

use crate::fixtures::{ALICE, BOB, blog, post, start};

const PEOPLE: &str = r#"
type Person @entity @allow(read: "true", create: "true") {
  name: String!
  pin: Int @allow(read: "row.id == user.id")
  code: String @allow(read: "user.role == 'admin'")
  secret: String @private
  boss: Person
  reports: [Person!]! @inverse(of: "boss")
}
"#;

async fn people() -> (Server, Client) {
    let server = start(PEOPLE);
    let client = server.client();
    for (id, name, pin) in [(ALICE, "Alice", 1111), (BOB, "Bob", 2222)] {
        let body = json!({ "id": id, "name": name, "pin": pin, "code": "x", "secret": "s", "boss": ALICE });
        let body = if id == ALICE {
            let mut body = body;
            body["boss"] = Json::Null;
            body
        } else {
            body
        };
        client.post("/api/v1/people", body).await.expect(201);
    }
    let alice = client.as_user(ALICE);
    (server, alice)
}

async fn names(client: &Client, query: &[(&str, &str)]) -> Vec<Json> {
    client.find("/api/v1/people", query).await.expect(200).column("name")
}

#[tokio::test]
async fn a_filter_sees_a_field_only_where_its_reader_does() {
    let (_server, alice) = people().await;
    assert_eq!(names(&alice, &[("filter", "pin == 1111")]).await, ["Alice"]);
    for probe in [
        "pin == 2222",
        "pin > 2000",
        "pin in [2222]",
        "boss.pin == 2222",
        "reports.exists(r, r.pin > 1)",
        "string(pin) == '2222'",
        "(pin == 2222 ? true : false)",
    ] {
        assert_eq!(names(&alice, &[("filter", probe)]).await, Vec::<Json>::new(), "{probe}");
    }
    // A hidden value is null to filters, so the negation tells nothing either.
    assert_eq!(
        names(&alice, &[("filter", "pin != 2222"), ("sort", "name")]).await,
        ["Alice", "Bob"]
    );
    assert_eq!(names(&alice, &[("filter", "pin == null")]).await, ["Bob"]);
    assert_eq!(names(&alice, &[("pin[gt]", "2000")]).await, Vec::<Json>::new());
    let counted =
        alice.find("/api/v1/people", &[("pin", "2222"), ("count", "exact")]).await.expect(200);
    assert_eq!(counted.json()["total"], json!(0));
}

#[tokio::test]
async fn a_sort_tells_nothing_of_hidden_values() {
    let (_server, alice) = people().await;
    // Bob's pin is higher, but null to Alice, so it always comes first.
    assert_eq!(names(&alice, &[("sort", "pin")]).await, ["Bob", "Alice"]);
    assert_eq!(names(&alice, &[("sort", "-pin")]).await, ["Alice", "Bob"]);
    let page = alice.find("/api/v1/people", &[("sort", "pin"), ("limit", "1")]).await.expect(200);
    let cursor = page.text("next");
    let decoded = String::from_utf8_lossy(&base64_url(&cursor)).into_owned();
    assert!(!decoded.contains("2222"), "{decoded}");
}

#[tokio::test]
async fn a_field_hidden_for_good_is_as_unknown_as_one_that_is_not_there() {
    let (_server, alice) = people().await;
    for name in ["code", "secret"] {
        for query in [
            [("filter", format!("{name} == 'x'"))],
            [("sort", name.to_owned())],
            [("fields", name.to_owned())],
            [("fields", format!("name,{name}"))],
            [("filter", format!("boss.{name} == 'x'"))],
            [("filter", format!("reports.exists(r, r.{name} == 'x')"))],
        ] {
            let query: Vec<(&str, &str)> = query.iter().map(|(n, v)| (*n, v.as_str())).collect();
            let answer = alice.find("/api/v1/people", &query).await.expect(400);
            let unknown: Vec<(&str, String)> =
                query.iter().map(|(n, v)| (*n, v.replace(name, "zzzzzz"))).collect();
            let unknown: Vec<(&str, &str)> =
                unknown.iter().map(|(n, v)| (*n, v.as_str())).collect();
            let reference = alice.find("/api/v1/people", &unknown).await.expect(400);
            let said = |answer: &testkit::Answer| answer.json()["code"].clone();
            assert_eq!(said(&answer), said(&reference), "{query:?}");
        }
        let rows = alice.get("/api/v1/people").await.expect(200).items();
        assert!(rows.iter().all(|row| row.get(name).is_none()), "{name}");
    }
    // In the same words, of a list and of a row; who reads it in some rows may name it.
    for path in ["/api/v1/people".to_owned(), format!("/api/v1/people/{ALICE}")] {
        let said = async |name: &str| {
            let answer = alice.find(&path, &[("fields", name)]).await.expect(400).json();
            assert_eq!(answer["errors"][0]["code"], json!("unknown_field"), "{name}");
            answer["errors"][0]["detail"].to_string().replace(name, "…")
        };
        let unknown = said("zzzzzz").await;
        assert_eq!((said("secret").await, said("code").await), (unknown.clone(), unknown));
        alice.find(&path, &[("fields", "name,pin")]).await.expect(200);
    }
}

#[tokio::test]
async fn a_filter_over_a_relation_does_not_reach_hidden_rows() {
    let server = blog().await;
    let alice = server.client().as_user(ALICE);
    let bob = server.client().as_user(BOB);
    let draft = post(&alice, json!({ "title": "launch", "status": "DRAFT" })).await;
    let public = post(&alice, json!({ "title": "open" })).await;
    for row in [&draft, &public] {
        alice.post("/api/v1/comments", json!({ "post": row["id"], "text": "c" })).await.expect(201);
    }
    let count = async |client: &Client, filter: &str| {
        client.find("/api/v1/comments", &[("filter", filter)]).await.expect(200).items().len()
    };
    assert_eq!(count(&alice, "post.title == 'launch'").await, 1);
    assert_eq!(count(&bob, "post.title == 'launch'").await, 0);
    assert_eq!(count(&bob, "post.title == 'open'").await, 1);
    let users = async |client: &Client, filter: &str| {
        client.find("/api/v1/users", &[("filter", filter)]).await.expect(200).items().len()
    };
    assert_eq!(users(&alice, "posts.exists(p, p.title == 'launch')").await, 1);
    assert_eq!(users(&bob, "posts.exists(p, p.title == 'launch')").await, 0);
    assert_eq!(users(&alice, "size(posts) == 2").await, 1);
    assert_eq!(users(&bob, "size(posts) == 2").await, 0);
    let expanded = bob.get("/api/v1/comments?expand=post&sort=createdAt").await.expect(200).items();
    assert_eq!(expanded[0]["post"], json!(null));
    let sorted = bob.get("/api/v1/comments?sort=post.title").await.expect(200).items();
    assert_eq!(sorted[0]["postId"], draft["id"], "a hidden title sorts as null");
}

#[tokio::test]
async fn a_hidden_relation_leads_nowhere() {
    let server = start(
        r#"type Person @entity @allow(read: "true", create: "true") {
             name: String!
             boss: Person @allow(read: "row.id == user.id || user.role == 'admin'")
             mentor: Person
             pupils: [Person!]! @inverse(of: "mentor") @allow(read: "row.id == user.id")
             friend: Person @allow(read: "user.role == 'admin'")
           }"#,
    );
    let admin = server.client().as_admin();
    admin.post("/api/v1/people", json!({ "id": ALICE, "name": "Alice" })).await.expect(201);
    let bob = json!({ "id": BOB, "name": "Bob", "boss": ALICE, "mentor": ALICE, "friend": ALICE });
    admin.post("/api/v1/people", bob).await.expect(201);
    let (alice, bob) = (server.client().as_user(ALICE), server.client().as_user(BOB));

    for filter in ["boss.name == 'Alice'", "boss.name != null", "boss != null", "bossId != null"] {
        assert_eq!(names(&bob, &[("filter", filter)]).await, ["Bob"], "{filter}");
        assert_eq!(names(&alice, &[("filter", filter)]).await, Vec::<Json>::new(), "{filter}");
    }
    for filter in ["pupils.exists(p, p.name == 'Bob')", "size(pupils) == 1"] {
        assert_eq!(names(&alice, &[("filter", filter)]).await, ["Alice"], "{filter}");
        assert_eq!(names(&bob, &[("filter", filter)]).await, Vec::<Json>::new(), "{filter}");
    }
    // Were the boss's name known, Bob would come last.
    assert_eq!(names(&alice, &[("sort", "-boss.name,-name")]).await, ["Bob", "Alice"]);
    assert_eq!(names(&alice, &[("sort", "boss.name,name")]).await, ["Alice", "Bob"]);
    for query in [("sort", "friend.name"), ("filter", "friend.name == 'Alice'"), ("friend", ALICE)]
    {
        alice.find("/api/v1/people", &[query]).await.expect(400);
    }
}

#[tokio::test]
async fn an_etag_says_nothing_about_hidden_fields() {
    let (server, _) = people().await;
    let admin = server.client().as_admin();
    let carol = server.client().as_user("0198c0de-0000-7000-8000-0000000000ca");
    let path = format!("/api/v1/people/{BOB}");
    assert_ne!(carol.get(&path).await.etag(), admin.get(&path).await.etag());
    assert_eq!(carol.get(&path).await.etag(), server.client().get(&path).await.etag());
}

fn base64_url(text: &str) -> Vec<u8> {
    let value = |c: u8| match c {
        b'A'..=b'Z' => u32::from(c - b'A'),
        b'a'..=b'z' => u32::from(c - b'a') + 26,
        b'0'..=b'9' => u32::from(c - b'0') + 52,
        b'-' => 62,
        _ => 63,
    };
    let mut out = Vec::new();
    let (mut bits, mut held) = (0_u32, 0);
    for c in text.bytes() {
        bits = bits << 6 | value(c);
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
        }
    }
    out
}

#[tokio::test]
async fn a_rule_that_compares_decimals_leaves_texts_as_they_are() {
    let server = start(
        r#"
        type Buyer @entity @allow(read: "row.credit >= decimal('0')", write: "true") {
          name: String!
          credit: Decimal!
          rated: String! @computed(expr: "row.credit > decimal('1') ? row.name : '9'")
          cut: String! @computed(expr: "(row.name + string(row.credit > decimal('1'))).before('t')")
        }
        type Sale @entity @allow(read: "true", write: "true") { buyer: Buyer! }"#,
    );
    let client = server.client();
    for name in ["5", "5.0", "2024"] {
        let buyer = json!({ "name": name, "credit": "7.5" });
        let buyer = client.post("/api/v1/buyers", buyer).await.expect(201).id();
        client.post("/api/v1/sales", json!({ "buyer": buyer })).await.expect(201);
    }
    let names = async |query: &str| {
        let path = format!("/api/v1/sales?expand=buyer&{query}");
        let sales = client.get(&path).await.expect(200);
        let buyers = sales.column("buyer");
        buyers.iter().map(|buyer| buyer["name"].clone()).collect::<Vec<_>>()
    };
    // As decimals 5 and 5.0 would be the same, and lower than 2024.
    for field in ["name", "rated", "cut"] {
        assert_eq!(names(&format!("sort=buyer.{field}")).await, ["2024", "5", "5.0"], "{field}");
        assert_eq!(names(&format!("buyer.{field}=5.0")).await, ["5.0"], "{field}");
        let groups = format!("/api/v1/sales/aggregate?group=buyer.{field}&count");
        let groups = client.get(&groups).await.expect(200).json();
        assert_eq!(groups["items"].as_array().map(Vec::len), Some(3), "{field}: {groups}");
        // Without a rule around it.
        let buyers = client.get(&format!("/api/v1/buyers?sort={field}")).await.expect(200);
        assert_eq!(buyers.column("name"), ["2024", "5", "5.0"], "{field}");
    }
}
