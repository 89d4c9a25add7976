//! The difference between two schemas.

use super::convert::{Conversion, changes_values, conversion};
use super::fill::{ComputedFill, FilledRows, fills};
use super::history;
use super::meaning::{leads_elsewhere, tells_rows_anew};
use super::{
    Change, Column, Demand, Fill, FillFault, MigrationPlan, NewValues, Renames, Schema, Step, Table,
};
use crate::field::ColumnType;

/// Finds the steps from one schema to the next; from none, every table is new.
pub fn diff(old: Option<&Schema>, new: &Schema) -> MigrationPlan {
    let empty = Schema::default();
    let old = old.unwrap_or(&empty);
    let renames = Renames::between(old, new);
    let before = renames.apply(old);
    let (fills, mistakes) = fills(old, &renames, &before, new);
    let mut steps = Vec::new();
    for (name, from) in &renames.tables {
        steps.push(step(name, Change::RenameTable { from: from.clone() }));
    }
    for (table, to, from) in &renames.columns {
        steps.push(step(table, Change::RenameColumn { from: from.clone(), to: to.clone() }));
    }
    for table in &before.tables {
        if new.table(&table.name).is_none() {
            let demand = Demand::NothingToLose { column: None };
            steps.push(Step {
                table: table.name.clone(),
                change: Change::DropTable,
                demands: vec![demand],
            });
        }
    }
    for after in &new.tables {
        match before.table(&after.name) {
            Some(found) => {
                let own = fills.iter().filter(|fill| fill.table == after.name).collect();
                let diff = TableDiff { before: found, after, fills: own, steps: vec![] }.run();
                match is_history_of_others(&before, new, &fills, &after.name) {
                    true => steps.extend(emptied(&after.name, diff)),
                    false => steps.extend(diff),
                }
            }
            None => steps.push(step(&after.name, Change::CreateTable(Box::new(after.clone())))),
        }
    }
    let mut plan = MigrationPlan { steps, before, after: new.clone(), renames, fills, mistakes };
    demand_references_to_changed_keys(&mut plan);
    plan
}

/// Says whether a table is a history whose entries are by keys that its rows no longer have.
fn is_history_of_others(old: &Schema, new: &Schema, fills: &[ComputedFill], name: &str) -> bool {
    let of = new.tables.iter().find(|table| history::table_name(&table.name) == name);
    of.is_some_and(|after| {
        old.table(&after.name).is_some_and(|before| tells_rows_anew(before, after, fills))
    })
}

/// A table changes as it likes once it is empty.
fn emptied(table: &str, mut steps: Vec<Step>) -> Vec<Step> {
    steps.iter_mut().for_each(|step| step.demands.clear());
    let demands = vec![Demand::NothingToLose { column: None }];
    steps.insert(0, Step { demands, ..step(table, Change::EmptyHistory) });
    steps
}

fn step(table: &str, change: Change) -> Step {
    Step { table: table.to_owned(), change, demands: Vec::new() }
}

/// A key that another table refers to is only as good after its conversion as both sides' agree.
fn demand_references_to_changed_keys(plan: &mut MigrationPlan) {
    let fills = plan.fills.clone();
    let changed = |steps: &[Step], table: &str, columns: &[String]| {
        let converted = steps.iter().any(|step| {
            step.table == table
                && matches!(&step.change, Change::Retype { from, to, .. }
                    if columns.contains(&to.name) && changes_values(from, to))
        });
        let filled = fills.iter().any(|fill| fill.table == table && columns.contains(&fill.column));
        converted || filled
    };
    for table in &plan.after.tables {
        for key in &table.foreign_keys {
            let before = plan.before.table(&table.name);
            if !before.is_some_and(|before| before.foreign_keys.iter().any(|old| old.leads_as(key)))
            {
                continue;
            }
            let own = changed(&plan.steps, &table.name, &key.columns);
            let other = changed(&plan.steps, &key.target, &key.target_columns);
            if own || other {
                let demand = Demand::Refers(key.clone());
                let change = Change::AddForeignKey(key.clone());
                let known =
                    plan.steps.iter_mut().find(|s| s.table == table.name && s.change == change);
                match known {
                    Some(step) => step.demands = vec![demand],
                    None => {
                        plan.steps
                            .push(Step { demands: vec![demand], ..step(&table.name, change) });
                    }
                }
            }
        }
    }
}

/// The difference between two states of one table.
pub(super) struct TableDiff<'s> {
    pub(super) before: &'s Table,
    pub(super) after: &'s Table,
    /// The fills that take part.
    pub(super) fills: Vec<&'s ComputedFill>,
    pub(super) steps: Vec<Step>,
}

impl TableDiff<'_> {
    fn run(mut self) -> Vec<Step> {
        self.columns();
        self.archive();
        self.key();
        self.foreign_keys();
        self.indexes();
        self.checks();
        self.history();
        self.search();
        self.steps
    }

    pub(super) fn push(&mut self, change: Change, demands: Vec<Demand>) {
        self.steps.push(Step { table: self.after.name.clone(), change, demands });
    }

    fn columns(&mut self) {
        for column in &self.before.columns {
            if self.after.column(&column.name).is_none() {
                let column = column.name.clone();
                let into = self.carried_into(&column);
                let demand = match into.is_empty() {
                    true => Demand::NothingToLose { column: Some(column.clone()) },
                    false => Demand::Carried { column: column.clone(), into: into.clone() },
                };
                self.push(Change::DropColumn { column, into }, vec![demand]);
            }
        }
        for column in &self.after.columns {
            match self.before.column(&column.name) {
                Some(before) => self.column(before, column),
                None => {
                    let demands = self.new_values(column);
                    self.push(Change::AddColumn(Box::new(column.clone())), demands);
                }
            }
        }
    }

    /// The columns that get the values of one that goes.
    fn carried_into(&self, column: &str) -> Vec<String> {
        let reads = |fill: &&&ComputedFill| {
            fill.rows == FilledRows::All && fill.reads.iter().any(|read| read == column)
        };
        self.fills.iter().filter(reads).map(|fill| fill.column.clone()).collect()
    }

    fn fill(&self, column: &str) -> Option<&ComputedFill> {
        self.fills.iter().find(|fill| fill.column == column).copied()
    }

    /// What a column without old values demands.
    fn new_values(&self, column: &Column) -> Vec<Demand> {
        if self.fill(&column.name).is_some() {
            return filled(column);
        }
        if column.nullable || column.fill.is_some() {
            return Vec::new();
        }
        vec![Demand::Empty { column: column.name.clone() }]
    }

    fn column(&mut self, before: &Column, after: &Column) {
        if let Some(fill) = self.fill(&after.name) {
            let rows = fill.rows;
            return self.filled_column(before, after, rows);
        }
        let (name, found) = (after.name.clone(), conversion(before, after));
        let elsewhere = leads_elsewhere(self.before, self.after, &name);
        let replace = found == Conversion::Replace || elsewhere;
        let mut demands = match found.clone() {
            _ if replace => vec![Demand::NothingToLose { column: Some(name.clone()) }],
            Conversion::Narrow(demand) => vec![demand],
            _ => Vec::new(),
        };
        if replace {
            demands.extend(self.new_values(after));
        }
        if changes_values(before, after) || elsewhere {
            demands.extend(self.constraints_on(&name));
        }
        if found != Conversion::None || elsewhere {
            let (from, to) = (Box::new(before.clone()), Box::new(after.clone()));
            let values = if replace { NewValues::Lost } else { NewValues::Kept };
            self.push(Change::Retype { from, to, values }, demands);
        }
        match (before.nullable, after.nullable) {
            (true, false) => {
                let old_values = Demand::NoNulls { column: name.clone() };
                let demands = if replace { vec![] } else { vec![old_values] };
                self.push(Change::SetRequired { column: name, fill: None }, demands);
            }
            (false, true) => self.push(Change::SetOptional { column: name }, vec![]),
            _ => {}
        }
    }

    /// A column whose new values, or those of rows without one, are computed.
    fn filled_column(&mut self, before: &Column, after: &Column, rows: FilledRows) {
        let column = after.name.clone();
        let mut demands = filled(after);
        demands.extend(self.constraints_on(&column));
        if rows == FilledRows::Missing {
            let fill = match &after.fill {
                Some(Fill::Expr(text)) => Some(text.clone()),
                _ => None,
            };
            // An enum may gain values at the same time.
            if conversion(before, after) != Conversion::None {
                let (from, to) = (Box::new(before.clone()), Box::new(after.clone()));
                self.push(Change::Retype { from, to, values: NewValues::Kept }, vec![]);
            }
            self.push(Change::SetRequired { column, fill }, demands);
            return;
        }
        if after.nullable {
            demands.push(Demand::Filled { column: column.clone(), fault: FillFault::Lost });
        }
        let (from, to) = (Box::new(before.clone()), Box::new(after.clone()));
        self.push(Change::Retype { from, to, values: NewValues::Filled }, demands);
        match (before.nullable, after.nullable) {
            (true, false) => self.push(Change::SetRequired { column, fill: None }, vec![]),
            (false, true) => self.push(Change::SetOptional { column }, vec![]),
            _ => {}
        }
    }

    /// The constraints that converted values of a column could break although the constraints
    /// themselves stay as they are. Which checks read it, their text does not tell.
    fn constraints_on(&self, column: &str) -> Vec<Demand> {
        let (before, after) = (self.before, self.after);
        let mut demands = Vec::new();
        if after.key.iter().any(|name| name == column) && before.key == after.key {
            demands.push(self.unique_key());
        }
        for index in &after.indexes {
            let reads_it =
                index.filter.is_some() || index.columns.iter().any(|part| part.name == column);
            if index.unique && reads_it && before.indexes.iter().any(|old| old.same_as(index)) {
                demands.push(index.demand());
            }
        }
        for check in &after.checks {
            if before.checks.iter().any(|old| old.condition == check.condition) {
                demands.push(Demand::Holds(check.clone()));
            }
        }
        demands
    }

    fn unique_key(&self) -> Demand {
        Demand::Unique { index: None, columns: self.after.key.clone(), filter: None }
    }

    fn key(&mut self) {
        let (before, after) = (self.before, self.after);
        if before.key == after.key && before.identity == after.identity {
            return;
        }
        let change = Change::Rekey {
            from: before.key.clone(),
            to: after.key.clone(),
            identity: after.identity,
        };
        let demands = if before.key == after.key { vec![] } else { vec![self.unique_key()] };
        self.push(change, demands);
    }

    /// Says whether every old row has NULL in a column, because it is new.
    pub(super) fn starts_null(&self, column: &str) -> bool {
        self.before.column(column).is_none()
            && self.after.column(column).is_some_and(|new| new.nullable && new.fill.is_none())
    }
}

/// What computed values of a column must be.
fn filled(column: &Column) -> Vec<Demand> {
    let demand = |fault| Demand::Filled { column: column.name.clone(), fault };
    let mut demands = Vec::new();
    if !column.nullable {
        demands.push(demand(FillFault::Null));
    }
    if column.ty == ColumnType::Int {
        demands.push(demand(FillFault::OutOfRange));
    }
    if column.values.is_some() {
        demands.push(demand(FillFault::NotAValue));
    }
    demands
}
