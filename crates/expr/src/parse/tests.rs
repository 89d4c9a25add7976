use proptest::prelude::*;

use super::*;
use crate::tree::{ArithOp, CompareOp, Span};

fn check(text: &str, expected: &str) {
    let shown = match parse(text) {
        Ok(ast) => format!("{}", Grouped(&ast)),
        Err(mistake) => format!("{}..{}: {mistake}", mistake.span.start, mistake.span.end),
    };
    assert_eq!(shown, expected, "{text}");
}

/// Prints every operator with parentheses, so that a test sees how it was read.
struct Grouped<'a>(&'a Ast);

impl std::fmt::Display for Grouped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0.kind {
            AstKind::Arith(op, a, b) => write!(f, "({op:?} {} {})", Grouped(a), Grouped(b)),
            AstKind::Compare(op, a, b) => write!(f, "({op:?} {} {})", Grouped(a), Grouped(b)),
            AstKind::In(a, b) => write!(f, "(in {} {})", Grouped(a), Grouped(b)),
            AstKind::Not(a) => write!(f, "(not {})", Grouped(a)),
            AstKind::Neg(a) => write!(f, "(neg {})", Grouped(a)),
            AstKind::Cond(a, b, c) => {
                write!(f, "(if {} {} {})", Grouped(a), Grouped(b), Grouped(c))
            }
            AstKind::And(items) | AstKind::Or(items) => {
                let and = matches!(self.0.kind, AstKind::And(_));
                f.write_str(if and { "(and" } else { "(or" })?;
                items.iter().try_for_each(|item| write!(f, " {}", Grouped(item)))?;
                f.write_str(")")
            }
            _ => write!(f, "{}", self.0),
        }
    }
}

#[test]
fn operators_bind_as_in_cel() {
    check("a || b && c || d", "(or a (and b c) d)");
    check("a && b && c", "(and a b c)");
    check("a && (b && c)", "(and a (and b c))");
    check("a + b * c - d", "(Sub (Add a (Mul b c)) d)");
    check("a - b - c", "(Sub (Sub a b) c)");
    check("a < b + 1 && c in d", "(and (Lt a (Add b 1)) (in c d))");
    check("!a.b && -c[0] < 1", "(and (not a.b) (Lt (neg c[0]) 1))");
    check("!!a == !b", "(Eq (not (not a)) (not b))");
    check("a ? b : c ? d : e", "(if a b (if c d e))");
    check("a == b ? 1 : 2", "(if (Eq a b) 1 2)");
    check("(a || b) && c", "(and (or a b) c)");
    check("a % 2 != 0", "(Ne (Rem a 2) 0)");
    check("--5", "(neg -5)");
    check("5 - -5", "(Sub 5 -5)");
}

#[test]
fn primaries_are_read() {
    check("null", "null");
    check("[1, 'a', true,]", "[1, 'a', true]");
    check("a.b['c'][0].d(e).f", "a.b['c'][0].d(e).f");
    check("f()", "f()");
    check("xs.exists(x, x > 1)", "xs.exists(x, x > 1)");
    check("0x1F", "31");
    check("-9223372036854775808", "-9223372036854775808");
    check("19.90", "19.90");
    check("-1.5e-3", "-1.5e-3");
    check("1e3", "1e3");
    check("inner", "inner");
    check("a.in", "a.in");
    check("(-5).abs()", "-5.abs()");
}

#[test]
fn texts_are_unescaped() {
    check(r#""it's""#, r"'it\'s'");
    check(r"'a\n\t\\\'\u00e9\x41\101\U0001F600'", "'a\\n\\t\\\\\\'éAA😀'");
    check(r"r'\d+'", r"'\\d+'");
    check(
        r"'\q'",
        r"1..3: this escape is not known; a backslash itself is written \\, or use a raw text: r'…'",
    );
    check(
        r"'\ud800'",
        r"1..3: this escape is not known; a backslash itself is written \\, or use a raw text: r'…'",
    );
    check(
        r"'\x4'",
        r"1..3: this escape is not known; a backslash itself is written \\, or use a raw text: r'…'",
    );
    check(
        r"'\u+123'",
        r"1..3: this escape is not known; a backslash itself is written \\, or use a raw text: r'…'",
    );
    check("'ab", r"0..3: this text has no closing '; a line break in a text is written \n");
    check(r"'ab\'", r"0..5: this text has no closing '; a line break in a text is written \n");
}

#[test]
fn mistakes_say_where_and_what() {
    check("", "0..0: expected a value here, but found the end");
    check("a b", "2..3: expected an operator or the end here, but found `b`");
    check(
        "a and b",
        "2..5: expected an operator or the end here, but found `and`; \"and\" is written `&&`",
    );
    check("a = b", "2..3: `=` is not an operator; `==` is equality");
    check("a & b", "2..3: `&` is not an operator; `&&` is \"and\"");
    check("(a", "2..2: expected `)` here, but found the end");
    check("a ? b", "5..5: expected `:` here, but found the end");
    check("a.", "2..2: expected a name here, but found the end");
    check("a.'b'", "2..5: expected a name here, but found a text");
    check("24h", "0..3: `24h` is not a number; write a span of time as duration('24h')");
    check("12abc", "0..5: `12abc` is not a number");
    check("1 + €", "4..7: '€' has no meaning here");
    check(
        "9223372036854775808",
        "0..19: this integer does not fit in 64 bits; write it as a decimal: decimal('9223372036854775808')",
    );
    check("0x", "0..2: this integer does not fit in 64 bits; write it as a decimal: decimal('0x')");
}

#[test]
fn spans_cover_what_was_written() {
    let text = " a.b  + (c)";
    let ast = parse(text).unwrap();
    assert_eq!(&text[ast.span.start..ast.span.end], "a.b  + (c)");
    let AstKind::Arith(_, left, right) = &ast.kind else { panic!("a sum") };
    assert_eq!(&text[left.span.start..left.span.end], "a.b");
    assert_eq!(&text[right.span.start..right.span.end], "(c)");
}

#[test]
fn bounds_are_mistakes() {
    let fails = |text: String, message: &str| {
        let mistake = parse(&text).expect_err("it exceeds a bound");
        assert_eq!(mistake.message, message);
    };
    fails("a".repeat(TEXT_BYTES_MAX + 1), "the expression is longer than 65536 bytes");
    let deep = "the expression nests deeper than 64 levels";
    fails("(".repeat(10_000), deep);
    fails("[".repeat(10_000), deep);
    fails("!".repeat(10_000), deep);
    fails("-".repeat(10_000), deep);
    fails(format!("a{}", ".b".repeat(10_000)), deep);
    fails(format!("a{}", " + a".repeat(1_000)), deep);
    fails("a ? b : ".repeat(5_000), deep);
    fails("a ? ".repeat(5_000), deep);
    fails("f(".repeat(5_000), deep);
    fails(format!("[{}]", "1,".repeat(5_000)), "the expression has more than 4096 parts");
    assert!(parse(&format!("a{}", " || a".repeat(2_000))).is_ok(), "a long chain is flat");
    assert!(parse(&format!("{}a{}", "(".repeat(63), ")".repeat(63))).is_ok());
}

fn ast(kind: AstKind) -> Ast {
    Ast { kind, span: Span::default() }
}

fn name() -> impl Strategy<Value = Name> {
    prop::sample::select(vec!["a", "row", "in_", "nullx", "r", "x1"])
        .prop_map(|text| Name { text: text.to_owned(), span: Span::default() })
}

fn trees() -> impl Strategy<Value = Ast> {
    let leaf = prop_oneof![
        Just(AstKind::Null),
        any::<bool>().prop_map(AstKind::Bool),
        any::<i64>().prop_map(AstKind::Int),
        "-?[0-9]{1,3}\\.[0-9]{1,3}(e-?[0-9])?".prop_map(AstKind::Float),
        any::<String>().prop_map(AstKind::Text),
        name().prop_map(|name| AstKind::Name(name.text)),
    ]
    .prop_map(ast);
    leaf.prop_recursive(5, 40, 4, |inner| {
        let one = || inner.clone().prop_map(Box::new);
        let many = |least| prop::collection::vec(inner.clone(), least..4);
        let arith = prop::sample::select(vec![
            ArithOp::Add,
            ArithOp::Sub,
            ArithOp::Mul,
            ArithOp::Div,
            ArithOp::Rem,
        ]);
        let compare =
            prop::sample::select(vec![CompareOp::Eq, CompareOp::Ne, CompareOp::Lt, CompareOp::Ge]);
        prop_oneof![
            many(0).prop_map(AstKind::List),
            (one(), name()).prop_map(|(of, name)| AstKind::Member(of, name)),
            (one(), one()).prop_map(|(of, index)| AstKind::Index(of, index)),
            (name(), many(0)).prop_map(|(name, arguments)| AstKind::Call(name, arguments)),
            (one(), name(), many(0))
                .prop_map(|(of, name, arguments)| AstKind::Method(of, name, arguments)),
            one().prop_map(AstKind::Not),
            one().prop_map(|of| match of.kind {
                // The parser folds the sign into the number.
                AstKind::Int(int) => AstKind::Int(int),
                AstKind::Float(digits) => AstKind::Float(digits),
                _ => AstKind::Neg(of),
            }),
            (arith, one(), one()).prop_map(|(op, a, b)| AstKind::Arith(op, a, b)),
            (compare, one(), one()).prop_map(|(op, a, b)| AstKind::Compare(op, a, b)),
            (one(), one()).prop_map(|(a, b)| AstKind::In(a, b)),
            many(2).prop_map(AstKind::And),
            many(2).prop_map(AstKind::Or),
            (one(), one(), one()).prop_map(|(a, b, c)| AstKind::Cond(a, b, c)),
        ]
        .prop_map(ast)
    })
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,60}") {
        let _ = parse(&text);
    }

    #[test]
    fn no_likely_text_makes_the_parser_panic(
        parts in prop::collection::vec(prop::sample::select(vec![
            "a", "row", ".", "(", ")", "[", "]", "'", "\"", "\\", "r'", "1", "1.5", "0x", "e", "-", "!", "&&",
            "||", "==", "<", "?", ":", ",", " ", "in", "null", "é", "\n", "%", "9223372036854775808",
        ]), 0..40)
    ) {
        if let Err(mistake) = parse(&parts.concat()) {
            let text = parts.concat();
            prop_assert!(text.get(mistake.span.start..mistake.span.end).is_some());
        }
    }

    #[test]
    fn what_is_printed_is_read_back(tree in trees()) {
        let text = tree.to_string();
        prop_assert_eq!(parse(&text), Ok(tree), "{}", text);
    }
}
