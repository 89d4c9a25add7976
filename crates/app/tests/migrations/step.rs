//! One migration of a database, and what must hold of it.

use std::path::PathBuf;
use std::sync::Arc;

use app::App;
use app::clock::FakeClock;
use app::ids::Ids;
use expr::Timestamp;
use model::Sources;
use model::schema::Schema;
use store::Store;
use store::migrate::{MigrationError, Mode, Outcome, Problem, dry_run};
use tempfile::TempDir;

use crate::Seen;
use crate::draft::Draft;
use crate::entropy::Entropy;
use crate::expected::Step;
use crate::picture::{self, Picture};
use crate::raw;
use crate::rows::{self, WORDS};

/// 2024-01-02T00:00:00Z
const NOW: Timestamp = Timestamp(1_704_153_600_000_000);

/// A database with its model.
pub(crate) struct World {
    seed: u64,
    pub(crate) draft: Draft,
    app: App,
    store: Store,
    clock: FakeClock,
    /// The number of the last row.
    number: i64,
    /// Counts the models.
    models: u64,
    dir: TempDir,
}

/// Shows the models of a migration that fails.
struct Shown(String);

impl Drop for Shown {
    #[expect(clippy::print_stderr, reason = "beside the panic's own words")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.0);
        }
    }
}

impl World {
    pub(crate) async fn new(seed: u64, draft: Draft) -> Self {
        let _shown = Shown(format!("MAINSTAY_TEST_SEED={seed}\n{}", draft.sdl()));
        let dir = TempDir::new().expect("a folder");
        let store = open(dir.path().join("data.db"));
        let clock = FakeClock::at(NOW);
        let app = load(&draft, &store, &clock, 0);
        let schema = schema(&app);
        store.migrate(schema, Mode::Dev, clock.clock().now()).await.expect("new tables");
        Self { seed, draft, app, store, clock, number: 0, models: 0, dir }
    }

    /// Writes rows.
    pub(crate) async fn fill(&mut self, entropy: &mut Entropy<'_>) {
        let _shown = Shown(format!("MAINSTAY_TEST_SEED={}\n{}", self.seed, self.draft.sdl()));
        rows::write(&self.app, &self.draft, &mut self.number, entropy).await;
    }

    /// Migrates to another model.
    pub(crate) async fn migrate(
        &mut self,
        next: Draft,
        entropy: &mut Entropy<'_>,
        seen: &mut Seen,
    ) {
        let mut shown = Shown(format!(
            "MAINSTAY_TEST_SEED={}\n{}\nbecomes\n{}",
            self.seed,
            self.draft.sdl(),
            next.sdl()
        ));
        self.models += 1;
        self.clock.advance(std::time::Duration::from_secs(60));
        let app = load(&next, &self.store, &self.clock, self.models);
        let schema = schema(&app);
        let before = (raw::dump(&self.store).await, picture::take(&self.app, &self.draft).await);
        let (mode, losses) = self.mode(&schema, entropy).await;
        let plan = self.plan(&schema, losses.clone()).await;
        let steps = plan.plan.split("\n\n").next().unwrap_or_default();
        shown.0.push_str(&format!("\n{mode:?}\n{steps}"));
        self.try_on_a_copy(&schema, &losses, &plan);
        assert!(raw::dump(&self.store).await == before.0, "a plan and a dry run change nothing");
        if !plan.problems.is_empty() {
            let found = self.store.migrate(schema, mode, self.clock.clock().now()).await;
            let Err(MigrationError::Stopped { outcome }) = found else { panic!("{found:?}") };
            outcome.problems.iter().for_each(must_be_a_reason);
            assert!(raw::dump(&self.store).await == before.0, "what stops changes nothing");
            seen.stopped += 1;
            return;
        }
        if plan.steps.is_empty() {
            seen.empty += 1;
        }
        let is_done = entropy.pick(3) == 0
            && self.migrate_in_little_room(&schema, &mode, &before.0, seen).await;
        if !is_done {
            let now = self.clock.clock().now();
            let done = self.store.migrate(schema.clone(), mode, now).await;
            let done = done.unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(done.applied, !plan.steps.is_empty());
        }
        self.store.schema_changed();
        self.must_be_as_made_anew(&schema).await;
        let after = picture::take(&app, &next).await;
        let step = Step { old: &self.draft, new: &next, losses: &losses };
        step.differs(&before.1, &after).unwrap_or_else(|wrong| panic!("{wrong}"));
        (self.app, self.draft) = (app, next);
        self.must_find(&after).await;
        count(&after, seen);
    }

    /// Chooses how to migrate, and says what may be lost.
    async fn mode(&self, schema: &Schema, entropy: &mut Entropy<'_>) -> (Mode, Vec<String>) {
        let plan = self.plan(schema, Vec::new()).await;
        let loss = |problem: &Problem| match problem {
            Problem::Rows { loss, .. } => loss.clone(),
            _ => None,
        };
        let mut losses: Vec<String> = plan.problems.iter().filter_map(loss).collect();
        losses.sort();
        losses.dedup();
        match entropy.pick(5) {
            0 => (Mode::Dev, Vec::new()),
            1 | 2 => (Mode::Apply { allow_drop: losses.clone() }, losses),
            3 => (Mode::Online { allow_drop: losses.clone() }, losses),
            _ => (Mode::Apply { allow_drop: Vec::new() }, Vec::new()),
        }
    }

    async fn plan(&self, schema: &Schema, allow_drop: Vec<String>) -> Outcome {
        let mode = Mode::PlanOnly { allow_drop };
        let plan = self.store.migrate(schema.clone(), mode, self.clock.clock().now()).await;
        plan.unwrap_or_else(|error| panic!("{error}"))
    }

    /// A dry run says what the migration will do.
    fn try_on_a_copy(&self, schema: &Schema, losses: &[String], plan: &Outcome) {
        let now = self.clock.clock().now();
        match dry_run(&self.path(), None, schema, losses.to_vec(), now, None) {
            Ok(tried) => {
                assert!(plan.problems.is_empty(), "{:?}", plan.problems);
                let wrong: Vec<_> = tried.tables.iter().filter(|table| !table.is_kept()).collect();
                assert!(tried.is_good(), "{wrong:?} {:?} {:?}", tried.damage, tried.dangling);
            }
            Err(MigrationError::Stopped { outcome }) => {
                assert_eq!(outcome.problems, plan.problems);
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// Migrates while the database may hardly grow, with more room after each time it was not enough.
    /// Says whether it was enough in the end.
    async fn migrate_in_little_room(
        &self,
        schema: &Schema,
        mode: &Mode,
        before: &[String],
        seen: &mut Seen,
    ) -> bool {
        let mut is_done = false;
        for pages in 0..6 {
            raw::room(&self.store, Some(pages)).await;
            let now = self.clock.clock().now();
            match self.store.migrate(schema.clone(), mode.clone(), now).await {
                Ok(_) => {
                    is_done = true;
                    break;
                }
                Err(MigrationError::Stopped { outcome }) => panic!("{:?}", outcome.problems),
                Err(_) if matches!(mode, Mode::Online { .. }) => {
                    // Its fills come after the migration, and are gone on with.
                    seen.interrupted += 1;
                }
                Err(_) => {
                    assert!(raw::dump(&self.store).await == before, "what fails changes nothing");
                    seen.interrupted += 1;
                }
            }
        }
        raw::room(&self.store, None).await;
        is_done
    }

    async fn must_be_as_made_anew(&self, schema: &Schema) {
        let anew = open(self.dir.path().join(format!("{}.db", self.models)));
        let now = self.clock.clock().now();
        anew.migrate(schema.clone(), Mode::Dev, now).await.expect("new tables");
        let [found, expected] =
            [raw::definitions(&self.store).await, raw::definitions(&anew).await];
        let missing: Vec<&String> = expected.iter().filter(|def| !found.contains(def)).collect();
        let more: Vec<&String> = found.iter().filter(|def| !expected.contains(def)).collect();
        assert!(found == expected, "missing {missing:#?}, more {more:#?}");
        anew.close().await;
        assert_eq!(raw::damage(&self.store).await, [""; 0]);
        let plan = self.plan(schema, Vec::new()).await;
        assert!(plan.steps.is_empty() && plan.problems.is_empty(), "{}", plan.plan);
        assert!(
            !self.store.migrate(schema.clone(), Mode::Dev, now).await.expect("nothing").applied
        );
    }

    /// A search finds the words that are in the rows.
    async fn must_find(&self, rows: &Picture) {
        for ty in self.draft.types.iter().filter(|ty| ty.search) {
            if ty.searched().next().is_none() {
                continue;
            }
            for word in WORDS {
                let found = picture::found(&self.app, ty, word).await;
                for (number, row) in rows[&ty.id].iter().filter(|(_, row)| !row.archived) {
                    let holds = |field: &crate::draft::Field| {
                        let text = row.values.get(&field.id).and_then(|value| value.as_str());
                        text.is_some_and(|text| {
                            text.to_lowercase().split(' ').any(|known| known == word)
                        })
                    };
                    let expected = ty.searched().any(holds);
                    let is_found = found.contains(number);
                    assert_eq!(is_found, expected, "{word} in {} {number}", ty.name);
                }
            }
        }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("data.db")
    }
}

fn open(path: PathBuf) -> Store {
    Store::open(store::Options::new(path)).expect("a database")
}

fn load(draft: &Draft, store: &Store, clock: &FakeClock, number: u64) -> App {
    let sources = Sources::new([("modules/shop/schema.graphql", draft.sdl())]);
    let loaded = model::load(&sources).unwrap_or_else(|report| panic!("{report}"));
    let ids = Ids::seeded(clock.clock(), number);
    let (model, config) = (Arc::new(loaded.model), Arc::new(loaded.config));
    App::new(model, config, store.clone(), clock.clock(), ids)
}

fn schema(app: &App) -> Schema {
    plan::ddl::schema(&app.model, plan::Dialect::Sqlite)
}

/// A reason names a table and rows in it, or the field whose fill is wrong.
fn must_be_a_reason(problem: &Problem) {
    match problem {
        Problem::Rows { table, keys, count, .. } => {
            assert!(!table.is_empty() && *count > 0 && !keys.is_empty(), "{problem:?}");
            assert!(problem.to_string().contains(table.as_str()), "{problem}");
        }
        Problem::Fill(found) => assert!(!found.mistakes.is_empty(), "{problem:?}"),
        Problem::TableExists(_) | Problem::NothingDropped(_) => panic!("{problem}"),
    }
}

fn count(rows: &Picture, seen: &mut Seen) {
    seen.done += 1;
    for row in rows.values().flat_map(|rows| rows.values()) {
        seen.rows += 1;
        seen.archived += usize::from(row.archived);
        seen.entries += row.history.len();
        seen.links += row.many.values().map(std::collections::BTreeSet::len).sum::<usize>();
    }
}
