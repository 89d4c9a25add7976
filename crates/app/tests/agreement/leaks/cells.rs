//! What is written into the fields of a row: made up at random, sent, and put into the world.

use app::input::Body;
use app::operations::{Key, Saved};
use expr::{Caller, EntityId, FieldId, Value};
use model::{FieldKind, Model};
use plan::read::Archived;
use serde_json::Value as Json;

use super::answers::one;
use super::sight::Sight;
use super::writes::Answer;
use crate::entropy::Entropy;
use crate::world::{At, Cell, World, random_cell};

/// Fields with what is written into them.
pub(crate) type Cells = Vec<(FieldId, Cell)>;

/// What no request changes.
pub(crate) const FIXED: [&str; 5] = ["n", "id", "code", "org", "archivedAt"];

/// Chooses some fields of a row that clients can change, and values for them.
pub(crate) fn some(world: &World, row: At, entropy: &mut Entropy<'_>) -> Cells {
    let entity = world.model.entity(row.0);
    let fields = (0..).map(FieldId).zip(&entity.fields);
    let fields: Vec<FieldId> = fields
        .filter(|(id, field)| {
            let is_set = !field.private && !FIXED.contains(&field.name.as_str());
            is_set && !entity.key.contains(id) && is_stored(&field.kind)
        })
        .map(|(id, _)| id)
        .collect();
    let mut cells: Cells = Vec::new();
    for _ in 0..1 + entropy.pick(2) {
        let field = entropy.of(&fields);
        if !cells.iter().any(|(known, _)| *known == field) {
            cells.extend(random_cell(world, row, field, entropy).map(|cell| (field, cell)));
        }
    }
    cells
}

/// Says whether something of the row itself is stored in a field.
pub(crate) fn is_stored(kind: &FieldKind) -> bool {
    use model::{Side, Via};
    match kind {
        FieldKind::Computed { .. } => false,
        FieldKind::ToMany { via, .. } => matches!(via, Via::Join { near: Side::Left, .. }),
        _ => true,
    }
}

/// Makes a row that a client sends.
pub(crate) fn new_row(world: &World, row: At, entropy: &mut Entropy<'_>) -> Vec<Option<Cell>> {
    let entity = world.model.entity(row.0);
    let fields = (0..).map(FieldId).zip(&entity.fields);
    let cell = |(id, field): (FieldId, &model::Field)| match field.private {
        true => Some(Cell::Value(Value::Null)),
        false => random_cell(world, row, id, entropy),
    };
    fields.map(cell).collect()
}

pub(crate) fn numbered(cells: &[Option<Cell>]) -> Cells {
    let cells = (0..).map(FieldId).zip(cells);
    cells.filter_map(|(field, cell)| Some((field, cell.clone()?))).collect()
}

/// Returns the body that says these fields. Clients send neither the tenant nor what is private.
pub(crate) fn body(world: &World, entity: EntityId, cells: &[(FieldId, Cell)]) -> Body {
    let described = world.model.entity(entity);
    let members = cells.iter().filter_map(|(id, cell)| {
        let field = described.field(*id);
        let is_sent = !field.private && field.name != "archivedAt" && field.name != "org";
        Some((field.name.clone(), world.client_cell(cell, field)?)).filter(|_| is_sent)
    });
    Body(members.collect())
}

/// Changes a row. Returns whether the caller sees all that it is made to refer to.
pub(crate) fn put(
    world: &mut World,
    written: &Model,
    caller: &Caller<'_>,
    row: At,
    cells: &[(FieldId, Cell)],
) -> bool {
    let sight = Sight { world, written, caller };
    let seen = targets_seen(sight, row.0, cells);
    let cells: Cells = cells
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

/// Adds a row of the caller's tenant.
pub(crate) fn add(
    world: &mut World,
    caller: &Caller<'_>,
    entity: EntityId,
    mut cells: Vec<Option<Cell>>,
) -> At {
    if let Some((org, _)) = world.model.entity(entity).field_named("org")
        && world.guards(entity).tenant
    {
        let tenant = caller.user.as_ref().and_then(|user| user["tenant"].as_str());
        let own = Value::Text(tenant.unwrap_or_default().to_owned());
        cells[org.0 as usize] = Some(Cell::Value(own));
    }
    world.add(entity, cells)
}

pub(crate) fn has_references(cells: &[(FieldId, Cell)]) -> bool {
    cells.iter().any(|(_, cell)| !matches!(cell, Cell::Value(_) | Cell::One(None)))
}

/// Says whether the caller sees all rows that these cells refer to. It counts what they see when the
/// row is written.
pub(crate) fn targets_seen(sight: Sight<'_>, entity: EntityId, cells: &[(FieldId, Cell)]) -> bool {
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

/// Returns a row's key as it stands in the path of an operation of a batch.
pub(crate) fn batch_key(world: &World, row: At) -> Key {
    let entity = world.model.entity(row.0);
    Key::parse(entity, &plan::key_text(entity, &world.key(row))).expect("the key of a row")
}

/// Returns what was answered of one row.
pub(crate) fn saved(saved: Saved) -> Answer {
    let row = saved.row.map(|row| one(&row).unwrap_or(Json::Null));
    Answer { count: 1, row: Some(row) }
}
