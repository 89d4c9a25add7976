//! Runs a write plan: looks at the row, checks references, writes, and looks again.

use std::sync::Arc;

use expr::{EntityId, FieldId};
use xxhash_rust::xxh3::Xxh3;

use super::merge::{self, Unmerged};
use super::{Adjustment, Look, WriteKind, WritePlan};
use crate::binds::{BindSource, bind};
use crate::encode::Collect;
use crate::program::{Bind, Cell, Constraint, Program, Row, Statement, Verdict};
use crate::read::{RowBody, SqlText};
use crate::rules::AtomValues;

/// The values of one write.
#[derive(Debug, Clone, Default)]
pub struct WriteValues {
    /// The atoms' values.
    pub atoms: AtomValues,
    /// The key: of the path, or of the new row where the client or the server makes it.
    pub key: Vec<Bind>,
    /// The values of the shape's columns.
    pub inputs: Vec<Bind>,
    /// For each many-to-many relation that is set, the keys as `links_text` writes them.
    pub links: Vec<Bind>,
    /// The hashes of which the row must have one (`If-Match`); `None` where any will do.
    pub hashes: Option<Vec<u64>>,
    /// Who writes; only where the plan asks.
    pub by: Option<Arc<By>>,
}

/// Who writes, as the history keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    /// What tells this write from others.
    pub id: [u8; 16],
    /// When.
    pub at: expr::Timestamp,
    /// The caller's id; none without a caller.
    pub caller: Option<String>,
    /// The caller's role.
    pub role: Option<String>,
    /// The id of the request.
    pub request: Option<String>,
}

impl By {
    /// Returns the values of `Dialect::write_by`.
    pub(crate) fn binds(&self) -> Vec<Bind> {
        let text = |text: &Option<String>| text.clone().map_or(Bind::Null, Bind::Text);
        vec![
            Bind::Blob(self.id.as_slice().into()),
            Bind::Int(self.at.0),
            text(&self.caller),
            text(&self.role),
            text(&self.request),
        ]
    }
}

/// How a write ended.
#[derive(Debug, PartialEq)]
pub enum WriteOutput {
    /// The row was created or changed.
    Written {
        /// The row; `None` where the caller may not read it.
        row: Option<RowBody>,
        /// Its key.
        key: Vec<Bind>,
    },
    /// The row was deleted.
    Deleted {
        /// The row as it was, where it was asked for.
        row: Option<RowBody>,
    },
    /// There is no such row, as far as the caller may know.
    NotFound,
    /// The caller may see the row, but not do this to it.
    Denied,
    /// The caller may write the row, but not send these fields.
    DeniedFields(Vec<FieldId>),
    /// The row is not what the caller believes.
    Stale,
    /// Merging what was sent makes this field too large.
    TooLarge(FieldId),
    /// Merged, these documents miss required members, at these JSON pointers.
    Incomplete(Vec<(FieldId, Vec<String>)>),
    /// These references lead to no row that the caller may see.
    NoTarget(Vec<FieldId>),
    /// Rows of this entity refer to the row.
    InUse(EntityId),
    /// The database's verdict.
    Violated(Constraint),
}

/// A write in progress.
pub struct WriteRun {
    plan: Arc<WritePlan>,
    values: WriteValues,
    part: Part,
    binds: Vec<Bind>,
    /// The values that the row as it was decided, with their places among the inputs.
    adjusted: Vec<(u16, Bind)>,
    step: Step,
    found: bool,
    /// The key that the database made.
    made: Vec<Bind>,
    missing: Vec<FieldId>,
    seen: Option<RowBody>,
    end: Option<WriteOutput>,
}

/// How much of the plan is run.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Part {
    Whole,
    /// Up to the write; what has become of the row is looked at later.
    Writing,
    /// What is left then.
    Judging,
}

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Step {
    Start,
    Before,
    Reference(usize),
    /// Looks for rows to be linked that are not there.
    Missing(usize),
    Restricted(usize),
    /// Says who writes.
    By,
    Consequence(usize),
    Write,
    /// A statement of a relation that is set.
    Link(usize, usize),
    After,
    Done,
}

impl WriteRun {
    /// Starts a write.
    pub fn new(plan: Arc<WritePlan>, values: WriteValues) -> Self {
        Self::part(plan, values, Part::Whole)
    }

    /// Starts a write whose row is judged by `judging`, in the same transaction, when others are
    /// written too.
    pub fn writing(plan: Arc<WritePlan>, values: WriteValues) -> Self {
        Self::part(plan, values, Part::Writing)
    }

    /// Judges and reads the row that `writing` wrote. The values have its key.
    pub fn judging(plan: Arc<WritePlan>, values: WriteValues) -> Self {
        Self::part(plan, values, Part::Judging)
    }

    fn part(plan: Arc<WritePlan>, values: WriteValues, part: Part) -> Self {
        Self {
            plan,
            values,
            part,
            binds: Vec::new(),
            adjusted: Vec::new(),
            step: Step::Start,
            found: false,
            made: Vec::new(),
            missing: Vec::new(),
            seen: None,
            end: None,
        }
    }

    /// Draws the conclusion of the step that has just run.
    fn conclude(&mut self) {
        let plan = Arc::clone(&self.plan);
        match self.step {
            Step::Before if !self.found => self.end = Some(WriteOutput::NotFound),
            Step::After if !self.found && self.part == Part::Judging => {
                self.end = Some(WriteOutput::NotFound);
            }
            Step::Reference(at) if !self.found => self.missing.push(plan.references[at].field),
            Step::Missing(at) if self.found => self.missing.push(plan.links[at].field),
            Step::Restricted(at) if self.found => {
                self.end = Some(WriteOutput::InUse(plan.restricted[at].entity));
            }
            _ => {}
        }
        self.found = false;
    }

    /// Returns the step behind a step, skipping those the plan does not have.
    fn behind(&self, step: Step) -> Step {
        let plan = &self.plan;
        let next = match step {
            Step::Start if self.part == Part::Judging => Step::After,
            Step::Start => Step::Before,
            Step::Before => Step::Reference(0),
            Step::Reference(at) => Step::Reference(at + 1),
            Step::Missing(at) => Step::Missing(at + 1),
            Step::Restricted(at) => Step::Restricted(at + 1),
            Step::By => Step::Consequence(0),
            Step::Consequence(at) => Step::Consequence(at + 1),
            Step::Write => Step::Link(0, 0),
            Step::Link(at, part) if part + 1 < plan.links[at].statements.len() => {
                Step::Link(at, part + 1)
            }
            Step::Link(at, _) => Step::Link(at + 1, 0),
            Step::After | Step::Done => Step::Done,
        };
        match next {
            Step::Before if plan.before.is_none() => self.behind(Step::Before),
            Step::Reference(at) if at >= plan.references.len() => match plan.links.len() {
                0 => self.restricted(),
                _ => Step::Missing(0),
            },
            Step::Missing(at) if at >= plan.links.len() => self.restricted(),
            Step::Restricted(at) if at >= plan.restricted.len() => Step::By,
            Step::Consequence(at) if at >= plan.consequences.len() => Step::Write,
            Step::Link(at, _) if at >= plan.links.len() => match plan.after {
                Some(_) if self.part != Part::Writing => Step::After,
                _ => Step::Done,
            },
            other => other,
        }
    }

    fn restricted(&self) -> Step {
        if self.plan.restricted.is_empty() { Step::By } else { Step::Restricted(0) }
    }

    /// A null reference has nothing to find.
    fn is_null_reference(&self, at: usize) -> bool {
        self.plan.references[at]
            .inputs
            .iter()
            .any(|input| self.values.inputs[*input as usize] == Bind::Null)
    }

    fn look<R: Row>(&mut self, look: &Look, row: &R) {
        let is_true = |column: Option<usize>| {
            column.is_none_or(|column| matches!(row.cell(column), Cell::Int(truth) if truth != 0))
        };
        let before = self.step == Step::Before;
        let visible = is_true(look.visible);
        self.found = visible || !before;
        if !self.found {
            return;
        }
        let denied: Vec<FieldId> = look
            .fields
            .iter()
            .filter(|(_, column)| !is_true(Some(*column)))
            .map(|(field, _)| *field)
            .collect();
        if !is_true(look.allowed) {
            self.end = Some(WriteOutput::Denied);
        } else if !denied.is_empty() {
            self.end = Some(WriteOutput::DeniedFields(denied));
        }
        if self.end.is_none() && !look.encoder.members.is_empty() {
            self.encode(look, row, visible);
        }
        // What the values would make of the row is told to those only who may write it.
        if self.end.is_none() {
            self.adjust_all(look, row);
        }
    }

    /// Compares the row with what the caller believes, and keeps it where it is shown.
    fn encode<R: Row>(&mut self, look: &Look, row: &R, visible: bool) {
        let before = self.step == Step::Before;
        let mut json = Vec::with_capacity(256);
        let mut sink = Collect { hasher: Some(Box::new(Xxh3::new())), insertions: Vec::new() };
        look.encoder.write(&mut json, row, &mut sink);
        let hash = sink.hasher.map_or(0, |hasher| hasher.digest());
        if before {
            let fits = self.values.hashes.as_ref().is_none_or(|hashes| hashes.contains(&hash));
            if !fits {
                self.end = Some(WriteOutput::Stale);
                return;
            }
        }
        let shown = visible
            && (!before || matches!(self.plan.kind, WriteKind::Delete | WriteKind::Archive));
        self.seen = shown.then_some(RowBody { json, hash });
    }

    fn adjust_all<R: Row>(&mut self, look: &Look, row: &R) {
        let mut incomplete = Vec::new();
        for adjustment in &look.adjustments {
            self.adjust(adjustment, row, &mut incomplete);
        }
        if !incomplete.is_empty() {
            self.end = Some(WriteOutput::Incomplete(incomplete));
        }
    }

    fn adjust<R: Row>(
        &mut self,
        adjustment: &Adjustment,
        row: &R,
        incomplete: &mut Vec<(FieldId, Vec<String>)>,
    ) {
        let is_true = |column: usize| matches!(row.cell(column), Cell::Int(truth) if truth != 0);
        match adjustment {
            Adjustment::Keep { allowed, values } => {
                if !allowed.iter().all(|column| is_true(*column)) {
                    let stored = values.iter().map(|(input, at)| (*input, row.cell(*at).to_bind()));
                    self.adjusted.extend(stored);
                }
            }
            Adjustment::Merge { input, column, field, shapes, readable } => {
                let Bind::Text(patch) = &self.values.inputs[*input as usize] else { return };
                let stored = match row.cell(*column) {
                    Cell::Text(text) => Some(text),
                    _ => None,
                };
                let merge = |stored| merge::merged(stored, patch, shapes.as_ref());
                // Who may not read the document has to send a complete one.
                let complete = match readable {
                    Some(readable) if !is_true(*readable) => merge(None).map(drop),
                    _ => Ok(()),
                };
                match complete.and_then(|()| merge(stored)) {
                    Ok(merged) => self.adjusted.push((*input, Bind::Text(merged))),
                    Err(Unmerged::TooLarge) => self.end = Some(WriteOutput::TooLarge(*field)),
                    Err(Unmerged::Incomplete(missing)) => incomplete.push((*field, missing)),
                }
            }
        }
    }

    fn input(&self, index: u16) -> &Bind {
        let adjusted = self.adjusted.iter().find(|(place, _)| *place == index);
        adjusted.map_or(&self.values.inputs[index as usize], |(_, value)| value)
    }

    fn key(&self) -> &[Bind] {
        if self.made.is_empty() { &self.values.key } else { &self.made }
    }

    fn bind_all(&mut self, sources: &[BindSource]) {
        let binds = sources
            .iter()
            .map(|source| match source {
                BindSource::Atom(index) => bind(self.values.atoms[*index as usize].clone()),
                BindSource::Key(index) => self.key()[*index as usize].clone(),
                BindSource::Input(index) => self.input(*index).clone(),
                BindSource::Links(index) => self.values.links[*index as usize].clone(),
                BindSource::Number(number) => Bind::Int(*number),
                BindSource::Cursor(_)
                | BindSource::ExpandCursor(_)
                | BindSource::LimitAndOne
                | BindSource::Offset
                | BindSource::Search
                | BindSource::SearchAny
                | BindSource::ParentKeys => unreachable!("writes have no page"),
            })
            .collect();
        self.binds = binds;
    }
}

/// Returns the statement of a step.
fn statement_of(plan: &WritePlan, step: Step) -> Option<&SqlText> {
    match step {
        Step::Before => plan.before.as_ref().map(|look| &look.statement),
        Step::Reference(at) => Some(&plan.references[at].statement),
        Step::Restricted(at) => Some(&plan.restricted[at].statement),
        Step::By => plan.write_by.as_ref(),
        Step::Consequence(at) => Some(&plan.consequences[at]),
        Step::Missing(at) => Some(&plan.links[at].missing),
        Step::Write => plan.statement.as_ref(),
        Step::Link(at, part) => Some(&plan.links[at].statements[part]),
        Step::After => plan.after.as_ref().map(|look| &look.statement),
        Step::Start | Step::Done => None,
    }
}

impl Program for WriteRun {
    type Output = WriteOutput;

    fn next(&mut self) -> Option<Statement<'_>> {
        self.conclude();
        loop {
            if self.end.is_some() {
                return None;
            }
            self.step = self.behind(self.step);
            let checked =
                !matches!(self.step, Step::Before | Step::Reference(_) | Step::Missing(_));
            if checked && !self.missing.is_empty() {
                self.end = Some(WriteOutput::NoTarget(std::mem::take(&mut self.missing)));
                return None;
            }
            match self.step {
                Step::Done => return None,
                Step::Reference(at) if self.is_null_reference(at) => continue,
                Step::By if self.values.by.is_none() => continue,
                step if statement_of(&self.plan, step).is_none() => continue,
                _ => break,
            }
        }
        let plan = Arc::clone(&self.plan);
        let text = statement_of(&plan, self.step)?;
        match (self.step, &self.values.by) {
            (Step::By, Some(by)) => self.binds = by.binds(),
            _ => self.bind_all(&text.binds),
        }
        let text = statement_of(&self.plan, self.step)?;
        Some(Statement { sql: &text.sql, binds: &self.binds })
    }

    fn row<R: Row>(&mut self, row: &R) {
        let plan = Arc::clone(&self.plan);
        match self.step {
            Step::Before => plan.before.iter().for_each(|look| self.look(look, row)),
            Step::After => plan.after.iter().for_each(|look| self.look(look, row)),
            Step::Write => {
                self.made =
                    (0..plan.returns_key).map(|column| row.cell(column).to_bind()).collect();
            }
            _ => self.found = true,
        }
    }

    fn refused(&mut self, constraint: Constraint) {
        self.end = Some(WriteOutput::Violated(constraint));
    }

    fn restart(&mut self) {
        *self = Self::part(Arc::clone(&self.plan), std::mem::take(&mut self.values), self.part);
    }

    fn verdict(&self) -> Verdict {
        if self.end.is_some() { Verdict::Rollback } else { Verdict::Commit }
    }

    fn finish(self) -> WriteOutput {
        if let Some(end) = self.end {
            return end;
        }
        match self.plan.kind {
            WriteKind::Delete | WriteKind::Archive => WriteOutput::Deleted { row: self.seen },
            WriteKind::Create | WriteKind::Update | WriteKind::Restore => {
                let key = self.key().to_vec();
                WriteOutput::Written { row: self.seen, key }
            }
        }
    }
}
