//! Nested types: JSON documents of a declared shape.

use serde_json::{Value as Json, json};
use testkit::Server;

use crate::fixtures::start;

const CUSTOMERS: &str = r#"
enum Kind { HOME WORK }
"Where someone can be reached."
type Address {
  street: String! @length(min: 1, max: 60)
  city: String!
  kind: Kind! @default(value: "HOME")
  zip: String @pattern(regex: "^[0-9]{4}$")
  since: DateTime
  fee: Decimal @range(min: 0)
  tags: [String!]! @default(value: [])
  position: Position
}
type Position { lat: Float! @range(min: -90, max: 90)  lon: Float!  notes: JSON }
type Settings { theme: String! @default(value: "light")  size: Int @default(value: 12) }
type Customer @entity @allow(read: "row.main.city != 'Hidden'", write: "true") {
  name: String!
  main: Address
  others: [Address!]! @default(value: []) @length(max: 3)
  settings: Settings! @default(value: {})
}
"#;

async fn create(server: &Server, name: &str, main: Json) -> Json {
    let body = json!({ "name": name, "main": main });
    server.client().post("/api/v1/customers", body).await.expect(201).json()
}

#[tokio::test]
async fn documents_are_kept_in_one_form_with_their_defaults() {
    let server = start(CUSTOMERS);
    let main = json!({
        "city": "Bern", "street": "Marktgasse 1", "since": "2026-01-01T01:00:00+01:00", "fee": 1.5,
        "position": { "lon": 7.4, "lat": 47, "notes": { "free": [1, null] } },
    });
    let row = create(&server, "Ann", main).await;
    let expected = json!({
        "street": "Marktgasse 1", "city": "Bern", "kind": "HOME",
        "since": "2026-01-01T00:00:00.000000Z", "fee": "1.5", "tags": [],
        "position": { "lat": 47.0, "lon": 7.4, "notes": { "free": [1, null] } },
    });
    assert_eq!(row["main"], expected);
    assert_eq!(row["settings"], json!({ "theme": "light", "size": 12 }));
    assert_eq!(row["others"], json!([]));
    let path = format!("/api/v1/customers/{}", row["id"].as_str().expect("an id"));
    assert_eq!(server.client().get(&path).await.expect(200).json(), row);
}

#[tokio::test]
async fn every_mistake_in_a_document_is_named_by_its_place() {
    let server = start(CUSTOMERS);
    let address = |street: &str| json!({ "street": street, "city": "Bern" });
    let body = json!({
        "name": "Ann",
        "main": {
            "street": "", "citty": "Bern", "kind": "AWAY", "zip": "12", "fee": "-1", "since": 5,
            "tags": ["a", 1], "position": { "lat": 91, "lon": null },
        },
        "others": [address("a"), "b", { "street": "c" }],
        "settings": null,
    });
    let problem = server.client().post("/api/v1/customers", body).await.expect(422).json();
    let errors = problem["errors"].as_array().expect("errors");
    let mut found: Vec<String> = errors
        .iter()
        .map(|error| {
            let part = |name: &str| error[name].as_str().expect("text").to_owned();
            format!("{} {}", part("pointer"), part("code"))
        })
        .collect();
    found.sort();
    assert_eq!(
        found,
        [
            "/main/citty unknown_field",
            "/main/city required",
            "/main/fee range",
            "/main/kind type",
            "/main/position/lat range",
            "/main/position/lon null",
            "/main/since type",
            "/main/street length",
            "/main/tags/1 type",
            "/main/zip pattern",
            "/others/1 type",
            "/others/2/city required",
            "/settings null",
        ]
    );
    let body = json!({ "name": "Ann", "others": vec![address("a"); 4] });
    let problem = server.client().post("/api/v1/customers", body).await.expect(422).json();
    assert_eq!(problem["errors"][0]["pointer"], json!("/others"));
    assert_eq!(problem["errors"][0]["code"], json!("length"));
}

#[tokio::test]
async fn filters_and_rules_see_into_documents_with_their_types() {
    let server = start(CUSTOMERS);
    let client = server.client();
    for (name, city, fee) in [("Ann", "Bern", "9.5"), ("Bob", "Genf", "10"), ("Cy", "Hidden", "1")]
    {
        let main = json!({ "street": "s", "city": city, "fee": fee, "tags": [name],
            "since": format!("202{}-01-01T00:00:00Z", fee.len()) });
        create(&server, name, main).await;
    }
    let other = json!({ "street": "s", "city": "Chur", "position": { "lat": 1, "lon": 2 } });
    let body = json!({ "name": "Dan", "others": [other] });
    client.post("/api/v1/customers", body).await.expect(201);
    let cases: &[(&str, &[&str])] = &[
        ("main.city == 'Bern'", &["Ann"]),
        ("main.fee < 10", &["Ann"]),
        ("main.fee >= 9.5", &["Ann", "Bob"]),
        ("main.kind == 'HOME'", &["Ann", "Bob"]),
        ("main.since < timestamp('2022-06-01T00:00:00Z')", &["Bob"]),
        ("'Bob' in main.tags", &["Bob"]),
        ("main == null", &["Dan"]),
        ("has(main.fee)", &["Ann", "Bob"]),
        ("main.position.lat == null", &["Ann", "Bob", "Dan"]),
        ("others.exists(o, o.city == 'Chur' && o.position.lon > 1)", &["Dan"]),
        ("size(others) == 1 && others[0].city.startsWith('Ch')", &["Dan"]),
        ("settings.size == 12", &["Ann", "Bob", "Dan"]),
    ];
    for (filter, expected) in cases {
        let query = [("filter", *filter), ("sort", "name")];
        let rows = client.find("/api/v1/customers", &query).await.expect(200).items();
        let names: Vec<Json> = rows.iter().map(|row| row["name"].clone()).collect();
        assert_eq!(names, *expected, "{filter}");
    }
    for (filter, detail) in [
        ("main.citty == 'x'", "Address has no member `citty`; did you mean `city`?"),
        ("main.city > 5", "String"),
        ("main.kind == 'AWAY'", "AWAY"),
        ("others.city == 'x'", "a list has no members of its own"),
        ("main[0] == 'x'", "Address has no elements by index"),
        ("main.exists(m, m.city == 'x')", "Address is one object, no list"),
    ] {
        let answer = client.find("/api/v1/customers", &[("filter", filter)]).await.expect(400);
        let found = answer.json()["errors"][0]["detail"].as_str().expect("a detail").to_owned();
        assert!(found.contains(detail), "{filter}: {found}");
    }
    client.find("/api/v1/customers", &[("sort", "main")]).await.expect(400);
}
