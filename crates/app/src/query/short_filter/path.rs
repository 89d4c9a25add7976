//! `lines.product.name`: what a filter's path leads to.

use expr::{Ast, DocumentId, EntityId};
use model::{FieldKind, Scalar};

use super::{End, ShortFilter, Way, exists};
use crate::query::path::PATH_HOPS_MAX;
use crate::query::{Query, suggestion, syntax};

/// Members of JSON that one path follows at most.
const PATH_MEMBERS_MAX: usize = 16;

impl Query<'_> {
    /// Follows a path from a row.
    pub(super) fn on_row(
        &mut self,
        filter: &ShortFilter<'_>,
        entity: EntityId,
        row: Ast,
        path: &str,
        mut way: Way,
    ) -> Option<Ast> {
        let (name, rest) = step(path);
        let Some(id) = self.find_readable(entity, name) else {
            if filter.path.len() == path.len() && filter.parameter == filter.path {
                self.unknown_parameter(name);
            } else {
                self.unknown(filter.parameter, entity, name);
            }
            return None;
        };
        let model = self.model;
        let field = model.entity(entity).field(id);
        let value = syntax::member(row, &field.name);
        match (&field.kind, rest) {
            (FieldKind::ToOne(relation), Some(rest))
                if relation.other_module && !self.is_key(relation.target, rest) =>
            {
                let detail =
                    format!("`{name}` belongs to another module, whose fields cannot be used");
                self.mistake(filter.parameter, "other_module", detail);
                None
            }
            (FieldKind::ToOne(relation), Some(rest)) => {
                way.relations += 1;
                self.not_too_far(filter, way)?;
                self.on_row(filter, relation.target, value, rest, way)
            }
            (FieldKind::ToOne(relation), None) => {
                let key = self.key_of(filter, relation.target)?;
                self.test(filter, End::One(key), value, way)
            }
            (FieldKind::ToMany { target, .. }, Some(rest)) => {
                way.relations += 1;
                self.not_too_far(filter, way)?;
                exists(value, way, |row, way| self.on_row(filter, *target, row, rest, way))
            }
            (FieldKind::ToMany { target, .. }, None) => {
                let key = self.key_of(filter, *target)?;
                self.test(filter, End::Rows(key), value, way)
            }
            (FieldKind::Scalar { scalar, .. } | FieldKind::Computed { scalar, .. }, rest) => {
                self.on_value(filter, (*scalar, false), value, (name, rest), way)
            }
            (FieldKind::List { scalar, .. }, rest) => {
                self.on_value(filter, (*scalar, true), value, (name, rest), way)
            }
        }
    }

    /// Follows a path from the value of a field or of a document's member.
    fn on_value(
        &mut self,
        filter: &ShortFilter<'_>,
        (scalar, is_list): (Scalar, bool),
        value: Ast,
        (name, rest): (&str, Option<&str>),
        mut way: Way,
    ) -> Option<Ast> {
        match (scalar, rest) {
            (scalar, None) => {
                let end = match scalar {
                    _ if is_list => End::List(scalar),
                    Scalar::Json => End::Json,
                    Scalar::Document(_) => End::Document,
                    Scalar::Documents(_) => End::Documents,
                    _ => End::One(scalar),
                };
                self.test(filter, end, value, way)
            }
            (Scalar::Json, Some(rest)) if !is_list => {
                let mut value = value;
                for name in rest.split('.') {
                    way.members += 1;
                    self.not_too_far(filter, way)?;
                    value = syntax::member(value, name);
                }
                self.test(filter, End::Json, value, way)
            }
            (Scalar::Document(id), Some(rest)) => self.in_document(filter, id, value, rest, way),
            (Scalar::Documents(id), Some(rest)) => exists(value, way, |document, way| {
                self.in_document(filter, id, document, rest, way)
            }),
            (_, Some(_)) => {
                let detail = format!("`{name}` is not a relation");
                self.mistake(filter.parameter, "not_a_relation", detail);
                None
            }
        }
    }

    fn in_document(
        &mut self,
        filter: &ShortFilter<'_>,
        id: DocumentId,
        document: Ast,
        path: &str,
        mut way: Way,
    ) -> Option<Ast> {
        way.members += 1;
        self.not_too_far(filter, way)?;
        let (name, rest) = step(path);
        let declared = self.model.document(id);
        let Some(member) = declared.member(name) else {
            let near = suggestion(name, declared.members.iter().map(|known| known.name.as_str()));
            let detail = format!("{} has no member `{name}`{near}", declared.name);
            self.mistake(filter.parameter, "unknown_field", detail);
            return None;
        };
        let value = syntax::member(document, name);
        self.on_value(filter, (member.scalar, member.list), value, (name, rest), way)
    }

    fn not_too_far(&mut self, filter: &ShortFilter<'_>, way: Way) -> Option<()> {
        let (path, detail) = (filter.path, "follows more than");
        let detail = if way.relations > PATH_HOPS_MAX {
            format!("`{path}` {detail} {PATH_HOPS_MAX} relations")
        } else if way.members > PATH_MEMBERS_MAX {
            format!("`{path}` {detail} {PATH_MEMBERS_MAX} members")
        } else {
            return Some(());
        };
        self.mistake(filter.parameter, "too_deep", detail);
        None
    }

    /// Whether a field is all of an entity's key, which a relation holds itself.
    fn is_key(&self, entity: EntityId, name: &str) -> bool {
        let key = self.find(entity, name);
        key.is_some_and(|field| self.model.entity(entity).key == [field])
    }

    fn key_of(&mut self, filter: &ShortFilter<'_>, entity: EntityId) -> Option<Scalar> {
        let key = self.model.sole_key_scalar(entity);
        if key.is_none() {
            let name = &self.model.entity(entity).name;
            let detail = format!("{name} has a key of several parts; compare its fields");
            self.mistake(filter.parameter, "not_comparable", detail);
        }
        key
    }
}

/// Splits off the first name of a path.
fn step(path: &str) -> (&str, Option<&str>) {
    match path.split_once('.') {
        Some((name, rest)) => (name, Some(rest)),
        None => (path, None),
    }
}
