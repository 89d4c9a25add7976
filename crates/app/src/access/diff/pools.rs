//! The values that imagined rows and callers are made of: those that the rules compare with, and a few
//! that no rule knows.

use expr::{Kind, LiteralValue, Node, PathStep, Timestamp, Type, Value};
use model::Rule;
use serde_json::{Map, Value as Json};
use uuid::Uuid;

/// The moment at which imagined callers ask: 2026-01-01T12:00:00Z.
pub(super) const NOW: Timestamp = Timestamp(1_767_268_800_000_000);

const DAY_MICROS: i64 = 86_400_000_000;

/// Values by type, and the claims that rules look at.
#[derive(Default)]
pub(super) struct Pools {
    texts: Vec<String>,
    numbers: Vec<i64>,
    others: Vec<Value>,
    claims: Vec<(Vec<String>, Type)>,
}

impl Pools {
    /// Gathers the values of rules.
    pub(super) fn of<'r>(rules: impl Iterator<Item = &'r Rule>) -> Self {
        let mut pools = Self::default();
        pools.texts.push("something else".to_owned());
        pools.numbers.extend([0, 1]);
        for rule in rules {
            pools.visit(&rule.expr.whole());
        }
        pools
    }

    fn visit(&mut self, node: &Node) {
        match &node.kind {
            Kind::Literal(LiteralValue(value)) => self.literal(value),
            Kind::JsonAs(of) => self.claim(of, &node.ty),
            Kind::In(_, list) => self.claim(list, &Type::List(Box::new(Type::Text))),
            Kind::Quantified { over, .. } => {
                self.claim(over, &Type::List(Box::new(Type::Text)));
            }
            Kind::JsonPath { .. } => self.claim(node, &Type::Text),
            _ => {}
        }
        node.each_child(&mut |child| self.visit(child));
    }

    fn literal(&mut self, value: &Value) {
        match value {
            Value::Text(text) if !self.texts.contains(text) => self.texts.push(text.clone()),
            Value::Int(number) => {
                let near = [number.saturating_sub(1), *number, number.saturating_add(1)];
                self.numbers.extend(near);
            }
            Value::List(items) => items.iter().for_each(|item| self.literal(item)),
            Value::Null | Value::Bool(_) | Value::Text(_) | Value::Json(_) => {}
            other => self.others.push(other.clone()),
        }
    }

    /// Notes a claim, once.
    fn claim(&mut self, node: &Node, ty: &Type) {
        let Kind::JsonPath { of, path } = &node.kind else { return };
        let member = |step: &PathStep| match step {
            PathStep::Member(name) => Some(name.clone()),
            PathStep::Index(_) => None,
        };
        let path: Option<Vec<String>> = path.iter().map(member).collect();
        if let (Kind::User, Some(path)) = (&of.kind, path)
            && !self.claims.iter().any(|(known, _)| *known == path)
        {
            self.claims.push((path, ty.clone()));
        }
    }

    /// Picks a value of a type; null where the rules know none.
    pub(super) fn pick(&self, ty: &Type, enum_values: &[String], dice: u64) -> Value {
        let at = |count: usize| (dice % count.max(1) as u64) as usize;
        match ty {
            Type::Bool => Value::Bool(dice.is_multiple_of(2)),
            Type::Int => Value::Int(self.numbers[at(self.numbers.len())]),
            Type::Text => Value::Text(self.texts[at(self.texts.len())].clone()),
            Type::Enum(_) if enum_values.is_empty() => Value::Null,
            Type::Enum(_) => Value::Text(enum_values[at(enum_values.len())].clone()),
            Type::Uuid => Value::Uuid(uuid(dice % 3)),
            Type::List(of) => {
                let count = dice % 3;
                let item = |n: u64| self.pick(of, enum_values, (dice / 3).wrapping_add(n));
                Value::List((0..count).map(item).collect())
            }
            Type::Json => Value::Json(Json::Object(Map::new()).into()),
            other => self.near_other(other, dice),
        }
    }

    /// Picks one of the rules' own values of a type, or one near it.
    fn near_other(&self, ty: &Type, dice: u64) -> Value {
        let mut known: Vec<Value> = Vec::new();
        for value in &self.others {
            match (ty, value) {
                (Type::Float, Value::Float(number)) => {
                    known.extend([number - 1.0, *number, number + 1.0].map(Value::Float));
                }
                (Type::Decimal, Value::Decimal(number)) => known.push(Value::Decimal(*number)),
                (Type::Timestamp, Value::Timestamp(time)) => {
                    known.push(Value::Timestamp(*time));
                }
                (Type::Timestamp, Value::Duration(by)) => {
                    let moved = [*by, by.saturating_add(DAY_MICROS), by / 2];
                    let times = moved.into_iter().flat_map(|by| [NOW.0 - by, NOW.0 + by]);
                    known.extend(times.map(|time| Value::Timestamp(Timestamp(time))));
                }
                (Type::Date, Value::Date(_)) => known.push(value.clone()),
                _ => {}
            }
        }
        let day = i32::try_from(NOW.0 / DAY_MICROS).unwrap_or_default();
        match ty {
            Type::Float => {
                known.extend(self.numbers.iter().map(|number| Value::Float(*number as f64)));
            }
            Type::Decimal => {
                known.extend(self.numbers.iter().map(|number| Value::Decimal((*number).into())));
            }
            Type::Timestamp => known.extend(
                [-DAY_MICROS, 0, DAY_MICROS].map(|by| Value::Timestamp(Timestamp(NOW.0 + by))),
            ),
            Type::Date => known.extend([-1, 0, 1].map(|by| Value::Date(expr::Date(day + by)))),
            _ => {}
        }
        match known.len() {
            0 => Value::Null,
            count => known[(dice % count as u64) as usize].clone(),
        }
    }

    /// Picks a caller's claims: nobody, or a subject with some of the claims that rules look at.
    pub(super) fn claims(&self, mut dice: impl FnMut() -> u64) -> Option<Json> {
        if dice().is_multiple_of(6) {
            return None;
        }
        let mut claims = Map::new();
        claims.insert("sub".to_owned(), uuid(0).to_string().into());
        for (path, ty) in self.claims.iter().filter(|(path, _)| path != &["sub"]) {
            // Half of the claims are absent, as most callers have few.
            if dice().is_multiple_of(2) {
                continue;
            }
            let value = match self.pick(ty, &[], dice()) {
                Value::Null => continue,
                value => plan::client_form(&value),
            };
            insert(&mut claims, path, value);
        }
        Some(Json::Object(claims))
    }
}

/// Puts a claim at its path; one that leads through a claim that is no object is left out.
fn insert(claims: &mut Map<String, Json>, path: &[String], value: Json) {
    match path {
        [] => {}
        [name] => {
            claims.insert(name.clone(), value);
        }
        [name, inner @ ..] => {
            let at = claims.entry(name.clone()).or_insert_with(|| Json::Object(Map::new()));
            if let Json::Object(claims) = at {
                insert(claims, inner, value);
            }
        }
    }
}

/// The few ids that imagined rows and callers have; the first is the caller's.
pub(super) fn uuid(number: u64) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001 + u128::from(number))
}
