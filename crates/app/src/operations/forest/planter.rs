//! Reads bodies with the rows nested in them, and prepares the write of each.

use std::collections::HashSet;

use expr::{Caller, EntityId, FieldId, Value};
use model::{Entity, FieldKind, Via};
use plan::find::FindShape;
use plan::{AtomValues, Bind};
use serde_json::Value as Json;

use super::{Check, Nested, Node, list_named};
use crate::application::App;
use crate::input::{Body, Known, reference_value, take_key};
use crate::operations::find::Find;
use crate::operations::write::{Given, Objects, Patch, Precondition, Write};
use crate::refusal::{BadMember, Refusal, are_enough, pointer};

/// How deep rows may be nested in a row.
const NESTED_DEPTH_MAX: usize = 3;

pub(super) struct Planter<'a> {
    app: &'a App,
    caller: &'a Caller<'a>,
    nodes: Vec<Node>,
    /// The rows so far, right or wrong.
    count: u64,
    /// The nested rows that are there already, so that none is changed twice.
    named: HashSet<(EntityId, String)>,
    mistakes: Vec<BadMember>,
}

/// What is to become of a body.
pub(super) enum Fate {
    /// A new row.
    Create,
    /// A change of the row with this key.
    Update {
        key: Vec<Bind>,
        precondition: Precondition,
        /// Finds it, where it is nested in another.
        check: Option<Box<Check>>,
    },
}

/// Where a nested row is.
pub(super) struct Place {
    nested: Nested,
    /// The relation to its parent.
    known: Known,
    depth: usize,
}

/// The row that others are nested in.
struct Parent<'p> {
    at: usize,
    entity: EntityId,
    /// Whether it is there already.
    is_there: bool,
    /// Its key; empty where the database will make it.
    key: &'p [Bind],
    depth: usize,
}

impl<'a> Planter<'a> {
    pub(super) fn new(app: &'a App, caller: &'a Caller<'a>) -> Self {
        let (nodes, mistakes) = (Vec::new(), Vec::new());
        Self { app, caller, nodes, count: 0, named: HashSet::new(), mistakes }
    }

    /// Returns the rows, unless something is wrong with one.
    pub(super) fn finish(self) -> Result<Vec<Node>, Refusal> {
        if self.mistakes.is_empty() { Ok(self.nodes) } else { Err(Refusal::Body(self.mistakes)) }
    }

    /// Adds a row, and those nested in it behind it.
    pub(super) fn row(
        &mut self,
        entity: EntityId,
        body: Body,
        pointer: &str,
        fate: Fate,
        place: Option<Place>,
    ) -> Result<(), Refusal> {
        self.count += 1;
        let max = self.app.config.limits.bulk_rows_max;
        if self.count > max {
            return Err(Refusal::TooManyRows { max });
        }
        let described = self.app.model.entity(entity);
        let mut own = Vec::with_capacity(body.0.len());
        let mut lists = Vec::new();
        for (name, json) in body.0 {
            match list_named(described, &name) {
                Some(list) => lists.push((list, json)),
                None => own.push((name, json)),
            }
        }
        let depth = place.as_ref().map_or(0, |place| place.depth);
        let (nested, known) = place.map(|place| (place.nested, place.known)).unzip();
        let given = Given {
            parent: known.as_ref().map(|known| known.field),
            known: known.into_iter().collect(),
            lists: lists.iter().map(|(list, _)| *list).collect(),
        };
        let at = self.nodes.len();
        let is_there = matches!(fate, Fate::Update { .. });
        let mut key = Vec::new();
        match self.write(entity, Body(own), fate, &given) {
            Ok((write, check)) => {
                key.extend_from_slice(write.key());
                let (pointer, lists) = (pointer.to_owned(), given.lists);
                self.nodes.push(Node { entity, write, pointer, nested, check, lists });
            }
            Err(Refusal::Body(bad)) => {
                for mistake in bad {
                    let place = format!("{pointer}{}", mistake.pointer);
                    self.mistake(BadMember { pointer: place, ..mistake })?;
                }
            }
            Err(refusal) => return Err(refusal.at(pointer)),
        }
        let parent = Parent { at, entity, is_there, key: &key, depth: depth + 1 };
        for (list, json) in lists {
            self.list(&parent, list, json, pointer)?;
        }
        Ok(())
    }

    fn write(
        &self,
        entity: EntityId,
        body: Body,
        fate: Fate,
        given: &Given,
    ) -> Result<(Write, Option<Box<Check>>), Refusal> {
        let (app, caller) = (self.app, self.caller);
        match fate {
            Fate::Create => Ok((Write::create_at(app, caller, entity, body, given)?, None)),
            Fate::Update { key, precondition, check } => {
                let patch = Patch { body, objects: Objects::Replace };
                let write = Write::update_at(app, caller, entity, key, patch, precondition, given)?;
                Ok((write, check))
            }
        }
    }

    fn list(
        &mut self,
        parent: &Parent<'_>,
        list: FieldId,
        json: Json,
        above: &str,
    ) -> Result<(), Refusal> {
        let field = self.app.model.entity(parent.entity).field(list);
        let FieldKind::ToMany { target, via: Via::Inverse(inverse) } = field.kind else {
            return Ok(());
        };
        let place = format!("{above}{}", pointer(&field.name));
        let wrong = |pointer: &str, code, detail: String| BadMember {
            pointer: pointer.to_owned(),
            code,
            detail,
        };
        let FieldKind::ToOne(relation) = &self.app.model.entity(target).field(inverse).kind else {
            return Ok(());
        };
        if field.readonly {
            return self.mistake(wrong(&place, "readonly", format!("{} is read-only", field.name)));
        }
        if relation.other_module {
            let detail = format!("{} are rows of another module; write them there", field.name);
            return self.mistake(wrong(&place, "other_module", detail));
        }
        if parent.depth > NESTED_DEPTH_MAX {
            let detail = format!("rows are nested at most {NESTED_DEPTH_MAX} deep");
            return self.mistake(wrong(&place, "too_deep", detail));
        }
        let Json::Array(rows) = json else {
            let detail = format!("{} must be a list of rows", field.name);
            return self.mistake(wrong(&place, "type", detail));
        };
        for (index, row) in rows.into_iter().enumerate() {
            let place = format!("{place}/{index}");
            let Json::Object(members) = row else {
                self.mistake(wrong(&place, "type", "must be an object".to_owned()))?;
                continue;
            };
            let mut body = Body(members.into_iter().collect());
            let (nested, known) = self.nested(target, parent, list, inverse);
            match self.fate(target, &mut body, parent, &known)? {
                Ok(fate) => {
                    let inside = Place { nested, known, depth: parent.depth };
                    self.row(target, body, &place, fate, Some(inside))?;
                }
                Err(mistake) => {
                    let pointer = format!("{place}{}", mistake.pointer);
                    self.mistake(BadMember { pointer, ..mistake })?;
                }
            }
        }
        Ok(())
    }

    /// Decides what is to become of a nested body: what says the key of a row changes that row. In a
    /// new row all are new.
    fn fate(
        &mut self,
        entity: EntityId,
        body: &mut Body,
        parent: &Parent<'_>,
        known: &Known,
    ) -> Result<Result<Fate, BadMember>, Refusal> {
        if !parent.is_there {
            return Ok(Ok(Fate::Create));
        }
        let model = &self.app.model;
        let described = model.entity(entity);
        let key = match take_key(model, described, &mut body.0, known) {
            Ok(Some(key)) => key,
            Ok(None) => return Ok(Ok(Fate::Create)),
            Err(mistake) => return Ok(Err(mistake)),
        };
        if !self.named.insert((entity, plan::key_text(described, &key))) {
            let detail = "the row is named twice".to_owned();
            return Ok(Err(BadMember { pointer: String::new(), code: "repeated", detail }));
        }
        match self.check(described, &key, known) {
            Ok(check) => {
                let precondition = Precondition::None;
                Ok(Ok(Fate::Update { key, precondition, check: Some(Box::new(check)) }))
            }
            // The caller may never see to which row this one belongs.
            Err(Refusal::Parameters(bad)) if bad.iter().all(|bad| bad.code == "unknown_field") => {
                Ok(Err(not_there()))
            }
            Err(refusal) => Err(refusal),
        }
    }

    fn check(&self, entity: &Entity, key: &[Bind], known: &Known) -> Result<Check, Refusal> {
        let (mut columns, mut inputs) = (entity.key_columns.clone(), key.to_vec());
        for (column, bind) in &known.columns {
            if !columns.contains(column) {
                columns.push(*column);
                inputs.push(bind.clone());
            }
        }
        let shape = FindShape { entity: entity.id, columns, filter: None, filter_atoms: 0 };
        let find = Find::new(self.app, self.caller, &shape, AtomValues::new(), 1)?;
        Ok(Check { find, inputs })
    }

    /// Says what a row's relation to the one it is nested in is.
    fn nested(
        &self,
        entity: EntityId,
        parent: &Parent<'_>,
        list: FieldId,
        inverse: FieldId,
    ) -> (Nested, Known) {
        let columns = match &self.app.model.entity(entity).field(inverse).kind {
            FieldKind::ToOne(relation) => relation.columns.clone(),
            _ => Vec::new(),
        };
        let above = self.app.model.entity(parent.entity);
        // A key that the database makes is set when it is made.
        let value = if parent.key.is_empty() {
            Value::Null
        } else {
            reference_value(above, &plan::reference_text(above, parent.key))
        };
        let binds = (0..columns.len()).map(|at| parent.key.get(at).cloned().unwrap_or(Bind::Null));
        let known =
            Known { field: inverse, columns: columns.iter().copied().zip(binds).collect(), value };
        (Nested { parent: parent.at, list, columns }, known)
    }

    fn mistake(&mut self, mistake: BadMember) -> Result<(), Refusal> {
        self.mistakes.push(mistake);
        if !are_enough(&self.mistakes) {
            return Ok(());
        }
        Err(Refusal::Body(std::mem::take(&mut self.mistakes)))
    }
}

/// Says of a nested row that its parent has none with this key, as far as the caller may know.
pub(super) fn not_there() -> BadMember {
    let detail = "there is no row with this key in the list; without a key it would be a new one";
    BadMember { pointer: String::new(), code: "not_found", detail: detail.to_owned() }
}
