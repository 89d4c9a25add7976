//! Which changes of a column's type keep its values.

use super::{Column, Demand};
use crate::field::ColumnType;

/// What a change of a column's type means for the values in it.
#[derive(Clone, Debug, PartialEq)]
pub enum Conversion {
    /// The type is the same.
    None,
    /// The values stay as they are, and compare as they did.
    Same,
    /// Each value has exactly one counterpart.
    Widen,
    /// As `Same` or `Widen`, if the rows meet the demand.
    Narrow(Demand),
    /// There is no counterpart: the values are lost.
    Replace,
}

/// Compares the types of a column before and after.
pub fn conversion(from: &Column, to: &Column) -> Conversion {
    use ColumnType::*;
    let column = || to.name.clone();
    if (from.ty, from.element) == (to.ty, to.element) {
        return values(from, to);
    }
    if (from.ty, to.ty) == (List, List) {
        return elements(from, to);
    }
    if from.values.is_some() || to.values.is_some() {
        return Conversion::Replace;
    }
    match (from.ty, to.ty) {
        (Int, BigInt) | (List, Json) => Conversion::Same,
        (BigInt, Int) => Conversion::Narrow(Demand::FitsInt { column: column() }),
        (BigInt, Float) => Conversion::Narrow(Demand::FitsFloat { column: column() }),
        (Int, Float) | (Int | BigInt, Decimal) | (Date, Timestamp) => Conversion::Widen,
        (Uuid | Int | BigInt | Float | Decimal | Boolean | Timestamp | Date, Text) => {
            Conversion::Widen
        }
        _ => Conversion::Replace,
    }
}

/// The same stored type: only the values of an enum can differ.
fn values(from: &Column, to: &Column) -> Conversion {
    let demand = || Demand::AmongValues { column: to.name.clone() };
    match (&from.values, &to.values) {
        (None, None) => Conversion::None,
        (Some(before), Some(after)) if before == after => Conversion::None,
        (Some(before), Some(after)) if before.iter().all(|value| after.contains(value)) => {
            Conversion::Same
        }
        (Some(_), None) => Conversion::Same,
        (_, Some(_)) => Conversion::Narrow(demand()),
    }
}

/// Lists hold their elements as clients see them, so some types share a form.
fn elements(from: &Column, to: &Column) -> Conversion {
    use ColumnType::*;
    match (from.element, to.element) {
        (Some(Int), Some(BigInt)) => Conversion::Same,
        (Some(Uuid | Decimal | Timestamp | Date), Some(Text)) if to.values.is_none() => {
            Conversion::Same
        }
        _ => Conversion::Replace,
    }
}
