//! Directives: their places and arguments, and those that are not built yet.

use super::super::check;
use super::field;

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
