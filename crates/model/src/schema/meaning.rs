//! What values stand for beyond themselves. The key of a row means another row, or none, where the
//! key becomes another one or the relation leads to another type, although its type stays.

use super::fill::{ComputedFill, FilledRows};
use super::{Conversion, Table, conversion, renamed_values};

/// Says whether the keys in a column were those of another type, or of another key of the same one.
pub(super) fn leads_elsewhere(before: &Table, after: &Table, column: &str) -> bool {
    let (old, new) = (targets(before, column), targets(after, column));
    !old.is_empty() && !new.is_empty() && !old.iter().any(|target| new.contains(target))
}

/// Returns the columns of keys that a column refers to, each with its table.
fn targets<'t>(table: &'t Table, column: &str) -> Vec<(&'t str, &'t str)> {
    let keys = table.foreign_keys.iter();
    let pairs = keys.flat_map(|key| {
        let pairs = key.columns.iter().zip(&key.target_columns);
        pairs.map(|(from, to)| (from, (key.target.as_str(), to.as_str())))
    });
    pairs.filter(|(from, _)| *from == column).map(|(_, target)| target).collect()
}

/// Says whether rows are told apart by other values than before, so that what is known of a row by
/// its old key alone is not known of it any more.
pub(super) fn tells_rows_anew(before: &Table, after: &Table, fills: &[ComputedFill]) -> bool {
    let is_new = |name: &String| {
        let (Some(old), Some(new)) = (before.column(name), after.column(name)) else { return true };
        let filled = fills.iter().any(|fill| {
            fill.rows == FilledRows::All && fill.table == after.name && fill.column == *name
        });
        filled
            || conversion(old, new) == Conversion::Replace
            || !renamed_values(old, new).is_empty()
    };
    before.key != after.key || after.key.iter().any(is_new)
}
