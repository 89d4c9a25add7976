//! Judges an operation on a row as the operations do, in their order, and keeps the reasons.

use std::sync::Arc;

use expr::{Caller, EntityId, FieldId, Timestamp, Value};
use model::{ColumnId, Entity, Field, FieldKind, Model, Relation, Rule};
use plan::Bind;
use serde_json::Value as Json;

use super::around::Around;
use super::part::{Part, part};
use super::snapshot::Snapshot;
use super::stored::Stored;
use crate::access::matrix::Operation;

/// What a caller wants to do.
pub(super) struct Question {
    pub(super) operation: Operation,
    pub(super) entity: EntityId,
    /// The row; empty for a new one.
    pub(super) key: Vec<Bind>,
    pub(super) user: Option<Arc<Json>>,
    pub(super) now: Timestamp,
    /// The fields that the caller sends.
    pub(super) sent: Vec<(FieldId, Value)>,
    /// The columns that a write sets.
    pub(super) columns: Vec<(ColumnId, Bind)>,
    /// The many-to-many relations that a write sets.
    pub(super) links: Vec<(FieldId, Vec<Vec<Bind>>)>,
    /// Whether the caller can create no row at all, and is told so before anything else.
    pub(super) closed: bool,
}

/// What the rules say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They allow it.
    Allowed,
    /// There is no such row.
    Missing,
    /// The read rule hides the row, so that it does not exist for the caller.
    Hidden,
    /// The caller may see the row, but not do this to it.
    Denied,
    /// The caller may not send these fields.
    DeniedFields(Vec<String>),
    /// These relations lead to no row that the caller may see.
    NoTarget(Vec<String>),
}

/// One rule that was asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// What the rule is for.
    pub operation: Operation,
    /// The field whose rule it is; none for the entity's.
    pub field: Option<String>,
    /// On which row it was judged.
    pub on: On,
    /// Whether it allows.
    pub holds: bool,
    /// The rule, part by part; none where there is no rule, or no row to judge it on.
    pub rule: Option<Part>,
}

/// The row on which a rule is judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum On {
    /// The row as it is.
    Row,
    /// The row as it would become.
    NewRow,
    /// The row that a relation of this name would lead to.
    Target(String),
}

/// The verdict and its reasons.
pub(super) struct Judged {
    pub(super) verdict: Verdict,
    pub(super) judgements: Vec<Judgement>,
}

impl Question {
    /// Judges with the rows known so far; those that are missing are noted as wanted.
    pub(super) fn judge(&self, model: &Model, snapshot: &Snapshot) -> Judged {
        let caller =
            Caller { user: self.user.clone(), now: self.now, input: &self.sent, request: None };
        let entity = model.entity(self.entity);
        let mut bench =
            Bench { question: self, model, entity, caller: &caller, snapshot, judgements: vec![] };
        let verdict = bench.verdict();
        Judged { verdict, judgements: bench.judgements }
    }
}

struct Bench<'a> {
    question: &'a Question,
    model: &'a Model,
    entity: &'a Entity,
    caller: &'a Caller<'a>,
    snapshot: &'a Snapshot,
    judgements: Vec<Judgement>,
}

impl<'a> Bench<'a> {
    fn verdict(&mut self) -> Verdict {
        let operation = self.question.operation;
        let mut old = None;
        if operation != Operation::Create {
            let row = self.snapshot.row(self.model, self.question.entity, &self.question.key);
            let Some(row) = row else { return Verdict::Missing };
            let around = self.around(row, None);
            if !self.entity_rule(Operation::Read, &around, On::Row) {
                return Verdict::Hidden;
            }
            match operation {
                Operation::Read => {
                    self.shown_fields(&around);
                    return Verdict::Allowed;
                }
                _ => {
                    if let Some(denied) = self.look(&around, &On::Row) {
                        return denied;
                    }
                }
            }
            old = Some(around.row);
        }
        if operation == Operation::Delete {
            return Verdict::Allowed;
        }
        let old = old.unwrap_or_else(|| Arc::new(Stored::blank(self.entity)));
        let new = Arc::new(old.with(self.model, &self.question.columns));
        let missing = if self.question.closed { Vec::new() } else { self.targets(&new) };
        if !missing.is_empty() {
            return Verdict::NoTarget(missing);
        }
        let around = self.around(Arc::clone(&new), Some(new));
        self.look(&around, &On::NewRow).unwrap_or(Verdict::Allowed)
    }

    fn around(&self, row: Arc<Stored>, changed: Option<Arc<Stored>>) -> Around<'a> {
        Around {
            model: self.model,
            caller: self.caller,
            snapshot: self.snapshot,
            row,
            changed,
            atoms: Vec::new(),
        }
    }

    /// Judges the rules of the operation: the entity's, and those of the fields that are sent.
    fn look(&mut self, around: &Around<'_>, on: &On) -> Option<Verdict> {
        let operation = self.question.operation;
        let allowed = self.entity_rule(operation, around, on.clone());
        let mut denied = Vec::new();
        for (id, _) in &self.question.sent {
            let field = self.entity.field(*id);
            if let Some(rule) = operation.field_rule(field)
                && !self.rule(operation, Some(rule), around, on.clone(), Some(field))
            {
                denied.push(field.name.clone());
            }
        }
        match (allowed, denied.is_empty()) {
            (false, _) => Some(Verdict::Denied),
            (true, false) => Some(Verdict::DeniedFields(denied)),
            (true, true) => None,
        }
    }

    /// Judges which fields of a visible row are there.
    fn shown_fields(&mut self, around: &Around<'_>) {
        for field in &self.entity.fields {
            if field.private {
                self.judgements.push(Judgement {
                    operation: Operation::Read,
                    field: Some(field.name.clone()),
                    on: On::Row,
                    holds: false,
                    rule: None,
                });
            } else if let Some(rule) = &field.rules.read {
                self.rule(Operation::Read, Some(rule), around, On::Row, Some(field));
            }
        }
    }

    /// Finds the rows that the written relations lead to; names those that the caller cannot know of.
    fn targets(&mut self, new: &Stored) -> Vec<String> {
        let mut missing = Vec::new();
        for (index, field) in self.entity.fields.iter().enumerate() {
            let FieldKind::ToOne(relation) = &field.kind else { continue };
            let id = FieldId(index as u32);
            let sent = self.question.sent.iter().any(|(field, _)| *field == id);
            let target = self.model.entity(relation.target);
            let tenants = self.entity.tenant.is_some() && target.tenant.is_some();
            let checked = tenants || target.archive.is_some();
            if !sent && !relation.other_module && !checked {
                continue;
            }
            if let Some(key) = self.written_key(relation)
                && !self.finds(field, relation.target, &key, sent, new)
            {
                missing.push(field.name.clone());
            }
        }
        for (field, keys) in &self.question.links {
            let field = self.entity.field(*field);
            let FieldKind::ToMany { target, .. } = field.kind else { continue };
            let hidden =
                keys.iter().filter(|key| !self.finds(field, target, key, true, new)).count();
            if hidden > 0 {
                missing.push(field.name.clone());
            }
        }
        missing
    }

    /// Returns the key that is written to a relation; none where it is not written, or null.
    fn written_key(&self, relation: &Relation) -> Option<Vec<Bind>> {
        let written = |column: &ColumnId| {
            let found = self.question.columns.iter().find(|(set, _)| set == column);
            found.map(|(_, value)| value.clone()).filter(|value| *value != Bind::Null)
        };
        relation.columns.iter().map(written).collect()
    }

    /// A row that the client names must be visible to it; one that the server names must be there.
    /// Between rows of tenants, both are of the same.
    fn finds(
        &mut self,
        field: &Field,
        target: EntityId,
        key: &[Bind],
        sent: bool,
        new: &Stored,
    ) -> bool {
        let Some(row) = self.snapshot.row(self.model, target, key) else { return false };
        let target = self.model.entity(target);
        if row.is_archived(target) {
            return false;
        }
        let fits = match (&self.entity.tenant, &target.tenant) {
            (Some(own), Some(other)) => new.column(own.column) == row.column(other.column),
            _ => true,
        };
        if !sent || !fits {
            return fits;
        }
        let around = self.around(row, None);
        self.rule(
            Operation::Read,
            target.rules.read.as_ref(),
            &around,
            On::Target(field.name.clone()),
            None,
        )
    }

    fn entity_rule(&mut self, operation: Operation, around: &Around<'_>, on: On) -> bool {
        self.rule(operation, operation.rule(self.entity), around, on, None)
    }

    /// Judges one rule. A missing one denies.
    fn rule(
        &mut self,
        operation: Operation,
        rule: Option<&Rule>,
        around: &Around<'_>,
        on: On,
        field: Option<&Field>,
    ) -> bool {
        let trace = rule.map(|rule| (rule, expr::trace(&rule.expr, around)));
        let holds = trace.as_ref().is_some_and(|(_, trace)| trace.truth == Some(true));
        let rule = trace.map(|(rule, trace)| part(self.model, rule, &trace));
        let field = field.map(|field| field.name.clone());
        self.judgements.push(Judgement { operation, field, on, holds, rule });
        holds
    }
}
