//! Tables altered by hand are noticed.

use super::*;

const POST: &str = "type Post @entity { title: String! }";

#[test]
fn a_start_without_a_change_does_nothing() {
    let mut connection = filled(POST, "");
    let before = state(&connection);
    let outcome = dev(&mut connection, POST).unwrap();
    assert_eq!(outcome, Outcome::default());
    assert_eq!(state(&connection), before);
}

#[test]
fn another_modules_own_table_is_no_drift_and_is_compared_once() {
    let mut connection =
        filled(POST, "CREATE TABLE notes (x); CREATE INDEX mainstay_i ON blog_post (title)");
    let fingerprint = plan::ddl::fingerprint(&schema(POST));
    assert!(!super::super::record::is_current(&connection, &fingerprint).unwrap());
    assert!(!dev(&mut connection, POST).unwrap().applied);
    assert!(super::super::record::is_current(&connection, &fingerprint).unwrap());
}

#[test]
fn a_table_altered_by_hand_is_named() {
    let mut connection =
        filled(POST, "ALTER TABLE blog_post ADD COLUMN x TEXT; CREATE INDEX i ON blog_post (x)");
    let error = dev(&mut connection, POST).unwrap_err().to_string();
    insta::assert_snapshot!(error);
}

#[test]
fn a_table_that_no_migration_made_is_not_touched() {
    let mut connection = database();
    connection.execute_batch("CREATE TABLE Blog_Post (x)").unwrap();
    let error = dev(&mut connection, POST).unwrap_err().to_string();
    insta::assert_snapshot!(error);
}
