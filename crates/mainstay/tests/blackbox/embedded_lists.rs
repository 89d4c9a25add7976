//! Embedded lists: filtered, sorted, counted, and paged on their own.

use serde_json::{Value as Json, json};
use testkit::{Client, Server};

use crate::fixtures::{ALICE, BOB, start};

const SHOP: &str = r#"
type Product @entity @allow(read: "true", create: "true") {
  name: String!
  reviews: [Review!]! @inverse(of: "product")
}

type Review @entity
  @allow(read: "row.open || user.role == 'admin'", create: "true")
{
  product: Product!
  text: String!
  rating: Int
  grade: Decimal @allow(read: "row.text == 'r1' || user.role == 'admin'")
  code: String @allow(read: "user.role == 'admin'")
  open: Boolean! @default(value: true)
  answers: [Answer!]! @inverse(of: "review")
}

type Answer @entity @allow(read: "true", create: "true") {
  review: Review!
  text: String!
}
"#;

/// A product with nine reviews, every third of them hidden, and one with two.
async fn shop() -> (Server, Client) {
    let server = start(SHOP);
    let admin = server.client().as_admin();
    for (id, name, reviews) in [(ALICE, "Knife", 9), (BOB, "Fork", 2)] {
        admin.post("/api/v1/products", json!({ "id": id, "name": name })).await.expect(201);
        for number in 0..reviews {
            let rating = if number == 4 { Json::Null } else { json!(number / 2) };
            let review = json!({ "product": id, "text": format!("r{number}"), "rating": rating,
                "grade": format!("{number}.5"), "code": "x", "open": number % 3 != 2 });
            let review = admin.post("/api/v1/reviews", review).await.expect(201).id();
            let answer = json!({ "review": review, "text": format!("a{number}") });
            admin.post("/api/v1/answers", answer).await.expect(201);
        }
    }
    let client = server.client();
    (server, client)
}

async fn knife(client: &Client, expand: &str) -> Json {
    let path = format!("/api/v1/products/{ALICE}");
    client.find(&path, &[("expand", expand)]).await.expect(200).json()
}

fn texts(rows: &Json) -> Vec<String> {
    let rows = rows.as_array().expect("a list");
    rows.iter().map(|row| row["text"].as_str().expect("text").to_owned()).collect()
}

async fn refused(client: &Client, path: &str, query: &[(&str, &str)]) -> Json {
    client.find(path, query).await.expect(400).json()["errors"][0].clone()
}

#[tokio::test]
async fn an_embedded_list_is_filtered_by_an_expression() {
    let (_server, client) = shop().await;
    for (filter, expected) in [
        ("rating > 2", vec!["r6", "r7"]),
        ("text in ['r0', 'r7', 'r8']", vec!["r0", "r7"]),
        ("text == 'a,b)' || text.startsWith('r1')", vec!["r1"]),
        ("rating == null", vec!["r4"]),
        ("answers.exists(a, a.text == 'a3')", vec!["r3"]),
        ("product.name == 'Fork'", vec![]),
        ("rating > 1 ? text == 'r6' : text == 'r0'", vec!["r0", "r6"]),
    ] {
        let row = knife(&client, &format!("reviews(filter:{filter},sort:text,limit:50)")).await;
        assert_eq!(texts(&row["reviews"]), expected, "{filter}");
        assert_eq!(row.get("reviewsNext"), None, "{filter}");
    }
    let query =
        [("expand", "reviews(filter:rating == 0,sort:-text,limit:1).answers"), ("sort", "name")];
    let rows = client.find("/api/v1/products", &query).await.expect(200).items();
    assert_eq!(texts(&rows[0]["reviews"]), ["r1"]);
    assert_eq!(texts(&rows[1]["reviews"][0]["answers"]), ["a1"]);
}

#[tokio::test]
async fn an_embedded_list_is_paged_and_each_row_is_seen_once() {
    let (_server, client) = shop().await;
    for sort in ["text", "-text", "rating,text", "-rating,-text", "grade,text", "product.name,text"]
    {
        for limit in [1, 2, 4, 6] {
            let all = texts(&knife(&client, &format!("reviews(sort:{sort})")).await["reviews"]);
            assert_eq!(all.len(), 6);
            let mut seen = Vec::new();
            let mut after = String::new();
            loop {
                let expand = format!("reviews(limit:{limit},sort:{sort}{after})");
                let row = knife(&client, &expand).await;
                seen.extend(texts(&row["reviews"]));
                match row["reviewsNext"].as_str() {
                    Some(next) => after = format!(",after:{next}"),
                    None => break,
                }
            }
            assert_eq!(seen, all, "{sort} by {limit}");
        }
    }
}

#[tokio::test]
async fn the_next_page_can_be_read_from_the_collection() {
    let (_server, client) = shop().await;
    let row = knife(&client, "reviews(limit:2,sort:-text,filter:rating > 0)").await;
    let next = row["reviewsNext"].as_str().expect("a cursor");
    let query = [("product", ALICE), ("filter", "rating > 0"), ("sort", "-text"), ("after", next)];
    let page = client.find("/api/v1/reviews", &query).await.expect(200);
    assert_eq!(texts(&row["reviews"]), ["r7", "r6"]);
    assert_eq!(page.column("text"), [json!("r3")]);
}

#[tokio::test]
async fn cursors_of_other_lists_are_refused() {
    let (_server, client) = shop().await;
    let row = knife(&client, "reviews(limit:1,sort:text)").await;
    let next = row["reviewsNext"].as_str().expect("a cursor").to_owned();
    let path = format!("/api/v1/products/{ALICE}");
    for expand in [
        format!("reviews(sort:-text,after:{next})"),
        format!("reviews(after:{next})"),
        format!("reviews(sort:text).answers(sort:text,after:{next})"),
        "reviews(after:x)".to_owned(),
        "reviews(after:WzFd)".to_owned(),
    ] {
        let error = refused(&client, &path, &[("expand", &expand)]).await;
        assert_eq!(error["code"], json!("invalid_cursor"), "{expand}");
        assert_eq!(error["parameter"], json!("expand"), "{expand}");
    }
    let error = refused(&client, "/api/v1/products", &[("after", &next)]).await;
    assert_eq!(error["code"], json!("invalid_cursor"));
}

#[tokio::test]
async fn rows_are_counted_beside_their_list_or_alone() {
    let (server, client) = shop().await;
    let row = knife(&client, "reviews(count:exact,limit:1,sort:text)").await;
    assert_eq!((texts(&row["reviews"]), &row["reviewsCount"]), (vec!["r0".to_owned()], &json!(6)));
    let row = knife(&client, "reviews(count:exact,limit:0,filter:rating > 1)").await;
    assert_eq!((row.get("reviews"), &row["reviewsCount"]), (None, &json!(2)));
    assert_eq!(
        knife(&server.client().as_admin(), "reviews(count:exact,limit:0)").await["reviewsCount"],
        json!(9)
    );
    let query = [("expand", "reviews(count:exact,limit:0)"), ("sort", "name")];
    let rows = client.find("/api/v1/products", &query).await.expect(200);
    assert_eq!(rows.column("reviewsCount"), [json!(2), json!(6)]);
}

#[tokio::test]
async fn an_embedded_list_tells_nothing_of_what_is_hidden() {
    let (_server, client) = shop().await;
    let path = format!("/api/v1/products/{ALICE}");
    for expand in ["reviews(filter:code == 'x')", "reviews(sort:code)"] {
        let error = refused(&client, &path, &[("expand", expand)]).await;
        let unknown = refused(&client, &path, &[("expand", &expand.replace("code", "zzzz"))]).await;
        assert_eq!(error.to_string().replace("code`", "zzzz`"), unknown.to_string(), "{expand}");
    }
    // The grade of one review alone can be seen; the others' are null.
    let row = knife(&client, "reviews(filter:grade > 0,count:exact)").await;
    assert_eq!((texts(&row["reviews"]), &row["reviewsCount"]), (vec!["r1".to_owned()], &json!(1)));
    let row = knife(&client, "reviews(filter:grade == null,count:exact,limit:0)").await;
    assert_eq!(row["reviewsCount"], json!(5));
    let row = knife(&client, "reviews(sort:-grade,limit:1)").await;
    assert_eq!(texts(&row["reviews"]), ["r1"]);
}

#[tokio::test]
async fn wrong_arguments_are_refused() {
    let (_server, client) = shop().await;
    for (expand, code) in [
        ("reviews(limit:0)", "out_of_range"),
        ("reviews(count:all)", "invalid"),
        ("reviews(count)", "syntax"),
        ("reviews(filter:rating >)", "invalid_filter"),
        ("reviews(filter:'x)", "syntax"),
        ("reviews(filter:text)", "invalid_filter"),
        ("reviews(sort:text,size:3)", "syntax"),
    ] {
        let error = refused(&client, "/api/v1/products", &[("expand", expand)]).await;
        assert_eq!(error["code"], json!(code), "{expand}");
    }
}

#[tokio::test]
async fn an_estimate_counts_to_a_bound() {
    let (_server, client) = shop().await;
    let query = [("count", "estimate"), ("limit", "1")];
    let page = client.find("/api/v1/reviews", &query).await.expect(200).json();
    assert_eq!((&page["total"], page.get("totalMoreThan")), (&json!(8), None));
}
