//! Keys and indexes.

use super::super::check;

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
