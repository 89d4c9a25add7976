//! `price[gte]=10`, `category.slug=tea`, `tags[has]=sharp`: the short form of filters.
//!
//! A short filter is put together as the expression that it stands for, and checked like one that a
//! client wrote. So both forms mean the same, see the same fields, and share their plans.

mod path;
mod test;
mod value;

use expr::{Ast, EntityId, Node, Scope};
use model::Scalar;

use super::filter_op::FilterOp;
use super::{Query, syntax};

/// A short filter as written.
#[derive(Copy, Clone)]
pub(super) struct ShortFilter<'t> {
    /// The parameter that mistakes are reported of.
    pub(super) parameter: &'t str,
    pub(super) path: &'t str,
    pub(super) op: FilterOp,
    pub(super) text: &'t str,
}

/// How far a path has come.
#[derive(Copy, Clone, Default)]
struct Way {
    relations: usize,
    /// Lists gone into; each binds a variable.
    lists: usize,
    members: usize,
}

/// What a path ends at.
#[derive(Copy, Clone, PartialEq, Eq)]
enum End {
    /// A scalar, or a row known by its key.
    One(Scalar),
    /// A list of scalars.
    List(Scalar),
    /// Related rows, known by their key.
    Rows(Scalar),
    /// JSON of any shape.
    Json,
    /// A document of a nested type.
    Document,
    /// A list of such.
    Documents,
}

impl Query<'_> {
    /// Adds a short filter on a field, or on what a path leads to.
    pub fn short_filter(&mut self, path: &str, op: FilterOp, text: &str) {
        let filter = ShortFilter { parameter: path, path, op, text };
        if let Some(condition) = self.short_condition(self.entity, filter) {
            self.conditions.push(condition);
        }
    }

    /// Compiles a short filter on rows of an entity. Its mistakes are reported.
    pub(super) fn short_condition(
        &mut self,
        entity: EntityId,
        filter: ShortFilter<'_>,
    ) -> Option<Node> {
        let row = syntax::variable("row");
        let condition = self.on_row(&filter, entity, row, filter.path, Way::default())?;
        let condition = if filter.op.negated { syntax::not(condition) } else { condition };
        let schema = self.schema();
        let scope = Scope {
            schema: &schema,
            row: Some(entity),
            bare_fields: true,
            input: None,
            user: true,
            now: true,
        };
        match expr::check(&condition, &scope) {
            Ok(node) => Some(self.take_atoms(node)),
            Err(mistakes) => {
                for mistake in mistakes {
                    let help = mistake.help.map(|help| format!("; {help}")).unwrap_or_default();
                    let detail = format!("{}{help}", mistake.message);
                    self.mistake(filter.parameter, "invalid_filter", detail);
                }
                None
            }
        }
    }
}

/// `of.exists(e1, …)`
fn exists(of: Ast, mut way: Way, condition: impl FnOnce(Ast, Way) -> Option<Ast>) -> Option<Ast> {
    way.lists += 1;
    let variable = syntax::variable(&format!("e{}", way.lists));
    let condition = condition(variable.clone(), way)?;
    Some(syntax::method(of, "exists", vec![variable, condition]))
}
