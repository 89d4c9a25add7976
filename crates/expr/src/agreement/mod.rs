//! The law of this crate: what is lowered and what is evaluated agree, for any expression, caller
//! and rows, by either reading of nulls.

mod generate;
mod interpret;
pub(crate) mod world;

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::json;

use crate::evaluate::{Caller, evaluate, trace, truth};
use crate::prepare::{AtomShape, Nulls, prepare, prepare_value};
use crate::schema::{FieldId, Scope};
use crate::tree::Node;
use crate::types::Type;
use crate::value::{Timestamp, Value};
use crate::{Expect, compile, lower, lower_check, lower_term};

use generate::Generator;
use interpret::Interpreter;
use world::{Entropy, ITEM, Surroundings, Tables, World};

const CASES: u32 = 20_000;

/// A failing case is printed whole; keeping its bytes would say nothing once the generator changes.
fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

fn scope(tables: &Tables) -> Scope<'_> {
    Scope {
        schema: tables,
        row: Some(ITEM),
        bare_fields: false,
        input: Some(ITEM),
        user: true,
        now: true,
    }
}

fn compiled(text: &str, scope: &Scope<'_>, expect: Expect) -> Node {
    compile(text, scope, expect).unwrap_or_else(|mistakes| {
        let shown: Vec<_> = mistakes.iter().map(ToString::to_string).collect();
        panic!("{text}\n{}", shown.join("\n"))
    })
}

fn claims(choice: usize) -> Option<Arc<serde_json::Value>> {
    let id = world::id(1).to_string();
    let claims = match choice {
        0 => return None,
        1 => {
            json!({"sub": id, "role": "admin", "level": 2, "active": true, "roles": ["a", "admin", 1, null],
            "born": "2024-01-02", "seen": "2024-01-02T00:00:00Z", "limit": "1.50"})
        }
        2 => {
            json!({"sub": world::id(2).to_string(), "role": "PAID", "level": 1.5, "active": false, "roles": [],
            "born": "?", "limit": 1.5, "org": {"id": id, "tags": ["a", "b"]}})
        }
        _ => {
            json!({"sub": 5, "role": null, "level": "2", "active": "yes", "roles": "admin", "org": []})
        }
    };
    Some(Arc::new(claims))
}

/// Everything that must agree on one expression in one world.
fn agree(text: &str, expect: &Expect, entropy: &mut Entropy<'_>) {
    let tables = Tables::new();
    let node = compiled(text, &scope(&tables), expect.clone());
    let world = World::new(entropy.pick(1 << 16) as u64);
    let input: Vec<(FieldId, Value)> = world.some_input(&tables);
    let now = Timestamp(1_704_153_600_000_000);
    let caller = Caller { user: claims(entropy.pick(4)), now, input: &input, request: None };
    values_agree(text, &node, &world, &caller);
    if *expect == Expect::Type(Type::Bool) {
        conditions_agree(text, &node, &world, &caller);
    }
}

fn values_agree(text: &str, node: &Node, world: &World, caller: &Caller<'_>) {
    let prepared = prepare_value(node.clone());
    let atoms = prepared.atom_values(caller);
    let shapes: Vec<AtomShape> = atoms.iter().map(AtomShape::of).collect();
    for row in 0..world.rows(ITEM) {
        let surroundings = Surroundings { world, caller, row, atoms: &atoms };
        let about = || format!("{text}\nrow {row}: {:?}\n{prepared:?}", world.row(ITEM, row));
        for nulls in [Nulls::False, Nulls::Unknown] {
            let value = evaluate(node, &surroundings, nulls);
            assert!(node.nullable || value != Value::Null, "not nullable: {}", about());
            let split = evaluate(&prepared.tree, &surroundings, nulls);
            assert_eq!(split, value, "prepared, {nulls:?}: {}", about());
            let term = lower_term(&prepared.tree, &shapes, nulls);
            for interpreter in interpreters(&surroundings) {
                assert_eq!(interpreter.term(&term), value, "{nulls:?} {term:?}: {}", about());
            }
        }
    }
}

fn conditions_agree(text: &str, node: &Node, world: &World, caller: &Caller<'_>) {
    let prepared = prepare(node.clone());
    let atoms = prepared.atom_values(caller);
    let shapes: Vec<AtomShape> = atoms.iter().map(AtomShape::of).collect();
    for row in 0..world.rows(ITEM) {
        let surroundings = Surroundings { world, caller, row, atoms: &atoms };
        let about = || format!("{text}\nrow {row}: {:?}\n{prepared:?}", world.row(ITEM, row));
        for nulls in [Nulls::False, Nulls::Unknown] {
            let decided = truth(node, &surroundings, nulls);
            assert!(nulls == Nulls::Unknown || decided.is_some());
            let split = truth(&prepared.tree, &surroundings, nulls);
            assert_eq!(split, decided, "prepared, {nulls:?}: {}", about());
            let pred = lower(&prepared.tree, &shapes, nulls);
            for interpreter in interpreters(&surroundings) {
                let selected = interpreter.pred(&pred) == Some(true);
                assert_eq!(selected, decided == Some(true), "{nulls:?} {pred:?}: {}", about());
            }
        }
        let decided = truth(node, &surroundings, Nulls::Unknown);
        assert_eq!(trace(&prepared, &surroundings).truth, decided, "traced: {}", about());
        let pred = lower_check(&prepared.tree, &shapes);
        for interpreter in interpreters(&surroundings) {
            assert_eq!(interpreter.pred(&pred), decided, "exactly {pred:?}: {}", about());
        }
    }
}

/// The law must hold for whatever a renderer makes of what is left to it.
fn interpreters<'a>(surroundings: &'a Surroundings<'a>) -> [Interpreter<'a>; 2] {
    [false, true].map(|opens_to_false| Interpreter::new(surroundings, opens_to_false))
}

#[test]
fn hand_written_expressions_agree() {
    for text in [
        "!(row.intN < 5)",
        "row.textN != 'a'",
        "!(row.textN in ['a', user.role])",
        "!(row.text in user.roles)",
        "!(row.textN in [])",
        "(row.textN in user.roles) == null",
        "(row.intN < 5) == null",
        "(row.intN < 5) == (user.level < 5)",
        "!(user.level < 5) || row.boolN",
        "(row.boolN ? row.intN < 1 : row.bool) != true",
        "!(row.boolN ? user.active : !row.bool)",
    ] {
        for seed in 0..200_u8 {
            agree(text, &Expect::Type(Type::Bool), &mut Entropy::new(&[seed, seed, seed]));
        }
    }
}

#[test]
fn what_is_generated_is_varied() {
    let mut seen = std::collections::HashSet::new();
    let mut kinds = String::new();
    for seed in 0..3_000_u64 {
        let bytes = world::noise(seed, 200);
        let text = Generator::new(&mut Entropy::new(&bytes)).condition();
        kinds.push_str(&text);
        seen.insert(text);
    }
    assert!(seen.len() > 2_000, "{}", seen.len());
    for part in [
        ".exists(",
        ".all(",
        " in ",
        " ? ",
        "!(",
        "has(",
        "size(",
        "user.",
        "input.",
        "now",
        ".startsWith(",
        ".matches(",
        "== null",
        "duration(",
        "date(",
        "decimal(",
        "boss",
        "parent",
        "json",
        "maker",
        " % ",
    ] {
        assert!(kinds.contains(part), "no {part}");
    }
}

proptest! {
    #![proptest_config(config(CASES))]

    #[test]
    fn lowered_conditions_agree_with_evaluated_ones(bytes in prop::collection::vec(any::<u8>(), 4..160)) {
        let mut entropy = Entropy::new(&bytes);
        let mut world = Entropy::new(&bytes[..4]);
        let text = Generator::new(&mut entropy).condition();
        agree(&text, &Expect::Type(Type::Bool), &mut world);
    }
}

proptest! {
    #![proptest_config(config(CASES / 4))]

    #[test]
    fn lowered_values_agree_with_evaluated_ones(bytes in prop::collection::vec(any::<u8>(), 4..120)) {
        let mut entropy = Entropy::new(&bytes);
        let mut world = Entropy::new(&bytes[..4]);
        let text = Generator::new(&mut entropy).value();
        agree(&text, &Expect::AnyScalar, &mut world);
    }
}
