//! Laws of loading, held against generated texts.

use proptest::prelude::*;

use super::{load_blog, many::generated};
use crate::{Sources, load};

const MODEL: &str = r#"
extend schema @module(uses: [])
enum Status { DRAFT LIVE }
"""
A text.
"""
type Post @entity @key(on: ["blog", "slug"]) @index(on: ["-at"], where: "row.n > 3") @allow(read: "row.n == 1 || user.id == 'ä'") {
  blog: Blog! @onDelete(do: CASCADE)
  slug: String! @length(min: 1) @pattern(regex: "^\\w+$")
  n: Int! @default(value: 1) @range(min: 0)
  at: DateTime! @created
  status: Status! @default(value: "DRAFT")
}
type Blog @entity @allow(read: """
  row.id == user.id
""") { id: BigInt! @identity posts: [Post!]! @inverse(of: "blog") }
"#;

/// Pieces that a damaged model may get.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("\"".to_owned()),
        Just("\"\"\"".to_owned()),
        Just("{".to_owned()),
        Just("}".to_owned()),
        Just("@key(on: [\"n\"])".to_owned()),
        Just("type Post @entity {".to_owned()),
        Just("extend type Blog { posts: Post! @computed(expr: \"row\") }".to_owned()),
        Just("\\u12".to_owned()),
        Just("é\r\n".to_owned()),
        "[ -~]{0,6}",
        any::<char>().prop_map(String::from),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_model_is_refused_or_loaded_and_always_rendered(
        edits in prop::collection::vec((0.0..1.0_f64, 0_usize..12, piece()), 1..6),
    ) {
        let mut text = MODEL.to_owned();
        for (at, cut, piece) in edits {
            let mut start = (text.len() as f64 * at) as usize;
            while !text.is_char_boundary(start) { start -= 1; }
            let mut end = (start + cut).min(text.len());
            while !text.is_char_boundary(end) { end -= 1; }
            text.replace_range(start..end.max(start), &piece);
        }
        if let Err(report) = load_blog(&text) {
            prop_assert!(report.has_errors());
            prop_assert!(report.iter().all(|d| !d.labels.is_empty()));
            prop_assert!(!report.to_human(false).is_empty());
            prop_assert!(serde_json::from_str::<serde_json::Value>(&report.to_json()).is_ok());
            prop_assert!(serde_json::from_str::<serde_json::Value>(&report.to_sarif()).is_ok());
        }
    }

    #[test]
    fn a_damaged_configuration_is_refused_or_loaded(
        text in "(\\[(server|limits|auth|auth.keys|\\[auth.keys\\])\\]\n)?((address|page_max|leeway|kid|x) ?= ?(\"[ -~]{0,9}\"|[0-9]{1,9}|true|\\[\\])\n){0,5}[ -~]{0,3}",
    ) {
        if let Err(report) = load(&Sources::new([("mainstay.toml", text.as_str()), ("modules/a/a.graphql", "")])) {
            prop_assert!(!report.to_human(true).is_empty());
        }
    }
}

#[test]
fn loading_says_the_same_each_time() {
    let bad = MODEL.replace("row.n", "row.m").replace("Int!", "Itn!");
    let text = |report: Result<_, crate::Report>| {
        report.map(|_: crate::Loaded| ()).expect_err("it is bad").to_json()
    };
    assert_eq!(text(load_blog(&bad)), text(load_blog(&bad)));
}

#[test]
fn the_report_of_a_large_model_grows_with_its_mistakes_only() {
    let bad = generated(40).replace("row.stars > 3", "row.starz > 3");
    let report = load_blog(&bad).map(|_| ()).expect_err("each entity has a mistake");
    assert_eq!(report.len(), 40);
}
