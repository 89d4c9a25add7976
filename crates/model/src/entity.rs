//! Entities and what they are made of.

use std::time::Duration;

use expr::{EntityId, EnumId, FieldId, Node, Prepared};

use crate::document::Document;
use crate::field::{Column, ColumnId, Field};
use crate::join::Join;

/// A checked application model.
#[derive(Debug, Default)]
pub struct Model {
    /// Modules in alphabetical order.
    pub modules: Vec<Module>,
    /// Entities, module by module in order of declaration; `EntityId` is the index.
    pub entities: Vec<Entity>,
    /// Enums; `EnumId` is the index.
    pub enums: Vec<EnumType>,
    /// Nested types; `DocumentId` is the index.
    pub documents: Vec<Document>,
    /// Tables of many-to-many relations; `JoinId` is the index.
    pub joins: Vec<Join>,
}

/// A module: a folder below `modules/`.
#[derive(Debug)]
pub struct Module {
    /// The folder's name.
    pub name: String,
    /// The modules whose exposed types it may use, by name.
    pub uses: Vec<String>,
}

/// An enum of the model.
#[derive(Debug)]
pub struct EnumType {
    /// The type's name.
    pub name: String,
    /// The description in the SDL.
    pub description: Option<String>,
    /// The values in order of declaration.
    pub values: Vec<String>,
    /// The earlier names of values (`@was`): the value of today and its old name.
    pub was: Vec<(String, String)>,
    /// The index into `Model::modules`.
    pub module: usize,
    /// Whether other modules may use it.
    pub exposed: bool,
}

/// A stored type.
#[derive(Debug)]
pub struct Entity {
    /// The entity's index in the model.
    pub id: EntityId,
    /// The type's name, `OrderLine`.
    pub name: String,
    /// The description in the SDL.
    pub description: Option<String>,
    /// The index into `Model::modules`.
    pub module: usize,
    /// Whether other modules may refer to it.
    pub exposed: bool,
    /// The plural in lower camel case, `orderLines`.
    pub plural: String,
    /// The REST collection's path segment, `order-lines`.
    pub route: String,
    /// The table without a schema, `orders_order_line` on SQLite; the name of `@table` as it is.
    pub table: String,
    /// The table's name under the type's earlier name (`@was`).
    pub was_table: Option<String>,
    /// Fields in order of declaration, the key's implied `id` first where it was not written.
    pub fields: Vec<Field>,
    /// Columns in the order of their fields.
    pub columns: Vec<Column>,
    /// The fields of the key, in its order.
    pub key: Vec<FieldId>,
    /// The columns of the key, in its order (a relation in the key brings its columns).
    pub key_columns: Vec<ColumnId>,
    /// Whether the key is one integer that the database counts up (`@identity`).
    pub identity: bool,
    /// The tenant that each row belongs to (`@tenant`).
    pub tenant: Option<Tenant>,
    /// Where deleting a row only hides it (`@archive`).
    pub archive: Option<Archive>,
    /// Where it is kept who changed what (`@audit`).
    pub audit: Option<Audit>,
    /// Indexes: declared, unique fields, and one for each foreign key that no other index serves.
    pub indexes: Vec<Index>,
    /// The full-text index (`@search`).
    pub search: Option<Search>,
    /// Conditions that every row satisfies.
    pub checks: Vec<Check>,
    /// Who may do what. An operation without a rule is denied.
    pub rules: RuleSet,
}

/// The tenant of an entity's rows. The access rules contain its condition, so only what consults no
/// rule has to look here.
#[derive(Debug)]
pub struct Tenant {
    /// The field that names it: a scalar or a to-one relation.
    pub field: FieldId,
    /// The field's column.
    pub column: ColumnId,
    /// The caller's tenant; null for a caller who has none.
    pub caller: Node,
    /// Whether a row belongs to the caller's tenant.
    pub condition: Condition,
}

/// How an entity's rows are archived instead of deleted. The access rules contain its conditions.
#[derive(Debug)]
pub struct Archive {
    /// The field that says when a row was archived; null while it is not.
    pub field: FieldId,
    /// The field's column.
    pub column: ColumnId,
    /// How long archived rows are kept; none where for good.
    pub keep: Option<Duration>,
    /// Whether a row is not archived.
    pub live: Condition,
    /// Whether it is.
    pub gone: Condition,
}

/// How it is kept who changed what in an entity's rows. Who may read it, the rules say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Audit {
    /// How long; none where for good.
    pub keep: Option<Duration>,
}

/// A condition that becomes a part of others.
#[derive(Debug)]
pub struct Condition {
    /// As it would be written.
    pub text: String,
    /// Checked.
    pub node: Node,
}

/// An index. The key's columns are appended to a non-unique one, so that keyset paging reads it in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Index {
    /// The index's name in the database.
    pub name: String,
    /// Its columns.
    pub columns: Vec<IndexColumn>,
    /// Whether it is unique.
    pub unique: bool,
    /// The condition of a partial index.
    pub filter: Option<Rule>,
    /// The fields it was declared on, for constraint messages.
    pub fields: Vec<FieldId>,
}

/// A column of an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexColumn {
    /// The column.
    pub column: ColumnId,
    /// Whether it is sorted from high to low.
    pub descending: bool,
}

/// A full-text index over some texts of an entity. Every reader of a row may read all of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// The texts, in the order of the index's columns.
    pub fields: Vec<SearchField>,
}

/// A text of a full-text index.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SearchField {
    /// The field.
    pub field: FieldId,
    /// Its column.
    pub column: ColumnId,
    /// How much more a match here counts than one in a field of weight 1.
    pub weight: f64,
}

/// A condition on the row's own fields, enforced by the database. An unknown condition passes.
#[derive(Debug)]
pub struct Check {
    /// The constraint's name in the database.
    pub name: String,
    /// The condition.
    pub rule: Rule,
    /// What a client reads when it is violated.
    pub message: Option<String>,
    /// The field it was written on; none if on the type.
    pub field: Option<FieldId>,
}

/// An expression of the model, ready to be evaluated or lowered.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// As written; with the condition of the tenant before it, where the type has one.
    pub text: String,
    /// Checked and prepared.
    pub expr: Prepared,
}

/// The access rules of an entity. `None` denies.
#[derive(Debug, Default)]
pub struct RuleSet {
    /// Which rows can be read.
    pub read: Option<Rule>,
    /// Which rows can be created; judged on the new row.
    pub create: Option<Rule>,
    /// Which rows can be changed; judged on the old row and on the new one.
    pub update: Option<Rule>,
    /// Which rows can be deleted.
    pub delete: Option<Rule>,
    /// Which archived rows can be read, and restored: those that could be read and deleted.
    pub archived: Option<Rule>,
    /// Which rows can be read where archived ones are wanted too.
    pub read_all: Option<Rule>,
    /// Of which rows the history can be read (`@audit`).
    pub history: Option<Rule>,
    /// Of which rows that are archived or deleted.
    pub history_gone: Option<Rule>,
}

impl Model {
    /// Returns the entity behind an id, which only this model can have made.
    pub fn entity(&self, id: EntityId) -> &Entity {
        &self.entities[id.0 as usize]
    }

    /// Returns the enum behind an id.
    pub fn enum_type(&self, id: EnumId) -> &EnumType {
        &self.enums[id.0 as usize]
    }

    /// Finds an entity by its type's name.
    pub fn entity_named(&self, name: &str) -> Option<&Entity> {
        self.entities.iter().find(|entity| entity.name == name)
    }
}

impl Entity {
    /// Returns the field behind an id.
    pub fn field(&self, id: FieldId) -> &Field {
        &self.fields[id.0 as usize]
    }

    /// Returns the column behind an id.
    pub fn column(&self, id: ColumnId) -> &Column {
        &self.columns[id.0 as usize]
    }

    /// Finds a field by its name.
    pub fn field_named(&self, name: &str) -> Option<(FieldId, &Field)> {
        let index = self.fields.iter().position(|field| field.name == name)?;
        Some((FieldId(index as u32), &self.fields[index]))
    }
}
