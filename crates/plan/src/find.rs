//! Finds the keys of rows that the caller may read: by the values of a unique key, by a filter, or
//! by both.

use std::sync::Arc;

use expr::{AtomShape, EntityId, Node};
use model::{ColumnId, Model};

use crate::binds::{BindSource, bind};
use crate::dialect::Dialect;
use crate::program::{Bind, Constraint, Program, Row, Statement, Verdict};
use crate::read::{PlanError, SqlText, add_touched, hidden, where_clause};
use crate::render::Renderer;
use crate::rules::{AtomValues, RuleBook, RuleRef};

/// A search without its values.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FindShape {
    /// What is searched.
    pub entity: EntityId,
    /// The columns whose values are known.
    pub columns: Vec<ColumnId>,
    /// The client's filter, its literals taken out as atoms.
    pub filter: Option<Node>,
    /// How many atoms the filter has.
    pub filter_atoms: usize,
}

/// A search compiled for one shape and one kind of caller.
#[derive(Debug)]
pub struct FindPlan {
    statement: SqlText,
    key_columns: usize,
}

/// Returns the rules that a search of this shape consults.
pub fn rules_of(model: &Model, shape: &FindShape) -> RuleBook {
    let mut book = RuleBook::behind(shape.filter_atoms);
    book.add_reading(model, shape.entity);
    if let Some(filter) = &shape.filter {
        add_touched(model, filter, &mut book);
    }
    book
}

/// Compiles a shape for callers whose atoms have these shapes.
///
/// # Errors
/// `HiddenField` when the filter or a column is of a field that the caller may never read,
/// `TooManyJoins` when too many relations are followed.
pub fn build(
    model: &Model,
    dialect: Dialect,
    shape: &FindShape,
    rules: &RuleBook,
    atoms: &[AtomShape],
) -> Result<FindPlan, PlanError> {
    let entity = model.entity(shape.entity);
    let mut renderer = Renderer::new(model, dialect, rules, atoms);
    let alias = renderer.open_from();
    let mut conditions = Vec::new();
    for (index, column) in shape.columns.iter().enumerate() {
        let value = renderer.bind(BindSource::Input(index as u16));
        conditions.push(format!("{} = {value}", renderer.column(&alias, entity.id, *column)));
        // A row is known by its key, but by another field only where that can be read.
        let field = entity.column(*column).field;
        if !entity.key.contains(&field) && entity.field(field).rules.read.is_some() {
            hidden::check_field(&renderer, entity.id, field)?;
            let rule = RuleRef::ReadField(entity.id, field);
            conditions.extend(renderer.rule(rule, &alias, entity.id));
        }
    }
    conditions.extend(renderer.rule(RuleRef::Read(entity.id), &alias, entity.id));
    if let Some(filter) = &shape.filter {
        hidden::check(&renderer, filter)?;
        conditions.push(renderer.filter(filter, &alias, entity.id));
    }
    let keys: Vec<String> = entity
        .key_columns
        .iter()
        .map(|column| renderer.column(&alias, entity.id, *column))
        .collect();
    let keys = keys.join(", ");
    let joins = renderer.close_from();
    renderer.check_joins()?;
    let limit = renderer.bind(BindSource::LimitAndOne);
    let sql = format!(
        "SELECT {keys} FROM {} AS {}{joins}{} ORDER BY {keys} LIMIT {limit}",
        renderer.table(entity.id),
        alias.name(),
        where_clause(&conditions),
    );
    let statement = SqlText { sql: sql.into(), binds: renderer.take_binds() };
    Ok(FindPlan { statement, key_columns: entity.key_columns.len() })
}

/// The values of one search.
#[derive(Debug, Clone, Default)]
pub struct FindValues {
    /// The atoms' values.
    pub atoms: AtomValues,
    /// The values of the shape's columns.
    pub inputs: Vec<Bind>,
    /// How many rows are wanted; one more is found where there is one.
    pub limit: u32,
}

/// A search in progress. It comes to the keys, in their order.
pub struct FindRun {
    plan: Arc<FindPlan>,
    values: FindValues,
    binds: Vec<Bind>,
    asked: bool,
    keys: Vec<Vec<Bind>>,
}

impl FindRun {
    /// Starts a search.
    pub fn new(plan: Arc<FindPlan>, values: FindValues) -> Self {
        Self { plan, values, binds: Vec::new(), asked: false, keys: Vec::new() }
    }
}

impl Program for FindRun {
    type Output = Vec<Vec<Bind>>;

    fn next(&mut self) -> Option<Statement<'_>> {
        if std::mem::replace(&mut self.asked, true) {
            return None;
        }
        let values = &self.values;
        let binds = self.plan.statement.binds.iter().map(|source| match source {
            BindSource::Atom(index) => bind(values.atoms[*index as usize].clone()),
            BindSource::Input(index) => values.inputs[*index as usize].clone(),
            BindSource::LimitAndOne => Bind::Int(i64::from(values.limit) + 1),
            BindSource::Number(number) => Bind::Int(*number),
            BindSource::Key(_)
            | BindSource::Cursor(_)
            | BindSource::ExpandCursor(_)
            | BindSource::Offset
            | BindSource::Links(_)
            | BindSource::Search
            | BindSource::SearchAny
            | BindSource::ParentKeys => unreachable!("a search has neither key nor page"),
        });
        self.binds = binds.collect();
        Some(Statement { sql: &self.plan.statement.sql, binds: &self.binds })
    }

    fn row<R: Row>(&mut self, row: &R) {
        let key = (0..self.plan.key_columns).map(|column| row.cell(column).to_bind());
        self.keys.push(key.collect());
    }

    fn refused(&mut self, _: Constraint) {}

    fn restart(&mut self) {
        self.asked = false;
        self.keys.clear();
    }

    fn verdict(&self) -> Verdict {
        Verdict::Commit
    }

    fn finish(self) -> Vec<Vec<Bind>> {
        self.keys
    }
}
