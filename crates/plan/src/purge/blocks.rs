//! What keeps an archived row from being deleted for good.

use expr::EntityId;
use model::{ColumnId, Entity, FieldKind, Model, OnDelete};

use crate::dialect::Dialect;
use crate::key::column_list;
use crate::write::{CASCADE_DEPTH_MAX, own_tree};

/// Collects the conditions that nothing refers to a row that would keep it from being deleted. Where
/// cascades are deeper than is looked, or go on in the tree of another type, the database decides.
pub(super) fn blocks(model: &Model, dialect: Dialect, entity: &Entity, alias: &str) -> Vec<String> {
    let mut blocks = Blocks { model, dialect, conditions: Vec::new(), path: Vec::new() };
    blocks.conditions.extend(below(dialect, entity, alias));
    blocks.visit(entity, alias, &mut |condition| condition);
    blocks.conditions
}

/// A row waits for those below it in its tree, so that one that may not go keeps only those above it.
/// Those that are also above it, as only a circle has them, go with it.
fn below(dialect: Dialect, entity: &Entity, alias: &str) -> Vec<String> {
    let (up, table) = (own_tree(entity), dialect.quote(&entity.table));
    let list = |columns: &[ColumnId], alias: &str| {
        column_list(dialect, entity, columns, &format!("{alias}."))
    };
    let key = &entity.key_columns;
    let named = |alias: &str| {
        let names: Vec<String> = (0..key.len()).map(|part| format!("{alias}k{part}")).collect();
        names.join(", ")
    };
    let way = |columns: &[ColumnId]| format!("({}) = ({})", list(columns, "a"), list(key, "p"));
    let ways: Vec<String> = up.iter().map(|up| way(&up.columns)).collect();
    let itself_or_above = format!(
        "WITH RECURSIVE up({names}, depth) AS (SELECT {}, 1 UNION SELECT {}, up.depth + 1 FROM up JOIN {table} AS a ON ({}) = ({}) JOIN {table} AS p ON ({}) WHERE up.depth < {CASCADE_DEPTH_MAX}) SELECT {names} FROM up",
        list(key, alias),
        list(key, "p"),
        list(key, "a"),
        named("up."),
        ways.join(" OR "),
        names = named(""),
    );
    let waits = |columns: &[ColumnId]| {
        format!(
            "NOT EXISTS (SELECT 1 FROM {table} AS c WHERE ({}) = ({}) AND ({}) NOT IN ({itself_or_above}))",
            list(columns, "c"),
            list(key, alias),
            list(key, "c"),
        )
    };
    up.iter().map(|up| waits(&up.columns)).collect()
}

struct Blocks<'m> {
    model: &'m Model,
    dialect: Dialect,
    conditions: Vec<String>,
    path: Vec<EntityId>,
}

impl Blocks<'_> {
    /// `within` puts a condition on a row of this entity where it can be asked of the row at hand.
    fn visit(&mut self, entity: &Entity, alias: &str, within: &mut dyn FnMut(String) -> String) {
        if self.path.len() >= CASCADE_DEPTH_MAX || self.path.contains(&entity.id) {
            return;
        }
        self.path.push(entity.id);
        let (model, dialect) = (self.model, self.dialect);
        let here = format!("r{}", self.path.len());
        let list = |entity: &Entity, columns: &[ColumnId], alias: &str| {
            column_list(dialect, entity, columns, &format!("{alias}."))
        };
        for child in &model.entities {
            for field in &child.fields {
                let FieldKind::ToOne(relation) = &field.kind else { continue };
                if relation.target != entity.id {
                    continue;
                }
                let key = list(entity, &entity.key_columns, alias);
                let mut held = format!("({}) = ({key})", list(child, &relation.columns, &here));
                if child.id == entity.id {
                    // What refers to itself is in nobody's way.
                    held = format!(
                        "{held} AND ({}) <> ({key})",
                        list(child, &child.key_columns, &here)
                    );
                }
                let table = dialect.quote(&child.table);
                let exists = |more: &str| {
                    format!("EXISTS (SELECT 1 FROM {table} AS {here} WHERE {held}{more})")
                };
                match relation.on_delete {
                    OnDelete::Restrict => {
                        self.conditions.push(format!("NOT {}", within(exists(""))));
                    }
                    OnDelete::Cascade => {
                        let mut deeper = |inner: String| within(exists(&format!(" AND {inner}")));
                        self.visit(child, &here, &mut deeper);
                    }
                    OnDelete::SetNull => {}
                }
            }
        }
        self.path.pop();
    }
}
