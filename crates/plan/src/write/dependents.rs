//! What deleting a row means for other modules, where no foreign key acts.
//!
//! Inside a module the database's foreign keys do it. They may cascade into rows that a third
//! module points to, so the search follows them.

use std::sync::Arc;

use expr::EntityId;
use model::{ColumnId, Entity, FieldKind, Model, OnDelete, Relation};

use super::Restriction;
use crate::binds::BindSource;
use crate::dialect::Dialect;
use crate::key::column_list;
use crate::read::SqlText;

/// Cascades longer than this are not followed; the model's modules are not that deep.
pub(crate) const CASCADE_DEPTH_MAX: usize = 8;

/// The statements that a deletion brings with it.
#[derive(Debug, Default)]
pub(super) struct Dependents {
    /// Find rows that forbid it.
    pub restricted: Vec<Restriction>,
    /// Delete or detach rows of other modules.
    pub consequences: Vec<SqlText>,
}

/// Collects them for deleting one row of an entity by its key.
pub(super) fn dependents(model: &Model, dialect: Dialect, entity: EntityId) -> Dependents {
    let entity = model.entity(entity);
    let placeholders: Vec<String> =
        (1..=entity.key_columns.len()).map(|number| dialect.placeholder(number)).collect();
    let key = format!("({})", placeholders.join(", "));
    let binds = (0..entity.key_columns.len()).map(|index| BindSource::Key(index as u16)).collect();
    search(model, dialect, entity, binds, &format!("= {key}"))
}

/// Collects what deletes or detaches rows of other modules when rows of an entity are deleted;
/// `condition` follows their key.
pub(crate) fn detaching(
    model: &Model,
    dialect: Dialect,
    entity: &Entity,
    condition: &str,
) -> Vec<Arc<str>> {
    let found = search(model, dialect, entity, Vec::new(), condition);
    found.consequences.into_iter().map(|statement| statement.sql).collect()
}

fn search(
    model: &Model,
    dialect: Dialect,
    entity: &Entity,
    binds: Vec<BindSource>,
    condition: &str,
) -> Dependents {
    let mut search =
        Search { model, dialect, binds, found: Dependents::default(), path: Vec::new() };
    search.visit(entity, condition);
    search.found
}

struct Search<'m> {
    model: &'m Model,
    dialect: Dialect,
    binds: Vec<BindSource>,
    found: Dependents,
    path: Vec<EntityId>,
}

impl Search<'_> {
    /// `condition` follows the columns that hold the deleted rows' key: `= (?1)` or `IN (SELECT …)`.
    fn visit(&mut self, deleted: &Entity, condition: &str) {
        if self.path.len() >= CASCADE_DEPTH_MAX || self.path.contains(&deleted.id) {
            return;
        }
        self.path.push(deleted.id);
        let model = self.model;
        for entity in &model.entities {
            for field in &entity.fields {
                if let FieldKind::ToOne(relation) = &field.kind
                    && relation.target == deleted.id
                {
                    self.relation(entity, relation, condition);
                }
            }
        }
        self.path.pop();
    }

    fn relation(&mut self, entity: &Entity, relation: &Relation, condition: &str) {
        let table = self.dialect.quote(&entity.table);
        let list = |columns: &[ColumnId]| column_list(self.dialect, entity, columns, "");
        let held = format!("({}) {condition}", list(&relation.columns));
        if relation.other_module {
            match relation.on_delete {
                OnDelete::Restrict => {
                    let statement =
                        self.text(format!("SELECT 1 FROM {table} WHERE {held} LIMIT 1"));
                    self.found.restricted.push(Restriction { entity: entity.id, statement });
                }
                OnDelete::SetNull => {
                    let sets = relation.columns.iter();
                    let sets: Vec<String> =
                        sets.map(|column| format!("{} = NULL", list(&[*column]))).collect();
                    let sql = format!("UPDATE {table} SET {} WHERE {held}", sets.join(", "));
                    let statement = self.text(sql);
                    self.found.consequences.push(statement);
                }
                OnDelete::Cascade => {}
            }
        }
        if relation.on_delete == OnDelete::Cascade {
            let below =
                format!("IN (SELECT {} FROM {table} WHERE {held})", list(&entity.key_columns));
            self.visit(entity, &below);
            if relation.other_module {
                let statement = self.text(format!("DELETE FROM {table} WHERE {held}"));
                self.found.consequences.push(statement);
            }
        }
    }

    fn text(&self, sql: String) -> SqlText {
        SqlText { sql: sql.into(), binds: self.binds.clone() }
    }
}
