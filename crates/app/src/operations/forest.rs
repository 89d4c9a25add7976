//! Creates several rows of one entity, and the rows nested in each.

use std::sync::Arc;

use expr::{Caller, EntityId, FieldId, Value};
use model::{ColumnId, Entity, FieldKind, Model, Via};
use plan::find::FindRun;
use plan::{Bind, Sequence};
use serde_json::Value as Json;

use super::prepared::Prepared;
use super::together::{Many, Rows, TogetherSteps};
use super::write::{Given, Saved, Write, may_create};
use crate::application::App;
use crate::input::{Body, Known, reference_value};
use crate::refusal::{BadMember, Refusal, pointer};

/// How deep rows may be nested in a row.
const NESTED_DEPTH_MAX: usize = 3;

/// Mistakes that are named; a body with more is refused for these.
const MISTAKES_MAX: usize = 100;

/// Rows to be created together, ready to run. Clones share them.
#[derive(Clone)]
pub struct CreateRows {
    forest: Arc<Forest>,
    /// Whether the rows are answered.
    answered: bool,
}

impl CreateRows {
    /// Returns whether a body holds nested rows.
    pub fn is_nested(model: &Model, entity: EntityId, body: &Body) -> bool {
        let entity = model.entity(entity);
        body.0.iter().any(|(name, json)| json.is_array() && list_named(entity, name).is_some())
    }

    /// Prepares the create of a row with the rows nested in it.
    ///
    /// # Errors
    /// What is wrong with the body or the caller.
    pub fn nested(
        app: &App,
        caller: &Caller<'_>,
        entity: EntityId,
        body: Body,
    ) -> Result<Self, Refusal> {
        let forest = Forest::prepare(app, caller, entity, vec![(String::new(), body)])?;
        Ok(Self { forest: Arc::new(forest), answered: true })
    }

    /// Prepares the create of rows of one entity, with the rows nested in each.
    ///
    /// # Errors
    /// What is wrong with the bodies, each mistake with its place, or with the caller.
    pub fn many(
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
        let places = bodies.into_iter().enumerate().map(|(at, body)| (format!("/{at}"), body));
        let forest = Forest::prepare(app, caller, entity, places.collect())?;
        Ok(Self { forest: Arc::new(forest), answered })
    }

    fn sequence(&self) -> Sequence<TogetherSteps<Arc<Forest>>> {
        let forest = Arc::clone(&self.forest);
        Sequence::new(TogetherSteps::new(Arc::clone(&forest.model), forest, self.answered))
    }
}

impl Prepared for CreateRows {
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

/// Rows to be created, each behind the row that it is nested in.
pub struct Forest {
    model: Arc<Model>,
    nodes: Vec<Node>,
}

/// A row to be created.
struct Node {
    entity: EntityId,
    write: Write,
    /// Where it stands in the body.
    pointer: String,
    nested: Option<Nested>,
    /// The lists that its body has.
    lists: Vec<FieldId>,
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
    /// Prepares the outermost rows with what is nested in them.
    fn prepare(
        app: &App,
        caller: &Caller<'_>,
        entity: EntityId,
        roots: Vec<(String, Body)>,
    ) -> Result<Self, Refusal> {
        let mut planter =
            Planter { app, caller, nodes: Vec::new(), count: 0, mistakes: Vec::new() };
        for (pointer, body) in roots {
            planter.row(entity, body, pointer, None)?;
        }
        if planter.mistakes.is_empty() {
            Ok(Self { model: Arc::clone(&app.model), nodes: planter.nodes })
        } else {
            Err(Refusal::Body(planter.mistakes))
        }
    }
}

struct Planter<'a> {
    app: &'a App,
    caller: &'a Caller<'a>,
    nodes: Vec<Node>,
    /// The rows so far, right or wrong.
    count: u64,
    mistakes: Vec<BadMember>,
}

/// The row that another is nested in.
struct Parent<'p> {
    at: usize,
    entity: EntityId,
    /// Its key; empty where the database will make it.
    key: &'p [Bind],
    list: FieldId,
    inverse: FieldId,
    depth: usize,
}

impl Planter<'_> {
    fn row(
        &mut self,
        entity: EntityId,
        body: Body,
        pointer: String,
        parent: Option<&Parent<'_>>,
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
        let nested = parent.map(|parent| self.nested(described, parent));
        let given = Given {
            known: nested.iter().map(|(_, known)| known.clone()).collect(),
            parent: parent.map(|parent| parent.inverse),
            lists: lists.iter().map(|(list, _)| *list).collect(),
        };
        let at = self.nodes.len();
        let mut key = Vec::new();
        match Write::create_at(self.app, self.caller, entity, Body(own), &given) {
            Ok(write) => {
                key.extend_from_slice(write.key());
                self.nodes.push(Node {
                    entity,
                    write,
                    pointer: pointer.clone(),
                    nested: nested.map(|(nested, _)| nested),
                    lists: given.lists,
                });
            }
            Err(Refusal::Body(bad)) => {
                for mistake in bad {
                    let place = format!("{pointer}{}", mistake.pointer);
                    self.mistake(BadMember { pointer: place, ..mistake })?;
                }
            }
            Err(refusal) => return Err(Refusal::At { pointer, refusal: Box::new(refusal) }),
        }
        let depth = parent.map_or(0, |parent| parent.depth) + 1;
        for (list, json) in lists {
            self.list(entity, list, json, &pointer, (at, &key, depth))?;
        }
        Ok(())
    }

    fn list(
        &mut self,
        entity: EntityId,
        list: FieldId,
        json: Json,
        above: &str,
        (at, key, depth): (usize, &[Bind], usize),
    ) -> Result<(), Refusal> {
        let field = self.app.model.entity(entity).field(list);
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
            let detail = format!("{} are rows of another module; create them there", field.name);
            return self.mistake(wrong(&place, "other_module", detail));
        }
        if depth > NESTED_DEPTH_MAX {
            let detail = format!("rows are nested at most {NESTED_DEPTH_MAX} deep");
            return self.mistake(wrong(&place, "too_deep", detail));
        }
        let Json::Array(rows) = json else {
            let detail = format!("{} must be a list of rows", field.name);
            return self.mistake(wrong(&place, "type", detail));
        };
        let parent = Parent { at, entity, key, list, inverse, depth };
        for (index, row) in rows.into_iter().enumerate() {
            let place = format!("{place}/{index}");
            match row {
                Json::Object(members) => {
                    let body = Body(members.into_iter().collect());
                    self.row(target, body, place, Some(&parent))?;
                }
                _ => self.mistake(wrong(&place, "type", "must be an object".to_owned()))?,
            }
        }
        Ok(())
    }

    /// Says what a row's relation to the one it is nested in is.
    fn nested(&self, entity: &Entity, parent: &Parent<'_>) -> (Nested, Known) {
        let columns = match &entity.field(parent.inverse).kind {
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
        let known = Known {
            field: parent.inverse,
            columns: columns.iter().copied().zip(binds).collect(),
            value,
        };
        (Nested { parent: parent.at, list: parent.list, columns }, known)
    }

    fn mistake(&mut self, mistake: BadMember) -> Result<(), Refusal> {
        self.mistakes.push(mistake);
        if self.mistakes.len() < MISTAKES_MAX {
            return Ok(());
        }
        Err(Refusal::Body(std::mem::take(&mut self.mistakes)))
    }
}

impl Rows for Arc<Forest> {
    fn count(&self) -> usize {
        self.nodes.len()
    }

    fn check(&self, _: usize) -> Option<FindRun> {
        None
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
        match self.nodes[at].pointer.as_str() {
            "" => refusal,
            pointer => Refusal::At { pointer: pointer.to_owned(), refusal: Box::new(refusal) },
        }
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
