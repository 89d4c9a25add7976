//! Rules and other expressions.

use super::super::check;
use super::field;

#[test]
fn a_mistake_in_an_expression_is_shown_in_its_place() {
    field(r#"n: Int @check(expr: "row.m > 3")"#, &["26 expression"]);
    field(
        r#"n: Int @check(expr: "row.author.name == 'x'")"#,
        &[
            "22 expression: another row cannot be used here | a check sees the stored fields of its own row; use `@allow` for the rest",
        ],
    );
    field(r#"n: Int @check(expr: "user.id == 'x'")"#, &["22 expression"]);
    field(
        "n: Int @check(expr: true)",
        &[
            r#"21 wrong-argument-type: an expression is written as a string | put it in quotes: "row.published""#,
        ],
    );
    field(r#"n: Int @allow(read: "row.n")"#, &["22 expression"]);
    field(r#"n: Int @allow(read: "row.n >")"#, &["29 expression"]);
    field(r#"n: Int! @computed(expr: "now")"#, &["26 expression"]);
    field(
        r#"n: Int @computed(expr: "size(row.author.posts)")"#,
        &[
            "30 expression: a to-many relation cannot be used here | a computed field is made of stored fields of its own row",
        ],
    );
    field(r#"n: Int @allow(read: "\"\\u0041\" == row.nn")"#, &["41 expression"]);
    field(
        r#"n: Int @allow(delete: "true")"#,
        &[
            "15 misplaced-argument: `delete` has no meaning here | it belongs on types: rows are deleted, not fields",
        ],
    );
    field(
        r#"n: Int @allow(call: "true")"#,
        &[
            "15 misplaced-argument: `call` has no meaning here | it belongs on operations of Query and Mutation",
        ],
    );
    check(
        r#"type Post @entity @allow(read: """
  row.a > 1
    && row.b
""") { a: Int }"#,
        &["3:12 expression"],
    );
    check(r#"type Post @entity @allow(read: "true") @check(expr: "row.x > 1") { x: JSON }"#, &[]);
    check(
        r#"type Post @entity @allow(read: "true") @index(on: ["title"], where: "row.title") { title: String }"#,
        &["1:70 expression"],
    );
    check(
        "type Post @entity @allow(read: true) { a: Int }",
        &[
            r#"1:32 wrong-argument-type: an expression is written as a string | put it in quotes: "row.published""#,
        ],
    );
}

#[test]
fn an_entity_without_rules_is_pointed_out() {
    check(
        "type Post @entity { a: Int }",
        &[
            r#"1:6 warning no-rule: nobody can read or write `Post` | what no rule allows is denied: add `@allow(read: "…", write: "…")`"#,
        ],
    );
    check(
        "type Post @entity @allow { a: Int }",
        &["1:19 allow: `@allow` without a rule allows nothing"],
    );
    check(
        r#"type Post @entity @allow(call: "true") { a: Int }"#,
        &[
            "1:19 allow: `@allow` without a rule allows nothing",
            "1:26 misplaced-argument: `call` has no meaning here | it belongs on operations of Query and Mutation",
        ],
    );
}
