//! Reads one row or a page.
//!
//! What can be done without waiting is done before the future is made, so that it carries nothing but
//! the running program: every layer above moves it.

use std::convert::Infallible;
use std::sync::Arc;

use expr::{AtomShape, Caller, EntityId, Pred};
use plan::aggregate;
use plan::read::{
    Cursor, CursorError, Frame, JOINS_MAX, Lines, Outlet, Page, PlanError, ReadOutput, ReadPlan,
    ReadRun, ReadValues, RowBody, Shape, StreamRun, build, rules_of,
};
use plan::{AtomValues, Bind, RuleBook, RuleRef};

use super::plans::{AtomShapes, Compiled};
use crate::application::App;
use crate::query::{Ready, ReadyAggregate};
use crate::refusal::{BadParameter, Refusal};

/// Reads a page. It is written behind `prefix`, which saves a copy.
///
/// # Errors
/// A wrong parameter, or the store's failure.
pub fn list(
    app: &App,
    caller: &Caller<'_>,
    ready: Ready,
    prefix: &'static [u8],
) -> impl Future<Output = Result<Page, Refusal>> + Send {
    let running = Read::list(app, caller, ready, prefix).map(|read| app.store.read(read.run()));
    async move { Ok(page_of(running?.await?)) }
}

/// Counts, sums and compares rows in groups. The page is written behind `prefix`.
///
/// # Errors
/// A wrong parameter, or the store's failure.
pub fn aggregate(
    app: &App,
    caller: &Caller<'_>,
    ready: ReadyAggregate,
    prefix: &'static [u8],
) -> impl Future<Output = Result<Page, Refusal>> + Send {
    let running =
        Read::aggregate(app, caller, ready, prefix).map(|read| app.store.read(read.run()));
    async move { Ok(page_of(running?.await?)) }
}

/// Reads one row by its key.
///
/// # Errors
/// `NotFound` where there is no row that the caller may see.
pub fn get(
    app: &App,
    caller: &Caller<'_>,
    ready: Ready,
    key: Vec<Bind>,
) -> impl Future<Output = Result<RowBody, Refusal>> + Send {
    let running = Read::get(app, caller, ready, key).map(|read| app.store.read(read.run()));
    async move { row_of(running?.await?) }
}

/// A read ready to run: its plan is found.
#[derive(Clone)]
pub(crate) struct Read {
    plan: Arc<ReadPlan>,
    values: ReadValues,
    frame: Frame,
}

impl Read {
    /// Prepares a list.
    pub(crate) fn list(
        app: &App,
        caller: &Caller<'_>,
        mut ready: Ready,
        prefix: &'static [u8],
    ) -> Result<Self, Refusal> {
        may_read_any(app, caller, ready.shape.archived.rule(ready.shape.entity))?;
        let atoms = AtomValues::from_vec(std::mem::take(&mut ready.atoms));
        let (plan, atoms) = planned(app, caller, &ready.shape, atoms)?;
        Self::page(app, plan, atoms, &ready, prefix)
    }

    /// Prepares a list for whoever has the database at hand: no rule counts.
    pub(crate) fn trusted(app: &App, mut ready: Ready) -> Result<Self, Refusal> {
        let atoms = AtomValues::from_vec(std::mem::take(&mut ready.atoms));
        let shapes: AtomShapes = atoms.iter().map(AtomShape::of).collect();
        let plan = build(&app.model, app.dialect, &ready.shape, &RuleBook::trusting(), &shapes)
            .map_err(|error| unplanned(app, ready.shape.entity, "filter", &error))?;
        Self::page(app, Arc::new(plan), atoms, &ready, b"")
    }

    fn page(
        app: &App,
        plan: Arc<ReadPlan>,
        atoms: AtomValues,
        ready: &Ready,
        prefix: &'static [u8],
    ) -> Result<Self, Refusal> {
        let cursor = cursor_binds(&plan, ready.cursor.as_ref())?;
        let expand_cursors = expand_binds(&plan, &ready.expand_cursors)?;
        let search = ready.search.as_deref().map(|terms| app.dialect.search_query(terms));
        let values = ReadValues {
            atoms,
            key: Vec::new(),
            cursor,
            expand_cursors,
            search,
            limit: ready.limit,
            offset: ready.offset,
        };
        Ok(Self { plan, values, frame: Frame::array(prefix) })
    }

    /// Prepares an aggregate.
    pub(crate) fn aggregate(
        app: &App,
        caller: &Caller<'_>,
        ready: ReadyAggregate,
        prefix: &'static [u8],
    ) -> Result<Self, Refusal> {
        let shape = &ready.shape;
        may_read_any(app, caller, RuleRef::Read(shape.entity))?;
        let compiled = app
            .plans
            .aggregates
            .get_or_insert_with(shape, || {
                let rules = aggregate::rules_of(&app.model, shape);
                Ok::<_, Infallible>(Arc::new(Compiled::new(rules)))
            })
            .unwrap_or_else(|never| match never {});
        let atoms = AtomValues::from_vec(ready.atoms);
        let (plan, atoms) = compiled_for(app, caller, shape.entity, &compiled, atoms, |atoms| {
            aggregate::build(&app.model, app.dialect, shape, &compiled.rules, atoms)
        })?;
        let cursor = cursor_binds(&plan, ready.cursor.as_ref())?;
        let (limit, offset) = (ready.limit, ready.offset);
        let search = ready.search.map(|terms| app.dialect.search_query(&terms));
        let values = ReadValues { atoms, cursor, search, limit, offset, ..ReadValues::default() };
        Ok(Self { plan, values, frame: Frame::array(prefix) })
    }

    /// Prepares reading one row.
    pub(crate) fn get(
        app: &App,
        caller: &Caller<'_>,
        ready: Ready,
        key: Vec<Bind>,
    ) -> Result<Self, Refusal> {
        let atoms = AtomValues::from_vec(ready.atoms);
        let (plan, atoms) = planned(app, caller, &ready.shape, atoms)?;
        let expand_cursors = expand_binds(&plan, &ready.expand_cursors)?;
        let values = ReadValues { atoms, key, expand_cursors, ..ReadValues::default() };
        Ok(Self { plan, values, frame: Frame::array(b"") })
    }

    /// Returns the program.
    pub(crate) fn run(self) -> ReadRun {
        ReadRun::new(self.plan, self.values, self.frame)
    }

    /// Returns the program that writes each row of the page as a line.
    pub(crate) fn lines(self) -> ReadRun {
        ReadRun::new(self.plan, self.values, Frame::LINES)
    }

    /// Whether one statement reads all of it.
    pub(crate) fn is_flat(&self) -> bool {
        self.plan.is_flat()
    }

    /// Returns the program that hands on the rows one after another; of a flat read.
    pub(crate) fn stream<O: Outlet>(self, lines: Lines, outlet: O) -> StreamRun<O> {
        StreamRun::new(self.plan, self.values, lines, outlet)
    }
}

/// Returns what a list came to.
pub(crate) fn page_of(output: ReadOutput) -> Page {
    match output {
        ReadOutput::Many(page) => page,
        ReadOutput::One(_) => unreachable!("a list's shape reads many"),
    }
}

/// Returns what reading one row came to.
pub(crate) fn row_of(output: ReadOutput) -> Result<RowBody, Refusal> {
    match output {
        ReadOutput::One(row) => row.ok_or(Refusal::NotFound),
        ReadOutput::Many(_) => unreachable!("a get's shape reads one"),
    }
}

fn bad_cursor(parameter: &str, error: &CursorError) -> Refusal {
    Refusal::Parameters(vec![BadParameter {
        name: parameter.to_owned(),
        code: "invalid_cursor",
        detail: error.to_string(),
    }])
}

/// A caller whom no row of the entity is open to is told so, rather than shown an empty list.
fn may_read_any(app: &App, caller: &Caller<'_>, rule: RuleRef) -> Result<(), Refusal> {
    if may_hold(app, caller, rule) { Ok(()) } else { Err(denied(caller.user.is_some())) }
}

/// Returns whether the read rule leaves open that the caller sees some row.
pub fn may_read_some(app: &App, caller: &Caller<'_>, entity: EntityId) -> bool {
    may_hold(app, caller, RuleRef::Read(entity))
}

fn may_hold(app: &App, caller: &Caller<'_>, rule: RuleRef) -> bool {
    let Some(rule) = rule.of(&app.model) else { return false };
    let shapes: AtomShapes = rule.atom_values(caller).iter().map(AtomShape::of).collect();
    !matches!(expr::lower(&rule.tree, &shapes, expr::Nulls::Unknown), Pred::False | Pred::Unknown)
}

/// Says no: to a caller who may not, or to nobody, who may sign in.
pub(super) fn denied(signed_in: bool) -> Refusal {
    if signed_in { Refusal::Forbidden } else { Refusal::Unauthenticated }
}

/// Finds or makes the plan, and completes the atoms with those of the rules.
fn planned(
    app: &App,
    caller: &Caller<'_>,
    shape: &Shape,
    atoms: AtomValues,
) -> Result<(Arc<ReadPlan>, AtomValues), Refusal> {
    let compiled = app
        .plans
        .reads
        .get_or_insert_with(shape, || {
            Ok::<_, Infallible>(Arc::new(Compiled::new(rules_of(&app.model, shape))))
        })
        .unwrap_or_else(|never| match never {});
    compiled_for(app, caller, shape.entity, &compiled, atoms, |atoms| {
        build(&app.model, app.dialect, shape, &compiled.rules, atoms)
    })
}

/// Completes the atoms with those of the rules, and finds or makes the plan for such atoms.
fn compiled_for(
    app: &App,
    caller: &Caller<'_>,
    entity: EntityId,
    compiled: &Compiled<ReadPlan>,
    mut atoms: AtomValues,
    make: impl FnOnce(&[AtomShape]) -> Result<ReadPlan, PlanError>,
) -> Result<(Arc<ReadPlan>, AtomValues), Refusal> {
    compiled.rules.evaluate(&app.model, caller, &mut atoms);
    let shapes: AtomShapes = atoms.iter().map(AtomShape::of).collect();
    let plan = compiled
        .plan(&shapes, || make(&shapes))
        .map_err(|error| unplanned(app, entity, "filter", &error))?;
    Ok((plan, atoms))
}

/// Says of a parameter why there is no plan.
pub(super) fn unplanned(
    app: &App,
    entity: EntityId,
    parameter: &str,
    error: &PlanError,
) -> Refusal {
    let (code, detail) = match error {
        // The same words as for a field that is not there at all.
        PlanError::HiddenField(name) => {
            ("unknown_field", crate::query::unknown_field(&app.model, entity, name))
        }
        PlanError::TooManyJoins => {
            let detail = format!(
                "at most {JOINS_MAX} relations are followed at a time, by filters, terms of a sort \
                 or group, embedded rows, and the read rules of all these"
            );
            ("too_many", detail)
        }
    };
    Refusal::Parameters(vec![BadParameter { name: parameter.to_owned(), code, detail }])
}

/// Returns the values of a cursor, if it was made for this order.
fn cursor_binds(plan: &ReadPlan, cursor: Option<&Cursor>) -> Result<Vec<Bind>, Refusal> {
    let Some(cursor) = cursor else { return Ok(Vec::new()) };
    let shows: Vec<_> = plan.levels[0].order.iter().map(|(_, show)| *show).collect();
    cursor.binds(plan.order_hash, &shows).map_err(|error| bad_cursor("after", &error))
}

/// Returns the values of the cursors of embedded lists, if they were made for their orders.
fn expand_binds(plan: &ReadPlan, cursors: &[Cursor]) -> Result<Vec<Bind>, Refusal> {
    let mut binds = Vec::new();
    for wanted in &plan.expand_cursors {
        let values = cursors[wanted.cursor].binds(wanted.order_hash, &wanted.shows);
        binds.extend(values.map_err(|error| bad_cursor("expand", &error))?);
    }
    Ok(binds)
}
