//! Reads as clients ask for them: parameters in, a shape and its values out.

mod aggregate;
mod client_schema;
mod expand;
mod filter;
mod filter_op;
mod having;
mod history;
mod nesting;
mod path;
mod search;
mod short_filter;
mod sort;
mod syntax;

use expr::{AtomShape, Caller, EntityId, FieldId, Kind, Node, Nulls, Pred, Type, Value};
use model::Model;
use plan::SearchTerm;
use plan::read::{Archived, Count, Cursor, Order, PageShape, Selection, Shape, Target};

use client_schema::ClientSchema;

use crate::refusal::{BadParameter, are_enough};

pub use aggregate::{AggregateQuery, ReadyAggregate};
pub use filter_op::FilterOp;
pub use history::{HistoryQuery, ReadyHistory};

/// The bounds of reads, from `[limits]`.
#[derive(Debug, Clone, Copy)]
pub struct ReadBounds {
    /// Rows of a page where the request does not say.
    pub page_default: u32,
    /// Rows of a page at most.
    pub page_max: u32,
    /// How deep relations may be embedded.
    pub expand_depth_max: u32,
    /// Rows of an embedded list at most, for each parent.
    pub expand_rows_max: u32,
    /// Bytes of a filter's text at most.
    pub filter_bytes_max: u64,
}

/// Rows of an embedded list where the request does not say.
const EXPAND_ROWS_DEFAULT: u32 = 20;

/// Relations embedded by one request at most; each may cost a statement.
const EXPAND_COUNT_MAX: usize = 20;

/// Rows that `count=estimate` counts at most.
const ESTIMATE_ROWS_MAX: u32 = 10_000;

/// Conditions of one request at most.
const CONDITIONS_MAX: usize = 50;

/// Rows that `offset` may skip at most; beyond, cursors are the way.
const OFFSET_MAX: u64 = 100_000;

/// A read being put together from parameters. Mistakes are collected, so that all are shown at once.
pub struct Query<'m> {
    model: &'m Model,
    caller: &'m Caller<'m>,
    entity: EntityId,
    bounds: ReadBounds,
    conditions: Vec<Node>,
    /// Conditions that stand beside or inside those of the list.
    further_conditions: usize,
    atoms: Vec<Value>,
    search: Option<search::Search>,
    ranked: bool,
    highlight: Vec<FieldId>,
    selection: Selection,
    order: Vec<Order>,
    limit: u32,
    start: Start,
    count: Count,
    expand_cursors: Vec<Cursor>,
    archived: Option<Archived>,
    is_trusted: bool,
    mistakes: Vec<BadParameter>,
}

/// Where the page starts.
#[derive(Debug, Clone, PartialEq)]
enum Start {
    First,
    After(Cursor),
    Before(Cursor),
    Offset(u64),
}

/// A read ready to be planned.
#[derive(Debug, Clone)]
pub struct Ready {
    /// All but the values.
    pub shape: Shape,
    /// The values of the filter's atoms.
    pub atoms: Vec<Value>,
    /// What is searched for.
    pub search: Option<Vec<SearchTerm>>,
    /// The page size.
    pub limit: u32,
    /// The rows to skip.
    pub offset: u64,
    /// The cursor.
    pub cursor: Option<Cursor>,
    /// The cursors of embedded lists.
    pub expand_cursors: Vec<Cursor>,
}

impl<'m> Query<'m> {
    /// Starts a read of an entity.
    pub fn new(
        model: &'m Model,
        caller: &'m Caller<'m>,
        entity: EntityId,
        bounds: ReadBounds,
    ) -> Self {
        Self {
            model,
            caller,
            entity,
            bounds,
            conditions: Vec::new(),
            further_conditions: 0,
            atoms: Vec::new(),
            search: None,
            ranked: true,
            highlight: Vec::new(),
            selection: Selection::default(),
            order: Vec::new(),
            limit: bounds.page_default,
            start: Start::First,
            count: Count::None,
            expand_cursors: Vec::new(),
            archived: None,
            is_trusted: false,
            mistakes: Vec::new(),
        }
    }

    fn mistake(&mut self, name: &str, code: &'static str, detail: impl Into<String>) {
        if !are_enough(&self.mistakes) {
            self.mistakes.push(BadParameter { name: name.to_owned(), code, detail: detail.into() });
        }
    }

    /// Sets the page size.
    pub fn limit(&mut self, text: &str) {
        let max = self.bounds.page_max;
        match text.parse() {
            Ok(limit) if (1..=max).contains(&limit) => self.limit = limit,
            _ => self.mistake("limit", "out_of_range", format!("use a number from 1 to {max}")),
        }
    }

    /// Skips rows.
    pub fn offset(&mut self, text: &str) {
        match text.parse() {
            Ok(offset) if offset <= OFFSET_MAX => self.start_at("offset", Start::Offset(offset)),
            _ => self.mistake(
                "offset",
                "out_of_range",
                format!("use a number from 0 to {OFFSET_MAX}; beyond, page with `after`"),
            ),
        }
    }

    /// Starts behind a cursor's row.
    pub fn after(&mut self, text: &str) {
        match Cursor::read(text) {
            Ok(cursor) => self.start_at("after", Start::After(cursor)),
            Err(error) => self.mistake("after", "invalid_cursor", error.to_string()),
        }
    }

    /// Ends before a cursor's row.
    pub fn before(&mut self, text: &str) {
        match Cursor::read(text) {
            Ok(cursor) => self.start_at("before", Start::Before(cursor)),
            Err(error) => self.mistake("before", "invalid_cursor", error.to_string()),
        }
    }

    fn start_at(&mut self, name: &str, start: Start) {
        if self.start == Start::First {
            self.start = start;
        } else {
            self.mistake(name, "conflict", "use only one of `after`, `before` and `offset`");
        }
    }

    /// Asks for the number of all rows.
    pub fn count(&mut self, text: &str) {
        match text {
            "exact" => self.count = Count::Exact,
            "estimate" => self.count = Count::UpTo(ESTIMATE_ROWS_MAX),
            "none" => self.count = Count::None,
            _ => self.mistake("count", "invalid", "use `exact`, `estimate` or `none`"),
        }
    }

    /// Says whether rows of this entity are archived, so that `archived` is a parameter.
    pub fn is_archived(&self) -> bool {
        self.model.entity(self.entity).archive.is_some()
    }

    /// Asks for archived rows too, or for nothing else.
    pub fn archived(&mut self, text: &str) {
        let archived = match text {
            "only" | "true" => Archived::Only,
            "with" => Archived::With,
            "false" => Archived::Without,
            _ => return self.mistake("archived", "invalid", "use `only`, `with` or `false`"),
        };
        if self.archived.replace(archived).is_some() {
            self.mistake("archived", "repeated", "give it only once");
        }
    }

    /// Lets no rule hide a field: for an operator, whose rows no rule chooses either.
    pub fn trust(&mut self) {
        self.is_trusted = true;
    }

    /// Shows only these fields. One that the caller reads in no row is unknown to them.
    pub fn fields(&mut self, text: &str) {
        let mut fields = Vec::new();
        for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            match self.find_readable(self.entity, name) {
                Some(field) if !fields.contains(&field) => fields.push(field),
                Some(_) => {}
                None => self.unknown("fields", self.entity, name),
            }
        }
        fields.sort_unstable();
        self.selection.fields = Some(fields);
    }

    /// Finds a field that clients may name: by its name, or a relation by its key's.
    fn find(&self, entity: EntityId, name: &str) -> Option<FieldId> {
        let fields = &self.model.entity(entity).fields;
        let at = fields.iter().position(|field| !field.private && field.goes_by(name))?;
        Some(FieldId(at as u32))
    }

    /// Finds a field that clients may name and this caller may read, if only in some rows.
    fn find_readable(&self, entity: EntityId, name: &str) -> Option<FieldId> {
        self.find(entity, name)
            .filter(|field| self.is_trusted || may_read(self.model, self.caller, entity, *field))
    }

    /// Returns the model as whoever asks knows it.
    fn schema(&self) -> ClientSchema<'m> {
        ClientSchema { model: self.model, caller: self.caller, is_trusted: self.is_trusted }
    }

    fn unknown(&mut self, parameter: &str, entity: EntityId, name: &str) {
        if are_enough(&self.mistakes) {
            return;
        }
        let detail = unknown_field(self.model, entity, name);
        self.mistake(parameter, "unknown_field", detail);
    }

    /// Refuses a parameter that no read knows.
    pub fn unknown_parameter(&mut self, name: &str) {
        if are_enough(&self.mistakes) {
            return;
        }
        let detail = unknown_field(self.model, self.entity, name);
        self.mistake(name, "unknown_parameter", detail);
    }

    /// Refuses a parameter for a reason of the door's own.
    pub fn refuse(&mut self, name: &str, code: &'static str, detail: &str) {
        self.mistake(name, code, detail);
    }

    /// Finishes the read of one row, where only `fields` and `expand` matter.
    ///
    /// # Errors
    /// Every mistake in the parameters.
    pub fn one(self) -> Result<Ready, Vec<BadParameter>> {
        self.ready(Target::One)
    }

    /// Finishes the read of a page.
    ///
    /// # Errors
    /// Every mistake in the parameters.
    pub fn many(self) -> Result<Ready, Vec<BadParameter>> {
        self.ready(Target::Many)
    }

    fn check_conditions(&mut self) {
        if self.conditions.len() + self.further_conditions > CONDITIONS_MAX {
            let detail = format!("use at most {CONDITIONS_MAX} conditions");
            self.mistake("filter", "too_many", detail);
        }
    }

    fn ready(mut self, target: Target) -> Result<Ready, Vec<BadParameter>> {
        self.check_conditions();
        let search = self.search_shape();
        if search.as_ref().is_some_and(|search| search.ranked) {
            self.start_at_place();
        }
        if !self.mistakes.is_empty() {
            return Err(self.mistakes);
        }
        let order = match target {
            Target::One => Vec::new(),
            Target::Many => sort::with_key(self.model.entity(self.entity), self.order),
        };
        let (page, offset, cursor) = self.start.parts();
        let filter = all_of(self.conditions);
        let shape = Shape {
            entity: self.entity,
            target,
            archived: self.archived.unwrap_or_default(),
            selection: self.selection,
            filter,
            filter_atoms: self.atoms.len(),
            search,
            order,
            page,
            count: self.count,
        };
        let search = self.search.map(|search| search.terms);
        let (atoms, limit, expand_cursors) = (self.atoms, self.limit, self.expand_cursors);
        Ok(Ready { shape, atoms, search, limit, offset, cursor, expand_cursors })
    }
}

impl Start {
    /// Returns the shape, the rows to skip, and the cursor.
    fn parts(self) -> (PageShape, u64, Option<Cursor>) {
        match self {
            Self::First => (PageShape::First, 0, None),
            Self::Offset(offset) => (PageShape::Offset, offset, None),
            Self::After(cursor) => (PageShape::After(cursor.nulls()), 0, Some(cursor)),
            Self::Before(cursor) => (PageShape::Before(cursor.nulls()), 0, Some(cursor)),
        }
    }
}

/// Joins conditions with AND.
fn all_of(conditions: Vec<Node>) -> Option<Node> {
    conditions.into_iter().reduce(|left, right| {
        let span = left.span;
        let nullable = left.nullable || right.nullable;
        let kind = Kind::And(Box::new(left), Box::new(right));
        Node { kind, ty: Type::Bool, nullable, span }
    })
}

/// Returns whether the field's read rule leaves open that the caller reads it in some row.
fn may_read(model: &Model, caller: &Caller<'_>, entity: EntityId, field: FieldId) -> bool {
    let field = model.entity(entity).field(field);
    let Some(rule) = &field.rules.read else { return !field.private };
    let shapes: Vec<AtomShape> = rule.expr.atom_values(caller).iter().map(AtomShape::of).collect();
    let rule = expr::lower(&rule.expr.tree, &shapes, Nulls::Unknown);
    !field.private && !matches!(rule, Pred::False | Pred::Unknown)
}

/// Says that a field is unknown, with the likeliest visible one.
pub(crate) fn unknown_field(model: &Model, entity: EntityId, name: &str) -> String {
    let entity = model.entity(entity);
    let visible = entity.fields.iter().filter(|field| !field.private && field.rules.read.is_none());
    let near = suggestion(name, visible.map(|field| field.name.as_str()));
    format!("{} has no field `{name}`{near}", entity.name)
}

/// Continues a sentence about an unknown name with the likeliest one.
pub(crate) fn suggestion<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> String {
    let near = known
        .map(|known| (strsim::damerau_levenshtein(known, name), known))
        .filter(|(distance, _)| *distance <= 2)
        .min();
    near.map(|(_, near)| format!("; did you mean `{near}`?")).unwrap_or_default()
}
