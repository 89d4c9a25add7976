//! Kinds of callers: those that the rules of a model tell apart by the claims of their tokens.

use std::sync::Arc;

use expr::{Caller, CompareOp, Kind, LiteralValue, Node, Nulls, PathStep, Timestamp, Value};
use model::{Field, Model, Rule};
use serde_json::{Map, Value as Json};

/// Kinds told apart at most; a matrix of more columns is not read by anyone.
const KINDS_MAX: usize = 16;

/// The claim that `user.id` reads.
const SUBJECT: &str = "sub";

/// A kind of caller. Of its claims, those that rules compare with constants are known; all others,
/// the subject first, are open.
#[derive(Clone, Debug, PartialEq)]
pub struct Who {
    /// What the kind is called, such as `role=admin`.
    pub name: String,
    /// The claims that tell the kind apart; none without a token.
    pub claims: Option<Arc<Json>>,
    /// The claims that are known, given or not.
    known: Vec<Vec<String>>,
}

/// A claim that a rule compares with a constant.
#[derive(Clone, Debug, PartialEq)]
struct Mark {
    path: Vec<String>,
    value: Json,
    /// Whether the claim is a list that has the value.
    in_list: bool,
}

impl Who {
    /// Finds the kinds of a model: nobody, a caller of none of the named claims, and one for each
    /// claim that a rule compares with a text or a truth value.
    pub fn of(model: &Model) -> Vec<Self> {
        Self::of_models(&[model])
    }

    /// Finds the kinds that any of several models tells apart.
    pub(super) fn of_models(models: &[&Model]) -> Vec<Self> {
        let mut marks = Vec::new();
        for model in models {
            each_rule(model, &mut |rule| {
                for atom in &rule.expr.atoms {
                    find(atom, &mut marks);
                }
                find(&rule.expr.tree, &mut marks);
            });
        }
        let mut known: Vec<Vec<String>> = marks.iter().map(|mark| mark.path.clone()).collect();
        known.sort();
        known.dedup();
        let kind = |name: String, claims: Option<Json>| Self {
            name,
            claims: claims.map(Arc::new),
            known: known.clone(),
        };
        let mut kinds = vec![
            kind("nobody".to_owned(), None),
            kind("signed in".to_owned(), Some(Json::Object(Map::new()))),
        ];
        for mark in marks {
            if kinds.len() < KINDS_MAX {
                kinds.push(kind(mark.name(), Some(mark.claims())));
            }
        }
        kinds
    }

    /// Anybody who is signed in: no claim is known.
    pub(super) fn signed_in() -> Self {
        let claims = Some(Arc::new(Json::Object(Map::new())));
        Self { name: "signed in".to_owned(), claims, known: Vec::new() }
    }

    /// Returns the claims of a caller of the kind who has, of these others, what the kind leaves open.
    pub fn with(&self, others: &Map<String, Json>) -> Option<Arc<Json>> {
        let mut claims = match self.claims.as_deref()? {
            Json::Object(claims) => claims.clone(),
            _ => Map::new(),
        };
        self.add(&mut claims, others, &mut Vec::new());
        Some(Arc::new(Json::Object(claims)))
    }

    fn add(
        &self,
        claims: &mut Map<String, Json>,
        others: &Map<String, Json>,
        path: &mut Vec<String>,
    ) {
        for (name, value) in others {
            path.push(name.clone());
            if !self.known.contains(path) {
                match (claims.get_mut(name), value) {
                    (Some(Json::Object(claims)), Json::Object(others)) => {
                        self.add(claims, others, path);
                    }
                    (None, Json::Object(others)) => {
                        let mut inner = Map::new();
                        self.add(&mut inner, others, path);
                        claims.insert(name.clone(), Json::Object(inner));
                    }
                    (None, value) => {
                        claims.insert(name.clone(), value.clone());
                    }
                    (Some(_), _) => {}
                }
            }
            path.pop();
        }
    }

    /// Computes a part of a rule that uses no row; none where it depends on what is open.
    pub(super) fn value(&self, node: &Node) -> Option<Value> {
        if let Some(truth) = self.has_subject(node) {
            return Some(Value::Bool(truth));
        }
        let caller =
            Caller { user: self.claims.clone(), now: Timestamp(0), input: &[], request: None };
        self.knows(node).then(|| expr::evaluate(node, &caller, Nulls::Unknown))
    }

    /// Every token has a subject, whatever it is.
    fn has_subject(&self, node: &Node) -> Option<bool> {
        let Kind::Compare(op, left, right) = &node.kind else { return None };
        let about_subject = claim(left).is_some_and(|path| path == [SUBJECT]) && right.is_null();
        match op {
            CompareOp::Eq if about_subject => Some(self.claims.is_none()),
            CompareOp::Ne if about_subject => Some(self.claims.is_some()),
            _ => None,
        }
    }

    fn knows(&self, node: &Node) -> bool {
        match &node.kind {
            Kind::Now | Kind::Input(_) | Kind::HasInput(_) => false,
            _ if self.claims.is_none() => children(node).all(|child| self.knows(child)),
            Kind::Compare(_, left, right) if left.is_null() || right.is_null() => {
                let other = if left.is_null() { right } else { left };
                matches!(other.kind, Kind::User) || self.knows(other)
            }
            Kind::User => false,
            Kind::JsonPath { of, .. } if matches!(of.kind, Kind::User) => claim(node)
                .is_some_and(|path| self.known.iter().any(|known| path.starts_with(known))),
            _ => children(node).all(|child| self.knows(child)),
        }
    }
}

impl Mark {
    fn name(&self) -> String {
        let path = self.path.join(".");
        let value = match &self.value {
            Json::String(text) => text.clone(),
            other => other.to_string(),
        };
        if self.in_list { format!("{path} has {value}") } else { format!("{path}={value}") }
    }

    fn claims(&self) -> Json {
        let value = match &self.value {
            value if self.in_list => Json::Array(vec![value.clone()]),
            value => value.clone(),
        };
        self.path.iter().rev().fold(value, |inner, name| {
            Json::Object(std::iter::once((name.clone(), inner)).collect())
        })
    }
}

/// Calls `visit` with each access rule of a model.
fn each_rule(model: &Model, visit: &mut dyn FnMut(&Rule)) {
    for entity in &model.entities {
        let rules = &entity.rules;
        let own = [&rules.read, &rules.create, &rules.update, &rules.delete];
        own.into_iter().flatten().for_each(&mut *visit);
        for Field { rules, .. } in &entity.fields {
            [&rules.read, &rules.create, &rules.update].into_iter().flatten().for_each(&mut *visit);
        }
    }
}

/// Finds the claims that are compared with constants.
fn find(node: &Node, marks: &mut Vec<Mark>) {
    let mut note = |path: Option<Vec<String>>, value: Option<Json>, in_list: bool| {
        if let (Some(path), Some(value)) = (path, value) {
            let mark = Mark { path, value, in_list };
            if !marks.contains(&mark) {
                marks.push(mark);
            }
        }
    };
    match &node.kind {
        Kind::Compare(CompareOp::Eq | CompareOp::Ne, left, right) => {
            note(claim(left), constant(right), false);
            note(claim(right), constant(left), false);
        }
        Kind::In(needle, list) => {
            note(claim(list), constant(needle), true);
            for value in constants(list) {
                note(claim(needle), Some(value), false);
            }
        }
        Kind::Quantified { over, body, .. } => {
            if let (Some(path), Kind::Compare(CompareOp::Eq, left, right)) =
                (claim(over), &body.kind)
            {
                let sides = [(left, right), (right, left)];
                for (_, value) in sides.iter().filter(|(element, _)| is_element(element)) {
                    note(Some(path.clone()), constant(value), true);
                }
            }
        }
        Kind::JsonAs(_) if node.ty == expr::Type::Bool => {
            note(claim(node), Some(Json::Bool(true)), false);
        }
        _ => {}
    }
    node.each_child(&mut |child| find(child, marks));
}

/// Returns the path of a claim, perhaps taken as a scalar.
fn claim(node: &Node) -> Option<Vec<String>> {
    match &node.kind {
        Kind::JsonAs(of) | Kind::Convert(of) => claim(of),
        Kind::JsonPath { of, path } if matches!(of.kind, Kind::User) => {
            path.iter().map(member).collect()
        }
        _ => None,
    }
}

fn member(step: &PathStep) -> Option<String> {
    match step {
        PathStep::Member(name) => Some(name.clone()),
        PathStep::Index(_) => None,
    }
}

fn is_element(node: &Node) -> bool {
    match &node.kind {
        Kind::JsonAs(of) | Kind::Convert(of) => is_element(of),
        kind => matches!(kind, Kind::Element(_)),
    }
}

fn constant(node: &Node) -> Option<Json> {
    match &node.kind {
        Kind::Literal(LiteralValue(value)) => plain(value),
        _ => None,
    }
}

fn constants(node: &Node) -> Vec<Json> {
    match &node.kind {
        Kind::List(items) => items.iter().filter_map(constant).collect(),
        Kind::Literal(LiteralValue(Value::List(items))) => items.iter().filter_map(plain).collect(),
        _ => Vec::new(),
    }
}

fn plain(value: &Value) -> Option<Json> {
    match value {
        Value::Text(text) => Some(Json::String(text.clone())),
        Value::Bool(truth) => Some(Json::Bool(*truth)),
        _ => None,
    }
}

fn children(node: &Node) -> impl Iterator<Item = &Node> {
    let mut found = Vec::new();
    node.each_child(&mut |child| found.push(child));
    found.into_iter()
}
