//! The law of migrations: a random model becomes a random other one with every row, or stops with a
//! reason and changes nothing.
//!
//! Rows are written and read as clients do, so the law is about what they see: values, relations,
//! archives, histories, searches. `store::migrate` has the same law for tables and any statement at
//! which it is interrupted; here it is interrupted by a full disk.

mod draft;
mod edits;
#[path = "../agreement/entropy.rs"]
mod entropy;
mod expected;
mod field_edits;
#[path = "../agreement/long_run.rs"]
mod long_run;
mod picture;
mod raw;
mod rows;
mod step;

use entropy::Entropy;
use step::World;

/// Migrations of a run, where `MAINSTAY_TEST_CASES` says nothing else.
const MIGRATIONS: usize = 40;
/// Migrations of a database, the last one back to the first model.
const TURNS: usize = 4;

/// What came out, lest the law hold because nothing ever happens.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) done: usize,
    pub(crate) stopped: usize,
    pub(crate) empty: usize,
    pub(crate) interrupted: usize,
    pub(crate) rows: usize,
    pub(crate) entries: usize,
    pub(crate) archived: usize,
    pub(crate) links: usize,
}

impl long_run::Tally for Seen {
    fn add(&mut self, other: &Self) {
        self.done += other.done;
        self.stopped += other.stopped;
        self.empty += other.empty;
        self.interrupted += other.interrupted;
        self.rows += other.rows;
        self.entries += other.entries;
        self.archived += other.archived;
        self.links += other.links;
    }

    fn must_be_varied(&self, wanted: usize) {
        let counts = [self.done, self.stopped, self.rows, self.entries, self.archived, self.links];
        assert!(counts.iter().all(|count| *count > wanted / 10), "{self:?}");
        assert!(self.interrupted > wanted / 20, "{self:?}");
    }
}

#[test]
fn models_migrate_to_others_with_every_row_or_stop_with_a_reason() {
    long_run::run(MIGRATIONS, TURNS, visit);
}

/// Migrates a database of its own from model to model.
async fn visit(seed: u64, seen: &mut Seen) {
    let bytes = entropy::random_bytes(seed, 0, 600);
    let first = edits::random(&mut Entropy::new(&bytes));
    let mut world = World::new(seed, first.clone()).await;
    for turn in 0..TURNS {
        let bytes = entropy::random_bytes(seed, 1 + turn as u64, 2_000);
        let mut entropy = Entropy::new(&bytes);
        let next = match turn + 1 < TURNS {
            true => edits::edited(&world.draft, &mut entropy),
            false => edits::back(&world.draft, &first),
        };
        world.fill(&mut entropy).await;
        world.migrate(next, &mut entropy, seen).await;
    }
    // What is there works.
    world.fill(&mut Entropy::new(&bytes)).await;
}
