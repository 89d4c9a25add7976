//! Paging: every row once, in both directions, while others write.

use std::collections::HashSet;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value as Json, json};
use testkit::Client;

use crate::fixtures::{ALICE, blog, post, start};

async fn walk(
    client: &Client,
    query: &[(&str, &str)],
    direction: &str,
    from: Option<String>,
) -> Vec<Json> {
    let mut rows = Vec::new();
    let mut cursor = from;
    for _ in 0..200 {
        let mut query = query.to_vec();
        let start = if direction == "next" { "after" } else { "before" };
        if let Some(cursor) = &cursor {
            query.push((start, cursor));
        }
        let page = client.find("/api/v1/posts", &query).await.expect(200);
        let mut items = page.items();
        if direction == "prev" {
            items.reverse();
        }
        rows.extend(items);
        match &page.json()[direction] {
            Json::String(next) => cursor = Some(next.clone()),
            _ => return rows,
        }
    }
    panic!("paging does not end");
}

#[tokio::test]
async fn pages_visit_each_row_once_in_both_directions() {
    let server = blog().await;
    let alice = server.client().as_user(ALICE);
    for number in 0..23 {
        let rating = if number % 3 == 0 { json!(null) } else { json!(number % 5) };
        post(&alice, json!({ "title": format!("t{}", number % 7), "rating": rating })).await;
    }
    for sort in [
        "",
        "title",
        "-title",
        "rating",
        "-rating",
        "-rating,title",
        "rating,-title,createdAt",
        "author.name,-rating",
    ] {
        let query: Vec<(&str, &str)> = if sort.is_empty() {
            vec![("limit", "4")]
        } else {
            vec![("limit", "4"), ("sort", sort)]
        };
        let forward = walk(&alice, &query, "next", None).await;
        let ids: HashSet<String> = forward.iter().map(|row| row["id"].to_string()).collect();
        assert_eq!((forward.len(), ids.len()), (23, 23), "sort={sort}");

        let whole: Vec<(&str, &str)> = query
            .iter()
            .map(|(n, v)| if *n == "limit" { ("limit", "200") } else { (*n, *v) })
            .collect();
        let all = alice.find("/api/v1/posts", &whole).await.expect(200).items();
        assert_eq!(forward, all, "sort={sort}");

        let last = alice
            .find("/api/v1/posts", &[query.as_slice(), &[("offset", "20")]].concat())
            .await
            .expect(200);
        let mut backward = walk(&alice, &query, "prev", Some(last.text("prev"))).await;
        backward.reverse();
        assert_eq!(backward, all[..20], "sort={sort}");
    }
}

#[tokio::test]
async fn rows_written_while_paging_neither_hide_nor_repeat_old_ones() {
    let server = blog().await;
    let alice = server.client().as_user(ALICE);
    let mut old = HashSet::new();
    for number in 0..60 {
        let row =
            post(&alice, json!({ "title": format!("old {}", number % 10), "rating": number % 4 }))
                .await;
        old.insert(row["id"].to_string());
    }
    for sort in ["-createdAt", "title", "-rating"] {
        let writer = {
            let alice = alice.clone();
            async move {
                for number in 0..40 {
                    post(
                        &alice,
                        json!({ "title": format!("new {}", number % 10), "rating": number % 4 }),
                    )
                    .await;
                }
            }
        };
        let query = [("limit", "7"), ("sort", sort)];
        let (rows, ()) = tokio::join!(walk(&alice, &query, "next", None), writer);
        let seen: Vec<String> =
            rows.iter().map(|row| row["id"].to_string()).filter(|id| old.contains(id)).collect();
        let distinct: HashSet<&String> = seen.iter().collect();
        assert_eq!((seen.len(), distinct.len()), (60, 60), "sort={sort}");
    }
}

#[tokio::test]
async fn offset_pages_and_link_headers_lead_on() {
    let server = blog().await;
    let alice = server.client().as_user(ALICE);
    for number in 0..5 {
        post(&alice, json!({ "title": format!("t{number}") })).await;
    }
    let page = alice.get("/api/v1/posts?sort=title&limit=2&offset=2").await.expect(200);
    assert_eq!(page.column("title"), ["t2", "t3"]);
    let next = page.text("next");
    let link = page.header("link").expect("a Link header").to_owned();
    assert!(
        link.contains(&format!("</api/v1/posts?sort=title&limit=2&after={next}>; rel=\"next\"")),
        "{link}"
    );
    assert!(link.contains("rel=\"prev\""), "{link}");
    let rest =
        alice.get(&format!("/api/v1/posts?sort=title&limit=2&after={next}")).await.expect(200);
    assert_eq!(rest.column("title"), ["t4"]);
    assert_eq!(rest.json()["next"], json!(null));
}

#[tokio::test]
async fn a_cursor_of_another_list_is_refused() {
    let server = blog().await;
    let alice = server.client().as_user(ALICE);
    for number in 0..3 {
        post(&alice, json!({ "title": format!("t{number}") })).await;
    }
    let next = alice.get("/api/v1/posts?sort=title&limit=1").await.expect(200).text("next");
    for path in [
        format!("/api/v1/posts?sort=-title&limit=1&after={next}"),
        format!("/api/v1/posts?sort=title&limit=1&after={next}x"),
        "/api/v1/posts?after=W10".to_owned(),
        "/api/v1/posts?after=WzEsMl0".to_owned(),
        format!("/api/v1/posts?sort=title&after={next}&offset=1"),
    ] {
        let answer = alice.get(&path).await.expect(400);
        assert_eq!(answer.json()["code"], json!("invalid_parameters"), "{path}");
    }
}

/// Keys of any shape page alike: whatever the values and the page size, each row comes once.
#[tokio::test]
async fn composite_keys_page_over_any_values() {
    let server = start(
        r#"type Cell @entity @key(on: ["row", "name"]) @allow(read: "true", create: "true") {
             row: Int!  name: String!  weight: Decimal
           }"#,
    );
    let client = server.client();
    let mut runner = TestRunner::new(Config { cases: 1, ..Config::default() });
    let rows = proptest::collection::btree_map(
        (-3..3_i32, "[a-c,/% é]{1,3}"),
        proptest::option::of(-5..5_i32),
        25..40,
    );
    let rows = rows.new_tree(&mut runner).expect("a strategy").current();
    for ((row, name), weight) in &rows {
        let weight = weight.map(|weight| weight.to_string());
        let body = json!({ "row": row, "name": name, "weight": weight });
        let created = client.post("/api/v1/cells", body).await.expect(201);
        let location = created.header("location").expect("a Location").to_owned();
        assert_eq!(client.get(&location).await.expect(200).json()["name"], json!(name));
    }
    for sort in ["", "-weight", "weight,-row", "-name"] {
        let mut seen = HashSet::new();
        let mut path = format!("/api/v1/cells?limit=3&sort={sort}");
        loop {
            let page = client.get(&path).await.expect(200);
            for row in page.items() {
                assert!(
                    seen.insert((row["row"].to_string(), row["name"].to_string())),
                    "{row} twice"
                );
            }
            match page.json()["next"].as_str() {
                Some(next) => path = format!("/api/v1/cells?limit=3&sort={sort}&after={next}"),
                None => break,
            }
        }
        assert_eq!(seen.len(), rows.len(), "sort={sort}");
    }
}

#[tokio::test]
async fn a_cursor_with_too_few_values_is_refused() {
    let server = blog().await;
    for sort in ["rating", "-rating,title", "title"] {
        for cursor in ["WzFd", "WzEsbnVsbF0", "WzEsMSwyLDMsNCw1XQ"] {
            let query = [("sort", sort), ("after", cursor)];
            let answer = server.client().find("/api/v1/posts", &query).await.expect(400);
            assert_eq!(answer.json()["errors"][0]["code"], "invalid_cursor", "{sort} {cursor}");
        }
    }
}
