//! The checked model: GraphQL SDL and `mainstay.toml` in, entities, fields, rules and columns out.
//!
//! Pure: `load` takes the texts of the application folder and returns either a `Model` or every
//! mistake in it, each with its place and a suggestion.

mod entity;
mod field;

pub use entity::{Check, Entity, EnumType, Index, IndexColumn, Model, Module, Rule, RuleSet};
pub use field::{
    Column, ColumnId, ColumnType, Default, Field, FieldKind, FieldRules, Length, OnDelete, Pattern,
    Range, Relation, Role, Scalar,
};
