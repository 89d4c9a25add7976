//! Scalars keep their values: exact decimals, microseconds, big integers, any JSON.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value as Json, json};

use crate::fixtures::start;

const ALL: &str = r#"
enum Colour { RED GREEN }
type Box @entity @allow(read: "true", write: "true") {
  text: String  int: Int  big: BigInt  float: Float  decimal: Decimal  truth: Boolean
  time: DateTime  day: Date  json: JSON  colour: Colour  mail: Email  site: URL  ref: ID
  texts: [String!]! @default(value: [])  ints: [Int!]! @default(value: [])  decimals: [Decimal!]! @default(value: [])  times: [DateTime!]! @default(value: [])  colours: [Colour!]! @default(value: [])  bigs: [BigInt!]! @default(value: [])  refs: [ID!]! @default(value: [])
}
"#;

#[tokio::test]
async fn each_scalar_reads_back_as_it_was_written() {
    let server = start(ALL);
    let client = server.client();
    let cases: &[(&str, Json, Json)] = &[
        ("text", json!("é \" \\ \u{1F600} \n \u{7}"), json!("é \" \\ \u{1F600} \n \u{7}")),
        ("int", json!(-2147483648), json!(-2147483648)),
        ("big", json!("9223372036854775807"), json!("9223372036854775807")),
        ("big", json!(5), json!("5")),
        ("float", json!(1e300), json!(1e300)),
        ("float", json!(3), json!(3.0)),
        ("decimal", json!("0.10"), json!("0.10")),
        (
            "decimal",
            json!("-12345678901234567890.12345678"),
            json!("-12345678901234567890.12345678"),
        ),
        ("decimal", json!(19.9), json!("19.9")),
        ("truth", json!(false), json!(false)),
        ("time", json!("2026-11-24T09:30:00+02:00"), json!("2026-11-24T07:30:00.000000Z")),
        ("time", json!("1960-01-01T00:00:00.123456Z"), json!("1960-01-01T00:00:00.123456Z")),
        ("day", json!("2024-02-29"), json!("2024-02-29")),
        (
            "json",
            json!({ "b": [1, 2.5, null, { "x": "y" }], "a": true }),
            json!({ "b": [1, 2.5, null, { "x": "y" }], "a": true }),
        ),
        ("json", json!("text"), json!("text")),
        ("colour", json!("GREEN"), json!("GREEN")),
        ("mail", json!("a@b.co"), json!("a@b.co")),
        ("site", json!("https://example.com/a?b=c"), json!("https://example.com/a?b=c")),
        (
            "ref",
            json!("0198C0DE-0000-7000-8000-000000000001"),
            json!("0198c0de-0000-7000-8000-000000000001"),
        ),
        ("texts", json!(["b", "a", "b"]), json!(["b", "a", "b"])),
        ("ints", json!([]), json!([])),
        ("decimals", json!(["1.50", 2]), json!(["1.50", "2"])),
        ("times", json!(["2026-01-01T00:00:00Z"]), json!(["2026-01-01T00:00:00.000000Z"])),
        ("colours", json!(["RED", "GREEN"]), json!(["RED", "GREEN"])),
        ("bigs", json!(["5", 6]), json!(["5", "6"])),
        (
            "refs",
            json!(["0198C0DE-0000-7000-8000-000000000001"]),
            json!(["0198c0de-0000-7000-8000-000000000001"]),
        ),
    ];
    for (field, sent, expected) in cases {
        let mut body = serde_json::Map::new();
        body.insert((*field).to_owned(), sent.clone());
        let created = client.post("/api/v1/boxes", Json::Object(body)).await.expect(201);
        assert_eq!(created.json()[field], *expected, "{field}");
        let path = created.header("location").expect("a Location").to_owned();
        assert_eq!(client.get(&path).await.expect(200).json()[field], *expected, "{field}");
        let nothing = if expected.is_array() && *field != "json" { json!([]) } else { json!(null) };
        let cleared = client.patch(&path, json!({ *field: nothing })).await.expect(200).json();
        assert_eq!(cleared[field], nothing, "{field}");
    }
}

#[tokio::test]
async fn values_out_of_range_are_refused() {
    let server = start(ALL);
    let cases: &[(&str, Json)] = &[
        ("int", json!(2147483648_i64)),
        ("int", json!(1.5)),
        ("int", json!("1")),
        ("big", json!("9223372036854775808")),
        ("decimal", json!("1e40")),
        ("decimal", json!("12345678901234567890123456789.5")),
        ("decimal", json!("NaN")),
        ("time", json!("2026-11-24")),
        ("time", json!("2026-13-01T00:00:00Z")),
        ("day", json!("2025-02-29")),
        ("colour", json!("red")),
        ("mail", json!("a@b")),
        ("site", json!("javascript:alert(1)")),
        ("ref", json!("x")),
        ("texts", json!("a")),
        ("texts", json!([null])),
        ("truth", json!(1)),
    ];
    for (field, value) in cases {
        let body = json!({ *field: value });
        let answer = server.client().post("/api/v1/boxes", body).await.expect(422).json();
        assert!(
            answer["errors"][0]["pointer"]
                .as_str()
                .is_some_and(|p| p.starts_with(&format!("/{field}"))),
            "{field} {value}"
        );
    }
}

/// Lists sort by decimals as numbers do, whatever their scale.
#[tokio::test]
async fn decimals_sort_and_compare_exactly() {
    let server = start(ALL);
    let client = server.client();
    let mut runner = TestRunner::deterministic();
    let strategy = proptest::collection::vec((-1_000_000_000_i64..1_000_000_000, 0_u32..9), 30..40);
    let numbers = strategy.new_tree(&mut runner).expect("a strategy").current();
    let numbers: Vec<rust_decimal::Decimal> =
        numbers.iter().map(|(m, s)| rust_decimal::Decimal::new(*m, *s)).collect();
    for number in &numbers {
        client.post("/api/v1/boxes", json!({ "decimal": number.to_string() })).await.expect(201);
    }
    let parse = |value: &Json| -> rust_decimal::Decimal {
        value.as_str().expect("text").parse().expect("a decimal")
    };
    let sorted =
        client.get("/api/v1/boxes?sort=decimal&limit=200").await.expect(200).column("decimal");
    let found: Vec<_> = sorted.iter().map(parse).collect();
    let mut expected = numbers.clone();
    expected.sort();
    assert_eq!(found, expected);
    let pivot = numbers[7];
    let query = format!("/api/v1/boxes?decimal[gt]={pivot}&limit=200&sort=decimal");
    let above = client.get(&query).await.expect(200).column("decimal");
    let above: Vec<_> = above.iter().map(parse).collect();
    let expected: Vec<_> = expected.into_iter().filter(|number| *number > pivot).collect();
    assert_eq!(above, expected);
}
