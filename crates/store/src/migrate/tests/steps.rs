//! Each kind of step, from model to model.

use super::*;

#[test]
fn an_empty_database_gets_all_tables() {
    let mut connection = database();
    let sdl = r#"
        enum Mood { GOOD BAD }
        type Author @entity { name: String! @unique posts: [Post!]! @inverse(of: "author") }
        type Post @entity @index(on: ["author", "-at"]) @index(on: ["title"], unique: true, where: "row.rank > 3") {
          title: String!
          price: Decimal! @check(expr: "row.price >= 0")
          rank: Int
          mood: Mood! @default(value: "GOOD")
          author: Author! @onDelete(do: CASCADE)
          at: DateTime! @created
        }"#;
    let outcome = dev(&mut connection, sdl).unwrap();
    assert!(outcome.applied);
    insta::assert_snapshot!(outcome.plan);
    assert!(!dev(&mut connection, sdl).unwrap().applied);
}
