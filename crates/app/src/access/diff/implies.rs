//! Whether one condition follows from another by how they are put together.
//!
//! Leaves are true, false or unknown independently of each other, except that a value equals only one
//! constant. Real rows may leave fewer cases, so what is proven here holds, and what is not may hold.

use expr::{Ast, AstKind, CompareOp, Span, ops};

use crate::access::formula::Formula;

/// Cases looked at before a proof is given up.
const CASES_MAX: usize = 50_000;

/// Whether a proof was found.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// It follows.
    Proven,
    /// It does not follow from the form, or there are too many cases to look at.
    Open,
}

/// Proves that `to` is true wherever `from` is.
pub(super) fn implies(from: &Formula, to: &Formula) -> Proof {
    let mut cases = CASES_MAX;
    let (from, to) = (spread(from, true), spread(to, true));
    if holds(&from, &to, &mut cases) { Proof::Proven } else { Proof::Open }
}

fn holds(from: &Formula, to: &Formula, cases: &mut usize) -> bool {
    if matches!(from, Formula::False | Formula::Unknown) || *to == Formula::True {
        return true;
    }
    if *cases == 0 {
        return false;
    }
    *cases -= 1;
    let Some(leaf) = first_leaf(from).or_else(|| first_leaf(to)).cloned() else { return false };
    let mut values = vec![Formula::True, Formula::False];
    if !always_decides(&leaf) {
        values.push(Formula::Unknown);
    }
    values.iter().all(|value| {
        let [from, to] = [from, to].map(|side| assigned(side, &leaf, value));
        holds(&from, &to, cases)
    })
}

fn first_leaf(formula: &Formula) -> Option<&Ast> {
    match formula {
        Formula::True | Formula::False | Formula::Unknown => None,
        Formula::Leaf(ast) => Some(ast),
        Formula::Not(of) => first_leaf(of),
        Formula::And(parts) | Formula::Or(parts) => parts.iter().find_map(first_leaf),
    }
}

/// Puts a value in the place of a leaf, and what follows from it in the place of others.
fn assigned(formula: &Formula, leaf: &Ast, value: &Formula) -> Formula {
    match formula {
        Formula::True | Formula::False | Formula::Unknown => formula.clone(),
        Formula::Leaf(ast) if ast == leaf => value.clone(),
        Formula::Leaf(ast) if *value == Formula::True && exclude(ast, leaf) => Formula::False,
        Formula::Leaf(_) => formula.clone(),
        Formula::Not(of) => assigned(of, leaf, value).negated(),
        Formula::And(parts) => Formula::and(parts.iter().map(|part| assigned(part, leaf, value))),
        Formula::Or(parts) => Formula::or(parts.iter().map(|part| assigned(part, leaf, value))),
    }
}

/// `==` and `has` decide also where a value is null, and so do quantifiers.
fn always_decides(leaf: &Ast) -> bool {
    match &leaf.kind {
        AstKind::Compare(CompareOp::Eq | CompareOp::Ne, ..) => true,
        AstKind::Call(name, _) => name.text == "has",
        AstKind::Method(_, name, _) => matches!(name.text.as_str(), "exists" | "all"),
        _ => false,
    }
}

/// Returns whether two leaves compare one value with two constants.
fn exclude(one: &Ast, other: &Ast) -> bool {
    let (
        AstKind::Compare(CompareOp::Eq, left, constant),
        AstKind::Compare(CompareOp::Eq, other_left, other_constant),
    ) = (&one.kind, &other.kind)
    else {
        return false;
    };
    left == other_left && differ(constant, other_constant)
}

/// Returns whether two constants are never equal, whatever type they are read as: `1.0` and `1.00` are
/// one decimal, and two texts may be one id.
fn differ(one: &Ast, other: &Ast) -> bool {
    let is_plain = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphabetic()) && ops::parse_uuid(text).is_none()
    };
    match (&one.kind, &other.kind) {
        (AstKind::Text(one), AstKind::Text(other)) => {
            one != other && is_plain(one) && is_plain(other)
        }
        (AstKind::Int(one), AstKind::Int(other)) => one != other,
        (AstKind::Bool(one), AstKind::Bool(other)) => one != other,
        (AstKind::Null, AstKind::Text(_) | AstKind::Int(_) | AstKind::Bool(_))
        | (AstKind::Text(_) | AstKind::Int(_) | AstKind::Bool(_), AstKind::Null) => true,
        _ => false,
    }
}

/// Writes `x in ['a', 'b']` as `x == 'a' || x == 'b'`, and `x != 'a'` as `!(x == 'a')`. Null is in no
/// list, and not out of one either, which only a negation tells apart.
fn spread(formula: &Formula, positive: bool) -> Formula {
    match formula {
        Formula::Leaf(ast) => match &ast.kind {
            AstKind::In(needle, list) if positive => match &list.kind {
                AstKind::List(items) if items.iter().all(is_constant) => {
                    Formula::or(items.iter().map(|item| equal(needle, item)))
                }
                _ => formula.clone(),
            },
            AstKind::Compare(CompareOp::Ne, left, right) => equal(left, right).negated(),
            AstKind::Compare(CompareOp::Eq, left, right) => equal(left, right),
            _ => formula.clone(),
        },
        Formula::Not(of) => spread(of, !positive).negated(),
        Formula::And(parts) => Formula::and(parts.iter().map(|part| spread(part, positive))),
        Formula::Or(parts) => Formula::or(parts.iter().map(|part| spread(part, positive))),
        known => known.clone(),
    }
}

/// `a == b`, with a constant to the right.
fn equal(left: &Ast, right: &Ast) -> Formula {
    let swapped = is_constant(left) || left.kind == AstKind::Null;
    let (left, right) = if swapped { (right, left) } else { (left, right) };
    let (left, right) = (Box::new(left.clone()), Box::new(right.clone()));
    let kind = AstKind::Compare(CompareOp::Eq, left, right);
    Formula::Leaf(Ast { kind, span: Span::default() })
}

/// Returns whether a part is a constant other than null.
fn is_constant(ast: &Ast) -> bool {
    matches!(ast.kind, AstKind::Bool(_) | AstKind::Int(_) | AstKind::Float(_) | AstKind::Text(_))
}

#[cfg(test)]
mod tests {
    use super::{Proof, implies};
    use crate::access::formula::Formula;

    /// Reads a condition into a formula.
    fn formula(text: &str) -> Formula {
        fn of(ast: &expr::Ast) -> Formula {
            match &ast.kind {
                expr::AstKind::And(parts) => Formula::and(parts.iter().map(of)),
                expr::AstKind::Or(parts) => Formula::or(parts.iter().map(of)),
                expr::AstKind::Not(inner) => of(inner).negated(),
                expr::AstKind::Bool(truth) => Formula::of(Some(*truth)),
                _ => Formula::Leaf(ast.clone()),
            }
        }
        of(&expr::parse(text).expect("an expression"))
    }

    fn check(from: &str, to: &str, follows: bool) {
        let proven = implies(&formula(from), &formula(to)) == Proof::Proven;
        assert_eq!(proven, follows, "{from}  =>  {to}");
    }

    #[test]
    fn a_disjunct_widens_and_a_conjunct_narrows() {
        check("row.a == 1", "row.a == 1 || row.b == 2", true);
        check("row.a == 1 || row.b == 2", "row.a == 1", false);
        check("row.a == 1 && row.b == 2", "row.a == 1", true);
        check("(row.a || row.b) && row.c", "row.a && row.c || row.b && row.c", true);
        check("row.a && row.c || row.b && row.c", "(row.a || row.b) && row.c", true);
        check("!(row.a || row.b)", "!row.a && !row.b", true);
        check("false", "row.a", true);
        check("row.a", "true", true);
        check("true", "row.a", false);
    }

    #[test]
    fn an_unknown_part_is_neither_true_nor_false() {
        check("true", "row.a < 1 || !(row.a < 1)", false);
        check("true", "row.a == 1 || row.a != 1", true);
        check("true", "has(row.a) || !has(row.a)", true);
        check("row.a < 1 && !(row.a < 1)", "false", true);
    }

    #[test]
    fn lists_and_constants_are_compared() {
        check("row.s in ['CART']", "row.s in ['CART', 'PLACED']", true);
        check("row.s in ['CART', 'PLACED']", "row.s in ['PLACED', 'CART']", true);
        check("row.s == 'CART'", "row.s != 'PAID'", true);
        check("'CART' == row.s", "row.s in ['CART']", true);
        check("row.s in ['CART', 'PLACED']", "row.s in ['CART']", false);
        check("!(row.s in ['CART', 'PAID'])", "!(row.s in ['CART'])", false);
        check("row.n != 1", "row.n == 2", false);
        check("row.p == '1.0'", "row.p != '1.00'", false);
        check("row.p == null", "row.p != 'a'", true);
        check("row.s == user.s", "row.s in [user.s]", false);
        check("row.s in [user.s]", "row.s == user.s", false);
    }

    #[test]
    fn a_proof_of_too_many_cases_is_given_up() {
        let part = |at: usize| format!("(row.a{at} < 1 && row.b{at} < 1)");
        let all: Vec<String> = (0..40).map(part).collect();
        let other: Vec<String> = (0..40).map(|at| format!("row.a{at} < 1")).collect();
        let (from, to) = (all.join(" || "), other.join(" && "));
        check(&from, &to, false);
    }
}
