//! Predicates put together, with what is known folded away.

use crate::predicate::Pred;
use crate::tree::CompareOp;

/// Joins with AND.
pub(super) fn and(parts: impl IntoIterator<Item = Pred>) -> Pred {
    let mut kept = Vec::new();
    for part in parts {
        match part {
            Pred::True => {}
            Pred::False => return Pred::False,
            Pred::And(inner) => kept.extend(inner),
            Pred::Unknown if kept.contains(&Pred::Unknown) => {}
            part => kept.push(part),
        }
    }
    match kept.len() {
        0 => Pred::True,
        1 => kept.remove(0),
        _ => Pred::And(kept),
    }
}

/// Joins with OR.
pub(super) fn or(parts: impl IntoIterator<Item = Pred>) -> Pred {
    let mut kept = Vec::new();
    for part in parts {
        match part {
            Pred::False => {}
            Pred::True => return Pred::True,
            Pred::Or(inner) => kept.extend(inner),
            Pred::Unknown if kept.contains(&Pred::Unknown) => {}
            part => kept.push(part),
        }
    }
    match kept.len() {
        0 => Pred::False,
        1 => kept.remove(0),
        _ => Pred::Or(kept),
    }
}

/// Negates; unknown stays unknown.
pub(super) fn not(pred: Pred) -> Pred {
    match pred {
        Pred::True => Pred::False,
        Pred::False => Pred::True,
        Pred::Unknown => Pred::Unknown,
        Pred::Not(inner) => *inner,
        // Both are unknown for the same nulls, as every type that is compared is totally ordered.
        Pred::Compare(op, left, right) => Pred::Compare(opposite(op), left, right),
        pred => Pred::Not(pred.into()),
    }
}

/// Makes unknown false.
pub(super) fn or_false(pred: Pred) -> Pred {
    match pred {
        Pred::True | Pred::False | Pred::OrFalse(_) | Pred::Same(..) | Pred::IsNull(_) => pred,
        Pred::Unknown => Pred::False,
        pred => Pred::OrFalse(pred.into()),
    }
}

fn opposite(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Eq => CompareOp::Ne,
        CompareOp::Ne => CompareOp::Eq,
        CompareOp::Lt => CompareOp::Ge,
        CompareOp::Ge => CompareOp::Lt,
        CompareOp::Gt => CompareOp::Le,
        CompareOp::Le => CompareOp::Gt,
    }
}
