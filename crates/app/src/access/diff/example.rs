//! Looks for a caller and a row that one model allows and the other does not.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use expr::Value;
use model::{Entity, FieldKind, Model};
use serde_json::Value as Json;

use super::Access;
use super::imagined::{Imagined, World, rolls};
use super::pair::Pairs;
use super::pools::Pools;

/// Callers and rows that are imagined for one change.
const WORLDS_MAX: u64 = 4_000;

/// A caller and a row for whom a change makes a difference.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// The caller's claims; none for nobody.
    pub caller: Option<Arc<Json>>,
    /// What the rules looked at of the row and of those around it.
    pub row: BTreeMap<String, Json>,
}

/// The rules that are held against each other.
pub(super) struct Search<'a> {
    models: [&'a Model; 2],
    pairs: &'a Pairs<'a>,
    entities: [&'a Entity; 2],
    /// For each model the rules that all have to allow.
    rules: &'a [Vec<Access<'a>>; 2],
    pools: Pools,
}

impl<'a> Search<'a> {
    pub(super) fn new(
        models: [&'a Model; 2],
        pairs: &'a Pairs<'a>,
        entities: [&'a Entity; 2],
        rules: &'a [Vec<Access<'a>>; 2],
    ) -> Self {
        let given = rules.iter().flatten().filter_map(|access| match access {
            Access::Rule(rule) => Some(*rule),
            _ => None,
        });
        let computed = models.iter().flat_map(|model| &model.entities);
        let computed =
            computed.flat_map(|entity| &entity.fields).filter_map(|field| match &field.kind {
                FieldKind::Computed { expr, .. } => Some(expr),
                _ => None,
            });
        let pools = Pools::of(given.chain(computed));
        Self { models, pairs, entities, rules, pools }
    }

    /// Returns what is allowed now and not before, and what was allowed before and is not now.
    pub(super) fn run(&self) -> (Option<Example>, Option<Example>) {
        let (mut gained, mut lost) = (None, None);
        for seed in 0..WORLDS_MAX {
            if gained.is_some() && lost.is_some() {
                break;
            }
            let world = World {
                pools: &self.pools,
                pairs: self.pairs,
                seed,
                user: self.pools.claims(rolls(seed)).map(Arc::new),
                looked: RefCell::default(),
            };
            match [0, 1].map(|which| self.allows(&world, which)) {
                [false, true] if gained.is_none() => gained = Some(example(world)),
                [true, false] if lost.is_none() => lost = Some(example(world)),
                _ => {}
            }
        }
        (gained, lost)
    }

    fn allows(&self, world: &World<'_>, which: usize) -> bool {
        let (model, entity) = (self.models[which], self.entities[which].id);
        self.rules[which].iter().all(|access| match access {
            Access::Nobody => false,
            Access::Anybody => true,
            Access::Rule(rule) => Imagined::row(world, model, which, entity).allows(&rule.expr),
        })
    }
}

fn example(world: World<'_>) -> Example {
    let shown = |value: &Value| plan::client_form(value);
    let looked = world.looked.into_inner();
    let row = looked.iter().map(|(name, value)| (name.clone(), shown(value))).collect();
    Example { caller: world.user, row }
}
