//! Lists: filters, sorts, fields, counts.

use serde_json::{Value as Json, json};
use testkit::{Client, Server};

use crate::fixtures::{ALICE, blog, post, start};

/// Five posts of Alice's, told apart by their titles.
async fn five() -> (Server, Client) {
    let server = blog().await;
    let alice = server.client().as_user(ALICE);
    for (title, rating, price, tags) in [
        ("alpha", json!(1.5), json!("10.00"), json!(["red", "blue"])),
        ("beta", json!(null), json!("9.5"), json!(["blue"])),
        ("gamma", json!(4.0), json!("100"), json!([])),
        ("delta", json!(-2), json!(null), json!(["green"])),
        ("epsilon", json!(4.0), json!("10.0"), json!(["red"])),
    ] {
        let extra = json!({ "size": title.len(), "label": title, "nested": { "deep": [1, 2] } });
        let body = json!({ "title": title, "rating": rating, "price": price, "tags": tags, "extra": extra });
        post(&alice, body).await;
    }
    (server, alice)
}

async fn titles(client: &Client, query: &[(&str, &str)]) -> Vec<String> {
    let mut query = query.to_vec();
    if !query.iter().any(|(name, _)| *name == "sort") {
        query.push(("sort", "title"));
    }
    let answer = client.find("/api/v1/posts", &query).await.expect(200);
    answer
        .column("title")
        .iter()
        .map(|title| title.as_str().unwrap_or_default().to_owned())
        .collect()
}

#[tokio::test]
async fn filters_select_the_rows_they_describe() {
    let (_server, alice) = five().await;
    let cases: &[(&str, &[&str])] = &[
        ("title == 'beta'", &["beta"]),
        ("title != 'beta' && rating > 0", &["alpha", "epsilon", "gamma"]),
        ("rating == null", &["beta"]),
        ("rating != null && rating < 2.0", &["alpha", "delta"]),
        ("!(rating > 2.0)", &["alpha", "beta", "delta"]),
        ("price == 10", &["alpha", "epsilon"]),
        ("price > 9.5 && price <= 10.0", &["alpha", "epsilon"]),
        ("price < 100", &["alpha", "beta", "epsilon"]),
        ("title.startsWith('al') || title.endsWith('ta')", &["alpha", "beta", "delta"]),
        ("title.contains('amm')", &["gamma"]),
        ("title.matches('^.{4}$')", &["beta"]),
        ("'red' in tags", &["alpha", "epsilon"]),
        ("tags.exists(t, t.startsWith('b'))", &["alpha", "beta"]),
        ("tags.all(t, t == 'red')", &["epsilon", "gamma"]),
        ("size(tags) == 0", &["gamma"]),
        ("title in ['beta', 'delta']", &["beta", "delta"]),
        ("extra.size == 4", &["beta"]),
        ("extra.label == 'gamma'", &["gamma"]),
        ("extra.nested.deep[1] == 2 && extra.size > 5", &["epsilon"]),
        ("extra.missing == null && extra.size < 5", &["beta"]),
        ("author.name == 'Alice' && title == 'alpha'", &["alpha"]),
        ("author == user.id && title == 'alpha'", &["alpha"]),
        ("shout == 'BETA'", &["beta"]),
        ("createdAt <= now && createdAt > now - duration('1h') && title == 'beta'", &["beta"]),
        ("comments.exists(c, c.text == 'x')", &[]),
        ("title == \"be\" + \"ta\"", &["beta"]),
        ("(title == 'beta' ? rating == null : false)", &["beta"]),
        ("price * 2 == 20", &["alpha", "epsilon"]),
    ];
    for (filter, expected) in cases {
        assert_eq!(titles(&alice, &[("filter", filter)]).await, *expected, "{filter}");
    }
}

#[tokio::test]
async fn short_filters_compare_one_field() {
    let (_server, alice) = five().await;
    let cases: &[(&str, &str, &[&str])] = &[
        ("title", "beta", &["beta"]),
        ("title[ne]", "beta", &["alpha", "delta", "epsilon", "gamma"]),
        ("rating[gte]", "4", &["epsilon", "gamma"]),
        ("rating[lt]", "0", &["delta"]),
        ("price[lte]", "9.50", &["beta"]),
        ("title[in]", "beta,delta,zeta", &["beta", "delta"]),
        ("title[startsWith]", "ga", &["gamma"]),
        ("title[endsWith]", "lon", &["epsilon"]),
        ("title[contains]", "elt", &["delta"]),
        ("rating[null]", "true", &["beta"]),
        ("price[null]", "false", &["alpha", "beta", "epsilon", "gamma"]),
        ("author", ALICE, &["alpha", "beta", "delta", "epsilon", "gamma"]),
        ("authorId", ALICE, &["alpha", "beta", "delta", "epsilon", "gamma"]),
        ("author", "0198c0de-0000-7000-8000-000000000000", &[]),
        ("status", "DRAFT", &[]),
    ];
    for (name, value, expected) in cases {
        assert_eq!(titles(&alice, &[(name, value)]).await, *expected, "{name}={value}");
    }
    let both = titles(&alice, &[("rating", "4"), ("price[gt]", "50")]).await;
    assert_eq!(both, ["gamma"]);
}

#[tokio::test]
async fn sorts_put_null_first_and_take_several_terms() {
    let (_server, alice) = five().await;
    assert_eq!(
        titles(&alice, &[("sort", "rating,title")]).await,
        ["beta", "delta", "alpha", "epsilon", "gamma"]
    );
    assert_eq!(
        titles(&alice, &[("sort", "-rating,-title")]).await,
        ["gamma", "epsilon", "alpha", "delta", "beta"]
    );
    assert_eq!(
        titles(&alice, &[("sort", "price,title")]).await,
        ["delta", "beta", "alpha", "epsilon", "gamma"]
    );
    assert_eq!(
        titles(&alice, &[("sort", "author.name,-shout"), ("limit", "2")]).await,
        ["gamma", "epsilon"]
    );
}

#[tokio::test]
async fn fields_choose_what_is_shown_and_count_counts_all() {
    let (_server, alice) = five().await;
    let answer = alice
        .find(
            "/api/v1/posts",
            &[("fields", "title,author"), ("limit", "1"), ("sort", "title"), ("count", "exact")],
        )
        .await
        .expect(200)
        .json();
    assert_eq!(answer["items"], json!([{ "authorId": ALICE, "title": "alpha" }]));
    assert_eq!(answer["total"], json!(5));
}

#[tokio::test]
async fn wrong_parameters_are_all_named_at_once() {
    let (_server, alice) = five().await;
    let answer = alice
        .find(
            "/api/v1/posts",
            &[
                ("titel", "x"),
                ("sort", "tags"),
                ("limit", "0"),
                ("filter", "ratng > 1 && title > 5"),
                ("expand", "autor"),
                ("rating[gte]", "many"),
                ("fields", "nope"),
                ("after", "!!"),
                ("count", "maybe"),
                ("title[like]", "x"),
            ],
        )
        .await
        .expect(400)
        .json();
    assert_eq!(answer["code"], json!("invalid_parameters"));
    let mut found: Vec<&str> = answer["errors"]
        .as_array()
        .expect("a list of errors")
        .iter()
        .filter_map(|error| error["parameter"].as_str())
        .collect();
    found.dedup();
    assert_eq!(
        found,
        [
            "titel", "sort", "limit", "filter", "expand", "rating", "fields", "after", "count",
            "title"
        ]
    );
    let text = answer.to_string();
    assert!(text.contains("did you mean `title`"), "{text}");
    assert!(text.contains("rating"), "{text}");
}

#[tokio::test]
async fn filters_are_bounded() {
    let (_server, alice) = five().await;
    let long = format!("title == '{}'", "x".repeat(9000));
    let deep = format!("{}true{}", "(".repeat(500), ")".repeat(500));
    let wide = vec!["title == 'a'"; 800].join(" || ");
    alice.find("/api/v1/posts", &[("filter", &wide)]).await.expect(414);
    for filter in [long, deep] {
        let answer = alice.find("/api/v1/posts", &[("filter", &filter)]).await.expect(400);
        assert_eq!(answer.json()["errors"][0]["parameter"], json!("filter"));
    }
}

#[tokio::test]
async fn an_empty_list_is_an_empty_list() {
    let server = blog().await;
    let answer = server.client().get("/api/v1/posts").await.expect(200);
    assert_eq!(answer.json(), json!({ "items": [], "next": null, "prev": null }));
    assert_eq!(answer.header("link"), None);
    let none: Vec<Json> = Vec::new();
    assert_eq!(answer.items(), none);
}

#[tokio::test]
async fn a_list_is_sorted_by_a_computed_field_that_is_the_same_in_every_row() {
    let server = start(
        r#"type Lamp @entity @allow(read: "true", create: "true") {
             name: String!
             lit: Boolean @computed(expr: "false")
             watts: Int @computed(expr: "-7")
           }"#,
    );
    let client = server.client();
    for name in ["b", "a", "c"] {
        client.post("/api/v1/lamps", json!({ "name": name })).await.expect(201);
    }
    for sort in ["lit,name", "-watts,name", "watts,-lit,name"] {
        let query = [("sort", sort), ("limit", "2")];
        let page = client.find("/api/v1/lamps", &query).await.expect(200);
        assert_eq!(page.column("name"), ["a", "b"], "{sort}");
        let after = page.text("next");
        let query = [("sort", sort), ("after", after.as_str())];
        let page = client.find("/api/v1/lamps", &query).await.expect(200);
        assert_eq!(page.column("name"), ["c"], "{sort}");
    }
}
