//! Creates, changes and deletes one row.

use std::convert::Infallible;
use std::sync::Arc;

use expr::{AtomShape, Caller, EntityId, FieldId, Pred};
use model::{ColumnId, Entity, Model};
use plan::read::RowBody;
use plan::write::{WriteKind, WritePlan, WriteRun, WriteShape, WriteValues, build, rules_of};
use plan::{AtomValues, Bind, RuleRef};

use super::intent::Intent;
use super::judge::{Judge, JudgedRun};
use super::plans::{AtomShapes, Compiled};
use super::prepared::Prepared;
use super::read::denied;
use crate::application::App;
use crate::input::{Body, Known, Purpose, Written, written_at};
use crate::refusal::Refusal;

/// A link is a row of its own, and costs more than its bytes in the list that sets it.
const LINK_WEIGHT: usize = 8;

/// What the caller believes of the row (`If-Match`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Precondition {
    /// Nothing.
    None,
    /// That there is one (`If-Match: *`).
    Exists,
    /// That there is none (`If-None-Match: *`).
    Absent,
    /// That it has one of these hashes.
    Hashes(Vec<u64>),
}

/// The fields of a row to change.
#[derive(Debug, Clone, PartialEq)]
pub struct Patch {
    /// Their new values.
    pub body: Body,
    /// What an object means that is sent for a field of JSON.
    pub objects: Objects,
}

/// What an object means that is sent for a field of JSON, or of a nested type.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Objects {
    /// It takes the place of the stored value.
    Replace,
    /// It is merged into the stored value (RFC 7396).
    Merge,
}

/// A row that was created, changed or deleted.
#[derive(Debug)]
pub struct Saved {
    /// Of what.
    pub entity: EntityId,
    /// The row; `None` where the caller may not read it, or where it was deleted and not asked for.
    pub row: Option<RowBody>,
    /// Its key; empty where it was deleted.
    pub key: Vec<Bind>,
}

impl Precondition {
    pub(super) fn hashes(self) -> Option<Vec<u64>> {
        match self {
            Self::None | Self::Exists => None,
            // What is read to be changed is there.
            Self::Absent => Some(Vec::new()),
            Self::Hashes(hashes) => Some(hashes),
        }
    }
}

/// A write ready to run: its body is read, and its plan is found.
#[derive(Clone)]
pub struct Write {
    plan: Arc<WritePlan>,
    values: WriteValues,
    judge: Judge,
    /// The columns of the values.
    columns: Vec<ColumnId>,
}

/// What is known of a row to be written besides its body.
#[derive(Debug, Clone, Default)]
pub(super) struct Given {
    /// Fields that its address, or the row it is nested in, says.
    pub(super) known: Vec<Known>,
    /// The relation among them to the row that it is nested in.
    pub(super) parent: Option<FieldId>,
    /// The lists of rows that are nested in it.
    pub(super) lists: Vec<FieldId>,
}

impl Write {
    /// Prepares a create.
    ///
    /// # Errors
    /// What is wrong with the body, or with the caller.
    pub fn create(
        app: &App,
        caller: &Caller<'_>,
        entity: EntityId,
        body: Body,
    ) -> Result<Self, Refusal> {
        Self::create_at(app, caller, entity, body, &Given::default())
    }

    /// Prepares the create of a row whose address says some fields.
    pub(super) fn create_at(
        app: &App,
        caller: &Caller<'_>,
        entity: EntityId,
        body: Body,
        given: &Given,
    ) -> Result<Self, Refusal> {
        may_create(app, caller, entity)?;
        let (model, ids) = (&app.model, &app.ids);
        let input = written_at(model, entity, body, Purpose::Create, &given.known, caller, ids)?;
        let key = key_of(app.model.entity(entity), &input.columns);
        let mut intent = Intent::new(WriteKind::Create, entity, key, input);
        intent.parent = given.parent;
        intent.lists.clone_from(&given.lists);
        Ok(Self::new(app, caller, intent))
    }

    /// Prepares an update.
    ///
    /// # Errors
    /// What is wrong with the body.
    pub fn update(
        app: &App,
        caller: &Caller<'_>,
        entity: EntityId,
        key: Vec<Bind>,
        patch: Patch,
        precondition: Precondition,
    ) -> Result<Self, Refusal> {
        Self::update_at(app, caller, entity, key, patch, precondition, &Given::default())
    }

    /// Prepares an update of a row of which some fields are known.
    pub(super) fn update_at(
        app: &App,
        caller: &Caller<'_>,
        entity: EntityId,
        key: Vec<Bind>,
        patch: Patch,
        precondition: Precondition,
        given: &Given,
    ) -> Result<Self, Refusal> {
        let Patch { body, objects } = patch;
        let purpose = match objects {
            Objects::Replace => Purpose::Update,
            Objects::Merge => Purpose::Merge,
        };
        let (model, ids) = (&app.model, &app.ids);
        let mut input = written_at(model, entity, body, purpose, &given.known, caller, ids)?;
        if input.sent.is_empty() {
            // Nothing was sent, so nothing is written, not even the time.
            input.columns.clear();
        }
        let mut intent = Intent::new(WriteKind::Update, entity, key, input);
        intent.hashes = precondition.hashes();
        intent.lists.clone_from(&given.lists);
        if objects == Objects::Merge {
            intent.merge_objects(app.model.entity(entity));
        }
        Ok(Self::new(app, caller, intent))
    }

    /// Prepares the replacement of a row whose key is not known yet. Returns with it the parts of
    /// the key that the body says.
    pub(super) fn replace_at(
        app: &App,
        caller: &Caller<'_>,
        entity: EntityId,
        body: Body,
        known: &[Known],
        hashes: Option<Vec<u64>>,
    ) -> Result<(Self, Vec<(ColumnId, Bind)>), Refusal> {
        let (model, ids) = (&app.model, &app.ids);
        let mut input = written_at(model, entity, body, Purpose::Replace, known, caller, ids)?;
        let claimed = std::mem::take(&mut input.claimed);
        let mut intent = Intent::new(WriteKind::Update, entity, Vec::new(), input);
        intent.hashes = hashes;
        Ok((Self::new(app, caller, intent), claimed))
    }

    /// Prepares a delete.
    pub fn delete(
        app: &App,
        caller: &Caller<'_>,
        entity: EntityId,
        key: Vec<Bind>,
        precondition: Precondition,
    ) -> Self {
        Self::new(app, caller, Intent::delete(app, caller, entity, key, precondition))
    }

    /// Prepares bringing an archived row back, with what was archived with it.
    ///
    /// # Errors
    /// That rows of the entity are not archived.
    pub fn restore(
        app: &App,
        caller: &Caller<'_>,
        entity: EntityId,
        key: Vec<Bind>,
        precondition: Precondition,
    ) -> Result<Self, Refusal> {
        let archive = app.model.entity(entity).archive.as_ref().ok_or(Refusal::NotFound)?;
        let input = Written { columns: vec![(archive.column, Bind::Null)], ..Written::default() };
        let mut intent = Intent::new(WriteKind::Restore, entity, key, input);
        intent.hashes = precondition.hashes();
        Ok(Self::new(app, caller, intent))
    }

    /// Prepares a delete that returns what the row was.
    pub fn delete_returning(
        app: &App,
        caller: &Caller<'_>,
        entity: EntityId,
        key: Vec<Bind>,
        precondition: Precondition,
    ) -> Self {
        let mut intent = Intent::delete(app, caller, entity, key, precondition);
        intent.returned = true;
        Self::new(app, caller, intent)
    }

    fn new(app: &App, caller: &Caller<'_>, intent: Intent) -> Self {
        let Intent { kind, entity, key, input, hashes, merged, returned, parent, lists } = intent;
        let (linked, links) = input.bound_links();
        let (columns, inputs): (Vec<ColumnId>, Vec<Bind>) = input.columns.into_iter().unzip();
        let shape = WriteShape {
            entity,
            kind,
            columns,
            sent: input.sent.iter().map(|(field, _)| *field).chain(lists).collect(),
            parent,
            reset: input.reset,
            merged,
            linked,
            encoded_before: hashes.is_some() || returned,
        };
        let with_input = Caller {
            user: caller.user.clone(),
            now: caller.now,
            input: &input.sent,
            request: None,
        };
        let (plan, atoms) = planned(app, &with_input, &shape);
        let judge = Judge { entity, kind, returned, signed_in: caller.user.is_some() };
        let by = plan.write_by.is_some().then(|| Arc::new(crate::written_by::by(app, caller)));
        let values = WriteValues { atoms, key, inputs, links, hashes, by };
        Self { plan, values, judge, columns: shape.columns }
    }

    /// Puts together a create that no rule judges.
    pub(super) fn unjudged(plan: Arc<WritePlan>, shape: WriteShape, values: WriteValues) -> Self {
        let WriteShape { entity, kind, columns, .. } = shape;
        let judge = Judge { entity, kind, returned: false, signed_in: true };
        Self { plan, values, judge, columns }
    }

    /// Sets columns that were not known when it was prepared.
    pub(super) fn set_columns(&mut self, model: &Model, values: &[(ColumnId, Bind)]) {
        let keys = &model.entity(self.judge.entity).key_columns;
        for (column, value) in values {
            if let Some(place) = self.columns.iter().position(|set| set == column) {
                self.values.inputs[place] = value.clone();
            }
            if let Some(part) = keys.iter().position(|key| key == column)
                && let Some(key) = self.values.key.get_mut(part)
            {
                *key = value.clone();
            }
        }
    }

    /// Returns the key of the row; empty where the database makes it.
    pub(super) fn key(&self) -> &[Bind] {
        &self.values.key
    }

    /// Returns how many bytes it writes, more or less.
    pub(crate) fn bytes(&self) -> usize {
        let size = |bind: &Bind| match bind {
            Bind::Text(text) => text.len(),
            _ => size_of::<Bind>(),
        };
        let columns: usize = self.values.inputs.iter().map(size).sum();
        let links: usize = self.values.links.iter().map(size).sum();
        columns + links * LINK_WEIGHT
    }

    /// Returns the program that writes the row and leaves it to `judging` to judge it.
    pub(super) fn writing(self) -> (WriteRun, Judge) {
        (WriteRun::writing(self.plan, self.values), self.judge)
    }

    /// Returns the program that judges the row that was written under this key, and reads it.
    pub(super) fn judging(mut self, key: Vec<Bind>) -> (WriteRun, Judge) {
        self.values.key = key;
        (WriteRun::judging(self.plan, self.values), self.judge)
    }

    /// Returns whether it deletes a row.
    pub(super) fn deletes(&self) -> bool {
        self.judge.deletes()
    }

    /// Makes it write another row.
    pub(super) fn set_key(&mut self, key: Vec<Bind>) {
        self.values.key = key;
    }

    /// Returns the program, and who says what came of it.
    pub(crate) fn into_parts(self) -> (WriteRun, Judge) {
        (WriteRun::new(self.plan, self.values), self.judge)
    }
}

impl Prepared for Write {
    type Output = Saved;
    type Refused = Refusal;
    type Program = JudgedRun;

    fn program(&self, app: &Arc<App>) -> JudgedRun {
        let (run, judge) = self.clone().into_parts();
        JudgedRun { run, judge, app: Arc::clone(app) }
    }

    async fn run(self, app: &App) -> Result<Saved, Refusal> {
        let (run, judge) = self.into_parts();
        judge.judge(&app.model, app.store.write(run).await?)
    }
}

/// A caller to whom creating is closed whatever the row is told so before the body is read.
pub(crate) fn may_create(app: &App, caller: &Caller<'_>, entity: EntityId) -> Result<(), Refusal> {
    let Some(rule) = RuleRef::Create(entity).of(&app.model) else {
        return Err(denied(caller.user.is_some()));
    };
    if uses_input(&rule.atoms) {
        return Ok(());
    }
    let shapes: AtomShapes = rule.atom_values(caller).iter().map(AtomShape::of).collect();
    match expr::lower(&rule.tree, &shapes, expr::Nulls::Unknown) {
        Pred::False | Pred::Unknown => Err(denied(caller.user.is_some())),
        _ => Ok(()),
    }
}

/// A rule over the input is judged when the input has been read.
fn uses_input(atoms: &[expr::Node]) -> bool {
    fn visit(node: &expr::Node) -> bool {
        let mut found = matches!(node.kind, expr::Kind::Input(_) | expr::Kind::HasInput(_));
        node.each_child(&mut |child| found = found || visit(child));
        found
    }
    atoms.iter().any(visit)
}

/// Returns the key among the written columns; empty where the database makes it.
pub(super) fn key_of(entity: &Entity, columns: &[(ColumnId, Bind)]) -> Vec<Bind> {
    entity
        .key_columns
        .iter()
        .filter_map(|key| columns.iter().find(|(column, _)| column == key))
        .map(|(_, value)| value.clone())
        .collect()
}

fn planned(app: &App, caller: &Caller<'_>, shape: &WriteShape) -> (Arc<WritePlan>, AtomValues) {
    let compiled = app
        .plans
        .writes
        .get_or_insert_with(shape, || {
            Ok::<_, Infallible>(Arc::new(Compiled::new(rules_of(&app.model, shape))))
        })
        .unwrap_or_else(|never| match never {});
    let mut atoms = AtomValues::new();
    compiled.rules.evaluate(&app.model, caller, &mut atoms);
    let shapes: AtomShapes = atoms.iter().map(AtomShape::of).collect();
    let plan = compiled
        .plan(&shapes, || {
            Ok::<_, Infallible>(build(&app.model, app.dialect, shape, &compiled.rules, &shapes))
        })
        .unwrap_or_else(|never| match never {});
    (plan, atoms)
}
