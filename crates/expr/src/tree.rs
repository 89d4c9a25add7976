//! The checked expression tree.

use crate::schema::FieldId;
use crate::types::Type;
use crate::value::Value;

/// Byte offsets into the expression's text.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Default)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

/// A variable that holds a row or a list element. `row` is 0; loops count up from 1, outer to inner.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VarId(pub u16);

/// A checked expression. Equality and hash ignore the span, so that equal shapes share a plan.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Its type.
    pub ty: Type,
    /// Whether it can be null.
    pub nullable: bool,
    /// Where it stands in the text.
    pub span: Span,
}

/// The kinds of a checked expression. Operands have been converted to a common type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A constant.
    Literal(LiteralValue),
    /// The row of a variable.
    Row(VarId),
    /// The list element of a variable.
    Element(VarId),
    /// The time of the request.
    Now,
    /// The caller's claims as JSON; null without a caller.
    User,
    /// A value of the request's body; null when absent.
    Input(FieldId),
    /// Whether the request's body has the field.
    HasInput(FieldId),
    /// A scalar field of a row.
    Field {
        /// A node of type `Row`.
        of: Box<Node>,
        /// The field.
        field: FieldId,
    },
    /// The row that a to-one relation leads to; null when there is none.
    Hop {
        /// A node of type `Row`.
        of: Box<Node>,
        /// The relation.
        field: FieldId,
    },
    /// The key that a to-one relation holds, without visiting the target.
    RefKey {
        /// A node of type `Row`.
        of: Box<Node>,
        /// The relation.
        field: FieldId,
    },
    /// A value inside JSON; null when there is none, or when it is JSON null.
    JsonPath {
        /// A node of type `Json`, never itself a `JsonPath`.
        of: Box<Node>,
        /// At least one step.
        path: Vec<PathStep>,
    },
    /// A JSON value as a scalar of this node's type; null when it is of another.
    JsonAs(Box<Node>),
    /// A lossless conversion to this node's type: Int to Float or Decimal, Date to Timestamp.
    Convert(Box<Node>),
    /// `!a`
    Not(Box<Node>),
    /// `-a`
    Neg(Box<Node>),
    /// `a && b`
    And(Box<Node>, Box<Node>),
    /// `a || b`
    Or(Box<Node>, Box<Node>),
    /// `a < b` and its like; for `Eq` and `Ne` a side may be the literal null.
    Compare(CompareOp, Box<Node>, Box<Node>),
    /// `a + b` and its like; null when it overflows or divides by zero.
    Arith(ArithOp, Box<Node>, Box<Node>),
    /// `a in b`: `b` is of type `List`, or `Json` for a list among the claims or in a JSON field.
    In(Box<Node>, Box<Node>),
    /// `[a, b]`
    List(Vec<Node>),
    /// `a ? b : c`; an unknown condition counts as false.
    Cond(Box<Node>, Box<Node>, Box<Node>),
    /// A function of the language.
    Call(Func, Vec<Node>),
    /// `list.exists(x, body)` or `list.all(x, body)` over a list, or over `Rows` of a relation.
    Quantified {
        /// Which of the two.
        quantifier: Quantifier,
        /// A node of type `List`, or `Rows` (then a `ToMany`).
        over: Box<Node>,
        /// The variable bound in the body.
        var: VarId,
        /// The condition.
        body: Box<Node>,
    },
    /// The rows of a to-many relation; only below `Quantified` and `size`.
    ToMany {
        /// A node of type `Row`.
        of: Box<Node>,
        /// The relation.
        field: FieldId,
    },
    /// A value that does not depend on any row, computed before the plan is made: the index into
    /// `Prepared::atoms`. Only `prepare` makes it.
    Atom(u16),
}

/// A literal that can be compared and hashed (a Float by its bits).
#[derive(Clone, Debug)]
pub struct LiteralValue(pub Value);

/// One step into a JSON value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PathStep {
    /// A member of an object.
    Member(String),
    /// An element of a list, from 0.
    Index(u32),
}

/// Comparison operators.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum CompareOp {
    /// `==`: null equals null only.
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

/// Arithmetic operators. `Add` also joins texts and moves times by durations.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum ArithOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`: integers truncate towards zero; decimals round half to even at 12 digits after the point.
    Div,
    /// `%`: the remainder has the sign of the dividend.
    Rem,
}

/// Functions, named as in CEL. Any null argument makes the result null.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Func {
    /// `text.startsWith(prefix)`
    StartsWith,
    /// `text.endsWith(suffix)`
    EndsWith,
    /// `text.contains(part)`
    Contains,
    /// `text.matches(regex)`: the regex is a literal, RE2 syntax.
    Matches,
    /// `text.lowerAscii()`
    LowerAscii,
    /// `text.upperAscii()`
    UpperAscii,
    /// `text.trim()`: white space of ASCII
    Trim,
    /// `text.before(separator)`: up to its first occurrence; the whole text without one
    Before,
    /// `text.after(separator)`: behind its first occurrence; empty without one
    After,
    /// `size(text)`: code points
    SizeText,
    /// `size(list)`
    SizeList,
    /// `size(row.relation)`: the number of rows
    SizeRows,
    /// `string(x)`: in the form JSON shows it
    ToText,
    /// `int(x)`: from Float or Decimal truncating, from text; null when it does not fit
    ToInt,
    /// `double(x)`
    ToFloat,
    /// `decimal(x)`
    ToDecimal,
    /// `timestamp(text)`: RFC 3339
    ToTimestamp,
    /// `date(timestamp)` or `date(text)`
    ToDate,
    /// `duration(text)` is always a literal and needs no function. `t.getFullYear()` in UTC.
    Year,
    /// `t.getMonth()`: 0 to 11, as in CEL
    Month,
    /// `t.getDate()`: 1 to 31
    DayOfMonth,
    /// `t.getDayOfWeek()`: 0 is Sunday
    DayOfWeek,
    /// `t.getHours()`
    Hours,
    /// `t.getMinutes()`
    Minutes,
    /// `t.getSeconds()`
    Seconds,
    /// `abs(x)`, on Int, Float or Decimal
    Abs,
}

/// Quantifiers.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Quantifier {
    /// At least one.
    Exists,
    /// Each one, so also none.
    All,
}

impl Node {
    /// Returns a node.
    pub fn new(kind: Kind, ty: Type, nullable: bool, span: Span) -> Self {
        Self { kind, ty, nullable, span }
    }

    /// Returns a constant; null counts as nullable.
    pub fn literal(value: Value, ty: Type, span: Span) -> Self {
        let nullable = value == Value::Null;
        Self::new(Kind::Literal(LiteralValue(value)), ty, nullable, span)
    }

    /// Returns whether it is the constant null.
    pub fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Literal(LiteralValue(Value::Null)))
    }

    /// Returns whether it decides something, so that `Nulls` says what it is where a null leaves it
    /// open. Other nodes of type Bool, such as fields, hold a truth value that may be null.
    pub(crate) fn decides(&self) -> bool {
        match &self.kind {
            Kind::Not(_)
            | Kind::And(..)
            | Kind::Or(..)
            | Kind::Compare(..)
            | Kind::In(..)
            | Kind::Quantified { .. } => true,
            Kind::Call(..) => self.ty == Type::Bool,
            _ => false,
        }
    }
}

impl Func {
    /// Returns whether it can give null for arguments that are not null.
    pub fn may_fail(self, argument: &Type) -> bool {
        match self {
            Self::ToInt => *argument != Type::Int,
            Self::ToFloat => *argument == Type::Text,
            Self::ToDecimal => matches!(argument, Type::Float | Type::Text),
            Self::ToTimestamp | Self::ToDate => *argument == Type::Text,
            Self::Abs => *argument == Type::Int,
            // A list among claims may be something else.
            Self::SizeList => *argument == Type::Json,
            _ => false,
        }
    }
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.ty == other.ty && self.nullable == other.nullable && self.kind == other.kind
    }
}

impl Eq for Node {}

impl std::hash::Hash for Node {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.kind.hash(state);
        self.ty.hash(state);
    }
}

impl PartialEq for LiteralValue {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits(),
            (a, b) => a == b,
        }
    }
}

impl Eq for LiteralValue {}

impl std::hash::Hash for LiteralValue {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        // Literals are taken out as atoms before a tree becomes a key; the rare rest may collide.
        std::mem::discriminant(&self.0).hash(state);
    }
}
