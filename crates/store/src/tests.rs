use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use plan::{Bind, Cell, Constraint, Program, Row, Sequence, Statement, Step, Steps, Verdict};
use tempfile::TempDir;
use tokio::task::JoinSet;

use super::{Error, Options, Store};

/// Runs statements and collects the integers of their first columns.
struct Run {
    statements: Vec<(Arc<str>, Vec<Bind>)>,
    at: usize,
    found: Vec<i64>,
    refused: Option<Constraint>,
    panics: bool,
}

fn run(statements: &[&str]) -> Run {
    let statements = statements.iter().map(|sql| (Arc::from(*sql), Vec::new())).collect();
    Run { statements, at: 0, found: Vec::new(), refused: None, panics: false }
}

impl Program for Run {
    type Output = Result<Vec<i64>, Constraint>;

    fn next(&mut self) -> Option<Statement<'_>> {
        assert!(!self.panics, "as the test asks");
        if self.refused.is_some() {
            return None;
        }
        self.at += 1;
        let (sql, binds) = self.statements.get(self.at - 1)?;
        Some(Statement { sql, binds })
    }

    fn row<R: Row>(&mut self, row: &R) {
        if let Cell::Int(number) = row.cell(0) {
            self.found.push(number);
        }
    }

    fn refused(&mut self, constraint: Constraint) {
        self.refused = Some(constraint);
    }

    fn restart(&mut self) {
        self.at = 0;
        self.found.clear();
    }

    fn verdict(&self) -> Verdict {
        if self.refused.is_some() { Verdict::Rollback } else { Verdict::Commit }
    }

    fn finish(self) -> Self::Output {
        self.refused.map_or(Ok(self.found), Err)
    }
}

/// Writes 0, 1, 2 and so on by a program each, made with the count that the one before has seen.
struct Counting {
    seen: Vec<i64>,
    refused: Option<Constraint>,
    rows: i64,
    wrong_at: Option<i64>,
}

impl Steps for Counting {
    type Program = Run;
    type Output = (Verdict, Vec<i64>, Option<Constraint>);

    fn next(&mut self) -> Step<Run> {
        let next = self.seen.last().copied().unwrap_or(0);
        if next == self.rows {
            return Step::End(Verdict::Commit);
        }
        let number = if self.wrong_at == Some(next) { 1_000_000 } else { next };
        let insert = format!("INSERT INTO row (n) VALUES ({number})");
        Step::Run(run(&[&insert, "SELECT COUNT(*) FROM row"]))
    }

    fn done(&mut self, output: Result<Vec<i64>, Constraint>) {
        match output {
            Ok(counts) => self.seen.extend(counts),
            Err(constraint) => self.refused = Some(constraint),
        }
    }

    fn restart(&mut self) {
        self.seen.clear();
    }

    fn finish(self, verdict: Verdict) -> Self::Output {
        (verdict, self.seen, self.refused)
    }
}

async fn open() -> (TempDir, Store) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let mut options = Options::new(dir.path().join("data.db"));
    options.read_time_max = Duration::from_millis(300);
    let store = Store::open(options).expect("the store opens");
    let tables = "CREATE TABLE parent (id INTEGER PRIMARY KEY) STRICT";
    let rows = "CREATE TABLE row (n INTEGER NOT NULL UNIQUE CONSTRAINT small CHECK (n < 1000000), \
                parent INTEGER REFERENCES parent (id)) STRICT";
    store.write(run(&[tables, rows])).await.expect("written").expect("no constraint");
    (dir, store)
}

async fn count(store: &Store) -> i64 {
    store.read(run(&["SELECT COUNT(*) FROM row"])).await.expect("read").expect("rows")[0]
}

/// A read that never ends by itself.
const ENDLESS: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n WHERE i < 0";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_read_sees_every_write_acknowledged_before_it() {
    let (_dir, store) = open().await;
    let acknowledged = Arc::new(AtomicI64::new(0));
    let next = Arc::new(AtomicI64::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..4 {
        let (store, acknowledged, next) =
            (store.clone(), Arc::clone(&acknowledged), Arc::clone(&next));
        tasks.spawn(async move {
            for _ in 0..300 {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let insert = format!("INSERT INTO row (n) VALUES ({number})");
                store.write(run(&[&insert])).await.expect("written").expect("no constraint");
                acknowledged.fetch_add(1, Ordering::AcqRel);
            }
        });
    }
    for _ in 0..4 {
        let (store, acknowledged) = (store.clone(), Arc::clone(&acknowledged));
        tasks.spawn(async move {
            for _ in 0..3000 {
                let before = acknowledged.load(Ordering::Acquire);
                assert!(count(&store).await >= before, "an acknowledged write is not seen");
                tokio::task::yield_now().await;
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.expect("no task fails");
    }
    assert_eq!(count(&store).await, 1200);
}

#[tokio::test]
async fn a_failing_write_leaves_the_others_of_its_batch_alone() {
    let (_dir, store) = open().await;
    let mut tasks = JoinSet::new();
    for number in 0..200 {
        let store = store.clone();
        tasks.spawn(async move {
            let insert = format!("INSERT INTO row (n) VALUES ({})", number / 2);
            store.write(run(&[&insert])).await.expect("written").is_ok()
        });
    }
    let kept = tasks.join_all().await.into_iter().filter(|kept| *kept).count();
    assert_eq!((kept, count(&store).await), (100, 100));
}

#[tokio::test]
async fn a_refused_statement_undoes_the_whole_program() {
    let (_dir, store) = open().await;
    let cases = [
        ("INSERT INTO row (n) VALUES (1)", Constraint::Unique("row.n".to_owned())),
        ("INSERT INTO row (n) VALUES (1000000)", Constraint::Check("small".to_owned())),
        ("INSERT INTO row (n) VALUES (NULL)", Constraint::NotNull("row.n".to_owned())),
        ("INSERT INTO row (n, parent) VALUES (3, 7)", Constraint::ForeignKey),
    ];
    for (sql, constraint) in cases {
        let result = store.write(run(&["INSERT INTO row (n) VALUES (1)", sql])).await;
        assert_eq!(result.expect("the store works"), Err(constraint));
        assert_eq!(count(&store).await, 0, "{sql}");
    }
}

#[tokio::test]
async fn a_sequence_sees_its_own_writes_and_is_kept_whole_or_not_at_all() {
    let (_dir, store) = open().await;
    let counting = |wrong_at| {
        let steps = Counting { seen: Vec::new(), refused: None, rows: 5, wrong_at };
        Sequence::new(steps)
    };
    for wrong_at in 0..5 {
        let (verdict, seen, refused) = store.write(counting(Some(wrong_at))).await.expect("run");
        assert_eq!((verdict, count(&store).await), (Verdict::Rollback, 0), "{wrong_at}");
        assert_eq!(seen, (1..=wrong_at).collect::<Vec<_>>());
        assert_eq!(refused, Some(Constraint::Check("small".to_owned())));
    }
    let (verdict, seen, refused) = store.write(counting(None)).await.expect("run");
    assert_eq!((verdict, seen, refused), (Verdict::Commit, vec![1, 2, 3, 4, 5], None));
    assert_eq!(count(&store).await, 5);
}

#[tokio::test]
async fn a_write_that_reads_without_end_is_undone_alone() {
    let (_dir, store) = open().await;
    let mut tasks = JoinSet::new();
    for number in 0..10 {
        let store = store.clone();
        tasks.spawn(async move {
            let insert = format!("INSERT INTO row (n) VALUES ({number})");
            let reading: &[&str] = if number == 5 { &[&insert, ENDLESS] } else { &[&insert] };
            store.write(run(reading)).await
        });
    }
    let results = tasks.join_all().await;
    let given_up = results.iter().filter(|result| matches!(result, Err(Error::Timeout))).count();
    assert_eq!((given_up, count(&store).await), (1, 9));
    // What writes is never broken off, and what comes after has a budget of its own.
    let long = "WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n LIMIT 700000) \
                INSERT INTO row (n) SELECT i FROM n";
    store.write(run(&[long])).await.expect("written").expect("no constraint");
    store.write(run(&["SELECT COUNT(*) FROM row"])).await.expect("read").expect("rows");
}

#[tokio::test]
async fn a_database_of_an_older_release_gets_the_tables_it_lacks() {
    let (dir, store) = open().await;
    store.write(run(&["INSERT INTO row (n) VALUES (1)"])).await.expect("written").expect("kept");
    store.write(run(&["DROP TABLE mainstay_idempotency"])).await.expect("run").expect("dropped");
    store.close().await;
    let again = Store::open(Options::new(dir.path().join("data.db"))).expect("it opens");
    let kept = again.read(run(&["SELECT COUNT(*) FROM mainstay_idempotency"])).await;
    assert_eq!(kept.expect("read"), Ok(vec![0]));
    assert_eq!(count(&again).await, 1);
    again.close().await;
    // Where nothing is missing, nothing is written: another process may hold the lock.
    let holder = rusqlite::Connection::open(dir.path().join("data.db")).expect("a connection");
    holder.execute_batch("BEGIN IMMEDIATE").expect("a lock");
    Store::open(Options::new(dir.path().join("data.db"))).expect("it opens beside the lock");
}

#[tokio::test]
async fn a_panic_in_a_program_ends_that_write_only() {
    let (_dir, store) = open().await;
    let mut broken = run(&["INSERT INTO row (n) VALUES (1)"]);
    broken.panics = true;
    assert!(matches!(store.write(broken).await, Err(Error::Panicked)));
    store.write(run(&["INSERT INTO row (n) VALUES (2)"])).await.expect("written").expect("kept");
    assert_eq!(count(&store).await, 1);
}

#[tokio::test]
async fn an_endless_read_is_given_up_while_others_go_on() {
    let (_dir, store) = open().await;
    let endless = {
        let store = store.clone();
        async move { store.read(run(&[ENDLESS])).await }
    };
    let others = async {
        for _ in 0..100 {
            assert_eq!(count(&store).await, 0);
            tokio::task::yield_now().await;
        }
    };
    let (endless, ()) = tokio::join!(endless, others);
    assert!(matches!(endless, Err(Error::Timeout)), "{endless:?}");
    assert_eq!(count(&store).await, 0);
}

#[tokio::test]
async fn a_long_read_that_ends_in_time_is_answered_whole() {
    let (_dir, store) = open().await;
    let long = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000) SELECT i FROM n";
    let found = store.read(run(&[long, "SELECT 7"])).await.expect("read").expect("rows");
    assert_eq!((found.len(), found[0], found[100_000]), (100_001, 1, 7));
}

#[tokio::test]
async fn a_full_queue_refuses_at_once() {
    let (_dir, store) = open().await;
    let mut tasks = JoinSet::new();
    for _ in 0..200 {
        let store = store.clone();
        tasks.spawn(async move { store.read(run(&[ENDLESS])).await });
    }
    let results = tasks.join_all().await;
    let refused = results.iter().filter(|result| matches!(result, Err(Error::Overloaded))).count();
    assert!(refused > 0, "nothing was refused");
    assert_eq!(count(&store).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn the_log_stays_short_while_others_read() {
    let (dir, store) = open().await;
    let mut reading = JoinSet::new();
    let reader = store.clone();
    reading.spawn(async move {
        while count(&reader).await < 6000 {
            tokio::task::yield_now().await;
        }
    });
    for batch in 0..60 {
        let inserts: Vec<String> = (0..100)
            .map(|number| {
                format!("INSERT INTO row (n) VALUES ({})", (batch * 100 + number) * 7919 % 999_983)
            })
            .collect();
        let texts: Vec<&str> = inserts.iter().map(String::as_str).collect();
        store.write(run(&texts)).await.expect("written").expect("no constraint");
        for _ in 0..20 {
            store
                .write(run(&["UPDATE row SET parent = NULL WHERE n % 50 = 0"]))
                .await
                .expect("written")
                .expect("kept");
        }
    }
    reading.join_all().await;
    let log = std::fs::metadata(dir.path().join("data.db-wal")).expect("a log").len();
    assert!(log < 32 * 1024 * 1024, "the log has {log} bytes");
}

#[tokio::test]
async fn a_closed_store_keeps_what_was_written_and_takes_no_more() {
    let (dir, store) = open().await;
    store.write(run(&["INSERT INTO row (n) VALUES (1)"])).await.expect("written").expect("kept");
    store.close().await;
    assert!(matches!(store.write(run(&["SELECT 1"])).await, Err(Error::Closed)));
    assert!(matches!(store.read(run(&["SELECT 1"])).await, Err(Error::Closed)));
    let again = Store::open(Options::new(dir.path().join("data.db"))).expect("it opens again");
    assert_eq!(count(&again).await, 1);
}

#[tokio::test]
async fn a_store_is_ready_until_it_is_closed() {
    let dir = TempDir::new().unwrap();
    let store = Store::open(Options::new(dir.path().join("data.db"))).unwrap();
    store.ready().await.unwrap();
    store.close().await;
    assert!(matches!(store.ready().await, Err(Error::Closed)));
}
