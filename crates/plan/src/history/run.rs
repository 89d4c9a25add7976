//! Runs a request for a history.

use std::collections::HashSet;
use std::sync::Arc;

use super::entry::Entry;
use super::{HistoryPlan, Judgement, MemberKind, ORDER};
use crate::binds::{BindSource, bind};
use crate::encode::{Show, write_text};
use crate::program::{Bind, Cell, Constraint, Program, Row, Statement, Verdict};
use crate::read::{Cursor, Page, SqlText};
use crate::rules::AtomValues;

/// The values of one request.
#[derive(Debug, Clone, Default)]
pub struct HistoryValues {
    /// The atoms' values.
    pub atoms: AtomValues,
    /// The row's key.
    pub key: Vec<Bind>,
    /// The values of the filters.
    pub filters: Vec<Bind>,
    /// The number in the cursor.
    pub cursor: i64,
    /// Entries older than this, in microseconds, are no longer kept.
    pub oldest: i64,
    /// The page size.
    pub limit: u32,
}

/// What came of it.
#[derive(Debug)]
pub enum HistoryOutput {
    /// There is no such row, as far as the caller may know.
    NotFound,
    /// The caller may see the row, but not its history.
    Denied,
    /// A page of it.
    Entries(Page),
}

/// A request in progress.
pub struct HistoryRun {
    plan: Arc<HistoryPlan>,
    values: HistoryValues,
    prefix: &'static [u8],
    step: Step,
    binds: Vec<Bind>,
    /// Whether the row was found, and which members may be shown.
    judged: Option<(Verdicts, Vec<bool>)>,
    entries: Vec<Entry>,
    /// The linked rows that the caller may see, for each member.
    visible: Vec<HashSet<String>>,
}

#[derive(Copy, Clone, PartialEq, Eq)]
enum Step {
    Start,
    Here,
    Gone,
    Entries,
    Links(usize),
    Done,
}

#[derive(Copy, Clone, PartialEq, Eq)]
enum Verdicts {
    Hidden,
    Denied,
    Shown,
}

impl HistoryRun {
    /// Starts a request. The page is written behind `prefix`.
    pub fn new(plan: Arc<HistoryPlan>, values: HistoryValues, prefix: &'static [u8]) -> Self {
        let visible = vec![HashSet::new(); plan.members.len()];
        Self {
            plan,
            values,
            prefix,
            step: Step::Start,
            binds: Vec::new(),
            judged: None,
            entries: Vec::new(),
            visible,
        }
    }

    fn step_behind(&self, step: Step) -> Step {
        let shown = matches!(self.judged, Some((Verdicts::Shown, _)));
        match step {
            Step::Start => Step::Here,
            // Only a row that is not there at all may have been deleted.
            Step::Here if self.judged.is_none() => Step::Gone,
            Step::Here | Step::Gone if shown => Step::Entries,
            Step::Here | Step::Gone | Step::Done => Step::Done,
            Step::Entries => self.links_from(0),
            Step::Links(at) => self.links_from(at + 1),
        }
    }

    fn links_from(&self, from: usize) -> Step {
        let allowed = self.judged.as_ref().map_or(&[][..], |(_, allowed)| allowed);
        let wanted = |at: &usize| {
            let member = &self.plan.members[*at];
            allowed[*at]
                && matches!(member.kind, MemberKind::Links { .. })
                && !self.links(*at).is_empty()
        };
        (from..allowed.len()).find(wanted).map_or(Step::Done, Step::Links)
    }

    fn links(&self, at: usize) -> HashSet<String> {
        let mut keys = HashSet::new();
        for entry in &self.entries {
            entry.collect_links(&self.plan.members[at], &mut keys);
        }
        keys
    }

    fn judge<R: Row>(&mut self, judgement: &Judgement, row: &R) {
        let is_true = |column: Option<usize>| {
            column.is_none_or(|column| matches!(row.cell(column), Cell::Int(truth) if truth != 0))
        };
        let archived = judgement.archived.is_some() && is_true(judgement.archived);
        let verdict = match archived {
            true if is_true(judgement.may_gone) => Verdicts::Shown,
            false if is_true(judgement.readable) && is_true(judgement.may) => Verdicts::Shown,
            false if is_true(judgement.readable) => Verdicts::Denied,
            _ => Verdicts::Hidden,
        };
        let allowed = judgement.fields.iter().map(|column| is_true(*column)).collect();
        self.judged = Some((verdict, allowed));
    }

    fn bind_all(&mut self, sources: &[BindSource]) {
        let binds = sources.iter().map(|source| match source {
            BindSource::Atom(index) => bind(self.values.atoms[*index as usize].clone()),
            BindSource::Key(index) => self.values.key[*index as usize].clone(),
            BindSource::Input(index) => self.values.filters[*index as usize].clone(),
            BindSource::Cursor(_) => Bind::Int(self.values.cursor),
            BindSource::Offset => Bind::Int(self.values.oldest),
            BindSource::LimitAndOne => Bind::Int(i64::from(self.values.limit) + 1),
            BindSource::ParentKeys => self.links_list(),
            BindSource::Number(number) => Bind::Int(*number),
            BindSource::Links(_)
            | BindSource::ExpandCursor(_)
            | BindSource::Search
            | BindSource::SearchAny => {
                unreachable!("a history embeds no lists and is not searched")
            }
        });
        self.binds = binds.collect();
    }

    /// Returns the linked keys of the step as a list that `Dialect::parent_key` reads.
    fn links_list(&self) -> Bind {
        let Step::Links(at) = self.step else { return Bind::Null };
        let MemberKind::Links { key, .. } = &self.plan.members[at].kind else { return Bind::Null };
        let mut list = vec![b'['];
        for text in self.links(at) {
            if list.len() > 1 {
                list.push(b',');
            }
            match key.as_slice() {
                [Show::Uuid | Show::Text | Show::Plain] => write_text(&mut list, &text),
                // Numbers, and lists of several parts.
                _ => list.extend_from_slice(text.as_bytes()),
            }
        }
        list.push(b']');
        Bind::Text(String::from_utf8_lossy(&list).into_owned())
    }

    fn page(mut self) -> Page {
        let more = self.entries.len() > self.values.limit as usize;
        self.entries.truncate(self.values.limit as usize);
        if self.plan.reversed {
            self.entries.reverse();
        }
        let (_, allowed) = self.judged.unwrap_or((Verdicts::Hidden, Vec::new()));
        let mut json = Vec::with_capacity(self.prefix.len() + 256 * self.entries.len());
        json.extend_from_slice(self.prefix);
        json.push(b'[');
        for (index, entry) in self.entries.iter().enumerate() {
            if index > 0 {
                json.push(b',');
            }
            entry.write(&mut json, &self.plan.members, &allowed, &self.visible);
        }
        json.push(b']');
        let cursor =
            |entry: Option<&Entry>| entry.map(|entry| Cursor::of_number(ORDER, entry.number));
        let started = self.values.cursor != 0;
        let (older, newer) = if self.plan.reversed { (true, more) } else { (more, started) };
        Page {
            json,
            next: cursor(self.entries.last()).filter(|_| older),
            prev: cursor(self.entries.first()).filter(|_| newer),
            total: None,
        }
    }
}

fn statement_of(plan: &HistoryPlan, step: Step) -> Option<&SqlText> {
    match step {
        Step::Here => Some(&plan.here.statement),
        Step::Gone => Some(&plan.gone.statement),
        Step::Entries => Some(&plan.entries),
        Step::Links(at) => match &plan.members[at].kind {
            MemberKind::Links { visible, .. } => Some(visible),
            MemberKind::Value { .. } => None,
        },
        Step::Start | Step::Done => None,
    }
}

impl Program for HistoryRun {
    type Output = HistoryOutput;

    fn next(&mut self) -> Option<Statement<'_>> {
        self.step = self.step_behind(self.step);
        let plan = Arc::clone(&self.plan);
        self.bind_all(&statement_of(&plan, self.step)?.binds);
        let text = statement_of(&self.plan, self.step)?;
        Some(Statement { sql: &text.sql, binds: &self.binds })
    }

    fn row<R: Row>(&mut self, row: &R) {
        let plan = Arc::clone(&self.plan);
        match self.step {
            Step::Here => self.judge(&plan.here, row),
            Step::Gone => self.judge(&plan.gone, row),
            Step::Entries => self.entries.push(Entry::of(row)),
            Step::Links(at) => {
                let key = match row.cell(0) {
                    Cell::Text(text) => text.to_owned(),
                    Cell::Int(number) => number.to_string(),
                    Cell::Real(number) => ryu::Buffer::new().format(number).to_owned(),
                    _ => return,
                };
                self.visible[at].insert(key);
            }
            Step::Start | Step::Done => {}
        }
    }

    fn refused(&mut self, _: Constraint) {
        unreachable!("reads violate no constraint");
    }

    fn restart(&mut self) {
        let values = std::mem::take(&mut self.values);
        *self = Self::new(Arc::clone(&self.plan), values, self.prefix);
    }

    fn verdict(&self) -> Verdict {
        Verdict::Commit
    }

    fn finish(self) -> HistoryOutput {
        match self.judged {
            Some((Verdicts::Shown, _)) => HistoryOutput::Entries(self.page()),
            Some((Verdicts::Denied, _)) => HistoryOutput::Denied,
            Some((Verdicts::Hidden, _)) | None => HistoryOutput::NotFound,
        }
    }
}
