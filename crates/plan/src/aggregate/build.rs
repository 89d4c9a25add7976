//! Compiles an aggregate into its statement.
//!
//! The rows' values are selected by a subquery as clients may see them, with names of their own; the
//! statement around it groups, so that no value with its rules stands in it twice.

use std::hash::{Hash, Hasher};
use std::sync::atomic::AtomicUsize;

use expr::{AtomShape, EntityId, Type};
use model::{ColumnType, Model};
use rustc_hash::FxHasher;

use super::shape::{
    AggregateFunc, AggregateOrder, AggregateShape, FieldPath, Measure, OrderBy, PathValues,
};
use crate::binds::BindSource;
use crate::dialect::Dialect;
use crate::encode::{Encoder, Member, Show, member_key};
use crate::read::{
    Columns, Level, PageShape, PlanError, ReadPlan, Searched, SortTerm, SqlText, Target,
    add_touched, hidden, keyset, order_by, target_of, where_clause,
};
use crate::render::{Alias, Renderer, when};
use crate::rules::{RuleBook, RuleRef};

/// The number of a group's rows.
const COUNT: &str = "COUNT(*)";

/// Returns the rules that this aggregate consults.
pub fn rules_of(model: &Model, shape: &AggregateShape) -> RuleBook {
    let mut book = RuleBook::behind(shape.atoms);
    book.add_reading(model, shape.entity);
    if let Some(filter) = &shape.filter {
        add_touched(model, filter, &mut book);
    }
    for path in paths(shape) {
        let mut entity = shape.entity;
        for hop in &path.hops {
            entity = target_of(model, entity, *hop);
            book.add_reading(model, entity);
        }
    }
    book
}

fn paths(shape: &AggregateShape) -> impl Iterator<Item = &FieldPath> {
    let groups = shape.groups.iter().map(|group| &group.path);
    groups.chain(shape.measures.iter().map(|measure| &measure.path))
}

/// Compiles a shape for callers whose atoms have these shapes.
///
/// # Errors
/// `HiddenField` when it names a field that the caller may never read, `TooManyJoins` when too many
/// relations are followed.
pub fn build(
    model: &Model,
    dialect: Dialect,
    shape: &AggregateShape,
    rules: &RuleBook,
    atoms: &[AtomShape],
) -> Result<ReadPlan, PlanError> {
    let mut renderer = Renderer::new(model, dialect, rules, atoms);
    for path in paths(shape) {
        hidden::check_path(&renderer, shape.entity, &path.hops, path.field)?;
    }
    if let Some(filter) = &shape.filter {
        hidden::check(&renderer, filter)?;
    }
    let rows = Rows::of(&mut renderer, shape);
    renderer.check_joins()?;
    let mut columns = Columns::default();
    let members = members(model, shape, &rows, &mut columns);
    let terms: Vec<SortTerm> = shape.order.iter().map(|order| rows.term(order)).collect();
    let order = terms
        .iter()
        .zip(&shape.order)
        .map(|(term, order)| (columns.add(rows.shown(order.by)), term.show))
        .collect();

    let mut conditions = Vec::new();
    if let Some(having) = &shape.having {
        let mut aggregates = vec![COUNT.to_owned()];
        aggregates.extend(rows.measures.iter().map(|value| value.sql.clone()));
        conditions.push(renderer.having(having, aggregates));
    }
    let reversed = matches!(shape.page, PageShape::Before(_));
    if let PageShape::After(nulls) | PageShape::Before(nulls) = &shape.page
        && !terms.is_empty()
    {
        conditions.push(keyset(&mut renderer, &terms, nulls, reversed, BindSource::Cursor));
    }
    let mut sql = format!("SELECT {} FROM ({}) AS r", columns.list(), rows.sql);
    if !rows.groups.is_empty() {
        let keys: Vec<&str> = rows.groups.iter().map(|value| value.sql.as_str()).collect();
        sql.push_str(&format!(" GROUP BY {}", keys.join(", ")));
    }
    if !conditions.is_empty() {
        sql.push_str(&format!(" HAVING {}", conditions.join(" AND ")));
    }
    if !terms.is_empty() {
        sql.push_str(&format!(" ORDER BY {}", order_by(&terms, reversed)));
    }
    sql.push_str(&format!(" LIMIT {}", renderer.bind(BindSource::LimitAndOne)));
    if shape.page == PageShape::Offset {
        sql.push_str(&format!(" OFFSET {}", renderer.bind(BindSource::Offset)));
    }
    let statement = SqlText { sql: sql.into(), binds: renderer.take_binds() };
    Ok(ReadPlan {
        levels: vec![Level { statement, encoder: Encoder { members }, parent: None, order }],
        count: None,
        target: Target::Many,
        ranked: false,
        reversed,
        order_hash: order_hash(shape),
        expand_cursors: Vec::new(),
        last_bytes: AtomicUsize::new(0),
    })
}

/// A cursor is good for the same groups in the same order, and nowhere else.
fn order_hash(shape: &AggregateShape) -> u32 {
    let mut hasher = FxHasher::default();
    (shape.entity, &shape.groups, shape.order.len()).hash(&mut hasher);
    for order in &shape.order {
        order.descending.hash(&mut hasher);
        match order.by {
            OrderBy::Group(at) => at.hash(&mut hasher),
            OrderBy::Count => "count".hash(&mut hasher),
            OrderBy::Measure(at) => shape.measures[at].hash(&mut hasher),
        }
    }
    hasher.finish() as u32
}

/// The subquery of rows, and what the statement around it says of their values.
struct Rows {
    sql: String,
    groups: Vec<Value>,
    measures: Vec<Value>,
}

/// A value of a group.
struct Value {
    /// What it is compared as.
    sql: String,
    /// What is selected to be shown.
    shown: String,
    show: Show,
}

impl Rows {
    fn of<'m>(renderer: &mut Renderer<'m>, shape: &'m AggregateShape) -> Self {
        let alias = renderer.open_from();
        let searched = Searched::of(renderer, shape.entity, shape.search.as_ref());
        let mut conditions = Vec::new();
        conditions.extend(searched.as_ref().map(Searched::condition));
        conditions.extend(renderer.rule(RuleRef::Read(shape.entity), &alias, shape.entity));
        if let Some(filter) = &shape.filter {
            conditions.push(renderer.filter(filter, &alias, shape.entity));
        }
        let mut selected = Vec::new();
        let groups = shape
            .groups
            .iter()
            .enumerate()
            .filter_map(|(index, group)| {
                let of = group.path.values(renderer.model, shape.entity)?;
                let sql = field(renderer, &alias, shape.entity, &group.path);
                let sql = match group.unit {
                    Some(unit) => renderer.dialect.period(&sql, unit, of.column),
                    None => sql,
                };
                selected.push(format!("{sql} AS g{index}"));
                Some(Value::of_group(renderer.dialect, &format!("r.g{index}"), &of))
            })
            .collect();
        let mut sources: Vec<&FieldPath> = Vec::new();
        let mut measures = Vec::new();
        for Measure { func, path } in &shape.measures {
            let Some(of) = path.values(renderer.model, shape.entity) else { continue };
            let known = sources.iter().position(|source| *source == path);
            let source = known.unwrap_or_else(|| {
                let sql = field(renderer, &alias, shape.entity, path);
                selected.push(format!("{sql} AS a{}", sources.len()));
                sources.push(path);
                sources.len() - 1
            });
            let source = format!("r.a{source}");
            measures.push(Value::of_measure(renderer.dialect, *func, source, &of));
        }
        if selected.is_empty() {
            selected.push("1 AS one".to_owned());
        }
        let joins = renderer.close_from();
        let from = match &searched {
            Some(searched) => searched.from(renderer, &alias),
            None => format!("{} AS {}", renderer.table(shape.entity), alias.name()),
        };
        let sql = format!(
            "SELECT {} FROM {from}{joins}{}",
            selected.join(", "),
            where_clause(&conditions)
        );
        Self { sql, groups, measures }
    }

    fn term(&self, order: &AggregateOrder) -> SortTerm {
        let (sql, nullable, show) = match order.by {
            OrderBy::Group(at) => (self.groups[at].sql.clone(), true, self.groups[at].show),
            OrderBy::Count => (COUNT.to_owned(), false, Show::Int),
            OrderBy::Measure(at) => (self.measures[at].sql.clone(), true, self.measures[at].show),
        };
        SortTerm { sql, descending: order.descending, nullable, show }
    }

    fn shown(&self, by: OrderBy) -> String {
        match by {
            OrderBy::Group(at) => self.groups[at].shown.clone(),
            OrderBy::Count => COUNT.to_owned(),
            OrderBy::Measure(at) => self.measures[at].shown.clone(),
        }
    }
}

impl Value {
    fn of_group(dialect: Dialect, name: &str, of: &PathValues) -> Self {
        let shown = dialect.group_key(name, of.column);
        Self { sql: exact(dialect, name.to_owned(), of.column), shown, show: of.show }
    }

    fn of_measure(dialect: Dialect, func: AggregateFunc, source: String, of: &PathValues) -> Self {
        let shown = dialect.aggregate(func, source, of.column);
        let decimal = func.result_type(&of.ty, of.column) == Type::Decimal;
        let result = if decimal { ColumnType::Decimal } else { ColumnType::Text };
        let show = func.result_show(of.show, of.column);
        Self { sql: exact(dialect, shown.clone(), result), shown, show }
    }
}

fn exact(dialect: Dialect, sql: String, column: ColumnType) -> String {
    if column == ColumnType::Decimal { dialect.collated(sql, &Type::Decimal) } else { sql }
}

/// Renders a field as the caller may see it.
fn field(renderer: &mut Renderer<'_>, alias: &Alias, entity: EntityId, path: &FieldPath) -> String {
    let (alias, entity, conditions) = renderer.client_path(alias, entity, &path.hops);
    let sql = renderer.client_field(&alias, entity, path.field);
    when(renderer.dialect, &conditions, sql)
}

/// `"group":{…},"count":…,"sum":{…}`
fn members(
    model: &Model,
    shape: &AggregateShape,
    rows: &Rows,
    columns: &mut Columns,
) -> Vec<Member> {
    let count = columns.add(COUNT.to_owned());
    let column = |columns: &mut Columns, name: &str, value: &Value| Member::Column {
        key: member_key(name),
        column: columns.add(value.shown.clone()),
        show: value.show,
        hashed: false,
    };
    // A group has rows, so its count is not null, and the object always there.
    let object = |name: &str, members: Vec<Member>| {
        let key = member_key(name);
        (!members.is_empty()).then_some(Member::One { key, present: count, allowed: None, members })
    };
    let mut members = Vec::new();
    let groups = shape.groups.iter().zip(&rows.groups);
    let groups = groups
        .map(|(group, value)| column(columns, &group.name(model, shape.entity), value))
        .collect();
    members.extend(object("group", groups));
    if shape.count {
        let key = member_key("count");
        members.push(Member::Column { key, column: count, show: Show::Int, hashed: false });
    }
    for func in AggregateFunc::ALL {
        let measures = shape.measures.iter().zip(&rows.measures);
        let of_func = measures
            .filter(|(measure, _)| measure.func == func)
            .map(|(measure, value)| column(columns, &measure.path.name(model, shape.entity), value))
            .collect();
        members.extend(object(func.name(), of_func));
    }
    members
}
