//! Fields: what they hold, their defaults, limits and fills.

use super::super::check;
use super::field;

#[test]
fn a_field_holds_what_can_be_stored() {
    field(
        "names: [String]!",
        &[
            "9 list-type: neither a list nor its elements can be null | write `[String!]!`: an empty list says that there is nothing",
        ],
    );
    field(
        "names: [String!]",
        &[
            "9 list-type: neither a list nor its elements can be null | write `[String!]!`: an empty list says that there is nothing",
        ],
    );
    field(
        "names: [[String!]!]!",
        &[
            "10 not-supported-yet: lists of lists are not supported yet | use a field of type `JSON`",
        ],
    );
    field(
        "many: [JSON!]!",
        &[
            "8 list-type: a list cannot have elements of type `JSON` | use one field of type `JSON`: it can hold a list",
        ],
    );
    field("n(a: Int): Int", &["3 field-arguments: a field of an entity has no arguments"]);
    field("n: Duration", &["4 wrong-type: `Duration` is a type of directives' arguments"]);
    field("n: OnDelete", &["4 wrong-type: `OnDelete` is a type of directives' arguments"]);
    field(
        r#"n: [Int!]! @computed(expr: "1")"#,
        &["1 computed: a computed field is a scalar or an enum"],
    );
}

#[test]
fn a_default_fits_its_field() {
    field("n: Int @default", &["8 default: `@default` needs either `value` or `expr`"]);
    field(
        r#"n: Int @default(value: "x")"#,
        &[r#"24 default: the default is the text "x", not a whole number | `n` is of type `Int`"#],
    );
    field(
        "n: Int @default(value: 3000000000)",
        &["24 default: the default does not fit 32 bits | `n` is of type `Int`"],
    );
    field(
        "n: Int @default(value: null)",
        &[
            "24 default: the default is null, which is what a field without a default has anyway | `n` is of type `Int`",
        ],
    );
    field(
        "n: Int @default(value: 5) @range(max: 4)",
        &["24 default: the default is outside of its `@range`"],
    );
    field(
        r#"t: String @default(value: "abc") @length(max: 2)"#,
        &["27 default: the default is longer than `@length` allows"],
    );
    field(
        r#"t: String @default(value: "abc") @pattern(regex: "^x")"#,
        &["27 default: the default does not match its `@pattern`"],
    );
    field(
        r#"s: Status! @default(value: "DRAF")"#,
        &[
            "28 default: the default `DRAF` is no value of `Status`; did you mean `DRAFT`? | `s` is of type `Status`",
        ],
    );
    field("s: Status! @default(value: DRAFT)", &[]);
    field(
        r#"d: DateTime @default(value: "yesterday")"#,
        &[
            "29 default: the default `yesterday` is not a time like `2026-01-31T12:00:00Z` | `d` is of type `DateTime`",
        ],
    );
    field(
        r#"d: Date @default(value: "2026-02-30")"#,
        &[
            "25 default: the default `2026-02-30` is not a day like `2026-01-31` | `d` is of type `Date`",
        ],
    );
    field(
        r#"i: ID @default(value: "x")"#,
        &["23 default: the default `x` is not a UUID | `i` is of type `ID`"],
    );
    field(
        "m: Decimal @default(value: true)",
        &["28 default: the default is `true`, not a decimal number | `m` is of type `Decimal`"],
    );
    field(
        r#"l: [Int!]! @default(value: [1, "2"])"#,
        &[
            r#"28 default: the default has an element that is the text "2", not a whole number | `l` is a list of `Int`"#,
        ],
    );
    field(
        "j: JSON @default(value: {a: [1, B]})",
        &["25 default: the default `B` is not JSON; put it in quotes | `j` is of type `JSON`"],
    );
    field(r#"n: Int @default(expr: "row.n")"#, &["24 expression"]);
    field(r#"n: Int @default(expr: "'a'")"#, &["24 expression"]);
}

#[test]
fn limits_can_be_kept() {
    field("name: String! @length", &["15 length: `@length` needs `min`, `max` or both"]);
    field(
        "name: String! @length(min: 5, max: 3)",
        &["15 length: nothing is at least 5 and at most 3 long"],
    );
    field("name: String! @length(min: -1)", &["28 length: a length cannot be negative"]);
    field(
        "m: Decimal @range(min: 5, max: 1)",
        &["12 range: `min` is greater than `max`, so no value is allowed"],
    );
    field(
        "m: Decimal @range(min: 1e40)",
        &[
            "24 range: this bound `1e40` is not a decimal number of at most 28 digits | `m` is of type `Decimal`",
        ],
    );
    field(
        "n: Int @range(min: 0.5)",
        &["20 range: this bound is the number 0.5, not a whole number | `n` is of type `Int`"],
    );
    field("n: Int @range(min: 0.0, max: 5)", &[]);
    field(
        r#"n: String @pattern(regex: "(")"#,
        &[
            "27 pattern: this is not a regular expression: unclosed group | look-around and back-references are not supported; backslashes are doubled in SDL",
        ],
    );
}

#[test]
fn fills_and_earlier_values_are_checked_in_their_form() {
    // What a fill reads is known only to the migration that meets the rows.
    field(r#"n: Int @fill(expr: "row.gone + 1")"#, &[]);
    field(r#"n: Int @fill(expr: "row.x +")"#, &["28 expression"]);
    field(
        r#"n: [Int!]! @fill(expr: "row.x")"#,
        &[
            "12 misplaced-directive: `@fill` does not fit `n`, which is a list of `Int` | it belongs on scalars, enums and to-one relations",
        ],
    );
    field(
        "n: Int @fill(expr: 1)",
        &[
            r#"20 wrong-argument-type: an expression is written as a string | put it in quotes: "row.published""#,
        ],
    );
    check(
        r#"enum E { A @was(name: "B") B }"#,
        &[
            "1:23 was: `B` is not an earlier name: a value of today has it | `@was` names what this value was called before it was renamed",
        ],
    );
    check(
        r#"enum E { A @was(name: "X") B @was(name: "X") }"#,
        &["1:41 was: two values were named `X`"],
    );
    check(
        r#"type T @entity @key(on: ["a", "b"]) @allow(read: "true") { a: Int! b: Int! } type U @entity @allow(read: "true") { t: T @fill(expr: "1") }"#,
        &["1:121 fill: one value is not enough: `t` is stored in 2 columns"],
    );
}
