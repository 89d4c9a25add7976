//! Large models, and models with many mistakes.

use std::fmt::Write as _;

use super::{good, said};
use crate::load::draft::LOOKUPS;

/// Thirty mistakes, one a line where the line has a `#`.
const THIRTY: &str = r#"
extend schema @module(uses: ["accounts"])                                          # 1 unknown module
enum Status { DRAFT LIVE LIVE }                                                    # 2 duplicate value
type post_x @entity @allow(read: "true") { n: Int }                                # 3 type name
type Query { a: Int }                                                              # 4 reserved (and 31: not supported)
type Batch @entity(plural: "batch") @allow(read: "true") { n: Int }                # 5 reserved path
type Post @entity @entty                                                           # 6 unknown directive
  @index(on: ["titel"])                                                            # 7 unknown field in an index
  @index(on: ["comments"])                                                         # 8 a to-many relation in an index
  @key(on: ["slug", "slugg"])                                                      # 9 unknown field in the key
  @tenant(field: "body")                                                           # 10 a tenant that can be null
  @check(expr: "row.slug.name")                                                    # 11 expression
  @allow(read: "row.published", write: "row.author =")                             # 12, 13 unknown field, syntax
{
  slug: String!
  title: Strng!                                                                    # 14 unknown type
  tags: [String]!                                                                  # 15 nullable elements
  body: String @length(min: 9, max: 1)                                             # 16 length
  Stars: Int                                                                       # 17 field name
  price: Decimal @range(min: 5, max: 1)                                            # 18 range
  status: Status @default(value: "DRAFTED")                                        # 19 default
  rank: Int @default(value: "first")                                               # 20 default
  code: String @pattern(regex: "[")                                                # 21 pattern
  author: Author! @onDelete(do: SET_NULL)                                          # 22 on delete
  authorId: ID                                                                     # 23 relation's key
  photo: File                                                                      # 24 not supported
  comments: [Comment!]! @inverse(of: "pots")                                       # 25 inverse
  made: Int @created                                                               # 26 misplaced
  when: DateTime @created @updated                                                 # 27 conflict
  total: Int @computed(expr: "'a'")                                                # 28 computed
}
type Author @entity { name: String! }                                              # 29 warning: no rule
type Comment @entity @allow(read: "row.post.titl == 'x'") { post: Post! }          # 30 expression over a hop
"#;

#[test]
fn all_mistakes_are_shown_in_one_run() {
    let found = said(THIRTY);
    assert_eq!(
        found,
        [
            "2:30 unknown-module: there is no module `accounts`",
            "3:26 duplicate-field: `Status` has two values named `LIVE`",
            "4:6 type-name: `post_x` cannot be the name of a type | types are written in Pascal case, like `PostX`",
            "5:6 reserved-name: the type `Query` is there already | write `extend type Query { … }`",
            "5:14 warning not-supported-yet: operations of your own are not supported yet: it cannot be called",
            "6:28 reserved-name: the path `/batch` is taken by Mainstay itself | give the collection another name with `@entity(plural:)`",
            "7:19 unknown-directive: there is no directive `@entty` | did you mean `@entity`?",
            "8:15 unknown-field: `Post` has no field `titel` | did you mean `title`?",
            "9:15 index: `comments` is a to-many relation, so it cannot be indexed | an index is made of scalars, enums and to-one relations",
            "10:21 unknown-field: `Post` has no field `slugg` | did you mean `slug`?",
            "11:18 tenant: `body` can be null, but every row has a tenant | add a `!` to its type",
            "12:26 expression",
            "13:21 expression",
            "13:52 expression",
            "16:10 unknown-type: there is no type `Strng` | did you mean `String`?",
            "17:10 list-type: neither a list nor its elements can be null | write `[String!]!`: an empty list says that there is nothing",
            "18:16 length: nothing is at least 9 and at most 1 long",
            "19:3 field-name: `Stars` cannot be the name of a field | fields are written in camel case, like `stars`",
            "20:18 range: `min` is greater than `max`, so no value is allowed",
            "21:34 default: the default `DRAFTED` is no value of `Status`; did you mean `DRAFT`? | `status` is of type `Status`",
            r#"22:29 default: the default is the text "first", not a whole number | `rank` is of type `Int`"#,
            "23:32 pattern: this is not a regular expression: unclosed character class | look-around and back-references are not supported; backslashes are doubled in SDL",
            "24:33 on-delete: `author` is required, so it cannot become null | remove the `!` from its type, or choose RESTRICT or CASCADE",
            "25:3 reserved-name: `authorId` is the name of the relation's key | leave the field out: the key is there always",
            "26:10 not-supported-yet: fields of type `File` are not supported yet",
            "27:38 inverse: `Comment` has no field `pots` | did you mean `post`?",
            "28:13 misplaced-directive: `@created` does not fit `made`, which is of type `Int` | it belongs on fields of type DateTime or Date",
            "29:27 conflicting-directives: `@created` and `@updated` both decide what `when` is | keep one of them",
            "30:31 expression",
            r#"32:6 warning no-rule: nobody can read or write `Author` | what no rule allows is denied: add `@allow(read: "…", write: "…")`"#,
            "33:45 expression"
        ]
    );
}

/// Generates a model of entities that refer to each other, with rules, indexes and limits.
pub(super) fn generated(entities: usize) -> String {
    let mut sdl = String::from("enum Status { DRAFT LIVE }\n");
    for n in 0..entities {
        let other = n / 2;
        let _ = write!(
            sdl,
            r#"
"Entity number {n}."
type Thing{n} @entity @index(on: ["status", "-createdAt"]) @index(on: ["title"], where: "row.stars > 3")
  @allow(read: "row.status == 'LIVE' || row.owner == user.id", write: "row.owner == user.id || user.role == 'admin'")
{{
  title: String! @length(min: 1, max: 120)
  slug: String! @unique @pattern(regex: "^[a-z0-9-]+$")
  stars: Int! @default(value: 0) @range(min: 0, max: 5) @check(expr: "row.stars >= 0")
  price: Decimal @range(min: 0)
  doubled: Decimal @computed(expr: "row.price * 2")
  status: Status! @default(value: "DRAFT")
  owner: Thing{other} @onDelete(do: SET_NULL)
  tags: [String!]! @default(value: [])
  createdAt: DateTime! @created
}}
"#
        );
    }
    sdl
}

#[test]
fn twice_the_entities_are_twice_the_work() {
    let lookups = |entities| {
        LOOKUPS.set(0);
        good(&generated(entities));
        LOOKUPS.get()
    };
    let (once, twice) = (lookups(50), lookups(100));
    assert!(once > 0);
    assert_eq!(twice, 2 * once);
}

#[test]
fn two_hundred_entities_are_loaded() {
    let loaded = good(&generated(200));
    assert_eq!(loaded.model.entities.len(), 200);
    assert!(loaded.warnings.is_empty());
}
