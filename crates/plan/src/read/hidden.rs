//! Fields that a caller may never read cannot be filtered or sorted by: to them they do not exist.

use expr::{EntityId, FieldId, Kind, Node, Pred, Type};

use super::{PlanError, target_of};
use crate::render::Renderer;
use crate::rules::RuleRef;

/// Looks for hidden fields in a filter.
pub(crate) fn check(renderer: &Renderer<'_>, node: &Node) -> Result<(), PlanError> {
    if let Kind::Field { of, field }
    | Kind::Hop { of, field }
    | Kind::RefKey { of, field }
    | Kind::ToMany { of, field } = &node.kind
        && let Type::Row(entity) = of.ty
    {
        check_field(renderer, entity, *field)?;
    }
    let mut verdict = Ok(());
    node.each_child(&mut |child| {
        if verdict.is_ok() {
            verdict = check(renderer, child);
        }
    });
    verdict
}

/// Refuses a hidden field.
pub(crate) fn check_field(
    renderer: &Renderer<'_>,
    entity: EntityId,
    field: FieldId,
) -> Result<(), PlanError> {
    let named = renderer.model.entity(entity).field(field);
    let hidden = named.private
        || named.rules.read.is_some()
            && matches!(
                renderer.folded(RuleRef::ReadField(entity, field)),
                Pred::False | Pred::Unknown
            );
    if hidden { Err(PlanError::HiddenField(named.name.clone())) } else { Ok(()) }
}

/// Looks for hidden fields on a path over relations.
pub(crate) fn check_path(
    renderer: &Renderer<'_>,
    mut entity: EntityId,
    hops: &[FieldId],
    field: FieldId,
) -> Result<(), PlanError> {
    for hop in hops {
        check_field(renderer, entity, *hop)?;
        entity = target_of(renderer.model, entity, *hop);
    }
    check_field(renderer, entity, field)
}
