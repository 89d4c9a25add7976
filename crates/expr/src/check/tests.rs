use super::*;
use crate::agreement::world::{ITEM, Tables};

fn scope(tables: &Tables) -> Scope<'_> {
    Scope {
        schema: tables,
        row: Some(ITEM),
        bare_fields: false,
        input: Some(ITEM),
        user: true,
        now: true,
    }
}

/// Shows a checked expression with each conversion and type that matters.
fn show(node: &Node) -> String {
    let children = || {
        let mut shown = Vec::new();
        node.each_child(&mut |child| shown.push(show(child)));
        shown.join(" ")
    };
    let ty = &node.ty;
    match &node.kind {
        Kind::Literal(literal) => format!("{:?}", literal.0),
        Kind::Row(var) => format!("row{}", var.0),
        Kind::Element(var) => format!("element{}", var.0),
        Kind::Now => "now".into(),
        Kind::User => "user".into(),
        Kind::Input(field) => format!("input.{}", field.0),
        Kind::HasInput(field) => format!("has(input.{})", field.0),
        Kind::Field { field, .. } => format!("{}.{}", children(), name_of(node, field.0)),
        Kind::Hop { field, .. } => format!("{}→{}", children(), name_of(node, field.0)),
        Kind::RefKey { field, .. } => format!("{}.key({})", children(), name_of(node, field.0)),
        Kind::ToMany { field, .. } => format!("{}.many({})", children(), name_of(node, field.0)),
        Kind::JsonPath { path, .. } => {
            let steps: Vec<_> = path
                .iter()
                .map(|step| match step {
                    crate::PathStep::Member(name) => format!(".{name}"),
                    crate::PathStep::Index(index) => format!("[{index}]"),
                })
                .collect();
            format!("{}{}", children(), steps.concat())
        }
        Kind::JsonAs(_) => format!("as({} {ty:?})", children()),
        Kind::Convert(_) => format!("convert({} {ty:?})", children()),
        Kind::Not(_) => format!("not({})", children()),
        Kind::Neg(_) => format!("neg({})", children()),
        Kind::And(..) => format!("and({})", children()),
        Kind::Or(..) => format!("or({})", children()),
        Kind::Compare(op, ..) => format!("{op:?}({})", children()),
        Kind::Arith(op, ..) => format!("{op:?}({})", children()),
        Kind::In(..) => format!("in({})", children()),
        Kind::List(_) => format!("[{}]", children()),
        Kind::Cond(..) => format!("if({})", children()),
        Kind::Call(func, _) => format!("{func:?}({})", children()),
        Kind::Quantified { quantifier, var, .. } => {
            format!("{quantifier:?}{}({})", var.0, children())
        }
        Kind::Atom(index) => format!("atom{index}"),
    }
}

fn name_of(node: &Node, field: u32) -> String {
    let mut entity = ITEM;
    node.each_child(&mut |child| {
        if let Type::Row(of) = child.ty {
            entity = of;
        }
    });
    use crate::schema::Schema;
    Tables::new().field_names(entity)[field as usize].to_owned()
}

fn outcome(result: Result<Node, Vec<Mistake>>) -> String {
    match result {
        Ok(node) => show(&node),
        Err(mistakes) => {
            let shown: Vec<_> = mistakes
                .iter()
                .map(|mistake| format!("{}..{} {mistake}", mistake.span.start, mistake.span.end))
                .collect();
            shown.join("\n")
        }
    }
}

fn check_as(text: &str, expect: Expect, expected: &str) {
    let tables = Tables::new();
    let found = outcome(compile(text, &scope(&tables), expect));
    assert_eq!(found, expected, "{text}");
}

fn condition(text: &str, expected: &str) {
    check_as(text, Expect::Type(Type::Bool), expected);
}

fn value(text: &str, expected: &str) {
    check_as(text, Expect::AnyScalar, expected);
}

#[test]
fn literals_take_the_type_of_what_they_meet() {
    condition("row.status == 'PAID'", r#"Eq(row0.status Text("PAID"))"#);
    condition("row.decimal >= 19.90", "Ge(row0.decimal Decimal(19.90))");
    condition("row.decimal == 5", "Eq(row0.decimal Decimal(5))");
    condition("-1.50 < row.decimal", "Lt(Decimal(-1.50) row0.decimal)");
    condition("row.float > 2", "Gt(row0.float Float(2.0))");
    condition("row.day == '2026-11-24'", "Eq(row0.day Date(Date(20781)))");
    condition("row.at < '1970-01-01T00:00:01Z'", "Lt(row0.at Timestamp(Timestamp(1000000)))");
    condition("row.at < '1970-01-02'", "Lt(row0.at Timestamp(Timestamp(86400000000)))");
    condition(
        "row.id == '01890a5d-ac96-774b-bcce-b302099a8001'",
        "Eq(row0.id Uuid(01890a5d-ac96-774b-bcce-b302099a8001))",
    );
    condition(
        "row.decimal == (row.bool ? 1.10 : 2)",
        "Eq(row0.decimal if(row0.bool Decimal(1.10) Decimal(2)))",
    );
    condition(
        "row.status == (row.bool ? 'PAID' : 'SENT')",
        r#"Eq(row0.status if(row0.bool Text("PAID") Text("SENT")))"#,
    );
    condition("now - row.at > duration('1h')", "Gt(Sub(now row0.at) Duration(3600000000))");
    condition("row.intN == null", "Eq(row0.intN Null)");
    value("decimal(19.90)", "Decimal(19.90)");
    value("timestamp('1970-01-01T00:00:00Z')", "Timestamp(Timestamp(0))");
    check_as("5", Expect::Type(Type::Decimal), "Decimal(5)");
    check_as("'PAID'", Expect::Type(Type::Enum(crate::EnumId(0))), r#"Text("PAID")"#);
    check_as(
        "[1, 2.50]",
        Expect::Type(Type::List(Type::Decimal.into())),
        "[Decimal(1) Decimal(2.50)]",
    );
    check_as("null", Expect::Type(Type::Int), "Null");
}

#[test]
fn operands_are_brought_to_one_type() {
    condition("row.int < row.float", "Lt(convert(row0.int Float) row0.float)");
    condition("row.decimal == row.int", "Eq(row0.decimal convert(row0.int Decimal))");
    condition("row.day < row.at", "Lt(convert(row0.day Timestamp) row0.at)");
    value("row.int + row.float", "Add(convert(row0.int Float) row0.float)");
    value("row.day + duration('1s')", "Add(convert(row0.day Timestamp) Duration(1000000))");
    value("duration('1s') + row.at", "Add(row0.at Duration(1000000))");
    value("row.text + 'x'", r#"Add(row0.text Text("x"))"#);
    condition("row.int in [1, 2.5]", "in(convert(row0.int Float) [Float(1.0) Float(2.5)])");
    condition("row.decimal in [1, 2.50]", "in(row0.decimal [Decimal(1) Decimal(2.50)])");
    condition("row.status in ['PAID']", r#"in(row0.status [Text("PAID")])"#);
    condition("'PAID' in row.states", r#"in(Text("PAID") row0.states)"#);
    condition("row.int in []", "in(row0.int [])");
}

#[test]
fn json_takes_the_type_of_what_it_meets() {
    condition("user.role == 'admin'", r#"Eq(as(user.role Text) Text("admin"))"#);
    condition("user.active", "as(user.active Bool)");
    condition("user.level > 2", "Gt(as(user.level Float) Float(2.0))");
    condition("row.int == row.json.size", "Eq(convert(row0.int Float) as(row0.json.size Float))");
    condition(
        "row.decimal == row.json['size'][0]",
        "Eq(row0.decimal as(row0.json.size[0] Decimal))",
    );
    condition("row.json.color == null", "Eq(row0.json.color Null)");
    condition("user == null", "Eq(user Null)");
    condition("row.id == user.id", "Eq(row0.id as(user.sub Uuid))");
    condition("'a' in user.roles", r#"in(Text("a") user.roles)"#);
    condition("row.int in user.levels", "in(convert(row0.int Float) user.levels)");
    condition("user.role in ['a', 'b']", r#"in(as(user.role Text) [Text("a") Text("b")])"#);
    condition("user.email.endsWith('@x')", r#"EndsWith(as(user.email Text) Text("@x"))"#);
    condition(
        "user.roles.exists(r, r == 'a')",
        r#"Exists1(user.roles Eq(as(element1 Text) Text("a")))"#,
    );
    value("user.level + 1", "Add(as(user.level Float) Float(1.0))");
    check_as("user.level", Expect::Type(Type::Int), "as(user.level Int)");
}

#[test]
fn a_to_one_relation_is_its_key() {
    condition("row.owner == user.id", "Eq(row0.key(owner) as(user.sub Uuid))");
    condition("row.ownerId == user.id", "Eq(row0.key(owner) as(user.sub Uuid))");
    condition("row.owner.id == user.id", "Eq(row0.key(owner) as(user.sub Uuid))");
    condition("row.maker.id == user.id", "Eq(row0.key(maker) as(user.sub Uuid))");
    condition("row.parent.owner == row.owner", "Eq(row0→parent.key(owner) row0.key(owner))");
    condition("row.owner in user.friends", "in(row0.key(owner) user.friends)");
    condition(
        "row.children.exists(c, c == row.parent)",
        "Exists1(row0.many(children) Eq(row1.id row0.key(parent)))",
    );
    condition("row.pair != null", "Ne(row0.key(pair) Null)");
    condition("has(row.pair)", "Ne(row0.key(pair) Null)");
    value("row.owner.boss.name", "row0→owner→boss.name");
    value("input.owner", "input.27");
    value("input.ownerId", "input.27");
    condition("has(input.owner)", "has(input.27)");
}

#[test]
fn bare_names_are_fields_of_the_row() {
    let tables = Tables::new();
    let bare = Scope { bare_fields: true, ..scope(&tables) };
    let check = |text: &str, expected: &str| {
        assert_eq!(outcome(compile(text, &bare, Expect::Type(Type::Bool))), expected, "{text}");
    };
    check("int > 5", "Gt(row0.int Int(5))");
    check("row.int > 5", "Gt(row0.int Int(5))");
    check("ownerId == user.id", "Eq(row0.key(owner) as(user.sub Uuid))");
    check("owner.name == 'a'", r#"Eq(row0→owner.name Text("a"))"#);
    check(
        "children.exists(int, int.bool && bool)",
        "Exists1(row0.many(children) and(row1.bool row0.bool))",
    );
    check("tet == 'a'", "0..3 `tet` is not known; did you mean `text`?");
    check("status == PAID", "10..14 `PAID` is not known; a value of an enum is a text: 'PAID'");
}

#[test]
fn loops_nest_and_shadow() {
    condition(
        "row.children.all(c, c.texts.exists(t, t == row.text && c.bool))",
        "All1(row0.many(children) Exists2(row1.texts and(Eq(element2 row0.text) row1.bool)))",
    );
    condition(
        "row.children.exists(x, row.ints.exists(x, x > 1))",
        "Exists1(row0.many(children) Exists2(row0.ints Gt(element2 Int(1))))",
    );
    condition(
        "row.children.exists(a, a.children.exists(b, b.children.exists(c, c.children.exists(d, d.children.exists(e, true)))))",
        "97..103 loops nest deeper than 4 levels",
    );
    condition(
        "row.ints.exists(row, true)",
        "16..19 `row` already has a meaning; choose another name",
    );
    condition(
        "row.ints.exists(1, true)",
        "9..15 `exists` takes a name and a condition; write .exists(x, x …)",
    );
}

#[test]
fn every_mistake_is_reported_with_its_place() {
    condition(
        "row.decmal > 5 && row.status == 'PIAD' && usr.id == row.owner && row.text.startWith('a') && sice(row.text) > 1",
        "4..10 Item has no field `decmal`; did you mean `decimal`?\n\
         32..38 Status has no value 'PIAD'; did you mean `PAID`?\n\
         42..45 `usr` is not known; did you mean `user`?\n\
         74..83 there is no method `startWith`; did you mean `startsWith`?\n\
         92..96 there is no function `sice`; did you mean `size`?",
    );
    condition("row.int", "0..7 expected a condition, but this is Int; compare it with something");
    condition(
        "row.owner",
        "0..9 expected a condition, but this is row of Person; ask whether there is one with `!= null`",
    );
    condition(
        "row.int == row.text",
        "0..19 cannot compare Int and String; convert one with string(…)",
    );
    condition(
        "row.float < row.decimal",
        "0..23 cannot compare Float and Decimal; convert one with decimal(…)",
    );
    condition(
        "user.a == user.b",
        "0..16 the types of two JSON values are not known; say what one of them is: string(x), double(x), decimal(x) or timestamp(x)",
    );
    condition(
        "row.bool < row.boolN",
        "0..20 Boolean has no order; use == or !=, or `in` with a list",
    );
    condition(
        "row.status < 'SENT'",
        "0..19 Status has no order; use == or !=, or `in` with a list",
    );
    condition(
        "row.json < 5 || row.texts == row.texts",
        "16..38 lists cannot be compared; use `in`, .exists or .all",
    );
    condition("row.int < null", "0..14 nothing is less or greater than null; use == or !=");
    condition(
        "row.maker.name == 'a'",
        "10..14 Maker belongs to another module; only its key can be used here: compare the relation itself",
    );
    condition(
        "row.pair == 5",
        "0..8 a key of several parts cannot be compared; compare the fields of the relation one by one",
    );
    condition(
        "row.children == null",
        "0..12 a relation to many rows is not a value; use .exists(x, …), .all(x, …) or .size()",
    );
    condition(
        "row.children.name == 'a'",
        "13..17 a relation to many rows has no fields of its own; say which row: .exists(x, x.name …)",
    );
    condition(
        "row.at < 'yesterday'",
        "9..20 'yesterday' cannot be read as DateTime; a DateTime is written '2026-11-24T03:04:05Z'",
    );
    condition(
        "row.at < now - '24h'",
        "9..20 cannot compute this with DateTime and String; write duration('24h')",
    );
    condition(
        "row.id == 'x'",
        "10..13 'x' cannot be read as ID; an ID is a UUID: '01890a5d-ac96-774b-bcce-b302099a8057'",
    );
    condition("row.text.matches('(')", "17..20 this is not a regular expression: unclosed group");
    condition(
        "row.text.matches(row.text)",
        "17..25 `matches` takes a regular expression, written out",
    );
    condition(
        r"row.text.matches('(\\w{100}){100}')",
        "17..34 this regular expression is too large",
    );
    condition("null in row.ints", "0..4 null is in no list");
    condition("row.int in [null]", "12..16 null equals no element; ask for it with `x == null`");
    condition(
        "row.int in row.children",
        "11..23 `in` takes a list, not a relation to many rows; use .exists(x, x == …)",
    );
    condition("'a' in row.text", "7..15 `in` takes a list, not a text; use .contains(…)");
    condition(
        "row.texts[0] == 'a'",
        "0..12 list of String has no elements by index; use `x in list` or .exists(x, …)",
    );
    condition(
        "contains(row.text, 'a')",
        "0..8 there is no function `contains`; it is a method: x.contains(…)",
    );
    condition(
        "row.text.string() == 'a'",
        "9..15 there is no method `string`; it is a function: string(x)",
    );
    condition("row.text.trim(1) == 'a'", "9..13 `trim` takes no argument");
    condition(
        "[row.int, 5].exists(x, x > 1)",
        "0..12 a loop over a list of a row's fields is not supported; write the conditions out, joined by || or &&",
    );
    condition("input == null", "0..5 `input` is not a value; name one of its fields: `input.name`");
    condition(
        "has(1)",
        "4..5 `has` takes a field; write has(row.name), has(input.name) or has(row.json.member)",
    );
    value("row.text * 2", "0..12 cannot compute with String and Int; convert one with int(…)");
    value("row.texts", "0..9 expected one value here, but this is a list");
    value(
        "duration(row.text)",
        "9..17 `duration` takes a text, written out; write duration('1h30m')",
    );
    value(
        "decimal('x')",
        "0..12 'x' cannot be read as Decimal; a Decimal is written '19.90', with at most 28 digits",
    );
    check_as(
        "row.float",
        Expect::Type(Type::Int),
        "0..9 expected Int here, but this is Float; convert it with int(…)",
    );
    check_as(
        "row.owner.name",
        Expect::Type(Type::Uuid),
        "0..14 expected ID here, but this is String",
    );
}

#[test]
fn what_is_not_in_scope_is_said_to_be_so() {
    let tables = Tables::new();
    let none = Scope { row: None, input: None, user: false, now: false, ..scope(&tables) };
    let check = |text: &str, expected: &str| {
        assert_eq!(outcome(compile(text, &none, Expect::Type(Type::Bool))), expected, "{text}");
    };
    check("user.id == null", "0..4 `user` is not in scope here; only constants can be used here");
    check("row.int > 1", "0..3 `row` is not in scope here; only constants can be used here");
    check(
        "now > timestamp('1970-01-01')",
        "0..3 `now` is not in scope here; only constants can be used here",
    );
    let user = Scope { user: true, ..none };
    let text = "x == 1 || input.a";
    assert_eq!(
        outcome(compile(text, &user, Expect::Type(Type::Bool))),
        "0..1 `x` is not known; in scope are user\n10..15 `input` is not in scope here; in scope are user",
    );
}

#[test]
fn nulls_are_followed() {
    let tables = Tables::new();
    let nullable = |text: &str| {
        let node =
            compile(text, &scope(&tables), Expect::AnyScalar).unwrap_or_else(|_| panic!("{text}"));
        node.nullable
    };
    for text in [
        "row.intN",
        "row.parent.int",
        "user.a",
        "row.int + 1",
        "row.int < row.intN",
        "row.int in user.x",
        "int(row.text)",
        "!row.boolN",
        "row.bool ? row.intN : 1",
        "row.buyer",
        "input.int",
        "size(row.jsonN)",
    ] {
        assert!(nullable(text), "{text}");
    }
    for text in [
        "row.int",
        "row.owner.name",
        "row.intN == 1",
        "row.text + 'a'",
        "row.int < 5",
        "size(row.children)",
        "row.children.exists(c, c.boolN)",
        "has(input.int)",
        "double(row.int)",
        "row.owner",
    ] {
        assert!(!nullable(text), "{text}");
    }
}

#[test]
fn a_long_chain_is_a_shallow_tree() {
    let tables = Tables::new();
    let text = vec!["row.int == 1"; 800].join(" || ");
    let node = compile(&text, &scope(&tables), Expect::Type(Type::Bool)).unwrap();
    fn depth(node: &Node) -> usize {
        let mut deepest = 0;
        node.each_child(&mut |child| deepest = deepest.max(depth(child)));
        deepest + 1
    }
    assert!(depth(&node) < 16, "{}", depth(&node));
}
