//! Batches: several operations in one transaction.

use serde_json::{Value as Json, json};
use testkit::{Answer, Client, Server};

use crate::fixtures::{ALICE, BOB, blog, post, start};

const SHOP: &str = r#"
type Product @entity @allow(read: "true", write: "true") {
  sku: String! @unique
  price: Decimal! @range(min: 0)
  tags: [String!]! @default(value: [])
  meta: JSON
}
type Order @entity @allow(read: "true", write: "true") {
  customer: String!
  lines: [Line!]! @inverse(of: "order")
}
type Line @entity @key(on: ["order", "product"]) @allow(read: "true", write: "true") {
  order: Order! @onDelete(do: CASCADE)
  product: Product!
  quantity: Int! @range(min: 1)
  note: String
}
type Remark @entity @allow(read: "true", write: "true") { line: Line!  text: String! }
type Slip @entity @allow(create: "true", read: "user.role == 'admin'") { secret: String! }
"#;

async fn batch(client: &Client, operations: Json) -> Answer {
    client.post("/api/v1/batch", json!({ "operations": operations })).await
}

/// Everything there is, as JSON.
async fn everything(server: &Server) -> Vec<Json> {
    let admin = server.client().as_admin();
    let mut all = Vec::new();
    for route in ["products", "orders", "lines", "remarks", "slips"] {
        all.push(admin.get(&format!("/api/v1/{route}")).await.expect(200).json());
    }
    all
}

#[tokio::test]
async fn later_operations_use_what_earlier_ones_answered() {
    let server = start(SHOP);
    let client = server.client();
    let answer = batch(
        &client,
        json!([
            { "method": "POST", "path": "/products", "id": "knife",
              "body": { "sku": "k-1", "price": "19.90" } },
            { "method": "POST", "path": "/orders", "id": "order", "body": { "customer": "Ann" } },
            { "method": "POST", "path": "/lines", "id": "line",
              "body": { "orderId": { "$ref": "order.id" }, "product": { "$ref": "knife" },
                        "quantity": 2, "note": { "$ref": "knife.sku" } } },
            { "method": "POST", "path": "/remarks",
              "body": { "line": { "$ref": "line" }, "text": "sharp" } },
            { "method": "PATCH", "path": "/lines/${order.id},${knife.id}",
              "body": { "quantity": { "$ref": "line.quantity" }, "note": null } },
            { "method": "PATCH", "path": "/lines/${line}", "body": { "quantity": 3 } },
            { "method": "GET", "path": "/orders/${order.id}?expand=lines.product", "id": "seen" },
            { "method": "GET", "path": "/lines?quantity[gte]=1&count=exact", "id": "list" },
            { "method": "PATCH", "path": "/products/${seen.lines.0.product.id}",
              "body": { "tags": ["sold", { "$ref": "seen.customer" }, { "$ref": "list.items.0.orderId" }] } },
            { "method": "POST", "path": "/orders", "id": "second", "body": { "customer": "Bo" } },
            { "method": "DELETE", "path": "/orders/${second}" }
        ]),
    )
    .await
    .expect(200)
    .json();
    let results = answer["results"].as_array().expect("results");
    let statuses: Vec<i64> = results.iter().filter_map(|r| r["status"].as_i64()).collect();
    assert_eq!(statuses, [201, 201, 201, 201, 200, 200, 200, 200, 200, 201, 204]);
    let order = results[1]["body"]["id"].as_str().expect("an id");
    assert_eq!(results[1]["headers"]["Location"], json!(format!("/api/v1/orders/{order}")));
    assert_eq!(results[1]["id"], json!("order"));
    assert_eq!(results[2]["body"]["note"], json!("k-1"));
    assert_eq!(results[6]["body"]["lines"][0]["quantity"], json!(3), "reads see the writes");
    assert_eq!(results[6]["body"]["lines"][0]["product"]["price"], json!("19.90"));
    assert_eq!(results[7]["body"]["total"], json!(1));
    assert_eq!(results[7]["body"]["next"], Json::Null);
    assert_eq!(results[8]["body"]["tags"], json!(["sold", "Ann", order]));
    assert_eq!(results[10], json!({ "status": 204 }));
    // The same as what is there afterwards, and the same tag.
    let product = client.get("/api/v1/products?sku=k-1").await.json()["items"][0].clone();
    assert_eq!(product, results[8]["body"]);
    let path = format!("/api/v1/products/{}", product["id"].as_str().expect("an id"));
    assert_eq!(json!(client.get(&path).await.etag()), results[8]["headers"]["ETag"]);
    assert_eq!(client.get("/api/v1/orders").await.items().len(), 1);
}

#[tokio::test]
async fn a_batch_that_fails_at_any_step_leaves_nothing() {
    let server = start(SHOP);
    let client = server.client();
    let product = json!({ "sku": "old", "price": "1" });
    let old = client.post("/api/v1/products", product.clone()).await.expect(201).id();
    let order = client.post("/api/v1/orders", json!({ "customer": "Ann" })).await.expect(201).id();
    let gone = client.post("/api/v1/orders", json!({ "customer": "Cy" })).await.expect(201).id();
    let line = json!({ "order": order, "product": old, "quantity": 1 });
    client.post("/api/v1/lines", line).await.expect(201);
    let before = everything(&server).await;
    let good = [
        json!({ "method": "POST", "path": "/products", "id": "a", "body": { "sku": "a", "price": "2" } }),
        json!({ "method": "PATCH", "path": format!("/products/{old}"), "body": { "price": "3" } }),
        json!({ "method": "DELETE", "path": format!("/orders/{gone}") }),
        json!({ "method": "POST", "path": "/lines", "id": "l",
                "body": { "order": order, "product": { "$ref": "a.id" }, "quantity": 1 } }),
        json!({ "method": "GET", "path": "/lines?count=exact" }),
        json!({ "method": "DELETE", "path": format!("/orders/{order}") }),
        json!({ "method": "POST", "path": "/slips", "body": { "secret": "s" } }),
    ];
    let bad = [
        (409, json!({ "method": "POST", "path": "/products", "body": product })),
        (
            422,
            json!({ "method": "POST", "path": "/products", "body": { "sku": "x", "price": "-1" } }),
        ),
        (404, json!({ "method": "DELETE", "path": format!("/products/{BOB}") })),
        (404, json!({ "method": "GET", "path": format!("/products/{BOB}") })),
        (401, json!({ "method": "GET", "path": "/slips" })),
        (
            412,
            json!({ "method": "PATCH", "path": format!("/products/{old}"), "body": { "price": "9" },
                      "ifMatch": "\"0123456789abcdef\"" }),
        ),
        (404, json!({ "method": "POST", "path": "/nothing", "body": {} })),
        (
            422,
            json!({ "method": "PUT", "path": format!("/products/{BOB}"), "body": { "sku": "y" } }),
        ),
        (
            412,
            json!({ "method": "PUT", "path": "/products?sku=nowhere", "body": { "sku": "nowhere", "price": 1 },
                      "ifMatch": "*" }),
        ),
    ];
    let mut tried = 0;
    for at in 0..=good.len() {
        for (status, bad) in &bad {
            let mut operations = good.to_vec();
            operations.insert(at, bad.clone());
            let answer = batch(&client, Json::Array(operations)).await.expect(*status).json();
            assert_eq!(answer["operation"]["index"], json!(at), "{answer}");
            assert_eq!(everything(&server).await, before, "at {at}: {bad}");
            tried += 1;
        }
        // One that only the transaction can tell: it refers to what is not in the result.
        if at > 0 {
            let mut operations = good.to_vec();
            let late = json!({ "method": "POST", "path": "/orders", "body": { "customer": { "$ref": "a.x" } } });
            operations.insert(at, late);
            let answer = batch(&client, Json::Array(operations)).await.expect(422).json();
            let pointer = format!("/operations/{at}/body/customer");
            assert_eq!(answer["errors"][0]["pointer"], json!(pointer));
            assert_eq!(everything(&server).await, before, "late at {at}");
        }
    }
    assert_eq!(tried, 72);
    batch(&client, json!(good)).await.expect(200);
    assert_ne!(everything(&server).await, before);
}

#[tokio::test]
async fn mistakes_are_pointed_at_from_the_body_of_the_batch() {
    let server = start(SHOP);
    let client = server.client();
    let check = async |operations: Json, expected: &str| {
        let answer = batch(&client, operations).await;
        let json = answer.json();
        let errors: Vec<String> = json["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|error| {
                let text = |name: &str| error[name].as_str().unwrap_or("-");
                format!("{} {}", text("pointer"), text("code"))
            })
            .collect();
        let found = format!(
            "{} {} {} [{}]",
            answer.status.as_u16(),
            json["code"].as_str().unwrap_or("-"),
            json["operation"],
            errors.join(", ")
        );
        assert_eq!(found, expected);
    };
    let apart = json!([{ "method": "DELETE", "path": "/orders?customer=Ann" }]);
    let detail = batch(&client, apart).await.expect(405).text("detail");
    assert!(detail.ends_with("is not an operation of a batch; send it by itself"), "{detail}");
    let good =
        json!({ "method": "POST", "path": "/orders", "id": "o", "body": { "customer": "Ann" } });
    check(
        json!([good, { "method": "POST", "path": "/products", "id": "p", "body": { "sku": 1, "prize": 1 } },
               { "method": "POST", "path": "/lines", "body": { "quantity": 0 } }]),
        "422 invalid_body {\"index\":1,\"id\":\"p\"} [/operations/1/body/sku type, \
         /operations/1/body/prize unknown_field, /operations/1/body/price required, \
         /operations/2/body/quantity range, /operations/2/body/orderId required, \
         /operations/2/body/productId required]",
    )
    .await;
    check(
        json!([good, { "method": "POST", "path": "/products", "body": { "sku": "s", "price": 1, "tags": ["a", { "$ref": "x.id" }] } }]),
        "422 invalid_body {\"index\":1} [/operations/1/body/tags/1 reference]",
    )
    .await;
    check(
        json!([{ "method": "GET", "path": "/orders/${o.id}" }, good]),
        "400 invalid_parameters {\"index\":0} [/operations/0/path reference]",
    )
    .await;
    check(
        json!([good, { "method": "GET", "path": "/orders/x${o.id}" }]),
        "400 invalid_parameters {\"index\":1} [/operations/1/path reference]",
    )
    .await;
    check(
        json!([good, { "method": "GET", "path": "/orders?filter=id=='${o.id}'" }]),
        "400 invalid_parameters {\"index\":1} [/operations/1/path reference]",
    )
    .await;
    check(
        json!([good, good]),
        "400 invalid_parameters {\"index\":1,\"id\":\"o\"} [/operations/1/id repeated]",
    )
    .await;
    check(
        json!([{ "method": "GET", "path": "/orders?limit=0&colour=red" }]),
        "400 invalid_parameters {\"index\":0} [/operations/0/path out_of_range, /operations/0/path unknown_parameter]",
    )
    .await;
    check(
        json!([{ "method": "POST", "path": "/orders" }]),
        "422 invalid_body {\"index\":0} [/operations/0/body required]",
    )
    .await;
    check(
        json!([{ "method": "DELETE", "path": "/orders" }]),
        "405 method_not_allowed {\"index\":0} []",
    )
    .await;
    for path in [
        "/batch",
        "orders",
        "/",
        "",
        "//orders",
        "/orders/a/b",
        "/api/v1/orders",
        "http://x/orders",
    ] {
        let answer = batch(&client, json!([{ "method": "POST", "path": path, "body": {} }])).await;
        assert!(matches!(answer.status.as_u16(), 404 | 405), "{path}: {answer}");
    }
    check(json!([]), "422 invalid_body null [/operations length]").await;
    check(Json::Array(vec![good.clone(); 101]), "422 invalid_body null [/operations length]").await;
    client.get("/api/v1/batch").await.expect(405);
    assert_eq!(client.get("/api/v1/orders").await.items().len(), 0);
}

#[tokio::test]
async fn a_reference_is_a_value_and_never_text_to_be_read_again() {
    let server = start(
        r#"type Thing @entity @key(on: ["name"]) @allow(read: "true", write: "true") { name: String!  other: String  size: Int  meta: JSON }"#,
    );
    let client = server.client();
    let evil = "a/b,c?limit=1#%2F${x.y}";
    let answer = batch(
        &client,
        json!([
            { "method": "POST", "path": "/things", "id": "x",
              "body": { "name": evil, "other": "{\"$ref\":\"x.name\"}", "meta": { "$ref": "x.name" } } },
            { "method": "PATCH", "path": "/things/${x.name}", "id": "y", "body": { "size": 7, "other": { "$ref": "x.other" } } },
            { "method": "POST", "path": "/things", "body": { "name": "b", "size": { "$ref": "y.size" } } }
        ]),
    )
    .await
    .expect(200)
    .json();
    let row = &answer["results"][1]["body"];
    assert_eq!(row["name"], json!(evil));
    assert_eq!(row["other"], json!("{\"$ref\":\"x.name\"}"));
    assert_eq!(row["meta"], json!({ "$ref": "x.name" }), "JSON is the client's own");
    assert_eq!(answer["results"][2]["body"]["size"], json!(7));
    // Types are held as for any value.
    let wrong = json!([
        { "method": "POST", "path": "/things", "id": "x", "body": { "name": "z", "size": 1 } },
        { "method": "POST", "path": "/things", "body": { "name": { "$ref": "x.size" } } }
    ]);
    let answer = batch(&client, wrong).await.expect(422).json();
    assert_eq!(answer["errors"][0]["pointer"], json!("/operations/1/body/name"));
    assert_eq!(answer["errors"][0]["code"], json!("type"));
    let null = json!([
        { "method": "POST", "path": "/things", "id": "x", "body": { "name": "z" } },
        { "method": "GET", "path": "/things/${x.other}" }
    ]);
    batch(&client, null).await.expect(400);
}

#[tokio::test]
async fn rules_hold_inside_a_batch_and_what_is_hidden_stays_so() {
    let server = blog().await;
    let alice = server.client().as_user(ALICE);
    let draft = post(&alice, json!({ "title": "d", "status": "DRAFT" })).await;
    let draft = draft["id"].as_str().expect("an id").to_owned();
    let bob = server.client().as_user(BOB);
    let write = |path: String| json!({ "method": "PATCH", "path": path, "body": { "title": "x" } });
    let hidden = batch(&bob, json!([write(format!("/posts/{draft}"))])).await.expect(404);
    let absent = batch(&bob, json!([write(format!("/posts/{BOB}"))])).await.expect(404);
    assert_eq!(hidden.to_string(), absent.to_string());
    let comment =
        json!([{ "method": "POST", "path": "/comments", "body": { "post": draft, "text": "t" } }]);
    batch(&bob, comment.clone()).await.expect(422);
    batch(&server.client(), comment).await.expect(401);
    // Neither a private field nor one that a rule hides can be referred to.
    for member in ["secret", "email"] {
        let operations = json!([
            { "method": "GET", "path": format!("/users/{ALICE}"), "id": "u" },
            { "method": "POST", "path": "/posts", "body": { "title": { "$ref": format!("u.{member}") } } }
        ]);
        batch(&bob, operations).await.expect(422);
    }
    let own = json!([
        { "method": "GET", "path": format!("/users/{BOB}"), "id": "u" },
        { "method": "POST", "path": "/posts", "id": "p", "body": { "title": { "$ref": "u.email" } } },
        { "method": "POST", "path": "/comments", "body": { "post": { "$ref": "p" }, "text": "mine" } }
    ]);
    let answer = batch(&bob, own).await.expect(200).json();
    assert_eq!(answer["results"][1]["body"]["title"], json!("bob@example.com"));
    assert_eq!(answer["results"][1]["body"]["authorId"], json!(BOB));
}

#[tokio::test]
async fn a_row_its_creator_may_not_read_is_referred_to_by_its_key_alone() {
    let server = start(SHOP);
    let client = server.client();
    let slip = json!({ "method": "POST", "path": "/slips", "id": "s", "body": { "secret": "x" } });
    let order = |member: &str| json!({ "method": "POST", "path": "/orders", "body": { "customer": { "$ref": member } } });
    let answer = batch(&client, json!([slip, order("s.id"), order("s")])).await.expect(200).json();
    let id = &answer["results"][0]["body"]["id"];
    assert_eq!(answer["results"][0]["body"], json!({ "id": id }));
    assert_eq!(&answer["results"][1]["body"]["customer"], id);
    assert_eq!(&answer["results"][2]["body"]["customer"], id);
    batch(&client, json!([slip, order("s.secret")])).await.expect(422);
}

#[tokio::test]
async fn preconditions_and_preferences_are_those_of_single_writes() {
    let server = start(SHOP);
    let client = server.client();
    let row = client.post("/api/v1/orders", json!({ "customer": "Ann" })).await.expect(201);
    let path = format!("/orders/{}", row.id());
    let change = |tag: &str, to: &str| json!({ "method": "PATCH", "path": path, "ifMatch": tag, "body": { "customer": to } });
    // The second is stale because of the first.
    let twice = json!([change(&row.etag(), "Bo"), change(&row.etag(), "Cy")]);
    let answer = batch(&client, twice).await.expect(412).json();
    assert_eq!((&answer["code"], &answer["operation"]["index"]), (&json!("stale"), &json!(1)));
    let answer = batch(&client, json!([change("nonsense", "Bo")])).await.expect(400).json();
    assert_eq!(answer["code"], json!("invalid_header"));
    let minimal = client.with("prefer", "return=minimal");
    let answer = batch(&minimal, json!([change(&row.etag(), "Bo")])).await.expect(200).json();
    assert_eq!(answer["results"][0]["status"], json!(204));
    let tag = answer["results"][0]["headers"]["ETag"].as_str().expect("a tag").to_owned();
    let merge = json!([
        { "method": "DELETE", "path": path, "ifMatch": tag },
        { "method": "POST", "path": "/products", "id": "p", "body": { "sku": "s", "price": 1, "meta": { "a": 1 } } },
        { "method": "PATCH", "path": "/products/${p}", "contentType": "application/merge-patch+json",
          "body": { "meta": { "b": 2 } } }
    ]);
    let answer = batch(&client, merge).await.expect(200).json();
    assert_eq!(answer["results"][2]["body"]["meta"], json!({ "a": 1, "b": 2 }));
}

#[tokio::test]
async fn rows_are_put_by_key_and_by_unique_key() {
    let server = start(SHOP);
    let client = server.client();
    let put = |path: &str, body: Json| json!({ "method": "PUT", "path": path, "body": body });
    let operations = json!([
        { "method": "PUT", "path": "/products?sku=k-1", "id": "p", "body": { "sku": "k-1", "price": "2" } },
        put("/products?sku=k-1", json!({ "sku": "k-1", "price": "3" })),
        { "method": "POST", "path": "/orders", "id": "o", "body": { "customer": { "$ref": "p.sku" } } },
        { "method": "PUT", "path": "/lines/${o},${p.id}", "id": "l", "body": { "quantity": 1 } },
        put("/lines/${l}", json!({ "quantity": 2, "note": { "$ref": "o.customer" } })),
    ]);
    let answer = batch(&client, operations).await.expect(200).json();
    let statuses: Vec<&Json> = (0..5).map(|at| &answer["results"][at]["status"]).collect();
    assert_eq!(statuses, [&json!(201), &json!(200), &json!(201), &json!(201), &json!(200)]);
    assert_eq!(answer["results"][0]["body"]["id"], answer["results"][1]["body"]["id"]);
    assert_eq!(answer["results"][1]["body"]["price"], json!("3"));
    assert_eq!(answer["results"][4]["body"]["note"], json!("k-1"));
    let mut again = put("/products?sku=k-1", json!({ "sku": "k-1", "price": "4" }));
    again["ifNoneMatch"] = json!("*");
    let refused = batch(&client, json!([again])).await.expect(412).json();
    assert_eq!(refused["operation"]["index"], json!(0));
}

#[tokio::test]
async fn a_batch_of_reads_is_one_snapshot_and_may_be_long() {
    let server = start(SHOP);
    let client = server.client();
    let writer = async {
        for number in 0..40 {
            let order = json!({ "method": "POST", "path": "/orders", "body": { "customer": number.to_string() } });
            let product = json!({ "method": "POST", "path": "/products", "body": { "sku": number.to_string(), "price": 1 } });
            batch(&client, json!([order, product])).await.expect(200);
        }
    };
    let reader = async {
        for _ in 0..40 {
            let count = |path: &str| json!({ "method": "GET", "path": format!("{path}?count=exact&limit=1") });
            let answer =
                batch(&client, json!([count("/orders"), count("/products")])).await.expect(200);
            let totals = answer.json();
            let total = |at: usize| totals["results"][at]["body"]["total"].clone();
            assert_eq!(total(0), total(1));
        }
    };
    tokio::join!(writer, reader);
}

#[tokio::test]
async fn references_cannot_blow_up_a_batch() {
    let server = start(SHOP);
    let client = server.client();
    let large = "x".repeat(300_000);
    let many = vec![json!({ "$ref": "a.customer" }); 1000];
    let operations = json!([
        { "method": "POST", "path": "/orders", "id": "a", "body": { "customer": large } },
        { "method": "POST", "path": "/products", "body": { "sku": "s", "price": 1, "tags": many } }
    ]);
    let answer = batch(&client, operations).await.expect(422);
    assert_eq!(answer.json()["errors"][0]["code"], json!("reference"));
    assert!(answer.to_string().contains("[limits] body_bytes_max"), "{answer}");
    assert_eq!(client.get("/api/v1/orders").await.items().len(), 0);
}
