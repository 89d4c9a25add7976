//! Short filters along paths, on lists and on documents: `lines.product.name[icontains]=tea`.

use serde_json::{Value as Json, json};
use testkit::{Client, Server};

use crate::fixtures::start;

const SHOP: &str = r#"
enum Size { SMALL LARGE }
type Packing { size: Size! @default(value: "SMALL")  weight: Int  seals: [String!]! @default(value: []) }
type Maker @entity @allow(read: "row.secret == false || user.role == 'admin'", write: "true") {
  name: String!
  secret: Boolean! @default(value: false)
  phone: String @allow(read: "user.role == 'admin'")
  within: Maker
  products: [Product!]! @inverse(of: "maker")
}
type Product @entity @allow(read: "true", write: "true") {
  name: String! @unique
  maker: Maker
  price: Decimal
  words: [String!]! @default(value: [])
  facts: JSON
  packing: Packing
  parts: [Packing!]! @default(value: [])
  labels: [Label!]! @join
  lines: [Line!]! @inverse(of: "product")
}
type Label @entity @key(on: ["code"]) @allow(read: "row.code != 'hidden' || user.role == 'admin'", write: "true") {
  code: String!
}
type Line @entity @allow(read: "true", write: "true") {
  product: Product!
  amount: Int!
  note: String
}
"#;

async fn made(client: &Client, path: &str, body: Json) -> Json {
    client.post(&format!("/api/v1/{path}"), body).await.expect(201).json()
}

/// A green and a black tea, a pot and a thing without anything.
async fn shop() -> Server {
    let server = start(SHOP);
    let admin = server.client().as_admin();
    for code in ["new", "sale", "hidden"] {
        made(&admin, "labels", json!({ "code": code })).await;
    }
    let garden = made(&admin, "makers", json!({ "name": "Garden", "phone": "1" })).await;
    let secret = json!({ "name": "Secret", "secret": true, "within": garden["id"] });
    let secret = made(&admin, "makers", secret).await;
    for product in [
        json!({ "name": "Green Tea", "maker": garden["id"], "price": "5", "words": ["leaf", "5"],
            "facts": { "color": "green", "grams": 50, "bio": true, "from": { "land": "JP" } },
            "packing": { "size": "LARGE", "weight": 60, "seals": ["wax"] }, "labels": ["new", "sale"] }),
        json!({ "name": "black tea", "maker": secret["id"], "price": "7.50", "words": ["leaf"],
            "facts": { "color": "black", "grams": "50" }, "packing": { "weight": 20 },
            "parts": [{ "weight": 1 }, { "size": "LARGE", "weight": 2 }], "labels": ["new", "hidden"] }),
        json!({ "name": "Pot", "maker": garden["id"], "facts": ["a", 5], "labels": ["hidden"] }),
        json!({ "name": "Thing" }),
    ] {
        let product = made(&admin, "products", product).await;
        let lines = match product["name"].as_str() {
            Some("Green Tea") => 3,
            Some("black tea") => 2,
            Some("Pot") => 1,
            _ => 0,
        };
        for amount in 0..lines {
            let note = if amount == 0 { None } else { Some("More") };
            let line = json!({ "product": product["id"], "amount": amount, "note": note });
            made(&admin, "lines", line).await;
        }
    }
    server
}

async fn names(client: &Client, path: &str, parameter: &str, value: &str) -> Vec<String> {
    let query = [(parameter, value), ("sort", "name")];
    let rows = client.find(path, &query).await.expect(200).items();
    rows.iter().map(|row| row["name"].as_str().expect("a name").to_owned()).collect()
}

#[tokio::test]
async fn paths_lead_over_relations_documents_and_json() {
    let server = shop().await;
    let admin = server.client().as_admin();
    let (green, black, pot, thing) = ("Green Tea", "black tea", "Pot", "Thing");
    let cases: &[(&str, &str, &[&str])] = &[
        ("maker.name", "Garden", &[green, pot]),
        ("maker.name[ne]", "Garden", &[thing, black]),
        ("maker.within.name", "Garden", &[black]),
        ("maker[null]", "true", &[thing]),
        ("lines.amount", "1", &[green, black]),
        ("lines.amount[gt]", "1", &[green]),
        ("lines.note[icontains]", "OR", &[green, black]),
        ("lines.note[null]", "true", &[green, pot, black]),
        ("lines[empty]", "true", &[thing]),
        ("name[icontains]", "TEA", &[green, black]),
        ("name[contains]", "Tea", &[green]),
        ("name[ieq]", "pot", &[pot]),
        ("name[istartsWith]", "B", &[black]),
        ("name[iendsWith]", "TEA", &[green, black]),
        ("name[not.icontains]", "tea", &[pot, thing]),
        ("name[not.in]", "Pot,Thing", &[green, black]),
        ("price[not.gt]", "6", &[green, pot, thing]),
        ("price[lte]", "6", &[green]),
        ("words[has]", "leaf", &[green, black]),
        ("words[has]", "5", &[green]),
        ("words[any]", "5,9", &[green]),
        ("words[all]", "leaf,5", &[green]),
        ("words[all]", "leaf", &[green, black]),
        ("words[not.any]", "leaf", &[pot, thing]),
        ("words[empty]", "true", &[pot, thing]),
        ("words[empty]", "false", &[green, black]),
        ("labels", "new", &[green, black]),
        ("labels[has]", "sale", &[green]),
        ("labels[all]", "new,hidden", &[black]),
        ("labels[any]", "sale,hidden", &[green, pot, black]),
        ("labels[not.any]", "sale,hidden", &[thing]),
        ("labels.code[startsWith]", "s", &[green]),
        ("facts.color", "green", &[green]),
        ("facts.color[in]", "green,black", &[green, black]),
        ("facts.grams", "50", &[green, black]),
        ("facts.grams[gt]", "49.5", &[green]),
        ("facts.grams[ne]", "50", &[pot, thing]),
        ("facts.bio", "true", &[green]),
        ("facts.from.land[ieq]", "jp", &[green]),
        ("facts.color[null]", "true", &[pot, thing]),
        ("facts[has]", "5", &[pot]),
        ("facts[any]", "a,b", &[pot]),
        ("packing.size", "LARGE", &[green]),
        ("packing.weight[lt]", "50", &[black]),
        ("packing.seals[has]", "wax", &[green]),
        ("packing[null]", "true", &[pot, thing]),
        ("parts.size", "LARGE", &[black]),
        ("parts[empty]", "false", &[black]),
    ];
    for (parameter, value, expected) in cases {
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(
            names(&admin, "/api/v1/products", parameter, value).await,
            expected,
            "{parameter}={value}"
        );
    }
}

#[tokio::test]
async fn what_is_hidden_on_the_way_is_as_if_it_were_not_there() {
    let server = shop().await;
    let client = server.client();
    let products = "/api/v1/products";
    assert_eq!(names(&client, products, "maker.name", "Secret").await, [""; 0]);
    assert_eq!(names(&client, products, "maker.within.name", "Garden").await, [""; 0]);
    assert_eq!(names(&client, products, "maker.name[null]", "true").await, ["Thing", "black tea"]);
    assert_eq!(names(&client, products, "labels[has]", "hidden").await, [""; 0]);
    assert_eq!(names(&client, products, "labels[empty]", "true").await, ["Pot", "Thing"]);
    assert_eq!(names(&client, products, "labels[not.has]", "hidden").await.len(), 4);

    // A field that is always hidden is as unknown as one that is not there, whatever asks for it.
    for (hidden, missing) in [
        (("maker.phone", "1"), ("maker.phine", "1")),
        (("maker.phone[null]", "true"), ("maker.phine[null]", "true")),
        (("sort", "maker.phone"), ("sort", "maker.phine")),
    ] {
        let hidden = client.find(products, &[hidden]).await.expect(400).json();
        let missing = client.find(products, &[missing]).await.expect(400).json();
        let text = hidden["errors"].to_string().replace("phone", "phine");
        assert_eq!(text, missing["errors"].to_string());
    }
    let hidden = client.find("/api/v1/makers", &[("expand", "phone")]).await.expect(400);
    let missing = client.find("/api/v1/makers", &[("expand", "phine")]).await.expect(400);
    let text = hidden.json()["errors"].to_string().replace("phone", "phine");
    assert_eq!(text, missing.json()["errors"].to_string());
}

#[tokio::test]
async fn aggregates_many_rows_and_embedded_lists_take_short_filters_too() {
    let server = shop().await;
    let client = server.client();
    let count = [("count", ""), ("maker.name", "Garden"), ("words[not.has]", "leaf")];
    let groups = client.find("/api/v1/products/aggregate", &count).await.expect(200).items();
    assert_eq!(groups[0]["count"], json!(1));

    let path = "/api/v1/products?name=Green%20Tea&fields=name&expand=\
                labels(code[in]:new,other,sort:code,count:exact),lines(amount[gte]:1,note:More)";
    let row = &client.get(path).await.expect(200).items()[0];
    assert_eq!(row["labels"], json!([{ "code": "new" }]));
    assert_eq!(row["labelsCount"], json!(1));
    assert_eq!(row["lines"].as_array().map(Vec::len), Some(2));

    let path = "/api/v1/lines?product.labels[has]=sale&product.name[not.icontains]=pot";
    let written = client.patch(path, json!({ "note": "sale" })).await.expect(200);
    assert_eq!(written.json()["updated"], json!(3), "{}", written.json());
    let noted = client.get("/api/v1/lines?note=sale&product.name=Green%20Tea").await.expect(200);
    assert_eq!(noted.items().len(), 3);
}

#[tokio::test]
async fn wrong_short_filters_are_refused_by_name() {
    let server = shop().await;
    let client = server.client();
    let many = vec!["a"; 201].join(",");
    let deep = format!("facts{}", ".a".repeat(17));
    for (parameter, value, code) in [
        ("maker.nme", "x", "unknown_field"),
        ("mker.name", "x", "unknown_parameter"),
        ("packing.sise", "x", "unknown_field"),
        ("packing.size", "HUGE", "invalid_value"),
        ("packing", "x", "not_comparable"),
        ("price.x", "5", "not_a_relation"),
        ("price[has]", "5", "not_comparable"),
        ("price[icontains]", "5", "not_comparable"),
        ("price", "x", "invalid_value"),
        ("words", "x", "not_comparable"),
        ("words[null]", "x", "invalid"),
        ("words[empty]", "x", "invalid"),
        ("words[any]", &many, "too_many"),
        ("words[all]", &many[..50], "too_many"),
        ("labels[null]", "true", "not_comparable"),
        ("labels[lt]", "a", "not_comparable"),
        ("packing.size[lt]", "LARGE", "not_comparable"),
        ("maker.within.within.within.within.within.name", "x", "too_deep"),
        (&deep, "x", "too_deep"),
        ("name[not.not.eq]", "x", "unknown_operator"),
        ("name[like]", "x", "unknown_operator"),
        ("name.", "x", "not_a_relation"),
        (".name", "x", "unknown_parameter"),
        ("maker..name", "x", "unknown_field"),
        ("expand", "lines(amont[gt]:1)", "unknown_field"),
        ("expand", "lines(amount[gt]:x)", "invalid_value"),
        ("expand", "lines(amount[gz]:1)", "unknown_operator"),
        ("expand", "lines(amont:1)", "syntax"),
        ("words[has]", "a\0", "invalid_value"),
        ("facts.a", "\0", "invalid_value"),
    ] {
        let answer = client.find("/api/v1/products", &[(parameter, value)]).await.expect(400);
        let errors = &answer.json()["errors"];
        assert_eq!(errors[0]["code"], json!(code), "{parameter}: {errors}");
    }
    let five = ("words[all]", "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t");
    client.find("/api/v1/products", &[five, five]).await.expect(200);
    let answer = client.find("/api/v1/products", &[five, five, five]).await.expect(400);
    assert_eq!(answer.json()["errors"][0]["code"], json!("too_many"));
    let embedded = format!("lines({})", vec!["amount:1"; 51].join(","));
    let answer = client.find("/api/v1/products", &[("expand", &embedded)]).await.expect(400);
    assert_eq!(answer.json()["errors"][0]["code"], json!("too_many"));
}

/// Each row's read rule follows five more relations.
const CHAIN: &str = r#"
type Link @entity @allow(
  read: "row.a.a.a == null || row.b.b.b == null || row.a.b.a.name != 'x'", write: "true"
) {
  name: String!
  a: Link
  b: Link
}
"#;

#[tokio::test]
async fn relations_are_followed_up_to_a_bound_with_those_of_the_rules() {
    let server = start(CHAIN);
    let client = server.client();
    let first = made(&client, "links", json!({ "name": "first" })).await;
    made(&client, "links", json!({ "name": "second", "a": first["id"], "b": first["id"] })).await;
    let few =
        [("filter", "a.name == 'first' && b.name == 'first'"), ("sort", "a.b.name,-b.a.name")];
    assert_eq!(client.find("/api/v1/links", &few).await.expect(200).items().len(), 1);
    let sort = "a.a.a.a.a.name,b.a.a.a.a.name,a.b.a.a.a.name,b.b.b.b.b.name";
    let wide = "a.a.a.b.b.name == 'x' || b.b.b.a.a.name == 'x' || a.b.a.b.a.name == 'x'";
    for query in [
        vec![("sort", sort)],
        vec![("filter", wide), ("sort", "b.a.b.a.b.name")],
        vec![("a.a.a.a.a.name", "x"), ("b.b.b.b.b.name", "x"), ("a.b.a.b.a.name", "x")],
        vec![("expand", "a.a.a,b.b.b,a.b.a,b.a.b"), ("sort", "a.a.a.a.a.name,b.b.b.b.b.name")],
    ] {
        let answer = client.find("/api/v1/links", &query).await.expect(400).json();
        assert_eq!(answer["errors"][0]["code"], json!("too_many"), "{query:?}");
        assert!(answer["errors"][0]["detail"].as_str().expect("text").contains("48 relations"));
    }
    let group = [("group", "a.a.a.a.a.name,b.b.b.b.b.name,a.b.a.b.a.name"), ("count", "")];
    client.find("/api/v1/links/aggregate", &group).await.expect(400);
    let path = "/api/v1/links?a.a.a.a.a.name=x&b.b.b.b.b.name=x&a.b.a.b.a.name=x";
    client.delete(path).await.expect(400);
}

#[tokio::test]
async fn a_long_chain_of_conditions_is_answered_or_refused_by_name() {
    let server = shop().await;
    let client = server.client();
    for (word, count) in [("||", 1_000), ("||", 2_000), ("&&", 1_000), ("&&", 2_000)] {
        let filter = vec!["1<2"; count.min(8192 / 5)].join(word);
        let answer = client.find("/api/v1/products", &[("filter", &filter)]).await;
        assert!(
            [200, 400, 414].contains(&answer.status.as_u16()),
            "{word} {count}: {}",
            answer.status
        );
        let filter = vec!["price>1"; count.min(8192 / 9)].join(word);
        let answer = client.find("/api/v1/products", &[("filter", &filter)]).await;
        assert!(
            [200, 400, 414].contains(&answer.status.as_u16()),
            "{word} {count}: {}",
            answer.status
        );
    }
}
