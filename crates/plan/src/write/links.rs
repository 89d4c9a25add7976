//! Many-to-many relations that a write sets: the links to be removed and added.

use expr::{EntityId, FieldId};
use model::{FieldKind, JoinSide, Via};

use super::build::Builder;
use super::{Links, WriteKind};
use crate::binds::BindSource;
use crate::read::SqlText;
use crate::rules::RuleRef;

/// The alias of the list of keys.
const LIST: &str = "e";

impl Builder<'_> {
    /// Compiles each relation that is set.
    pub(super) fn links(&mut self) -> Vec<Links> {
        let linked = self.shape.linked.iter().enumerate();
        linked.map(|(index, field)| self.link(index as u16, *field)).collect()
    }

    fn link(&mut self, index: u16, field: FieldId) -> Links {
        let model = self.model;
        let FieldKind::ToMany { target, via: Via::Join { join, near } } =
            model.entity(self.shape.entity).field(field).kind
        else {
            unreachable!("only many-to-many relations are set by links");
        };
        let join = model.join(join);
        let (near, far) = (join.side(near), join.side(near.other()));
        let mut statements = Vec::new();
        if self.shape.kind == WriteKind::Update {
            statements.push(self.unlink(index, target, &join.table, (near, far)));
        }
        statements.push(self.add(index, &join.table, (near, far)));
        let guarded = self.shape.sent.contains(&field);
        Links { field, missing: self.missing(index, target, far, guarded), statements }
    }

    /// Finds a key of the list that leads to no row which the caller may see.
    fn missing(&mut self, index: u16, target: EntityId, far: &JoinSide, guarded: bool) -> SqlText {
        let list = self.list(index);
        let wanted = self.listed(far);
        let visible = self.visible(target, &wanted, guarded);
        self.text(format!("SELECT 1 FROM {list} WHERE NOT {visible} LIMIT 1"))
    }

    /// Removes the links to rows that the caller may see and the list does not have.
    fn unlink(
        &mut self,
        index: u16,
        target: EntityId,
        table: &str,
        (near, far): (&JoinSide, &JoinSide),
    ) -> SqlText {
        let table = self.renderer.dialect.quote(table);
        let held: Vec<String> =
            self.names(far).into_iter().map(|name| format!("{table}.{name}")).collect();
        let mut conditions: Vec<String> = Vec::new();
        for (part, name) in self.names(near).into_iter().enumerate() {
            let value = self.renderer.bind(BindSource::Key(part as u16));
            conditions.push(format!("{table}.{name} = {value}"));
        }
        conditions.push(self.visible(target, &held, true));
        let list = self.list(index);
        let listed = self.listed(far).into_iter().zip(&held);
        let same: Vec<String> = listed.map(|(key, held)| format!("{held} = {key}")).collect();
        let same = same.join(" AND ");
        conditions.push(format!("NOT EXISTS (SELECT 1 FROM {list} WHERE {same})"));
        self.text(format!("DELETE FROM {table} WHERE {}", conditions.join(" AND ")))
    }

    /// Links the row to each row of the list that it is not linked to.
    fn add(&mut self, index: u16, table: &str, (near, far): (&JoinSide, &JoinSide)) -> SqlText {
        let table = self.renderer.dialect.quote(table);
        let names = [self.names(near), self.names(far)].concat().join(", ");
        let mut values: Vec<String> = (0..near.columns.len())
            .map(|part| self.renderer.bind(BindSource::Key(part as u16)))
            .collect();
        values.extend(self.listed(far));
        let list = self.list(index);
        // Without the WHERE, SQLite would read ON CONFLICT as the condition of a join.
        self.text(format!(
            "INSERT INTO {table} ({names}) SELECT {} FROM {list} WHERE 1 = 1 ON CONFLICT DO NOTHING",
            values.join(", ")
        ))
    }

    /// Writes that there is a row with a key, and that the caller may see it where it was a client
    /// that sent the list.
    fn visible(&mut self, target: EntityId, key: &[String], guarded: bool) -> String {
        let alias = self.renderer.open_from();
        let columns = self.model.entity(target).key_columns.iter().zip(key);
        let mut conditions: Vec<String> = columns
            .map(|(column, key)| {
                format!("{} = {key}", self.renderer.column(&alias, target, *column))
            })
            .collect();
        if guarded {
            conditions.extend(self.renderer.rule(RuleRef::Read(target), &alias, target));
        }
        let joins = self.renderer.close_from();
        format!(
            "EXISTS (SELECT 1 FROM {} AS {}{joins} WHERE {})",
            self.renderer.table(target),
            alias.name(),
            conditions.join(" AND ")
        )
    }

    fn list(&mut self, index: u16) -> String {
        let list = self.renderer.bind(BindSource::Links(index));
        self.renderer.dialect.elements(&list, LIST)
    }

    /// Returns the parts of a key of the list.
    fn listed(&self, far: &JoinSide) -> Vec<String> {
        let composite = far.columns.len() > 1;
        let parts = far.columns.iter().enumerate();
        parts
            .map(|(part, column)| {
                self.renderer.dialect.parent_key(LIST, composite.then_some(part), column.ty)
            })
            .collect()
    }

    fn names(&self, side: &JoinSide) -> Vec<String> {
        side.columns.iter().map(|column| self.renderer.dialect.quote(&column.name)).collect()
    }
}
