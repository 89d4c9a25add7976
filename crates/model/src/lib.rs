//! The checked model: GraphQL SDL and `mainstay.toml` in, entities, fields, rules and columns out.
//!
//! Pure: `load` takes the texts of the application folder and returns either a `Model` or every
//! mistake in it, each with its place and a suggestion.

pub mod config;
mod document;
mod entity;
mod field;
mod join;
mod load;
mod report;
pub mod schema;
mod schema_view;
mod sources;
mod suggest;

pub use config::Config;
pub use document::{Document, Member};
pub use entity::{
    Archive, Audit, Check, Entity, EnumType, Index, IndexColumn, Model, Module, Rule, RuleSet,
    Search, SearchField, Tenant,
};
pub use field::{
    Column, ColumnId, ColumnType, Default, Field, FieldKind, FieldRules, Length, OnDelete, Pattern,
    Range, Relation, Role, Scalar, Via,
};
pub use join::{Join, JoinColumn, JoinId, JoinSide, Side};
pub use load::{DIRECTIVES, Loaded, load};
pub use report::{Diagnostic, Label, Report, Severity};
pub use sources::{
    CONFIG_PATH, Environment, FILE_BYTES_MAX, FILES_MAX, ReadError, Source, Sources,
};
