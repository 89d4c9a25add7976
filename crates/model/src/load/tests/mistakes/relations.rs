//! Relations and those that lead back.

use super::super::check;
use super::field;

#[test]
fn a_relation_back_is_named() {
    field(
        "others: [Author!]!",
        &[
            "1 inverse: no field of `Author` points back to `Post` | add a relation such as `post: Post!` to `Author`, and name it here with `@inverse(of:)`; or `@join` here if a `Author` belongs to several",
        ],
    );
    field(
        r#"others: [Author!]! @inverse(of: "post")"#,
        &["33 inverse: `Author` has no field `post` | did you mean `posts`?"],
    );
    field(
        r#"others: [Author!]! @inverse(of: "name")"#,
        &["33 inverse: `Author.name` is neither a to-one relation nor has it `@join`"],
    );
    check(
        r#"type A @entity @allow(read: "true") { bs: [B!]! } type B @entity @allow(read: "true") { a: A }"#,
        &[r#"1:39 inverse: which field of `B` points back here? | add `@inverse(of: "a")`"#],
    );
    check(
        r#"type A @entity @allow(read: "true") { bs: [B!]! } type B @entity @allow(read: "true") { n: Int }"#,
        &[
            "1:39 inverse: no field of `B` points back to `A` | add a relation such as `a: A!` to `B`, and name it here with `@inverse(of:)`; or `@join` here if a `B` belongs to several",
        ],
    );
    field("others: [Author!]! @join", &[]);
    field(
        "other: Author @join",
        &[
            "15 misplaced-directive: `@join` does not fit `other`, which is a relation to `Author` | it belongs on to-many relations, `[Entity!]!`",
        ],
    );
    field(
        r#"others: [Author!]! @join @inverse(of: "posts")"#,
        &[
            "20 conflicting-directives: the table is made by one side only | keep `@join` on one of the fields and `@inverse(of:)` on the other",
        ],
    );
    check(
        r#"type A @entity @allow(read: "true") { a: [A!]! @join(table: "x") b: [A!]! @join(table: "x") c: [A!]! @inverse(of: "b") }"#,
        &[
            "1:88 duplicate-table: there are two tables named `x` | `@join(table:)` gives another name",
        ],
    );
    check(
        r#"type A @entity @allow(read: "true") { bs: [B!]! @inverse(of: "b") } type B @entity @allow(read: "true") { a: A b: B }"#,
        &["1:62 inverse: `B.b` points to `B`, not to `A` | fields that point here are `a`"],
    );
    field(
        "b: Author! @onDelete(do: SET_NULL)",
        &[
            "26 on-delete: `b` is required, so it cannot become null | remove the `!` from its type, or choose RESTRICT or CASCADE",
        ],
    );
}
