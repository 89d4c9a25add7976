//! Sums and means over a group's values.

use std::fmt::Debug;

use expr::ops::{self, DecimalSum, FloatSum, IntSum};
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::database::{Argument, Database};
use crate::functions::{decimals, floats, ints};

/// A type of PostgreSQL.
trait Typed: Argument {
    const NAME: &str;
}

impl Typed for i64 {
    const NAME: &str = "bigint";
}

impl Typed for Decimal {
    const NAME: &str = "numeric";
}

impl Typed for f64 {
    const NAME: &str = "double precision";
}

impl<T: Typed> Argument for Vec<T> {
    fn literal(&self) -> String {
        let values: Vec<String> = self.iter().map(Argument::literal).collect();
        format!("ARRAY[{}]::{}[]", values.join(", "), T::NAME)
    }
}

fn groups<T: Debug + Clone + 'static>(of: BoxedStrategy<T>) -> BoxedStrategy<Vec<T>> {
    prop::collection::vec(of, 0..7).boxed()
}

fn over(aggregate: &str) -> String {
    format!("(SELECT {aggregate} FROM unnest(a) AS x)")
}

#[test]
fn aggregates_are_those_of_memory() {
    let on = Database::start();
    integers(&on);
    big_integers(&on);
    exact(&on);
    doubles(&on);
}

fn integers(on: &Database) {
    let sum = |values: Vec<i64>| {
        let mut sum = IntSum::default();
        values.into_iter().for_each(|value| sum.add(value));
        sum
    };
    on.check_one(&over("mainstay.as_int(sum(x))"), &groups(ints()), |values| sum(values).sum());
    on.check_one(&over("mainstay.int_mean(sum(x), count(x))"), &groups(ints()), |values| {
        sum(values).mean()
    });
}

fn big_integers(on: &Database) {
    let sum = |values: Vec<i64>| {
        let mut sum = DecimalSum::default();
        values.into_iter().for_each(|value| sum.add(value.into()));
        sum
    };
    on.check_one(&over("mainstay.decimal_total(sum(x))"), &groups(ints()), |values| {
        sum(values).sum()
    });
    on.check_one(&over("mainstay.decimal_mean(sum(x), count(x))"), &groups(ints()), |values| {
        sum(values).mean()
    });
}

fn exact(on: &Database) {
    let sum = |values: Vec<Decimal>| {
        let mut sum = DecimalSum::default();
        values.into_iter().for_each(|value| sum.add(value));
        sum
    };
    // Sums at the edge of 28 digits, with zeros to give up.
    let edge = (0_i64..3, 0_u32..27).prop_map(|(less, scale)| {
        let mantissa = 10_i128.pow(28) - 1 - i128::from(less);
        Decimal::from_i128_with_scale(mantissa - mantissa % 10_i128.pow(scale / 2), scale)
    });
    let values = prop_oneof![3 => decimals(), 1 => edge].boxed();
    on.check_one(&over("mainstay.decimal_total(sum(x))"), &groups(values.clone()), |values| {
        sum(values).sum()
    });
    on.check_one(&over("mainstay.decimal_mean(sum(x), count(x))"), &groups(values), |values| {
        sum(values).mean()
    });
    // Of equal values the one with the shortest text names the group.
    let equal = (-3_i128..3, prop::collection::vec(0_u32..6, 0..5)).prop_map(|(unit, scales)| {
        let of = |scale| Decimal::from_i128_with_scale(unit * 10_i128.pow(scale), scale);
        scales.into_iter().map(of).collect::<Vec<_>>()
    });
    let key = over("mainstay.decimal_key(min(x), min(scale(x)))");
    on.check_one(&key, &equal.boxed(), |values| {
        let texts = values.into_iter().map(ops::format_decimal);
        texts.min().and_then(|text| ops::parse_decimal(&text))
    });
}

fn doubles(on: &Database) {
    let sum = |values: Vec<f64>| {
        let mut sum = FloatSum::default();
        values.into_iter().for_each(|value| sum.add(value));
        sum
    };
    let total = over("mainstay.float_total(sum(mainstay.exactly(x)))");
    on.check_one(&total, &groups(floats()), |values| sum(values).sum());
    let mean = over("mainstay.float_mean(sum(mainstay.exactly(x)), count(x))");
    on.check_one(&mean, &groups(floats()), |values| sum(values).mean());
}
