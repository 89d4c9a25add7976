//! Tenants (`@tenant`): whose rows are whose, and the condition that confines every rule to it.
//!
//! The condition is made here and becomes a part of each access rule of the entity, so whatever asks
//! a rule, asks it too: no statement, door or later feature has to think of tenants.

use apollo_compiler::Node;
use apollo_compiler::ast::Directive;
use expr::{CompareOp, EntityId, FieldId, Kind, PathStep, Span, Type, VarId};

use crate::entity::{Condition, Index, IndexColumn, Tenant};
use crate::field::{ColumnId, Role, Scalar};
use crate::load::arguments::text;
use crate::load::draft::{Draft, FieldDraft, Shape};
use crate::load::keys::relation_instead;
use crate::report::{Place, Problems};
use crate::suggest::did_you_mean_or_list;

/// Directives that decide what a field holds, which the tenant alone does.
const OTHER_SOURCES: [&str; 6] = ["owner", "created", "updated", "default", "computed", "identity"];

/// Reads the tenants of all entities. `claim` is the one in which a token names its tenant.
pub(crate) fn read(draft: &mut Draft<'_>, claim: &str, problems: &mut Problems<'_>) {
    let mut first: Option<(Scalar, Place)> = None;
    for id in draft.ids() {
        let Some(directive) = draft.entity(id).node.directives.get("tenant") else { continue };
        let Some((field, scalar)) = tenant_field(draft, id, directive, problems) else { continue };
        let place = draft.entity(id).field(field).place;
        match first {
            Some((known, there)) if known.column_type() != scalar.column_type() => {
                problems
                    .error("tenant", place, "tenants are told apart by values of different types")
                    .see(there, "another type names its tenant here")
                    .help("one claim of the token names the tenant, so all have one type");
            }
            Some(_) => {}
            None => first = Some((scalar, place)),
        }
        let owner = &mut draft.entities[id.0 as usize];
        let Some(&column) = owner.fields[field.0 as usize].columns.first() else { continue };
        let (of_claim, ty) =
            (claim_as(claim, scalar.expr_type(), Span::default()), scalar.expr_type());
        let (text, condition) = condition(&owner.fields[field.0 as usize], (id, field), claim, ty);
        owner.fields[field.0 as usize].role = Role::Tenant;
        let condition = Condition { text, node: condition };
        owner.entity.tenant = Some(Tenant { field, column, caller: of_claim, condition });
    }
    for id in draft.ids() {
        check_key(draft, id, problems);
    }
}

fn tenant_field(
    draft: &Draft<'_>,
    id: EntityId,
    directive: &Node<Directive>,
    problems: &mut Problems<'_>,
) -> Option<(FieldId, Scalar)> {
    let owner = draft.entity(id);
    let name = text(directive, "field")?;
    let place = name.place(draft.parsed);
    let Some(&field_id) = owner.by_name.get(name.value) else {
        if !owner.damaged {
            let known = did_you_mean_or_list(name.value, owner.field_names(), "its fields are");
            problems
                .error(
                    "unknown-field",
                    place,
                    format!("`{}` has no field `{}`", owner.entity.name, name.value),
                )
                .help_if(relation_instead(draft, id, name.value).or(known));
        }
        return None;
    };
    let field = owner.field(field_id);
    let scalar = match field.shape {
        Shape::Broken => return None,
        Shape::Scalar(scalar) => Some(scalar),
        Shape::ToOne(target) => draft.sole_key_scalar(target),
        Shape::List(_) | Shape::ToMany(_) | Shape::Computed(_) => None,
    };
    let named = |scalar: &Scalar| {
        matches!(scalar, Scalar::Id | Scalar::String | Scalar::Int | Scalar::BigInt)
    };
    let Some(scalar) = scalar.filter(named) else {
        problems
            .error("tenant", place, format!("`{}` cannot name a tenant", field.name))
            .see(field.place, "the field")
            .help("a tenant is named by an `ID`, `String`, `Int` or `BigInt`, or a relation to a type with such a key");
        return None;
    };
    if !field.required {
        problems
            .error(
                "tenant",
                place,
                format!("`{}` can be null, but every row has a tenant", field.name),
            )
            .see(field.place, "the field")
            .help("add a `!` to its type");
        return None;
    }
    if let Some(other) = OTHER_SOURCES.iter().find_map(|name| field.directive(name)) {
        problems
            .error(
                "conflicting-directives",
                draft.parsed.place(other.location()),
                format!("`@{}` and `@tenant` both decide what `{}` is", other.name, field.name),
            )
            .see(place, "the other one")
            .help("the tenant is set to the caller's at creation, so remove this one");
        return None;
    }
    Some((field_id, scalar))
}

/// A key that clients choose would tell, by being taken, which rows other tenants have.
fn check_key(draft: &Draft<'_>, id: EntityId, problems: &mut Problems<'_>) {
    let owner = draft.entity(id);
    let Some(tenant) = &owner.entity.tenant else { return };
    let safe = |field: &FieldId| *field == tenant.field || leads_within(draft, owner.field(*field));
    let lone_id = match owner.entity.key.as_slice() {
        [field] => owner.field(*field).shape == Shape::Scalar(Scalar::Id),
        _ => false,
    };
    if owner.entity.key.is_empty() || lone_id || owner.entity.key.iter().any(safe) {
        return;
    }
    let names: Vec<String> = std::iter::once(tenant.field)
        .chain(owner.entity.key.iter().copied())
        .map(|field| format!("\"{}\"", owner.field(field).name))
        .collect();
    problems
        .error(
            "tenant",
            owner.place,
            format!("the key of `{}` would show which keys other tenants use", owner.entity.name),
        )
        .help(format!(
            "put the tenant into it, `@key(on: [{}])`, or use the usual `id: ID!`",
            names.join(", ")
        ));
}

/// Says whether a relation leads to rows of the same tenant.
fn leads_within(draft: &Draft<'_>, field: &FieldDraft<'_>) -> bool {
    matches!(field.shape, Shape::ToOne(target) if draft.entity(target).entity.tenant.is_some())
}

/// Puts the tenant first in an index: a unique one then compares rows of one tenant only, and a list,
/// which is always of one tenant, is read along it. An index that goes by a relation within the
/// tenant is of one tenant already, and must stay of use to the foreign key.
pub(crate) fn confine_index(draft: &Draft<'_>, id: EntityId, index: &mut Index) {
    let owner = draft.entity(id);
    let Some(tenant) = &owner.entity.tenant else { return };
    let within = |field: &FieldId| leads_within(draft, owner.field(*field));
    let confined = index.columns.iter().any(|part| part.column == tenant.column)
        || if index.unique {
            index.fields.iter().any(within)
        } else {
            index.fields.first().is_some_and(within)
        };
    if !confined {
        index.columns.insert(0, IndexColumn { column: tenant.column, descending: false });
    }
}

/// Returns the index along which the rows of a tenant are listed, where none is there.
pub(crate) fn list_index(draft: &Draft<'_>, id: EntityId, others: &[Index]) -> Option<Index> {
    let entity = &draft.entity(id).entity;
    let tenant = entity.tenant.as_ref()?;
    let only = |index: &Index| {
        let columns: Vec<ColumnId> = index.columns.iter().map(|part| part.column).collect();
        !index.unique && index.filter.is_none() && columns == [tenant.column]
    };
    if entity.key_columns.first() == Some(&tenant.column) || others.iter().any(only) {
        return None;
    }
    Some(Index {
        name: String::new(),
        columns: vec![IndexColumn { column: tenant.column, descending: false }],
        unique: false,
        filter: None,
        fields: vec![tenant.field],
    })
}

/// `user.<claim>` as a value of the tenant field's type.
fn claim_as(claim: &str, ty: Type, span: Span) -> expr::Node {
    let user = expr::Node::new(Kind::User, Type::Json, true, span);
    let path = vec![PathStep::Member(claim.to_owned())];
    let kind = Kind::JsonPath { of: user.into(), path };
    let claim = expr::Node::new(kind, Type::Json, true, span);
    expr::Node::new(Kind::JsonAs(claim.into()), ty, true, span)
}

/// `row.<field> == user.<claim>`: neither true nor false for a caller without the claim.
fn condition(
    field: &FieldDraft<'_>,
    (entity, id): (EntityId, FieldId),
    claim: &str,
    ty: Type,
) -> (String, expr::Node) {
    let (row, user) = (format!("row.{}", field.name), format!("user.{claim}"));
    let text = format!("{row} == {user}");
    let [held, asked, whole] = [0..row.len(), text.len() - user.len()..text.len(), 0..text.len()]
        .map(|range| Span { start: range.start, end: range.end });
    let of = expr::Node::new(Kind::Row(VarId(0)), Type::Row(entity), false, held);
    let kind = match field.shape {
        Shape::ToOne(_) => Kind::RefKey { of: of.into(), field: id },
        _ => Kind::Field { of: of.into(), field: id },
    };
    let held = expr::Node::new(kind, ty.clone(), false, held);
    let kind = Kind::Compare(CompareOp::Eq, held.into(), claim_as(claim, ty, asked).into());
    (text, expr::Node::new(kind, Type::Bool, false, whole))
}
