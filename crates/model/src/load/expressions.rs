//! Compiles the expressions of directives, and puts their mistakes where they stand in the SDL.

use apollo_compiler::Node;
use apollo_compiler::ast::Value;
use expr::{EntityId, Expect, Kind, Scope, Span, Type};

use crate::entity::Rule;
use crate::load::draft::{Draft, Shape, View};
use crate::load::text_map::TextMap;
use crate::report::{Place, Problems};

/// What an expression may name besides the functions of the language.
#[derive(Copy, Clone, Default)]
pub(crate) struct Names {
    /// The entity behind `row`.
    pub(crate) row: Option<EntityId>,
    /// The entity whose fields `input` has.
    pub(crate) input: Option<EntityId>,
    /// Whether `user` is in scope.
    pub(crate) user: bool,
    /// Whether `now` is in scope.
    pub(crate) now: bool,
    /// Whether only what is stored in the row itself may be used, and why.
    pub(crate) stored_only: Option<&'static str>,
}

/// Compiles a condition; reports its mistakes and returns none if there are any.
pub(crate) fn condition(
    draft: &Draft<'_>,
    problems: &mut Problems<'_>,
    literal: &Node<Value>,
    names: Names,
) -> Option<Rule> {
    let (text, node) = compile(draft, problems, literal, names, Type::Bool)?;
    Some(Rule { text, expr: expr::prepare(node) })
}

/// A condition that is to become a part of others.
#[derive(Clone)]
pub(crate) struct Part {
    pub(crate) text: String,
    pub(crate) node: expr::Node,
}

/// Compiles a condition that is to become a part of others.
pub(crate) fn part(
    draft: &Draft<'_>,
    problems: &mut Problems<'_>,
    literal: &Node<Value>,
    names: Names,
) -> Option<Part> {
    let (text, node) = compile(draft, problems, literal, names, Type::Bool)?;
    Some(Part { text, node })
}

impl Part {
    /// Joins conditions that must all hold, in their order.
    pub(crate) fn all(parts: impl IntoIterator<Item = Self>) -> Option<Self> {
        parts.into_iter().reduce(|left, right| left.joined("&&", Kind::And, right))
    }

    /// Joins two conditions of which one must hold.
    pub(crate) fn or(self, other: Self) -> Self {
        self.joined("||", Kind::Or, other).in_parentheses()
    }

    /// Returns the rule.
    pub(crate) fn into_rule(self) -> Rule {
        Rule { text: self.text, expr: expr::prepare(self.node) }
    }

    fn joined(
        self,
        word: &str,
        join: fn(Box<expr::Node>, Box<expr::Node>) -> Kind,
        mut other: Self,
    ) -> Self {
        // What binds less would lose its end to the word.
        let left = match self.node.kind {
            Kind::Or(..) | Kind::Cond(..) => self.in_parentheses(),
            _ => self,
        };
        let before = format!("{} {word} (", left.text);
        other.node.shift_spans(before.len());
        let text = format!("{before}{})", other.text);
        let span = Span { start: 0, end: text.len() };
        let nullable = left.node.nullable || other.node.nullable;
        let kind = join(left.node.into(), other.node.into());
        Self { text, node: expr::Node::new(kind, Type::Bool, nullable, span) }
    }

    fn in_parentheses(self) -> Self {
        let Self { text, mut node } = self;
        node.shift_spans(1);
        Self { text: format!("({text})"), node }
    }
}

/// Compiles an expression whose value is used; reports its mistakes and returns none if there are any.
pub(crate) fn value(
    draft: &Draft<'_>,
    problems: &mut Problems<'_>,
    literal: &Node<Value>,
    names: Names,
    expected: Type,
) -> Option<Rule> {
    let (text, node) = compile(draft, problems, literal, names, expected)?;
    Some(Rule { text, expr: expr::prepare_value(node) })
}

/// Parses an expression whose names are not known yet; reports a mistake in its form.
pub(crate) fn text(
    draft: &Draft<'_>,
    problems: &mut Problems<'_>,
    literal: &Node<Value>,
) -> Option<String> {
    let (text, place) = written(draft, problems, literal)?;
    match expr::parse(text) {
        Ok(_) => Some(text.to_owned()),
        Err(mistake) => {
            let file = draft.sources.files().get(place.source)?.text();
            let map = TextMap::new(file, place.start..place.end, text);
            let place = match &map {
                Some(map) => {
                    Place::new(place.source, map.range(mistake.span.start..mistake.span.end))
                }
                None => place,
            };
            problems.error("expression", place, mistake.message).help_if(mistake.help);
            None
        }
    }
}

fn written<'l>(
    draft: &Draft<'_>,
    problems: &mut Problems<'_>,
    literal: &'l Node<Value>,
) -> Option<(&'l str, Place)> {
    let place = draft.parsed.place(literal.location());
    let text = literal.as_str();
    if text.is_none() {
        problems
            .error("wrong-argument-type", place, "an expression is written as a string")
            .help("put it in quotes: \"row.published\"");
    }
    Some((text?, place))
}

fn compile(
    draft: &Draft<'_>,
    problems: &mut Problems<'_>,
    literal: &Node<Value>,
    names: Names,
    expected: Type,
) -> Option<(String, expr::Node)> {
    let (text, place) = written(draft, problems, literal)?;
    let file = draft.sources.files().get(place.source)?.text();
    let map = TextMap::new(file, place.start..place.end, text);
    let within = |span: Span| match &map {
        Some(map) => Place::new(place.source, map.range(span.start..span.end)),
        None => place,
    };

    let view = View::new(draft);
    let scope = Scope {
        schema: &view,
        row: names.row,
        bare_fields: false,
        input: names.input,
        user: names.user,
        now: names.now,
    };
    match expr::compile(text, &scope, Expect::Type(expected)) {
        Ok(node) => {
            let stored = names.stored_only.is_none_or(|why| {
                let strays = strays(draft, names.row, &node);
                for (span, what) in &strays {
                    problems
                        .error("expression", within(*span), format!("{what} cannot be used here"))
                        .help(why);
                }
                strays.is_empty()
            });
            stored.then(|| (text.to_owned(), node))
        }
        Err(_) if view.is_doubtful() => None,
        Err(mistakes) => {
            for mistake in mistakes {
                problems
                    .error("expression", within(mistake.span), mistake.message)
                    .help_if(mistake.help);
            }
            None
        }
    }
}

/// Finds the parts of an expression that are not stored in the row itself.
fn strays(
    draft: &Draft<'_>,
    row: Option<EntityId>,
    node: &expr::Node,
) -> Vec<(Span, &'static str)> {
    let mut found = Vec::new();
    let mut open = vec![node];
    while let Some(node) = open.pop() {
        match &node.kind {
            Kind::Hop { .. } => {
                found.push((node.span, "another row"));
                continue;
            }
            Kind::ToMany { .. } => {
                found.push((node.span, "a to-many relation"));
                continue;
            }
            Kind::Field { of, field } => {
                let owner = row.map(|row| draft.entity(row));
                let computed = owner.is_some_and(|owner| {
                    matches!(of.kind, Kind::Row(_))
                        && matches!(owner.field(*field).shape, Shape::Computed(_))
                });
                if computed {
                    found.push((node.span, "a computed field"));
                }
                open.push(of);
            }
            Kind::RefKey { of, .. } | Kind::JsonPath { of, .. } => open.push(of),
            Kind::JsonAs(of) | Kind::Convert(of) | Kind::Not(of) | Kind::Neg(of) => open.push(of),
            Kind::And(a, b) | Kind::Or(a, b) | Kind::In(a, b) => open.extend([&**a, &**b]),
            Kind::Compare(_, a, b) | Kind::Arith(_, a, b) => open.extend([&**a, &**b]),
            Kind::Cond(a, b, c) => open.extend([&**a, &**b, &**c]),
            Kind::List(items) | Kind::Call(_, items) => open.extend(items),
            Kind::Quantified { over, body, .. } => open.extend([&**over, &**body]),
            Kind::Literal(_)
            | Kind::Row(_)
            | Kind::Element(_)
            | Kind::Now
            | Kind::User
            | Kind::Input(_)
            | Kind::HasInput(_)
            | Kind::Atom(_) => {}
        }
    }
    found
}
