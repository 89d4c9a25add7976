//! What has to be done now and then: archived rows whose time has passed are deleted for good.

use expr::Timestamp;
use plan::Purge;

use crate::application::App;

/// Rows deleted by one transaction; more would keep writers waiting.
const BATCH_ROWS: u32 = 500;

/// Does what is due, and returns how many rows were deleted. What restricts a row keeps it until a
/// later time.
///
/// # Errors
/// The store's failure; what was done before stays done.
pub async fn run(app: &App) -> Result<usize, store::Error> {
    let now = app.clock.now();
    let mut deleted = 0;
    for entity in &app.model.entities {
        let Some(keep) = entity.archive.as_ref().and_then(|archive| archive.keep) else { continue };
        let keep = i64::try_from(keep.as_micros()).unwrap_or(i64::MAX);
        let before = Timestamp(now.0.saturating_sub(keep));
        loop {
            let purge = Purge::new(&app.model, app.dialect, entity.id, before, BATCH_ROWS);
            let Some(purge) = purge else { break };
            let Some(count) = app.store.write(purge).await? else {
                tracing::warn!(entity = %entity.name, "archived rows are still referred to");
                break;
            };
            deleted += count;
            if count < BATCH_ROWS as usize {
                break;
            }
        }
    }
    Ok(deleted)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use expr::Caller;
    use model::Sources;
    use plan::Bind;
    use serde_json::{Value as Json, json};
    use store::migrate::Mode;
    use store::{Options, Store};

    use super::*;
    use crate::clock::FakeClock;
    use crate::ids::Ids;
    use crate::input::Body;
    use crate::operations::{Precondition, Prepared, Write};

    const DAY: Duration = Duration::from_secs(86_400);
    const MODEL: &str = r#"
        type Order @entity @archive(keep: "30d") @allow(read: "true", write: "true") {
          lines: [Line!]! @inverse(of: "order")
        }
        type Line @entity @archive @allow(read: "true", write: "true") { order: Order! @onDelete(do: CASCADE) }
        type Slip @entity @archive(keep: "90d") @allow(read: "true", write: "true") { line: Line! }
        type Note @entity @allow(read: "true", write: "true") { order: Order @onDelete(do: SET_NULL) }
    "#;

    struct World {
        app: App,
        clock: FakeClock,
        _dir: tempfile::TempDir,
    }

    impl World {
        async fn new() -> Self {
            let loaded = model::load(&Sources::new([("modules/app/schema.graphql", MODEL)]));
            let loaded = loaded.unwrap_or_else(|report| panic!("{report}"));
            let clock = FakeClock::at(Timestamp(1_704_153_600_000_000));
            let dir = tempfile::tempdir().expect("a folder");
            let store = Store::open(Options::new(dir.path().join("data.db"))).expect("a database");
            let schema = plan::ddl::schema(&loaded.model, plan::Dialect::Sqlite);
            store.migrate(schema, Mode::Dev, clock.clock().now()).await.expect("new tables");
            let (model, config) = (Arc::new(loaded.model), Arc::new(loaded.config));
            let ids = Ids::seeded(clock.clock(), 1);
            Self { app: App::new(model, config, store, clock.clock(), ids), clock, _dir: dir }
        }

        fn caller(&self) -> Caller<'static> {
            Caller { user: None, now: self.app.clock.now(), input: &[] }
        }

        fn entity(&self, name: &str) -> expr::EntityId {
            self.app.model.entity_named(name).expect("a type of the model").id
        }

        async fn create(&self, name: &str, body: Json) -> Vec<Bind> {
            let Json::Object(members) = body else { panic!("a body is an object") };
            let body = Body(members.into_iter().collect());
            let caller = self.caller();
            let write = Write::create(&self.app, &caller, self.entity(name), body);
            write.expect("a good body").run(&self.app).await.expect("a new row").key
        }

        async fn delete(&self, name: &str, key: &[Bind]) {
            let none = Precondition::None;
            let caller = self.caller();
            let entity = self.entity(name);
            let write = Write::delete(&self.app, &caller, entity, key.to_vec(), none);
            write.run(&self.app).await.expect("the row can be deleted");
        }

        fn text(&self, name: &str, key: &[Bind]) -> Json {
            plan::reference_text(self.app.model.entity(self.entity(name)), key).into()
        }

        async fn run(&self) -> usize {
            run(&self.app).await.expect("the store works")
        }
    }

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
}
