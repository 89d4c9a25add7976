//! Batches: a row that is read or changed, and another that takes a value from it.

use std::sync::Arc;

use app::App;
use app::Refusal;
use app::input::Body;
use app::operations::{
    Action, Batch, Failures, Key, Objects, Operation, Patch, Precondition, Prepared as _,
};
use app::query::Query;
use expr::{Caller, FieldId};
use model::{FieldKind, Model, Scalar};
use plan::read::Archived;
use serde_json::json;

use super::cells::{self, Cells, FIXED};
use super::changes;
use super::sight::Sight;
use super::writes::{Answer, Asked, Expected};
use crate::entropy::Entropy;
use crate::world::{At, World};

/// Two operations: the second refers to what the first has answered.
#[derive(Clone, Debug)]
pub(crate) struct BatchWrite {
    from: At,
    /// What is changed in the first row; it is read where this is nothing.
    cells: Cells,
    /// The field whose value is taken over.
    field: FieldId,
    to: At,
}

impl BatchWrite {
    /// Makes up a batch, where the type has a field to take over.
    pub(crate) fn random(
        world: &World,
        (from, to): (At, At),
        entropy: &mut Entropy<'_>,
    ) -> Option<Self> {
        let entity = world.model.entity(from.0);
        let fields = (0..).map(FieldId).zip(&entity.fields);
        let fields: Vec<FieldId> = fields
            .filter(|(id, field)| {
                // What stands inside JSON is no reference.
                let is_plain = match &field.kind {
                    FieldKind::Scalar { scalar, .. } => *scalar != Scalar::Json,
                    FieldKind::List { .. } | FieldKind::ToOne(_) => true,
                    FieldKind::ToMany { .. } | FieldKind::Computed { .. } => false,
                };
                let is_open = !field.private && !FIXED.contains(&field.name.as_str());
                is_plain && is_open && !entity.key.contains(id)
            })
            .map(|(id, _)| id)
            .collect();
        if fields.is_empty() || from == to {
            return None;
        }
        let cells =
            if entropy.pick(2) == 0 { cells::some(world, from, entropy) } else { Vec::new() };
        Some(Self { from, cells, field: entropy.of(&fields), to })
    }

    pub(crate) fn ask(&self, sight: Sight<'_>, app: &Arc<App>) -> Asked {
        let (entity, caller, app) = (self.from.0, super::lasting(sight.caller), Arc::clone(app));
        let described = app.model.entity(entity);
        let key =
            |row: At| Key::parse(described, &plan::key_text(described, &sight.world.key(row)));
        let keys = key(self.from).and_then(|from| Ok((from, key(self.to)?)));
        let field = described.field(self.field);
        let name = match &field.kind {
            FieldKind::ToOne(relation) => relation.id_name.clone(),
            _ => field.name.clone(),
        };
        let first = cells::body(sight.world, entity, &self.cells);
        let second = Body(vec![(name.clone(), json!({ "$ref": format!("first.{name}") }))]);
        let answer = Box::pin(async move {
            let (from, to) = keys?;
            let patch = |body| Patch { body, objects: Objects::Replace };
            let first = match first.0.is_empty() {
                true => {
                    let query = Query::new(&app.model, &caller, entity, app.read_bounds());
                    let ready = query.one().map_err(Refusal::Parameters)?;
                    Action::Get { ready, key: from }
                }
                false => update(from, entity, patch(first)),
            };
            let second = update(to, entity, patch(second));
            let operations = [(Some("first".to_owned()), first), (None, second)];
            let operations = operations.map(|(id, action)| Operation { id, action }).into();
            run(&app, caller, operations).await?;
            Ok(Answer { count: 1, row: None })
        });
        Asked { answer, filter: None, row: None }
    }

    pub(crate) fn expect(
        &self,
        world: &mut World,
        written: &Model,
        caller: &Caller<'_>,
    ) -> Expected {
        if !self.cells.is_empty()
            && changes::update(world, written, caller, self.from, &self.cells) == Expected::Refused
        {
            return Expected::Refused;
        }
        let sight = Sight { world, written, caller };
        // What the caller may not see cannot be referred to.
        let may_refer =
            sight.sees(self.from, Archived::Without) && sight.sees_field(self.from, self.field);
        match world.stored(self.from, self.field).cloned().filter(|_| may_refer) {
            Some(cell) => changes::update(world, written, caller, self.to, &[(self.field, cell)]),
            None => Expected::Refused,
        }
    }
}

fn update(key: Key, entity: expr::EntityId, patch: Patch) -> Action {
    Action::Update { entity, key, patch, precondition: Precondition::None }
}

/// Runs a batch.
async fn run(
    app: &Arc<App>,
    caller: Caller<'static>,
    operations: Vec<Operation>,
) -> Result<(), Refusal> {
    let failed = |Failures(failures): Failures| {
        let first = failures.into_iter().next();
        first.map_or(Refusal::NotFound, |failure| failure.refusal)
    };
    let batch = Batch::prepare(app, caller, operations).map_err(failed)?;
    batch.run(app).await.map(|_| ()).map_err(failed)
}
