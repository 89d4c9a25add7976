use std::time::Duration;

use expr::{Caller, Timestamp};
use model::Sources;
use plan::{Bind, Cell, Constraint, Program, Row, Statement, Verdict};
use serde_json::json;
use store::migrate::Mode;
use store::{Options, Store};
use tempfile::TempDir;

use super::*;
use crate::clock::FakeClock;
use crate::ids::Ids;
use crate::input::Body;
use crate::operations::Write;

const SCHEMA: &str =
    r#"type Note @entity @allow(read: "true", write: "true") { text: String! @unique }"#;

struct World {
    app: Arc<App>,
    hands: FakeClock,
    _dir: TempDir,
}

async fn world() -> World {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let files = [("mainstay.toml", ""), ("modules/a/schema.graphql", SCHEMA)];
    let loaded = model::load(&Sources::new(files)).expect("the model is good");
    let store = Store::open(Options::new(dir.path().join("data.db"))).expect("the store opens");
    let schema = plan::ddl::schema(&loaded.model, plan::Dialect::Sqlite);
    store.migrate(schema, Mode::Dev, Timestamp(0)).await.expect("migrated");
    let hands = FakeClock::at(Timestamp(1_700_000_000_000_000));
    let ids = Ids::seeded(hands.clock(), 7);
    let (model, config) = (Arc::new(loaded.model), Arc::new(loaded.config));
    let app = Arc::new(App::new(model, config, store, hands.clock(), ids));
    World { app, hands, _dir: dir }
}

impl World {
    /// Creates a note under a key, as a door would.
    async fn create(&self, key: &str, text: &str) -> Result<Answered, Refusal> {
        let caller = Caller { user: None, now: self.app.clock.now(), input: &[], request: None };
        let key = Key::new(key).expect("a key");
        let identity =
            identity(&self.app.config.auth, &caller, "POST /notes", &key, &[text.as_bytes()]);
        if let Some(answered) = find(&self.app, &identity).await? {
            return Ok(answered);
        }
        let body = Body(vec![("text".to_owned(), json!(text))]);
        let entity = self.app.model.entities[0].id;
        let write = Write::create(&self.app, &caller, entity, body)?;
        run(&self.app, identity, write, |_, saved| Answer {
            status: 201,
            headers: vec![("location".to_owned(), "/there".to_owned())],
            body: saved.row.map(|row| String::from_utf8_lossy(&row.json).into_owned()),
        })
        .await
    }

    async fn count(&self, table: &str) -> i64 {
        let count = Count { sql: format!("SELECT COUNT(*) FROM {table}").into(), found: None };
        self.app.store.read(count).await.expect("read")
    }
}

struct Count {
    sql: Arc<str>,
    found: Option<i64>,
}

impl Program for Count {
    type Output = i64;

    fn next(&mut self) -> Option<Statement<'_>> {
        let binds: &[Bind] = &[];
        self.found.is_none().then_some(Statement { sql: &self.sql, binds })
    }

    fn row<R: Row>(&mut self, row: &R) {
        if let Cell::Int(count) = row.cell(0) {
            self.found = Some(count);
        }
    }

    fn refused(&mut self, _: Constraint) {}

    fn restart(&mut self) {
        self.found = None;
    }

    fn verdict(&self) -> Verdict {
        Verdict::Commit
    }

    fn finish(self) -> i64 {
        self.found.unwrap_or_default()
    }
}

#[tokio::test]
async fn an_answer_is_kept_for_its_time_and_then_the_key_is_free() {
    let world = world().await;
    let first = world.create("k", "a").await.expect("created");
    assert!(!first.replayed);
    world.hands.advance(Duration::from_secs(24 * 3600 - 1));
    let again = world.create("k", "a").await.expect("replayed");
    assert_eq!(again, Answered { answer: first.answer.clone(), replayed: true });
    assert!(matches!(world.create("k", "b").await, Err(Refusal::KeyReused)));
    world.hands.advance(Duration::from_secs(1));
    assert!(matches!(world.create("k", "a").await, Err(Refusal::Duplicate(_))), "it runs again");
    let other = world.create("k", "b").await.expect("created");
    assert!(!other.replayed && other.answer != first.answer);
    assert_eq!((world.count("a_note").await, world.count("mainstay_idempotency").await), (2, 1));
}

#[tokio::test]
async fn expired_answers_go_in_small_steps_as_others_come() {
    let world = world().await;
    for number in 0..40 {
        world.create(&format!("k{number}"), &number.to_string()).await.expect("created");
    }
    assert_eq!(world.count("mainstay_idempotency").await, 40);
    world.hands.advance(Duration::from_secs(24 * 3600));
    let mut counts = Vec::new();
    for number in 40..47 {
        world.create(&format!("k{number}"), &number.to_string()).await.expect("created");
        counts.push(world.count("mainstay_idempotency").await);
    }
    assert_eq!(counts, [33, 26, 19, 12, 5, 6, 7]);
}

#[tokio::test]
async fn a_refused_write_leaves_its_key_unused() {
    let world = world().await;
    world.create("a", "x").await.expect("created");
    assert!(matches!(world.create("b", "x").await, Err(Refusal::Duplicate(_))));
    assert_eq!(world.count("mainstay_idempotency").await, 1);
    let made = world.create("b", "y").await.expect("created");
    assert!(!made.replayed);
}
