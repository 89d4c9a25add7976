//! The language's functions on PostgreSQL give the answers of memory.

use expr::ops::{self, Period};
use expr::{Timestamp, Value};
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::database::Database;

pub(crate) fn ints() -> BoxedStrategy<i64> {
    let edges = prop::sample::select(vec![0, 1, -1, 2, i64::MAX, i64::MIN, i64::MAX - 1, 10]);
    prop_oneof![edges, -50_i64..50, any::<i64>(), any::<i32>().prop_map(i64::from)].boxed()
}

pub(crate) fn floats() -> BoxedStrategy<f64> {
    let edges = vec![
        0.0,
        -0.0,
        1.0,
        -1.5,
        f64::MAX,
        f64::MIN,
        f64::MIN_POSITIVE,
        5e-324,
        1e16,
        1e17,
        1e-5,
        1e-4,
    ];
    let any = any::<f64>().prop_filter("JSON has no others", |float| float.is_finite());
    let usual = (-1_000_000_i32..1_000_000).prop_map(|number| f64::from(number) / 64.0);
    prop_oneof![prop::sample::select(edges), any, usual].boxed()
}

pub(crate) fn decimals() -> BoxedStrategy<Decimal> {
    let decimal = |(mantissa, scale): (i128, u32)| Decimal::from_i128_with_scale(mantissa, scale);
    let end = 10_i128.pow(28);
    let long = (1 - end..end, 0_u32..=28).prop_map(decimal);
    let usual = (-1_000_000_i128..1_000_000, 0_u32..=6).prop_map(decimal);
    let round = (-99_i128..=99, 0_u32..=26, 0_u32..=28)
        .prop_map(move |(digits, zeros, scale)| decimal((digits * 10_i128.pow(zeros), scale)));
    prop_oneof![long, usual, round].boxed()
}

pub(crate) fn texts() -> BoxedStrategy<String> {
    let whole = "[ -~äß€😀\t\n]{0,8}";
    prop_oneof![whole, "[ab]{0,4}", "[a-zA-Z]{0,6}", "[\\PC--\\x00]{0,6}"].boxed()
}

pub(crate) fn times() -> BoxedStrategy<Timestamp> {
    let all = (ops::TIMESTAMP_MIN..=ops::TIMESTAMP_MAX).prop_map(Timestamp);
    let edges = prop::sample::select(vec![
        ops::TIMESTAMP_MIN,
        ops::TIMESTAMP_MAX,
        0,
        -1,
        951_782_399_999_999,
    ]);
    prop_oneof![all, edges.prop_map(Timestamp), (-9_i64..2_000_000_000_000_000).prop_map(Timestamp)]
        .boxed()
}

#[test]
fn functions_answer_as_memory_does() {
    let on = Database::start();
    numbers(&on);
    strings(&on);
    moments(&on);
    readings(&on);
    conversions(&on);
}

fn numbers(on: &Database) {
    let two = &(ints(), ints());
    let two = (&two.0, &two.1);
    on.check("mainstay.int_add(a, b)", two, ops::int_add);
    on.check("mainstay.int_sub(a, b)", two, ops::int_sub);
    on.check("mainstay.int_mul(a, b)", two, ops::int_mul);
    on.check("mainstay.int_div(a, b)", two, ops::int_div);
    on.check("mainstay.int_rem(a, b)", two, ops::int_rem);
    on.check_one("mainstay.int_neg(a)", &ints(), ops::int_neg);
    on.check_one("mainstay.int_abs(a)", &ints(), ops::int_abs);
    let two = (&decimals(), &decimals());
    on.check("mainstay.decimal_add(a, b)", two, ops::decimal_add);
    on.check("mainstay.decimal_sub(a, b)", two, ops::decimal_sub);
    on.check("mainstay.decimal_mul(a, b)", two, ops::decimal_mul);
    on.check("mainstay.decimal_div(a, b)", two, ops::decimal_div);
    on.check("mainstay.decimal_rem(a, b)", two, ops::decimal_rem);
    on.check_one("mainstay.decimal_neg(a)", &decimals(), ops::decimal_neg);
    on.check_one("mainstay.decimal_abs(a)", &decimals(), ops::decimal_abs);
    let two = (&floats(), &floats());
    on.check("mainstay.float_add(a, b)", two, ops::float_add);
    on.check("mainstay.float_sub(a, b)", two, ops::float_sub);
    on.check("mainstay.float_mul(a, b)", two, ops::float_mul);
    on.check("mainstay.float_div(a, b)", two, ops::float_div);
    on.check("mainstay.float_rem(a, b)", two, ops::float_rem);
    on.check_one("mainstay.float_abs(a)", &floats(), ops::float_abs);
}

fn strings(on: &Database) {
    let two = (&texts(), &texts());
    on.check("starts_with(a, b)", two, |a, b| Some(ops::starts_with(&a, &b)));
    on.check("mainstay.ends_with(a, b)", two, |a, b| Some(ops::ends_with(&a, &b)));
    on.check("mainstay.contains(a, b)", two, |a, b| Some(ops::contains(&a, &b)));
    on.check("mainstay.before(a, b)", two, |a, b| Some(ops::before(&a, &b).to_owned()));
    on.check("mainstay.after(a, b)", two, |a, b| Some(ops::after(&a, &b).to_owned()));
    on.check_one("mainstay.lower(a)", &texts(), |a| Some(ops::lower_ascii(&a)));
    on.check_one("mainstay.upper(a)", &texts(), |a| Some(ops::upper_ascii(&a)));
    on.check_one("mainstay.trim(a)", &texts(), |a| Some(ops::trim(&a).to_owned()));
    on.check_one("mainstay.size(a)", &texts(), |a| Some(ops::size(&a)));
}

fn moments(on: &Database) {
    let micros = |at: Timestamp| at.0;
    let moved = (&times(), &ints());
    on.check("mainstay.micros(mainstay.time_add(a, b))", moved, |a, b| ops::timestamp_add(a.0, b));
    on.check("mainstay.micros(mainstay.time_sub(a, b))", moved, |a, b| ops::timestamp_sub(a.0, b));
    let two = (&times(), &times());
    on.check("mainstay.time_diff(a, b)", two, |a, b| ops::timestamp_diff(a.0, b.0));
    on.check_one("mainstay.micros(a)", &times(), |a| Some(micros(a)));
    on.check_one("mainstay.year(a)", &times(), |a| Some(ops::year(a)));
    on.check_one("mainstay.month(a)", &times(), |a| Some(ops::month(a)));
    on.check_one("mainstay.day(a)", &times(), |a| Some(ops::day_of_month(a)));
    on.check_one("mainstay.weekday(a)", &times(), |a| Some(ops::day_of_week(a)));
    on.check_one("mainstay.hours(a)", &times(), |a| Some(ops::hours(a)));
    on.check_one("mainstay.minutes(a)", &times(), |a| Some(ops::minutes(a)));
    on.check_one("mainstay.seconds(a)", &times(), |a| Some(ops::seconds(a)));
    let day = |a| ops::timestamp_to_date(a);
    let shown = "mainstay.to_text(mainstay.time_date(a))";
    on.check_one(shown, &times(), |a| Some(ops::format_date(day(a))));
    on.check_one("mainstay.micros(mainstay.date_time(mainstay.time_date(a)))", &times(), |a| {
        Some(micros(ops::date_to_timestamp(day(a))))
    });
    for unit in Period::ALL {
        let name = unit.name();
        let of_time = format!("mainstay.micros(mainstay.time_period(a, '{name}'))");
        on.check_one(&of_time, &times(), |a| Some(micros(ops::period_of_timestamp(a, unit))));
        if unit != Period::Hour {
            let of_day =
                format!("mainstay.to_text(mainstay.date_period(mainstay.time_date(a), '{name}'))");
            on.check_one(&of_day, &times(), |a| {
                Some(ops::format_date(ops::period_of_date(day(a), unit)))
            });
        }
    }
}

/// Texts that are almost what is read.
fn readings(on: &Database) {
    let days = "[0-9]{3}[0-9]-[01][0-9]-[0-3][0-9]|[0-9]{4}-02-(28|29|30)|[0-9-]{9,11}";
    on.check_one("mainstay.to_text(mainstay.text_date(a))", &days.boxed(), |a| {
        ops::parse_date(&a).map(ops::format_date)
    });
    let moments = "[0-9]{4}-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{0,8})?([Zz]|[+-][0-2][0-9]:[0-6][0-9]|)|(0001-01-01|9999-12-31)T(00|23):(00|59):(00|59)[+-](00|23):[05]9\n?";
    on.check_one("mainstay.micros(mainstay.text_time(a))", &moments.boxed(), |a| {
        ops::parse_timestamp(&a).map(|at| at.0)
    });
    let spans = "[+-]?([0-9]{1,3}(\\.[0-9]{0,7})?(ms|us|µs|d|h|m|s)){0,4}|0|[0-9]{17,20}[dhms]|[0-9.]{0,4}[hms]{0,2}";
    on.check_one("mainstay.text_duration(a)", &spans.boxed(), |a| ops::parse_duration(&a));
    let ids = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-fA-F]{12}|[0-9a-f]{32}|[0-9a-f-]{36}";
    on.check_one("mainstay.to_text(mainstay.text_uuid(a))", &ids.boxed(), |a| {
        ops::parse_uuid(&a).map(ops::format_uuid)
    });
    on.check_one("mainstay.text_decimal(a)", &figures(), |a| ops::parse_decimal(&a));
}

/// Texts that are almost numbers.
fn figures() -> BoxedStrategy<String> {
    let usual = "[+-]?[0-9]{0,3}(\\.[0-9]{0,4})?([eE][+-]?[0-9]{0,2})?";
    let long = "-?[0-9]{10,30}(\\.[0-9]{1,20})?|0{0,40}[1-9]{1,3}0{0,27}|-?0(\\.0{1,30})?(e[+-]?[0-9]{1,3})?";
    let far = "[0-9]{1,3}[eE][+-]?[0-9]{2,12}|[0-9]{19}|-?92233720368547758[0-9]{2}";
    prop_oneof![usual, long, far, "[0-9 ]{1,4}\n?"].boxed()
}

fn conversions(on: &Database) {
    let text = |value: Value| ops::to_text(&value);
    on.check_one("mainstay.to_text(a)", &ints(), |a| text(Value::Int(a)));
    on.check_one("mainstay.to_text(a)", &floats(), |a| text(Value::Float(a)));
    on.check_one("mainstay.to_text(a)", &decimals(), |a| text(Value::Decimal(a)));
    on.check_one("mainstay.to_text(a)", &times(), |a| text(Value::Timestamp(a)));
    on.check_one("mainstay.to_text(a > 0)", &ints(), |a| text(Value::Bool(a > 0)));
    on.check_one("mainstay.duration_text(a)", &ints(), |a| text(Value::Duration(a)));
    on.check_one("mainstay.to_text(a)", &texts(), |a| text(Value::Text(a)));
    on.check_one("mainstay.to_int(a)", &ints(), |a| ops::to_int(&Value::Int(a)));
    on.check_one("mainstay.to_float(a)", &floats(), |a| ops::to_float(&Value::Float(a)));
    on.check_one("mainstay.to_decimal(a)", &decimals(), |a| ops::to_decimal(&Value::Decimal(a)));
    on.check_one("mainstay.to_int(a)", &floats(), |a| ops::to_int(&Value::Float(a)));
    on.check_one("mainstay.to_int(a)", &decimals(), |a| ops::to_int(&Value::Decimal(a)));
    on.check_one("mainstay.to_int(a)", &figures(), |a| ops::to_int(&Value::Text(a)));
    on.check_one("mainstay.to_float(a)", &ints(), |a| ops::to_float(&Value::Int(a)));
    on.check_one("mainstay.to_float(a)", &decimals(), |a| ops::to_float(&Value::Decimal(a)));
    on.check_one("mainstay.to_float(a)", &figures(), |a| ops::to_float(&Value::Text(a)));
    on.check_one("mainstay.to_decimal(a)", &ints(), |a| ops::to_decimal(&Value::Int(a)));
    on.check_one("mainstay.to_decimal(a)", &floats(), |a| ops::to_decimal(&Value::Float(a)));
    on.check_one("mainstay.to_decimal(a)", &figures(), |a| ops::to_decimal(&Value::Text(a)));
    on.check_one("mainstay.whole(a)", &decimals(), |a| match a.scale() {
        0 => ops::to_int(&Value::Decimal(a)),
        _ => ops::whole(ops::to_float(&Value::Decimal(a))?),
    });
}
