//! What is shown of a row: result columns and the members made of them.

use expr::{EntityId, FieldId, Pred};
use model::{ColumnId, ColumnType, Field, FieldKind, Scalar};

use super::shape::{Expand, Selection};
use crate::encode::{Member, Show, member_key};
use crate::render::{Alias, Renderer};
use crate::rules::RuleRef;

/// Behind an embedded list's name: the cursor of its next page.
pub(super) const LIST_NEXT: &str = "Next";

/// Behind an embedded list's name: how many rows there are.
const LIST_COUNT: &str = "Count";

/// Returns `"reviewsNext":`. The model has no fields of such names.
pub(super) fn list_key(name: &str, suffix: &str) -> Box<[u8]> {
    member_key(&format!("{name}{suffix}"))
}

/// The result columns of a statement.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    sql: Vec<String>,
}

impl Columns {
    /// Adds a column, or finds it, and returns its place.
    pub(crate) fn add(&mut self, sql: String) -> usize {
        if let Some(known) = self.sql.iter().position(|column| *column == sql) {
            return known;
        }
        self.sql.push(sql);
        self.sql.len() - 1
    }

    /// Returns the select list.
    pub(crate) fn list(&self) -> String {
        if self.sql.is_empty() { "1".to_owned() } else { self.sql.join(", ") }
    }
}

/// A relation that needs a statement of its own.
#[derive(Debug)]
pub(crate) struct Pending<'s> {
    /// The entity that has the relation.
    pub entity: EntityId,
    /// What is to be embedded.
    pub expand: &'s Expand,
}

/// Collects the members of a row.
pub(crate) struct Members<'r, 'm, 's> {
    /// Renders the columns.
    pub renderer: &'r mut Renderer<'m>,
    /// The statement's columns so far.
    pub columns: &'r mut Columns,
    /// The levels to be read by statements of their own; their places are counted from `next_level`.
    pub pending: &'r mut Vec<Pending<'s>>,
    /// The place of the first pending level.
    pub next_level: usize,
    /// Whether stored fields that are not selected still count towards the row's hash.
    pub hash_all: bool,
}

impl<'m, 's> Members<'_, 'm, 's> {
    /// Returns the members of the row at `alias`.
    pub(crate) fn of(
        &mut self,
        alias: &Alias,
        entity: EntityId,
        selection: &'s Selection,
    ) -> Vec<Member> {
        let fields = &self.renderer.model.entity(entity).fields;
        let mut members = Vec::with_capacity(fields.len());
        for (index, field) in fields.iter().enumerate() {
            let id = FieldId(index as u32);
            if field.private {
                continue;
            }
            let expand = selection.expand.iter().find(|expand| expand.field == id);
            let named = selection.fields.as_ref().is_none_or(|fields| fields.contains(&id));
            let shown = if named || expand.is_some() {
                self.field(alias, entity, field, id, expand)
            } else if self.hash_all {
                self.hash_only(alias, entity, field)
            } else {
                continue;
            };
            self.guard(alias, entity, id, shown, &mut members);
        }
        members
    }

    /// Puts members behind the field's read rule, or leaves them out where it can never hold.
    fn guard(
        &mut self,
        alias: &Alias,
        entity: EntityId,
        field: FieldId,
        shown: Vec<Member>,
        members: &mut Vec<Member>,
    ) {
        if self.renderer.model.entity(entity).field(field).rules.read.is_none() {
            members.extend(shown);
            return;
        }
        let rule = RuleRef::ReadField(entity, field);
        match self.renderer.folded(rule) {
            Pred::True => members.extend(shown),
            Pred::False | Pred::Unknown => {}
            _ => {
                let rule = self.renderer.rule(rule, alias, entity).unwrap_or_default();
                let allowed = self.columns.add(rule);
                members.push(Member::Guarded { allowed, members: shown });
            }
        }
    }

    fn field(
        &mut self,
        alias: &Alias,
        entity: EntityId,
        field: &'m Field,
        id: FieldId,
        expand: Option<&'s Expand>,
    ) -> Vec<Member> {
        let key = member_key(&field.name);
        match &field.kind {
            FieldKind::Scalar { scalar, column } => {
                let column = self.column(alias, entity, *column);
                vec![Member::Column { key, column, show: show(*scalar), hashed: true }]
            }
            FieldKind::List { column, .. } => {
                let column = self.column(alias, entity, *column);
                vec![Member::Column { key, column, show: Show::Json, hashed: true }]
            }
            FieldKind::Computed { scalar, .. } => {
                let sql = self.renderer.plain_field(alias, entity, id);
                let column = self.columns.add(sql);
                vec![Member::Column { key, column, show: show(*scalar), hashed: false }]
            }
            FieldKind::ToOne(relation) => {
                let columns: Vec<usize> = relation
                    .columns
                    .iter()
                    .map(|column| self.column(alias, entity, *column))
                    .collect();
                let mut members = vec![self.key_member(entity, relation, &columns)];
                if let Some(expand) = expand {
                    members.push(if relation.other_module {
                        self.slot(key, entity, expand, columns)
                    } else {
                        self.embedded(key, alias, entity, id, expand)
                    });
                }
                members
            }
            FieldKind::ToMany { .. } => match expand {
                None => Vec::new(),
                Some(expand) => self.list(alias, entity, field, expand),
            },
        }
    }

    /// A to-many relation: its rows, and how many there are.
    fn list(
        &mut self,
        alias: &Alias,
        entity: EntityId,
        field: &'m Field,
        expand: &'s Expand,
    ) -> Vec<Member> {
        let mut members = Vec::new();
        if expand.limit > 0 {
            let keys = self.renderer.model.entity(entity).key_columns.clone();
            let columns = keys.iter().map(|column| self.column(alias, entity, *column)).collect();
            members.push(self.slot(member_key(&field.name), entity, expand, columns));
        }
        if expand.count {
            let filter = expand.filter.as_ref();
            let sql = self.renderer.count_related((alias, entity), expand.field, filter);
            let (key, column) = (list_key(&field.name, LIST_COUNT), self.columns.add(sql));
            members.push(Member::Column { key, column, show: Show::Int, hashed: false });
        }
        members
    }

    fn key_member(
        &self,
        entity: EntityId,
        relation: &model::Relation,
        columns: &[usize],
    ) -> Member {
        let key = member_key(&relation.id_name);
        let entity = self.renderer.model.entity(entity);
        let shows = relation.columns.iter().map(|column| key_show(entity.column(*column).ty));
        let mut parts: Vec<(usize, Show)> = columns.iter().copied().zip(shows).collect();
        if parts.len() == 1 {
            let (column, show) = parts.remove(0);
            return Member::Column { key, column, show, hashed: true };
        }
        Member::JoinedKey { key, columns: parts, hashed: true }
    }

    /// A to-one relation of the same module: a join.
    fn embedded(
        &mut self,
        key: Box<[u8]>,
        alias: &Alias,
        entity: EntityId,
        field: FieldId,
        expand: &'s Expand,
    ) -> Member {
        let (joined, target) = self.renderer.join(alias, entity, field);
        let first_key = self.renderer.model.entity(target).key_columns[0];
        let present = self.column(&joined, target, first_key);
        let rule = self.renderer.rule(RuleRef::Read(target), &joined, target);
        let allowed = rule.map(|rule| self.columns.add(rule));
        let hash_all = std::mem::take(&mut self.hash_all);
        let mut members = self.of(&joined, target, &expand.selection);
        self.hash_all = hash_all;
        unhash(&mut members);
        Member::One { key, present, allowed, members }
    }

    /// A relation that is read by a statement of its own.
    fn slot(
        &mut self,
        key: Box<[u8]>,
        entity: EntityId,
        expand: &'s Expand,
        columns: Vec<usize>,
    ) -> Member {
        let child = self.next_level + self.pending.len();
        self.pending.push(Pending { entity, expand });
        Member::Slot { key, child, columns }
    }

    fn hash_only(&mut self, alias: &Alias, entity: EntityId, field: &Field) -> Vec<Member> {
        let columns: Vec<ColumnId> = match &field.kind {
            FieldKind::Scalar { column, .. } | FieldKind::List { column, .. } => vec![*column],
            FieldKind::ToOne(relation) => relation.columns.clone(),
            FieldKind::ToMany { .. } | FieldKind::Computed { .. } => Vec::new(),
        };
        columns
            .into_iter()
            .map(|column| Member::HashOnly { column: self.column(alias, entity, column) })
            .collect()
    }

    fn column(&mut self, alias: &Alias, entity: EntityId, column: ColumnId) -> usize {
        let sql = self.renderer.column(alias, entity, column);
        self.columns.add(sql)
    }
}

/// Embedded rows do not count towards the hash of the row that embeds them.
fn unhash(members: &mut [Member]) {
    for member in members {
        match member {
            Member::Column { hashed, .. } | Member::JoinedKey { hashed, .. } => *hashed = false,
            Member::Guarded { members, .. } | Member::One { members, .. } => unhash(members),
            Member::HashOnly { .. } | Member::Highlights { .. } | Member::Slot { .. } => {}
        }
    }
}

/// Returns how a scalar is shown.
pub(crate) fn show(scalar: Scalar) -> Show {
    match scalar {
        Scalar::Id => Show::Uuid,
        Scalar::String | Scalar::Email | Scalar::Url => Show::Text,
        Scalar::Int => Show::Int,
        Scalar::BigInt => Show::BigInt,
        Scalar::Float => Show::Float,
        Scalar::Decimal | Scalar::Date | Scalar::Enum(_) => Show::Plain,
        Scalar::Boolean => Show::Bool,
        Scalar::DateTime => Show::Timestamp,
        Scalar::Json | Scalar::Document(_) | Scalar::Documents(_) => Show::Json,
    }
}

/// Returns how a key's column is shown.
pub(crate) fn key_show(ty: ColumnType) -> Show {
    match ty {
        ColumnType::Uuid => Show::Uuid,
        ColumnType::Text => Show::Text,
        ColumnType::Int => Show::Int,
        ColumnType::BigInt => Show::BigInt,
        ColumnType::Float => Show::Float,
        ColumnType::Decimal | ColumnType::Date => Show::Plain,
        ColumnType::Boolean => Show::Bool,
        ColumnType::Timestamp => Show::Timestamp,
        ColumnType::Json | ColumnType::List => Show::Json,
    }
}
