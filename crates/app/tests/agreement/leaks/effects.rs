//! What a write does to the rows of a world.

use std::sync::Arc;

use expr::{EntityId, FieldId, Value};
use model::{FieldKind, OnDelete, Side, Via};

use crate::world::{At, Cell, World};

/// Deletes a row with what falls with it. Returns whether a row refers to one of them that forbids it,
/// if only until it falls as well.
pub(crate) fn delete(world: &mut World, row: At) -> bool {
    let archives = world.guards(row.0).archive;
    fell(world, row, archives)
}

/// Deletes a row for good with what falls with it, whatever is archived otherwise.
pub(crate) fn delete_for_good(world: &mut World, row: At) -> bool {
    fell(world, row, false)
}

fn fell(world: &mut World, row: At, archives: bool) -> bool {
    let counts = |world: &World, row: At| !archives || world.is_live(row);
    let mut falling = vec![row];
    let (mut is_held, mut emptied, mut next) = (false, Vec::new(), 0);
    while let Some(row) = falling.get(next).copied() {
        next += 1;
        for (other, field, on_delete) in referring(world, row) {
            match on_delete {
                OnDelete::Cascade if counts(world, other) && !falling.contains(&other) => {
                    falling.push(other);
                }
                OnDelete::Cascade => {}
                OnDelete::SetNull => emptied.push((other, field)),
                OnDelete::Restrict => is_held |= counts(world, other),
            }
        }
    }
    let now = Value::Timestamp(world.clock.clock().now());
    for row in &falling {
        match archives {
            true => set_archived(world, *row, now.clone()),
            false => forget(world, *row),
        }
    }
    if !archives {
        for (other, field) in emptied {
            world.set(other, field, Cell::One(None));
        }
        for row in falling {
            unlink(world, row);
        }
    }
    is_held
}

/// Brings a row back with what was archived with it. Returns whether something that one of them
/// refers to is archived, which may forbid it.
pub(crate) fn restore(world: &mut World, row: At) -> bool {
    let when = world.archived_at(row);
    set_archived(world, row, Value::Null);
    for (other, _, on_delete) in referring(world, row) {
        let together = on_delete == OnDelete::Cascade && world.is_archived(other);
        if together && format!("{:?}", world.archived_at(other)) == format!("{when:?}") {
            restore(world, other);
        }
    }
    let fields = &world.model.entity(row.0).fields;
    (0..).map(FieldId).zip(fields).any(|(field, described)| {
        matches!(described.kind, FieldKind::ToOne(_))
            && world.hop(&row, field).is_some_and(|target| !world.is_live(target))
    })
}

/// Deletes a row for good. Its history does not know what is private, and its links are gone.
fn forget(world: &mut World, row: At) {
    world.remove(row);
    let model = Arc::clone(&world.model);
    for (id, field) in (0..).map(FieldId).zip(&model.entity(row.0).fields) {
        match world.stored(row, id) {
            Some(Cell::Value(_)) if field.private => world.set(row, id, Cell::Value(Value::Null)),
            Some(Cell::Links(_)) => world.set(row, id, Cell::Links(Vec::new())),
            _ => {}
        }
    }
}

fn set_archived(world: &mut World, row: At, when: Value) {
    let field = world.model.entity(row.0).field_named("archivedAt").expect("an archive").0;
    world.set(row, field, Cell::Value(when));
}

/// Returns the rows that refer to a row, each by its relation.
fn referring(world: &World, row: At) -> Vec<(At, FieldId, OnDelete)> {
    let mut found = Vec::new();
    for (entity, field, kind) in fields(world) {
        let FieldKind::ToOne(relation) = kind else { continue };
        if relation.target != row.0 {
            continue;
        }
        let rows = (0..world.rows(entity)).map(|row| (entity, row));
        let rows = rows.filter(|other| world.is_kept(*other) && *other != row);
        let rows = rows.filter(|other| world.hop(other, field) == Some(row));
        found.extend(rows.map(|other| (other, field, relation.on_delete)));
    }
    found
}

fn unlink(world: &mut World, row: At) {
    let joins: Vec<(EntityId, FieldId)> = fields(world)
        .filter(|(_, _, kind)| match kind {
            FieldKind::ToMany { target, via: Via::Join { near: Side::Left, .. } } => {
                *target == row.0
            }
            _ => false,
        })
        .map(|(entity, field, _)| (entity, field))
        .collect();
    for (entity, field) in joins {
        for other in 0..world.rows(entity) {
            let mut links = world.links(&(entity, other), field).to_vec();
            links.retain(|to| *to != row.1);
            world.set((entity, other), field, Cell::Links(links));
        }
    }
}

fn fields(world: &World) -> impl Iterator<Item = (EntityId, FieldId, &FieldKind)> {
    world.model.entities.iter().flat_map(|entity| {
        let fields = (0..).map(FieldId).zip(&entity.fields);
        fields.map(|(id, field)| (entity.id, id, &field.kind))
    })
}
