//! Archived rows are deleted for good.

use serde_json::json;

use super::{DAY, World};
use crate::maintenance::BATCH_ROWS;

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
