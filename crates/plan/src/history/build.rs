//! Compiles a request for a history into statements.

use expr::{AtomShape, FieldId, Pred, Type};
use model::schema::history;
use model::{ColumnId, ColumnType, Entity, FieldKind, Model, Side, Via};

use super::{
    Guarded, HistoryFilter, HistoryPage, HistoryPlan, HistoryShape, Judgement, Member, MemberKind,
    other,
};
use crate::binds::BindSource;
use crate::dialect::Dialect;
use crate::read::{Columns, SqlText, key_show};
use crate::render::{Alias, Renderer};
use crate::rules::{RuleBook, RuleRef};

/// The alias of the list of linked keys.
const LIST: &str = "e";

/// Returns the rules that a request for this entity's history consults.
pub fn rules_of(model: &Model, shape: &HistoryShape) -> RuleBook {
    let mut book = RuleBook::default();
    book.add_reading(model, shape.entity);
    book.add(model, RuleRef::History(shape.entity));
    book.add(model, RuleRef::HistoryGone(shape.entity));
    for (field, ..) in history::links_of(model.entity(shape.entity)) {
        if let FieldKind::ToMany { target, .. } = field.kind {
            book.add(model, RuleRef::Read(target));
        }
    }
    book
}

/// Compiles a shape for callers whose atoms have these shapes.
pub fn build(
    model: &Model,
    dialect: Dialect,
    shape: &HistoryShape,
    rules: &RuleBook,
    atoms: &[AtomShape],
) -> HistoryPlan {
    let entity = model.entity(shape.entity);
    let renderer = Renderer::new(model, dialect, rules, atoms);
    let mut builder = Builder { model, entity, renderer };
    let members = builder.members();
    let table = builder.renderer.table(entity.id);
    let here = builder.judgement(&members, &table, true);
    let source = builder.last_known();
    let gone = builder.judgement(&members, &source, false);
    let entries = builder.entries(shape);
    HistoryPlan {
        here,
        gone,
        entries,
        reversed: shape.page == HistoryPage::Before,
        members: members.into_iter().map(|(member, _)| member).collect(),
    }
}

struct Builder<'m> {
    model: &'m Model,
    entity: &'m Entity,
    renderer: Renderer<'m>,
}

impl<'m> Builder<'m> {
    /// Collects what may be shown, in the order of the fields.
    fn members(&mut self) -> Vec<Guarded> {
        let (model, entity) = (self.model, self.entity);
        let mut members = Vec::new();
        for (index, field) in entity.fields.iter().enumerate() {
            let rule = field.rules.read.as_ref().map(|_| FieldId(index as u32));
            if let FieldKind::ToMany { target, via: Via::Join { join, near } } = field.kind
                && !field.private
            {
                let name = history::name_of_links(model, join, near);
                let key = model.entity(target).key_columns.iter();
                let key = key.map(|id| key_show(model.entity(target).column(*id).ty)).collect();
                let kind = MemberKind::Links { visible: self.visible(join, near), key };
                members.push((Member { name, shown: field.name.clone(), kind }, rule));
            }
            if !history::is_recorded(field) {
                continue;
            }
            let Some(name) = history::name_of(entity, field) else { continue };
            let (shown, composite) = match &field.kind {
                FieldKind::ToOne(relation) => (&relation.id_name, relation.columns.len() > 1),
                _ => (&field.name, false),
            };
            let kind = MemberKind::Value { composite };
            members.push((Member { name, shown: shown.clone(), kind }, rule));
        }
        members
    }

    /// Judges the row in a table, or in what stands for one.
    fn judgement(&mut self, members: &[Guarded], source: &str, here: bool) -> Judgement {
        let entity = self.entity;
        let alias = self.renderer.open_from();
        let mut columns = Columns::default();
        let readable =
            if here { RuleRef::Read(entity.id) } else { RuleRef::HistoryGone(entity.id) };
        let readable = self.flag(readable, &alias, &mut columns);
        let may =
            here.then(|| self.flag(RuleRef::History(entity.id), &alias, &mut columns)).flatten();
        let archive = entity.archive.as_ref().filter(|_| here);
        let archived = archive.map(|archive| {
            let at = self.renderer.column(&alias, entity.id, archive.column);
            columns.add(format!("({at} IS NOT NULL)"))
        });
        let may_gone =
            archived.and_then(|_| self.flag(RuleRef::HistoryGone(entity.id), &alias, &mut columns));
        let fields = members
            .iter()
            .map(|(_, field)| {
                self.flag(RuleRef::ReadField(entity.id, (*field)?), &alias, &mut columns)
            })
            .collect();
        let joins = self.renderer.close_from();
        let key =
            self.key(|renderer, part| renderer.column(&alias, entity.id, entity.key_columns[part]));
        let sql = format!(
            "SELECT {} FROM {source} AS {}{joins} WHERE {key}",
            columns.list(),
            alias.name()
        );
        let statement = self.text(sql);
        Judgement { statement, readable, may, archived, may_gone, fields }
    }

    /// A deleted row as its last entry tells it. What is private was not kept, and is null.
    fn last_known(&mut self) -> String {
        let (entity, dialect) = (self.entity, self.renderer.dialect);
        let quote = |name: &str| dialect.quote(name);
        let changes = format!("h.{}", quote(history::CHANGES));
        let columns = entity.columns.iter().enumerate().map(|(index, column)| {
            let id = ColumnId(index as u32);
            let field = entity.field(column.field);
            let value = match entity.key_columns.iter().position(|key| *key == id) {
                Some(part) => format!("h.{}", quote(&history::key_column(part))),
                None if !history::is_recorded(field) => "NULL".to_owned(),
                None => self.old_value(&changes, id),
            };
            format!("{value} AS {}", quote(&column.name))
        });
        let columns: Vec<String> = columns.collect();
        let table = quote(&history::table_name(&entity.table));
        // A row that was created again is here, and this is not asked.
        format!(
            "(SELECT {} FROM {table} AS h WHERE h.{} = 'delete' AND NOT {})",
            columns.join(", "),
            quote(history::OPERATION),
            other(dialect, entity, ">", ""),
        )
    }

    /// Writes a column's value before the deletion, in its stored form.
    fn old_value(&self, changes: &str, id: ColumnId) -> String {
        let (entity, dialect) = (self.entity, self.renderer.dialect);
        let column = entity.column(id);
        let field = entity.field(column.field);
        let columns = history::columns_of(field);
        let Some(name) = history::name_of(entity, field) else { return "NULL".to_owned() };
        let mut path = vec![expr::PathStep::Member(name), expr::PathStep::Index(0)];
        if columns.len() > 1 {
            let part = columns.iter().position(|held| *held == id).unwrap_or_default();
            path.push(expr::PathStep::Index(part as u32));
        }
        let path = dialect.json_path(&path);
        let ty = match column.ty {
            ColumnType::Uuid => Type::Uuid,
            ColumnType::Text => Type::Text,
            ColumnType::Int => Type::Int,
            ColumnType::Float => Type::Float,
            ColumnType::Decimal => Type::Decimal,
            ColumnType::Boolean => Type::Bool,
            ColumnType::Timestamp => Type::Timestamp,
            ColumnType::Date => Type::Date,
            ColumnType::BigInt => {
                return dialect.whole(&dialect.json_as(changes, &path, &Type::Text));
            }
            ColumnType::Json | ColumnType::List => return dialect.json_value(changes, &path),
        };
        dialect.json_as(changes, &path, &ty)
    }

    fn entries(&mut self, shape: &HistoryShape) -> SqlText {
        let dialect = self.renderer.dialect;
        let quote = |name: &str| dialect.quote(name);
        let mut conditions =
            vec![self.key(|renderer, part| renderer.dialect.quote(&history::key_column(part)))];
        // What is left of a row for its number alone has no time; neither is what is over kept long.
        let oldest = self.renderer.bind(BindSource::Offset);
        conditions.push(format!("{} >= {oldest}", quote(history::AT)));
        for (index, filter) in shape.filters.iter().enumerate() {
            let value = self.renderer.bind(BindSource::Input(index as u16));
            let (name, sign) = match filter {
                HistoryFilter::At(op) => (history::AT, sign(*op)),
                HistoryFilter::Operation => (history::OPERATION, "="),
                HistoryFilter::By => (history::CALLER, "="),
            };
            conditions.push(format!("{} {sign} {value}", quote(name)));
        }
        let number = quote(history::NUMBER);
        let sign = match shape.page {
            HistoryPage::First => None,
            HistoryPage::After => Some("<"),
            HistoryPage::Before => Some(">"),
        };
        if let Some(sign) = sign {
            let cursor = self.renderer.bind(BindSource::Cursor(0));
            conditions.push(format!("{number} {sign} {cursor}"));
        }
        let limit = self.renderer.bind(BindSource::LimitAndOne);
        let columns = [
            history::NUMBER,
            history::AT,
            history::OPERATION,
            history::CALLER,
            history::ROLE,
            history::REQUEST,
            history::CHANGES,
        ]
        .map(quote);
        let direction = if shape.page == HistoryPage::Before { "" } else { " DESC" };
        let sql = format!(
            "SELECT {} FROM {} WHERE {} ORDER BY {number}{direction} LIMIT {limit}",
            columns.join(", "),
            quote(&history::table_name(&self.entity.table)),
            conditions.join(" AND "),
        );
        self.text(sql)
    }

    /// Finds, in a list of keys, those of rows that the caller may see.
    fn visible(&mut self, join: model::JoinId, near: Side) -> SqlText {
        let model = self.model;
        let far = model.join(join).side(near.other());
        let target = far.entity;
        let list = self.renderer.bind(BindSource::ParentKeys);
        let dialect = self.renderer.dialect;
        let alias = self.renderer.open_from();
        let composite = far.columns.len() > 1;
        let held = model.entity(target).key_columns.iter().zip(&far.columns).enumerate();
        let mut conditions: Vec<String> = held
            .map(|(part, (id, column))| {
                let key = dialect.parent_key(LIST, composite.then_some(part), column.ty);
                format!("{} = {key}", self.renderer.column(&alias, target, *id))
            })
            .collect();
        conditions.extend(self.renderer.rule(RuleRef::Read(target), &alias, target));
        let joins = self.renderer.close_from();
        let sql = format!(
            "SELECT {LIST}.value FROM {} WHERE EXISTS (SELECT 1 FROM {} AS {}{joins} WHERE {})",
            dialect.elements(&list, LIST),
            self.renderer.table(target),
            alias.name(),
            conditions.join(" AND "),
        );
        self.text(sql)
    }

    fn key(&mut self, name: impl Fn(&Renderer<'m>, usize) -> String) -> String {
        let parts: Vec<String> = (0..self.entity.key_columns.len())
            .map(|part| {
                let value = self.renderer.bind(BindSource::Key(part as u16));
                format!("{} = {value}", name(&self.renderer, part))
            })
            .collect();
        parts.join(" AND ")
    }

    /// Adds a column that says whether a rule holds; none where it always does.
    fn flag(&mut self, rule: RuleRef, alias: &Alias, columns: &mut Columns) -> Option<usize> {
        let sql = match self.renderer.folded(rule) {
            Pred::False | Pred::Unknown => Some("0".to_owned()),
            _ => self.renderer.rule(rule, alias, self.entity.id),
        };
        sql.map(|sql| columns.add(sql))
    }

    fn text(&mut self, sql: String) -> SqlText {
        SqlText { sql: sql.into(), binds: self.renderer.take_binds() }
    }
}

fn sign(op: expr::CompareOp) -> &'static str {
    match op {
        expr::CompareOp::Eq => "=",
        expr::CompareOp::Ne => "<>",
        expr::CompareOp::Lt => "<",
        expr::CompareOp::Le => "<=",
        expr::CompareOp::Gt => ">",
        expr::CompareOp::Ge => ">=",
    }
}
