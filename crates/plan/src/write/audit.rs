//! Which writes may change rows that have a history, so that they must say who they are by.

use expr::EntityId;
use model::{Entity, FieldKind, Model, OnDelete, Via};

use super::{WriteKind, WriteShape};

/// Says whether a write may change a row with a history: its own, one that is deleted, archived or
/// detached with it, or one that it links or unlinks.
pub(super) fn writes_history(model: &Model, shape: &WriteShape) -> bool {
    if model.entities.iter().all(|entity| entity.audit.is_none()) {
        return false;
    }
    let entity = model.entity(shape.entity);
    match shape.kind {
        WriteKind::Create | WriteKind::Update => {
            let targets = shape.linked.iter().filter_map(|field| match entity.field(*field).kind {
                FieldKind::ToMany { target, .. } => Some(target),
                _ => None,
            });
            let mut touched = targets.chain([entity.id]);
            touched.any(|id| model.entity(id).audit.is_some())
        }
        WriteKind::Delete | WriteKind::Archive | WriteKind::Restore => reaches(model, entity.id),
    }
}

/// Says whether deleting rows of an entity may change one with a history.
pub(crate) fn reaches(model: &Model, entity: EntityId) -> bool {
    let mut open = vec![entity];
    let mut seen = open.clone();
    while let Some(id) = open.pop() {
        let deleted = model.entity(id);
        if deleted.audit.is_some() || linked(model, deleted).any(|other| other.audit.is_some()) {
            return true;
        }
        for other in &model.entities {
            for field in &other.fields {
                let FieldKind::ToOne(relation) = &field.kind else { continue };
                if relation.target != id || relation.on_delete == OnDelete::Restrict {
                    continue;
                }
                if other.audit.is_some() {
                    return true;
                }
                if relation.on_delete == OnDelete::Cascade && !seen.contains(&other.id) {
                    seen.push(other.id);
                    open.push(other.id);
                }
            }
        }
    }
    false
}

/// The entities whose rows lose links when rows of this one are deleted.
fn linked<'m>(model: &'m Model, entity: &'m Entity) -> impl Iterator<Item = &'m Entity> {
    model.entities.iter().filter(move |other| {
        other.fields.iter().any(|field| {
            matches!(field.kind, FieldKind::ToMany { target, via: Via::Join { .. } } if target == entity.id)
        })
    })
}
