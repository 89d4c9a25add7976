//! Other keys: what is known of rows by their old keys must not be told of other rows.

use super::*;

const PERSON: &str =
    "type Person @entity @audit @key(on: [\"n\"]) { n: Int! m: Int! name: String }";
/// The numbers of one key are those of the other, of another row.
const ROWS: &str = "INSERT INTO blog_person VALUES (1, 2, 'Ada'), (2, 1, 'Bob')";

fn rekeyed(fields: &str) -> String {
    format!(
        "type Person @entity @audit @key(on: [\"m\"]) {{ n: Int! m: Int! name: String }} {fields}"
    )
}

#[test]
fn another_key_stops_at_relations_by_the_old_one_or_fills_them() {
    let post = "type Post @entity { author: Person }";
    let rows = "DELETE FROM mainstay_history_blog_person; INSERT INTO blog_post VALUES (X'00000000000000000000000000000001', 1)";
    let mut connection = filled(&format!("{PERSON} {post}"), &format!("{ROWS}; {rows}"));
    let why = stopped(&mut connection, &rekeyed(post));
    assert!(
        why.contains("blog_post.author_id has a value in 1 row, which would be lost."),
        "{why}"
    );
    let filled = "type Post @entity { author: Person @fill(expr: \"row.authorId + 1\") }";
    dev(&mut connection, &rekeyed(filled)).unwrap();
    assert_eq!(rows_of(&connection), "Ada");
}

#[test]
fn relation_to_another_type_does_not_keep_the_keys_of_the_first() {
    let old =
        "type Team @entity @key(on: [\"n\"]) { n: Int! } type Post @entity { author: Person }";
    let new = "type Team @entity @key(on: [\"n\"]) { n: Int! } type Post @entity { author: Team }";
    let rows = "INSERT INTO blog_team VALUES (1); INSERT INTO blog_post VALUES (X'00000000000000000000000000000001', 1)";
    let mut connection = filled(&format!("{PERSON} {old}"), &format!("{ROWS}; {rows}"));
    let why = stopped(&mut connection, &format!("{PERSON} {new}"));
    assert!(why.contains("blog_post.author_id has a value in 1 row"), "{why}");
    let lost = Mode::Apply { allow_drop: vec!["blog_post.author_id".to_owned()] };
    migrate(&mut connection, &schema(&format!("{PERSON} {new}")), &lost, NOW).unwrap();
    assert_eq!(super::rows(&connection, "SELECT author_id FROM blog_post"), "null");
}

#[test]
fn links_by_the_old_key_stop() {
    let post = "type Post @entity { authors: [Person!]! @join }";
    let rows = "DELETE FROM mainstay_history_blog_person; INSERT INTO blog_post VALUES (X'00000000000000000000000000000001'); INSERT INTO blog_post_authors VALUES (X'00000000000000000000000000000001', 1)";
    let mut connection = filled(&format!("{PERSON} {post}"), &format!("{ROWS}; {rows}"));
    let why = stopped(&mut connection, &rekeyed(post));
    assert!(why.contains("blog_post_authors"), "{why}");
}

#[test]
fn history_by_the_old_key_goes_only_where_that_is_allowed() {
    let mut connection = filled(PERSON, ROWS);
    let why = stopped(&mut connection, &rekeyed(""));
    assert!(why.contains("--allow-drop mainstay_history_blog_person"), "{why}");
    let lost = Mode::Apply { allow_drop: vec!["mainstay_history_blog_person".to_owned()] };
    migrate(&mut connection, &schema(&rekeyed("")), &lost, NOW).unwrap();
    assert_eq!(rows(&connection, "SELECT * FROM mainstay_history_blog_person"), "");
    connection.execute_batch("UPDATE blog_person SET name = 'Eve' WHERE m = 1").unwrap();
    let sql = "SELECT key_0, number, operation FROM mainstay_history_blog_person";
    assert_eq!(rows(&connection, sql), "1 | 1 | update");
}

fn rows_of(connection: &Connection) -> String {
    rows(connection, "SELECT name FROM blog_person JOIN blog_post ON author_id = m")
}
