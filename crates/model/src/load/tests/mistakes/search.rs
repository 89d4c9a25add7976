//! Full-text search.

use super::super::check;

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
