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

/// Returns the values of an enum that a change of a column renames: old names and new ones. A name
/// that still means something today stays.
pub fn renamed_values<'c>(from: &'c Column, to: &'c Column) -> Vec<(&'c str, &'c str)> {
    let (Some(after), ColumnType::Text) = (&to.values, from.element.unwrap_or(from.ty)) else {
        return Vec::new();
    };
    let existed = |old: &String| from.values.as_ref().is_none_or(|values| values.contains(old));
    to.values_were
        .iter()
        .filter(|(_, old)| !after.contains(old) && existed(old))
        .map(|(new, old)| (old.as_str(), new.as_str()))
        .collect()
}

/// Says whether each value of a column is stored after a change of its type as it was before.
pub(super) fn keeps_values(from: &Column, to: &Column) -> bool {
    !changes_values(from, to)
}

/// Says whether a change of a column's type changes values, or loses them.
pub(super) fn changes_values(from: &Column, to: &Column) -> bool {
    match conversion(from, to) {
        Conversion::None | Conversion::Same => false,
        Conversion::Widen | Conversion::Replace => true,
        Conversion::Narrow(Demand::FitsFloat { .. }) => true,
        Conversion::Narrow(_) => !renamed_values(from, to).is_empty(),
    }
}

/// The same stored type: only the values of an enum can differ.
fn values(from: &Column, to: &Column) -> Conversion {
    let demand = || Demand::AmongValues { column: to.name.clone() };
    let renamed = renamed_values(from, to);
    let stays = |value: &String, after: &[String]| {
        after.contains(value) || renamed.iter().any(|(old, _)| old == value)
    };
    match (&from.values, &to.values) {
        (None, None) => Conversion::None,
        (Some(before), Some(after)) if before == after => Conversion::None,
        (Some(before), Some(after)) if before.iter().all(|value| stays(value, after)) => {
            if renamed.is_empty() { Conversion::Same } else { Conversion::Widen }
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
