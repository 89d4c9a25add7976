//! `category.name`: a field of the row, or of a row that to-one relations lead to.

use expr::EntityId;
use model::FieldKind;
use plan::aggregate::FieldPath;

use super::Query;

/// Relations that one path follows at most; each is a join.
pub(super) const PATH_HOPS_MAX: usize = 5;

impl Query<'_> {
    /// Reads a path to a field that has an order.
    pub(super) fn path(
        &mut self,
        parameter: &str,
        entity: EntityId,
        path: &str,
    ) -> Option<FieldPath> {
        let mut hops = Vec::new();
        let mut here = entity;
        let mut names = path.split('.').peekable();
        while let Some(name) = names.next() {
            let Some(id) = self.find_readable(here, name) else {
                self.unknown(parameter, here, name);
                return None;
            };
            let field = self.model.entity(here).field(id);
            let last = names.peek().is_none();
            match &field.kind {
                FieldKind::ToOne(relation) if !last && !relation.other_module => {
                    hops.push(id);
                    here = relation.target;
                }
                FieldKind::ToOne(_) if !last => {
                    let detail =
                        format!("`{name}` belongs to another module, whose fields cannot be used");
                    self.mistake(parameter, "other_module", detail);
                    return None;
                }
                FieldKind::List { .. } | FieldKind::ToMany { .. } => {
                    return self.no_order(parameter, name);
                }
                FieldKind::Scalar { scalar, .. } if scalar.is_json() => {
                    return self.no_order(parameter, name);
                }
                _ if last => {
                    if hops.len() > PATH_HOPS_MAX {
                        let detail =
                            format!("`{path}` follows more than {PATH_HOPS_MAX} relations");
                        self.mistake(parameter, "too_deep", detail);
                        return None;
                    }
                    return Some(FieldPath { hops, field: id });
                }
                _ => {
                    let detail = format!("`{name}` is not a relation");
                    self.mistake(parameter, "not_a_relation", detail);
                    return None;
                }
            }
        }
        None
    }

    fn no_order<T>(&mut self, parameter: &str, name: &str) -> Option<T> {
        let detail = format!("`{name}` has no order");
        self.mistake(parameter, "not_sortable", detail);
        None
    }
}
