//! What has to be done now and then: archived rows whose time has passed are deleted for good, and
//! entries of histories are removed.

use std::time::Duration;

use expr::Timestamp;
use model::Entity;
use plan::Purge;
use plan::history::Prune;

use crate::application::App;
use crate::written_by;

/// Rows deleted by one transaction; more would keep writers waiting.
const BATCH_ROWS: u32 = 500;

/// What was done.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    /// The archived rows that were deleted.
    pub rows: usize,
    /// The entries of histories that were removed.
    pub entries: usize,
}

/// Does what is due. What restricts a row keeps it until a later time.
///
/// # Errors
/// The store's failure; what was done before stays done.
pub async fn run(app: &App) -> Result<Done, store::Error> {
    let mut done = Done::default();
    for entity in &app.model.entities {
        if let Some(keep) = entity.archive.as_ref().and_then(|archive| archive.keep) {
            done.rows += purge(app, entity, keep).await?;
        }
        if let Some(keep) = entity.audit.as_ref().and_then(|audit| audit.keep) {
            done.entries += prune(app, entity, keep).await?;
        }
    }
    Ok(done)
}

/// Deletes archived rows whose time has passed.
async fn purge(app: &App, entity: &Entity, keep: Duration) -> Result<usize, store::Error> {
    let (now, before) = times(app, keep);
    let mut deleted = 0;
    while let Some(purge) = Purge::new(&app.model, app.dialect, entity.id, before, BATCH_ROWS) {
        let purge = purge.by(&written_by::nobody(app, now));
        let Some(count) = app.store.write(purge).await? else {
            tracing::warn!(entity = %entity.name, "archived rows are still referred to");
            break;
        };
        deleted += count;
        if count < BATCH_ROWS as usize {
            break;
        }
    }
    Ok(deleted)
}

/// Removes entries of a history whose time has passed. That of a deletion goes when those before it
/// have gone, so it goes on until there is nothing left.
async fn prune(app: &App, entity: &Entity, keep: Duration) -> Result<usize, store::Error> {
    let (_, before) = times(app, keep);
    let mut removed = 0;
    while let Some(prune) = Prune::new(&app.model, app.dialect, entity.id, before, BATCH_ROWS) {
        let count = app.store.write(prune).await?;
        if count == 0 {
            break;
        }
        removed += count;
    }
    Ok(removed)
}

/// Returns the time, and that before which nothing is kept.
fn times(app: &App, keep: Duration) -> (Timestamp, Timestamp) {
    let now = app.clock.now();
    let keep = i64::try_from(keep.as_micros()).unwrap_or(i64::MAX);
    (now, Timestamp(now.0.saturating_sub(keep)))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

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
    use crate::operations::{Objects, Patch, Precondition, Prepared, Write, history};
    use crate::query::HistoryQuery;

    const DAY: Duration = Duration::from_secs(86_400);
    const MODEL: &str = r#"
        type Order @entity @archive(keep: "30d") @allow(read: "true", write: "true") {
          lines: [Line!]! @inverse(of: "order")
        }
        type Line @entity @archive @allow(read: "true", write: "true") { order: Order! @onDelete(do: CASCADE) }
        type Slip @entity @archive(keep: "90d") @allow(read: "true", write: "true") { line: Line! }
        type Entry @entity @archive(keep: "30d") @audit(keep: "1y") @allow(read: "true", write: "true") { text: String! }
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
            Caller { user: None, now: self.app.clock.now(), input: &[], request: None }
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
            self.all().await.rows
        }

        async fn all(&self) -> Done {
            run(&self.app).await.expect("the store works")
        }

        async fn change(&self, name: &str, key: &[Bind], body: Json) {
            let Json::Object(members) = body else { panic!("a body is an object") };
            let body = Body(members.into_iter().collect());
            let patch = Patch { body, objects: Objects::Replace };
            let (caller, entity) = (self.caller(), self.entity(name));
            let none = Precondition::None;
            let write = Write::update(&self.app, &caller, entity, key.to_vec(), patch, none);
            write.expect("a good body").run(&self.app).await.expect("the row can be changed");
        }

        /// Returns number and operation of each entry of a row.
        async fn history(&self, name: &str, key: &[Bind]) -> Vec<(i64, String)> {
            let query = HistoryQuery::new(self.app.read_bounds());
            let ready = query.ready(self.entity(name)).expect("no parameters");
            let page = history(&self.app, &self.caller(), ready, key.to_vec(), b"").await;
            let Ok(page) = page else { return Vec::new() };
            let entries: Vec<Json> = serde_json::from_slice(&page.json).expect("JSON");
            let of = |entry: &Json| {
                Some((entry["number"].as_i64()?, entry["operation"].as_str()?.to_owned()))
            };
            entries.iter().filter_map(of).collect()
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
