//! The predicate tree: null semantics decided, ready to be rendered as SQL.
//!
//! Every `Pred` has SQL's three values. `plan` renders it word for word and adds nothing.

use crate::schema::{EntityId, FieldId};
use crate::tree::{ArithOp, CompareOp, Func, PathStep, VarId};
use crate::types::Type;

/// A condition.
#[derive(Clone, Debug, PartialEq)]
pub enum Pred {
    /// Always true.
    True,
    /// Always false.
    False,
    /// Never known: neither it nor its negation allows anything.
    Unknown,
    /// All of them; never empty.
    And(Vec<Pred>),
    /// Any of them; never empty.
    Or(Vec<Pred>),
    /// SQL's NOT: unknown stays unknown.
    Not(Box<Pred>),
    /// Unknown becomes false.
    OrFalse(Box<Pred>),
    /// SQL's comparison: unknown when a side is null.
    Compare(CompareOp, Term, Term),
    /// Equal, or both null; two-valued. (IS NOT DISTINCT FROM)
    Same(Term, Term),
    /// `IS NULL`; two-valued.
    IsNull(Term),
    /// The term equals one of the items; SQL's IN.
    In(Term, Vec<Term>),
    /// The term equals an element of the list-valued term. Not true when the term is null, or the
    /// list is null or none: false or unknown, as the renderer likes.
    InList(Term, Term),
    /// A boolean term.
    Holds(Term),
    /// Some row of the to-many relation satisfies the condition.
    ExistsRow {
        /// The variable whose row has the relation.
        of: Path,
        /// The relation.
        relation: FieldId,
        /// The variable bound in `pred`.
        var: VarId,
        /// The condition.
        pred: Box<Pred>,
    },
    /// Some element of the list satisfies the condition.
    ExistsElement {
        /// A term of type `List`, or `Json`.
        list: Term,
        /// The variable bound in `pred`.
        var: VarId,
        /// The condition.
        pred: Box<Pred>,
    },
}

/// A row: a variable, and the to-one relations followed from it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Path {
    /// Where it starts.
    pub var: VarId,
    /// The entity of the variable's row.
    pub entity: EntityId,
    /// The relations followed, in order.
    pub hops: Vec<FieldId>,
}

/// A scalar.
#[derive(Clone, Debug, PartialEq)]
pub enum Term {
    /// A field of a row.
    Field {
        /// The row.
        of: Path,
        /// The field.
        field: FieldId,
        /// Its type.
        ty: Type,
    },
    /// The key held by a to-one relation of a row.
    RefKey {
        /// The row.
        of: Path,
        /// The relation.
        field: FieldId,
        /// The key's type.
        ty: Type,
    },
    /// The list element bound to a variable.
    Element(VarId, Type),
    /// A value bound at run time: the atom's index and type. Never null here.
    Atom(u16, Type),
    /// NULL of a type.
    Null(Type),
    /// A value inside a JSON term, still JSON.
    JsonPath(Box<Term>, Vec<PathStep>),
    /// A JSON term as a scalar; null when it is of another type.
    JsonAs(Box<Term>, Type),
    /// A lossless conversion: from, to.
    Convert(Box<Term>, Type, Type),
    /// Negation of a number; the type is Int, Float, Decimal or Duration.
    Neg(Box<Term>, Type),
    /// Arithmetic; the type is that of the left side (of the result for times: see `Func`).
    Arith {
        /// The operator.
        op: ArithOp,
        /// The left side and its type.
        left: Box<Term>,
        /// The right side and its type.
        right: Box<Term>,
        /// The left side's type.
        left_ty: Type,
        /// The right side's type.
        right_ty: Type,
    },
    /// A function, with its arguments' types.
    Call(Func, Vec<(Term, Type)>),
    /// The number of rows of a to-many relation.
    CountRows {
        /// The row.
        of: Path,
        /// The relation.
        relation: FieldId,
    },
    /// A condition as a nullable boolean.
    Truth(Box<Pred>),
    /// `CASE WHEN … THEN … ELSE … END`
    Case(Box<Pred>, Box<Term>, Box<Term>),
}

impl Term {
    /// Returns the term's type.
    pub fn ty(&self) -> Type {
        match self {
            Self::Field { ty, .. }
            | Self::RefKey { ty, .. }
            | Self::Element(_, ty)
            | Self::Atom(_, ty)
            | Self::Null(ty)
            | Self::JsonAs(_, ty)
            | Self::Convert(_, _, ty)
            | Self::Neg(_, ty) => ty.clone(),
            Self::JsonPath(..) => Type::Json,
            Self::Arith { op, left_ty, right_ty, .. } => match (left_ty, op, right_ty) {
                (Type::Timestamp, ArithOp::Sub, Type::Timestamp) => Type::Duration,
                _ => left_ty.clone(),
            },
            Self::Call(func, arguments) => match func {
                Func::StartsWith | Func::EndsWith | Func::Contains | Func::Matches => Type::Bool,
                Func::LowerAscii
                | Func::UpperAscii
                | Func::Trim
                | Func::Before
                | Func::After
                | Func::ToText => Type::Text,
                Func::ToFloat => Type::Float,
                Func::ToDecimal => Type::Decimal,
                Func::ToTimestamp => Type::Timestamp,
                Func::ToDate => Type::Date,
                Func::Abs => arguments.first().map_or(Type::Null, |(_, ty)| ty.clone()),
                Func::SizeText
                | Func::SizeList
                | Func::SizeRows
                | Func::ToInt
                | Func::Year
                | Func::Month
                | Func::DayOfMonth
                | Func::DayOfWeek
                | Func::Hours
                | Func::Minutes
                | Func::Seconds => Type::Int,
            },
            Self::CountRows { .. } => Type::Int,
            Self::Truth(_) => Type::Bool,
            Self::Case(_, then, otherwise) => match &**then {
                Self::Null(_) => otherwise.ty(),
                then => then.ty(),
            },
        }
    }
}
