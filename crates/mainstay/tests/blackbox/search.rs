//! Full-text search, as people use it and as others misuse it.

use std::collections::HashSet;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value as Json, json};
use testkit::{Client, Server};

use crate::fixtures::{ALICE, start};

const LIBRARY: &str = r#"
type Book @entity @search(on: ["title^4", "blurb"])
  @allow(read: "row.open || user.role == 'admin'", write: "true") {
  title: String!
  blurb: String
  pages: Int! @default(value: 1)
  open: Boolean! @default(value: true)
  shelf: Shelf @onDelete(do: CASCADE)
}
type Shelf @entity @allow(read: "true", write: "true") { q: String books: [Book!]! @inverse(of: "shelf") }
"#;

async fn library() -> (Server, Client) {
    let server = start(LIBRARY);
    let client = server.client();
    for (title, blurb, open) in [
        ("The Café at Dawn", Some("Coffee, croissants & <b>crime</b>."), true),
        ("Coffee for Beginners", Some("How to grind, how to brew."), true),
        ("Tea", Some("Not a word about coffee in the title of this one."), true),
        ("Tea and Scones", None, true),
        ("Secret Coffee Recipes", Some("Hidden from readers."), false),
    ] {
        book(&client, json!({ "title": title, "blurb": blurb, "open": open })).await;
    }
    (server, client)
}

async fn book(client: &Client, body: Json) -> Option<Json> {
    let answer = client.post("/api/v1/books", body).await.expect(201);
    answer.json().get("title").map(|_| answer.json())
}

async fn titles(client: &Client, query: &[(&str, &str)]) -> Vec<Json> {
    client.find("/api/v1/books", query).await.expect(200).column("title")
}

#[tokio::test]
async fn the_best_fit_comes_first() {
    let (_server, client) = library().await;
    let found = titles(&client, &[("q", "coffee")]).await;
    assert_eq!(found, ["Coffee for Beginners", "The Café at Dawn", "Tea"]);
    // Case, accents and endings that are still being typed do not matter.
    assert_eq!(titles(&client, &[("q", "CAFE")]).await, ["The Café at Dawn"]);
    assert_eq!(titles(&client, &[("q", "begin")]).await, ["Coffee for Beginners"]);
    assert_eq!(titles(&client, &[("q", "begin ")]).await, Vec::<Json>::new());
    assert_eq!(titles(&client, &[("q", "beg* coffee ")]).await, ["Coffee for Beginners"]);
    assert_eq!(titles(&client, &[("q", "tea -scones")]).await, ["Tea"]);
    assert_eq!(titles(&client, &[("q", "\"how to brew\"")]).await, ["Coffee for Beginners"]);
    assert_eq!(titles(&client, &[("q", "\"brew how to\"")]).await, Vec::<Json>::new());
    // A blank search is none.
    assert_eq!(titles(&client, &[("q", "  ")]).await.len(), 4);
}

#[tokio::test]
async fn a_search_goes_with_filters_sorts_counts_and_expansion() {
    let (_server, client) = library().await;
    let shelf = client.post("/api/v1/shelves", json!({})).await.expect(201).id();
    book(&client, json!({ "title": "Coffee Atlas", "pages": 300, "shelfId": shelf })).await;
    let query = [("q", "coffee"), ("sort", "title"), ("count", "exact"), ("limit", "2")];
    let page = client.find("/api/v1/books", &query).await.expect(200);
    assert_eq!(page.column("title"), ["Coffee Atlas", "Coffee for Beginners"]);
    assert_eq!(page.json()["total"], 4);
    let next = page.text("next");
    let rest = titles(&client, &[&query[..], &[("after", &next)]].concat()).await;
    assert_eq!(rest, ["Tea", "The Café at Dawn"]);
    let found = client
        .find("/api/v1/books", &[("q", "coffee"), ("pages[gt]", "9"), ("expand", "shelf.books")]);
    let found = found.await.expect(200).items();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["shelf"]["books"][0]["title"], "Coffee Atlas");
}

#[tokio::test]
async fn pages_of_ranked_rows_visit_each_once_and_lead_back() {
    let (_server, client) = library().await;
    for number in 0..11 {
        book(
            &client,
            json!({ "title": format!("Guide {number}"), "blurb": "guide ".repeat(number) }),
        )
        .await;
    }
    let all = titles(&client, &[("q", "guide"), ("limit", "50")]).await;
    assert_eq!(all.len(), 11);
    let (mut seen, mut cursor, mut last) = (Vec::new(), None::<String>, None);
    loop {
        let mut query = vec![("q", "guide"), ("limit", "4")];
        query.extend(cursor.as_deref().map(|cursor| ("after", cursor)));
        let page = client.find("/api/v1/books", &query).await.expect(200);
        seen.extend(page.column("title"));
        match &page.json()["next"] {
            Json::String(next) => cursor = Some(next.clone()),
            _ => {
                last = page.json()["prev"].as_str().map(str::to_owned).or(last);
                break;
            }
        }
    }
    assert_eq!(seen, all);
    let mut back = Vec::new();
    while let Some(before) = last {
        let query = [("q", "guide"), ("limit", "5"), ("before", before.as_str())];
        let page = client.find("/api/v1/books", &query).await.expect(200);
        back.splice(0..0, page.column("title"));
        last = page.json()["prev"].as_str().map(str::to_owned);
    }
    assert_eq!(back, all[..8]);
    // A cursor of another list is none of this one.
    let list = client.find("/api/v1/books", &[("limit", "1")]).await.expect(200).text("next");
    let answer =
        client.find("/api/v1/books", &[("q", "guide"), ("after", &list)]).await.expect(400);
    assert_eq!(answer.json()["errors"][0]["code"], "invalid_cursor");
    let ranked = client.find("/api/v1/books", &[("q", "guide"), ("limit", "1")]).await.text("next");
    client.find("/api/v1/books", &[("after", &ranked)]).await.expect(400);
}

#[tokio::test]
async fn a_hidden_row_is_not_found_and_not_counted() {
    let (server, client) = library().await;
    for query in ["secret", "recipes", "hidden", "\"secret coffee\""] {
        let answer = client.find("/api/v1/books", &[("q", query), ("count", "exact")]).await;
        let answer = answer.expect(200).json();
        assert_eq!((&answer["items"], &answer["total"]), (&json!([]), &json!(0)), "{query}");
    }
    let admin = server.client().as_admin();
    assert_eq!(titles(&admin, &[("q", "secret")]).await, ["Secret Coffee Recipes"]);
}

#[tokio::test]
async fn a_search_sees_every_acknowledged_write_and_no_refused_one() {
    let (_server, client) = library().await;
    let created = book(&client, json!({ "title": "Zeppelin" })).await.unwrap();
    let path = format!("/api/v1/books/{}", created["id"].as_str().unwrap());
    assert_eq!(titles(&client, &[("q", "zeppelin")]).await, ["Zeppelin"]);
    client.patch(&path, json!({ "title": "Airship", "pages": 2 })).await.expect(200);
    assert_eq!(titles(&client, &[("q", "zeppelin")]).await, Vec::<Json>::new());
    assert_eq!(titles(&client, &[("q", "airship")]).await, ["Airship"]);
    client.patch(&path, json!({ "title": "Balloon", "pages": null })).await.expect(422);
    assert_eq!(titles(&client, &[("q", "balloon")]).await, Vec::<Json>::new());
    client.delete(&path).await.expect(204);
    assert_eq!(titles(&client, &[("q", "airship")]).await, Vec::<Json>::new());

    // A row that is deleted with its target is forgotten, too.
    let shelf = client.post("/api/v1/shelves", json!({})).await.expect(201).id();
    book(&client, json!({ "title": "Ballast", "shelfId": shelf })).await;
    client.delete(&format!("/api/v1/shelves/{shelf}")).await.expect(204);
    assert_eq!(titles(&client, &[("q", "ballast")]).await, Vec::<Json>::new());
}

#[tokio::test]
async fn matches_are_shown_as_safe_html() {
    let (_server, client) = library().await;
    let query = [("q", "crime"), ("highlight", "blurb,title"), ("fields", "pages")];
    let found = client.find("/api/v1/books", &query).await.expect(200).items();
    assert_eq!(
        found[0]["highlights"],
        json!({
            "title": "The Café at Dawn",
            "blurb": "Coffee, croissants &amp; &lt;b&gt;<mark>crime</mark>&lt;/b&gt;.",
        })
    );
    assert_eq!(found[0].as_object().unwrap().len(), 2);
    // Long texts are cut around what was found.
    let long = format!("{} needle {}", "hay ".repeat(500), "hay ".repeat(500));
    book(&client, json!({ "title": "Hay", "blurb": long })).await;
    let query = [("q", "needle"), ("highlight", "blurb")];
    let found = client.find("/api/v1/books", &query).await.expect(200).items();
    let shown = found[0]["highlights"]["blurb"].as_str().unwrap();
    assert!(shown.starts_with('…') && shown.contains("<mark>needle</mark>"), "{shown}");
    assert!(shown.len() < 200, "{shown}");
    let query = [("q", "scones"), ("highlight", "blurb")];
    let found = client.find("/api/v1/books", &query).await.expect(200).items();
    assert_eq!(found[0]["highlights"], json!({ "blurb": null }));
}

#[tokio::test]
async fn parameters_of_a_search_are_checked() {
    let (_server, client) = library().await;
    let check = async |query: &[(&str, &str)], expected: &[(&str, &str)]| {
        let answer = client.find("/api/v1/books", query).await.expect(400).json();
        let errors = answer["errors"].as_array().unwrap();
        let found: Vec<(&str, &str)> = errors
            .iter()
            .map(|error| (error["parameter"].as_str().unwrap(), error["code"].as_str().unwrap()))
            .collect();
        assert_eq!(found, expected, "{answer}");
    };
    check(&[("q", "!!!")], &[("q", "invalid")]).await;
    check(&[("q", "-tea")], &[("q", "invalid")]).await;
    check(&[("q", &"a".repeat(1001))], &[("q", "too_long")]).await;
    check(&[("q", &"a ".repeat(21))], &[("q", "too_many")]).await;
    check(&[("q", "a"), ("q", "b")], &[("q", "repeated")]).await;
    check(&[("q", "a"), ("highlight", "pages")], &[("highlight", "unknown_field")]).await;
    // Where nothing is searched, `q` is a field like others.
    client.post("/api/v1/shelves", json!({ "q": "x" })).await.expect(201);
    assert_eq!(client.get("/api/v1/shelves?q=x").await.items().len(), 1);
    assert_eq!(client.get("/api/v1/shelves?q=y").await.items().len(), 0);
    client.get("/api/v1/shelves?highlight=q").await.expect(400);
    client.get(&format!("/api/v1/books/{ALICE}?q=x")).await.expect(400);
}

#[tokio::test]
async fn whatever_is_typed_is_answered() {
    let (_server, client) = library().await;
    let parts = [
        "coffee", "tea", "\"", "*", "-", "^", "(", ")", "{", "}", ":", "NEAR(", "AND", "OR", "NOT",
        " ", "\u{0}", "'", ";", "+", "title:", "é", "東京", "😀", "\u{301}", "“", "\\", "%", "ﬁ",
        "Ⓐ", "१२",
    ];
    let typed = proptest::collection::vec(proptest::sample::select(parts.to_vec()), 1..12);
    let mut runner = TestRunner::new(Config::default());
    let mut codes = HashSet::new();
    for _ in 0..300 {
        let text = typed.new_tree(&mut runner).unwrap().current().concat();
        let query = [("q", text.as_str()), ("highlight", "title"), ("count", "exact")];
        let answer = client.find("/api/v1/books", &query).await;
        match answer.status.as_u16() {
            200 => assert!(!answer.column("title").contains(&json!("Secret Coffee Recipes"))),
            400 => assert_eq!(answer.json()["errors"][0]["code"], "invalid", "{text:?}: {answer}"),
            _ => panic!("{text:?}: {answer}"),
        }
        codes.insert(answer.status);
    }
    assert_eq!(codes.len(), 2, "both happen");
}

#[tokio::test]
async fn words_of_hidden_rows_move_no_visible_one() {
    let (_server, client) = library().await;
    for title in ["apple apple apple pear", "apple pear pear pear"] {
        book(&client, json!({ "title": title })).await;
    }
    let ranked = async || titles(&client, &[("q", "apple pear ")]).await;
    let before = ranked().await;
    for word in ["apple", "pear"] {
        // With these, BM25 would put the one that has the rarer word more often first.
        for _ in 0..20 {
            book(&client, json!({ "title": word, "open": false })).await;
        }
        assert_eq!(ranked().await, before, "{word}");
        for _ in 0..40 {
            book(&client, json!({ "title": format!("{word} {word}"), "open": false })).await;
        }
        assert_eq!(ranked().await, before, "{word}");
    }
}

#[tokio::test]
async fn rare_words_weigh_more_where_every_row_is_open() {
    let server = start(
        r#"type Note @entity @search(on: ["text"]) @allow(read: "true", write: "true") { text: String! }"#,
    );
    let client = server.client();
    for text in ["apple apple apple pear", "apple pear pear pear"] {
        client.post("/api/v1/notes", json!({ "text": text })).await.expect(201);
    }
    for number in 0..20 {
        client
            .post("/api/v1/notes", json!({ "text": format!("apple {number}") }))
            .await
            .expect(201);
    }
    let found = client.find("/api/v1/notes", &[("q", "apple pear ")]).await.expect(200);
    assert_eq!(found.column("text"), ["apple pear pear pear", "apple apple apple pear"]);
}

#[tokio::test]
async fn groups_are_made_of_the_rows_found() {
    let (server, client) = library().await;
    let path = "/api/v1/books/aggregate";
    let count = async |client: &Client, query: &[(&str, &str)]| {
        client.find(path, query).await.expect(200).items()
    };
    let found = count(&client, &[("q", "coffee"), ("count", ""), ("sum", "pages")]).await;
    assert_eq!(found, [json!({ "count": 3, "sum": { "pages": 3 } })]);
    let found = count(&client, &[("q", "recipes"), ("count", "")]).await;
    assert_eq!(found, [json!({ "count": 0 })]);
    let admin = server.client().as_admin();
    let found = count(&admin, &[("q", "coffee"), ("count", ""), ("group", "open")]).await;
    assert_eq!(
        found,
        [
            json!({ "group": { "open": false }, "count": 1 }),
            json!({ "group": { "open": true }, "count": 3 }),
        ]
    );
    client.find(path, &[("q", "-tea"), ("count", "")]).await.expect(400);
    client.find(path, &[("q", "tea"), ("count", ""), ("highlight", "title")]).await.expect(400);
}

#[tokio::test]
async fn an_export_is_of_the_rows_found_and_a_write_of_many_is_by_filters_alone() {
    let (_server, client) = library().await;
    let csv = client.with("accept", "text/csv");
    let found =
        csv.find("/api/v1/books", &[("q", "coffee"), ("fields", "title")]).await.expect(200);
    assert_eq!(
        String::from_utf8_lossy(&found.body),
        "title\r\nThe Café at Dawn\r\nCoffee for Beginners\r\nTea\r\n"
    );
    csv.find("/api/v1/books", &[("q", "tea"), ("highlight", "title")]).await.expect(400);
    let lines = client.with("accept", "application/x-ndjson");
    let query = [("q", "crime"), ("fields", "title"), ("highlight", "title"), ("expand", "shelf")];
    let found = lines.find("/api/v1/books", &query).await.expect(200);
    assert_eq!(
        String::from_utf8_lossy(&found.body),
        "{\"title\":\"The Café at Dawn\",\"shelfId\":null,\"shelf\":null,\"highlights\":{\"title\":\"The Café at Dawn\"}}\n"
    );
    let answer = client.patch("/api/v1/books?q=tea", json!({ "pages": 2 })).await.expect(400);
    assert_eq!(answer.json()["errors"][0]["code"], "unknown_parameter");
}

#[tokio::test]
async fn rows_of_other_tenants_and_archived_ones_are_not_found() {
    let server = start(
        r#"type Note @entity @archive @tenant(field: "team") @search(on: ["text"])
             @allow(read: "true", write: "true") { team: Int! text: String! }"#,
    );
    let [red, blue] =
        [1, 2].map(|team| server.client().as_caller(&json!({ "sub": ALICE, "org": team })));
    red.post("/api/v1/notes", json!({ "text": "red secret" })).await.expect(201);
    let id = blue.post("/api/v1/notes", json!({ "text": "blue secret" })).await.expect(201).id();
    let found = async |client: &Client, archived: &str| {
        let query = [("q", "secret"), ("count", "exact"), ("archived", archived)];
        let answer = client.find("/api/v1/notes", &query).await.expect(200);
        assert_eq!(answer.json()["total"], answer.items().len());
        answer.column("text")
    };
    assert_eq!(found(&red, "false").await, ["red secret"]);
    assert_eq!(found(&blue, "false").await, ["blue secret"]);
    blue.delete(&format!("/api/v1/notes/{id}")).await.expect(204);
    assert_eq!(found(&blue, "false").await, Vec::<Json>::new());
    assert_eq!(found(&blue, "only").await, ["blue secret"]);
    assert_eq!(found(&red, "with").await, ["red secret"]);
    blue.post(&format!("/api/v1/notes/{id}/restore"), json!({})).await;
    assert_eq!(found(&blue, "false").await, ["blue secret"]);
}

#[tokio::test]
async fn many_rows_are_searched_in_the_time_that_reads_have() {
    let (_server, client) = library().await;
    let mut rows = String::new();
    for number in 0..20_000 {
        let open = number % 2 == 0;
        rows.push_str(&format!(
            "{{\"title\":\"Mug {number}\",\"blurb\":\"a mug\",\"open\":{open}}}\n"
        ));
    }
    let lines = client.with("content-type", "application/x-ndjson");
    lines
        .send(http::Method::POST, "/api/v1/books?onError=skip", Some(rows.into()))
        .await
        .expect(200);
    let query = [("q", "mu"), ("count", "exact"), ("highlight", "title,blurb")];
    let page = client.find("/api/v1/books", &query).await.expect(200);
    assert_eq!((page.items().len(), &page.json()["total"]), (20, &json!(10_000)));
    assert_eq!(titles(&client, &[("q", "mug 4711 ")]).await, Vec::<Json>::new(), "hidden");
    assert_eq!(titles(&client, &[("q", "mug 4712 ")]).await, ["Mug 4712"]);
    let far = [("q", "mug"), ("offset", "9999")];
    assert_eq!(titles(&client, &far).await.len(), 1);
}
