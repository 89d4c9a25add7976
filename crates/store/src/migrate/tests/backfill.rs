//! Fills that go on after the migration.

use std::process::{Child, Command, Stdio};

use super::*;
use crate::connection;

const OLD: &str = "type Note @entity { title: String! }";
const NEW: &str =
    "type Note @entity { title: String! loud: String @fill(expr: \"row.title.upperAscii()\") }";
/// Three batches, the last of them short.
const ROWS: u32 = 12_000;

const CHILD_DATABASE: &str = "MAINSTAY_TEST_BACKFILL";

fn online(connection: &mut Connection, sdl: &str) -> Result<Outcome, MigrationError> {
    migrate(connection, &schema(sdl), &Mode::Online { allow_drop: vec![] }, NOW)
}

fn notes(rows: u32) -> String {
    format!(
        "INSERT INTO blog_note WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) SELECT randomblob(16), 'note ' || i FROM n"
    )
}

fn left(connection: &Connection) -> String {
    rows(connection, "SELECT COUNT(*) FROM blog_note WHERE loud IS NULL")
}

#[test]
fn rows_are_filled_in_batches_and_a_run_cut_short_is_gone_on_with() {
    let mut connection = filled(OLD, &notes(ROWS));
    // Mainstay's own names are no drift.
    connection
        .execute_batch("CREATE TABLE stops (title TEXT); INSERT INTO stops VALUES ('note 7000')")
        .unwrap();
    let stops = "CREATE TRIGGER mainstay_stops BEFORE UPDATE ON blog_note
        WHEN NEW.title IN (SELECT title FROM stops) BEGIN SELECT RAISE(ABORT, 'cut short'); END";
    connection.execute_batch(stops).unwrap();
    let error = online(&mut connection, NEW).unwrap_err().to_string();
    assert!(error.contains("cut short"), "{error}");
    assert_eq!(left(&connection), "7000", "the first batch is kept, the second undone");

    let shown = migrate(&mut connection, &schema(NEW), &Mode::plan_only(), NOW).unwrap();
    assert_eq!(
        shown.filling,
        [Filling { table: "blog_note".into(), column: "loud".into(), rows: 5000 }]
    );
    connection.execute_batch("DELETE FROM stops").unwrap();
    // What was written in the meantime stays.
    connection
        .execute_batch("UPDATE blog_note SET loud = 'mine' WHERE title IN ('note 1', 'note 9000')")
        .unwrap();
    assert!(!dev(&mut connection, NEW).unwrap().applied, "the tables are there already");
    assert_eq!(left(&connection), "0");
    assert_eq!(rows(&connection, "SELECT COUNT(*) FROM blog_note WHERE loud = 'mine'"), "2");
    let same = "SELECT COUNT(*) FROM blog_note WHERE loud = upper(title)";
    assert_eq!(rows(&connection, same), (ROWS - 2).to_string());
    assert_eq!(dev(&mut connection, NEW).unwrap(), Outcome::default(), "nothing is left");
}

#[test]
fn what_is_left_is_filled_before_the_names_it_reads_change() {
    let mut connection = filled(OLD, &notes(6_000));
    connection.execute_batch("CREATE TRIGGER mainstay_stops BEFORE UPDATE ON blog_note WHEN NEW.title = 'note 5500' BEGIN SELECT RAISE(ABORT, 'cut short'); END").unwrap();
    online(&mut connection, NEW).unwrap_err();
    connection.execute_batch("DROP TRIGGER mainstay_stops").unwrap();
    let renamed = "type Note @entity { text: String! @was(name: \"title\") loud: String! @fill(expr: \"row.title\") }";
    dev(&mut connection, renamed).unwrap();
    assert_eq!(
        rows(&connection, "SELECT COUNT(*) FROM blog_note WHERE loud = upper(text)"),
        "6000"
    );
}

#[test]
fn what_cannot_wait_is_filled_in_the_migration() {
    let mut connection = filled(OLD, &notes(3));
    // One reads a field that goes, one is required, one may wait.
    let new = "type Note @entity {
        a: String @fill(expr: \"row.title\") b: String! @fill(expr: \"row.title\") c: Int @fill(expr: \"1\") }";
    let outcome = online(&mut connection, new).unwrap();
    let later: Vec<&str> = outcome
        .steps
        .iter()
        .filter(|step| step.way == plan::ddl::Way::WriteRowsLater)
        .filter_map(|step| step.subject.as_deref())
        .collect();
    assert_eq!(later, ["c"]);
    assert_eq!(
        rows(&connection, "SELECT a, b, c FROM blog_note WHERE b = 'note 2'"),
        "note 2 | note 2 | 1"
    );
}

#[test]
fn rows_that_a_later_fill_does_not_fit_stop_the_migration_before_it_begins() {
    let mut connection = filled(OLD, &notes(3));
    let new =
        "type Note @entity { title: String! n: Int @unique @fill(expr: \"size(row.title)\") }";
    let error = online(&mut connection, new).unwrap_err().to_string();
    assert!(error.contains("3 rows that share their n"), "{error}");
}

#[test]
fn a_process_of_its_own_fills_and_may_die() {
    let Some(path) = std::env::var_os(CHILD_DATABASE) else { return };
    online(&mut connection::writer(path.as_ref()).unwrap(), NEW).unwrap();
}

fn child(path: &std::path::Path) -> Child {
    let name = "migrate::tests::backfill::a_process_of_its_own_fills_and_may_die";
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", name]).env(CHILD_DATABASE, path);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

#[test]
fn a_server_writes_while_rows_are_filled_and_a_kill_leaves_what_the_next_run_finishes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.db");
    let mut connection = connection::writer(&path).unwrap();
    dev(&mut connection, OLD).unwrap();
    connection.execute_batch(&notes(60_000)).unwrap();
    let mut child = child(&path);
    // The server of the old model goes on writing rows between the batches.
    let mut written = 0;
    let sql = "SELECT COUNT(*) FROM pragma_table_info('blog_note') WHERE name = 'loud'";
    while rows(&connection, sql) == "0" || left(&connection) == (60_000 + written).to_string() {
        connection
            .execute("INSERT INTO blog_note (id, title) VALUES (randomblob(16), 'late')", [])
            .unwrap();
        written += 1;
        assert!(child.try_wait().unwrap().is_none_or(|status| status.success()));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(rows(&connection, "PRAGMA integrity_check"), "ok");
    if super::super::backfill::filling(&connection).unwrap().is_empty() {
        // It was done before it could be killed; what came later is not its own.
        return;
    }
    dev(&mut connection, NEW).unwrap();
    assert_eq!(left(&connection), "0");
    assert_eq!(
        rows(&connection, "SELECT COUNT(*) FROM blog_note WHERE loud = upper(title)"),
        (60_000 + written).to_string()
    );
}
