//! The access matrix: for each entity, operation and field, what each kind of caller may do.

mod json;
mod text;

use expr::{EntityId, FieldId};
use model::{Entity, Field, FieldKind, Model, Role, Rule};

use super::fold::fold;
use super::formula::Formula;
use super::who::Who;

/// What can be done to a row.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Seeing it.
    Read,
    /// Making it.
    Create,
    /// Changing it.
    Update,
    /// Removing it.
    Delete,
}

/// Who may do what. Each list has one formula for each kind of caller.
#[derive(Debug)]
pub struct Matrix {
    /// The kinds of callers.
    pub callers: Vec<Who>,
    /// The entities in the order of the model.
    pub entities: Vec<EntityAccess>,
}

/// What may be done to an entity's rows.
#[derive(Debug)]
pub struct EntityAccess {
    /// Its module.
    pub module: String,
    /// Its name.
    pub name: String,
    /// What may be done to its rows.
    pub operations: Vec<(Operation, Vec<Formula>)>,
    /// Who may read what happened to its rows; nothing where that is not kept.
    pub histories: Vec<(History, Vec<Formula>)>,
    /// What may be done to its fields.
    pub fields: Vec<FieldAccess>,
}

/// What may be done to a field, the entity's rules included.
#[derive(Debug)]
pub struct FieldAccess {
    /// Its name.
    pub name: String,
    /// Why clients cannot send it, or never see it.
    pub note: Option<&'static str>,
    /// What may be done to it, and whether a rule of its own says so.
    pub operations: Vec<(Operation, bool, Vec<Formula>)>,
}

/// The histories of an audited entity.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum History {
    /// Of a row that is there.
    Present,
    /// Of a row that was archived or deleted.
    Gone,
}

impl History {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Present, Self::Gone];

    /// Returns its name beside those of the operations.
    pub fn name(self) -> &'static str {
        match self {
            Self::Present => "history",
            Self::Gone => "historyGone",
        }
    }

    /// Returns the rule for reading it.
    pub(super) fn rule(self, entity: &Entity) -> Option<&Rule> {
        match self {
            Self::Present => &entity.rules.history,
            Self::Gone => &entity.rules.history_gone,
        }
        .as_ref()
    }
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 4] = [Self::Read, Self::Create, Self::Update, Self::Delete];

    /// Returns its name in rules.
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }

    /// Finds an operation by its name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.name() == name)
    }

    /// Returns an entity's rule for it.
    pub(super) fn rule(self, entity: &Entity) -> Option<&Rule> {
        let rules = &entity.rules;
        match self {
            Self::Read => &rules.read,
            Self::Create => &rules.create,
            Self::Update => &rules.update,
            Self::Delete => &rules.delete,
        }
        .as_ref()
    }

    /// Returns a field's own rule for it.
    pub(super) fn field_rule(self, field: &Field) -> Option<&Rule> {
        match self {
            Self::Read => &field.rules.read,
            Self::Create => &field.rules.create,
            Self::Update => &field.rules.update,
            Self::Delete => &None,
        }
        .as_ref()
    }
}

impl Matrix {
    /// Works the matrix out, for all entities or those that are given.
    pub fn of(model: &Model, only: &[EntityId]) -> Self {
        let callers = Who::of(model);
        let wanted = |entity: &&Entity| only.is_empty() || only.contains(&entity.id);
        let entities = model.entities.iter().filter(wanted);
        let entities = entities.map(|entity| EntityAccess::of(model, entity, &callers)).collect();
        Self { callers, entities }
    }
}

impl EntityAccess {
    /// Returns what may be done to rows and who reads their histories, by name.
    fn rows(&self) -> impl Iterator<Item = (&'static str, &[Formula])> {
        let operations = self.operations.iter().map(|(each, cells)| (each.name(), cells));
        let histories = self.histories.iter().map(|(each, cells)| (each.name(), cells));
        operations.chain(histories).map(|(name, cells)| (name, cells.as_slice()))
    }

    fn of(model: &Model, entity: &Entity, callers: &[Who]) -> Self {
        let whole = |rule: Option<&Rule>| -> Vec<Formula> {
            callers.iter().map(|who| folded(rule, Formula::False, who)).collect()
        };
        let operations: Vec<_> = Operation::ALL.map(|each| (each, whole(each.rule(entity)))).into();
        let kept = entity.audit.iter().flat_map(|_| History::ALL);
        let histories = kept.map(|each| (each, whole(each.rule(entity)))).collect();
        let fields = entity
            .field_ids()
            .map(|id| FieldAccess::of(entity, id, callers, &operations))
            .collect();
        Self {
            module: model.modules[entity.module].name.clone(),
            name: entity.name.clone(),
            operations,
            histories,
            fields,
        }
    }
}

impl FieldAccess {
    fn of(
        entity: &Entity,
        id: FieldId,
        callers: &[Who],
        whole: &[(Operation, Vec<Formula>)],
    ) -> Self {
        let field = entity.field(id);
        let mut operations = Vec::new();
        for (operation, rows) in whole.iter().filter(|(each, _)| *each != Operation::Delete) {
            let rule = operation.field_rule(field);
            let of_caller = |(who, row): (&Who, &Formula)| match closed(*operation, entity, id) {
                true => Formula::False,
                false => Formula::and([row.clone(), folded(rule, Formula::True, who)]),
            };
            let cells = callers.iter().zip(rows).map(of_caller).collect();
            operations.push((*operation, rule.is_some(), cells));
        }
        Self { name: field.name.clone(), note: note(field), operations }
    }
}

fn folded(rule: Option<&Rule>, without: Formula, who: &Who) -> Formula {
    rule.map_or(without, |rule| fold(rule, who))
}

/// Returns whether no client can do this to a field, whatever the rules say.
pub(super) fn closed(operation: Operation, entity: &Entity, id: FieldId) -> bool {
    let field = entity.field(id);
    let unsent = field.readonly
        || field.role != Role::Plain
        || matches!(field.kind, FieldKind::Computed { .. } | FieldKind::ToMany { .. });
    match operation {
        Operation::Read => field.private,
        Operation::Create => unsent,
        Operation::Update => unsent || entity.key.contains(&id),
        Operation::Delete => false,
    }
}

fn note(field: &Field) -> Option<&'static str> {
    match (&field.kind, field.role) {
        _ if field.private => Some("private"),
        (FieldKind::Computed { .. }, _) => Some("computed"),
        (_, Role::Owner) => Some("set to the caller"),
        (_, Role::Tenant) => Some("set to the caller's tenant"),
        (_, Role::Created | Role::Updated | Role::Archived) => Some("set to the time"),
        _ if field.readonly => Some("read-only"),
        _ => None,
    }
}
