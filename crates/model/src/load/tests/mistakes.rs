//! What is said about mistakes: each case is a model and every line it leads to.

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
fn a_misspelt_name_is_suggested() {
    field("name: Strin!", &["7 unknown-type: there is no type `Strin` | did you mean `String`?"]);
    field(
        "name: String! @lenght(max: 3)",
        &["15 unknown-directive: there is no directive `@lenght` | did you mean `@length`?"],
    );
    field(
        "name: String! @length(maximum: 3)",
        &[
            "15 length: `@length` needs `min`, `max` or both",
            "23 unknown-argument: `@length` has no argument `maximum` | did you mean `max`?",
        ],
    );
    field(
        "b: Author! @onDelete(do: SET_NUL)",
        &["26 unknown-enum-value: `OnDelete` has no value `SET_NUL` | did you mean `SET_NULL`?"],
    );
    check(
        r#"type Post @entity @allow(read: "true") @index(on: ["titel"]) { title: String }"#,
        &["1:52 unknown-field: `Post` has no field `titel` | did you mean `title`?"],
    );
    check(
        r#"type Post @entity @allow(read: "true") @key(on: ["titel"]) { title: String }"#,
        &["1:50 unknown-field: `Post` has no field `titel` | did you mean `title`?"],
    );
    check("extend type Usr { a: Int }", &["1:13 unknown-type: there is no type `Usr` to extend"]);
    check(
        "extend schema @modul(uses: [])",
        &["1:15 unknown-directive: there is no directive `@modul` | did you mean `@module`?"],
    );
}

#[test]
fn a_directive_has_its_place_and_arguments() {
    field(
        "name: String! @entity",
        &["15 misplaced-directive: `@entity` cannot stand here | it belongs on types"],
    );
    field("name: String! @check", &["15 missing-argument: `@check` needs the argument `expr`"]);
    field(
        "name: String! @unique @unique",
        &["23 duplicate-directive: `@unique` can be given only once"],
    );
    field(
        r#"name: String! @length(min: "a")"#,
        &["28 wrong-argument-type: expected value of type Int, found a string"],
    );
    field(
        "n: Int @function",
        &[
            "8 misplaced-directive: `@function` does not fit `n`, which is of type `Int` | it belongs on operations of Query and Mutation",
        ],
    );
    field(
        r#"n: Int @inverse(of: "x")"#,
        &[
            "8 misplaced-directive: `@inverse` does not fit `n`, which is of type `Int` | it belongs on to-many relations, `[Entity!]!`",
        ],
    );
    field(
        "n: Int @onDelete(do: CASCADE)",
        &[
            "8 misplaced-directive: `@onDelete` does not fit `n`, which is of type `Int` | it belongs on to-one relations",
        ],
    );
    field(
        r#"n: Int @pattern(regex: "a")"#,
        &[
            "8 misplaced-directive: `@pattern` does not fit `n`, which is of type `Int` | it belongs on text",
        ],
    );
    field(
        "n: Int @owner",
        &[
            "8 misplaced-directive: `@owner` does not fit `n`, which is of type `Int` | it belongs on to-one relations, and fields of type ID or String",
        ],
    );
    field(
        "n: Int @created",
        &[
            "8 misplaced-directive: `@created` does not fit `n`, which is of type `Int` | it belongs on fields of type DateTime or Date",
        ],
    );
    field(
        "n: DateTime @created @updated",
        &[
            "22 conflicting-directives: `@created` and `@updated` both decide what `n` is | keep one of them",
        ],
    );
    field(
        "n: String @range(min: 1)",
        &[
            "11 misplaced-directive: `@range` does not fit `n`, which is of type `String` | it belongs on numbers",
        ],
    );
    field(
        "n: Int @length(min: 1)",
        &[
            "8 misplaced-directive: `@length` does not fit `n`, which is of type `Int` | it belongs on text and lists",
        ],
    );
    field(
        "n: JSON @unique",
        &[
            "9 misplaced-directive: `@unique` does not fit `n`, which is of type `JSON` | it belongs on scalars (except JSON), enums and to-one relations",
        ],
    );
    check(
        r#"type C @index(on: ["x"]) { x: Int @unique }"#,
        &[
            "1:8 misplaced-directive: `@index` belongs on entities, and `C` is none | add `@entity` if its rows are to be stored",
            "1:35 misplaced-directive: `@unique` has no meaning on fields of a type that is not stored | add `@entity` to the type if its rows are to be stored",
        ],
    );
    check(
        "type Placed @event { a: Int @range(min: 1) }",
        &[
            "1:6 warning not-supported-yet: events are not supported yet: nothing publishes `Placed`",
            "1:29 misplaced-directive: `@range` has no meaning on fields of a type that is not stored | add `@entity` to the type if its rows are to be stored",
        ],
    );
    check(
        r#"type Job @exposed { a: Int @every(cron: "x") }"#,
        &[
            "1:10 misplaced-directive: `@exposed` cannot stand on `Job`",
            "1:28 warning not-supported-yet: `@every` is not supported yet: it has no effect",
        ],
    );
    check(
        r#"extend type Query { best: Int @function @allow(call: "true", read: "x") @unique }"#,
        &[
            "1:31 warning not-supported-yet: `@function` is not supported yet: it has no effect",
            "1:62 misplaced-argument: `read` has no meaning here | who may call an operation is said with `call`",
            "1:73 misplaced-directive: `@unique` has no meaning on operations",
        ],
    );
    check(
        r#"type Post @entity @allow(read: "true") @unique { j: JSON! }"#,
        &["1:40 misplaced-directive: `@unique` cannot stand here | it belongs on fields"],
    );
}

#[test]
fn names_have_a_form_and_some_are_taken() {
    field(
        "Name: String!",
        &[
            "1 field-name: `Name` cannot be the name of a field | fields are written in camel case, like `name`",
        ],
    );
    field(
        "first_name: String!",
        &[
            "1 field-name: `first_name` cannot be the name of a field | fields are written in camel case, like `firstName`",
        ],
    );
    field("__n: Int", &["1 reserved-name: names that begin with `__` belong to GraphQL itself"]);
    field(
        "authorId: ID!",
        &[
            "1 reserved-name: `authorId` is the name of the relation's key | leave the field out: the key is there always",
        ],
    );
    field("name: String! name: Int", &["15 duplicate-field: `Post` has two fields named `name`"]);
    field(
        r#"n: Int @column(name: "author_id")"#,
        &[
            "1 duplicate-column: two fields are stored in the column `author_id` | rename one of them, or give its column another name with `@column(name:)`",
        ],
    );
    field(
        r#"n: Int @column(name: "")"#,
        &[
            "22 column-name: this cannot be the name of a column | a name has 1 to 60 bytes, without quotes, dots and control characters",
        ],
    );
    field(
        r#"n: Int @was(name: "author")"#,
        &[
            "19 was: `author` is not an earlier name: a field of today has it | `@was` names what this field was called before it was renamed",
        ],
    );
    check(
        r#"type post @entity @allow(read: "true") { a: Int }"#,
        &[
            "1:6 type-name: `post` cannot be the name of a type | types are written in Pascal case, like `Post`",
        ],
    );
    check(
        "type Subscription { a: Int }",
        &["1:6 reserved-name: `Subscription` belongs to the modelling language"],
    );
    check(
        "type Query { _: Int }",
        &[
            "1:6 reserved-name: the type `Query` is there already | write `extend type Query { … }`",
            "1:14 duplicate-field: `Query` has two fields named `_`",
        ],
    );
    check(
        "scalar String",
        &["1:1 reserved-name: `String` belongs to the modelling language | choose another name"],
    );
    check(
        "scalar Decimal",
        &["1:8 reserved-name: `Decimal` belongs to the modelling language | choose another name"],
    );
    check(
        "enum OnDelete { A }",
        &["1:6 reserved-name: `OnDelete` belongs to the modelling language | choose another name"],
    );
    check(
        "directive @entity on OBJECT",
        &["1:12 reserved-name: `@entity` belongs to the modelling language | choose another name"],
    );
    check(
        "schema { query: Query }",
        &["1:1 reserved-name: the schema is there already | write `extend schema @module(…)`"],
    );
    check("{ a }", &["1:1 not-a-model: queries and fragments are no part of a model"]);
    check(
        r#"type Batch @entity(plural: "batch") @allow(read: "true") { a: Int }"#,
        &[
            "1:28 reserved-name: the path `/batch` is taken by Mainstay itself | give the collection another name with `@entity(plural:)`",
        ],
    );
    check(
        r#"type Post @entity(plural: "All Posts") @allow(read: "true") { a: Int }"#,
        &[
            "1:27 plural: `All Posts` cannot be a plural | plurals are in lower camel case, like `posts`",
        ],
    );
    check(
        r#"type A @entity @allow(read: "true") { a: Int } type B @entity(plural: "as") @allow(read: "true") { a: Int }"#,
        &[
            "1:71 duplicate-plural: the collections of `A` and `B` are both named `as` | plurals are unique over all modules: give one of them another with `@entity(plural:)`",
        ],
    );
    check(
        r#"type A @entity @allow(read: "true") { a: Int } type B @entity @table(name: "blog_a") @allow(read: "true") { a: Int }"#,
        &[
            "1:76 duplicate-table: `A` and `B` are both stored in the table `blog_a` | give one of them another with `@table(name:)`",
        ],
    );
    check(
        "type A { a: Int } type A { b: Int }",
        &[
            "1:24 duplicate-type: there are two types named `A` | type names are unique over all modules of an application",
        ],
    );
    check("enum E { A A }", &["1:12 duplicate-field: `E` has two values named `A`"]);
    check(
        r#"type Post @entity @allow(read: "true") @table(name: "sqlite_x") { a: Int }"#,
        &[
            "1:53 reserved-name: a table cannot be named `sqlite_x` | tables of databases and of Mainstay itself begin like this; `@table(name:)` gives another name",
        ],
    );
    check(
        r#"type Post @entity @allow(read: "true") @was(name: "Post") { a: Int }"#,
        &[
            "1:51 was: `Post` is not an earlier name: a type of today has it | `@was` names what this type was called before it was renamed",
        ],
    );
}

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
fn a_key_identifies_a_row() {
    check(
        r#"type Post @entity @allow(read: "true") @key(on: ["title"]) { title: String }"#,
        &["1:50 key: `title` is part of the key, so it cannot be null | add a `!` to its type"],
    );
    check(
        r#"type Post @entity @allow(read: "true") @key(on: ["a", "a"]) { a: Int! }"#,
        &["1:55 key: `a` is in the key twice"],
    );
    check(
        r#"type Post @entity @allow(read: "true") @key(on: []) { a: Int! }"#,
        &["1:40 key: a key has at least one field"],
    );
    check(
        r#"type Post @entity @allow(read: "true") @key(on: ["postId"]) { post: Post! }"#,
        &["1:50 unknown-field: `Post` has no field `postId` | write the relation: `post`"],
    );
    check(
        r#"type Post @entity @allow(read: "true") @key(on: ["parent"]) { parent: Post! }"#,
        &[
            "1:40 key-cycle: the key of `Post` leads back to itself | a key of relations has to end in scalars",
        ],
    );
    check(
        r#"type Post @entity @allow(read: "true") @key(on: ["j"]) { j: JSON! }"#,
        &[
            "1:50 key: `j` holds JSON, so it cannot be part of the key | a key is made of scalars, enums and to-one relations",
        ],
    );
    check(
        r#"type Post @entity @allow(read: "true")  { id: Int }"#,
        &["1:43 key: `id` is part of the key, so it cannot be null | add a `!` to its type"],
    );
    check(
        r#"type Post @entity @allow(read: "true")  { id: String! @identity }"#,
        &[
            "1:55 identity: the database numbers only a key that is one `Int` or `BigInt` | give the field the type `BigInt!`",
        ],
    );
    check(
        r#"type Post @entity @allow(read: "true")  { id: Int! n: Int @identity }"#,
        &[
            r#"1:59 identity: the database numbers only a key that is one `Int` or `BigInt` | add `@key(on: ["n"])` to the type"#,
        ],
    );
    check(
        r#"type A @entity @key(on: ["b"]) @allow(read: "true") { b: B! } type B @entity @key(on: ["a"]) @allow(read: "true") { a: A! }"#,
        &[
            "1:16 key-cycle: the key of `A` leads back to itself | a key of relations has to end in scalars",
        ],
    );
}

#[test]
fn an_index_is_made_of_columns() {
    check(
        r#"type Post @entity @allow(read: "true") @index(on: ["postId"]) { post: Post }"#,
        &["1:52 unknown-field: `Post` has no field `postId` | write the relation: `post`"],
    );
    check(
        r#"type Post @entity @allow(read: "true") @index(on: ["title", "-title"]) { title: String }"#,
        &["1:61 index: `title` is in the index twice"],
    );
    check(
        r#"type Post @entity @allow(read: "true") @index(on: ["title"]) @index(on: ["title"]) { title: String }"#,
        &[
            "1:62 duplicate-index: there are two indexes on the same fields | remove one of them: it would only cost writes",
        ],
    );
    check(
        r#"type Post @entity @allow(read: "true") @index(on: []) { a: Int }"#,
        &["1:40 index: an index has at least one field"],
    );
    check(
        r#"type Post @entity @allow(read: "true") @index(on: ["tags"]) { tags: [String!]! }"#,
        &[
            "1:52 index: `tags` is a list, so it cannot be indexed | an index is made of scalars, enums and to-one relations",
        ],
    );
    check(
        r#"type Post @entity @allow(read: "true")  { id: ID! @unique }"#,
        &["1:51 warning redundant-unique: `id` is the key, so it is unique already"],
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

#[test]
fn a_search_is_over_texts_that_all_readers_of_a_row_may_read() {
    let search = |on: &str, expected: &[&str]| {
        let sdl = format!(
            r#"type Post @entity @allow(read: "true")
@search(on: [{on}]) {{ title: String! body: String count: Int tags: [String!]! secret: String @private
note: String @allow(read: "user != null") shown: String @allow(read: "true") rank: String }}"#
        );
        check(&sdl, expected);
    };
    search(r#""title^4", "body^0.5", "shown""#, &[]);
    search("", &["2:1 search: `@search` names 1 to 16 fields"]);
    search(
        r#""titel""#,
        &["2:14 unknown-field: `Post` has no field `titel` | did you mean `title`?"],
    );
    search(
        r#""count", "tags""#,
        &[
            "2:14 search: `count` is no text, so it cannot be searched | `@search` takes fields of type String, Email and URL",
            "2:23 search: `tags` is no text, so it cannot be searched | `@search` takes fields of type String, Email and URL",
        ],
    );
    search(
        r#""secret", "note""#,
        &[
            "2:14 search: `secret` is private, and a search would tell what is in it | leave it out of `@search`",
            "2:24 search: `note` has a read rule, and a search would tell callers of the rows whose text it hides from them | leave it out of `@search`, or move it to an entity with a read rule of its own",
        ],
    );
    search(
        r#""title^0", "body^x", "shown^1001""#,
        &[
            "2:14 search: `title^0` has no weight that counts | a weight is a number above 0 and up to 1000, as in `title^2`",
            "2:25 search: `body^x` has no weight that counts | a weight is a number above 0 and up to 1000, as in `body^2`",
            "2:35 search: `shown^1001` has no weight that counts | a weight is a number above 0 and up to 1000, as in `shown^2`",
        ],
    );
    search(r#""title", "title^2""#, &["2:23 search: `title` is in the index twice"]);
    search(
        r#""rank""#,
        &[
            "2:14 search: a column `rank` cannot be searched | give it another one with `@column(name: …)`",
        ],
    );
    check(
        r#"type Post @entity @allow(read: "true") @search(on: ["highlights"]) { highlights: String }"#,
        &[
            "1:70 search: an entity with `@search` cannot have a field `highlights` | a list shows there what matched, so give the field another name",
        ],
    );
}

#[test]
fn what_is_not_built_yet_is_never_ignored() {
    check(
        r#"type Post @entity @allow(read: "true") @limit(rate: "1/1m") { a: Int }"#,
        &[
            "1:40 not-supported-yet: `@limit` is not supported yet | without it the data would be less protected than the model says, so remove it knowingly",
        ],
    );
    check(
        r#"type Post @entity @allow(read: "true") @cache @live @event { a: Int }"#,
        &[
            "1:6 warning not-supported-yet: events are not supported yet: nothing publishes `Post`",
            "1:40 warning not-supported-yet: `@cache` is not supported yet: it has no effect",
            "1:47 warning not-supported-yet: `@live` is not supported yet: it has no effect",
        ],
    );
    check(
        r#"input A { a: Int @into(field: "x") }"#,
        &[
            "1:18 not-supported-yet: `@into` is not supported yet | without it the data would be less protected than the model says, so remove it knowingly",
        ],
    );
    check(
        r#"type A { a: Int @from(field: "b") }"#,
        &[
            "1:17 not-supported-yet: `@from` is not supported yet | without it the data would be less protected than the model says, so remove it knowingly",
        ],
    );
    check(
        r#"extend type Query { a: Int @function @route(get: "/x") @cache(ttl: "60s") b: Int }"#,
        &[
            "1:28 warning not-supported-yet: `@function` is not supported yet: it has no effect",
            "1:38 warning not-supported-yet: `@route` is not supported yet: it has no effect",
            "1:56 warning not-supported-yet: `@cache` is not supported yet: it has no effect",
            "1:75 warning not-supported-yet: operations of your own are not supported yet: it cannot be called",
        ],
    );
    check(
        r#"extend type Mutation { a: Int @before(on: ["Post.create"]) }"#,
        &[
            "1:24 warning not-supported-yet: operations of your own are not supported yet: it cannot be called",
            "1:31 not-supported-yet: `@before` is not supported yet | without it the data would be less protected than the model says, so remove it knowingly",
        ],
    );
    check(
        r#"type Job { a: Int @every(cron: "x") b: Int @on(event: "X") @retry @webhook(url: "x") c: Int }"#,
        &[
            "1:19 warning not-supported-yet: `@every` is not supported yet: it has no effect",
            "1:44 warning not-supported-yet: `@on` is not supported yet: it has no effect",
            "1:60 warning not-supported-yet: `@retry` is not supported yet: it has no effect",
            "1:67 warning not-supported-yet: `@webhook` is not supported yet: it has no effect",
            "1:86 warning not-supported-yet: jobs are not supported yet: it never runs",
        ],
    );
    check(
        r#"extend schema @capabilities(hosts: ["a"])"#,
        &["1:15 warning not-supported-yet: `@capabilities` is not supported yet: it has no effect"],
    );
    check(
        "interface A { a: Int } union B = C type C { x: Int } scalar Money",
        &[
            "1:11 not-supported-yet: interfaces are not supported yet",
            "1:30 not-supported-yet: unions are not supported yet",
            "1:61 not-supported-yet: scalars of your own are not supported yet",
        ],
    );
    check(
        "directive @x on OBJECT",
        &["1:12 not-supported-yet: directives of your own are not supported yet"],
    );
    field(
        "n: Int @encrypted @personal",
        &[
            "8 not-supported-yet: `@encrypted` is not supported yet | without it the data would be less protected than the model says, so remove it knowingly",
            "19 not-supported-yet: `@personal` is not supported yet | without it the data would be less protected than the model says, so remove it knowingly",
        ],
    );
    field("photo: File", &["8 not-supported-yet: fields of type `File` are not supported yet"]);
    field("v: Vector", &["4 not-supported-yet: fields of type `Vector` are not supported yet"]);
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

#[test]
fn earlier_names_and_generated_names_are_checked() {
    check(
        r#"type A @entity @was(name: "X") @allow(read: "true") { a: Int @was(name: "x") b: Int @was(name: "x") } type B @entity @was(name: "X") @allow(read: "true") { a: Int }"#,
        &["1:96 was: two fields were named `x`", "1:129 was: two types were named `X`"],
    );
    check(
        r#"type AnEntityWithANameThatGoesOnAndOnAndOnAndOnAndOnAndOnAndOn @entity @allow(read: "true") { a: Int }"#,
        &[
            "1:6 table-name: `blog_an_entity_with_a_name_that_goes_on_and_on_and_on_and_on_and_on_and_on_and_on` cannot be the name of a table | a name has 1 to 60 bytes, without quotes, dots and control characters; `@table(name:)` gives one",
        ],
    );
    field(
        "aFieldWithANameThatGoesOnAndOnAndOnAndOnAndOnAndOnAndOnAndOnAndOn: Int",
        &[
            "1 column-name: the column's name, `a_field_with_a_name_that_goes_on_and_on_and_on_and_on_and_on_and_on_and_on_and_on_and_on`, is too long | a name has at most 60 bytes; `@column(name:)` gives another",
        ],
    );
    check(
        r#"type A @entity @key(on: ["x", "y"]) @allow(read: "true") { x: Int! y: Int! } type B @entity @allow(read: "true") { a: A @owner }"#,
        &["1:121 owner: an owner is identified by one value, but the key of its type has several"],
    );
}

#[test]
fn only_jobs_take_events() {
    check(
        "type E @event { a: Int } type A { a: Int } type Job { a(e: E!): Int @on(event: \"E\") b(a: A): Int @retry } extend type Query { c(e: E): Int @function }",
        &[
            "1:6 warning not-supported-yet: events are not supported yet: nothing publishes `E`",
            "1:69 warning not-supported-yet: `@on` is not supported yet: it has no effect",
            "1:87 wrong-type: `a` must be of an input type | types of arguments are scalars, enums and `input` types",
            "1:98 warning not-supported-yet: `@retry` is not supported yet: it has no effect",
            "1:129 wrong-type: `e` must be of an input type | types of arguments are scalars, enums and `input` types",
            "1:140 warning not-supported-yet: `@function` is not supported yet: it has no effect",
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
