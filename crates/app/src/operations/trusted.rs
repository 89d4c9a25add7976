//! Creates and lists that no rule judges: of seeds, and of whoever has the database at hand.

use std::collections::HashMap;
use std::sync::Arc;

use expr::{Caller, EntityId};
use plan::write::{WriteKind, WritePlan, WriteShape, WriteValues, build};
use plan::{AtomValues, Bind, RuleBook};

use super::write::{Write, key_of};
use crate::application::App;
use crate::input::{Body, Purpose, written};
use crate::refusal::Refusal;
use crate::written_by;

/// Plans of such creates, by their shapes.
#[derive(Default)]
pub(crate) struct TrustedPlans(HashMap<WriteShape, Arc<WritePlan>>);

impl Write {
    /// Prepares a create for which no rule is asked and every stored field may be given.
    ///
    /// # Errors
    /// What is wrong with the body.
    pub(crate) fn trusted(
        app: &App,
        entity: EntityId,
        body: Body,
        plans: &mut TrustedPlans,
    ) -> Result<Self, Refusal> {
        let model = &app.model;
        let caller = Caller { user: None, now: app.clock.now(), input: &[], request: None };
        let input = written(model, entity, body, Purpose::Seed, &caller, &app.ids)?;
        let key = key_of(model.entity(entity), &input.columns);
        let (linked, links) = input.bound_links();
        let (columns, inputs): (Vec<_>, Vec<Bind>) = input.columns.into_iter().unzip();
        let shape = WriteShape {
            entity,
            kind: WriteKind::Create,
            columns,
            // The targets of references are looked for.
            sent: input.sent.iter().map(|(field, _)| *field).collect(),
            parent: None,
            reset: Vec::new(),
            merged: Vec::new(),
            linked,
            encoded_before: false,
        };
        let plan = plans.0.entry(shape.clone()).or_insert_with(|| {
            let mut plan = build(model, app.dialect, &shape, &RuleBook::trusting(), &[]);
            // Nobody asks for the row.
            plan.after = None;
            Arc::new(plan)
        });
        let nobody = || Arc::new(written_by::nobody(app, caller.now));
        let by = plan.write_by.is_some().then(nobody);
        let values = WriteValues { atoms: AtomValues::new(), key, inputs, links, hashes: None, by };
        Ok(Self::unjudged(Arc::clone(plan), shape, values))
    }
}
