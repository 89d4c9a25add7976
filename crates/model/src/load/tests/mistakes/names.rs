//! Names: misspelt, malformed, taken, of before.

use super::super::check;
use super::field;

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
