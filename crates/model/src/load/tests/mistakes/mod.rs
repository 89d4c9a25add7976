//! What is said about mistakes: each case is a model and every line it leads to.

mod directives;
mod fields;
mod keys;
mod names;
mod relations;
mod rules;
mod search;

use super::{check, said};

/// What the models of field cases have besides `Post`.
const REST: &str = r#"
enum Status { DRAFT LIVE }
type Author @entity @allow(read: "true") { name: String! posts: [Post!]! @inverse(of: "author") }
type Nested { a: Int }
"#;

/// Returns what is said about a field of `Post`, by its column.
pub(super) fn of_field(field: &str) -> Vec<String> {
    let sdl =
        format!("type Post @entity @allow(read: \"true\") {{ author: Author!\n{field}\n}}{REST}");
    said(&sdl).into_iter().map(|line| line.replacen("2:", "", 1)).collect()
}

/// Checks what is said about a field of `Post`.
#[track_caller]
fn field(field: &str, expected: &[&str]) {
    assert_eq!(of_field(field), expected, "\n{field}");
}

#[test]
fn one_syntax_error_is_shown_for_each_definition() {
    check(
        "type Post @entity {
  a: Int

type Other @entity { b: Int }
",
        &["1:1 syntax: the `{` of this definition is never closed | add a `}` at its end"],
    );
    check(
        "type Post @entity {
  a Int
  b Int
  c: Strin
}
type Other @entity {
 b Int }
",
        &[
            "2:5 syntax: this is not GraphQL: expected a type",
            "7:4 syntax: this is not GraphQL: expected a type",
        ],
    );
    check(
        r#"type Post @entity @allow(read: "a
b") { a: Int }"#,
        &["1:32 syntax: this is not GraphQL: unexpected line terminator"],
    );
    check(
        r#"type Post @entity @allow(read: "true") {  }"#,
        &["1:43 syntax: this is not GraphQL: expected Field Definition"],
    );
    check("enum E { }", &["1:10 syntax: this is not GraphQL: expected Enum Value Definition"]);
}
