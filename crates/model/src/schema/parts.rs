//! The difference between the foreign keys, indexes and checks of a table.

use super::diff::TableDiff;
use super::{Change, Demand, ForeignKey, Index};

impl Index {
    /// Says whether two indexes differ in nothing but their names.
    pub(super) fn same_as(&self, other: &Self) -> bool {
        (&self.columns, self.unique, &self.filter) == (&other.columns, other.unique, &other.filter)
    }

    /// What a unique index demands of the rows.
    pub(super) fn demand(&self) -> Demand {
        Demand::Unique {
            index: Some(self.name.clone()),
            columns: self.columns.iter().map(|column| column.name.clone()).collect(),
            filter: self.filter.clone(),
        }
    }
}

impl ForeignKey {
    /// Says whether two keys differ in nothing but what deleting the target does.
    pub(super) fn leads_as(&self, other: &Self) -> bool {
        (&self.columns, &self.target, &self.target_columns)
            == (&other.columns, &other.target, &other.target_columns)
    }
}

impl TableDiff<'_> {
    pub(super) fn foreign_keys(&mut self) {
        let (before, after) = (&self.before.foreign_keys, &self.after.foreign_keys);
        for key in before.iter().filter(|key| !after.contains(key)) {
            self.push(Change::DropForeignKey(key.clone()), vec![]);
        }
        for key in after.iter().filter(|key| !before.contains(key)) {
            // Another thing to do on delete asks nothing of the rows.
            let known = before.iter().any(|old| old.leads_as(key));
            let holds = known || key.columns.iter().any(|column| self.starts_null(column));
            let demands = if holds { vec![] } else { vec![Demand::Refers(key.clone())] };
            self.push(Change::AddForeignKey(key.clone()), demands);
        }
    }

    pub(super) fn indexes(&mut self) {
        let (before, after) = (&self.before.indexes, &self.after.indexes);
        let kept = |index: &&Index| after.iter().any(|new| new == *index);
        let mut gone: Vec<&Index> = before.iter().filter(|index| !kept(index)).collect();
        let mut added = Vec::new();
        for index in after.iter().filter(|index| !before.contains(index)) {
            match gone.iter().position(|old| old.same_as(index)) {
                Some(found) => {
                    let from = gone.remove(found).name.clone();
                    self.push(Change::RenameIndex { from, to: index.name.clone() }, vec![]);
                }
                None => added.push(index),
            }
        }
        for index in gone {
            self.push(Change::DropIndex { name: index.name.clone() }, vec![]);
        }
        for index in added {
            let holds =
                !index.unique || index.columns.iter().any(|part| self.starts_null(&part.name));
            let demands = if holds { vec![] } else { vec![index.demand()] };
            self.push(Change::AddIndex(index.clone()), demands);
        }
    }

    /// The history's triggers, and the values that leave it. What goes with its trigger is dropped as
    /// a table of its own.
    pub(super) fn history(&mut self) {
        let (before, after) = (self.before, self.after);
        for trigger in &before.triggers {
            if !after.triggers.iter().any(|new| new.name == trigger.name) {
                self.push(Change::DropTrigger { name: trigger.name.clone() }, vec![]);
            }
        }
        for trigger in after.triggers.iter().filter(|new| !before.triggers.contains(new)) {
            self.push(Change::SetTrigger(trigger.clone()), vec![]);
        }
        if after.recorded.is_empty() {
            return;
        }
        for column in before.recorded.iter().filter(|column| !after.recorded.contains(column)) {
            self.push(Change::Forget { column: column.clone() }, vec![]);
        }
    }

    /// Where `@archive` goes and its time stays as a field, the rows that it hid are seen again.
    pub(super) fn archive(&mut self) {
        let Some(column) = &self.before.archive else { return };
        if self.after.archive.as_ref() != Some(column) && self.after.column(column).is_some() {
            let demand = Demand::NoneArchived { column: column.clone() };
            self.push(Change::EndArchive { column: column.clone() }, vec![demand]);
        }
    }

    /// A full-text index is made anew from the rows, so it demands nothing of them.
    pub(super) fn search(&mut self) {
        match (&self.before.search, &self.after.search) {
            (before, Some(after)) if before.as_ref() != Some(after) => {
                let anew = before.is_some();
                self.push(Change::SetSearch { search: after.clone(), anew }, vec![]);
            }
            (Some(_), None) => self.push(Change::DropSearch, vec![]),
            _ => {}
        }
    }

    pub(super) fn checks(&mut self) {
        let (before, after) = (&self.before.checks, &self.after.checks);
        let mut gone: Vec<_> = before.iter().filter(|check| !after.contains(check)).collect();
        for check in after.iter().filter(|check| !before.contains(check)) {
            let demand = Demand::Holds(check.clone());
            if let Some(found) = gone.iter().position(|old| old.name == check.name) {
                gone.remove(found);
                self.push(Change::ChangeCheck(check.clone()), vec![demand]);
            } else if let Some(found) = gone.iter().position(|old| old.condition == check.condition)
            {
                let from = gone.remove(found).name.clone();
                self.push(Change::RenameCheck { from, to: check.name.clone() }, vec![]);
            } else {
                self.push(Change::AddCheck(check.clone()), vec![demand]);
            }
        }
        for check in gone {
            self.push(Change::DropCheck { name: check.name.clone() }, vec![]);
        }
    }
}
