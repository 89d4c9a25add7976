//! Writes: one after another, as far as anyone can tell.

use plan::{Bind, Constraint};
use tokio::task::JoinSet;

use crate::script::{Script, World};

/// What each client of a race does; all at once.
async fn race(
    world: &World,
    clients: usize,
    script: impl Fn(usize) -> Script,
) -> Vec<Result<Vec<Vec<Bind>>, Constraint>> {
    let mut writes = JoinSet::new();
    for client in 0..clients {
        let (database, script) = (world.database.clone(), script(client));
        writes.spawn(async move { database.write(script).await.expect("the database works") });
    }
    writes.join_all().await
}

#[tokio::test]
async fn a_write_is_kept_or_undone_as_it_says() {
    let world = World::new(&["CREATE TABLE t (id bigint)"]).await;
    let insert = Script::new(1, &[("INSERT INTO t VALUES (7) RETURNING id", &[])]);
    assert_eq!(world.write(insert.clone().undone()).await, [[Bind::Int(7)]]);
    assert_eq!(world.number("SELECT count(*) FROM t").await, 0);
    world.write(insert).await;
    assert_eq!(world.number("SELECT count(*) FROM t").await, 1);
}

#[tokio::test]
async fn violated_constraints_are_named_and_nothing_stays() {
    let tables = [
        "CREATE SCHEMA shop",
        "CREATE TABLE shop.shelf (id bigint PRIMARY KEY)",
        "CREATE TABLE shop.book (id bigint PRIMARY KEY, shelf_id bigint REFERENCES shop.shelf (id) \
         ON DELETE RESTRICT, title text NOT NULL, year bigint CONSTRAINT book_year CHECK (year > 0))",
        "CREATE UNIQUE INDEX book_title ON shop.book (title, year)",
        "INSERT INTO shop.shelf VALUES (1)",
        "INSERT INTO shop.book VALUES (1, 1, 'a', 1)",
    ];
    let world = World::new(&tables).await;
    let violates = async |sql: &str, expected: Constraint| {
        let first = "INSERT INTO shop.shelf VALUES (99)";
        let result = world.database.write(Script::new(0, &[(first, &[]), (sql, &[])])).await;
        assert_eq!(result.expect("the database works"), Err(expected), "{sql}");
    };
    let unique = |columns: &str| Constraint::Unique(columns.to_owned());
    for _ in 0..2 {
        violates("INSERT INTO shop.book VALUES (1, 1, 'b', 1)", unique("book.id")).await;
        let title = unique("book.title, book.year");
        violates("INSERT INTO shop.book VALUES (2, 1, 'a', 1)", title).await;
    }
    violates("INSERT INTO shop.book VALUES (2, 8, 'b', 1)", Constraint::ForeignKey).await;
    violates("DELETE FROM shop.shelf WHERE id = 1", Constraint::ForeignKey).await;
    let title = Constraint::NotNull("book.title".to_owned());
    violates("INSERT INTO shop.book VALUES (2, 1, NULL, 1)", title).await;
    let year = Constraint::Check("book_year".to_owned());
    violates("INSERT INTO shop.book VALUES (2, 1, 'b', 0)", year).await;
    assert_eq!(world.number("SELECT count(*) FROM shop.shelf").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_change_of_sixty_four_clients_at_once_is_lost() {
    let tables =
        ["CREATE TABLE t (id bigint PRIMARY KEY, n bigint)", "INSERT INTO t VALUES (1, 0)"];
    let world = World::new(&tables).await;
    // Looks, and then writes what it has seen and one more: the change of another in between would
    // be lost.
    let look: (&str, &[Bind]) = ("SELECT n FROM t WHERE id = 1", &[]);
    let add: (&str, &[Bind]) =
        ("UPDATE t SET n = (SELECT n FROM t WHERE id = 1) + 1 WHERE id = 1", &[]);
    race(&world, 64, |_| Script::new(1, &[look, add])).await;
    assert_eq!(world.number("SELECT n FROM t").await, 64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_write_has_looked_at_holds_when_it_is_kept() {
    // At most one doctor may leave; each write looks whether another is there. Row locks alone would
    // let both go.
    let tables = ["CREATE TABLE doctor (id bigint PRIMARY KEY, here boolean)"];
    let world = World::new(&tables).await;
    for _ in 0..20 {
        world.write(Script::of("DELETE FROM doctor")).await;
        world.write(Script::of("INSERT INTO doctor VALUES (0, true), (1, true)")).await;
        race(&world, 2, |doctor| {
            let leave = "UPDATE doctor SET here = false \
                         WHERE id = $1 AND (SELECT count(*) FROM doctor WHERE here) > 1";
            Script::new(0, &[(leave, &[Bind::Int(doctor as i64)])])
        })
        .await;
        assert_eq!(world.number("SELECT count(*) FROM doctor WHERE here").await, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_sixty_four_clients_gets_a_unique_key() {
    let world = World::new(&["CREATE TABLE t (id bigint PRIMARY KEY)"]).await;
    let results = race(&world, 64, |_| Script::of("INSERT INTO t VALUES (1)")).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    let taken = Err(Constraint::Unique("t.id".to_owned()));
    assert_eq!(results.iter().filter(|result| **result == taken).count(), 63);
}
