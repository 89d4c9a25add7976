//! The law that rules rest on: what SQL selects is what the expression says in memory, for random
//! models, rows, callers and expressions.
//!
//! Each world is a model with its rows in a database of its own. A case adds read rules, field rules
//! and computed fields to it, none of which changes a table, and compares each list, filtered or
//! not, with what `expr` makes of the same rows.

mod differing;
mod entropy;
mod explaining;
mod folding;
mod leaks;
mod long_run;
mod sdl;
mod short_filters;
mod surroundings;
mod tenants;
mod values;
mod world;
mod writer;

use std::cell::RefCell;
use std::sync::Arc;

use app::query::{Query, Ready};
use app::{App, BadParameter, Refusal, operations};
use expr::{Caller, EntityId, FieldId, Nulls, Timestamp, Type};
use model::FieldKind;
use plan::RuleRef;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value as Json, json};
use tokio::runtime::Runtime;

use entropy::Entropy;
use sdl::{Additions, TYPES};
use surroundings::Surroundings;
use world::World;
use writer::{Reach, Writer};

const WORLDS: u32 = 24;
const CASES_PER_WORLD: u32 = 25;
const FILTERS_PER_LIST: usize = 3;
/// The types of computed fields, and what they are called in SDL.
const COMPUTED: [(Type, &str); 7] = [
    (Type::Bool, "Boolean"),
    (Type::Int, "BigInt"),
    (Type::Text, "String"),
    (Type::Decimal, "Decimal"),
    (Type::Float, "Float"),
    (Type::Timestamp, "DateTime"),
    (Type::Date, "Date"),
];

/// A failing case is printed whole; keeping its bytes would say nothing once the writer changes.
fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() })
}

fn bytes(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), count)
}

#[test]
fn lists_hold_what_rules_and_filters_mean_in_memory() {
    let seen = RefCell::new(Seen::default());
    in_worlds((WORLDS, CASES_PER_WORLD), 20..600, |runtime, world, entropy| {
        runtime.block_on(agree(world, entropy, &mut seen.borrow_mut()));
    });
    seen.into_inner().must_be_varied();
}

/// Checks cases, each of so many bytes of choices, in random worlds.
pub(crate) fn in_worlds(
    (worlds, cases): (u32, u32),
    size: std::ops::Range<usize>,
    check: impl Fn(&Runtime, &World, &mut Entropy<'_>),
) {
    let runtime = Runtime::new().expect("a runtime");
    let mut made = runner(worlds);
    for _ in 0..worlds {
        let choices = bytes(400..401).new_tree(&mut made).expect("bytes").current();
        let world = runtime.block_on(World::new(&choices));
        let outcome = runner(cases).run(&bytes(size.clone()), |bytes| {
            check(&runtime, &world, &mut Entropy::new(&bytes));
            Ok(())
        });
        outcome.unwrap_or_else(|failure| panic!("{failure}"));
    }
}

/// What came out, lest the law hold because nothing ever happens.
#[derive(Debug, Default)]
struct Seen {
    shown: usize,
    hidden: usize,
    filtered_in: usize,
    filtered_out: usize,
    computed: usize,
    hidden_fields: usize,
}

impl Seen {
    fn must_be_varied(&self) {
        let counts = [self.shown, self.hidden, self.filtered_in, self.filtered_out, self.computed];
        assert!(counts.iter().all(|count| *count > 1_000), "{self:?}");
        assert!(self.hidden_fields > 100, "{self:?}");
    }
}

/// Adds computed fields and rules to a world, and compares what each caller sees.
async fn agree(world: &World, entropy: &mut Entropy<'_>, seen: &mut Seen) {
    let mut additions: [Additions; 3] = Default::default();
    for (index, addition) in additions.iter_mut().enumerate() {
        let (ty, name) = entropy.of(&COMPUTED);
        let mut writer = Writer::new(&world.model, world.entity(index), entropy, Reach::Own);
        let value = writer.value(&ty);
        addition.fields = format!("  computed: {name} @computed(expr: {})\n", Json::from(value));
    }
    let computed = world.app(&additions);
    for (index, addition) in additions.iter_mut().enumerate() {
        let entity = world.entity(index);
        let mut rule = || {
            let rule = Writer::new(&computed.model, entity, entropy, Reach::All).condition();
            format!("@allow(read: {})", Json::from(rule))
        };
        addition.rule = Some(rule());
        let directive = rule();
        let fields = &computed.model.entity(entity).fields;
        let stored = |field: &&model::Field| {
            let computed = matches!(field.kind, FieldKind::Computed { .. });
            !computed && !["n", "id", "code"].contains(&field.name.as_str())
        };
        let fields: Vec<&String> = fields.iter().filter(stored).map(|field| &field.name).collect();
        if !fields.is_empty() {
            addition.on_fields.push((entropy.of(&fields).clone(), directive));
        }
    }
    let app = world.app(&additions);
    let now = Timestamp(1_704_153_600_000_000);
    let caller = Caller { user: claims(entropy.pick(4)), now, input: &[], request: None };
    for index in 0..TYPES.len() {
        let lists = Lists { world, app: &app, caller: &caller, entity: world.entity(index) };
        lists.agree(entropy, seen).await;
    }
}

fn claims(choice: usize) -> Option<Arc<Json>> {
    let id = values::id(1).to_string();
    let claims = match choice {
        0 => return None,
        1 => {
            json!({"sub": id, "role": "admin", "level": 2, "active": true, "roles": ["a", "admin", 1, null],
            "born": "2024-01-02", "limit": "1.50"})
        }
        2 => {
            json!({"sub": values::id(2).to_string(), "role": "PAID", "level": 1.5, "active": false,
            "roles": [], "born": "?", "limit": 1.5, "org": {"id": id}})
        }
        _ => {
            json!({"sub": 5, "role": null, "level": "2", "active": "yes", "roles": "admin", "org": []})
        }
    };
    Some(Arc::new(claims))
}

/// The lists of one entity for one caller.
struct Lists<'a> {
    world: &'a World,
    app: &'a App,
    caller: &'a Caller<'a>,
    entity: EntityId,
}

impl Lists<'_> {
    async fn agree(&self, entropy: &mut Entropy<'_>, seen: &mut Seen) {
        let all = 0..self.world.rows(self.entity);
        let shows =
            |row: &usize| self.on(*row).shows(RuleRef::Read(self.entity), (self.entity, *row));
        let visible: Vec<usize> = all.clone().filter(shows).collect();
        let listed = self.list("").await.expect("no filter");
        assert_eq!(numbers(&listed), visible, "{}", self.described());
        seen.shown += visible.len();
        seen.hidden += all.count() - visible.len();
        for (row, json) in visible.iter().zip(&listed) {
            self.fields_agree(*row, json, seen);
        }
        for _ in 0..FILTERS_PER_LIST {
            let model = &self.app.model;
            let filter = Writer::new(model, self.entity, entropy, Reach::Bare).condition();
            self.filter_agrees(&filter, &visible, seen).await;
        }
    }

    async fn filter_agrees(&self, filter: &str, visible: &[usize], seen: &mut Seen) {
        // A caller from whom a field is hidden in every row cannot name it.
        let Some(ready) = self.ready(filter) else { return };
        let Some(tree) = ready.shape.filter.clone() else { panic!("{filter} is a filter") };
        let holds = |row: &usize| {
            let around = Surroundings { atoms: &ready.atoms, guarded: true, ..self.on(*row) };
            expr::truth(&tree, &around, Nulls::False) == Some(true)
        };
        let expected: Vec<usize> = visible.iter().copied().filter(holds).collect();
        let listed = self.list(filter).await.expect("it was ready");
        let about = || format!("filter {filter}\n{tree:?}\n{}", self.described());
        assert_eq!(numbers(&listed), expected, "{}", about());
        seen.filtered_in += expected.len();
        seen.filtered_out += visible.len() - expected.len();
    }

    fn fields_agree(&self, row: usize, json: &Json, seen: &mut Seen) {
        let entity = self.app.model.entity(self.entity);
        let sent = self.world.client_row((self.entity, row));
        for (index, field) in entity.fields.iter().enumerate() {
            let id = FieldId(index as u32);
            let computed = matches!(field.kind, FieldKind::Computed { .. });
            let many = matches!(field.kind, FieldKind::ToMany { .. });
            if many || !computed && !sent.contains_key(&field.name) {
                continue;
            }
            let name = match &field.kind {
                FieldKind::ToOne(relation) => &relation.id_name,
                _ => &field.name,
            };
            let around = self.on(row);
            let at = (self.entity, row);
            let about = || format!("{name} of {row}\n{}", self.described());
            if !around.shows(RuleRef::ReadField(self.entity, id), at) {
                assert_eq!(json.get(name), None, "{}", about());
                seen.hidden_fields += 1;
                continue;
            }
            let expected = if computed {
                seen.computed += 1;
                world::client_value(&expr::Env::field(&around, &at, id), field)
            } else {
                sent[&field.name].clone()
            };
            assert!(same(&json[name], &expected), "{} is not {expected}: {}", json[name], about());
        }
    }

    fn on(&self, row: usize) -> Surroundings<'_> {
        Surroundings {
            world: self.world,
            model: &self.app.model,
            caller: self.caller,
            atoms: &[],
            row: (self.entity, row),
            guarded: false,
        }
    }

    /// Makes the read of a list; none where the filter names a field that is always hidden.
    fn ready(&self, filter: &str) -> Option<Ready> {
        let bounds = self.app.read_bounds();
        let mut query = Query::new(&self.app.model, self.caller, self.entity, bounds);
        query.sort("n");
        if !filter.is_empty() {
            query.filter(filter);
        }
        match query.many() {
            Ok(ready) => Some(ready),
            Err(mistakes) => {
                let unknown = |bad: &BadParameter| {
                    ["has no field", "is not known"].iter().any(|words| bad.detail.contains(words))
                };
                assert!(mistakes.iter().any(unknown), "{filter}: {mistakes:?}");
                None
            }
        }
    }

    /// Lists what the caller may see; none where the filter names a field that is always hidden.
    async fn list(&self, filter: &str) -> Option<Vec<Json>> {
        match operations::list(self.app, self.caller, self.ready(filter)?, b"").await {
            Ok(page) => Some(serde_json::from_slice(&page.json).expect("a page is JSON")),
            Err(Refusal::Forbidden | Refusal::Unauthenticated) => Some(Vec::new()),
            Err(other) => panic!("{filter}: {other:?}\n{}", self.described()),
        }
    }

    fn described(&self) -> String {
        let mut text = format!("caller {:?}", self.caller.user);
        for entity in &self.app.model.entities {
            let rule = entity.rules.read.as_ref().map(|rule| &rule.text);
            text.push_str(&format!("\n{}: {rule:?}", entity.name));
            for field in &entity.fields {
                if let FieldKind::Computed { expr, .. } = &field.kind {
                    text.push_str(&format!("\n  {}: {}", field.name, expr.text));
                }
                if let Some(rule) = &field.rules.read {
                    text.push_str(&format!("\n  {} where {}", field.name, rule.text));
                }
            }
            for row in 0..self.world.rows(entity.id) {
                let row = Json::from(self.world.client_row((entity.id, row)));
                text.push_str(&format!("\n    {row}"));
            }
        }
        text
    }
}

fn numbers(rows: &[Json]) -> Vec<usize> {
    rows.iter().map(|row| row["n"].as_u64().expect("a number") as usize).collect()
}

/// Compares JSON values: numbers by what they are worth, and a key of a number with its text.
fn same(shown: &Json, expected: &Json) -> bool {
    match (shown, expected) {
        (Json::Number(number), Json::String(text)) => number.to_string() == *text,
        (Json::Number(number), Json::Number(expected)) => number.as_f64() == expected.as_f64(),
        _ => shown == expected,
    }
}
