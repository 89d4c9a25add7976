use std::fmt::Write;
use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::agreement::world::{ITEM, Tables};
use crate::evaluate::Caller;
use crate::prepare::prepare;
use crate::schema::{FieldId, Schema, Scope};
use crate::value::Timestamp;
use crate::{Expect, Path, compile};

/// Shows a predicate in short.
fn show(pred: &Pred) -> String {
    let join = |parts: &[Pred], by: &str| {
        let shown: Vec<_> = parts.iter().map(show).collect();
        format!("({})", shown.join(by))
    };
    match pred {
        Pred::True => "true".into(),
        Pred::False => "false".into(),
        Pred::Unknown => "unknown".into(),
        Pred::And(parts) => join(parts, " and "),
        Pred::Or(parts) => join(parts, " or "),
        Pred::Not(of) => format!("not {}", show(of)),
        Pred::OrFalse(of) => format!("orfalse({})", show(of)),
        Pred::Compare(op, a, b) => format!("{} {op:?} {}", term(a), term(b)),
        Pred::Same(a, b) => format!("{} same {}", term(a), term(b)),
        Pred::IsNull(of) => format!("{} isnull", term(of)),
        Pred::In(needle, items) => {
            let items: Vec<_> = items.iter().map(term).collect();
            format!("{} in ({})", term(needle), items.join(", "))
        }
        Pred::InList(needle, list) => format!("{} inlist {}", term(needle), term(list)),
        Pred::Holds(of) => term(of),
        Pred::ExistsRow { of, relation, var, pred } => {
            format!("exists{}({}/{} {})", var.0, path(of), relation.0, show(pred))
        }
        Pred::ExistsElement { list, var, pred } => {
            format!("exists{}({} {})", var.0, term(list), show(pred))
        }
    }
}

fn term(of: &Term) -> String {
    let tables = Tables::new();
    let name = |of: &Path, field: &FieldId| {
        if of.hops.is_empty() && of.entity == ITEM {
            tables.field_names(ITEM)[field.0 as usize].to_owned()
        } else {
            field.0.to_string()
        }
    };
    match of {
        Term::Field { of, field, .. } => format!("{}.{}", path(of), name(of, field)),
        Term::RefKey { of, field, .. } => format!("{}.{}_id", path(of), name(of, field)),
        Term::Element(var, _) => format!("element{}", var.0),
        Term::Atom(index, _) => format!("?{index}"),
        Term::Null(_) => "null".into(),
        Term::JsonPath(of, steps) => format!("path({} {})", term(of), steps.len()),
        Term::JsonAs(of, ty) => format!("as({} {ty:?})", term(of)),
        Term::Convert(of, _, ty) => format!("convert({} {ty:?})", term(of)),
        Term::Neg(of, _) => format!("neg({})", term(of)),
        Term::Arith { op, left, right, .. } => format!("{op:?}({} {})", term(left), term(right)),
        Term::Call(func, arguments) => {
            let mut shown = format!("{func:?}(");
            for (index, (argument, _)) in arguments.iter().enumerate() {
                let _ = write!(shown, "{}{}", if index > 0 { " " } else { "" }, term(argument));
            }
            shown + ")"
        }
        Term::CountRows { of, relation } => format!("count({}/{})", path(of), relation.0),
        Term::Truth(pred) => format!("truth({})", show(pred)),
        Term::Case(test, a, b) => format!("case({} {} {})", show(test), term(a), term(b)),
    }
}

fn path(of: &Path) -> String {
    let hops: String = of.hops.iter().map(|hop| format!("→{}", hop.0)).collect();
    format!("r{}{hops}", of.var.0)
}

fn anonymous() -> Option<serde_json::Value> {
    None
}

fn admin() -> Option<serde_json::Value> {
    Some(json!({"sub": "01890a5d-ac96-774b-bcce-b302099a8001", "role": "admin"}))
}

fn customer() -> Option<serde_json::Value> {
    Some(json!({"sub": "01890a5d-ac96-774b-bcce-b302099a8002", "role": "customer"}))
}

fn prepared(text: &str) -> crate::Prepared {
    let tables = Tables::new();
    let scope = Scope {
        schema: &tables,
        row: Some(ITEM),
        bare_fields: false,
        input: None,
        user: true,
        now: true,
    };
    prepare(
        compile(text, &scope, Expect::Type(Type::Bool)).unwrap_or_else(|e| panic!("{text}: {e:?}")),
    )
}

fn shapes(prepared: &crate::Prepared, user: Option<serde_json::Value>) -> Vec<AtomShape> {
    let caller = Caller { user: user.map(Arc::new), now: Timestamp(0), input: &[], request: None };
    prepared.atom_values(&caller).iter().map(AtomShape::of).collect()
}

fn check_for(user: Option<serde_json::Value>, text: &str, nulls: Nulls, expected: &str) {
    let prepared = prepared(text);
    let pred = lower(&prepared.tree, &shapes(&prepared, user), nulls);
    assert_eq!(show(&pred), expected, "{text}");
}

fn rule(text: &str, expected: &str) {
    check_for(customer(), text, Nulls::Unknown, expected);
}

fn filter(text: &str, expected: &str) {
    check_for(customer(), text, Nulls::False, expected);
}

#[test]
fn a_rule_shrinks_to_what_the_caller_leaves_open() {
    let text = "row.owner == user.id || user.role == 'admin'";
    let check = |user, expected| check_for(user, text, Nulls::Unknown, expected);
    check(customer(), "r0.owner_id Eq ?0");
    check(admin(), "true");
    check(anonymous(), "false");
    check_for(anonymous(), "row.buyer == user.id", Nulls::Unknown, "r0.buyer_id isnull");
    check_for(anonymous(), "user != null && row.buyer == user.id", Nulls::Unknown, "false");
    check_for(
        customer(),
        "user != null && row.buyer == user.id",
        Nulls::Unknown,
        "r0.buyer_id Eq ?1",
    );
    check_for(anonymous(), "!(row.int < user.level)", Nulls::Unknown, "false");
    check_for(anonymous(), "!(row.int < user.level)", Nulls::False, "true");
}

#[test]
fn equality_stays_a_plain_comparison_where_an_index_can_serve() {
    rule("row.int == 5", "r0.int Eq ?0");
    rule("row.intN == 5", "r0.intN Eq ?0");
    rule("row.intN != 5", "not r0.intN same ?0");
    rule("!(row.intN == 5)", "not r0.intN same ?0");
    rule("!(row.intN != 5)", "r0.intN Eq ?0");
    rule("row.int != 5", "r0.int Ne ?0");
    rule("row.intN == row.int", "r0.intN Eq r0.int");
    rule("row.buyer == row.parent.buyer", "r0.buyer_id same r0→29.28_id");
    rule("row.intN == null", "r0.intN isnull");
    rule("row.int == null", "false");
    rule("row.int != null", "true");
    rule("row.pair == null", "r0.pair_id isnull");
    rule("row.bool == true", "r0.bool");
    rule("row.boolN == false", "not r0.boolN");
    rule("row.boolN != true", "not orfalse(r0.boolN)");
}

#[test]
fn negations_are_pushed_inward() {
    rule("!(row.int < 5 && row.bool)", "(r0.int Ge ?0 or not r0.bool)");
    rule("!(row.intN < 5)", "r0.intN Ge ?0");
    filter("!(row.intN < 5)", "not orfalse(r0.intN Lt ?0)");
    filter("row.intN < 5", "r0.intN Lt ?0");
    filter("!(row.int < 5)", "r0.int Ge ?0");
    filter("!!(row.intN < 5)", "r0.intN Lt ?0");
    filter("!row.boolN", "not orfalse(r0.boolN)");
    rule("!row.boolN", "not r0.boolN");
    filter("!(row.textN in ['a'])", "not orfalse(r0.textN inlist ?0)");
    rule("!(row.text.startsWith('a') || row.bool)", "(not StartsWith(r0.text ?0) and not r0.bool)");
}

#[test]
fn lists_are_bound_whole_where_they_know_no_row() {
    rule("row.status in ['PAID', 'SENT']", "r0.status inlist ?0");
    rule("row.int in [1, row.intN]", "r0.int in (?0, r0.intN)");
    rule("row.text in user.roles", "false");
    rule("row.text in ['a', user.nothing]", "(r0.text in (?0) or unknown)");
    rule("row.text in [user.nothing]", "false");
    rule("row.text in row.texts", "r0.text inlist r0.texts");
    rule("user.role in ['customer', row.text]", "?0 in (?1, r0.text)");
}

#[test]
fn quantifiers_become_exists() {
    rule("row.children.exists(c, c.intN > 1)", "exists1(r0/32 r1.intN Gt ?0)");
    rule("row.children.all(c, c.int > 1)", "not exists1(r0/32 r1.int Le ?0)");
    rule("row.children.all(c, c.intN > 1)", "not exists1(r0/32 not orfalse(r1.intN Gt ?0))");
    rule("row.children.exists(c, user.role == 'admin')", "false");
    rule("row.children.all(c, user.role == 'customer')", "true");
    rule("row.texts.exists(t, t == row.text)", "exists1(r0.texts element1 Eq r0.text)");
    rule("row.parent.children.exists(c, c.bool)", "exists1(r0→29/32 r1.bool)");
    rule("size(row.children) > 2", "count(r0/32) Gt ?0");
}

#[test]
fn choices_take_the_branch_that_is_known() {
    rule("user.role == 'customer' ? row.bool : row.boolN", "r0.bool");
    rule(
        "row.bool ? row.int == 1 : row.int == 2",
        "((r0.bool and r0.int Eq ?0) or (not r0.bool and r0.int Eq ?1))",
    );
    rule("(row.boolN ? row.int : 2) == 2", "case(r0.boolN r0.int ?0) Eq ?0");
    let deep =
        (0..40).fold("row.bool".to_owned(), |test, _| format!("({test} ? row.boolN : row.bool)"));
    let prepared = prepared(&deep);
    let pred = lower(&prepared.tree, &[], Nulls::Unknown);
    assert!(show(&pred).len() < 4_000, "nested choices are not copied");
}

#[test]
fn checks_keep_unknown_apart_from_false() {
    let check = |text: &str, expected: &str| {
        let prepared = prepared(text);
        let pred = lower_check(&prepared.tree, &shapes(&prepared, anonymous()));
        assert_eq!(show(&pred), expected, "{text}");
    };
    check("row.intN >= 0", "r0.intN Ge ?0");
    check("row.textN == 'a'", "r0.textN same ?0");
    check("row.text == 'a'", "r0.text Eq ?0");
    check("row.int < user.level", "unknown");
    check("row.int < user.level || row.bool", "(unknown or r0.bool)");
    check("row.boolN == true", "orfalse(r0.boolN)");
}

#[test]
fn equal_atoms_are_bound_once() {
    let prepared =
        prepared("row.int > 5 || row.intN > 5 || row.text == user.role || row.textN == user.role");
    assert_eq!(prepared.atoms.len(), 2);
}
