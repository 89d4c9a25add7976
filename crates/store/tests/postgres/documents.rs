//! JSON, and lists, which are JSON: members, elements, and what is read as a type.

use std::fmt::Debug;

use expr::ops;
use expr::{PathStep, Timestamp, Type, Value};
use proptest::prelude::*;
use serde_json::{Number, Value as Json};

use crate::database::{Argument, Database};
use crate::functions::{decimals, floats, ints, texts, times};

/// The types that JSON is read as, with the function that does it.
const TYPES: [(Type, &str); 9] = [
    (Type::Bool, "bool"),
    (Type::Int, "int"),
    (Type::Float, "float"),
    (Type::Decimal, "decimal"),
    (Type::Text, "text"),
    (Type::Uuid, "uuid"),
    (Type::Timestamp, "time"),
    (Type::Date, "date"),
    (Type::Duration, "duration"),
];

impl Argument for Json {
    fn literal(&self) -> String {
        format!("{}::json", self.to_string().literal().trim_end_matches("::text"))
    }
}

/// Scalars that are near to each type's texts and numbers, and documents of them.
fn documents() -> BoxedStrategy<Json> {
    let number = |float: f64| Number::from_f64(float).map_or(Json::Null, Json::Number);
    let near_the_end =
        (any::<u64>()).prop_map(|int| Json::from(i64::MAX.cast_unsigned() - 5 + int % 10));
    let texts = prop_oneof![
        texts().prop_map(|text| text.replace('\0', "")),
        decimals().prop_map(ops::format_decimal),
        times().prop_map(ops::format_timestamp),
        times().prop_map(|at| ops::format_date(ops::timestamp_to_date(at))),
        ints().prop_map(ops::format_duration),
        any::<u128>().prop_map(|bits| ops::format_uuid(uuid::Uuid::from_u128(bits))),
        prop::sample::select(vec!["true", "null", "1e3", "", "\"", "\\u0000", "0"])
            .prop_map(str::to_owned),
    ];
    let scalar = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        ints().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        near_the_end,
        floats().prop_map(number),
        ints().prop_map(move |int| number(int as f64)),
        texts.prop_map(Json::String),
    ];
    let names = prop::sample::select(vec!["a", "0", "it's", "b \"c\""]);
    scalar
        .prop_recursive(3, 12, 4, move |part| {
            let members = prop::collection::vec((names.clone(), part.clone()), 0..4);
            prop_oneof![
                2 => prop::collection::vec(part, 0..4).prop_map(Json::Array),
                2 => members.prop_map(|members| {
                    Json::Object(members.into_iter().map(|(name, of)| (name.to_owned(), of)).collect())
                }),
            ]
        })
        .boxed()
}

/// Paths into such documents.
fn paths() -> [Vec<PathStep>; 6] {
    let member = |name: &str| PathStep::Member(name.into());
    [
        vec![],
        vec![member("a")],
        vec![member("0")],
        vec![PathStep::Index(0)],
        vec![member("it's"), PathStep::Index(1)],
        vec![PathStep::Index(1), member("b \"c\"")],
    ]
}

/// Follows a path.
fn at(json: &str, path: &[PathStep]) -> String {
    path.iter().fold(format!("({json})"), |json, step| match step {
        PathStep::Member(name) => format!("({json} -> '{}')", name.replace('\'', "''")),
        PathStep::Index(index) => format!("({json} -> {index})"),
    })
}

/// A value's text.
fn text(value: &str, ty: &Type) -> String {
    match ty {
        Type::Duration => format!("mainstay.duration_text({value})"),
        _ => format!("mainstay.to_text({value})"),
    }
}

/// The texts of a list's elements, read by an expression of `e.value`.
fn elements(list: &str, element: &str) -> String {
    let from = format!(
        "json_array_elements(mainstay.json_list({list})) WITH ORDINALITY AS e (value, key)"
    );
    format!("(SELECT string_agg(coalesce({element}, '-'), '|' ORDER BY e.key) FROM {from})")
}

fn joined(texts: impl Iterator<Item = Option<String>>) -> Option<String> {
    let texts: Vec<String> = texts.map(|text| text.unwrap_or_else(|| "-".to_owned())).collect();
    (!texts.is_empty()).then(|| texts.join("|"))
}

#[test]
fn json_is_read_as_in_memory() {
    let on = Database::start();
    let documents = documents();
    for path in paths() {
        let value = at("a", &path);
        on.check_one(&format!("mainstay.json_value({value})::text"), &documents, |json: Json| {
            ops::json_path(&json, &path).map(Json::to_string)
        });
        on.check_one(
            &format!("mainstay.size(mainstay.json_list({value}))"),
            &documents,
            |json: Json| Some(ops::json_path(&json, &path)?.as_array()?.len() as i64),
        );
        for (ty, name) in &TYPES {
            let read = text(&format!("mainstay.json_{name}({value})"), ty);
            on.check_one(&read, &documents, |json: Json| {
                ops::to_text(&ops::json_as(ops::json_path(&json, &path)?, ty))
            });
        }
    }
}

#[test]
fn elements_of_json_are_read_as_in_memory() {
    let on = Database::start();
    let documents = documents();
    let lists = prop_oneof![
        prop::collection::vec(documents.clone(), 0..5).prop_map(Json::Array),
        documents
    ]
    .boxed();
    for (ty, name) in &TYPES {
        let read = text(&format!("mainstay.json_{name}(e.value)"), ty);
        on.check_one(&elements("a", &read), &lists, |json: Json| {
            joined(json.as_array()?.iter().map(|item| ops::to_text(&ops::json_as(item, ty))))
        });
    }
    on.check_one(&elements("a", "mainstay.json_value(e.value)::text"), &lists, |json: Json| {
        joined(json.as_array()?.iter().map(|item| (!item.is_null()).then(|| item.to_string())))
    });
}

/// Holds a list of one type, in the form in which it is stored, to its values.
fn check_list<T: Debug + Clone + 'static>(
    on: &Database,
    (ty, name): (Type, &str),
    of: BoxedStrategy<T>,
    value: fn(T) -> Value,
) {
    let list = prop::collection::vec(of.prop_map(value), 0..5);
    let stored = list.prop_map(|items| ops::client_form(&Value::List(items))).boxed();
    let read = format!("mainstay.json_{name}(e.value)");
    on.check_one(&elements("a", &text(&read, &ty)), &stored, |json: Json| {
        let Value::List(items) = ops::json_as(&json, &Type::List(ty.clone().into())) else {
            return None;
        };
        joined(items.iter().map(ops::to_text))
    });
    on.check_one("mainstay.size(a)", &stored, |json: Json| Some(json.as_array()?.len() as i64));
    // Whether the first is among the others.
    let first = format!("mainstay.json_{name}(a -> 0)");
    let others = "json_array_elements(mainstay.json_list(a)) WITH ORDINALITY AS e (value, key)";
    let among = format!(
        "CASE WHEN {first} IS NOT NULL THEN EXISTS (SELECT 1 FROM {others} WHERE e.key > 1 AND {read} = {first}) END"
    );
    on.check_one(&among, &stored, |json: Json| {
        match ops::json_as(&json, &Type::List(ty.clone().into())) {
            Value::List(items) => items.split_first().map(|(first, others)| others.contains(first)),
            _ => None,
        }
    });
}

#[test]
fn lists_are_read_as_in_memory() {
    let on = Database::start();
    let few = (-2_i64..3).boxed();
    check_list(&on, (Type::Bool, "bool"), any::<bool>().boxed(), Value::Bool);
    check_list(&on, (Type::Int, "int"), prop_oneof![ints(), few].boxed(), Value::Int);
    check_list(&on, (Type::Float, "float"), floats(), Value::Float);
    let near = (-2_i64..3, 0_u32..4).prop_map(|(unit, scale)| {
        rust_decimal::Decimal::from_i128_with_scale(i128::from(unit) * 10_i128.pow(scale), scale)
    });
    check_list(
        &on,
        (Type::Decimal, "decimal"),
        prop_oneof![decimals(), near].boxed(),
        Value::Decimal,
    );
    check_list(&on, (Type::Text, "text"), texts(), Value::Text);
    let ids = (0_u128..4).prop_map(uuid::Uuid::from_u128).boxed();
    check_list(&on, (Type::Uuid, "uuid"), ids, Value::Uuid);
    check_list(&on, (Type::Timestamp, "time"), times(), Value::Timestamp);
    let days = (-2_i64..3).prop_map(|day| ops::timestamp_to_date(Timestamp(day * 86_400_000_000)));
    check_list(&on, (Type::Date, "date"), days.boxed(), Value::Date);
}
