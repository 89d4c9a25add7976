//! Runs maintenance beside a clock that is moved.

use std::sync::Arc;
use std::time::Duration;

use expr::{Caller, Timestamp};
use model::Sources;
use plan::{Bind, Cell, Constraint, Program, Row, Statement, Verdict};
use serde_json::{Value as Json, json};
use store::migrate::Mode;
use store::{Options, Store};

use super::{Done, run};
use crate::application::App;
use crate::clock::FakeClock;
use crate::ids::Ids;
use crate::input::Body;
use crate::operations::{Objects, Patch, Precondition, Prepared, Write, history};
use crate::query::HistoryQuery;

mod archived;
mod histories;

/// Another module, from which relations are no foreign keys.
const ABROAD: &str = r#"
    extend schema @module(uses: ["app"])
    type Parcel @entity @archive @allow(read: "true", write: "true") {
      order: Order! @onDelete(do: CASCADE)
      labels: [Label!]! @inverse(of: "parcel")
    }
    type Label @entity @allow(read: "true", write: "true") { parcel: Parcel @onDelete(do: SET_NULL) }
    type Mark @entity @allow(read: "true", write: "true") { order: Order @onDelete(do: SET_NULL) }
"#;
const DAY: Duration = Duration::from_secs(86_400);
const MODEL: &str = r#"
    type Order @entity @exposed @archive(keep: "30d") @allow(read: "true", write: "true") {
      lines: [Line!]! @inverse(of: "order")
    }
    type Line @entity @archive @allow(read: "true", write: "true") {
      order: Order! @onDelete(do: CASCADE)
      parent: Line @onDelete(do: CASCADE)
    }
    type Slip @entity @archive(keep: "90d") @allow(read: "true", write: "true") { line: Line! }
    type Entry @entity @archive(keep: "30d") @audit(keep: "1y") @allow(read: "true", write: "true") { text: String! }
    type Folder @entity @archive(keep: "30d") @allow(read: "true", write: "true") {
      parent: Folder @onDelete(do: CASCADE)
    }
    type Pin @entity @archive(keep: "90d") @allow(read: "true", write: "true") { folder: Folder! }
    type Note @entity @allow(read: "true", write: "true") { order: Order @onDelete(do: SET_NULL) }
"#;

struct World {
    app: App,
    clock: FakeClock,
    _dir: tempfile::TempDir,
}

impl World {
    async fn new() -> Self {
        let files =
            [("modules/app/schema.graphql", MODEL), ("modules/abroad/schema.graphql", ABROAD)];
        let loaded = model::load(&Sources::new(files));
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

    /// Creates a folder in another.
    async fn folder(&self, parent: Option<&[Bind]>) -> Vec<Bind> {
        let parent = parent.map(|parent| self.text("Folder", parent));
        self.create("Folder", json!({ "parent": parent })).await
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

    /// Returns how many entries there are in the history of a type, shown or not.
    async fn kept(&self, table: &str) -> i64 {
        self.sql(&format!("SELECT count(*) FROM \"mainstay_history_{table}\"")).await
    }

    /// Runs a statement, and returns the number that it comes to.
    async fn sql(&self, sql: &str) -> i64 {
        let program = Sql { sql: sql.into(), asked: false, number: 0 };
        self.app.store.write(program).await.expect("a good statement")
    }

    /// Returns how the database goes about a program's statements.
    async fn explain<P: Program + Send + 'static>(&self, program: P) -> Vec<String> {
        let program = Explain { program, sql: "".into(), lines: Vec::new() };
        self.app.store.write(program).await.expect("good statements")
    }
}

struct Sql {
    sql: Arc<str>,
    asked: bool,
    number: i64,
}

impl Program for Sql {
    type Output = i64;

    fn next(&mut self) -> Option<Statement<'_>> {
        let first = !std::mem::replace(&mut self.asked, true);
        first.then_some(Statement { sql: &self.sql, binds: &[] })
    }

    fn row<R: Row>(&mut self, row: &R) {
        if let Cell::Int(number) = row.cell(0) {
            self.number = number;
        }
    }

    fn refused(&mut self, constraint: Constraint) {
        panic!("{constraint:?}: {}", self.sql);
    }

    fn restart(&mut self) {
        self.asked = false;
    }

    fn verdict(&self) -> Verdict {
        Verdict::Commit
    }

    fn finish(self) -> i64 {
        self.number
    }
}

struct Explain<P> {
    program: P,
    sql: Arc<str>,
    lines: Vec<String>,
}

impl<P: Program> Program for Explain<P> {
    type Output = Vec<String>;

    fn next(&mut self) -> Option<Statement<'_>> {
        let statement = self.program.next()?;
        self.sql = format!("EXPLAIN QUERY PLAN {}", statement.sql).into();
        Some(Statement { sql: &self.sql, binds: statement.binds })
    }

    fn row<R: Row>(&mut self, row: &R) {
        if let Cell::Text(line) = row.cell(3) {
            self.lines.push(line.to_owned());
        }
    }

    fn refused(&mut self, constraint: Constraint) {
        panic!("{constraint:?}: {}", self.sql);
    }

    fn restart(&mut self) {
        self.program.restart();
        self.lines.clear();
    }

    fn verdict(&self) -> Verdict {
        Verdict::Commit
    }

    fn finish(self) -> Vec<String> {
        self.lines
    }
}
