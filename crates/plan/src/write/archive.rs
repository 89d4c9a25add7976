//! What archiving or restoring a row means for others.
//!
//! No foreign key acts, for the row stays in its table. Rows that would be deleted with it are
//! archived at the same instant, by which restoring it knows them again. A relation that would become
//! null is left as it is until the row is deleted for good: until then it leads to nothing.

use expr::EntityId;
use model::{Archive, Entity, FieldKind, Model, OnDelete, Relation};

use super::Restriction;
use super::dependents::Dependents;
use crate::binds::BindSource;
use crate::dialect::Dialect;
use crate::key::column_list;
use crate::read::SqlText;

/// Collects what archiving one row by its key forbids or brings with it. The time is the first input.
pub(super) fn archiving(model: &Model, dialect: Dialect, entity: EntityId) -> Dependents {
    search(model, dialect, entity, Act::Archive)
}

/// Collects what restoring one row by its key forbids or brings with it.
pub(super) fn restoring(model: &Model, dialect: Dialect, entity: EntityId) -> Dependents {
    search(model, dialect, entity, Act::Restore)
}

#[derive(Copy, Clone, PartialEq, Eq)]
enum Act {
    Archive,
    Restore,
}

fn search(model: &Model, dialect: Dialect, entity: EntityId, act: Act) -> Dependents {
    let root = model.entity(entity);
    let Some(archive) = &root.archive else { return Dependents::default() };
    let keys = root.key_columns.len();
    let placeholders: Vec<String> = (1..=keys).map(|number| dialect.placeholder(number)).collect();
    let key = format!("({})", placeholders.join(", "));
    let mut search = Search {
        model,
        dialect,
        act,
        binds: (0..keys).map(|index| BindSource::Key(index as u16)).collect(),
        stamp: String::new(),
        now: dialect.placeholder(keys + 1),
        found: Dependents::default(),
    };
    search.stamp = format!(
        "(SELECT {} FROM {} WHERE ({}) = {key})",
        search.at(root, archive),
        search.table(root),
        search.key(root)
    );
    let condition = format!("= {key}");
    if act == Act::Restore {
        search.parents(root, &condition, None);
    }
    search.visit(root, &condition);
    search.found
}

struct Search<'m> {
    model: &'m Model,
    dialect: Dialect,
    act: Act,
    /// The key, to which the time is added where a statement has it.
    binds: Vec<BindSource>,
    /// When the row to be restored was archived.
    stamp: String,
    /// The placeholder of the time.
    now: String,
    found: Dependents,
}

impl Search<'_> {
    /// `condition` follows the key of the rows at hand: `= (?1)` or `IN (SELECT …)`.
    fn visit(&mut self, entity: &Entity, condition: &str) {
        let tree = self.tree(entity, &own_tree(entity), condition);
        let condition = tree.as_deref().unwrap_or(condition);
        if tree.is_some() && self.act == Act::Restore {
            self.parents(entity, condition, Some(entity.id));
        }
        let model = self.model;
        for child in &model.entities {
            for relation in relations_to(child, entity.id) {
                let cascades = relation.on_delete == OnDelete::Cascade;
                match (self.act, relation.on_delete) {
                    (Act::Archive, OnDelete::Restrict) => {
                        self.restrict(child, relation, condition);
                    }
                    _ if cascades && child.id != entity.id => {
                        self.cascade(child, entity.id, relation, condition);
                    }
                    _ => {}
                }
            }
        }
        if tree.is_some() {
            let key = self.key(entity);
            self.set(entity, &format!("({key}) {condition}"));
        }
    }

    /// The condition that takes in all rows below, where an entity's rows form trees.
    fn tree(&self, entity: &Entity, up: &[&Relation], condition: &str) -> Option<String> {
        if up.is_empty() {
            return None;
        }
        let (table, key) = (self.table(entity), self.key(entity));
        let names: Vec<String> =
            (0..entity.key_columns.len()).map(|part| format!("k{part}")).collect();
        let below = column_list(self.dialect, entity, &entity.key_columns, "c.");
        let ways: Vec<String> = up
            .iter()
            .map(|relation| {
                let pairs = relation.columns.iter().zip(&names).map(|(column, name)| {
                    let column = self.dialect.quote(&entity.column(*column).name);
                    format!("c.{column} = tree.{name}")
                });
                format!("({})", pairs.collect::<Vec<_>>().join(" AND "))
            })
            .collect();
        let names = names.join(", ");
        Some(format!(
            "IN (WITH RECURSIVE tree({names}) AS (SELECT {key} FROM {table} WHERE ({key}) {condition} UNION SELECT {} FROM {table} AS c JOIN tree ON ({}) AND {}) SELECT {names} FROM tree)",
            below,
            ways.join(" OR "),
            self.state(entity, "c."),
        ))
    }

    fn restrict(&mut self, child: &Entity, relation: &Relation, condition: &str) {
        let held = self.held(child, relation, condition);
        let live = match &child.archive {
            Some(archive) => format!(" AND {} IS NULL", self.at(child, archive)),
            None => String::new(),
        };
        // What goes itself keeps nothing.
        let others = match relation.target == child.id {
            true => format!(" AND NOT (({}) {condition})", self.key(child)),
            false => String::new(),
        };
        let sql = format!("SELECT 1 FROM {} WHERE {held}{live}{others} LIMIT 1", self.table(child));
        let statement = self.text(sql, false);
        self.found.restricted.push(Restriction { entity: child.id, statement });
    }

    fn cascade(&mut self, child: &Entity, from: EntityId, relation: &Relation, condition: &str) {
        let rows =
            format!("{} AND {}", self.held(child, relation, condition), self.state(child, ""));
        let below =
            format!("IN (SELECT {} FROM {} WHERE {rows})", self.key(child), self.table(child));
        if self.act == Act::Restore {
            self.parents(child, &below, Some(from));
        }
        self.visit(child, &below);
        self.set(child, &rows);
    }

    /// A row comes back only to what it belongs to or relies on. `from` is the entity that it comes
    /// back with.
    fn parents(&mut self, entity: &Entity, condition: &str, from: Option<EntityId>) {
        for field in &entity.fields {
            let FieldKind::ToOne(relation) = &field.kind else { continue };
            let target = self.model.entity(relation.target);
            let Some(archive) = &target.archive else { continue };
            if relation.on_delete == OnDelete::SetNull {
                continue;
            }
            let quoted = |entity: &Entity, column| self.dialect.quote(&entity.column(column).name);
            let pairs: Vec<String> = relation
                .columns
                .iter()
                .zip(&target.key_columns)
                .map(|(from, to)| {
                    format!("g.{} = r.{}", quoted(target, *to), quoted(entity, *from))
                })
                .collect();
            let key = column_list(self.dialect, entity, &entity.key_columns, "r.");
            // A row that leads to itself comes back with itself.
            let others = match target.id == entity.id {
                true => {
                    let found = column_list(self.dialect, target, &target.key_columns, "g.");
                    format!(" AND ({key}) <> ({found})")
                }
                false => String::new(),
            };
            let at = format!("g.{}", self.at(target, archive));
            let with_it = match from {
                Some(_) => format!(" AND {at} <> {}", self.stamp),
                None => String::new(),
            };
            let sql = format!(
                "SELECT 1 FROM {} AS r JOIN {} AS g ON {} WHERE ({}) {condition} AND {at} IS NOT NULL{with_it}{others} LIMIT 1",
                self.table(entity),
                self.table(target),
                pairs.join(" AND "),
                key,
            );
            let statement = self.text(sql, false);
            self.found.restricted.push(Restriction { entity: target.id, statement });
        }
    }

    /// Archives or restores rows.
    fn set(&mut self, entity: &Entity, rows: &str) {
        let Some(archive) = &entity.archive else { return };
        let (at, table) = (self.at(entity, archive), self.table(entity));
        let value = if self.act == Act::Archive { self.now.clone() } else { "NULL".to_owned() };
        let state = self.state(entity, "");
        let sql = format!("UPDATE {table} SET {at} = {value} WHERE {rows} AND {state}");
        let statement = self.text(sql, self.act == Act::Archive);
        self.found.consequences.push(statement);
    }

    /// The rows that are concerned: those not archived yet, or those archived together.
    fn state(&self, entity: &Entity, alias: &str) -> String {
        let Some(archive) = &entity.archive else { return "1".to_owned() };
        let at = self.at(entity, archive);
        match self.act {
            Act::Archive => format!("{alias}{at} IS NULL"),
            Act::Restore => format!("{alias}{at} = {}", self.stamp),
        }
    }

    fn held(&self, entity: &Entity, relation: &Relation, condition: &str) -> String {
        let held = column_list(self.dialect, entity, &relation.columns, "");
        format!("({held}) {condition}")
    }

    fn key(&self, entity: &Entity) -> String {
        column_list(self.dialect, entity, &entity.key_columns, "")
    }

    fn at(&self, entity: &Entity, archive: &Archive) -> String {
        self.dialect.quote(&entity.column(archive.column).name)
    }

    fn table(&self, entity: &Entity) -> String {
        self.dialect.quote(&entity.table)
    }

    fn text(&self, sql: String, timed: bool) -> SqlText {
        let mut binds = self.binds.clone();
        binds.extend(timed.then_some(BindSource::Input(0)));
        SqlText { sql: sql.into(), binds }
    }
}

/// The relations by which the rows of an entity form trees that are deleted from where they are cut.
pub(crate) fn own_tree(entity: &Entity) -> Vec<&Relation> {
    let own = relations_to(entity, entity.id);
    own.filter(|relation| relation.on_delete == OnDelete::Cascade).collect()
}

fn relations_to(entity: &Entity, target: EntityId) -> impl Iterator<Item = &Relation> {
    entity.fields.iter().filter_map(move |field| match &field.kind {
        FieldKind::ToOne(relation) if relation.target == target => Some(relation),
        _ => None,
    })
}
