//! Runs a read plan: binds values, encodes rows, embeds the rows of relations.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::Xxh3;

use super::cursor::Cursor;
use super::{Level, ReadPlan, Target};
use crate::binds::{BindSource, bind};
use crate::encode::{Collect, Insertion};
use crate::program::{Bind, Cell, Constraint, Program, Row, Statement, Verdict};
use crate::rules::AtomValues;
use crate::search::SearchQuery;

/// What an answer may be longer than the one before without its buffer growing, with room for the
/// envelope that the door puts around a page.
const SLACK_BYTES: usize = 1024;

/// The values of one read.
#[derive(Debug, Clone, Default)]
pub struct ReadValues {
    /// The atoms' values.
    pub atoms: AtomValues,
    /// The key's parts in the path.
    pub key: Vec<Bind>,
    /// The cursor's values.
    pub cursor: Vec<Bind>,
    /// The values of the cursors of embedded lists, as `ReadPlan::expand_cursors` asks for them.
    pub expand_cursors: Vec<Bind>,
    /// What is searched for.
    pub search: Option<SearchQuery>,
    /// The page size.
    pub limit: u32,
    /// The rows to skip.
    pub offset: u64,
}

impl ReadValues {
    /// Puts the values of a statement's placeholders into `binds`.
    pub(super) fn bind(
        &self,
        sources: &[BindSource],
        parent_keys: Option<String>,
        binds: &mut Vec<Bind>,
    ) {
        let mut parent_keys = parent_keys;
        binds.clear();
        for source in sources {
            let value = match source {
                BindSource::Atom(index) => bind(self.atoms[*index as usize].clone()),
                BindSource::Key(index) => self.key[*index as usize].clone(),
                BindSource::Input(_) | BindSource::Links(_) => {
                    unreachable!("reads write no row")
                }
                BindSource::Cursor(index) => self.cursor[*index as usize].clone(),
                BindSource::ExpandCursor(index) => self.expand_cursors[*index as usize].clone(),
                BindSource::Search => searched(self.search.as_ref().map(|search| &search.all)),
                BindSource::SearchAny => searched(self.search.as_ref().map(|search| &search.any)),
                BindSource::LimitAndOne => Bind::Int(i64::from(self.limit) + 1),
                BindSource::Offset => Bind::Int(i64::try_from(self.offset).unwrap_or(i64::MAX)),
                BindSource::ParentKeys => Bind::Text(parent_keys.take().unwrap_or_default()),
                BindSource::Number(number) => Bind::Int(*number),
            };
            binds.push(value);
        }
    }
}

fn searched(query: Option<&String>) -> Bind {
    query.map_or(Bind::Null, |query| Bind::Text(query.clone()))
}

/// What stands around the rows of a page.
#[derive(Debug, Copy, Clone)]
pub struct Frame {
    prefix: &'static [u8],
    open: &'static [u8],
    between: u8,
    close: &'static [u8],
}

impl Frame {
    /// Each row is a line.
    pub const LINES: Self = Self { prefix: b"", open: b"", between: b'\n', close: b"\n" };

    /// A JSON array behind a prefix.
    pub const fn array(prefix: &'static [u8]) -> Self {
        Self { prefix, open: b"[", between: b',', close: b"]" }
    }

    fn begin(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.prefix);
        out.extend_from_slice(self.open);
    }
}

/// What a read returns.
#[derive(Debug)]
pub enum ReadOutput {
    /// The row; `None` where there is none that the caller may see.
    One(Option<RowBody>),
    /// The page.
    Many(Page),
}

/// One row, encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowBody {
    /// The JSON object.
    pub json: Vec<u8>,
    /// The hash of the stored fields the caller may see.
    pub hash: u64,
}

/// A page of rows, encoded.
#[derive(Debug)]
pub struct Page {
    /// The rows, in the frame given to the run.
    pub json: Vec<u8>,
    /// The cursor of the page behind this one, where there is one.
    pub next: Option<String>,
    /// The cursor of the page before this one, where there is one.
    pub prev: Option<String>,
    /// How many rows the list has in all, where asked.
    pub total: Option<Total>,
}

/// How many rows a list has.
#[derive(Debug, Copy, Clone, PartialEq, Eq)]
pub enum Total {
    /// This many.
    Exact(i64),
    /// More than this: they were not counted to the end.
    MoreThan(i64),
}

/// A read in progress.
pub struct ReadRun {
    plan: Arc<ReadPlan>,
    values: ReadValues,
    frame: Frame,
    binds: Vec<Bind>,
    step: Step,
    states: Vec<LevelState>,
    edges: Edges,
    total: Option<Total>,
}

#[derive(Copy, Clone, PartialEq, Eq)]
enum Step {
    Start,
    Level(usize),
    Count,
    Done,
}

/// The cursors of the page's first and last row, as they arrive.
#[derive(Default)]
struct Edges {
    first: Option<String>,
    last: Option<String>,
    more: bool,
}

/// The rows of a level.
#[derive(Default)]
struct LevelState {
    out: Vec<u8>,
    rows: Vec<EncodedRow>,
    sink: Collect,
    /// The place of each parent key among those asked for.
    places: FxHashMap<String, usize>,
    /// The rows of each of those keys.
    groups: Vec<Group>,
}

/// The rows of a parent.
#[derive(Clone, Default)]
struct Group {
    first: usize,
    /// The row behind the last.
    end: usize,
    /// The cursor of the last row of a full list.
    last: Option<String>,
    /// Whether there are more than the list may have.
    more: bool,
}

struct EncodedRow {
    start: usize,
    end: usize,
    /// Its first insertion among the level's.
    insertions: usize,
}

impl ReadRun {
    /// Starts a read. A page is written in `frame`.
    pub fn new(plan: Arc<ReadPlan>, values: ReadValues, frame: Frame) -> Self {
        let mut run = Self {
            plan,
            values,
            frame,
            binds: Vec::new(),
            step: Step::Start,
            states: Vec::new(),
            edges: Edges::default(),
            total: None,
        };
        run.reset();
        run
    }

    fn reset(&mut self) {
        self.states = self.plan.levels.iter().map(|_| LevelState::default()).collect();
        let root = &mut self.states[0];
        root.out.reserve(self.plan.last_bytes.load(Ordering::Relaxed) + SLACK_BYTES);
        match self.plan.target {
            Target::One => root.sink.hasher = Some(Box::new(Xxh3::new())),
            Target::Many => self.frame.begin(&mut root.out),
        }
        self.step = Step::Start;
        self.edges = Edges::default();
        self.total = None;
    }

    fn bind_all(&mut self, sources: &[BindSource], parent_keys: Option<String>) {
        self.values.bind(sources, parent_keys, &mut self.binds);
    }

    /// Collects the distinct keys that the parent's rows ask a level for, as a JSON list.
    fn keys_for(&mut self, level: usize) -> Option<String> {
        let parent = self.plan.levels[level].parent.as_ref()?.level;
        let mut places = FxHashMap::default();
        let mut keys = String::from("[");
        for insertion in &self.states[parent].sink.insertions {
            let Some(key) = insertion.key.as_ref().filter(|_| insertion.child == level) else {
                continue;
            };
            if !places.contains_key(key) {
                if !places.is_empty() {
                    keys.push(',');
                }
                keys.push_str(key);
                places.insert(key.clone(), places.len());
            }
        }
        keys.push(']');
        let state = &mut self.states[level];
        state.groups = vec![Group::default(); places.len()];
        state.places = places;
        (!state.places.is_empty()).then_some(keys)
    }

    fn root_row<R: Row>(&mut self, row: &R) {
        let plan = Arc::clone(&self.plan);
        let root = &plan.levels[0];
        let state = &mut self.states[0];
        if plan.target == Target::Many {
            if state.rows.len() == self.values.limit as usize {
                self.edges.more = true;
                return;
            }
            if !state.rows.is_empty() {
                state.out.push(self.frame.between);
            }
            if state.rows.is_empty() && !plan.ranked {
                self.edges.first = Some(Cursor::write(plan.order_hash, &root.order, row));
            }
            if state.rows.len() + 1 == self.values.limit as usize && !plan.ranked {
                self.edges.last = Some(Cursor::write(plan.order_hash, &root.order, row));
            }
        }
        state.row(root, row);
    }

    fn child_row<R: Row>(&mut self, level: usize, row: &R) {
        let Cell::Int(place) = row.cell(0) else { return };
        let (plan, state) = (&self.plan.levels[level], &mut self.states[level]);
        let at = state.rows.len();
        let groups = &mut state.groups;
        if let Some(group) = usize::try_from(place).ok().and_then(|at| groups.get_mut(at)) {
            if group.end == 0 {
                group.first = at;
            }
            if let Some(list) = plan.parent.as_ref().and_then(|parent| parent.list.as_ref()) {
                let limit = list.limit as usize;
                if at - group.first == limit {
                    group.more = true;
                    return;
                }
                if at - group.first + 1 == limit {
                    group.last = Some(Cursor::write(list.order_hash, &plan.order, row));
                }
            }
            group.end = at + 1;
        }
        state.row(plan, row);
    }

    /// Writes a row of a level with the rows it embeds.
    fn assemble(&self, level: usize, row: usize, out: &mut Vec<u8>) {
        let state = &self.states[level];
        let encoded = &state.rows[row];
        let mut from = encoded.start;
        for insertion in &state.sink.insertions[encoded.insertions..] {
            if insertion.at > encoded.end {
                break;
            }
            out.extend_from_slice(&state.out[from..insertion.at]);
            from = insertion.at;
            self.embed(insertion, out);
        }
        out.extend_from_slice(&state.out[from..encoded.end]);
    }

    fn embed(&self, insertion: &Insertion, out: &mut Vec<u8>) {
        let child = &self.states[insertion.child];
        let parent = self.plan.levels[insertion.child].parent.as_ref();
        let place = insertion.key.as_ref().and_then(|key| child.places.get(key));
        let group = place.map(|place| &child.groups[*place]);
        let (first, end) = group.map_or((0, 0), |group| (group.first, group.end));
        let Some(list) = parent.and_then(|parent| parent.list.as_ref()) else {
            if first == end {
                out.extend_from_slice(b"null");
            } else {
                self.assemble(insertion.child, first, out);
            }
            return;
        };
        out.push(b'[');
        for row in first..end {
            if row > first {
                out.push(b',');
            }
            self.assemble(insertion.child, row, out);
        }
        out.push(b']');
        if let Some(cursor) = group.filter(|group| group.more).and_then(|group| group.last.as_ref())
        {
            // Cursors are base64url and need no escaping.
            out.push(b',');
            out.extend_from_slice(&list.next_key);
            out.push(b'"');
            out.extend_from_slice(cursor.as_bytes());
            out.push(b'"');
        }
    }

    fn page(mut self) -> Page {
        let rows = self.states[0].rows.len();
        let mut json = if self.plan.levels.len() == 1 && !self.plan.reversed {
            std::mem::take(&mut self.states[0].out)
        } else {
            let mut out = Vec::with_capacity(self.states.iter().map(|s| s.out.len()).sum());
            self.frame.begin(&mut out);
            for at in 0..rows {
                if at > 0 {
                    out.push(self.frame.between);
                }
                let row = if self.plan.reversed { rows - 1 - at } else { at };
                self.assemble(0, row, &mut out);
            }
            out
        };
        // Without rows there is no line to be ended.
        if rows > 0 || !self.frame.open.is_empty() {
            json.extend_from_slice(self.frame.close);
        }
        if self.plan.ranked {
            let (next, prev) = self.ranked_edges();
            return Page { json, next, prev, total: self.total };
        }
        let Edges { first, last, more } = self.edges;
        let beyond = last.filter(|_| more);
        let paged = !self.values.cursor.is_empty() || self.values.offset > 0;
        let (next, prev) =
            if self.plan.reversed { (first, beyond) } else { (beyond, first.filter(|_| paged)) };
        Page { json, next, prev, total: self.total }
    }

    /// The cursors of a page of ranked rows.
    fn ranked_edges(&self) -> (Option<String>, Option<String>) {
        let ReadValues { offset, limit, .. } = self.values;
        let next = self.edges.more.then(|| Cursor::at_offset(offset + u64::from(limit)));
        let prev = (offset > 0).then(|| Cursor::at_offset(offset));
        (next, prev)
    }

    fn one(mut self) -> Option<RowBody> {
        self.states[0].rows.first()?;
        let hash = self.states[0].sink.hasher.as_ref().map_or(0, |hasher| hasher.digest());
        let json = if self.plan.levels.len() == 1 {
            std::mem::take(&mut self.states[0].out)
        } else {
            let mut out = Vec::new();
            self.assemble(0, 0, &mut out);
            out
        };
        Some(RowBody { json, hash })
    }
}

impl LevelState {
    fn row<R: Row>(&mut self, level: &Level, row: &R) {
        let (start, insertions) = (self.out.len(), self.sink.insertions.len());
        level.encoder.write(&mut self.out, row, &mut self.sink);
        self.rows.push(EncodedRow { start, end: self.out.len(), insertions });
    }
}

impl Program for ReadRun {
    type Output = ReadOutput;

    fn next(&mut self) -> Option<Statement<'_>> {
        let plan = Arc::clone(&self.plan);
        let mut level = match self.step {
            Step::Start => 0,
            Step::Level(level) => level + 1,
            Step::Count | Step::Done => plan.levels.len(),
        };
        while level < plan.levels.len() {
            let keys = if level == 0 { Some(String::new()) } else { self.keys_for(level) };
            if let Some(keys) = keys {
                self.step = Step::Level(level);
                self.bind_all(&plan.levels[level].statement.binds, Some(keys));
                let sql = &self.plan.levels[level].statement.sql;
                return Some(Statement { sql, binds: &self.binds });
            }
            level += 1;
        }
        let counted = matches!(self.step, Step::Count | Step::Done);
        self.step = Step::Done;
        let (count, _) = plan.count.as_ref().filter(|_| !counted)?;
        self.step = Step::Count;
        self.bind_all(&count.binds, None);
        let sql = &self.plan.count.as_ref()?.0.sql;
        Some(Statement { sql, binds: &self.binds })
    }

    fn row<R: Row>(&mut self, row: &R) {
        match self.step {
            Step::Level(0) => self.root_row(row),
            Step::Level(level) => self.child_row(level, row),
            Step::Count => {
                if let Cell::Int(total) = row.cell(0) {
                    let max = self.plan.count.as_ref().and_then(|(_, max)| *max).map(i64::from);
                    self.total = Some(match max {
                        Some(max) if total > max => Total::MoreThan(max),
                        _ => Total::Exact(total),
                    });
                }
            }
            Step::Start | Step::Done => {}
        }
    }

    fn refused(&mut self, _: Constraint) {
        unreachable!("reads violate no constraint");
    }

    fn restart(&mut self) {
        self.reset();
    }

    fn verdict(&self) -> Verdict {
        Verdict::Commit
    }

    fn finish(self) -> ReadOutput {
        self.plan.last_bytes.store(self.states[0].out.len(), Ordering::Relaxed);
        match self.plan.target {
            Target::One => ReadOutput::One(self.one()),
            Target::Many => ReadOutput::Many(self.page()),
        }
    }
}
