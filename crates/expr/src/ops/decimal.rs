//! Exact decimals of up to 28 digits: null where a result would need more.
//!
//! Computed on mantissas rather than with `rust_decimal`'s operators, because those round silently.

use std::cmp::Ordering;
use std::fmt::Write;

use rust_decimal::Decimal;

/// The most digits a decimal has, before and after the point together.
pub const DECIMAL_DIGITS_MAX: u32 = 28;
/// The digits after the point to which a quotient is rounded.
pub const DECIMAL_DIVISION_SCALE: u32 = 12;
/// The first mantissa that is too long: 10^28.
const MANTISSA_END: i128 = 10_i128.pow(DECIMAL_DIGITS_MAX);
/// No decimal's text is longer, whatever its zeros and exponent.
const TEXT_BYTES_MAX: usize = 256;

/// Adds.
pub fn decimal_add(left: Decimal, right: Decimal) -> Option<Decimal> {
    aligned(left, right, i128::checked_add)
}

/// Subtracts.
pub fn decimal_sub(left: Decimal, right: Decimal) -> Option<Decimal> {
    aligned(left, right, i128::checked_sub)
}

/// Multiplies.
pub fn decimal_mul(left: Decimal, right: Decimal) -> Option<Decimal> {
    let product = |left: Decimal, right: Decimal| {
        let mantissa = left.mantissa().checked_mul(right.mantissa())?;
        build(mantissa, left.scale() + right.scale())
    };
    product(left, right).or_else(|| product(left.normalize(), right.normalize()))
}

/// Divides and rounds half to even at 12 digits after the point. Zeros beyond the dividend's scale
/// are dropped, so that `20.00 / 2` is `10.00` and `1.0 / 4` is `0.25`.
pub fn decimal_div(left: Decimal, right: Decimal) -> Option<Decimal> {
    if right.is_zero() {
        return None;
    }
    let negative = (left.mantissa() < 0) != (right.mantissa() < 0);
    let (dividend, divisor) = (left.mantissa().abs(), right.mantissa().abs());
    let shift = (DECIMAL_DIVISION_SCALE + right.scale()).cast_signed() - left.scale().cast_signed();
    let (quotient, scale) = if shift >= 0 {
        shifted_quotient(dividend, divisor, shift.unsigned_abs())?
    } else {
        (shrunk_quotient(dividend, divisor, shift.unsigned_abs()), DECIMAL_DIVISION_SCALE)
    };
    let quotient = if negative { -quotient } else { quotient };
    let keep = left.scale().min(DECIMAL_DIVISION_SCALE);
    let (mantissa, scale) = drop_zeros(quotient, scale, keep);
    let kept = keep.checked_sub(scale).and_then(power_of_ten);
    match kept.and_then(|unit| build(mantissa.checked_mul(unit)?, keep)) {
        Some(quotient) => Some(quotient),
        None => build(mantissa, scale),
    }
}

/// Returns the remainder, which has the sign of the dividend.
pub fn decimal_rem(left: Decimal, right: Decimal) -> Option<Decimal> {
    aligned(left, right, i128::checked_rem)
}

/// Negates.
pub fn decimal_neg(value: Decimal) -> Option<Decimal> {
    build(-value.mantissa(), value.scale())
}

/// Returns the absolute value.
pub fn decimal_abs(value: Decimal) -> Option<Decimal> {
    build(value.mantissa().abs(), value.scale())
}

/// Reads a decimal: a sign, digits, a point and digits, an exponent. The scale is kept. Null for
/// anything else, and for more than 28 digits.
pub fn parse_decimal(text: &str) -> Option<Decimal> {
    if text.len() > TEXT_BYTES_MAX {
        return None;
    }
    let (negative, rest) = match text.as_bytes() {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let mut mantissa: i128 = 0;
    let mut scale: i32 = 0;
    let mut seen_point = false;
    let (mut digits_before, mut digits_after) = (0, 0);
    let mut at = 0;
    while let Some(&byte) = rest.get(at) {
        match byte {
            b'0'..=b'9' => {
                mantissa = mantissa.checked_mul(10)?.checked_add(i128::from(byte - b'0'))?;
                if seen_point {
                    scale += 1;
                    digits_after += 1;
                } else {
                    digits_before += 1;
                }
            }
            b'.' if !seen_point => seen_point = true,
            _ => break,
        }
        at += 1;
    }
    if digits_before == 0 || (seen_point && digits_after == 0) {
        return None;
    }
    if let Some(b'e' | b'E') = rest.get(at) {
        // ASCII up to here, so the cut is at a character's edge.
        let exponent = std::str::from_utf8(&rest[at + 1..]).ok()?;
        let digits = exponent.trim_start_matches(['+', '-']);
        if exponent.len() - digits.len() > 1 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        scale = scale.checked_sub(exponent.parse::<i32>().ok()?)?;
    } else if at < rest.len() {
        return None;
    }
    if negative {
        mantissa = -mantissa;
    }
    if scale < 0 {
        if mantissa != 0 {
            mantissa = mantissa.checked_mul(power_of_ten(scale.unsigned_abs())?)?;
        }
        scale = 0;
    }
    build_exactly(mantissa, scale.unsigned_abs())
}

/// Writes a decimal with its scale, without an exponent.
pub fn format_decimal(value: Decimal) -> String {
    let mut text = String::with_capacity(16);
    let _ = write!(text, "{value}");
    text
}

/// Compares decimals as texts, for a collation: exactly and without parsing them. Texts that are not
/// decimals come after all that are, in the order of their bytes.
pub fn decimal_compare_text(left: &str, right: &str) -> Ordering {
    match (Parts::of(left), Parts::of(right)) {
        (Some(a), Some(b)) => a.compare(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => left.as_bytes().cmp(right.as_bytes()),
    }
}

/// A decimal's text, taken apart: no zeros in front of `whole` or behind `fraction`.
struct Parts<'t> {
    negative: bool,
    whole: &'t [u8],
    fraction: &'t [u8],
}

impl<'t> Parts<'t> {
    fn of(text: &'t str) -> Option<Self> {
        let (negative, rest) = match text.as_bytes() {
            [b'-', rest @ ..] => (true, rest),
            rest => (false, rest),
        };
        let point = rest.iter().position(|&byte| byte == b'.');
        let (whole, fraction) = match point {
            Some(point) if point + 1 == rest.len() => return None,
            Some(point) => (&rest[..point], &rest[point + 1..]),
            None => (rest, &[][..]),
        };
        let digits = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
        if whole.is_empty() || !digits(whole) || !digits(fraction) {
            return None;
        }
        let first = whole.iter().position(|&byte| byte != b'0').unwrap_or(whole.len());
        let last = fraction.iter().rposition(|&byte| byte != b'0').map_or(0, |last| last + 1);
        let (whole, fraction) = (&whole[first..], &fraction[..last]);
        let zero = whole.is_empty() && fraction.is_empty();
        Some(Self { negative: negative && !zero, whole, fraction })
    }

    fn compare(&self, other: &Self) -> Ordering {
        let size = |a: &Self, b: &Self| {
            let by_length = a.whole.len().cmp(&b.whole.len());
            by_length.then_with(|| a.whole.cmp(b.whole)).then_with(|| a.fraction.cmp(b.fraction))
        };
        match (self.negative, other.negative) {
            (false, false) => size(self, other),
            (true, true) => size(other, self),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

fn aligned(left: Decimal, right: Decimal, op: fn(i128, i128) -> Option<i128>) -> Option<Decimal> {
    let run = |left: Decimal, right: Decimal| {
        let scale = left.scale().max(right.scale());
        let a = left.mantissa().checked_mul(power_of_ten(scale - left.scale())?)?;
        let b = right.mantissa().checked_mul(power_of_ten(scale - right.scale())?)?;
        build(op(a, b)?, scale)
    };
    run(left, right).or_else(|| run(left.normalize(), right.normalize()))
}

/// Divides `dividend * 10^shift`, digit by digit, as the product may need 256 bits. Returns the
/// quotient and its scale, which is smaller where only zeros would follow.
fn shifted_quotient(dividend: i128, divisor: i128, shift: u32) -> Option<(i128, u32)> {
    let mut quotient = dividend / divisor;
    let mut rest = dividend % divisor;
    for left in (0..shift).rev() {
        if rest == 0 && left < DECIMAL_DIVISION_SCALE {
            return Some((quotient, DECIMAL_DIVISION_SCALE - left - 1));
        }
        rest *= 10;
        quotient = quotient.checked_mul(10)?.checked_add(rest / divisor)?;
        rest %= divisor;
    }
    let up = match (rest * 2).cmp(&divisor) {
        Ordering::Less => false,
        Ordering::Equal => quotient % 2 == 1,
        Ordering::Greater => true,
    };
    Some((quotient + i128::from(up), DECIMAL_DIVISION_SCALE))
}

/// Divides by `divisor * 10^shift`; `shift` is at most 16.
fn shrunk_quotient(dividend: i128, divisor: i128, shift: u32) -> i128 {
    let unit = 10_i128.pow(shift);
    let (whole, rest) = (dividend / divisor, dividend % divisor);
    let (quotient, tail) = (whole / unit, whole % unit);
    let up = match (tail * 2).cmp(&unit) {
        Ordering::Less => false,
        Ordering::Equal => rest > 0 || quotient % 2 == 1,
        Ordering::Greater => true,
    };
    quotient + i128::from(up)
}

/// Drops zeros behind the point, down to the scale that is to be kept.
fn drop_zeros(mut mantissa: i128, mut scale: u32, keep: u32) -> (i128, u32) {
    while scale > keep && mantissa % 10 == 0 {
        mantissa /= 10;
        scale -= 1;
    }
    (mantissa, scale)
}

/// Builds a decimal, giving up zeros behind the point where that makes it fit.
pub(super) fn build(mut mantissa: i128, mut scale: u32) -> Option<Decimal> {
    while scale > 0
        && (mantissa.abs() >= MANTISSA_END || scale > DECIMAL_DIGITS_MAX)
        && mantissa % 10 == 0
    {
        mantissa /= 10;
        scale -= 1;
    }
    build_exactly(mantissa, scale)
}

fn build_exactly(mantissa: i128, scale: u32) -> Option<Decimal> {
    if mantissa.abs() >= MANTISSA_END || scale > DECIMAL_DIGITS_MAX {
        return None;
    }
    Decimal::try_from_i128_with_scale(mantissa, scale).ok()
}

fn power_of_ten(exponent: u32) -> Option<i128> {
    10_i128.checked_pow(exponent)
}
