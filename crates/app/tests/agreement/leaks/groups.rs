//! Aggregates: rows counted, summed and compared in groups.

use std::collections::HashSet;

use app::query::AggregateQuery;
use app::{App, Refusal, operations};
use expr::{Caller, EntityId, FieldId, Node, Value};
use model::{Field, FieldKind, Model, Scalar};
use plan::aggregate::AggregateFunc;
use plan::read::{Archived, Page};
use rust_decimal::Decimal;
use serde_json::{Map, Value as Json};

use super::Seen;
use super::answers::{hidden_names, same};
use super::searches::SearchWish;
use super::sight::{Sight, compare};
use super::wishes::{path, path_text};
use crate::entropy::Entropy;
use crate::world::{At, client_value};
use crate::writer::{Reach, Writer};

type Path = (Vec<FieldId>, FieldId);

/// An aggregate that is asked for.
#[derive(Clone, Debug)]
pub(crate) struct GroupRead {
    entity: EntityId,
    search: Option<SearchWish>,
    filter: Option<String>,
    groups: Vec<Path>,
    measures: Vec<(AggregateFunc, Path)>,
    /// Groups of more rows than these.
    more_than: Option<usize>,
    by_count: bool,
    limit: usize,
}

impl GroupRead {
    pub(crate) fn random(model: &Model, entity: EntityId, entropy: &mut Entropy<'_>) -> Self {
        let search = SearchWish::random(model, entity, entropy);
        let filter = entropy.pick(2) == 0;
        let filter = filter.then(|| Writer::new(model, entity, entropy, Reach::Bare).condition());
        let mut groups: Vec<Path> = Vec::new();
        for _ in 0..entropy.pick(3) {
            let group = path(model, entity, entropy, &|kind| is_group(model, kind));
            if !groups.contains(&group) {
                groups.push(group);
            }
        }
        let mut measures: Vec<(AggregateFunc, Path)> = Vec::new();
        for _ in 0..entropy.pick(3) {
            let func = entropy.of(&[
                AggregateFunc::Sum,
                AggregateFunc::Min,
                AggregateFunc::Max,
                AggregateFunc::CountDistinct,
            ]);
            let measure = (func, path(model, entity, entropy, &|kind| takes(func, kind)));
            if !measures.contains(&measure) {
                measures.push(measure);
            }
        }
        let more_than = (entropy.pick(3) == 0).then(|| entropy.pick(3));
        let limit = if groups.is_empty() { 200 } else { entropy.of(&[1, 2, 200]) };
        let by_count = entropy.pick(2) == 0;
        Self { entity, search, filter, groups, measures, more_than, by_count, limit }
    }

    fn ready(
        &self,
        app: &App,
        caller: &Caller<'_>,
        after: Option<&str>,
    ) -> Result<app::query::ReadyAggregate, Vec<app::BadParameter>> {
        let model = &app.model;
        let mut query = AggregateQuery::new(model, caller, self.entity, app.read_bounds());
        let text = |(hops, field): &Path| path_text(model, self.entity, hops, *field);
        if let Some(search) = &self.search {
            query.rows().search(&search.text());
        }
        if let Some(filter) = &self.filter {
            query.rows().filter(filter);
        }
        query.rows().limit(&self.limit.to_string());
        if let Some(after) = after {
            query.rows().after(after);
        }
        query.group(&self.groups.iter().map(text).collect::<Vec<_>>().join(","));
        query.count("");
        for (func, path) in &self.measures {
            query.measure(*func, &text(path));
        }
        if let Some(count) = self.more_than {
            query.having(&format!("count > {count}"));
        }
        if self.by_count {
            query.sort("-count");
        }
        query.ready()
    }

    async fn page(
        &self,
        app: &App,
        caller: &Caller<'_>,
        after: Option<&str>,
    ) -> Result<Page, Refusal> {
        let ready = self.ready(app, caller, after).map_err(Refusal::Parameters)?;
        operations::aggregate(app, caller, ready, b"").await
    }

    /// Returns all that a caller is told, byte for byte.
    pub(crate) async fn told(&self, app: &App, caller: &Caller<'_>) -> String {
        match self.page(app, caller, None).await {
            Ok(page) => format!("{page:?}{}", String::from_utf8_lossy(&page.json)),
            Err(refusal) => format!("{refusal:?}"),
        }
    }

    pub(crate) async fn check(
        &self,
        app: &App,
        sight: Sight<'_>,
        seen: &mut Seen,
    ) -> Result<(), String> {
        let ready = match self.ready(app, sight.caller, None) {
            Ok(ready) => ready,
            Err(mistakes) => return hidden_names(&mistakes, seen),
        };
        let filter = ready.shape.filter.as_ref().map(|tree| (tree, ready.atoms.as_slice()));
        let expected = self.expected(sight, filter);
        let (mut cursor, mut shown) = (None::<String>, Vec::new());
        loop {
            let page = match self.page(app, sight.caller, cursor.as_deref()).await {
                Ok(page) => page,
                Err(Refusal::Parameters(mistakes)) => return hidden_names(&mistakes, seen),
                // All rows are one group, though there is none; who may read none is told so.
                Err(Refusal::Forbidden | Refusal::Unauthenticated)
                    if sight.rows(self.entity, Archived::Without, filter).is_empty() =>
                {
                    return Ok(());
                }
                Err(other) => return Err(format!("{other:?}")),
            };
            let items: Vec<Json> =
                serde_json::from_slice(&page.json).map_err(|error| error.to_string())?;
            shown.extend(items);
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        seen.groups += shown.len();
        let agree = shown.len() == expected.len()
            && shown.iter().zip(&expected).all(|(shown, expected)| alike(shown, expected));
        if agree {
            Ok(())
        } else {
            Err(format!("{}\nis not\n{}", Json::from(shown), Json::from(expected)))
        }
    }

    fn expected(&self, sight: Sight<'_>, filter: Option<(&Node, &[Value])>) -> Vec<Json> {
        let mut rows = sight.rows(self.entity, Archived::Without, filter);
        rows.retain(|row| self.search.as_ref().is_none_or(|search| search.finds(sight, *row)));
        let value = |row: &At, (hops, field): &Path| {
            sight.value(*row, hops, *field).into_iter().next().unwrap_or(Value::Null)
        };
        let mut groups: Vec<(Vec<Value>, Vec<At>)> = Vec::new();
        if self.groups.is_empty() {
            groups.push((Vec::new(), Vec::new()));
        }
        for row in rows {
            let key: Vec<Value> = self.groups.iter().map(|path| value(&row, path)).collect();
            match groups.iter_mut().find(|(known, _)| order(known, &key).is_eq()) {
                Some((_, rows)) => rows.push(row),
                None => groups.push((key, vec![row])),
            }
        }
        groups.retain(|(_, rows)| self.more_than.is_none_or(|count| rows.len() > count));
        groups.sort_by(|(left, left_rows), (right, right_rows)| {
            let by_count = right_rows.len().cmp(&left_rows.len());
            let by_count = if self.by_count { by_count } else { std::cmp::Ordering::Equal };
            by_count.then_with(|| order(left, right))
        });
        let shown = |(key, rows): (Vec<Value>, Vec<At>)| {
            let mut item = Map::new();
            let members = self.groups.iter().zip(&key).map(|(path, value)| {
                let (name, field) = self.named(sight, path);
                (name, client_value(value, field))
            });
            let group: Map<String, Json> = members.collect();
            if !group.is_empty() {
                item.insert("group".to_owned(), group.into());
            }
            item.insert("count".to_owned(), rows.len().into());
            for (func, path) in &self.measures {
                let (name, field) = self.named(sight, path);
                let values: Vec<Value> = rows.iter().map(|row| value(row, path)).collect();
                let object = item.entry(func.name()).or_insert_with(|| Map::new().into());
                object[name] = measured(*func, &values, field);
            }
            item.into()
        };
        groups.into_iter().map(shown).collect()
    }

    /// Returns the name of a path in the answer, and its field.
    fn named<'a>(&self, sight: Sight<'a>, (hops, field): &Path) -> (String, &'a Field) {
        let model = sight.written;
        let mut entity = self.entity;
        for hop in hops {
            if let FieldKind::ToOne(relation) = &model.entity(entity).field(*hop).kind {
                entity = relation.target;
            }
        }
        let named = model.entity(entity).field(*field);
        let name = path_text(model, self.entity, hops, *field);
        let is_relation = matches!(named.kind, FieldKind::ToOne(_));
        (if is_relation { format!("{name}Id") } else { name }, named)
    }
}

fn order(left: &[Value], right: &[Value]) -> std::cmp::Ordering {
    let pairs = left.iter().zip(right).map(|(left, right)| compare(left, right));
    pairs.into_iter().find(|ordering| ordering.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
}

/// Decimals and doubles make groups as well; how their values are written is left to other tests.
fn is_group(model: &Model, kind: &FieldKind) -> bool {
    match kind {
        FieldKind::Scalar { scalar, .. } | FieldKind::Computed { scalar, .. } => !matches!(
            scalar,
            Scalar::Json
                | Scalar::Decimal
                | Scalar::Float
                | Scalar::Document(_)
                | Scalar::Documents(_)
        ),
        FieldKind::ToOne(relation) => model.entity(relation.target).key.len() == 1,
        _ => false,
    }
}

fn takes(func: AggregateFunc, kind: &FieldKind) -> bool {
    let FieldKind::Scalar { scalar, .. } = kind else { return false };
    match func {
        AggregateFunc::Sum => matches!(scalar, Scalar::Int | Scalar::BigInt | Scalar::Decimal),
        AggregateFunc::CountDistinct => !matches!(scalar, Scalar::Json),
        _ => !matches!(scalar, Scalar::Json | Scalar::Boolean | Scalar::Id),
    }
}

fn measured(func: AggregateFunc, values: &[Value], field: &Field) -> Json {
    let values = values.iter().filter(|value| !matches!(value, Value::Null));
    let value = match func {
        AggregateFunc::Min => values.min_by(|left, right| compare(left, right)).cloned(),
        AggregateFunc::Max => values.max_by(|left, right| compare(left, right)).cloned(),
        AggregateFunc::CountDistinct => {
            let distinct = values.map(|value| match value {
                Value::Decimal(decimal) => decimal.normalize().to_string(),
                other => format!("{other:?}"),
            });
            return distinct.collect::<HashSet<_>>().len().into();
        }
        _ => sum(values),
    };
    value.map_or(Json::Null, |value| client_value(&value, field))
}

/// Adds integers or decimals; none where there is none.
fn sum<'v>(values: impl Iterator<Item = &'v Value>) -> Option<Value> {
    let (mut whole, mut exact) = (None::<i128>, None::<Decimal>);
    for value in values {
        match value {
            Value::Int(number) => whole = Some(whole.unwrap_or(0) + i128::from(*number)),
            Value::Decimal(decimal) => {
                exact = Some(exact.unwrap_or(Decimal::ZERO).checked_add(*decimal)?);
            }
            _ => return None,
        }
    }
    match (whole, exact) {
        (Some(whole), _) => match i64::try_from(whole) {
            Ok(whole) => Some(Value::Int(whole)),
            // Sums of `BigInt` have up to 28 digits, and are text.
            Err(_) => Some(Value::Text(whole.to_string())),
        },
        (None, exact) => exact.map(Value::Decimal),
    }
}

/// Compares items; decimals by what they are worth.
fn alike(shown: &Json, expected: &Json) -> bool {
    match (shown, expected) {
        (Json::Object(shown), Json::Object(expected)) => {
            shown.len() == expected.len()
                && expected.iter().all(|(name, expected)| {
                    shown.get(name).is_some_and(|shown| alike(shown, expected))
                })
        }
        (Json::String(left), Json::String(right)) if left != right => {
            let worth = |text: &str| text.parse::<Decimal>().ok();
            worth(left).is_some() && worth(left) == worth(right)
        }
        _ => same(shown, expected),
    }
}
