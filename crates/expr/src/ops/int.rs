//! 64-bit integers: null on overflow and on division by zero.

/// Adds.
pub fn int_add(left: i64, right: i64) -> Option<i64> {
    left.checked_add(right)
}

/// Subtracts.
pub fn int_sub(left: i64, right: i64) -> Option<i64> {
    left.checked_sub(right)
}

/// Multiplies.
pub fn int_mul(left: i64, right: i64) -> Option<i64> {
    left.checked_mul(right)
}

/// Divides, truncating towards zero.
pub fn int_div(left: i64, right: i64) -> Option<i64> {
    left.checked_div(right)
}

/// Returns the remainder, which has the sign of the dividend.
pub fn int_rem(left: i64, right: i64) -> Option<i64> {
    left.checked_rem(right)
}

/// Negates.
pub fn int_neg(value: i64) -> Option<i64> {
    value.checked_neg()
}

/// Returns the absolute value.
pub fn int_abs(value: i64) -> Option<i64> {
    value.checked_abs()
}
