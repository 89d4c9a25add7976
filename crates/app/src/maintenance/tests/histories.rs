//! Entries of histories are removed.

use expr::Timestamp;
use plan::history::Prune;
use plan::purge::{Batch, Purge};
use serde_json::json;

use super::{DAY, World};
use crate::maintenance::{BATCH_ROWS, Done};
use crate::written_by;

const HISTORY: &str = "mainstay_history_app_entry";
const MICROS_OF_A_DAY: i64 = 86_400_000_000;

fn entries(expected: &[(i64, &str)]) -> Vec<(i64, String)> {
    expected.iter().map(|(number, operation)| (*number, (*operation).to_owned())).collect()
}

#[tokio::test]
async fn entries_are_removed_when_their_time_has_passed_and_their_numbers_go_on() {
    let world = World::new().await;
    let key = world.create("Entry", json!({ "text": "a" })).await;
    world.clock.advance(200 * DAY);
    world.change("Entry", &key, json!({ "text": "b" })).await;
    world.clock.advance(200 * DAY);
    // Not shown any more, whether or not it has been removed.
    assert_eq!(world.history("Entry", &key).await, entries(&[(2, "update")]));
    assert_eq!(world.all().await, Done { rows: 0, entries: 1 });
    world.clock.advance(200 * DAY);
    assert_eq!(world.all().await, Done { rows: 0, entries: 1 }, "what it holds is gone");
    assert_eq!(world.all().await, Done::default());
    assert_eq!(world.history("Entry", &key).await, entries(&[]));
    world.change("Entry", &key, json!({ "text": "c" })).await;
    assert_eq!(world.history("Entry", &key).await, entries(&[(3, "update")]));
}

#[tokio::test]
async fn nothing_is_left_of_a_deleted_row() {
    let world = World::new().await;
    let key = world.create("Entry", json!({ "text": "a" })).await;
    world.delete("Entry", &key).await;
    world.clock.advance(31 * DAY);
    assert_eq!(world.all().await, Done { rows: 1, entries: 0 });
    let seen = entries(&[(3, "delete"), (2, "archive"), (1, "create")]);
    assert_eq!(world.history("Entry", &key).await, seen);
    world.clock.advance(400 * DAY);
    assert_eq!(world.all().await, Done { rows: 0, entries: 3 });
    assert_eq!(world.all().await, Done::default());
    // What is left has no time, and is not shown either.
    assert_eq!(world.kept("app_entry").await, 0);
}

#[tokio::test]
async fn nothing_is_left_of_a_deleted_row_that_had_lost_its_entries_before() {
    let world = World::new().await;
    let key = world.create("Entry", json!({ "text": "a" })).await;
    world.clock.advance(400 * DAY);
    assert_eq!(world.all().await.entries, 1);
    assert_eq!(world.kept("app_entry").await, 1, "its number");
    world.delete("Entry", &key).await;
    world.clock.advance(31 * DAY);
    world.all().await;
    world.clock.advance(400 * DAY);
    world.all().await;
    assert_eq!(world.kept("app_entry").await, 0);
}

#[tokio::test]
async fn one_number_is_left_of_a_row_that_is_there() {
    let world = World::new().await;
    let key = world.create("Entry", json!({ "text": "a" })).await;
    for turn in 0..3 {
        world.clock.advance(400 * DAY);
        world.all().await;
        assert_eq!(world.kept("app_entry").await, 1);
        for part in ["b", "c"] {
            world.change("Entry", &key, json!({ "text": format!("{part}{turn}") })).await;
            world.clock.advance(DAY);
        }
    }
    assert_eq!(world.kept("app_entry").await, 3);
    // The first of the two is due, and the second is to take the place of the number.
    world.clock.advance(364 * DAY);
    world.all().await;
    assert_eq!(world.kept("app_entry").await, 2);
    world.clock.advance(DAY);
    world.all().await;
    assert_eq!(world.kept("app_entry").await, 1);
    world.change("Entry", &key, json!({ "text": "d" })).await;
    assert_eq!(world.history("Entry", &key).await, entries(&[(8, "update")]));
}

#[tokio::test]
async fn deletions_dated_too_early_wait_for_what_they_ended_and_nothing_waits_for_them() {
    let world = World::new().await;
    let start = world.app.clock.now();
    let mut keys = Vec::new();
    for _ in 0..=BATCH_ROWS {
        let key = world.create("Entry", json!({ "text": "a" })).await;
        world.delete("Entry", &key).await;
        keys.push(key);
    }
    // Their rows are deleted for good by a clock that is years behind.
    let soon = Timestamp(start.0 + 1);
    let early = Timestamp(start.0 - 20 * 365 * MICROS_OF_A_DAY);
    let entity = world.entity("Entry");
    let batch = Batch { rows: 2 * BATCH_ROWS, skipped: 0 };
    let purge = Purge::new(&world.app.model, world.app.dialect, entity, soon, batch);
    let purge = purge.expect("an archived type").by(&written_by::nobody(&world.app, early));
    world.app.store.write(purge).await.expect("the store works");
    world.clock.set(early);
    let key = world.create("Entry", json!({ "text": "b" })).await;
    world.clock.set(start);
    for _ in 0..3 {
        world.all().await;
    }
    assert_eq!(world.history("Entry", &keys[0]).await.len(), 3);
    assert_eq!(world.history("Entry", &key).await, entries(&[]));
    assert_eq!(world.kept("app_entry").await, 3 * i64::from(BATCH_ROWS + 1) + 1);
    world.clock.advance(400 * DAY);
    world.all().await;
    assert_eq!(world.kept("app_entry").await, 1);
}

#[tokio::test]
async fn more_entries_than_a_batch_are_removed_batch_by_batch() {
    let world = World::new().await;
    let key = world.create("Entry", json!({ "text": "a" })).await;
    for turn in 0..=BATCH_ROWS {
        world.change("Entry", &key, json!({ "text": turn.to_string() })).await;
    }
    world.clock.advance(400 * DAY);
    assert_eq!(world.all().await.entries, BATCH_ROWS as usize + 2);
    assert_eq!(world.all().await, Done::default());
}

/// Prunes what is due, a batch of that many entries, and returns how many are gone.
async fn prune(world: &World, before: Timestamp, limit: u32) -> Option<usize> {
    let (app, entity) = (&world.app, world.entity("Entry"));
    let prune = Prune::new(&app.model, app.dialect, entity, before, limit);
    app.store.write(prune.expect("a type with a history")).await.expect("the store works")
}

#[tokio::test]
async fn what_ends_between_any_two_batches_goes_on_with_the_next() {
    let world = World::new().await;
    let start = world.app.clock.now();
    let entry = |text: &str| json!({ "text": text });
    let live = world.create("Entry", entry("a")).await;
    world.change("Entry", &live, entry("b")).await;
    let gone = world.create("Entry", entry("c")).await;
    world.delete("Entry", &gone).await;
    world.clock.advance(31 * DAY);
    world.all().await;
    // A clock that goes back dates what follows before the rest.
    world.clock.set(Timestamp(start.0 - MICROS_OF_A_DAY));
    world.change("Entry", &live, entry("d")).await;
    world.clock.set(Timestamp(start.0 + 40 * MICROS_OF_A_DAY));
    world.change("Entry", &live, entry("e")).await;
    let mut left = world.kept("app_entry").await;
    assert_eq!(left, 7);
    let mut before = start.0 - 2 * MICROS_OF_A_DAY;
    while before < start.0 + 50 * MICROS_OF_A_DAY {
        before += MICROS_OF_A_DAY;
        while prune(&world, Timestamp(before), 1).await.is_some() {
            let now = world.kept("app_entry").await;
            assert!(left - 2 <= now && now <= left, "one entry, and the number it replaces");
            left = now;
        }
    }
    assert_eq!(left, 1);
    world.change("Entry", &live, entry("f")).await;
    assert_eq!(world.history("Entry", &live).await, entries(&[(5, "update")]));
}

#[tokio::test]
async fn a_batch_is_no_larger_where_one_row_has_all_entries() {
    let world = World::new().await;
    let key = world.create("Entry", json!({ "text": "a" })).await;
    world.change("Entry", &key, json!({ "text": "b" })).await;
    // The later, the earlier a clock that runs backwards dates them.
    let fill = format!(
        "WITH RECURSIVE more(n) AS (SELECT 3 UNION ALL SELECT n + 1 FROM more WHERE n < 100000)
         INSERT INTO {HISTORY} (key_0, number, at, operation, changes)
         SELECT key_0, n, at - n, 'update', changes FROM {HISTORY}, more WHERE number = 2"
    );
    world.sql(&fill).await;
    world.clock.advance(400 * DAY);
    let before = Timestamp(world.app.clock.now().0 - 365 * MICROS_OF_A_DAY);
    assert_eq!(prune(&world, before, BATCH_ROWS).await, Some(BATCH_ROWS as usize));
    assert_eq!(world.kept("app_entry").await, 100_000 - i64::from(BATCH_ROWS) + 1);
    assert_eq!(world.all().await.entries, 100_000 - BATCH_ROWS as usize);
    assert_eq!(world.kept("app_entry").await, 1);
    world.change("Entry", &key, json!({ "text": "c" })).await;
    assert_eq!(world.history("Entry", &key).await, entries(&[(100_001, "update")]));
}

#[tokio::test]
async fn ten_thousand_deleted_rows_leave_nothing() {
    let world = World::new().await;
    let key = world.create("Entry", json!({ "text": "a" })).await;
    world.delete("Entry", &key).await;
    world.clock.advance(31 * DAY);
    assert_eq!(world.all().await.rows, 1);
    let fill = format!(
        "WITH RECURSIVE more(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM more WHERE n < 9999)
         INSERT INTO {HISTORY} (key_0, number, at, operation, changes)
         SELECT CAST(printf('%016d', n) AS BLOB), number, at, operation, changes FROM {HISTORY}, more"
    );
    world.sql(&fill).await;
    world.clock.advance(400 * DAY);
    assert_eq!(world.all().await, Done { rows: 0, entries: 30_000 });
    assert_eq!(world.kept("app_entry").await, 0);
}

#[tokio::test]
async fn what_is_due_is_found_by_its_time_and_the_rest_of_its_row_by_key() {
    let world = World::new().await;
    let (app, entity) = (&world.app, world.entity("Entry"));
    let prune = Prune::new(&app.model, app.dialect, entity, app.clock.now(), BATCH_ROWS);
    let lines = world.explain(prune.expect("a type with a history")).await;
    let by_time = lines.iter().filter(|line| line.contains("_at (at<?)")).count();
    assert_eq!(by_time, 5, "{lines:#?}");
    let slow = |line: &&String| {
        line.contains("TEMP B-TREE") || line.starts_with("SCAN ") && *line != "SCAN h"
    };
    assert_eq!(lines.iter().find(slow), None, "{lines:#?}");
}
