//! Many-to-many relations: tables that link the rows of two entities.

use expr::EntityId;

use crate::entity::{Entity, Model};
use crate::field::ColumnType;

/// A join table's index in the model.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct JoinId(pub u32);

/// One of the two sides of a join table.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The side of the field with `@join`.
    Left,
    /// The side of its inverse.
    Right,
}

/// A table that links the rows of two entities; each pair is linked at most once.
#[derive(Debug)]
pub struct Join {
    /// The table's name.
    pub table: String,
    /// The table's names under earlier names of the type or the field (`@was`), or of both: a hint
    /// may be older than the other.
    pub was_tables: Vec<String>,
    /// What it links, left and right.
    pub sides: [JoinSide; 2],
}

/// One side of a join table.
#[derive(Debug)]
pub struct JoinSide {
    /// The entity whose rows are linked.
    pub entity: EntityId,
    /// A column for each column of its key, in its order.
    pub columns: Vec<JoinColumn>,
}

/// A column of a join table.
#[derive(Debug)]
pub struct JoinColumn {
    /// Its name.
    pub name: String,
    /// Its name under the type's earlier name.
    pub was: Option<String>,
    /// How it is stored.
    pub ty: ColumnType,
}

impl Side {
    /// Returns the other side.
    pub fn other(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }
}

impl Join {
    /// Returns a side.
    pub fn side(&self, side: Side) -> &JoinSide {
        match side {
            Side::Left => &self.sides[0],
            Side::Right => &self.sides[1],
        }
    }
}

impl JoinSide {
    /// Links an entity by its key: the columns are named after it, as those of a relation would be.
    pub(crate) fn new(entity: &Entity, name: &str, was: Option<&str>) -> Self {
        let parts = &entity.key_columns;
        let columns = parts.iter().map(|id| {
            let part = entity.column(*id);
            let named = |name: &str| match parts.len() {
                1 => format!("{name}_id"),
                _ => format!("{name}_{}", part.name),
            };
            JoinColumn { name: named(name), was: was.map(named), ty: part.ty }
        });
        Self { entity: entity.id, columns: columns.collect() }
    }
}

impl Model {
    /// Returns the join table behind an id.
    pub fn join(&self, id: JoinId) -> &Join {
        &self.joins[id.0 as usize]
    }
}
