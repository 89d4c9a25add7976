//! Archived rows are deleted for good.

use serde_json::json;

use plan::purge::{Batch, Purge};

use super::{DAY, World};
use crate::maintenance::{BATCH_ROWS, REFUSED_MAX};

#[tokio::test]
async fn archived_rows_are_deleted_when_their_time_has_passed() {
    let world = World::new().await;
    let order = world.create("Order", json!({})).await;
    let id = world.text("Order", &order);
    world.create("Line", json!({ "order": id })).await;
    world.create("Note", json!({ "order": id })).await;
    world.create("Order", json!({})).await;
    world.delete("Order", &order).await;
    world.clock.advance(29 * DAY);
    assert_eq!(world.run().await, 0);
    world.clock.advance(2 * DAY);
    assert_eq!(world.run().await, 1);
    assert_eq!(world.run().await, 0);
}

#[tokio::test]
async fn more_rows_than_a_batch_are_deleted_batch_by_batch() {
    let world = World::new().await;
    for _ in 0..=BATCH_ROWS {
        let order = world.create("Order", json!({})).await;
        world.delete("Order", &order).await;
    }
    world.clock.advance(31 * DAY);
    assert_eq!(world.run().await, BATCH_ROWS as usize + 1);
}

#[tokio::test]
async fn what_is_still_referred_to_waits() {
    let world = World::new().await;
    let order = world.create("Order", json!({})).await;
    let line = world.create("Line", json!({ "order": world.text("Order", &order) })).await;
    let slip = world.create("Slip", json!({ "line": world.text("Line", &line) })).await;
    world.delete("Slip", &slip).await;
    world.delete("Order", &order).await;
    world.clock.advance(31 * DAY);
    assert_eq!(world.run().await, 0, "the slip is kept, and refers to a line of the order");
    world.clock.advance(60 * DAY);
    // Orders come first, so theirs follows with the next run.
    assert_eq!(world.run().await, 1);
    assert_eq!(world.run().await, 1);
}

#[tokio::test]
async fn a_tree_that_may_not_go_keeps_no_other_and_loses_its_other_branches() {
    let world = World::new().await;
    for pinned in [false, true, false] {
        let root = world.folder(None).await;
        let branch = world.folder(Some(&root)).await;
        let leaf = world.folder(Some(&branch)).await;
        world.folder(Some(&branch)).await;
        if pinned {
            let pin = world.create("Pin", json!({ "folder": world.text("Folder", &leaf) })).await;
            world.delete("Pin", &pin).await;
        }
        world.delete("Folder", &root).await;
    }
    world.clock.advance(31 * DAY);
    assert_eq!(world.run().await, 4 + 1 + 4);
    assert_eq!(world.run().await, 0);
    world.clock.advance(60 * DAY);
    // Folders come before pins.
    assert_eq!(world.run().await, 1);
    assert_eq!(world.run().await, 3);
}

#[tokio::test]
async fn what_is_above_itself_goes_too() {
    let world = World::new().await;
    let alone = world.folder(None).await;
    let first = world.folder(None).await;
    let second = world.folder(Some(&first)).await;
    world.folder(Some(&second)).await;
    for (folder, parent) in [(&alone, &alone), (&first, &second)] {
        let parent = world.text("Folder", parent);
        world.change("Folder", folder, json!({ "parent": parent })).await;
    }
    world.delete("Folder", &alone).await;
    world.delete("Folder", &second).await;
    world.clock.advance(31 * DAY);
    assert_eq!(world.run().await, 3, "one of a circle takes the other with it");
    assert_eq!(world.sql("SELECT count(*) FROM app_folder").await, 0);
}

#[tokio::test]
async fn a_chain_of_any_length_goes_in_batches() {
    let world = World::new().await;
    // SQLite follows no cascade through a thousand rows.
    let fill = "WITH RECURSIVE more(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM more WHERE n < 5000)
        INSERT INTO app_folder (id, parent_id, archived_at)
        SELECT CAST(printf('%016d', n) AS BLOB), CASE WHEN n > 1 THEN CAST(printf('%016d', n - 1) AS BLOB) END, 1
        FROM more ORDER BY n";
    world.sql(fill).await;
    let (app, entity) = (&world.app, world.entity("Folder"));
    let batch = Batch { rows: BATCH_ROWS, skipped: 0 };
    let purge = Purge::new(&app.model, app.dialect, entity, app.clock.now(), batch);
    let purge = purge.expect("an archived type");
    assert_eq!(app.store.write(purge).await.expect("the store works"), Some(BATCH_ROWS as usize));
    assert_eq!(world.run().await, 5000 - BATCH_ROWS as usize);
}

#[tokio::test]
async fn what_the_database_refuses_keeps_nothing_else() {
    let world = World::new().await;
    let order = world.create("Order", json!({})).await;
    let line = world.create("Line", json!({ "order": world.text("Order", &order) })).await;
    let (first, above) = (world.text("Order", &order), world.text("Line", &line));
    // A slip on a line of another order, below one of the first: no condition looks that far.
    let second = world.create("Order", json!({})).await;
    let body = json!({ "order": world.text("Order", &second), "parent": above });
    let below = world.create("Line", body).await;
    let slip = world.create("Slip", json!({ "line": world.text("Line", &below) })).await;
    world.delete("Slip", &slip).await;
    for _ in 0..3 {
        world.create("Line", json!({ "order": first })).await;
    }
    world.delete("Order", &order).await;
    world.delete("Order", &second).await;
    for _ in 0..10 {
        let other = world.create("Order", json!({})).await;
        world.delete("Order", &other).await;
    }
    world.clock.advance(31 * DAY);
    assert_eq!(world.run().await, 10);
    assert_eq!(world.run().await, 0);
    world.clock.advance(60 * DAY);
    assert_eq!(world.run().await, 1);
    assert_eq!(world.run().await, 2);
}

#[tokio::test]
async fn what_refers_to_a_row_from_another_module_goes_or_is_detached() {
    let world = World::new().await;
    let order = world.create("Order", json!({})).await;
    let id = world.text("Order", &order);
    let parcel = world.create("Parcel", json!({ "order": id })).await;
    world.create("Label", json!({ "parcel": world.text("Parcel", &parcel) })).await;
    world.create("Mark", json!({ "order": id })).await;
    world.delete("Order", &order).await;
    world.clock.advance(31 * DAY);
    assert_eq!(world.run().await, 1);
    assert_eq!(world.sql("SELECT count(*) FROM abroad_parcel").await, 0);
    assert_eq!(world.sql("SELECT count(*) FROM abroad_mark WHERE order_id IS NULL").await, 1);
    assert_eq!(world.sql("SELECT count(*) FROM abroad_label WHERE parcel_id IS NULL").await, 1);
}

#[tokio::test]
async fn what_is_due_is_found_by_the_time_it_was_archived() {
    let world = World::new().await;
    let (app, batch) = (&world.app, Batch { rows: BATCH_ROWS, skipped: REFUSED_MAX });
    for name in ["Order", "Folder"] {
        let purge = Purge::new(&app.model, app.dialect, world.entity(name), app.clock.now(), batch);
        let lines = world.explain(purge.expect("an archived type")).await;
        assert!(lines[0].contains("_archived_at (archived_at<?)"), "{lines:#?}");
        let slow = |line: &&String| line.contains("TEMP B-TREE") || line.starts_with("SCAN t");
        assert_eq!(lines.iter().find(slow), None, "{lines:#?}");
    }
}
