//! Sums and means on SQLite: exact where SQLite's own are not, by the same code as in memory.

use std::panic::{RefUnwindSafe, UnwindSafe};

use expr::ops::{self, DecimalSum, FloatSum, IntSum};
use rusqlite::functions::{Aggregate, Context, SqlFnOutput};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Result};

use crate::functions::{PURE, decimal, float, int};

/// An aggregate function of one argument.
struct Fold<S, R> {
    add: fn(&mut S, ValueRef<'_>),
    finish: fn(S) -> Option<R>,
}

/// Registers the aggregate functions on a connection. Nulls do not count.
pub(crate) fn register(on: &Connection) -> Result<()> {
    let ints = |sum: &mut IntSum, value: ValueRef<'_>| {
        if let Some(value) = int(value) {
            sum.add(value);
        }
    };
    let big_ints = |sum: &mut DecimalSum, value: ValueRef<'_>| {
        if let Some(value) = int(value) {
            sum.add(value.into());
        }
    };
    let decimals = |sum: &mut DecimalSum, value: ValueRef<'_>| {
        if let Some(value) = decimal(value) {
            sum.add(value);
        }
    };
    let floats = |sum: &mut FloatSum, value: ValueRef<'_>| {
        if let Some(value) = float(value) {
            sum.add(value);
        }
    };
    add(on, "ms_int_sum", Fold { add: ints, finish: IntSum::sum })?;
    add(on, "ms_int_avg", Fold { add: ints, finish: IntSum::mean })?;
    add(on, "ms_big_sum", Fold { add: big_ints, finish: decimal_sum })?;
    add(on, "ms_big_avg", Fold { add: big_ints, finish: decimal_mean })?;
    add(on, "ms_dec_sum", Fold { add: decimals, finish: decimal_sum })?;
    add(on, "ms_dec_avg", Fold { add: decimals, finish: decimal_mean })?;
    add(on, "ms_float_sum", Fold { add: floats, finish: FloatSum::sum })?;
    add(on, "ms_float_avg", Fold { add: floats, finish: FloatSum::mean })
}

fn add<S, R>(on: &Connection, name: &str, fold: Fold<S, R>) -> Result<()>
where
    S: Default + Send + UnwindSafe + RefUnwindSafe + 'static,
    R: 'static,
    Option<R>: SqlFnOutput,
{
    on.create_aggregate_function(name, 1, PURE, fold)
}

fn decimal_sum(sum: DecimalSum) -> Option<String> {
    sum.sum().map(ops::format_decimal)
}

fn decimal_mean(sum: DecimalSum) -> Option<String> {
    sum.mean().map(ops::format_decimal)
}

impl<S, R> Aggregate<S, Option<R>> for Fold<S, R>
where
    S: Default + UnwindSafe + RefUnwindSafe,
    Option<R>: SqlFnOutput,
{
    fn init(&self, _: &mut Context<'_>) -> Result<S> {
        Ok(S::default())
    }

    fn step(&self, context: &mut Context<'_>, sum: &mut S) -> Result<()> {
        (self.add)(sum, context.get_raw(0));
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, sum: Option<S>) -> Result<Option<R>> {
        Ok((self.finish)(sum.unwrap_or_default()))
    }
}
