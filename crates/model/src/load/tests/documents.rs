//! What is said about nested types.

use super::check;

#[track_caller]
fn nested(members: &str, expected: &[&str]) {
    check(
        &format!(
            "type Post @entity @allow(read: \"true\") {{ at: Nested }}\ntype Nested {{\n{members}\n}}"
        ),
        expected,
    );
}

#[test]
fn members_are_scalars_lists_and_nested_types() {
    nested("a: Int! b: [String!]! c: Deep d: [Deep!]! e: JSON\n} type Deep { x: Boolean", &[]);
    nested(
        "post: Post",
        &[
            "3:1 wrong-type: a nested type has no relation to `Post` | move the relation to the entity, or keep the key in a member of type `ID`",
        ],
    );
    nested(
        "n: BigInt",
        &[
            "3:1 wrong-type: a member of a nested type cannot be a `BigInt` | JSON's numbers do not hold 64 bits: use `Decimal`, `Int` or `String`",
        ],
    );
    nested("s: Strng", &["3:4 unknown-type: there is no type `Strng` | did you mean `String`?"]);
}

#[test]
fn members_carry_bounds_and_defaults_and_nothing_else() {
    nested("a: Int! @range(min: 1) @default(value: 2) b: String @length(max: 3)", &[]);
    nested(
        "a: Int @unique",
        &["3:8 misplaced-directive: `@unique` has no meaning on members of a nested type"],
    );
    nested(
        "a: Int @range(min: 1) @default(value: 0)",
        &["3:23 default: the default is outside of its `@range`"],
    );
    nested(
        "a: Int @length(max: 1)",
        &[
            "3:8 misplaced-directive: `@length` does not fit `a`, which is of type `Int` | it belongs on text and lists",
        ],
    );
}

#[test]
fn a_document_has_an_end() {
    nested("more: [Nested!]! maybe: Nested", &[]);
    nested(
        "again: Other!\n} type Other { back: Nested!",
        &[
            "2:6 endless-type: each `Nested` would have to hold another one | remove a `!` on the way, or make it a list",
            "4:8 endless-type: each `Other` would have to hold another one | remove a `!` on the way, or make it a list",
        ],
    );
}

#[test]
fn fields_of_nested_types_have_no_order_and_empty_defaults() {
    let field = |field: &str, expected: &[&str]| {
        check(
            &format!(
                "type Post @entity @allow(read: \"true\") {{\n{field}\n}} type Nested {{ a: Int @default(value: 1) b: Int! }}"
            ),
            expected,
        );
    };
    field("at: [Nested!]! @default(value: []) @length(max: 5)", &[]);
    field(
        "at: Nested! @default(value: {})",
        &[
            "2:29 default: the default lacks `b`, which is required and has none | `at` is of type `Nested`",
        ],
    );
    field(
        "at: Nested @unique",
        &[
            "2:12 misplaced-directive: `@unique` does not fit `at`, which is of type `Nested` | it belongs on scalars (except JSON), enums and to-one relations",
        ],
    );
    field(
        "at: Nested big: Boolean @computed(expr: \"row.at.a > 1 && row.at.c == 2\")",
        &["2:65 expression"],
    );
}
