//! Rows nested in the one that they belong to: new ones in a new row, both kinds in one that is there.

use std::collections::HashSet;
use std::sync::Arc;

use app::App;
use app::input::Body;
use app::operations::{Precondition, Prepared as _, WriteRows};
use expr::{Caller, EntityId, FieldId, Value};
use model::{FieldKind, Model, Via};
use plan::RuleRef;
use plan::read::Archived;
use serde_json::{Map, Value as Json};

use super::answers::{is_expected, one};
use super::cells::{self, Cells, numbered, targets_seen};
use super::sight::Sight;
use super::wishes::Wish;
use super::writes::{Answer, Asked, Belief, Expected, may_change};
use crate::entropy::Entropy;
use crate::values;
use crate::world::{At, Cell, World};

/// A row that is to be created or changed with some that belong to it.
#[derive(Clone, Debug)]
pub(crate) struct Nest {
    entity: EntityId,
    above: Row,
    belief: Belief,
    list: List,
    below: Vec<Row>,
}

#[derive(Clone, Debug)]
enum Row {
    New(Vec<Option<Cell>>),
    There(At, Cells),
}

/// A list of rows and the relation behind it.
#[derive(Clone, Debug)]
struct List {
    field: FieldId,
    target: EntityId,
    inverse: FieldId,
}

impl Nest {
    /// Makes up a write, where the type has rows that belong to it.
    pub(crate) fn random(sight: Sight<'_>, there: At, entropy: &mut Entropy<'_>) -> Option<Self> {
        let world = sight.world;
        let entity = there.0;
        let lists = lists(&world.model, entity);
        if lists.is_empty() {
            return None;
        }
        let list = entropy.of(&lists);
        let is_new = entropy.pick(3) == 0;
        let parent = if is_new { (entity, world.rows(entity)) } else { there };
        let mut next = world.rows(list.target) + usize::from(is_new && list.target == entity);
        let has_ids = world.model.entity(list.target).field_named("id").is_some();
        let mut below = Vec::new();
        for _ in 0..1 + entropy.pick(2) {
            if is_new || has_ids && entropy.pick(3) == 0 {
                let place = (list.target, next);
                next += 1;
                let mut cells = cells::new_row(world, place, entropy);
                cells[list.inverse.0 as usize] = Some(Cell::One(Some(parent.1)));
                if let Some((id, _)) = world.model.entity(list.target).field_named("id")
                    && !is_new
                {
                    // The server makes it.
                    cells[id.0 as usize] =
                        Some(Cell::Value(Value::Uuid(values::unknown_id(place.1))));
                }
                below.push(Row::New(cells));
                continue;
            }
            let children = world.many(&parent, list.field).into_iter();
            let children: Vec<At> = children.filter(|row| may_change(sight, *row)).collect();
            let child = match children.is_empty() || entropy.pick(4) == 0 {
                true => (list.target, entropy.pick(world.rows(list.target))),
                false => entropy.of(&children),
            };
            let mut cells = cells::some(world, child, entropy);
            cells.retain(|(field, _)| *field != list.inverse);
            below.push(Row::There(child, cells));
        }
        let above = match is_new {
            true => Row::New(cells::new_row(world, parent, entropy)),
            false if entropy.pick(2) == 0 => Row::There(parent, Vec::new()),
            false => Row::There(parent, cells::some(world, parent, entropy)),
        };
        Some(Self { entity, above, belief: Belief::random(entropy), list, below })
    }

    fn body(&self, world: &World) -> Body {
        let own = match &self.above {
            Row::New(cells) => numbered(cells),
            Row::There(_, cells) => cells.clone(),
        };
        let mut body = cells::body(world, self.entity, &own);
        let described = world.model.entity(self.list.target);
        let rows = self.below.iter().map(|row| {
            let members = match row {
                Row::New(cells) => {
                    let is_sent = |(field, cell): &(FieldId, Cell)| {
                        let is_unknown =
                            matches!(cell, Cell::Value(Value::Uuid(id)) if values::is_unknown(*id));
                        *field != self.list.inverse && !is_unknown
                    };
                    let cells: Cells = numbered(cells).into_iter().filter(is_sent).collect();
                    cells::body(world, self.list.target, &cells).0
                }
                Row::There(row, cells) => {
                    let key = described
                        .key
                        .iter()
                        .filter_map(|field| Some((*field, world.stored(*row, *field)?.clone())));
                    let all: Cells = key.chain(cells.iter().cloned()).collect();
                    cells::body(world, self.list.target, &all).0
                }
            };
            Json::Object(members.into_iter().collect::<Map<String, Json>>())
        });
        let name = world.model.entity(self.entity).field(self.list.field).name.clone();
        body.0.push((name, rows.collect()));
        body
    }

    pub(crate) async fn ask(&self, sight: Sight<'_>, app: &Arc<App>) -> Asked {
        let (entity, caller, app) = (self.entity, super::lasting(sight.caller), Arc::clone(app));
        let body = self.body(sight.world);
        let there = match &self.above {
            Row::New(_) => None,
            Row::There(row, _) => {
                let hash = self.belief.hash(sight, &app, *row).await;
                let belief =
                    hash.map_or(Precondition::None, |hash| Precondition::Hashes(vec![hash]));
                Some((sight.world.key(*row), belief))
            }
        };
        let answer = Box::pin(async move {
            let write = match there {
                None => WriteRows::create(&app, &caller, entity, body)?,
                Some((key, belief)) => WriteRows::update(&app, &caller, entity, key, body, belief)?,
            };
            let many = write.run(&app).await?;
            let shown = many.saved.into_iter().next().and_then(|saved| saved.row);
            let shown = shown.map(|row| one(&row).unwrap_or(Json::Null));
            Ok(Answer { count: many.count, row: Some(shown) })
        });
        Asked { answer, filter: None, row: None }
    }

    pub(crate) fn expect(
        &self,
        world: &mut World,
        written: &Model,
        caller: &Caller<'_>,
    ) -> Expected {
        let mut judged: Vec<(At, Option<&Cells>)> = Vec::new();
        let mut named = HashSet::new();
        if matches!(self.above, Row::There(..)) && self.belief == Belief::Wrong {
            return Expected::Refused;
        }
        let rows = std::iter::once((self.entity, &self.above));
        let parent = self.parent(world);
        for (entity, row) in rows.chain(self.below.iter().map(|row| (self.list.target, row))) {
            let is_below = !judged.is_empty();
            let sight = Sight { world, written, caller };
            match row {
                Row::New(cells) => {
                    let mut sent = numbered(cells);
                    sent.retain(|(field, _)| !is_below || *field != self.list.inverse);
                    if !targets_seen(sight, entity, &sent) {
                        return Expected::Refused;
                    }
                    let row = cells::add(world, caller, entity, cells.clone());
                    judged.push((row, None));
                }
                Row::There(row, cells) => {
                    let belongs = |row: At| {
                        world.is_kept(row)
                            && world.hop(&row, self.list.inverse) == Some(parent)
                            && sight.sees_field(row, self.list.inverse)
                    };
                    let is_named = is_below && !named.insert(*row);
                    let is_there =
                        sight.sees(*row, Archived::Without) && (!is_below || belongs(*row));
                    if is_named || !is_there || !sight.may_update(*row, cells) {
                        return Expected::Refused;
                    }
                    if !cells::put(world, written, caller, *row, cells) {
                        return Expected::Refused;
                    }
                    judged.push((*row, Some(cells)));
                }
            }
        }
        let sight = Sight { world, written, caller };
        let may = judged.iter().all(|(row, changed)| match changed {
            Some(cells) => sight.may_update(*row, cells),
            None => sight.holds(RuleRef::Create(row.0), *row),
        });
        if may { Expected::Done(1) } else { Expected::Refused }
    }

    fn parent(&self, world: &World) -> At {
        match &self.above {
            Row::New(_) => (self.entity, world.rows(self.entity)),
            Row::There(row, _) => *row,
        }
    }

    /// Compares the row that was answered, and those inside it: of one that the caller may not read
    /// there is the key.
    pub(crate) fn is_shown(&self, sight: Sight<'_>, shown: Option<Json>) -> Result<(), String> {
        let new = |entity: EntityId| {
            let below = self.below.iter().filter(|row| matches!(row, Row::New(_))).count();
            let above = usize::from(matches!(self.above, Row::New(_)));
            let below = if entity == self.list.target { below } else { 0 };
            let above = if entity == self.entity { above } else { 0 };
            sight.world.rows(entity) - above - below
        };
        let parent = match &self.above {
            Row::New(_) => (self.entity, new(self.entity)),
            Row::There(row, _) => *row,
        };
        let is_seen = sight.sees(parent, Archived::Without);
        let Some(mut shown) = shown else {
            return if is_seen { Err("the row is not shown".to_owned()) } else { Ok(()) };
        };
        if !is_seen {
            return Err(format!("{shown} is hidden"));
        }
        let name = &sight.world.model.entity(self.entity).field(self.list.field).name;
        let inner = shown.as_object_mut().and_then(|members| members.remove(name));
        let Some(Json::Array(inner)) = inner else { return Err(format!("{name} is no list")) };
        is_expected(&[shown], &[sight.shown(parent, &Wish::default(), &[])])?;
        let mut next = new(self.list.target)
            + usize::from(self.list.target == self.entity && matches!(self.above, Row::New(_)));
        let rows = self.below.iter().map(|row| match row {
            Row::There(row, _) => *row,
            Row::New(_) => {
                next += 1;
                (self.list.target, next - 1)
            }
        });
        let expected = rows.map(|row| match sight.sees(row, Archived::Without) {
            true => sight.shown(row, &Wish::default(), &[]),
            false => {
                let key = sight.world.model.entity(row.0).key.clone();
                let named = |field: &FieldId| {
                    let described = sight.world.model.entity(row.0).field(*field);
                    let value = sight.world.value(&row, *field);
                    (described.name.clone(), crate::world::client_value(&value, described))
                };
                Json::Object(key.iter().map(named).collect())
            }
        });
        is_expected(&inner, &expected.collect::<Vec<_>>())
    }
}

/// Returns the lists of rows of the module that refer to rows of this type.
fn lists(model: &Model, entity: EntityId) -> Vec<List> {
    let fields = (0..).map(FieldId).zip(&model.entity(entity).fields);
    let lists = fields.filter_map(|(field, described)| match described.kind {
        FieldKind::ToMany { target, via: Via::Inverse(inverse) } if !described.private => {
            Some(List { field, target, inverse })
        }
        _ => None,
    });
    let is_near = |list: &List| {
        let inverse = model.entity(list.target).field(list.inverse);
        matches!(&inverse.kind, FieldKind::ToOne(relation) if !relation.other_module)
    };
    lists.filter(is_near).collect()
}
