//! Reads over shared connections, and in snapshots.

use plan::{Bind, Constraint, Program, Row, Statement, Verdict};
use store::postgres::{Database, Options};

use crate::script::{Script, World};

fn text(text: &str) -> Bind {
    Bind::Text(text.to_owned())
}

#[tokio::test]
async fn values_of_each_type_come_back_as_they_were_bound() {
    let world = World::new(&[]).await;
    let same = async |ty: &str, shown: &str, bind: Bind| {
        let sql = format!("SELECT {shown} FROM (SELECT CAST($1 AS {ty}) AS x) AS t");
        let rows = world.read(Script::new(1, &[(&sql, std::slice::from_ref(&bind))])).await;
        assert_eq!(rows, [[bind]], "{ty}");
    };
    for number in [0, 1, -1, i64::MAX, i64::MIN] {
        same("bigint", "x", Bind::Int(number)).await;
    }
    same("integer", "x", Bind::Int(-7)).await;
    same("smallint", "x", Bind::Int(7)).await;
    same("boolean", "x", Bind::Int(1)).await;
    same("boolean", "x", Bind::Int(0)).await;
    // 1970, now, before 1970, and the ends of what the language has.
    for micros in [0, 1_704_153_600_000_001, -1, -62_135_596_800_000_000, 253_402_300_799_999_999] {
        same("timestamptz", "x", Bind::Int(micros)).await;
    }
    for number in [0.1, -0.0, f64::MIN_POSITIVE, f64::MAX, 1e-7] {
        same("double precision", "x", Bind::Real(number)).await;
    }
    same("text", "x", text("naïve \"quoted\" \u{1f600}\n")).await;
    same("text", "x", text("")).await;
    same("json", "x", text(r#"{"b":1e20, "a": [1, null, "x"]}"#)).await;
    same("numeric", "x::text", text("-1234567890123456789.500")).await;
    same("date", "x::text", text("2026-11-24")).await;
    same("uuid", "x", Bind::Blob([0xab; 16].as_slice().into())).await;
    for ty in ["bigint", "timestamptz", "text", "json", "uuid", "double precision", "boolean"] {
        same(ty, "x", Bind::Null).await;
    }
}

#[tokio::test]
async fn what_cannot_be_bound_or_shown_is_an_error_and_harms_nothing() {
    let world = World::new(&[]).await;
    let fails = async |sql: &str, bind: Bind| {
        let result = world.database.read(Script::new(1, &[(sql, &[bind])])).await;
        result.expect_err("it is refused").to_string()
    };
    assert!(fails("SELECT $1::bigint", text("seven")).await.contains("invalid input syntax"));
    assert!(fails("SELECT $1::uuid", Bind::Int(7)).await.contains("serializing parameter 0"));
    assert!(fails("SELECT $1::numeric", text("1.5")).await.contains("column 0"));
    assert!(fails("SELECT nothing", Bind::Null).await.contains("nothing"));
    assert_eq!(world.number("SELECT 1::bigint").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_reads_at_once_share_four_connections() {
    let world =
        World::new(&["CREATE TABLE t AS SELECT generate_series(1, 1000)::bigint AS id"]).await;
    let mut reads = tokio::task::JoinSet::new();
    for id in 1..=1000 {
        let database = world.database.clone();
        let script = Script::new(1, &[("SELECT id FROM t WHERE id = $1", &[Bind::Int(id)])]);
        reads.spawn(async move { (id, database.read(script).await) });
    }
    while let Some(read) = reads.join_next().await {
        let (id, rows) = read.expect("it does not panic");
        assert_eq!(rows.expect("it works"), Ok(vec![vec![Bind::Int(id)]]));
    }
    let ours = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'mainstay'";
    // The four, and the one that made the table.
    assert!(world.number(ours).await <= 5);
}

/// Counts the rows of a table twice, and has one written in between.
struct Twice {
    script: Script,
    between: Option<Box<dyn FnOnce() + Send>>,
}

impl Program for Twice {
    type Output = <Script as Program>::Output;

    fn next(&mut self) -> Option<Statement<'_>> {
        self.script.next()
    }

    fn row<R: Row>(&mut self, row: &R) {
        self.script.row(row);
        if let Some(between) = self.between.take() {
            between();
        }
    }

    fn refused(&mut self, constraint: Constraint) {
        self.script.refused(constraint);
    }

    fn restart(&mut self) {
        self.script.restart();
    }

    fn verdict(&self) -> Verdict {
        self.script.verdict()
    }

    fn finish(self) -> Self::Output {
        self.script.finish()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_statements_of_a_read_see_one_snapshot() {
    let world = World::new(&["CREATE TABLE t (id bigint)"]).await;
    let count: (&str, &[Bind]) = ("SELECT count(*) FROM t", &[]);
    for known in [0, 1] {
        let options = Options::new(world.server.url());
        let between = Box::new(move || {
            // Another client, on a thread of its own: this one waits inside the read.
            let write = move || {
                let runtime = tokio::runtime::Runtime::new().expect("a runtime");
                let other = Database::new(&options).expect("an address");
                let insert = Script::of("INSERT INTO t VALUES (1)");
                runtime.block_on(other.write(insert)).expect("it works").expect("no constraint");
            };
            std::thread::spawn(write).join().expect("it does not panic");
        });
        let script = Script::new(1, &[count, count]);
        let read = Twice { script, between: Some(between) };
        let rows = world.database.read(read).await.expect("it works").expect("no constraint");
        // The first time the read was begun anew, behind the write, when it asked for a second
        // statement.
        assert_eq!(rows[0], rows[1], "known: {known}");
    }
    assert_eq!(world.number("SELECT count(*) FROM t").await, 2);
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_given_up_and_others_go_on() {
    let world = World::new(&[]).await;
    let options = Options {
        statement_time_max: std::time::Duration::from_millis(500),
        shared_connections: 1,
        ..Options::new(world.server.url())
    };
    let database = Database::new(&options).expect("an address");
    let endless = database.read(Script::of("SELECT 1 FROM pg_sleep(3600)"));
    let quick = database.read(Script::new(1, &[("SELECT 1::bigint", &[])]));
    let (endless, quick) = tokio::join!(endless, quick);
    assert!(matches!(endless, Err(store::Error::Timeout)), "{endless:?}");
    assert_eq!(quick.expect("it works"), Ok(vec![vec![Bind::Int(1)]]));
}
