//! What came of a write, as its caller is told.

use std::sync::Arc;

use expr::{EntityId, FieldId};
use model::{Entity, Model};
use plan::write::{WriteKind, WriteOutput, WriteRun};
use plan::{Constraint, Program, Row, Statement, Verdict};

use super::read::denied;
use super::write::Saved;
use crate::application::App;
use crate::input::no_row;
use crate::refusal::{BadMember, Refusal, field_names, pointer};

/// What it takes to say what came of a write.
#[derive(Clone, Copy)]
pub(crate) struct Judge {
    pub(super) entity: EntityId,
    pub(super) kind: WriteKind,
    /// Whether a deleted row is returned; it may have been read for its hash only.
    pub(super) returned: bool,
    pub(super) signed_in: bool,
}

impl Judge {
    /// Returns whether the write deletes a row.
    pub(super) fn deletes(&self) -> bool {
        matches!(self.kind, WriteKind::Delete | WriteKind::Archive)
    }

    /// Turns what came of the write into what its caller is told.
    pub(crate) fn judge(&self, model: &Model, output: WriteOutput) -> Result<Saved, Refusal> {
        let entity = model.entity(self.entity);
        Err(match output {
            WriteOutput::Written { row, key } => {
                return Ok(Saved { entity: self.entity, row, key });
            }
            WriteOutput::Deleted { row } => {
                let row = row.filter(|_| self.returned);
                return Ok(Saved { entity: self.entity, row, key: Vec::new() });
            }
            WriteOutput::NotFound => Refusal::NotFound,
            WriteOutput::Denied => denied(self.signed_in),
            WriteOutput::DeniedFields(fields) => {
                Refusal::ForbiddenFields(field_names(entity, &fields))
            }
            WriteOutput::Stale => Refusal::Stale,
            WriteOutput::TooLarge(field) => too_large(&entity.field(field).name),
            WriteOutput::Incomplete(missing) => incomplete(entity, &missing),
            WriteOutput::NoTarget(fields) => no_target(entity, &fields),
            WriteOutput::InUse(by) if self.kind == WriteKind::Restore => Refusal::Archived(by),
            WriteOutput::InUse(by) => Refusal::InUse(Some(by)),
            WriteOutput::Violated(constraint) => violated(entity, self.kind, &constraint),
        })
    }
}

fn too_large(name: &str) -> Refusal {
    let detail = format!("{name} would be too large when merged; send it as a whole");
    Refusal::Body(vec![BadMember::new(name, "too_large", detail)])
}

fn incomplete(entity: &Entity, missing: &[(FieldId, Vec<String>)]) -> Refusal {
    let bad = missing.iter().flat_map(|(field, members)| {
        let document = pointer(&entity.field(*field).name);
        members.iter().map(move |member| {
            let name = member.rsplit('/').next().unwrap_or(member);
            BadMember {
                pointer: format!("{document}{member}"),
                code: "required",
                detail: format!("{name} is required"),
            }
        })
    });
    Refusal::Body(bad.collect())
}

fn no_target(entity: &Entity, fields: &[FieldId]) -> Refusal {
    let bad = field_names(entity, fields)
        .iter()
        .map(|name| BadMember::new(name, "not_found", no_row(name)))
        .collect();
    Refusal::Body(bad)
}

fn violated(entity: &Entity, kind: WriteKind, constraint: &Constraint) -> Refusal {
    match constraint {
        Constraint::Unique(columns) => Refusal::Duplicate(fields_of_columns(entity, columns)),
        Constraint::ForeignKey if kind == WriteKind::Delete => Refusal::InUse(None),
        // References that the client sent were found before; this one is the caller's own.
        Constraint::ForeignKey => Refusal::Forbidden,
        Constraint::Check(name) => {
            let check = entity.checks.iter().find(|check| check.name == *name);
            let field =
                check.and_then(|check| check.field).map(|field| entity.field(field).name.clone());
            let message = check.and_then(|check| check.message.clone()).unwrap_or_else(|| {
                let rule = check.map_or(name.as_str(), |check| &check.rule.text);
                format!("the row must satisfy `{rule}`")
            });
            Refusal::Check { message, field }
        }
        Constraint::NotNull(column) => {
            let names = fields_of_columns(entity, column);
            Refusal::Body(
                names
                    .iter()
                    .map(|name| BadMember::new(name, "required", format!("{name} is required")))
                    .collect(),
            )
        }
    }
}

/// Names the fields behind `table.column, table.column`. That they are compared within a tenant goes
/// without saying.
fn fields_of_columns(entity: &Entity, columns: &str) -> Vec<String> {
    let mut fields: Vec<FieldId> = columns
        .split(", ")
        .filter_map(|path| path.rsplit('.').next())
        .filter_map(|name| entity.columns.iter().find(|column| column.name == name))
        .map(|column| column.field)
        .collect();
    fields.dedup();
    if let Some(tenant) = &entity.tenant
        && fields.len() > 1
    {
        fields.retain(|field| *field != tenant.field);
    }
    field_names(entity, &fields)
}

/// A write that says itself what came of it.
pub struct JudgedRun {
    pub(super) run: WriteRun,
    pub(super) judge: Judge,
    pub(super) app: Arc<App>,
}

impl Program for JudgedRun {
    type Output = Result<Saved, Refusal>;

    fn next(&mut self) -> Option<Statement<'_>> {
        self.run.next()
    }

    fn row<R: Row>(&mut self, row: &R) {
        self.run.row(row);
    }

    fn refused(&mut self, constraint: Constraint) {
        self.run.refused(constraint);
    }

    fn restart(&mut self) {
        self.run.restart();
    }

    fn verdict(&self) -> Verdict {
        self.run.verdict()
    }

    fn finish(self) -> Result<Saved, Refusal> {
        self.judge.judge(&self.app.model, self.run.finish())
    }
}
