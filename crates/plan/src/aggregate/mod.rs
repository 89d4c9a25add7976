//! Aggregates: rows counted, summed and compared in groups. The plan is a read of one level, whose
//! rows are the groups.

mod build;
mod shape;

pub use build::{build, rules_of};
pub use shape::{
    AggregateFunc, AggregateOrder, AggregateShape, FieldPath, Group, Measure, OrderBy, PathValues,
    has_period,
};
