//! Random values: few of each type, so that comparisons come out both ways.

use expr::{Date, Timestamp, Value};
use model::Scalar;
use rust_decimal::Decimal;
use serde_json::json;
use uuid::Uuid;

use crate::entropy::Entropy;

/// More rows than there are.
const UNKNOWN: usize = 1_000;

/// The ids that rows and `ID` fields have.
pub(crate) fn id(number: usize) -> Uuid {
    Uuid::from_u128(0x0189_0a5d_ac96_774b_bcce_b302_099a_8000 + number as u128)
}

/// Stands for the id of a row whose id the server makes, until it is known.
pub(crate) fn unknown_id(row: usize) -> Uuid {
    id(UNKNOWN + row)
}

pub(crate) fn is_unknown(found: Uuid) -> bool {
    (unknown_id(0)..unknown_id(UNKNOWN)).contains(&found)
}

pub(crate) fn random(scalar: Scalar, entropy: &mut Entropy<'_>) -> Value {
    match scalar {
        Scalar::Boolean => Value::Bool(entropy.pick(2) == 0),
        Scalar::Int => Value::Int(entropy.of(&[0, 1, -1, 2, 5, i64::from(i32::MAX)])),
        Scalar::BigInt => Value::Int(entropy.of(&[0, 1, -1, 2, 5, i64::MAX, i64::MIN])),
        Scalar::Float => Value::Float(entropy.of(&[0.0, 1.5, -1.0, 2.0, 1e308, 0.5])),
        Scalar::Decimal => {
            let (mantissa, scale) = entropy.of(&[
                (0, 0),
                (150, 2),
                (15, 1),
                (-1, 0),
                (2, 0),
                (9_999_999_999_999_999, 0),
                (1, 3),
            ]);
            Value::Decimal(Decimal::new(mantissa, scale))
        }
        Scalar::String => Value::Text(
            entropy
                .of(&[
                    "a",
                    "",
                    "admin",
                    "PAID",
                    " Ab ",
                    "5",
                    "1.50",
                    "2024-01-02",
                    "2024-01-02T00:00:00Z",
                    "é",
                ])
                .to_owned(),
        ),
        Scalar::Email => Value::Text(entropy.of(&["a@example.com", "b@example.org"]).to_owned()),
        Scalar::Url => Value::Text(entropy.of(&["https://example.com/"]).to_owned()),
        Scalar::Id => Value::Uuid(id(entropy.pick(5))),
        Scalar::DateTime => Value::Timestamp(Timestamp(entropy.of(&[
            1_704_153_600_000_000,
            0,
            1_704_153_600_000_001,
            -62_135_596_800_000_000,
        ]))),
        Scalar::Date => Value::Date(Date(entropy.of(&[19_724, 0, 19_725, -719_162]))),
        Scalar::Enum(_) => Value::Text(entropy.of(&["PAID", "SENT"]).to_owned()),
        Scalar::Json => Value::Json(json(entropy).into()),
        Scalar::Document(_) | Scalar::Documents(_) => {
            unreachable!("the worlds have no nested types")
        }
    }
}

fn json(entropy: &mut Entropy<'_>) -> serde_json::Value {
    let id = id(1).to_string();
    match entropy.pick(6) {
        0 => json!({}),
        1 => json!({"color": "a", "size": 2, "tags": ["a", "b"], "on": true, "id": id}),
        2 => {
            json!({"color": null, "size": 1.5, "tags": [], "on": false, "at": "2024-01-02T00:00:00Z"})
        }
        3 => {
            json!({"color": 5, "size": "1.50", "tags": [1, null, {"x": 1}], "on": null, "day": "2024-01-02"})
        }
        4 => json!(["a", 2, null]),
        _ => json!({"tags": "a", "size": {"x": 2}}),
    }
}
