//! Doubles: null where IEEE 754 would give an infinity or NaN, which JSON cannot say.

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// Adds.
pub fn float_add(left: f64, right: f64) -> Option<f64> {
    finite(left + right)
}

/// Subtracts.
pub fn float_sub(left: f64, right: f64) -> Option<f64> {
    finite(left - right)
}

/// Multiplies.
pub fn float_mul(left: f64, right: f64) -> Option<f64> {
    finite(left * right)
}

/// Divides.
pub fn float_div(left: f64, right: f64) -> Option<f64> {
    finite(left / right)
}

/// Returns the remainder, which has the sign of the dividend.
pub fn float_rem(left: f64, right: f64) -> Option<f64> {
    finite(left % right)
}

/// Negates.
pub fn float_neg(value: f64) -> Option<f64> {
    finite(-value)
}

/// Returns the absolute value.
pub fn float_abs(value: f64) -> Option<f64> {
    finite(value.abs())
}
