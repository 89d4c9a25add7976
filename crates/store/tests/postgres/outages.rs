//! A server that goes away, and comes back.

use std::time::{Duration, Instant};

use plan::Bind;
use store::Error;

use crate::script::{Script, World};

/// Longer than anything here takes; a test that waits longer has found a hang.
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_stopped_server_is_told_at_once_and_one_that_is_back_is_used_again() {
    let mut world = World::new(&["CREATE TABLE t (id bigint)"]).await;
    let several = || Script::new(1, &[("SELECT 1::bigint", &[]), ("SELECT 2::bigint", &[])]);
    world.read(several()).await;
    world.server.stop();
    let begun = Instant::now();
    for _ in 0..100 {
        let read = world.database.read(several()).await;
        assert!(matches!(read, Err(Error::Unavailable)), "{read:?}");
        let write = world.database.write(Script::of("INSERT INTO t VALUES (1)")).await;
        assert!(matches!(write, Err(Error::Unavailable)), "{write:?}");
    }
    // Two hundred that waited for a connection would take minutes.
    assert!(begun.elapsed() < PATIENCE, "nobody waits for it");
    world.server.start_again();
    let until = Instant::now() + PATIENCE;
    while world.database.read(several()).await.is_err() {
        assert!(Instant::now() < until, "it is found again");
        tokio::task::yield_now().await;
    }
    world.write(Script::of("INSERT INTO t VALUES (1)")).await;
    assert_eq!(world.number("SELECT count(*) FROM t").await, 1);
}

#[tokio::test]
async fn a_connection_cut_in_the_middle_of_a_write_leaves_nothing_of_it() {
    let world = World::new(&["CREATE TABLE t (id bigint)"]).await;
    let cut = "SELECT pg_terminate_backend(pg_backend_pid())";
    let insert: (&str, &[Bind]) = ("INSERT INTO t VALUES (1)", &[]);
    let write = world.database.write(Script::new(0, &[insert, (cut, &[]), insert])).await;
    assert!(matches!(write, Err(Error::Unavailable)), "{write:?}");
    assert_eq!(world.number("SELECT count(*) FROM t").await, 0);
    world.write(Script::new(0, &[insert])).await;
    assert_eq!(world.number("SELECT count(*) FROM t").await, 1);
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_nothing_behind() {
    let world = World::new(&["CREATE TABLE t (id bigint)"]).await;
    let insert: (&str, &[Bind]) = ("INSERT INTO t VALUES (1)", &[]);
    let endless: (&str, &[Bind]) = ("SELECT 1 FROM pg_sleep(3600)", &[]);
    // More of them than there are connections for writes.
    for _ in 0..20 {
        let write = world.database.write(Script::new(0, &[insert, endless]));
        let gone = tokio::time::timeout(Duration::from_millis(20), write).await;
        assert!(gone.is_err(), "it waits");
    }
    world.write(Script::new(0, &[insert])).await;
    assert_eq!(world.number("SELECT count(*) FROM t").await, 1);
}
