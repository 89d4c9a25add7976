//! The shape of an aggregate: all of a request but its values.

use expr::ops::Period;
use expr::{EntityId, FieldId, Node, Type};
use model::{ColumnType, FieldKind, Model};

use crate::encode::Show;
use crate::read::{PageShape, SearchShape, key_show, show, target_of};

/// An aggregate without its values.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AggregateShape {
    /// Whose rows.
    pub entity: EntityId,
    /// By what they are grouped; all rows are one group where it is empty.
    pub groups: Vec<Group>,
    /// Whether the number of rows is shown.
    pub count: bool,
    /// What is computed of each group.
    pub measures: Vec<Measure>,
    /// Which rows, its literals taken out as atoms.
    pub filter: Option<Node>,
    /// The search, where only the rows that it finds count.
    pub search: Option<SearchShape>,
    /// Which groups. Its fields are the row count, then the measures, in their order.
    pub having: Option<Node>,
    /// How many atoms both have together.
    pub atoms: usize,
    /// The order, which names every group so that it is total.
    pub order: Vec<AggregateOrder>,
    /// Where the page starts.
    pub page: PageShape,
}

/// A field of the row, or of a row that to-one relations lead to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FieldPath {
    /// The relations followed to it.
    pub hops: Vec<FieldId>,
    /// The field.
    pub field: FieldId,
}

/// What rows are grouped by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Group {
    /// The field.
    pub path: FieldPath,
    /// For times and days: the period in which they lie.
    pub unit: Option<Period>,
}

/// What is computed of a group.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Measure {
    /// How.
    pub func: AggregateFunc,
    /// Of which field.
    pub path: FieldPath,
}

/// An aggregate function of a field. Nulls do not count.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum AggregateFunc {
    /// The number of different values.
    CountDistinct,
    /// The exact sum.
    Sum,
    /// The mean.
    Avg,
    /// The lowest value.
    Min,
    /// The highest value.
    Max,
}

/// A term of the order.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub struct AggregateOrder {
    /// What is compared.
    pub by: OrderBy,
    /// Whether high comes first. Null counts as lower than any value.
    pub descending: bool,
}

/// What groups are ordered by.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum OrderBy {
    /// What they are grouped by, of this place.
    Group(usize),
    /// The number of rows.
    Count,
    /// The measure of this place.
    Measure(usize),
}

impl AggregateFunc {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 5] = [Self::CountDistinct, Self::Sum, Self::Avg, Self::Min, Self::Max];

    /// Returns the name, as a parameter and as a member.
    pub fn name(self) -> &'static str {
        match self {
            Self::CountDistinct => "countDistinct",
            Self::Sum => "sum",
            Self::Avg => "avg",
            Self::Min => "min",
            Self::Max => "max",
        }
    }

    /// Finds a function by its name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|func| func.name() == name)
    }

    /// Returns whether it can be computed of such values.
    pub fn takes(self, ty: ColumnType) -> bool {
        use ColumnType::{BigInt, Boolean, Decimal, Float, Int, Json, List, Uuid};
        match self {
            Self::CountDistinct => !matches!(ty, Json | List),
            Self::Sum | Self::Avg => matches!(ty, Int | BigInt | Decimal | Float),
            Self::Min | Self::Max => !matches!(ty, Json | List | Uuid | Boolean),
        }
    }

    /// Returns the type that the result has in expressions.
    pub fn result_type(self, ty: &Type, of: ColumnType) -> Type {
        match (self, of) {
            (Self::CountDistinct, _) | (Self::Sum, ColumnType::Int) => Type::Int,
            (Self::Sum | Self::Avg, ColumnType::BigInt | ColumnType::Decimal) => Type::Decimal,
            (Self::Sum, _) | (Self::Avg, _) => Type::Float,
            (Self::Min | Self::Max, _) => ty.clone(),
        }
    }

    /// Returns how the result of values shown like this is shown.
    pub(super) fn result_show(self, show: Show, of: ColumnType) -> Show {
        match self.result_type(&Type::Null, of) {
            Type::Int => Show::Int,
            Type::Decimal => Show::Plain,
            Type::Float => Show::Float,
            _ => show,
        }
    }
}

/// What is known of the values at the end of a path.
#[derive(Clone, Debug, PartialEq)]
pub struct PathValues {
    /// The entity that has the field.
    pub entity: EntityId,
    /// How they are stored.
    pub column: ColumnType,
    /// Their type in expressions.
    pub ty: Type,
    /// How they are shown.
    pub(super) show: Show,
}

impl FieldPath {
    /// Returns the path's name, `category.name`; a relation is named by its key, `categoryId`.
    pub fn name(&self, model: &Model, mut entity: EntityId) -> String {
        let mut name = String::new();
        for hop in &self.hops {
            name.push_str(&model.entity(entity).field(*hop).name);
            name.push('.');
            entity = target_of(model, entity, *hop);
        }
        let field = model.entity(entity).field(self.field);
        name.push_str(match &field.kind {
            FieldKind::ToOne(relation) => &relation.id_name,
            _ => &field.name,
        });
        name
    }

    /// Returns what its values are like. `None` where it has no single one that can be compared:
    /// JSON, lists, many rows, keys of several parts.
    pub fn values(&self, model: &Model, entity: EntityId) -> Option<PathValues> {
        let entity = self.hops.iter().fold(entity, |entity, hop| target_of(model, entity, *hop));
        let (column, ty, show) = match &model.entity(entity).field(self.field).kind {
            FieldKind::Scalar { scalar, .. } | FieldKind::Computed { scalar, .. } => {
                (scalar.column_type(), scalar.expr_type(), show(*scalar))
            }
            FieldKind::ToOne(relation) => {
                let [column] = relation.columns.as_slice() else { return None };
                let column = model.entity(entity).column(*column).ty;
                let scalar = model.sole_key_scalar(relation.target)?;
                (column, scalar.expr_type(), key_show(column))
            }
            FieldKind::List { .. } | FieldKind::ToMany { .. } => return None,
        };
        let comparable = !matches!(column, ColumnType::Json | ColumnType::List);
        comparable.then_some(PathValues { entity, column, ty, show })
    }
}

impl Group {
    /// Returns the group's name, `createdAt:month`.
    pub fn name(&self, model: &Model, entity: EntityId) -> String {
        let path = self.path.name(model, entity);
        match self.unit {
            Some(unit) => format!("{path}:{}", unit.name()),
            None => path,
        }
    }
}

/// Returns whether values lie in periods of this unit.
pub fn has_period(ty: ColumnType, unit: Period) -> bool {
    match ty {
        ColumnType::Timestamp => true,
        ColumnType::Date => unit != Period::Hour,
        _ => false,
    }
}
