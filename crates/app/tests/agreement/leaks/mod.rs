//! The law of what is hidden: no request tells or touches more than its caller may see, whatever it
//! filters, sorts, groups, embeds or writes.
//!
//! Random requests to random worlds are compared with what a simple evaluation in memory says of
//! them: each answer as a whole, and after a write all that the database holds. `sight` is that
//! evaluation. `interference` changes what is hidden, and no answer may change with it.
//!
//! `Read` is every door that tells: lists with searches and embedded rows, single rows, aggregates,
//! exports and histories. `Write` is every door that changes: one row (also by a merge patch, or put by
//! its key or a unique one), rows nested in others, arrays, the rows that a filter matches, imports,
//! and batches that refer to earlier results. A further door has a file of its own here, and a variant
//! in one of the two.

mod answers;
mod attempts;
mod batches;
mod bulk;
mod cells;
mod changes;
mod creates;
mod effects;
mod exports;
mod groups;
mod histories;
mod imports;
mod interference;
mod lists;
mod nested;
mod puts;
mod rows;
mod searches;
mod sight;
mod stored;
mod wishes;
mod writes;

use std::sync::Arc;
use std::time::Duration;

use app::App;
use expr::{Caller, FieldId, Type};
use model::{FieldKind, Model};
use serde_json::Value as Json;

use self::interference::Read;
use self::sight::Sight;
use self::writes::Write;
use crate::entropy::{self, Entropy};
use crate::long_run::{self, Tally};
use crate::sdl::{Additions, As};
use crate::world::{self, World};
use crate::writer::{Reach, Writer};
use crate::{COMPUTED, claims};

/// Requests of a run, where `MAINSTAY_TEST_CASES` says nothing else.
const REQUESTS: usize = 2_000;
const RULES_PER_WORLD: usize = 3;
const REQUESTS_PER_RULES: usize = 40;
const READS_COMPARED: usize = 8;

/// What came out, lest the law hold because nothing ever happens.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) requests: usize,
    pub(crate) rows: usize,
    pub(crate) found: usize,
    pub(crate) exported: usize,
    pub(crate) groups: usize,
    pub(crate) hidden_names: usize,
    pub(crate) written: usize,
    pub(crate) put: usize,
    pub(crate) nested: usize,
    pub(crate) imported: usize,
    pub(crate) batches: usize,
    pub(crate) changes: usize,
    pub(crate) refused: usize,
    pub(crate) hidden_changes: usize,
}

impl Tally for Seen {
    fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.rows += other.rows;
        self.found += other.found;
        self.exported += other.exported;
        self.groups += other.groups;
        self.hidden_names += other.hidden_names;
        self.written += other.written;
        self.put += other.put;
        self.nested += other.nested;
        self.imported += other.imported;
        self.batches += other.batches;
        self.changes += other.changes;
        self.refused += other.refused;
        self.hidden_changes += other.hidden_changes;
    }

    fn must_be_varied(&self, wanted: usize) {
        let read = [self.rows, self.found, self.exported, self.groups];
        let counts = [self.written, self.refused, self.hidden_changes];
        let counts = [read.as_slice(), &counts].concat();
        assert!(counts.iter().all(|count| *count > wanted / 100), "{self:?}");
        let rare = [self.put, self.nested, self.imported, self.batches, self.changes];
        assert!(rare.iter().all(|count| *count > wanted / 1_000), "{self:?}");
        assert!(self.hidden_names * 2 < self.requests, "{self:?}");
    }
}

#[test]
fn requests_tell_and_touch_what_their_caller_may_see() {
    long_run::run(REQUESTS, RULES_PER_WORLD * REQUESTS_PER_RULES, visit);
}

/// Sends requests to a world of its own.
async fn visit(seed: u64, seen: &mut Seen) {
    let mut world = World::guarded(&entropy::random_bytes(seed, 0, 600)).await;
    let open = world.load(&open_rules(), As::Written);
    archive_some(&mut world, &open, &mut Entropy::new(&entropy::random_bytes(seed, 999, 20))).await;
    for turn in 0..RULES_PER_WORLD as u64 {
        let bytes = entropy::random_bytes(seed, 1 + turn, 1_200);
        let additions = rules(&world, &mut Entropy::new(&bytes));
        let app = Arc::new(world.app(&additions));
        let written = world.load(&additions, As::Written).model;
        let doors = (&app, &open, &*written);
        for number in 0..REQUESTS_PER_RULES as u64 {
            let bytes = entropy::random_bytes(seed, 1_000 * (1 + turn) + number, 400);
            let mut entropy = Entropy::new(&bytes);
            world.clock.advance(Duration::from_secs(1));
            let user = user(&mut entropy);
            let caller = Caller { user, now: world.clock.clock().now(), input: &[], request: None };
            seen.requests += 1;
            let (request, outcome) = if number + 1 == REQUESTS_PER_RULES as u64 {
                let read = |_| Read::random_or_attempt(&world, &app.model, &mut entropy);
                let reads: Vec<Read> = (0..READS_COMPARED).map(read).collect();
                let same =
                    interference::check(&mut world, doors, &caller, &reads, &mut entropy, seen);
                ("reads".to_owned(), same.await)
            } else if entropy.pick(3) == 0 {
                let entity = world.entity(entropy.pick(3));
                let sight = Sight { world: &world, written: &written, caller: &caller };
                let write = Write::random(sight, entity, &mut entropy);
                (format!("{write:?}"), write.check(&mut world, doors, &caller, seen).await)
            } else {
                let read = Read::random(&world, &app.model, &mut entropy);
                let sight = Sight { world: &world, written: &written, caller: &caller };
                (format!("{read:?}"), read.check((&app, &open), sight, seen).await)
            };
            if let Err(wrong) = outcome {
                let about = described(&world, &app);
                panic!(
                    "MAINSTAY_TEST_SEED={seed}, rules {turn}, request {number} of {:?}\n{request}\n{wrong}\n{about}",
                    caller.user.as_deref().map(Json::to_string)
                );
            }
        }
    }
}

/// Archives some rows before anybody looks.
async fn archive_some(world: &mut World, open: &App, entropy: &mut Entropy<'_>) {
    let app = Arc::new(world.app(&open_rules()));
    for index in 0..3 {
        let entity = world.entity(index);
        if !world.guards(entity).archive || entropy.pick(4) == 0 {
            continue;
        }
        let row = (entity, entropy.pick(world.rows(entity)));
        let claims = Json::from_iter([("tenant", world::tenant(row.1))]);
        let user = Some(Arc::new(claims));
        let caller = Caller { user, now: world.clock.clock().now(), input: &[], request: None };
        let doors = (&app, open, &*open.model);
        let done = Write::deletion(row).check(world, doors, &caller, &mut Seen::default()).await;
        done.unwrap_or_else(|wrong| panic!("{row:?}: {wrong}"));
    }
}

/// Returns a caller who may be kept.
pub(crate) fn lasting(caller: &Caller<'_>) -> Caller<'static> {
    Caller { user: caller.user.clone(), now: caller.now, input: &[], request: None }
}

fn user(entropy: &mut Entropy<'_>) -> Option<Arc<Json>> {
    let claims = claims(entropy.pick(4))?;
    let mut claims = Arc::unwrap_or_clone(claims);
    match entropy.pick(12) {
        0 => {}
        1 => claims["tenant"] = "t2".into(),
        number => claims["tenant"] = format!("t{}", number % 2).into(),
    }
    Some(Arc::new(claims))
}

fn open_rules() -> [Additions; 3] {
    let rule = Some("@allow(read: \"true\", write: \"true\")".to_owned());
    [0, 1, 2].map(|_| Additions { rule: rule.clone(), ..Additions::default() })
}

/// Adds computed fields, rules of types and rules of fields.
fn rules(world: &World, entropy: &mut Entropy<'_>) -> [Additions; 3] {
    let mut additions: [Additions; 3] = Default::default();
    for (index, addition) in additions.iter_mut().enumerate() {
        let (ty, name): (Type, &str) = entropy.of(&COMPUTED);
        let mut writer = Writer::new(&world.model, world.entity(index), entropy, Reach::Own);
        let value = writer.value(&ty);
        addition.fields = format!("  computed: {name} @computed(expr: {})\n", Json::from(value));
    }
    let computed = world.load(&additions, As::Written).model;
    for (index, addition) in additions.iter_mut().enumerate() {
        let entity = world.entity(index);
        let [read, create, update, delete] = [0; 4].map(|_| rule(&computed, entity, entropy));
        addition.rule = Some(format!(
            "@allow(read: {read}, create: {create}, update: {update}, delete: {delete})"
        ));
        addition.audit =
            (entropy.pick(2) == 0).then(|| rule(&computed, entity, entropy).to_string());
        let stored = |field: &&model::Field| {
            let open = ["n", "id", "code", "org", "archivedAt", "secret", "pin"];
            let computed = matches!(field.kind, FieldKind::Computed { .. });
            !computed && !open.contains(&field.name.as_str())
        };
        // What is searched cannot be hidden.
        let search = computed.entity(entity).search.as_ref();
        let searched = |id: FieldId| {
            search.is_some_and(|search| search.fields.iter().any(|field| field.field == id))
        };
        let fields = &computed.entity(entity).fields;
        let fields = (0..).map(FieldId).zip(fields).filter(|(id, _)| !searched(*id));
        let fields: Vec<String> =
            fields.map(|(_, field)| field).filter(stored).map(|field| field.name.clone()).collect();
        let is_relation = |name: &&String| ["owner", "buyer", "parent"].contains(&name.as_str());
        let relations: Vec<String> = fields.iter().filter(is_relation).cloned().collect();
        for _ in 0..entropy.pick(4) {
            // What rows are nested in, embedded by and reached over is hidden often enough.
            let field = match entropy.pick(4) {
                0 if !relations.is_empty() => entropy.of(&relations),
                _ => entropy.of(&fields),
            };
            if !addition.on_fields.iter().any(|(known, _)| *known == field) {
                let read = rule(&computed, entity, entropy);
                let found = computed.entity(entity).field_named(&field);
                let is_stored = found.is_some_and(|(_, field)| cells::is_stored(&field.kind));
                let directive = match is_stored && entropy.pick(3) == 0 {
                    true => {
                        let update = rule(&computed, entity, entropy);
                        format!("@allow(read: {read}, update: {update})")
                    }
                    false => format!("@allow(read: {read})"),
                };
                addition.on_fields.push((field, directive));
            }
        }
    }
    additions
}

/// Writes a rule as a directive's argument; most allow something.
fn rule(model: &Model, entity: expr::EntityId, entropy: &mut Entropy<'_>) -> Json {
    let condition =
        |entropy: &mut Entropy<'_>| Writer::new(model, entity, entropy, Reach::All).condition();
    let text = match entropy.pick(10) {
        0 | 1 => "true".to_owned(),
        2 => "user.role == 'admin'".to_owned(),
        3 => format!("row.n < {}", 1 + entropy.pick(6)),
        4 => format!("row.n != {}", entropy.pick(4)),
        5 => format!("row.n < {} || {}", 1 + entropy.pick(4), condition(entropy)),
        6 | 7 => format!("user.role == 'admin' || {}", condition(entropy)),
        _ => condition(entropy),
    };
    text.into()
}

fn described(world: &World, app: &App) -> String {
    let mut text = String::new();
    for entity in &app.model.entities {
        let rules = &entity.rules;
        let of = |rule: &Option<model::Rule>| rule.as_ref().map(|rule| rule.text.clone());
        text.push_str(&format!(
            "\n{}: read {:?} create {:?} update {:?} delete {:?}",
            entity.name,
            of(&rules.read),
            of(&rules.create),
            of(&rules.update),
            of(&rules.delete)
        ));
        for field in &entity.fields {
            if let FieldKind::Computed { expr, .. } = &field.kind {
                text.push_str(&format!("\n  {}: {}", field.name, expr.text));
            }
            if let Some(rule) = &field.rules.read {
                text.push_str(&format!("\n  {} where {}", field.name, rule.text));
            }
        }
        for row in 0..world.rows(entity.id) {
            let kept = if world.is_kept((entity.id, row)) { "" } else { "(gone) " };
            let row = Json::from(world.client_row((entity.id, row)));
            text.push_str(&format!("\n    {kept}{row}"));
        }
    }
    text
}
