//! Archives that begin and end.

use super::*;

const OLD: &str = "type Note @entity @archive { text: String archivedAt: DateTime }";
const NEW: &str = "type Note @entity { text: String archivedAt: DateTime }";

#[test]
fn archived_rows_are_seen_again_only_where_that_is_allowed() {
    let rows = "INSERT INTO blog_note VALUES (X'00000000000000000000000000000001', 'a', NULL), (X'00000000000000000000000000000002', 'b', 5)";
    let mut connection = filled(OLD, rows);
    let why = stopped(&mut connection, NEW);
    assert!(why.contains("would be seen again: 1 row"), "{why}");
    assert!(why.contains("keys: 00000000-0000-0000-0000-000000000002"), "{why}");
    let allowed = Mode::Apply { allow_drop: vec!["blog_note.archived_at".to_owned()] };
    migrate(&mut connection, &schema(NEW), &allowed, NOW).unwrap();
    assert_eq!(super::rows(&connection, "SELECT text FROM blog_note WHERE archived_at = 5"), "b");
}

#[test]
fn archive_without_archived_rows_ends_by_itself() {
    let rows = "INSERT INTO blog_note VALUES (X'00000000000000000000000000000001', 'a', NULL)";
    dev(&mut filled(OLD, rows), NEW).unwrap();
}
