//! Rows counted, summed and compared in groups.

use serde_json::{Value as Json, json};
use testkit::{Client, Server};

use crate::fixtures::{ALICE, BOB, start};

const SHOP: &str = r#"
enum Kind { BOOK TOOL }

type Category @entity @allow(read: "row.open || user.role == 'admin'", create: "true") {
  name: String!
  open: Boolean! @default(value: true)
  weight: Int! @default(value: 1)
}

type Product @entity
  @allow(read: "row.listed || user.role == 'admin'", create: "true", delete: "true")
{
  name: String!
  kind: Kind! @default(value: "BOOK")
  category: Category
  price: Decimal
  stock: Int
  views: BigInt
  rating: Float
  outlay: Decimal @allow(read: "user.role == 'admin'")
  margin: Decimal @allow(read: "row.name == 'Knife' || user.role == 'admin'")
  secret: Int @private
  rival: Category @allow(read: "row.name == 'Knife' || user.role == 'admin'")
  listed: Boolean! @default(value: true)
  tags: [String!]! @default(value: [])
  soldAt: DateTime
  madeOn: Date
  count: Int
}

type Tag @entity @key(on: ["name"]) @allow(read: "true", create: "true", update: "true") {
  name: String!
  uses: Int! @default(value: 0)
}
"#;

async fn shop() -> (Server, Client) {
    let server = start(SHOP);
    let (client, admin) = (server.client(), server.client().as_admin());
    for (id, name, open) in [(ALICE, "Kitchen", true), (BOB, "Cellar", false)] {
        let body = json!({ "id": id, "name": name, "open": open, "weight": 3 });
        client.post("/api/v1/categories", body).await.expect(201);
    }
    let rows = [
        json!({ "name": "Knife", "kind": "TOOL", "category": ALICE, "price": "19.90", "stock": 3,
            "views": "9223372036854775807", "rating": 4.5, "outlay": "5", "margin": "1", "rival": ALICE,
            "soldAt": "2026-11-25T13:00:00Z", "madeOn": "2026-02-28", "count": 7 }),
        json!({ "name": "Fork", "kind": "TOOL", "category": ALICE, "price": "5.1", "stock": 4,
            "views": "1", "rating": 3.5, "outlay": "1", "margin": "1", "rival": BOB,
            "soldAt": "2026-11-01T00:00:00Z", "madeOn": "2026-03-01" }),
        json!({ "name": "Wine", "category": BOB, "price": "19.9", "stock": 1, "margin": "9",
            "soldAt": "2025-12-31T23:59:59Z" }),
        json!({ "name": "Essay" }),
        json!({ "name": "Ghost", "kind": "TOOL", "category": ALICE, "price": "1000", "stock": 100,
            "listed": false }),
    ];
    for row in rows {
        admin.post("/api/v1/products", row).await.expect(201);
    }
    (server, client)
}

async fn found(client: &Client, query: &[(&str, &str)]) -> Vec<Json> {
    client.find("/api/v1/products/aggregate", query).await.expect(200).items()
}

async fn refused(client: &Client, query: &[(&str, &str)]) -> Json {
    let answer = client.find("/api/v1/products/aggregate", query).await.expect(400).json();
    answer["errors"][0].clone()
}

#[tokio::test]
async fn all_rows_are_one_group_without_grouping() {
    let (_server, client) = shop().await;
    let all = [("count", ""), ("sum", "price,stock"), ("avg", "price,stock,rating")];
    assert_eq!(
        found(&client, &all).await,
        [json!({
            "count": 4,
            "sum": { "price": "44.90", "stock": 8 },
            "avg": { "price": "14.966666666667", "stock": 8.0 / 3.0, "rating": 4.0 },
        })]
    );
    let none = [("name", "none"), ("count", ""), ("sum", "price"), ("max", "name")];
    assert_eq!(
        found(&client, &none).await,
        [json!({ "count": 0, "sum": { "price": null }, "max": { "name": null } })]
    );
}

#[tokio::test]
async fn rows_are_grouped_by_fields_and_sorted_by_them() {
    let (_server, client) = shop().await;
    let query = [("group", "kind"), ("count", ""), ("min", "name"), ("countDistinct", "price")];
    assert_eq!(
        found(&client, &query).await,
        [
            json!({ "group": { "kind": "BOOK" }, "count": 2, "countDistinct": { "price": 1 },
                "min": { "name": "Essay" } }),
            json!({ "group": { "kind": "TOOL" }, "count": 2, "countDistinct": { "price": 2 },
                "min": { "name": "Fork" } }),
        ]
    );
    // 19.90 and 19.9 are one price.
    let query = [("group", "price"), ("count", ""), ("sort", "-count,-price"), ("limit", "1")];
    assert_eq!(found(&client, &query).await, [json!({ "group": { "price": "19.9" }, "count": 2 })]);
    // Without an aggregate, the groups alone.
    let query = [("group", "kind")];
    assert_eq!(found(&client, &query).await[1], json!({ "group": { "kind": "TOOL" } }));
}

#[tokio::test]
async fn groups_reach_over_relations_and_hidden_rows_are_null() {
    let (server, client) = shop().await;
    let query = [("group", "category.name"), ("count", ""), ("sum", "category.weight")];
    assert_eq!(
        found(&client, &query).await,
        [
            json!({ "group": { "category.name": null }, "count": 2, "sum": { "category.weight": null } }),
            json!({ "group": { "category.name": "Kitchen" }, "count": 2, "sum": { "category.weight": 6 } }),
        ]
    );
    let admin = server.client().as_admin();
    let names: Vec<Json> = found(&admin, &query)
        .await
        .iter()
        .map(|row| row["group"]["category.name"].clone())
        .collect();
    assert_eq!(names, [json!(null), json!("Cellar"), json!("Kitchen")]);
    let query = [("group", "category"), ("count", ""), ("sort", "-category")];
    assert_eq!(found(&client, &query).await[0]["group"], json!({ "categoryId": ALICE }));
}

#[tokio::test]
async fn times_are_grouped_by_periods_in_utc() {
    let (_server, client) = shop().await;
    let groups = async |unit: &str| {
        let rows = found(&client, &[("group", unit), ("soldAt[null]", "false")]).await;
        rows.iter().map(|row| row["group"][unit].clone()).collect::<Vec<_>>()
    };
    let start = |day: &str| json!(format!("{day}T00:00:00.000000Z"));
    assert_eq!(groups("soldAt:year").await, [start("2025-01-01"), start("2026-01-01")]);
    assert_eq!(groups("soldAt:quarter").await, [start("2025-10-01"), start("2026-10-01")]);
    assert_eq!(groups("soldAt:month").await, [start("2025-12-01"), start("2026-11-01")]);
    assert_eq!(
        groups("soldAt:week").await,
        [start("2025-12-29"), start("2026-10-26"), start("2026-11-23")]
    );
    assert_eq!(groups("soldAt:hour").await[0], json!("2025-12-31T23:00:00.000000Z"));
    assert_eq!(groups("madeOn:quarter").await, [json!(null), json!("2026-01-01")]);
    for wrong in ["soldAt:second", "madeOn:hour", "name:day", "soldAt:"] {
        assert_eq!(
            refused(&client, &[("group", wrong)]).await["code"],
            json!("invalid"),
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn having_is_a_condition_on_the_aggregates() {
    let (_server, client) = shop().await;
    let kinds = async |having: &str| {
        let query = [
            ("group", "kind"),
            ("sum", "price,stock"),
            ("max", "category.name"),
            ("having", having),
        ];
        let rows = found(&client, &query).await;
        rows.iter().map(|row| row["group"]["kind"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(kinds("sum.price > 20.5").await, ["TOOL"]);
    assert_eq!(kinds("sum.price == 19.900 && count > 1").await, ["BOOK"]);
    assert_eq!(kinds("count == 2").await, ["BOOK", "TOOL"]);
    assert_eq!(kinds("max.category.name == null").await, ["BOOK"]);
    assert_eq!(kinds("sum.stock in [7, 9]").await, ["TOOL"]);
    for wrong in [
        "sum.price",
        "sum == null",
        "sumId == null",
        "avg.price > 1",
        "sum.price > 'a'",
        "row == null",
        "price > 1",
    ] {
        let error = refused(&client, &[("sum", "price"), ("having", wrong)]).await;
        assert_eq!(
            (error["parameter"].clone(), error["code"].clone()),
            (json!("having"), json!("invalid_filter")),
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn large_sums_are_exact() {
    let (_server, client) = shop().await;
    assert_eq!(
        found(&client, &[("sum", "views"), ("avg", "views"), ("max", "views")]).await,
        [json!({ "sum": { "views": "9223372036854775808" },
            "avg": { "views": "4611686018427387904" },
            "max": { "views": "9223372036854775807" } })]
    );
    let most = "9999999999999999999999999999";
    for _ in 0..2 {
        client.post("/api/v1/products", json!({ "name": "Gold", "price": most })).await.expect(201);
    }
    let gold = found(&client, &[("name", "Gold"), ("sum", "price"), ("max", "price")]).await;
    assert_eq!(gold, [json!({ "sum": { "price": null }, "max": { "price": most } })]);
}

#[tokio::test]
async fn groups_are_paged_and_each_is_seen_once() {
    let (_server, client) = shop().await;
    for sort in [
        "name",
        "-name",
        "-count,name",
        "count,-name",
        "sum.price",
        "-sum.price",
        "-avg.rating,name",
    ] {
        let base =
            [("group", "name"), ("count", ""), ("sum", "price"), ("avg", "rating"), ("sort", sort)];
        let all = found(&client, &base).await;
        assert_eq!(all.len(), 4);
        let (mut seen, mut after): (Vec<Json>, Option<String>) = (Vec::new(), None);
        loop {
            let mut query = base.to_vec();
            query.push(("limit", "1"));
            if let Some(after) = &after {
                query.push(("after", after));
            }
            let page = client.find("/api/v1/products/aggregate", &query).await.expect(200);
            seen.extend(page.items());
            match page.json()["next"].as_str() {
                Some(next) => after = Some(next.to_owned()),
                None => break,
            }
        }
        assert_eq!(seen, all, "{sort}");
        let mut skipped = base.to_vec();
        skipped.push(("offset", "2"));
        assert_eq!(found(&client, &skipped).await, all[2..], "{sort}");
    }
    let page = [("group", "name"), ("limit", "1")];
    let next = client.find("/api/v1/products/aggregate", &page).await.expect(200).text("next");
    for (path, query) in [
        ("/api/v1/products", vec![("sort", "name"), ("after", next.as_str())]),
        ("/api/v1/products/aggregate", vec![("group", "kind"), ("after", &next)]),
        (
            "/api/v1/products/aggregate",
            vec![("group", "name"), ("sort", "-name"), ("after", &next)],
        ),
    ] {
        let error = client.find(path, &query).await.expect(400).json()["errors"][0].clone();
        assert_eq!(error["code"], json!("invalid_cursor"), "{query:?}");
    }
    assert_eq!(
        refused(&client, &[("count", ""), ("after", &next)]).await["code"],
        json!("conflict")
    );
}

#[tokio::test]
async fn hidden_fields_are_as_unknown_and_half_hidden_ones_null() {
    let (_server, client) = shop().await;
    for parameter in ["group", "sum", "avg", "min", "max", "countDistinct"] {
        let unknown = refused(&client, &[(parameter, "zzzzzz")]).await;
        for hidden in ["outlay", "secret"] {
            let error = refused(&client, &[(parameter, hidden)]).await;
            let expected = unknown.to_string().replace("zzzzzz", hidden);
            assert_eq!(error.to_string(), expected);
        }
    }
    let query = [("sum", "margin"), ("countDistinct", "margin"), ("count", "")];
    assert_eq!(
        found(&client, &query).await,
        [json!({ "count": 4, "countDistinct": { "margin": 1 }, "sum": { "margin": "1" } })]
    );
    let query = [("group", "margin"), ("count", "")];
    assert_eq!(found(&client, &query).await[0], json!({ "group": { "margin": null }, "count": 3 }));
    // A relation that is hidden leads nowhere, though its row could be seen.
    let query = [("group", "rival.name"), ("count", "")];
    assert_eq!(
        found(&client, &query).await,
        [
            json!({ "group": { "rival.name": null }, "count": 3 }),
            json!({ "group": { "rival.name": "Kitchen" }, "count": 1 }),
        ]
    );
}

#[tokio::test]
async fn wrong_aggregates_are_refused_with_their_reason() {
    let (_server, client) = shop().await;
    for (parameter, value, code) in [
        ("sum", "name", "not_comparable"),
        ("avg", "kind", "not_comparable"),
        ("min", "id", "not_comparable"),
        ("max", "listed", "not_comparable"),
        ("group", "tags", "not_sortable"),
        ("sum", "category.name.x", "not_a_relation"),
        ("count", "exact", "invalid"),
        ("expand", "category", "unknown_parameter"),
        ("sort", "price", "unknown_field"),
        ("limit", "0", "out_of_range"),
        ("name[like]", "x", "unknown_operator"),
        ("filter", "price >", "invalid_filter"),
    ] {
        let query = [(parameter, value), ("group", "kind")];
        assert_eq!(refused(&client, &query).await["code"], json!(code), "{parameter}={value}");
    }
    assert_eq!(refused(&client, &[]).await["code"], json!("invalid"));
    // A field named as a parameter is grouped and filtered all the same.
    let query = [("group", "count"), ("count[eq]", "7"), ("sort", "group.count")];
    assert_eq!(found(&client, &query).await, [json!({ "group": { "count": 7 } })]);
}

#[tokio::test]
async fn aggregates_answer_as_lists_do() {
    let (server, client) = shop().await;
    let path = "/api/v1/products/aggregate?count";
    let tag = client.get(path).await.expect(200).etag();
    client.with("if-none-match", &tag).get(path).await.expect(304);
    client.post("/api/v1/products", json!({ "name": "New" })).await.expect(201);
    client.with("if-none-match", &tag).get(path).await.expect(200);
    let options = client.send(http::Method::OPTIONS, path, None).await.expect(204);
    assert_eq!(options.header("allow"), Some("GET, HEAD, OPTIONS"));
    client.post(path, json!({})).await.expect(405);
    client.delete(path).await.expect(405);
    let batch = json!({ "operations": [{ "method": "GET", "path": "/products/aggregate?count" }] });
    let results = server.client().post("/api/v1/batch", batch).await.expect(200).json();
    assert_eq!(results["results"][0]["body"]["items"], json!([{ "count": 5 }]));
}

#[tokio::test]
async fn a_row_whose_key_is_the_reserved_word_is_reached_by_an_escape() {
    let (_server, client) = shop().await;
    let created =
        client.post("/api/v1/tags", json!({ "name": "aggregate", "uses": 2 })).await.expect(201);
    let path = created.header("location").expect("a location").to_owned();
    assert_eq!(path, "/api/v1/tags/%61ggregate");
    assert_eq!(client.get(&path).await.expect(200).json()["uses"], json!(2));
    client.patch(&path, json!({ "uses": 3 })).await.expect(200);
    let all = client.get("/api/v1/tags/aggregate?sum=uses").await.expect(200).items();
    assert_eq!(all, [json!({ "sum": { "uses": 3 } })]);
}
