//! Sums of integers and decimals, the same in whatever order the values come.

use rust_decimal::Decimal;

use super::decimal::{DECIMAL_DIGITS_MAX, build, decimal_div};

/// 10^28: the parts of a decimal behind its point, counted in the smallest unit.
const FRACTION_UNITS: i128 = 10_i128.pow(DECIMAL_DIGITS_MAX);

/// An exact sum of integers.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct IntSum {
    sum: i128,
    count: i64,
}

/// An exact sum of decimals.
///
/// Whole and fraction are added apart, each of 28 digits in 38: a billion values fit, and no sum on
/// the way can overflow where the last one does not.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct DecimalSum {
    whole: i128,
    fraction: i128,
    scale: u32,
    count: i64,
    overflown: bool,
}

impl IntSum {
    /// Adds a value.
    pub fn add(&mut self, value: i64) {
        self.sum += i128::from(value);
        self.count += 1;
    }

    /// Returns the sum; null of nothing, and beyond 64 bits.
    pub fn sum(self) -> Option<i64> {
        (self.count > 0).then(|| i64::try_from(self.sum).ok()).flatten()
    }

    /// Returns the mean as a double; null of nothing.
    pub fn mean(self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64)
    }
}

impl DecimalSum {
    /// Adds a value.
    pub fn add(&mut self, value: Decimal) {
        let unit = 10_i128.pow(value.scale());
        let whole = value.mantissa() / unit;
        let fraction = value.mantissa() % unit * (FRACTION_UNITS / unit);
        match (self.whole.checked_add(whole), self.fraction.checked_add(fraction)) {
            (Some(whole), Some(fraction)) => (self.whole, self.fraction) = (whole, fraction),
            _ => self.overflown = true,
        }
        self.scale = self.scale.max(value.scale());
        self.count += 1;
    }

    /// Returns the sum with the largest scale of its values; null of nothing, and beyond 28 digits.
    pub fn sum(self) -> Option<Decimal> {
        if self.count == 0 || self.overflown {
            return None;
        }
        // Both parts with one sign, so that they can stand in one mantissa.
        let mut whole = self.whole.checked_add(self.fraction / FRACTION_UNITS)?;
        let mut fraction = self.fraction % FRACTION_UNITS;
        if whole > 0 && fraction < 0 {
            (whole, fraction) = (whole - 1, fraction + FRACTION_UNITS);
        } else if whole < 0 && fraction > 0 {
            (whole, fraction) = (whole + 1, fraction - FRACTION_UNITS);
        }
        let unit = 10_i128.pow(self.scale);
        let fraction = fraction / (FRACTION_UNITS / unit);
        if let Some(mantissa) =
            whole.checked_mul(unit).and_then(|whole| whole.checked_add(fraction))
            && let Some(sum) = build(mantissa, self.scale)
        {
            return Some(sum);
        }
        // Zeros behind the point are given up where that makes the sum fit.
        let (mut fraction, mut scale) = (fraction, self.scale);
        while scale > 0 && fraction % 10 == 0 {
            (fraction, scale) = (fraction / 10, scale - 1);
        }
        let mantissa = whole.checked_mul(10_i128.pow(scale))?.checked_add(fraction)?;
        build(mantissa, scale)
    }

    /// Returns the mean, rounded as a quotient is; null of nothing, and where the sum is.
    pub fn mean(self) -> Option<Decimal> {
        decimal_div(self.sum()?, Decimal::from(self.count))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ops::{decimal_add, format_decimal, parse_decimal};

    fn decimals(values: &[&str]) -> DecimalSum {
        let mut sum = DecimalSum::default();
        for value in values {
            sum.add(parse_decimal(value).expect("a decimal"));
        }
        sum
    }

    fn check(values: &[&str], sum: &str, mean: &str) {
        let found = decimals(values);
        let shown = |value: Option<Decimal>| value.map_or("null".to_owned(), format_decimal);
        assert_eq!((shown(found.sum()).as_str(), shown(found.mean()).as_str()), (sum, mean));
    }

    #[test]
    fn decimals_are_added_exactly_and_keep_the_largest_scale() {
        check(&[], "null", "null");
        check(&["0.1", "0.2"], "0.3", "0.15");
        check(&["19.90", "5", "0.10"], "25.00", "8.333333333333");
        check(&["1.5", "-1.5"], "0.0", "0.0");
        check(&["-0.5", "3"], "2.5", "1.25");
        check(&["0.5", "-3"], "-2.5", "-1.25");
        check(
            &["9999999999999999999999999999", "-1.0"],
            "9999999999999999999999999998",
            "4999999999999999999999999999",
        );
    }

    #[test]
    fn a_sum_beyond_28_digits_is_null_and_one_on_the_way_is_no_matter() {
        let most = "9999999999999999999999999999";
        check(&[most, "1"], "null", "null");
        check(&[most, "1", "-1"], most, "3333333333333333333333333333");
    }

    #[test]
    fn integers_beyond_64_bits_are_null_but_their_mean_is_not() {
        let mut sum = IntSum::default();
        assert_eq!((sum.sum(), sum.mean()), (None, None));
        sum.add(i64::MAX);
        sum.add(i64::MAX);
        assert_eq!((sum.sum(), sum.mean()), (None, Some(i64::MAX as f64)));
        sum.add(-i64::MAX);
        assert_eq!(sum.sum(), Some(i64::MAX));
    }

    proptest! {
        #[test]
        fn adding_all_at_once_is_adding_one_by_one(
            values in prop::collection::vec((-1_000_000_000_i64..1_000_000_000, 0_u32..8), 1..20)
        ) {
            let values: Vec<Decimal> =
                values.into_iter().map(|(mantissa, scale)| Decimal::new(mantissa, scale)).collect();
            let mut sum = DecimalSum::default();
            values.iter().for_each(|value| sum.add(*value));
            let one_by_one = values[1..].iter().try_fold(values[0], |a, b| decimal_add(a, *b));
            prop_assert_eq!(sum.sum().map(format_decimal), one_by_one.map(format_decimal));
        }
    }
}
