use std::cmp::Ordering;

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;
use crate::types::Type;
use crate::value::{Date, Timestamp, Value};

fn decimal(text: &str) -> Decimal {
    parse_decimal(text).unwrap_or_else(|| panic!("{text} is a decimal"))
}

fn check_decimal(
    op: fn(Decimal, Decimal) -> Option<Decimal>,
    left: &str,
    right: &str,
    expected: Option<&str>,
) {
    let result = op(decimal(left), decimal(right)).map(format_decimal);
    assert_eq!(result.as_deref(), expected, "{left} and {right}");
}

#[test]
fn integers_are_null_where_they_overflow_or_divide_by_zero() {
    assert_eq!(int_add(1, 2), Some(3));
    assert_eq!(int_add(i64::MAX, 1), None);
    assert_eq!(int_sub(i64::MIN, 1), None);
    assert_eq!(int_mul(i64::MAX, 2), None);
    assert_eq!(int_div(-7, 2), Some(-3));
    assert_eq!(int_div(1, 0), None);
    assert_eq!(int_div(i64::MIN, -1), None);
    assert_eq!(int_rem(-7, 2), Some(-1));
    assert_eq!(int_rem(7, 0), None);
    assert_eq!(int_neg(i64::MIN), None);
    assert_eq!(int_abs(-5), Some(5));
}

#[test]
fn doubles_are_null_where_they_are_not_finite() {
    assert_eq!(float_add(0.5, 0.25), Some(0.75));
    assert_eq!(float_mul(1e308, 10.0), None);
    assert_eq!(float_div(0.0, 0.0), None);
    assert_eq!(float_rem(1.0, 0.0), None);
}

#[test]
fn decimals_are_exact_or_null() {
    check_decimal(decimal_add, "0.1", "0.20", Some("0.30"));
    check_decimal(decimal_sub, "1.00", "1", Some("0.00"));
    check_decimal(decimal_sub, "0", "0.0", Some("0.0"));
    check_decimal(decimal_mul, "19.90", "3", Some("59.70"));
    check_decimal(decimal_mul, "-1.5", "0.5", Some("-0.75"));
    check_decimal(decimal_mul, "12345678901234.5", "12345678901234.5", None);
    check_decimal(
        decimal_mul,
        "10000000000000000.00000",
        "10.0000000000",
        Some("100000000000000000.0000000000"),
    );
    check_decimal(decimal_add, "9999999999999999999999999999", "1", None);
    check_decimal(decimal_add, "9999999999999999999999999999", "0.1", None);
    check_decimal(
        decimal_add,
        "0.0000000000000000000000000001",
        "1000000000000000000000000000",
        None,
    );
    check_decimal(decimal_rem, "-7.5", "2", Some("-1.5"));
    check_decimal(decimal_rem, "7.5", "-2", Some("1.5"));
    check_decimal(decimal_rem, "7.5", "0.0", None);
}

#[test]
fn quotients_round_half_to_even_at_twelve_digits() {
    check_decimal(decimal_div, "1", "3", Some("0.333333333333"));
    check_decimal(decimal_div, "2", "3", Some("0.666666666667"));
    check_decimal(decimal_div, "-2", "3", Some("-0.666666666667"));
    check_decimal(decimal_div, "20.00", "2", Some("10.00"));
    check_decimal(decimal_div, "1.0", "4", Some("0.25"));
    check_decimal(decimal_div, "10", "4.00", Some("2.5"));
    check_decimal(decimal_div, "0.000000000001", "2", Some("0.000000000000"));
    check_decimal(decimal_div, "0.000000000003", "2", Some("0.000000000002"));
    check_decimal(decimal_div, "0.0000000000005", "1", Some("0.000000000000"));
    check_decimal(decimal_div, "0.0000000000015", "1", Some("0.000000000002"));
    check_decimal(decimal_div, "0.00000000000050001", "1", Some("0.000000000001"));
    check_decimal(decimal_div, "0.0000000000010000000000000001", "2.0", Some("0.000000000001"));
    check_decimal(decimal_div, "1", "0.0000000000000000000000000001", None);
    check_decimal(decimal_div, "1000", "0.0000000000001", Some("10000000000000000"));
    check_decimal(decimal_div, "1", "0", None);
    check_decimal(
        decimal_div,
        "9999999999999999999999999999",
        "1",
        Some("9999999999999999999999999999"),
    );
}

#[test]
fn decimal_texts_keep_their_scale() {
    let check = |input: &str, expected: Option<&str>| {
        assert_eq!(parse_decimal(input).map(format_decimal).as_deref(), expected, "{input}");
    };
    check("19.90", Some("19.90"));
    check("+5", Some("5"));
    check("-0", Some("0"));
    check("-0.00", Some("0.00"));
    check("007.10", Some("7.10"));
    check("1e3", Some("1000"));
    check("1.50E-3", Some("0.00150"));
    check("0e99", Some("0"));
    check("1e28", None);
    check("9999999999999999999999999999", Some("9999999999999999999999999999"));
    check("99999999999999999999999999999", None);
    check("0.00000000000000000000000000001", None);
    for wrong in [
        "",
        "-",
        ".5",
        "5.",
        "1,5",
        "1e",
        "1e+-5",
        "1e5x",
        " 1",
        "NaN",
        "1e99999999999",
        "١",
        "1eé",
    ] {
        check(wrong, None);
    }
}

#[test]
fn decimal_texts_compare_exactly() {
    let check = |left: &str, right: &str, expected: Ordering| {
        assert_eq!(decimal_compare_text(left, right), expected, "{left} and {right}");
        assert_eq!(decimal_compare_text(right, left), expected.reverse(), "{right} and {left}");
    };
    check("9", "10", Ordering::Less);
    check("1.0", "1.00", Ordering::Equal);
    check("-0", "0.0", Ordering::Equal);
    check("-10", "-9.99", Ordering::Less);
    check("-1", "1", Ordering::Less);
    check("0.1", "0.09", Ordering::Greater);
    check("1.5", "1.45", Ordering::Greater);
    check("123456789012345678901234567890.1", "123456789012345678901234567890.2", Ordering::Less);
    check("9", "abc", Ordering::Less);
    check("9", "", Ordering::Less);
    check("1.", "9", Ordering::Greater);
    check("a", "b", Ordering::Less);
}

#[test]
fn texts_are_searched_and_cut() {
    assert!(
        starts_with("mainstay", "main")
            && ends_with("mainstay", "stay")
            && contains("mainstay", "nst")
    );
    assert_eq!(lower_ascii("ÄBC"), "Äbc");
    assert_eq!(upper_ascii("äbc"), "äBC");
    assert_eq!(trim("\t a b \r\n\x0b"), "a b");
    assert_eq!(trim("\u{a0}a"), "\u{a0}a");
    assert_eq!((before("a b c", " "), after("a b c", " ")), ("a", "b c"));
    assert_eq!((before("abc", " "), after("abc", " ")), ("abc", ""));
    assert_eq!((before("abc", ""), after("abc", "")), ("", "abc"));
    assert_eq!(size("aé😀"), 3);
}

#[test]
fn patterns_match_anywhere_and_are_bounded() {
    assert_eq!(matches("mainstay", "^m.*y$"), Some(true));
    assert_eq!(matches("mainstay", "^n"), Some(false));
    assert_eq!(matches("mainstay", "^n"), Some(false));
    assert_eq!(matches("mainstay", "("), None);
    assert!(compile_pattern(r"(\w{100}){100}").is_err());
    for n in 0..MATCHERS_MAX * 3 {
        assert_eq!(matches(&n.to_string(), &format!("^{n}$")), Some(true));
    }
}

#[test]
fn timestamps_are_read_with_any_offset() {
    let check = |input: &str, expected: Option<&str>| {
        assert_eq!(parse_timestamp(input).map(format_timestamp).as_deref(), expected, "{input}");
    };
    check("2026-11-24T03:04:05Z", Some("2026-11-24T03:04:05.000000Z"));
    check("2026-11-24t03:04:05.1234567z", Some("2026-11-24T03:04:05.123456Z"));
    check("2026-11-24 03:04:05.5+02:30", Some("2026-11-24T00:34:05.500000Z"));
    check("2026-11-24T23:04:05-01:00", Some("2026-11-25T00:04:05.000000Z"));
    check("2016-12-31T23:59:60Z", Some("2016-12-31T23:59:59.000000Z"));
    check("0001-01-01T00:00:00Z", Some("0001-01-01T00:00:00.000000Z"));
    check("9999-12-31T23:59:59.999999Z", Some("9999-12-31T23:59:59.999999Z"));
    check("2024-02-29T00:00:00Z", Some("2024-02-29T00:00:00.000000Z"));
    for wrong in [
        "",
        "2026-11-24",
        "2026-11-24T03:04:05",
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:61Z",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00+0100",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "2026-01-01T00:00:00ZZ",
        "2026-01-01T00:00:00+24:00",
        "2026-01-01T00:00:0éZ",
    ] {
        check(wrong, None);
    }
}

#[test]
fn times_have_parts_also_before_1970() {
    let at = parse_timestamp("1969-12-31T23:58:57.5Z").unwrap();
    assert_eq!((year(at), month(at), day_of_month(at), day_of_week(at)), (1969, 11, 31, 3));
    assert_eq!((hours(at), minutes(at), seconds(at)), (23, 58, 57));
    assert_eq!(format_date(timestamp_to_date(at)), "1969-12-31");
    assert_eq!(date_to_timestamp(Date(-1)), Timestamp(-86_400_000_000));
    assert_eq!(timestamp_add(TIMESTAMP_MAX, 1), None);
    assert_eq!(timestamp_sub(TIMESTAMP_MIN, 1), None);
    assert_eq!(timestamp_diff(5, 7), Some(-2));
    assert_eq!(parse_date("2026-11-24").map(format_date).as_deref(), Some("2026-11-24"));
    assert_eq!(parse_date("2026-11-31"), None);
    assert_eq!(parse_date("2026-1-1"), None);
}

#[test]
fn durations_are_read_and_written() {
    let check = |input: &str, expected: Option<&str>| {
        assert_eq!(parse_duration(input).map(format_duration).as_deref(), expected, "{input}");
    };
    check("1h30m", Some("1h30m"));
    check("24h", Some("24h"));
    check("7d", Some("168h"));
    check("1.5s", Some("1.5s"));
    check("250ms", Some("250ms"));
    check("100us", Some("100us"));
    check("100µs", Some("100us"));
    check("90s", Some("1m30s"));
    check("-1.5h", Some("-1h30m"));
    check("0", Some("0s"));
    check("1m0.000001s", Some("1m0.000001s"));
    for wrong in [
        "",
        "-",
        "1",
        "h",
        "1x",
        "1.h.",
        "1h ",
        "99999999999999999h",
        "1..5s",
        "9223372036854775807d",
    ] {
        check(wrong, None);
    }
}

#[test]
fn uuids_are_lower_case_with_hyphens() {
    let text = "01890A5D-AC96-774B-BCCE-B302099A8057";
    assert_eq!(
        parse_uuid(text).map(format_uuid).as_deref(),
        Some(text.to_ascii_lowercase().as_str())
    );
    assert_eq!(parse_uuid("01890a5dac96774bbcceb302099a8057"), None);
    assert_eq!(parse_uuid("{1890a5d-ac96-774b-bcce-b302099a8057}"), None);
    assert_eq!(parse_uuid("é1890a5d-ac96-774b-bcce-b302099a805"), None);
}

#[test]
fn values_convert() {
    let text = |value: Value| to_text(&value);
    assert_eq!(text(Value::Float(1.0)).as_deref(), Some("1.0"));
    assert_eq!(text(Value::Decimal(decimal("19.90"))).as_deref(), Some("19.90"));
    assert_eq!(text(Value::Bool(true)).as_deref(), Some("true"));
    assert_eq!(text(Value::Null), None);
    assert_eq!(to_int(&Value::Float(-1.9)), Some(-1));
    assert_eq!(to_int(&Value::Float(9.3e18)), None);
    assert_eq!(to_int(&Value::Float(-9_223_372_036_854_775_808.0)), Some(i64::MIN));
    assert_eq!(to_int(&Value::Decimal(decimal("-2.9"))), Some(-2));
    assert_eq!(to_int(&Value::Text("12".into())), Some(12));
    assert_eq!(to_int(&Value::Text("1.5".into())), None);
    assert_eq!(to_float(&Value::Decimal(decimal("0.1"))), Some(0.1));
    assert_eq!(to_float(&Value::Text("inf".into())), None);
    assert_eq!(to_decimal(&Value::Float(0.1)), Some(decimal("0.1")));
    assert_eq!(to_decimal(&Value::Float(1e30)), None);
    assert_eq!(to_decimal(&Value::Int(i64::MIN)), Some(decimal("-9223372036854775808")));
}

#[test]
fn json_is_read_as_the_type_asked_for() {
    let check = |json: serde_json::Value, ty: Type, expected: Value| {
        assert_eq!(json_as(&json, &ty), expected, "{json} as {ty:?}");
    };
    use serde_json::json;
    check(json!(5), Type::Int, Value::Int(5));
    check(json!(5.0), Type::Int, Value::Int(5));
    check(json!(5.5), Type::Int, Value::Null);
    check(json!("5"), Type::Int, Value::Null);
    check(json!(5), Type::Float, Value::Float(5.0));
    check(json!("19.90"), Type::Decimal, Value::Decimal(decimal("19.90")));
    check(json!(19.9), Type::Decimal, Value::Decimal(decimal("19.9")));
    check(json!(true), Type::Bool, Value::Bool(true));
    check(json!("true"), Type::Bool, Value::Null);
    check(json!(null), Type::Text, Value::Null);
    check(json!("2026-11-24"), Type::Date, Value::Date(parse_date("2026-11-24").unwrap()));
    check(json!("x"), Type::Uuid, Value::Null);
    check(
        json!(["a"]),
        Type::List(Box::new(Type::Text)),
        Value::List(vec![Value::Text("a".into())]),
    );
    check(json!(["a", 1]), Type::List(Box::new(Type::Text)), Value::Null);
}

proptest! {
    #[test]
    fn timestamps_round_trip_and_agree_with_jiff(micros in TIMESTAMP_MIN..=TIMESTAMP_MAX) {
        let text = format_timestamp(Timestamp(micros));
        prop_assert_eq!(parse_timestamp(&text), Some(Timestamp(micros)));
        if let Ok(other) = jiff::Timestamp::from_microsecond(micros) {
            prop_assert_eq!(format!("{other:.6}"), text);
        }
    }

    #[test]
    fn durations_round_trip(micros in any::<i64>()) {
        prop_assert_eq!(parse_duration(&format_duration(micros)), Some(micros));
    }

    #[test]
    fn decimal_texts_order_as_their_values(
        a in -100_000_i64..100_000, a_scale in 0_u32..6, b in -100_000_i64..100_000, b_scale in 0_u32..6,
    ) {
        let (a, b) = (Decimal::new(a, a_scale), Decimal::new(b, b_scale));
        prop_assert_eq!(decimal_compare_text(&a.to_string(), &b.to_string()), a.cmp(&b));
    }

    #[test]
    fn decimal_texts_have_a_total_order(texts in prop::array::uniform3("[-0-9.a]{0,5}")) {
        let [a, b, c] = &texts;
        prop_assert_eq!(decimal_compare_text(a, b), decimal_compare_text(b, a).reverse());
        if decimal_compare_text(a, b).is_le() && decimal_compare_text(b, c).is_le() {
            prop_assert!(decimal_compare_text(a, c).is_le());
        }
    }

    #[test]
    fn decimal_arithmetic_agrees_with_integers(a in -1_000_000_i64..1_000_000, b in -1_000_000_i64..1_000_000) {
        let of = |n: i64| Decimal::new(n, 3);
        prop_assert_eq!(decimal_add(of(a), of(b)), Some(of(a + b)));
        prop_assert_eq!(decimal_sub(of(a), of(b)), Some(of(a - b)));
        prop_assert_eq!(decimal_mul(of(a), of(b)), Some(Decimal::new(a * b, 6)));
        if b != 0 {
            let expected = (of(a) / of(b)).round_dp(12);
            prop_assert_eq!(decimal_div(of(a), of(b)), Some(expected));
        }
    }

    #[test]
    fn no_text_makes_a_reader_panic(text in "\\PC{0,40}") {
        let _ = (parse_decimal(&text), parse_timestamp(&text), parse_date(&text));
        let _ = (parse_duration(&text), parse_uuid(&text), decimal_compare_text(&text, "1"));
    }
}
