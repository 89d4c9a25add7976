//! `group=category&count&sum=price&having=count > 3&sort=-sum.price`

use expr::ops::Period;
use expr::{Caller, EntityId, Value};
use model::Model;
use plan::SearchTerm;
use plan::aggregate::{
    AggregateFunc, AggregateOrder, AggregateShape, FieldPath, Group, Measure, OrderBy, has_period,
};
use plan::read::Cursor;

use super::having::{GROUP, GroupSchema};
use super::{Query, ReadBounds, Start, all_of, suggestion};
use crate::refusal::BadParameter;

/// Fields to group by at most; each makes groups smaller, and the answer longer.
const GROUPS_MAX: usize = 8;

/// Aggregates of one request at most, besides the number of rows.
const MEASURES_MAX: usize = 20;

/// An aggregate being put together from parameters. Mistakes are collected.
pub struct AggregateQuery<'m> {
    rows: Query<'m>,
    groups: Vec<Group>,
    count: bool,
    measures: Vec<Measure>,
    having: Option<String>,
    sort: Option<String>,
}

/// An aggregate ready to be planned.
#[derive(Debug, Clone)]
pub struct ReadyAggregate {
    /// All but the values.
    pub shape: AggregateShape,
    /// The values of the conditions' atoms.
    pub atoms: Vec<Value>,
    /// What is searched for.
    pub search: Option<Vec<SearchTerm>>,
    /// The page size.
    pub limit: u32,
    /// The groups to skip.
    pub offset: u64,
    /// The cursor.
    pub cursor: Option<Cursor>,
}

impl<'m> AggregateQuery<'m> {
    /// Starts an aggregate over the rows of an entity.
    pub fn new(
        model: &'m Model,
        caller: &'m Caller<'m>,
        entity: EntityId,
        bounds: ReadBounds,
    ) -> Self {
        Self {
            rows: Query::new(model, caller, entity, bounds),
            groups: Vec::new(),
            count: false,
            measures: Vec::new(),
            having: None,
            sort: None,
        }
    }

    /// Returns which rows count, to be filtered, and the page of the groups.
    pub fn rows(&mut self) -> &mut Query<'m> {
        &mut self.rows
    }

    /// Groups by fields, such as `category.name,createdAt:month`.
    pub fn group(&mut self, text: &str) {
        for term in terms(text) {
            let (path, unit) = match term.split_once(':') {
                Some((path, unit)) => (path, Some(unit)),
                None => (term, None),
            };
            let Some(path) = self.rows.path("group", self.rows.entity, path) else { continue };
            let Some(values) = path.values(self.rows.model, self.rows.entity) else {
                self.not_comparable("group", term);
                continue;
            };
            let unit = match unit.map(|name| (name, Period::named(name))) {
                None => None,
                Some((_, Some(unit))) if has_period(values.column, unit) => Some(unit),
                Some((_, Some(unit))) => {
                    let detail = format!("`{term}` does not lie in a {}", unit.name());
                    self.rows.mistake("group", "invalid", detail);
                    continue;
                }
                Some((name, None)) => {
                    let units = Period::ALL.map(Period::name).join(", ");
                    let detail = format!("`{name}` is none of the units {units}");
                    self.rows.mistake("group", "invalid", detail);
                    continue;
                }
            };
            let group = Group { path, unit };
            if !self.groups.contains(&group) {
                self.groups.push(group);
            }
        }
        if self.groups.len() > GROUPS_MAX {
            let detail = format!("group by at most {GROUPS_MAX} fields");
            self.rows.mistake("group", "too_many", detail);
        }
    }

    /// Shows the number of rows.
    pub fn count(&mut self, text: &str) {
        match text {
            "" | "true" => self.count = true,
            "false" => self.count = false,
            _ => self.rows.mistake("count", "invalid", "write `count` without a value"),
        }
    }

    /// Computes an aggregate of fields.
    pub fn measure(&mut self, func: AggregateFunc, text: &str) {
        for term in terms(text) {
            let Some(path) = self.rows.path(func.name(), self.rows.entity, term) else { continue };
            let values = path.values(self.rows.model, self.rows.entity);
            if !values.is_some_and(|values| func.takes(values.column)) {
                self.not_comparable(func.name(), term);
                continue;
            }
            let measure = Measure { func, path };
            if !self.measures.contains(&measure) {
                self.measures.push(measure);
            }
        }
        if self.measures.len() > MEASURES_MAX {
            let detail = format!("compute at most {MEASURES_MAX} aggregates");
            self.rows.mistake(func.name(), "too_many", detail);
        }
    }

    fn not_comparable(&mut self, parameter: &str, name: &str) {
        let detail = format!("`{parameter}` cannot be made of the values of `{name}`");
        self.rows.mistake(parameter, "not_comparable", detail);
    }

    /// Keeps only the groups that satisfy a condition on their aggregates.
    pub fn having(&mut self, text: &str) {
        if !self.rows.is_too_long("having", text) {
            self.having = Some(text.to_owned());
        }
    }

    /// Sorts the groups.
    pub fn sort(&mut self, text: &str) {
        self.sort = Some(text.to_owned());
    }

    /// Finishes the aggregate.
    ///
    /// # Errors
    /// Every mistake in the parameters.
    pub fn ready(mut self) -> Result<ReadyAggregate, Vec<BadParameter>> {
        self.rows.check_conditions();
        let nothing = self.groups.is_empty() && self.measures.is_empty() && !self.count;
        if nothing && self.rows.mistakes.is_empty() {
            let detail = "ask for `count`, `sum`, `avg`, `min`, `max` or `countDistinct`, or for \
                          groups with `group`";
            self.rows.mistake("count", "invalid", detail);
        }
        if self.groups.is_empty() && matches!(self.rows.start, Start::After(_) | Start::Before(_)) {
            self.rows.mistake("after", "conflict", "all rows are one group without `group`");
        }
        let order = self.order();
        // Groups have no rank.
        self.rows.unranked();
        let search = self.rows.search_shape();
        let having = self.having.take().and_then(|text| self.having_condition(&text));
        let Self { rows, groups, count, measures, .. } = self;
        if !rows.mistakes.is_empty() {
            return Err(rows.mistakes);
        }
        let (page, offset, cursor) = rows.start.parts();
        let shape = AggregateShape {
            entity: rows.entity,
            groups,
            count,
            measures,
            filter: all_of(rows.conditions),
            search,
            having,
            atoms: rows.atoms.len(),
            order,
            page,
        };
        let search = rows.search.map(|search| search.terms);
        let (atoms, limit) = (rows.atoms, rows.limit);
        Ok(ReadyAggregate { shape, atoms, search, limit, offset, cursor })
    }

    fn having_condition(&mut self, text: &str) -> Option<expr::Node> {
        let (model, entity) = (self.rows.model, self.rows.entity);
        let mut schema = GroupSchema::new(model);
        for (index, Measure { func, path }) in self.measures.iter().enumerate() {
            let values = path.values(model, entity)?;
            let ty = func.result_type(&values.ty, values.column);
            let nullable = *func != AggregateFunc::CountDistinct;
            schema.add(func.name(), &path.name(model, entity), index as u32 + 1, ty, nullable);
        }
        let mut condition = self.rows.condition("having", text, &schema, GROUP)?;
        if let Err(span) = schema.flatten(&mut condition) {
            let detail =
                format!("name an aggregate, such as `sum.price` (at character {})", span.start + 1);
            self.rows.mistake("having", "invalid_filter", detail);
            return None;
        }
        Some(self.rows.take_atoms(condition))
    }

    /// Reads the sort, and ends it with the groups that it does not name.
    fn order(&mut self) -> Vec<AggregateOrder> {
        let mut order: Vec<AggregateOrder> = Vec::new();
        let sort = self.sort.take().unwrap_or_default();
        for term in terms(&sort) {
            let (descending, name) = match term.strip_prefix('-') {
                Some(name) => (true, name),
                None => (false, term.strip_prefix('+').unwrap_or(term)),
            };
            match self.order_by(name) {
                Some(by) if order.iter().any(|known| known.by == by) => {}
                Some(by) => order.push(AggregateOrder { by, descending }),
                None => self.unknown_order(name),
            }
        }
        for group in 0..self.groups.len() {
            let by = OrderBy::Group(group);
            if !order.iter().any(|known| known.by == by) {
                order.push(AggregateOrder { by, descending: false });
            }
        }
        order
    }

    fn order_by(&self, name: &str) -> Option<OrderBy> {
        let (model, entity) = (self.rows.model, self.rows.entity);
        let named = |path: &FieldPath, name: &str| {
            path.name(model, entity) == name || path.name(model, entity) == format!("{name}Id")
        };
        if name == "count" {
            return Some(OrderBy::Count);
        }
        let measure = self.measures.iter().position(|measure| {
            let path = name.strip_prefix(measure.func.name()).and_then(|p| p.strip_prefix('.'));
            path.is_some_and(|path| named(&measure.path, path))
        });
        let name = name.strip_prefix("group.").unwrap_or(name);
        let group = || {
            self.groups.iter().position(|group| match (group.unit, name.split_once(':')) {
                (None, None) => named(&group.path, name),
                (Some(unit), Some((path, of))) => unit.name() == of && named(&group.path, path),
                _ => false,
            })
        };
        measure.map(OrderBy::Measure).or_else(|| group().map(OrderBy::Group))
    }

    fn unknown_order(&mut self, name: &str) {
        let (model, entity) = (self.rows.model, self.rows.entity);
        let mut known = vec!["count".to_owned()];
        known.extend(self.groups.iter().map(|group| group.name(model, entity)));
        known.extend(self.measures.iter().map(|measure| {
            format!("{}.{}", measure.func.name(), measure.path.name(model, entity))
        }));
        let near = suggestion(name, known.iter().map(String::as_str));
        let detail = format!("`{name}` is none of the groups and aggregates asked for{near}");
        self.rows.mistake("sort", "unknown_field", detail);
    }
}

fn terms(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|term| !term.is_empty())
}
