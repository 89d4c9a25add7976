//! The law of the access matrix: a rule folded for a kind of caller means what the rule means, for
//! any caller of the kind and any row.

use std::cell::RefCell;

use app::access::{Formula, Who, fold};
use expr::{Caller, EntityId, Expect, Nulls, Prepared, Scope, Timestamp, Type};
use model::Model;
use plan::RuleRef;
use serde_json::{Map, Value as Json};

use crate::entropy::Entropy;
use crate::sdl::Additions;
use crate::surroundings::Surroundings;
use crate::world::World;
use crate::writer::{Reach, Writer};
use crate::{claims, in_worlds};

const WORLDS: u32 = 6;
const CASES_PER_WORLD: u32 = 150;

/// What came out, lest the law hold because nothing ever happens.
#[derive(Debug, Default)]
struct Seen {
    always: usize,
    never: usize,
    allowed: usize,
    denied: usize,
    unwritable: usize,
}

#[test]
fn a_folded_rule_allows_what_the_rule_allows() {
    let seen = RefCell::new(Seen::default());
    in_worlds((WORLDS, CASES_PER_WORLD), 20..400, |_, world, entropy| {
        agree(world, entropy, &mut seen.borrow_mut());
    });
    let seen = seen.into_inner();
    let counts = [seen.always, seen.never, seen.allowed, seen.denied];
    assert!(counts.iter().all(|count| *count > 30), "{seen:?}");
    assert!(seen.unwritable * 20 < seen.allowed + seen.denied, "{seen:?}");
}

fn agree(world: &World, entropy: &mut Entropy<'_>, seen: &mut Seen) {
    let index = entropy.pick(3);
    let entity = world.entity(index);
    let text = Writer::new(&world.model, entity, entropy, Reach::All).condition();
    let mut additions: [Additions; 3] = Default::default();
    additions[index].rule = Some(format!("@allow(read: {})", Json::from(text)));
    let app = world.app(&additions);
    let rule = app.model.entity(entity).rules.read.as_ref().expect("it was given");
    for who in Who::of(&app.model) {
        let others = match claims(1 + entropy.pick(3)).as_deref() {
            Some(Json::Object(others)) => others.clone(),
            _ => Map::new(),
        };
        let caller = Caller {
            user: who.with(&others),
            now: Timestamp(1_704_153_600_000_000),
            input: &[],
            request: None,
        };
        let folded = fold(rule, &who);
        match folded {
            Formula::True => seen.always += 1,
            Formula::False => seen.never += 1,
            _ => {}
        }
        let Some(formula) = compiled(&app.model, entity, &folded) else {
            seen.unwritable += 1;
            continue;
        };
        for row in 0..world.rows(entity) {
            let around = Surroundings {
                world,
                model: &app.model,
                caller: &caller,
                atoms: &[],
                row: (entity, row),
                guarded: false,
            };
            let allowed = around.shows(RuleRef::Read(entity), (entity, row));
            let atoms = formula.atom_values(&caller);
            let around = Surroundings { atoms: &atoms, ..around };
            let shown = expr::truth(&formula.tree, &around, Nulls::Unknown) == Some(true);
            let about = || format!("{} for {}: {folded}\n{:?}", rule.text, who.name, caller.user);
            assert_eq!(shown, allowed, "{}", about());
            if allowed { seen.allowed += 1 } else { seen.denied += 1 }
        }
    }
}

/// Reads a formula as the rule it is. A null in the place of a claim may leave a part that nobody
/// would write, such as `null.startsWith(row.name)`.
fn compiled(model: &Model, entity: EntityId, formula: &Formula) -> Option<Prepared> {
    let scope = Scope {
        schema: model,
        row: Some(entity),
        bare_fields: false,
        input: None,
        user: true,
        now: true,
    };
    expr::compile(&formula.to_string(), &scope, Expect::Type(Type::Bool)).ok().map(expr::prepare)
}
