//! The operators of short filters: `price[gte]=10`, `name[not.icontains]=lamp`.

use expr::CompareOp;

/// How a short filter compares.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct FilterOp {
    /// Whether the rows are wanted for which the test does not hold.
    pub(super) negated: bool,
    pub(super) test: Test,
}

/// What is asked of a field.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Test {
    /// `eq`, `ne`, `lt`, `lte`, `gt`, `gte`
    Compare(CompareOp),
    /// `in`
    In,
    /// `ieq`: equal but for the case of ASCII letters
    SameLetters,
    /// `contains`, `startsWith`, `endsWith`, and with an `i` before them without regard to the case
    /// of ASCII letters
    Text {
        /// The method of the language.
        method: &'static str,
        /// Whether case does not matter.
        any_case: bool,
    },
    /// `null`
    Null,
    /// `has`: the list holds the value.
    Has,
    /// `any`: the list holds one of the values.
    Any,
    /// `all`: the list holds each of the values.
    All,
    /// `empty`
    Empty,
}

/// The operators, and what they ask.
const OPERATORS: [(&str, Test); 19] = [
    ("eq", Test::Compare(CompareOp::Eq)),
    ("ne", Test::Compare(CompareOp::Ne)),
    ("lt", Test::Compare(CompareOp::Lt)),
    ("lte", Test::Compare(CompareOp::Le)),
    ("gt", Test::Compare(CompareOp::Gt)),
    ("gte", Test::Compare(CompareOp::Ge)),
    ("in", Test::In),
    ("ieq", Test::SameLetters),
    ("contains", Test::Text { method: "contains", any_case: false }),
    ("startsWith", Test::Text { method: "startsWith", any_case: false }),
    ("endsWith", Test::Text { method: "endsWith", any_case: false }),
    ("icontains", Test::Text { method: "contains", any_case: true }),
    ("istartsWith", Test::Text { method: "startsWith", any_case: true }),
    ("iendsWith", Test::Text { method: "endsWith", any_case: true }),
    ("null", Test::Null),
    ("has", Test::Has),
    ("any", Test::Any),
    ("all", Test::All),
    ("empty", Test::Empty),
];

impl FilterOp {
    /// `name=x`
    pub const EQUAL: Self = Self { negated: false, test: Test::Compare(CompareOp::Eq) };

    /// Reads an operator's name.
    pub fn parse(name: &str) -> Option<Self> {
        let (negated, name) = match name.strip_prefix("not.") {
            Some(name) => (true, name),
            None => (false, name),
        };
        let (_, test) = OPERATORS.iter().find(|(known, _)| *known == name)?;
        Some(Self { negated, test: *test })
    }

    /// Names the operators, for messages.
    pub fn names() -> String {
        let names: Vec<&str> = OPERATORS.iter().map(|(name, _)| *name).collect();
        format!("{}, each also with `not.` before it", names.join(", "))
    }
}
