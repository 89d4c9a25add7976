//! An exact sum of doubles, rounded once, at the end.

/// The bits that a limb holds of the sum; the rest of its 64 are for what was not carried yet.
const LIMB_BITS: usize = 32;
/// A double spans 2098 bits, from 2^-1074 on; the last limb holds what is carried beyond them.
const LIMBS: usize = 67;
/// After so many values a limb could overflow.
const CARRY_AFTER: u32 = 1 << 30;
/// The bits of a double's mantissa that are written.
const FRACTION_BITS: usize = 52;
/// The exponent, as it is written, of what is no number.
const EXPONENT_END: usize = 0x7FF;

/// An exact sum of doubles.
///
/// It is the same in whatever order the values come, which differs between databases: doubles added
/// one by one are rounded each time.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct FloatSum {
    /// The sum in units of 2^-1074.
    limbs: [i64; LIMBS],
    uncarried: u32,
    count: i64,
    /// Whether all values were numbers.
    finite: bool,
}

impl Default for FloatSum {
    fn default() -> Self {
        Self { limbs: [0; LIMBS], uncarried: 0, count: 0, finite: true }
    }
}

impl FloatSum {
    /// Adds a value.
    pub fn add(&mut self, value: f64) {
        let bits = value.to_bits();
        let exponent = (bits >> FRACTION_BITS) as usize & EXPONENT_END;
        let fraction = bits & ((1 << FRACTION_BITS) - 1);
        self.count += 1;
        if exponent == EXPONENT_END {
            self.finite = false;
            return;
        }
        let mantissa = if exponent == 0 { fraction } else { fraction | 1 << FRACTION_BITS };
        let at = exponent.saturating_sub(1);
        let shifted = u128::from(mantissa) << (at % LIMB_BITS);
        for (part, limb) in self.limbs[at / LIMB_BITS..].iter_mut().take(3).enumerate() {
            let bits = i64::from((shifted >> (part * LIMB_BITS)) as u32);
            *limb += if value.is_sign_negative() { -bits } else { bits };
        }
        self.uncarried += 1;
        if self.uncarried == CARRY_AFTER {
            self.carry();
        }
    }

    /// Returns the sum; null of nothing, and where it is no double.
    pub fn sum(mut self) -> Option<f64> {
        if self.count == 0 || !self.finite {
            return None;
        }
        self.carry();
        let negative = self.limbs[LIMBS - 1] < 0;
        if negative {
            self.limbs.iter_mut().for_each(|limb| *limb = -*limb);
            self.carry();
        }
        let size = f64::from_bits(self.rounded()?);
        Some(if negative { -size } else { size })
    }

    /// Returns the mean; null of nothing, and where the sum is.
    pub fn mean(self) -> Option<f64> {
        self.sum().map(|sum| sum / self.count as f64)
    }

    /// Leaves in each limb but the last only its own bits.
    fn carry(&mut self) {
        let mut carried = 0;
        for limb in &mut self.limbs[..LIMBS - 1] {
            let all = *limb + carried;
            carried = all >> LIMB_BITS;
            *limb = all & i64::from(u32::MAX);
        }
        self.limbs[LIMBS - 1] += carried;
        self.uncarried = 0;
    }

    /// Rounds a positive sum half to even, to the bits of a double.
    fn rounded(&self) -> Option<u64> {
        let Some(top) = self.limbs.iter().rposition(|&limb| limb != 0) else { return Some(0) };
        let length = top * LIMB_BITS + self.limbs[top].ilog2() as usize + 1;
        // What has no more bits than a mantissa is written like one: the exponent follows from it.
        let dropped = length.saturating_sub(FRACTION_BITS + 1);
        let mut mantissa = self.bits_from(dropped) & ((1 << (FRACTION_BITS + 1)) - 1);
        if dropped > 0 {
            let half = self.bits_from(dropped - 1) & 1 == 1;
            if half && (mantissa & 1 == 1 || self.has_bits_below(dropped - 1)) {
                mantissa += 1;
            }
        }
        // One more than 53 bits hold carries into the exponent, as it should.
        let bits = ((dropped as u64) << FRACTION_BITS) + mantissa;
        let exponent = (bits >> FRACTION_BITS) as usize;
        (exponent < EXPONENT_END).then_some(bits)
    }

    /// Returns 64 bits from a place on.
    fn bits_from(&self, at: usize) -> u64 {
        let limbs = self.limbs[at / LIMB_BITS..].iter().take(3).enumerate();
        let joined = limbs.fold(0_u128, |joined, (part, &limb)| {
            joined | u128::from(limb.cast_unsigned()) << (part * LIMB_BITS)
        });
        (joined >> (at % LIMB_BITS)) as u64
    }

    fn has_bits_below(&self, at: usize) -> bool {
        let rest = self.limbs[at / LIMB_BITS] & ((1 << (at % LIMB_BITS)) - 1);
        rest != 0 || self.limbs[..at / LIMB_BITS].iter().any(|&limb| limb != 0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sum(values: &[f64]) -> Option<f64> {
        let mut sum = FloatSum::default();
        values.iter().for_each(|value| sum.add(*value));
        sum.sum()
    }

    fn numbers() -> impl Strategy<Value = f64> {
        any::<f64>().prop_filter("JSON has no others", |float| float.is_finite())
    }

    #[test]
    fn sums_are_exact_and_rounded_once() {
        assert_eq!(sum(&[]), None);
        assert_eq!(sum(&[1e100, 1.0, -1e100]), Some(1.0));
        assert_eq!(sum(&[0.1; 10]), Some(1.0));
        assert_eq!(sum(&[1.0, f64::EPSILON / 2.0]), Some(1.0));
        assert_eq!(sum(&[1.0, f64::EPSILON / 2.0, 5e-324]), Some(1.0 + f64::EPSILON));
        assert_eq!(sum(&[5e-324, 5e-324]), Some(1e-323));
        assert_eq!(sum(&[-0.0]).map(f64::to_bits), Some(0));
    }

    #[test]
    fn only_a_sum_that_is_no_double_at_the_end_is_null() {
        assert_eq!(sum(&[f64::MAX, f64::MAX]), None);
        assert_eq!(sum(&[f64::MAX, f64::MAX, -f64::MAX]), Some(f64::MAX));
        assert_eq!(sum(&[f64::MIN, f64::MIN, f64::MAX]), Some(f64::MIN));
        assert_eq!(sum(&[f64::INFINITY, 1.0]), None);
        let half_a_step = 2_f64.powi(970);
        assert_eq!(sum(&[f64::MAX, half_a_step]), None);
        assert_eq!(sum(&[f64::MAX, half_a_step, -5e-324]), Some(f64::MAX));
    }

    proptest! {
        #[test]
        fn the_sum_of_two_is_what_the_processor_says(a in numbers(), b in numbers()) {
            let expected = Some(a + b + 0.0).filter(|sum| sum.is_finite());
            prop_assert_eq!(sum(&[a, b]).map(f64::to_bits), expected.map(f64::to_bits));
        }

        #[test]
        fn the_order_does_not_matter(mut values in prop::collection::vec(numbers(), 1..20)) {
            let before = sum(&values);
            values.sort_by(f64::total_cmp);
            prop_assert_eq!(sum(&values), before);
            // What is taken away again leaves no trace.
            let opposite: Vec<f64> = values.iter().map(|value| -value).collect();
            prop_assert_eq!(sum(&[values, opposite, vec![0.1]].concat()), Some(0.1));
        }
    }
}
