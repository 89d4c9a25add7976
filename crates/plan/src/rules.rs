//! Which rules a statement consults, and where their atoms stand among the request's.

use expr::{EntityId, FieldId, Kind, Prepared, Value};
use model::Model;
use smallvec::SmallVec;

/// A rule of the model.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum RuleRef {
    /// The entity's read rule.
    Read(EntityId),
    /// Which archived rows can be read and restored.
    Archived(EntityId),
    /// The entity's read rule where archived rows are wanted too.
    ReadAll(EntityId),
    /// Of which rows the history can be read.
    History(EntityId),
    /// Of which rows that are archived or deleted.
    HistoryGone(EntityId),
    /// The entity's create rule.
    Create(EntityId),
    /// The entity's update rule.
    Update(EntityId),
    /// The entity's delete rule.
    Delete(EntityId),
    /// A field's read rule.
    ReadField(EntityId, FieldId),
    /// A field's create rule.
    CreateField(EntityId, FieldId),
    /// A field's update rule.
    UpdateField(EntityId, FieldId),
}

impl RuleRef {
    /// Returns the rule; `None` where the model has none.
    pub fn of(self, model: &Model) -> Option<&Prepared> {
        let rule = match self {
            Self::Read(entity) => &model.entity(entity).rules.read,
            Self::Archived(entity) => &model.entity(entity).rules.archived,
            Self::ReadAll(entity) => &model.entity(entity).rules.read_all,
            Self::History(entity) => &model.entity(entity).rules.history,
            Self::HistoryGone(entity) => &model.entity(entity).rules.history_gone,
            Self::Create(entity) => &model.entity(entity).rules.create,
            Self::Update(entity) => &model.entity(entity).rules.update,
            Self::Delete(entity) => &model.entity(entity).rules.delete,
            Self::ReadField(entity, field) => &model.entity(entity).field(field).rules.read,
            Self::CreateField(entity, field) => &model.entity(entity).field(field).rules.create,
            Self::UpdateField(entity, field) => &model.entity(entity).field(field).rules.update,
        };
        rule.as_ref().map(|rule| &rule.expr)
    }
}

/// The rules a statement consults, each with its first atom's place.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RuleBook {
    rules: Vec<(RuleRef, u16)>,
    next: u16,
    trusts: bool,
}

/// The values of all atoms of a request: the filter's first, then the rules'.
pub type AtomValues = SmallVec<[Value; 8]>;

impl RuleBook {
    /// Starts a book behind the atoms of a filter.
    pub fn behind(filter_atoms: usize) -> Self {
        Self { rules: Vec::new(), next: filter_atoms as u16, trusts: false }
    }

    /// Returns the book of whoever has the database at hand: every rule holds.
    pub fn trusting() -> Self {
        Self { trusts: true, ..Self::default() }
    }

    /// Whether every rule holds.
    pub fn trusts(&self) -> bool {
        self.trusts
    }

    /// Adds a rule that the model has, once.
    pub fn add(&mut self, model: &Model, rule: RuleRef) {
        if self.rules.iter().any(|(known, _)| *known == rule) {
            return;
        }
        if let Some(prepared) = rule.of(model) {
            self.rules.push((rule, self.next));
            self.next += prepared.atoms.len() as u16;
        }
    }

    /// Adds an entity's read rule and those of its fields.
    pub fn add_reading(&mut self, model: &Model, entity: EntityId) {
        self.add(model, RuleRef::Read(entity));
        for index in 0..model.entity(entity).fields.len() {
            self.add(model, RuleRef::ReadField(entity, FieldId(index as u32)));
        }
    }

    /// Finds a rule and the place of its first atom.
    pub fn find<'m>(&self, model: &'m Model, rule: RuleRef) -> Option<(&'m Prepared, u16)> {
        let (_, from) = self.rules.iter().find(|(known, _)| *known == rule)?;
        Some((rule.of(model)?, *from))
    }

    /// Appends the values of every consulted rule's atoms.
    pub fn evaluate(&self, model: &Model, caller: &expr::Caller<'_>, values: &mut AtomValues) {
        for (rule, _) in &self.rules {
            let Some(prepared) = rule.of(model) else { continue };
            for atom in &prepared.atoms {
                values.push(match &atom.kind {
                    // Written inline by the renderer; only its shape is looked at.
                    Kind::Literal(literal) => literal.0.clone(),
                    _ => expr::evaluate(atom, caller, expr::Nulls::Unknown),
                });
            }
        }
    }
}
