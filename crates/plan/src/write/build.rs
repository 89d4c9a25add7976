//! Compiles a write's shape into statements.

use expr::{AtomShape, EntityId, FieldId, Pred};
use model::{FieldKind, Model, Relation, Scalar};

use super::archive::{archiving, restoring};
use super::audit;
use super::dependents::{Dependents, dependents};
use super::{Adjustment, Look, Reference, Shapes, WriteKind, WritePlan, WriteShape};
use crate::binds::BindSource;
use crate::dialect::Dialect;
use crate::encode::Encoder;
use crate::read::{Columns, Members, Selection, SqlText};
use crate::render::{Alias, Renderer};
use crate::rules::{RuleBook, RuleRef};

/// Returns the rules that a write of this shape consults.
pub fn rules_of(model: &Model, shape: &WriteShape) -> RuleBook {
    let mut book = RuleBook::default();
    book.add_reading(model, shape.entity);
    book.add(model, entity_rule(shape));
    for field in &shape.sent {
        if let Some(rule) = field_rule(shape, *field) {
            book.add(model, rule);
        }
        if let FieldKind::ToOne(relation) = &model.entity(shape.entity).field(*field).kind {
            book.add(model, RuleRef::Read(relation.target));
        }
    }
    for field in &shape.reset {
        book.add(model, RuleRef::UpdateField(shape.entity, *field));
    }
    for field in &shape.linked {
        if let FieldKind::ToMany { target, .. } = model.entity(shape.entity).field(*field).kind {
            book.add(model, RuleRef::Read(target));
        }
    }
    book
}

/// Returns the rule that judges the write as a whole.
pub(super) fn entity_rule(shape: &WriteShape) -> RuleRef {
    match shape.kind {
        WriteKind::Create => RuleRef::Create(shape.entity),
        WriteKind::Update => RuleRef::Update(shape.entity),
        WriteKind::Delete | WriteKind::Archive => RuleRef::Delete(shape.entity),
        WriteKind::Restore => RuleRef::Archived(shape.entity),
    }
}

fn field_rule(shape: &WriteShape, field: FieldId) -> Option<RuleRef> {
    match shape.kind {
        WriteKind::Create => Some(RuleRef::CreateField(shape.entity, field)),
        WriteKind::Update => Some(RuleRef::UpdateField(shape.entity, field)),
        WriteKind::Delete | WriteKind::Archive | WriteKind::Restore => None,
    }
}

/// Compiles a shape for callers whose atoms have these shapes.
pub fn build(
    model: &Model,
    dialect: Dialect,
    shape: &WriteShape,
    rules: &RuleBook,
    atoms: &[AtomShape],
) -> WritePlan {
    let selection = Selection::default();
    let mut builder = Builder {
        model,
        shape,
        selection: &selection,
        renderer: Renderer::new(model, dialect, rules, atoms),
    };
    let entity = model.entity(shape.entity);
    let found = match shape.kind {
        WriteKind::Delete => dependents(model, dialect, shape.entity),
        WriteKind::Archive => archiving(model, dialect, shape.entity),
        WriteKind::Restore => restoring(model, dialect, shape.entity),
        WriteKind::Create | WriteKind::Update => Dependents::default(),
    };
    let made_by_database = entity.identity && !shape.columns.contains(&entity.key_columns[0]);
    WritePlan {
        kind: shape.kind,
        write_by: audit::writes_history(model, shape)
            .then(|| SqlText { sql: dialect.write_by().into(), binds: Vec::new() }),
        before: (shape.kind != WriteKind::Create).then(|| builder.before()),
        references: builder.references(),
        restricted: found.restricted,
        consequences: found.consequences,
        statement: builder.statement(made_by_database),
        returns_key: if shape.kind == WriteKind::Create && made_by_database {
            entity.key_columns.len()
        } else {
            0
        },
        links: builder.links(),
        after: (!matches!(shape.kind, WriteKind::Delete | WriteKind::Archive))
            .then(|| builder.after()),
    }
}

pub(super) struct Builder<'m> {
    pub(super) model: &'m Model,
    pub(super) shape: &'m WriteShape,
    selection: &'m Selection,
    pub(super) renderer: Renderer<'m>,
}

impl<'m> Builder<'m> {
    fn before(&mut self) -> Look {
        self.look(self.shape.encoded_before, true)
    }

    fn after(&mut self) -> Look {
        self.look(true, false)
    }

    /// Reads the row by its key: what the rules say of it, and the row itself where it is wanted.
    fn look(&mut self, encoded: bool, before: bool) -> Look {
        let entity = self.shape.entity;
        let alias = self.renderer.open_from();
        let mut columns = Columns::default();
        // An archived row is judged as one: what brings it back, sees it.
        let restored = self.shape.kind == WriteKind::Restore;
        let seen =
            if restored && before { RuleRef::Archived(entity) } else { RuleRef::Read(entity) };
        let visible = self.flag(seen, &alias, &mut columns);
        let allowed =
            if restored { None } else { self.flag(entity_rule(self.shape), &alias, &mut columns) };
        let mut fields = Vec::new();
        for field in &self.shape.sent {
            if let Some(rule) = field_rule(self.shape, *field)
                && rule.of(self.model).is_some()
                && let Some(column) = self.flag(rule, &alias, &mut columns)
            {
                fields.push((*field, column));
            }
        }
        let adjustments = if before { self.adjustments(&alias, &mut columns) } else { Vec::new() };
        let members = if encoded {
            Members {
                renderer: &mut self.renderer,
                columns: &mut columns,
                pending: &mut Vec::new(),
                next_level: 1,
                hash_all: true,
            }
            .of(&alias, entity, self.selection)
        } else {
            Vec::new()
        };
        let joins = self.renderer.close_from();
        let key = self.key_condition(|renderer, column| renderer.column(&alias, entity, column));
        let sql = format!(
            "SELECT {} FROM {} AS {}{joins} WHERE {key}",
            columns.list(),
            self.renderer.table(entity),
            alias.name(),
        );
        let statement = self.text(sql);
        Look { statement, visible, allowed, fields, adjustments, encoder: Encoder { members } }
    }

    fn adjustments(&mut self, alias: &Alias, columns: &mut Columns) -> Vec<Adjustment> {
        let kept = self.kept(alias, columns);
        let shape = self.shape;
        let merged = shape.merged.iter().filter_map(|column| self.merge(*column, alias, columns));
        merged.chain(kept).collect()
    }

    fn merge(
        &mut self,
        column: model::ColumnId,
        alias: &Alias,
        columns: &mut Columns,
    ) -> Option<Adjustment> {
        let entity = self.model.entity(self.shape.entity);
        let input = self.place_of(column)?;
        let id = entity.column(column).field;
        let field = entity.field(id);
        let shapes = match &field.kind {
            FieldKind::Scalar { scalar: Scalar::Document(document), .. } => {
                Some(Shapes::of(self.model, *document))
            }
            _ => None,
        };
        let readable = if shapes.is_none() {
            None
        } else if field.private {
            Some(columns.add("0".to_owned()))
        } else if field.rules.read.is_some() {
            self.flag(RuleRef::ReadField(entity.id, id), alias, columns)
        } else {
            None
        };
        let column = columns.add(self.renderer.column(alias, entity.id, column));
        Some(Adjustment::Merge { input, column, field: id, shapes, readable })
    }

    fn kept(&mut self, alias: &Alias, columns: &mut Columns) -> Vec<Adjustment> {
        let entity = self.model.entity(self.shape.entity);
        let mut kept = Vec::new();
        for field in &self.shape.reset {
            let rules =
                [RuleRef::ReadField(entity.id, *field), RuleRef::UpdateField(entity.id, *field)];
            let mut allowed = Vec::new();
            for rule in rules.into_iter().filter(|rule| rule.of(self.model).is_some()) {
                allowed.extend(self.flag(rule, alias, columns));
            }
            if allowed.is_empty() {
                continue;
            }
            let stored =
                entity.columns.iter().enumerate().filter(|(_, column)| column.field == *field);
            let values = stored.filter_map(|(at, _)| {
                let column = model::ColumnId(at as u32);
                let sql = self.renderer.column(alias, entity.id, column);
                Some((self.place_of(column)?, columns.add(sql)))
            });
            kept.push(Adjustment::Keep { allowed, values: values.collect() });
        }
        kept
    }

    /// Returns the place of a column's value among the written ones.
    fn place_of(&self, column: model::ColumnId) -> Option<u16> {
        let place = self.shape.columns.iter().position(|set| *set == column)?;
        Some(place as u16)
    }

    fn flag(&mut self, rule: RuleRef, alias: &Alias, columns: &mut Columns) -> Option<usize> {
        let sql = match self.renderer.folded(rule) {
            Pred::False | Pred::Unknown => Some("0".to_owned()),
            _ => self.renderer.rule(rule, alias, self.shape.entity),
        };
        sql.map(|sql| columns.add(sql))
    }

    fn key_condition(&mut self, name: impl Fn(&Renderer<'_>, model::ColumnId) -> String) -> String {
        let keys = &self.model.entity(self.shape.entity).key_columns;
        let parts: Vec<String> = keys
            .iter()
            .enumerate()
            .map(|(index, column)| {
                let value = self.renderer.bind(BindSource::Key(index as u16));
                format!("{} = {value}", name(&self.renderer, *column))
            })
            .collect();
        parts.join(" AND ")
    }

    pub(super) fn text(&mut self, sql: String) -> SqlText {
        SqlText { sql: sql.into(), binds: self.renderer.take_binds() }
    }

    fn statement(&mut self, made_by_database: bool) -> Option<SqlText> {
        let entity = self.model.entity(self.shape.entity);
        let table = self.renderer.table(entity.id);
        let dialect = self.renderer.dialect;
        let quoted = |column: &model::ColumnId| dialect.quote(&entity.column(*column).name);
        let values: Vec<String> = (0..self.shape.columns.len())
            .map(|index| self.renderer.bind(BindSource::Input(index as u16)))
            .collect();
        let sql = match self.shape.kind {
            WriteKind::Create => {
                let names: Vec<String> = self.shape.columns.iter().map(quoted).collect();
                let returning = if made_by_database {
                    let keys: Vec<String> = entity.key_columns.iter().map(quoted).collect();
                    format!(" RETURNING {}", keys.join(", "))
                } else {
                    String::new()
                };
                if names.is_empty() {
                    format!("INSERT INTO {table} DEFAULT VALUES{returning}")
                } else {
                    let (names, values) = (names.join(", "), values.join(", "));
                    format!("INSERT INTO {table} ({names}) VALUES ({values}){returning}")
                }
            }
            WriteKind::Update | WriteKind::Archive | WriteKind::Restore => {
                if values.is_empty() {
                    return None;
                }
                let sets: Vec<String> = self
                    .shape
                    .columns
                    .iter()
                    .zip(&values)
                    .map(|(column, value)| format!("{} = {value}", quoted(column)))
                    .collect();
                let key = self.key_condition(|_, column| quoted(&column));
                format!("UPDATE {table} SET {} WHERE {key}", sets.join(", "))
            }
            WriteKind::Delete => {
                let key = self.key_condition(|_, column| quoted(&column));
                format!("DELETE FROM {table} WHERE {key}")
            }
        };
        Some(self.text(sql))
    }

    /// A reference must lead to a row; one that the client sent, to a row the client may see, so
    /// that writing does not tell which hidden rows exist; one between rows of tenants, to a row of
    /// the same tenant, whoever set it; and never to an archived row. Others that the server sets
    /// inside the module are left to the foreign key.
    fn references(&mut self) -> Vec<Reference> {
        let entity = self.model.entity(self.shape.entity);
        let mut references = Vec::new();
        for (index, field) in entity.fields.iter().enumerate() {
            let id = FieldId(index as u32);
            let FieldKind::ToOne(relation) = &field.kind else { continue };
            if self.shape.parent == Some(id) {
                continue;
            }
            let sent = self.shape.sent.contains(&id);
            if let Some(inputs) = self.inputs(relation)
                && (sent
                    || relation.other_module
                    || self.both_have_tenants(relation.target)
                    || self.model.entity(relation.target).archive.is_some())
            {
                let statement = self.find(relation.target, &inputs, sent);
                references.push(Reference { field: id, statement, inputs });
            }
        }
        references
    }

    fn inputs(&self, relation: &Relation) -> Option<Vec<u16>> {
        relation.columns.iter().map(|column| self.place_of(*column)).collect()
    }

    fn both_have_tenants(&self, target: EntityId) -> bool {
        let has = |entity| self.model.entity(entity).tenant.is_some();
        has(self.shape.entity) && has(target)
    }

    /// Writes the tenant of the row that is written: the one it is given, or the one it has.
    fn tenant_of_row(&mut self) -> Option<String> {
        let entity = self.model.entity(self.shape.entity);
        let column = entity.tenant.as_ref()?.column;
        if let Some(input) = self.place_of(column) {
            return Some(self.renderer.bind(BindSource::Input(input)));
        }
        let quoted = |column: model::ColumnId| {
            let dialect = self.renderer.dialect;
            dialect.quote(&entity.column(column).name)
        };
        let (column, table) = (quoted(column), self.renderer.table(entity.id));
        let key = self
            .key_condition(|renderer, column| renderer.dialect.quote(&entity.column(column).name));
        Some(format!("(SELECT {column} FROM {table} WHERE {key})"))
    }

    fn find(&mut self, target: EntityId, inputs: &[u16], guarded: bool) -> SqlText {
        let alias = self.renderer.open_from();
        let mut conditions: Vec<String> = Vec::new();
        for (column, input) in self.model.entity(target).key_columns.iter().zip(inputs) {
            let value = self.renderer.bind(BindSource::Input(*input));
            let column = self.renderer.column(&alias, target, *column);
            conditions.push(format!("{column} = {value}"));
        }
        if guarded {
            conditions.extend(self.renderer.rule(RuleRef::Read(target), &alias, target));
        }
        if let Some(archive) = &self.model.entity(target).archive {
            let column = self.renderer.column(&alias, target, archive.column);
            conditions.push(format!("{column} IS NULL"));
        }
        if let Some(tenant) = &self.model.entity(target).tenant
            && let Some(own) = self.tenant_of_row()
        {
            let column = self.renderer.column(&alias, target, tenant.column);
            conditions.push(format!("{column} = {own}"));
        }
        let joins = self.renderer.close_from();
        let sql = format!(
            "SELECT 1 FROM {} AS {}{joins} WHERE {}",
            self.renderer.table(target),
            alias.name(),
            conditions.join(" AND ")
        );
        self.text(sql)
    }
}
