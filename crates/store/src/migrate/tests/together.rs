//! Processes that migrate at once, and processes that are killed on the way.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Barrier};

use super::*;
use crate::connection;

const OLD: &str = "type Post @entity { title: String! rank: Int! @unique }";
/// The number becomes text, which rebuilds the table.
const NEW: &str = "type Post @entity { title: String! rank: Decimal! @unique mood: String! @default(value: \"good\") }";

const ROWS: u32 = 20_000;

/// Says to the test below that it is the child, and where the database is.
const CHILD_DATABASE: &str = "MAINSTAY_TEST_DATABASE";
/// After how many thousand steps of SQLite's machine the child dies.
const CHILD_LIFE: &str = "MAINSTAY_TEST_LIFE";

#[test]
fn a_process_of_its_own_migrates_and_may_die() {
    let Some(path) = std::env::var_os(CHILD_DATABASE) else { return };
    let mut connection = connection::writer(Path::new(&path)).unwrap();
    // Too small for the table, so that pages are written all the way and not only at the commit.
    connection.pragma_update(None, "cache_size", 20).unwrap();
    if let Some(life) = std::env::var_os(CHILD_LIFE) {
        let mut left: u64 = life.to_str().unwrap().parse().unwrap();
        let tick = move || {
            left = left.checked_sub(1).unwrap_or_else(|| std::process::abort());
            false
        };
        connection.progress_handler(1000, Some(tick)).unwrap();
    }
    dev(&mut connection, NEW).unwrap();
}

fn child(path: &Path, life: Option<u64>) -> Child {
    let name = "migrate::tests::together::a_process_of_its_own_migrates_and_may_die";
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", name]).env(CHILD_DATABASE, path);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    if let Some(life) = life {
        command.env(CHILD_LIFE, life.to_string());
    }
    command.spawn().unwrap()
}

/// Makes a database of the old model with many rows, in one file.
fn old_database(folder: &Path) -> PathBuf {
    let path = folder.join("old.db");
    let mut connection = connection::writer(&path).unwrap();
    dev(&mut connection, OLD).unwrap();
    let sql = "INSERT INTO blog_post (id, title, rank) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) SELECT randomblob(16), 'Title ' || i, i FROM n";
    connection.execute(sql, [ROWS]).unwrap();
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    path
}

fn copy(of: &Path, name: &str) -> PathBuf {
    let path = of.with_file_name(name);
    std::fs::copy(of, &path).unwrap();
    path
}

/// Asserts that the database is wholly in the old state or in the new one, and says which.
fn is_new(path: &Path) -> bool {
    let mut connection = connection::writer(path).unwrap();
    assert_eq!(rows(&connection, "PRAGMA integrity_check"), "ok");
    assert_eq!(rows(&connection, "SELECT COUNT(*) FROM blog_post"), ROWS.to_string());
    let new = rows(&connection, "SELECT MAX(id) FROM mainstay_migration") == "2";
    let kinds = "SELECT DISTINCT typeof(rank) FROM blog_post";
    assert_eq!(rows(&connection, kinds), if new { "text" } else { "integer" });
    assert_eq!(
        rows(&connection, "SELECT COUNT(*) FROM sqlite_schema WHERE name LIKE 'mainstay_new%'"),
        "0"
    );
    let record = super::super::record::read(&connection).unwrap().unwrap();
    let expected = schema(if new { NEW } else { OLD });
    assert_eq!(record.fingerprint, plan::ddl::fingerprint(&expected));
    // Whatever happened, the next start comes to the new state.
    assert_eq!(dev(&mut connection, NEW).unwrap().applied, !new);
    assert_eq!(rows(&connection, "SELECT SUM(CAST(rank AS INTEGER)) FROM blog_post"), "200010000");
    new
}

#[test]
fn a_process_killed_while_it_rebuilds_a_table_leaves_the_old_or_the_new_state() {
    let folder = tempfile::tempdir().unwrap();
    let old = old_database(folder.path());
    let whole = copy(&old, "whole.db");
    assert!(child(&whole, None).wait().unwrap().success());
    assert!(is_new(&whole));

    // By the work done: the conversion and the indexes, before anything is on the disk.
    for round in 0..10_u64 {
        let path = copy(&old, &format!("work-{round}.db"));
        child(&path, Some(round * 220)).wait().unwrap();
        is_new(&path);
    }
    // By the bytes written: between the pages, up to and beyond the commit.
    for round in 0..10_u64 {
        let path = copy(&old, &format!("bytes-{round}.db"));
        let log = folder.path().join(format!("bytes-{round}.db-wal"));
        let mut child = child(&path, None);
        while std::fs::metadata(&log).map_or(0, |log| log.len()) <= round * 250_000
            && child.try_wait().unwrap().is_none()
        {
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        is_new(&path);
    }
}

#[test]
fn of_several_that_start_at_once_one_migrates() {
    let folder = tempfile::tempdir().unwrap();
    let path = old_database(folder.path());
    let mut children: Vec<Child> = (0..2).map(|_| child(&path, None)).collect();
    let barrier = Arc::new(Barrier::new(3));
    let threads: Vec<_> = (0..3)
        .map(|_| {
            let (path, barrier) = (path.clone(), Arc::clone(&barrier));
            std::thread::spawn(move || {
                let mut connection = connection::writer(&path).unwrap();
                barrier.wait();
                dev(&mut connection, NEW).unwrap();
                assert_eq!(rows(&connection, "PRAGMA foreign_keys; "), "1");
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    children.iter_mut().for_each(|child| assert!(child.wait().unwrap().success()));
    assert!(is_new(&path));
    let connection = connection::writer(&path).unwrap();
    assert_eq!(rows(&connection, "SELECT COUNT(*) FROM mainstay_migration"), "2");
}

#[tokio::test]
async fn a_database_of_an_older_release_needs_no_migration_for_new_tables_of_mainstays_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = old_database(folder.path());
    let store = Store::open(crate::Options::new(path)).unwrap();
    for mode in [Mode::plan_only(), Mode::Dev, Mode::plan_only()] {
        let outcome = store.migrate(schema(OLD), mode, NOW).await.unwrap();
        assert_eq!((outcome.applied, outcome.plan.as_str()), (false, ""));
    }
}

#[tokio::test]
async fn a_store_migrates_and_knows_what_it_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(crate::Options::new(folder.path().join("app.db"))).unwrap();
    assert_eq!(store.recorded_schema().await.unwrap(), None);
    assert!(store.migrate(schema(OLD), Mode::Dev, NOW).await.unwrap().applied);
    let recorded = store.recorded_schema().await.unwrap().unwrap();
    assert_eq!((recorded.schema.tables.len(), recorded.applied_at), (1, NOW));
    let shown = store.migrate(schema(NEW), Mode::plan_only(), NOW).await.unwrap();
    assert!(!shown.applied && shown.problems.is_empty() && shown.plan.contains("mood"));
    store.close().await;
}
