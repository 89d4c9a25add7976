//! Writes rows with those nested in them: new ones with new ones, one that is there with both.

mod planter;

use std::sync::Arc;

use expr::{Caller, EntityId, FieldId};
use model::{ColumnId, Entity, FieldKind, Model, Via};
use plan::find::FindRun;
use plan::{Bind, Sequence};

use self::planter::{Fate, Planter};
use super::find::Find;
use super::prepared::Prepared;
use super::together::{Many, Rows, TogetherSteps};
use super::write::{Precondition, Saved, Write, may_create};
use crate::application::App;
use crate::input::Body;
use crate::refusal::Refusal;

/// Rows to be written together, ready to run. Clones share them.
#[derive(Clone)]
pub struct WriteRows {
    forest: Arc<Forest>,
    /// Whether the rows are answered.
    answered: bool,
}

impl WriteRows {
    /// Returns whether a body holds nested rows.
    pub fn is_nested(model: &Model, entity: EntityId, body: &Body) -> bool {
        let entity = model.entity(entity);
        body.0.iter().any(|(name, json)| json.is_array() && list_named(entity, name).is_some())
    }

    /// Prepares the create of a row with the rows nested in it.
    ///
    /// # Errors
    /// What is wrong with the body or the caller.
    pub fn create(
        app: &App,
        caller: &Caller<'_>,
        entity: EntityId,
        body: Body,
    ) -> Result<Self, Refusal> {
        let forest = Forest::prepare(app, caller, |planter| {
            planter.row(entity, body, "", Fate::Create, None)
        })?;
        Ok(Self { forest: Arc::new(forest), answered: true })
    }

    /// Prepares the update of a row with the rows nested in it: one that says its key is changed, and
    /// must be of the row already; any other is created. Those that are not named stay.
    ///
    /// # Errors
    /// What is wrong with the body or the caller. Running it, `Stale` where the precondition does not
    /// hold, and `not_found` for a nested row that is not the row's, as far as the caller may know.
    pub fn update(
        app: &App,
        caller: &Caller<'_>,
        entity: EntityId,
        key: Vec<Bind>,
        body: Body,
        precondition: Precondition,
    ) -> Result<Self, Refusal> {
        let forest = Forest::prepare(app, caller, |planter| {
            let fate = Fate::Update { key, precondition, check: None };
            planter.row(entity, body, "", fate, None)
        })?;
        Ok(Self { forest: Arc::new(forest), answered: true })
    }

    /// Prepares the create of rows of one entity, with the rows nested in each.
    ///
    /// # Errors
    /// What is wrong with the bodies, each mistake with its place, or with the caller.
    pub fn create_many(
        app: &App,
        caller: &Caller<'_>,
        entity: EntityId,
        bodies: Vec<Body>,
        answered: bool,
    ) -> Result<Self, Refusal> {
        may_create(app, caller, entity)?;
        let max = app.config.limits.bulk_rows_max;
        if bodies.len() as u64 > max {
            return Err(Refusal::TooManyRows { max });
        }
        let forest = Forest::prepare(app, caller, |planter| {
            let mut places = bodies.into_iter().enumerate();
            places.try_for_each(|(at, body)| {
                planter.row(entity, body, &format!("/{at}"), Fate::Create, None)
            })
        })?;
        Ok(Self { forest: Arc::new(forest), answered })
    }

    fn sequence(&self) -> Sequence<TogetherSteps<Arc<Forest>>> {
        let forest = Arc::clone(&self.forest);
        Sequence::new(TogetherSteps::new(Arc::clone(&forest.model), forest, self.answered))
    }
}

impl Prepared for WriteRows {
    type Output = Many;
    type Refused = Refusal;
    type Program = Sequence<TogetherSteps<Arc<Forest>>>;

    fn program(&self, _: &Arc<App>) -> Self::Program {
        self.sequence()
    }

    async fn run(self, app: &App) -> Result<Many, Refusal> {
        app.store.write(self.sequence()).await?
    }
}

/// Rows to be written, each behind the row that it is nested in.
pub struct Forest {
    model: Arc<Model>,
    nodes: Vec<Node>,
}

/// A row to be written.
struct Node {
    entity: EntityId,
    write: Write,
    /// Where it stands in the body.
    pointer: String,
    nested: Option<Nested>,
    /// Finds a nested row that is there already.
    check: Option<Box<Check>>,
    /// The lists that its body has.
    lists: Vec<FieldId>,
}

/// Finds a row of a parent by its key, where the caller may see both of them and that it is.
struct Check {
    find: Find,
    inputs: Vec<Bind>,
}

/// What a row is nested in.
#[derive(Clone)]
struct Nested {
    /// The parent among the nodes.
    parent: usize,
    /// The parent's list.
    list: FieldId,
    /// The columns that refer to the parent, one for each part of its key.
    columns: Vec<ColumnId>,
}

fn list_named(entity: &Entity, name: &str) -> Option<FieldId> {
    let (id, field) = entity.field_named(name)?;
    let has_rows = matches!(field.kind, FieldKind::ToMany { via: Via::Inverse(_), .. });
    (has_rows && !field.private).then_some(id)
}

impl Forest {
    /// Prepares what is planted.
    fn prepare<'a>(
        app: &'a App,
        caller: &'a Caller<'a>,
        plant: impl FnOnce(&mut Planter<'a>) -> Result<(), Refusal>,
    ) -> Result<Self, Refusal> {
        let mut planter = Planter::new(app, caller);
        plant(&mut planter)?;
        Ok(Self { model: Arc::clone(&app.model), nodes: planter.finish()? })
    }
}

impl Rows for Arc<Forest> {
    fn count(&self) -> usize {
        self.nodes.len()
    }

    fn check(&self, at: usize) -> Option<FindRun> {
        self.nodes[at].check.as_ref().map(|check| check.find.run(check.inputs.clone()))
    }

    fn missing(&self, _: usize) -> Option<Refusal> {
        Some(Refusal::Body(vec![planter::not_there()]))
    }

    fn write(&self, at: usize, keys: &[Option<Vec<Bind>>]) -> Write {
        let node = &self.nodes[at];
        let mut write = node.write.clone();
        if let Some(nested) = &node.nested
            && let Some(Some(key)) = keys.get(nested.parent)
        {
            let values: Vec<(ColumnId, Bind)> =
                nested.columns.iter().copied().zip(key.iter().cloned()).collect();
            write.set_columns(&self.model, &values);
        }
        write
    }

    fn refused(&self, at: usize, refusal: Refusal) -> Refusal {
        refusal.at(&self.nodes[at].pointer)
    }

    fn counts(&self, at: usize) -> bool {
        self.nodes[at].nested.is_none()
    }

    /// Puts nested rows inside their parents, where they were sent. One that the caller may not read
    /// is shown by its key.
    fn shown(&self, saved: Vec<Saved>) -> Vec<Saved> {
        let mut children: Vec<Vec<usize>> = vec![Vec::new(); self.nodes.len()];
        for (at, node) in self.nodes.iter().enumerate() {
            if let Some(nested) = &node.nested {
                children[nested.parent].push(at);
            }
        }
        let mut rows: Vec<Option<Saved>> = saved.into_iter().map(Some).collect();
        // From the last to the first, so that a row is whole when its parent takes it in.
        for at in (0..rows.len()).rev() {
            let mut lists = Vec::new();
            for list in &self.nodes[at].lists {
                let of_list = children[at].iter().filter(|child| {
                    self.nodes[**child].nested.as_ref().is_some_and(|nested| nested.list == *list)
                });
                let inner: Vec<Vec<u8>> =
                    of_list.filter_map(|child| Some(self.json(rows[*child].take()?))).collect();
                lists.push((*list, inner));
            }
            let entity = self.model.entity(self.nodes[at].entity);
            if let Some(Saved { row: Some(row), .. }) = &mut rows[at] {
                lists.iter().for_each(|(list, inner)| {
                    embed(&mut row.json, &entity.field(*list).name, inner);
                });
            }
        }
        rows.into_iter().flatten().collect()
    }
}

impl Forest {
    fn json(&self, saved: Saved) -> Vec<u8> {
        match saved.row {
            Some(row) => row.json,
            None => plan::key_object(self.model.entity(saved.entity), &saved.key),
        }
    }
}

/// Adds a list to a JSON object. Names of fields need no escaping.
fn embed(object: &mut Vec<u8>, name: &str, rows: &[Vec<u8>]) {
    object.pop();
    if object.len() > 1 {
        object.push(b',');
    }
    object.extend_from_slice(format!("\"{name}\":[").as_bytes());
    object.extend_from_slice(&rows.join(&b','));
    object.extend_from_slice(b"]}");
}
