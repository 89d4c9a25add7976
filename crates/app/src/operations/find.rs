//! Finds the keys of rows that the caller may read, for writes that do not name them.

use std::convert::Infallible;
use std::sync::Arc;

use expr::{AtomShape, Caller};
use plan::find::{FindPlan, FindRun, FindShape, FindValues, build, rules_of};
use plan::read::PlanError;
use plan::{AtomValues, Bind};

use super::plans::{AtomShapes, Compiled};
use super::read::unplanned;
use crate::application::App;
use crate::refusal::Refusal;

/// A search ready to run. Clones share its plan.
#[derive(Clone)]
pub(super) struct Find {
    plan: Arc<FindPlan>,
    values: FindValues,
}

impl Find {
    /// Prepares a search for at most so many rows; `atoms` are the filter's.
    pub(super) fn new(
        app: &App,
        caller: &Caller<'_>,
        shape: &FindShape,
        mut atoms: AtomValues,
        limit: u32,
    ) -> Result<Self, Refusal> {
        let compiled = app
            .plans
            .finds
            .get_or_insert_with(shape, || {
                Ok::<_, Infallible>(Arc::new(Compiled::new(rules_of(&app.model, shape))))
            })
            .unwrap_or_else(|never| match never {});
        compiled.rules.evaluate(&app.model, caller, &mut atoms);
        let shapes: AtomShapes = atoms.iter().map(AtomShape::of).collect();
        let plan = compiled
            .plan(&shapes, || build(&app.model, app.dialect, shape, &compiled.rules, &shapes))
            .map_err(|error| {
                let parameter = match &error {
                    PlanError::HiddenField(name) if shape.filter.is_none() => name.clone(),
                    _ => "filter".to_owned(),
                };
                unplanned(app, shape.entity, &parameter, &error)
            })?;
        Ok(Self { plan, values: FindValues { atoms, inputs: Vec::new(), limit } })
    }

    /// Returns the program for these values of the shape's columns.
    pub(super) fn run(&self, inputs: Vec<Bind>) -> FindRun {
        FindRun::new(Arc::clone(&self.plan), FindValues { inputs, ..self.values.clone() })
    }
}
