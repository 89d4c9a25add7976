//! `filter=price > 10 && category.name == "Books"`

use expr::{EntityId, Expect, Node, Schema, Scope, Type};

use super::Query;

impl Query<'_> {
    /// Adds a filter expression.
    pub fn filter(&mut self, text: &str) {
        if self.is_too_long("filter", text) {
            return;
        }
        let schema = self.schema();
        if let Some(condition) = self.condition("filter", text, &schema, self.entity) {
            let condition = self.take_atoms(condition);
            self.conditions.push(condition);
        }
    }

    pub(super) fn is_too_long(&mut self, parameter: &str, text: &str) -> bool {
        let max = self.bounds.filter_bytes_max;
        let too_long = text.len() as u64 > max;
        if too_long {
            self.mistake(parameter, "too_long", format!("a condition has at most {max} bytes"));
        }
        too_long
    }

    /// Compiles a condition over the fields of a schema's entity. Its mistakes are reported.
    pub(super) fn condition(
        &mut self,
        parameter: &str,
        text: &str,
        schema: &dyn Schema,
        entity: EntityId,
    ) -> Option<Node> {
        let scope = Scope {
            schema,
            row: Some(entity),
            bare_fields: true,
            input: None,
            user: true,
            now: true,
        };
        match expr::compile(text, &scope, Expect::Type(Type::Bool)) {
            Ok(node) => Some(node),
            Err(mistakes) => {
                for mistake in mistakes {
                    let place = format!(" (at character {})", mistake.span.start + 1);
                    let help = mistake.help.map(|help| format!("; {help}")).unwrap_or_default();
                    let detail = format!("{}{help}{place}", mistake.message);
                    self.mistake(parameter, "invalid_filter", detail);
                }
                None
            }
        }
    }

    /// Takes the parts that depend on no row out of a condition, and keeps their values.
    pub(super) fn take_atoms(&mut self, condition: Node) -> Node {
        let mut prepared = expr::prepare(condition);
        prepared.tree.shift_atoms(self.atoms.len() as u16);
        self.atoms.extend(prepared.atom_values(self.caller));
        prepared.tree
    }
}
