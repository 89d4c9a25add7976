//! Writes of one row and of many: what may happen, whether it did, and what the database holds then.

use std::sync::Arc;

use app::input::Body;
use app::operations::{
    self, Change, ChangeMatching, Objects, Patch, Precondition, Prepared as _, Saved,
    Write as Prepared, WriteRows,
};
use app::query::Query;
use app::{App, Refusal};
use expr::{Caller, EntityId, FieldId, Value};
use model::{FieldKind, Model};
use plan::RuleRef;
use plan::read::Archived;

use super::answers::{hidden_names, is_expected, one};
use super::sight::Sight;
use super::wishes::Wish;
use super::{Seen, effects, stored};
use crate::entropy::Entropy;
use crate::world::{At, Cell, World, random_cell};
use crate::writer::{Reach, Writer};

/// Rows of a type at most, so that reads stay quick.
const ROWS_MAX: usize = 14;

/// A write that is asked for.
#[derive(Clone, Debug)]
pub(crate) enum Write {
    ChangeMany { entity: EntityId, filter: String, cells: Option<Vec<(FieldId, Cell)>> },
    Update { row: At, cells: Vec<(FieldId, Cell)>, belief: Belief },
    Delete { row: At, belief: Belief },
    Restore { row: At },
    Create { entity: EntityId, rows: Vec<Vec<Option<Cell>>> },
}

/// What the caller believes of the row (`If-Match`).
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Belief {
    Nothing,
    Right,
    Wrong,
}

/// What should come of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Expected {
    /// So many rows are written.
    Done(usize),
    /// Nothing is.
    Refused,
    /// Either, for a reason that has nothing to do with what is hidden.
    Either(usize),
}

impl Write {
    pub(crate) fn random(world: &World, entity: EntityId, entropy: &mut Entropy<'_>) -> Self {
        let model = &world.model;
        let row = (entity, entropy.pick(world.rows(entity)));
        let belief = entropy.of(&[Belief::Nothing, Belief::Nothing, Belief::Right, Belief::Wrong]);
        match entropy.pick(8) {
            0..=2 => {
                let filter = match entropy.pick(3) {
                    0 => "true".to_owned(),
                    _ => Writer::new(model, entity, entropy, Reach::Bare).condition(),
                };
                let cells = (entropy.pick(3) > 0).then(|| cells(world, row, entropy));
                Self::ChangeMany { entity, filter, cells }
            }
            3 | 4 => Self::Update { row, cells: cells(world, row, entropy), belief },
            5 => Self::Delete { row, belief },
            6 if world.guards(entity).archive => Self::Restore { row },
            _ => {
                let count = 1 + entropy.pick(2);
                let rows = world.rows(entity)..world.rows(entity) + count;
                let rows = rows.map(|row| new_row(world, (entity, row), entropy));
                Self::Create { entity, rows: rows.collect() }
            }
        }
    }

    /// Asks for the write, and compares what came of it and what the database holds.
    pub(crate) async fn check(
        &self,
        world: &mut World,
        (app, open, written): (&Arc<App>, &App, &Model),
        caller: &Caller<'_>,
        seen: &mut Seen,
    ) -> Result<(), String> {
        if let Self::Create { entity, rows } = self
            && world.rows(*entity) + rows.len() > ROWS_MAX
        {
            return Ok(());
        }
        let before = world.copy_rows();
        let belief = self.belief(world, app, caller).await;
        let ready = match self.matching(app, caller) {
            Some(Err(mistakes)) => return hidden_names(&mistakes, seen),
            Some(Ok(ready)) => Some(ready),
            None => None,
        };
        let filter = ready.as_ref().map(|ready| (ready.shape.filter.clone(), ready.atoms.clone()));
        let (body, key) = (self.body(world), self.row().map(|row| world.key(row)));
        let expected = self.expect(world, written, caller, filter.as_ref());
        let answer = self.ask(app, caller, ready, (body, key), belief).await;
        let wrong = |what: &str| Err(format!("{what}; expected {expected:?}"));
        match (answer, &expected) {
            (Ok((count, saved)), Expected::Done(expected) | Expected::Either(expected)) => {
                if count != *expected {
                    return wrong(&format!("{count} rows were written"));
                }
                seen.written += count;
                if let Some(saved) = saved {
                    let sight = Sight { world, written, caller };
                    self.is_shown(sight, saved)?;
                }
            }
            (Ok((count, _)), Expected::Refused) => {
                return wrong(&format!("{count} rows were written"));
            }
            (Err(Refusal::Parameters(mistakes)), _) => {
                world.restore_rows(before);
                hidden_names(&mistakes, seen)?;
            }
            (Err(_), Expected::Refused | Expected::Either(_)) => {
                seen.refused += 1;
                world.restore_rows(before);
            }
            // To whom no row is open, this is said instead of a number of rows.
            (Err(Refusal::Forbidden | Refusal::Unauthenticated), Expected::Done(0)) => {
                world.restore_rows(before);
            }
            (Err(refusal), Expected::Done(_)) => return wrong(&format!("{refusal:?}")),
        }
        stored::differs(world, open).await?;
        stored::links_differ(world, open).await
    }

    fn row(&self) -> Option<At> {
        match self {
            Self::Update { row, .. } | Self::Delete { row, .. } | Self::Restore { row } => {
                Some(*row)
            }
            Self::ChangeMany { .. } | Self::Create { .. } => None,
        }
    }

    fn matching(
        &self,
        app: &App,
        caller: &Caller<'_>,
    ) -> Option<Result<app::query::Ready, Vec<app::BadParameter>>> {
        let Self::ChangeMany { entity, filter, .. } = self else { return None };
        let mut query = Query::new(&app.model, caller, *entity, app.read_bounds());
        query.filter(filter);
        Some(query.many())
    }

    /// Returns the precondition that goes with the row; of a row that the caller does not see, any.
    async fn belief(&self, world: &World, app: &App, caller: &Caller<'_>) -> Precondition {
        let (Self::Update { row, belief, .. } | Self::Delete { row, belief }) = self else {
            return Precondition::None;
        };
        let query = Query::new(&app.model, caller, row.0, app.read_bounds());
        let ready = query.one().expect("a plain read");
        let known = operations::get(app, caller, ready, world.key(*row)).await;
        let hash = known.map_or(0, |row| row.hash);
        match belief {
            Belief::Nothing => Precondition::None,
            Belief::Right => Precondition::Hashes(vec![hash]),
            Belief::Wrong => Precondition::Hashes(vec![hash ^ 1]),
        }
    }

    /// Does to the world what the write should do, and says what should come of it.
    fn expect(
        &self,
        world: &mut World,
        written: &Model,
        caller: &Caller<'_>,
        filter: Option<&(Option<expr::Node>, Vec<Value>)>,
    ) -> Expected {
        fn sight<'a>(world: &'a World, written: &'a Model, caller: &'a Caller<'a>) -> Sight<'a> {
            Sight { world, written, caller }
        }
        let selected = |world: &World, row: At| {
            let sight = sight(world, written, caller);
            let filter = filter.and_then(|(tree, atoms)| Some((tree.as_ref()?, atoms)));
            sight.sees(row, Archived::Without)
                && filter.is_none_or(|(tree, atoms)| sight.selects(tree, atoms, row))
        };
        match self {
            Self::ChangeMany { entity, cells, .. } => {
                let all = (0..world.rows(*entity)).map(|row| (*entity, row));
                let mut rows: Vec<At> = all.filter(|row| selected(world, *row)).collect();
                sight(world, written, caller).sort(&mut rows, &[]);
                let rule = if cells.is_some() { RuleRef::Update } else { RuleRef::Delete };
                let (mut touched, mut in_doubt) = (Vec::new(), false);
                for row in rows {
                    if !selected(world, row) {
                        continue;
                    }
                    if !sight(world, written, caller).holds(rule(*entity), row) {
                        return Expected::Refused;
                    }
                    match cells {
                        Some(cells) => in_doubt |= !put_cells(world, written, caller, row, cells),
                        None => in_doubt |= effects::delete(world, row),
                    }
                    touched.push(row);
                }
                let holds = |row: &At| sight(world, written, caller).holds(rule(*entity), *row);
                if cells.is_some() && !touched.iter().all(holds) {
                    return Expected::Refused;
                }
                // References that nobody can make are mistakes whatever matches.
                if in_doubt || cells.as_ref().is_some_and(|cells| has_references(cells)) {
                    return Expected::Either(touched.len());
                }
                Expected::Done(touched.len())
            }
            Self::Update { row, cells, belief } => {
                let rule = RuleRef::Update(row.0);
                if *belief == Belief::Wrong
                    || !selected(world, *row)
                    || !sight(world, written, caller).holds(rule, *row)
                {
                    return Expected::Refused;
                }
                let refers_well = put_cells(world, written, caller, *row, cells);
                if !sight(world, written, caller).holds(rule, *row) {
                    return Expected::Refused;
                }
                match (refers_well, targets_seen(sight(world, written, caller), row.0, cells)) {
                    (true, true) => Expected::Done(1),
                    (false, false) => Expected::Refused,
                    _ => Expected::Either(1),
                }
            }
            Self::Delete { row, belief } => {
                let rule = RuleRef::Delete(row.0);
                if *belief == Belief::Wrong
                    || !selected(world, *row)
                    || !sight(world, written, caller).holds(rule, *row)
                {
                    return Expected::Refused;
                }
                let is_held = effects::delete(world, *row);
                if is_held { Expected::Either(1) } else { Expected::Done(1) }
            }
            Self::Restore { row } => {
                if !sight(world, written, caller).sees(*row, Archived::Only) {
                    return Expected::Refused;
                }
                effects::restore(world, *row);
                // What else is archived may keep it.
                Expected::Either(1)
            }
            Self::Create { entity, rows } => {
                let before = |cells: &Vec<Option<Cell>>| {
                    targets_seen(sight(world, written, caller), *entity, &numbered(cells))
                };
                let well_before = rows.iter().all(before);
                let tenant = caller.user.as_ref().and_then(|user| user["tenant"].as_str());
                let org = world.model.entity(*entity).field_named("org").map(|(id, _)| id);
                let org = org.filter(|_| world.guards(*entity).tenant);
                let places: Vec<At> = rows
                    .iter()
                    .map(|cells| {
                        let mut cells = cells.clone();
                        if let Some(org) = org {
                            let own = Value::Text(tenant.unwrap_or_default().to_owned());
                            cells[org.0 as usize] = Some(Cell::Value(own));
                        }
                        world.add(*entity, cells)
                    })
                    .collect();
                let sight = sight(world, written, caller);
                if !places.iter().all(|row| sight.holds(RuleRef::Create(*entity), *row)) {
                    return Expected::Refused;
                }
                let well_after =
                    rows.iter().all(|cells| targets_seen(sight, *entity, &numbered(cells)));
                match (well_before, well_after) {
                    (true, true) => Expected::Done(rows.len()),
                    (false, false) => Expected::Refused,
                    _ => Expected::Either(rows.len()),
                }
            }
        }
    }

    fn body(&self, world: &World) -> Vec<Body> {
        let entity = |entity: EntityId, cells: &[(FieldId, Cell)]| {
            let described = world.model.entity(entity);
            let members = cells.iter().filter_map(|(id, cell)| {
                let field = described.field(*id);
                let is_sent = !field.private && field.name != "archivedAt" && field.name != "org";
                Some((field.name.clone(), world.client_cell(cell, field)?)).filter(|_| is_sent)
            });
            Body(members.collect())
        };
        match self {
            Self::ChangeMany { entity: of, cells, .. } => {
                cells.iter().map(|cells| entity(*of, cells)).collect()
            }
            Self::Update { row, cells, .. } => vec![entity(row.0, cells)],
            Self::Create { entity: of, rows } => {
                rows.iter().map(|cells| entity(*of, &numbered(cells))).collect()
            }
            Self::Delete { .. } | Self::Restore { .. } => Vec::new(),
        }
    }

    async fn ask(
        &self,
        app: &App,
        caller: &Caller<'_>,
        ready: Option<app::query::Ready>,
        (mut bodies, key): (Vec<Body>, Option<Vec<plan::Bind>>),
        belief: Precondition,
    ) -> Result<(usize, Option<Saved>), Refusal> {
        let patch = |body| Patch { body, objects: Objects::Replace };
        let key = key.unwrap_or_default();
        let one = |saved: Saved| (1, Some(saved));
        match self {
            Self::ChangeMany { .. } => {
                let change =
                    bodies.pop().map_or(Change::Delete, |body| Change::Update(patch(body)));
                let ready = ready.expect("a filter");
                let many = ChangeMatching::prepare(app, caller, ready, change, false).await?;
                Ok((many.run(app).await?.count, None))
            }
            Self::Update { row, .. } => {
                let patch = patch(bodies.remove(0));
                let write = Prepared::update(app, caller, row.0, key, patch, belief)?;
                Ok(one(write.run(app).await?))
            }
            Self::Delete { row, .. } => {
                let write = Prepared::delete(app, caller, row.0, key, belief);
                write.run(app).await?;
                Ok((1, None))
            }
            Self::Restore { row } => {
                let write = Prepared::restore(app, caller, row.0, key, belief)?;
                Ok(one(write.run(app).await?))
            }
            Self::Create { entity, .. } if bodies.len() == 1 => {
                let write = Prepared::create(app, caller, *entity, bodies.remove(0))?;
                Ok(one(write.run(app).await?))
            }
            Self::Create { entity, .. } => {
                let many =
                    WriteRows::create_many(app, caller, *entity, bodies, true)?.run(app).await?;
                Ok((many.count, None))
            }
        }
    }

    /// Compares the row that was answered: one that the caller may not read is not shown.
    fn is_shown(&self, sight: Sight<'_>, saved: Saved) -> Result<(), String> {
        let row = match self {
            Self::Create { entity, .. } => (*entity, sight.world.rows(*entity) - 1),
            _ => self.row().expect("a row"),
        };
        match (saved.row, sight.sees(row, Archived::Without)) {
            (Some(shown), true) => {
                is_expected(&[one(&shown)?], &[sight.shown(row, &Wish::default(), &[])])
            }
            (None, false) => Ok(()),
            (Some(shown), false) => {
                Err(format!("{} is hidden", String::from_utf8_lossy(&shown.json)))
            }
            (None, true) => Err("the row is not shown".to_owned()),
        }
    }
}

/// Changes a row. Returns whether all that it refers to could be seen before.
fn put_cells(
    world: &mut World,
    written: &Model,
    caller: &Caller<'_>,
    row: At,
    cells: &[(FieldId, Cell)],
) -> bool {
    let sight = Sight { world, written, caller };
    let seen = targets_seen(sight, row.0, cells);
    let cells: Vec<(FieldId, Cell)> = cells
        .iter()
        .map(|(field, cell)| match (cell, &world.model.entity(row.0).field(*field).kind) {
            // Links to rows that the caller does not see stay.
            (Cell::Links(sent), FieldKind::ToMany { target, .. }) => {
                let hidden = |to: &usize| !sight.sees((*target, *to), Archived::Without);
                let kept = world.links(&row, *field).iter().copied().filter(hidden);
                let mut links: Vec<usize> = kept.chain(sent.iter().copied()).collect();
                links.sort_unstable();
                links.dedup();
                (*field, Cell::Links(links))
            }
            _ => (*field, cell.clone()),
        })
        .collect();
    for (field, cell) in cells {
        world.set(row, field, cell);
    }
    seen
}

fn has_references(cells: &[(FieldId, Cell)]) -> bool {
    cells.iter().any(|(_, cell)| !matches!(cell, Cell::Value(_) | Cell::One(None)))
}

/// Says whether the caller sees all rows that these cells refer to.
fn targets_seen(sight: Sight<'_>, entity: EntityId, cells: &[(FieldId, Cell)]) -> bool {
    cells.iter().all(|(field, cell)| {
        let sees = |target: EntityId, to: &usize| sight.sees((target, *to), Archived::Without);
        match (cell, &sight.world.model.entity(entity).field(*field).kind) {
            (Cell::One(Some(to)), FieldKind::ToOne(relation)) => sees(relation.target, to),
            (Cell::Links(rows), FieldKind::ToMany { target, .. }) => {
                rows.iter().all(|to| sees(*target, to))
            }
            _ => true,
        }
    })
}

fn numbered(cells: &[Option<Cell>]) -> Vec<(FieldId, Cell)> {
    let cells = (0..).map(FieldId).zip(cells);
    cells.filter_map(|(field, cell)| Some((field, cell.clone()?))).collect()
}

/// Chooses some fields of a row that clients can change, and values for them.
fn cells(world: &World, row: At, entropy: &mut Entropy<'_>) -> Vec<(FieldId, Cell)> {
    let entity = world.model.entity(row.0);
    let fields = (0..).map(FieldId).zip(&entity.fields);
    let fields: Vec<FieldId> = fields
        .filter(|(id, field)| {
            let fixed = ["n", "id", "code", "org", "archivedAt"];
            let is_set = !field.private && !fixed.contains(&field.name.as_str());
            is_set && !entity.key.contains(id) && world.stored(row, *id).is_some()
        })
        .map(|(id, _)| id)
        .collect();
    let mut cells: Vec<(FieldId, Cell)> = Vec::new();
    for _ in 0..1 + entropy.pick(2) {
        let field = entropy.of(&fields);
        if !cells.iter().any(|(known, _)| *known == field) {
            cells.extend(random_cell(world, row, field, entropy).map(|cell| (field, cell)));
        }
    }
    cells
}

/// Makes a row that a client sends.
fn new_row(world: &World, row: At, entropy: &mut Entropy<'_>) -> Vec<Option<Cell>> {
    let entity = world.model.entity(row.0);
    let fields = (0..).map(FieldId).zip(&entity.fields);
    let cell = |(id, field): (FieldId, &model::Field)| match field.private {
        true => Some(Cell::Value(Value::Null)),
        false => random_cell(world, row, id, entropy),
    };
    fields.map(cell).collect()
}
