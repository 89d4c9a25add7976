//! Deletes archived rows for good, a bounded number at a time.

use std::sync::Arc;

use expr::EntityId;
use model::{Entity, FieldKind, Model, OnDelete};

use crate::dialect::Dialect;
use crate::program::{Bind, Constraint, Program, Row, Statement, Verdict};
use crate::write::{By, reaches};

/// Cascades deeper than this are not looked through for rows that are still referred to.
const DEPTH_MAX: usize = 8;

/// Deletes rows archived before a time. It comes to how many, or to nothing where the database
/// refused because rows are still referred to.
pub struct Purge {
    write_by: Option<Arc<str>>,
    by: Vec<Bind>,
    sql: Arc<str>,
    binds: [Bind; 2],
    step: Step,
    refused: bool,
    count: usize,
}

#[derive(Copy, Clone, PartialEq, Eq)]
enum Step {
    Start,
    By,
    Deleting,
}

impl Purge {
    /// Says when it happens, for the history of what is deleted; it is nobody's doing.
    #[must_use]
    pub fn by(mut self, by: &By) -> Self {
        self.by = by.binds();
        self
    }

    /// Prepares it; `None` for an entity that is not archived. What is still referred to by rows that
    /// restrict it is left for later.
    pub fn new(
        model: &Model,
        dialect: Dialect,
        entity: EntityId,
        before: expr::Timestamp,
        limit: u32,
    ) -> Option<Self> {
        let entity = model.entity(entity);
        let at = dialect.quote(&entity.column(entity.archive.as_ref()?.column).name);
        let table = dialect.quote(&entity.table);
        let key = |alias: &str| columns(dialect, entity, &entity.key_columns, alias);
        let mut blocks = Blocks { model, dialect, conditions: Vec::new(), path: Vec::new() };
        blocks.visit(entity, "t", &mut |condition| condition);
        let mut conditions = vec![format!("t.{at} < {}", dialect.placeholder(1))];
        conditions.extend(blocks.conditions);
        let sql = format!(
            "DELETE FROM {table} WHERE ({}) IN (SELECT {} FROM {table} AS t WHERE {} LIMIT {}) RETURNING 1",
            key(""),
            key("t."),
            conditions.join(" AND "),
            dialect.placeholder(2),
        );
        let binds = [Bind::Int(before.0), Bind::Int(i64::from(limit))];
        let write_by = reaches(model, entity.id).then(|| dialect.write_by().into());
        let step = Step::Start;
        Some(Self {
            write_by,
            by: Vec::new(),
            sql: sql.into(),
            binds,
            step,
            refused: false,
            count: 0,
        })
    }
}

fn columns(dialect: Dialect, entity: &Entity, of: &[model::ColumnId], alias: &str) -> String {
    let names: Vec<String> = of
        .iter()
        .map(|column| format!("{alias}{}", dialect.quote(&entity.column(*column).name)))
        .collect();
    names.join(", ")
}

/// Collects the conditions that nothing refers to a row that would keep it from being deleted.
struct Blocks<'m> {
    model: &'m Model,
    dialect: Dialect,
    conditions: Vec<String>,
    path: Vec<EntityId>,
}

impl Blocks<'_> {
    /// `within` puts a condition on a row of this entity where it can be asked of the row at hand.
    fn visit(&mut self, entity: &Entity, alias: &str, within: &mut dyn FnMut(String) -> String) {
        if self.path.len() >= DEPTH_MAX || self.path.contains(&entity.id) {
            return;
        }
        self.path.push(entity.id);
        let model = self.model;
        let here = format!("r{}", self.path.len());
        for child in &model.entities {
            for field in &child.fields {
                let FieldKind::ToOne(relation) = &field.kind else { continue };
                if relation.target != entity.id {
                    continue;
                }
                let held = format!(
                    "({}) = ({})",
                    columns(self.dialect, child, &relation.columns, &format!("{here}.")),
                    columns(self.dialect, entity, &entity.key_columns, &format!("{alias}.")),
                );
                let table = self.dialect.quote(&child.table);
                let exists = |more: &str| {
                    format!("EXISTS (SELECT 1 FROM {table} AS {here} WHERE {held}{more})")
                };
                match relation.on_delete {
                    OnDelete::Restrict => {
                        self.conditions.push(format!("NOT {}", within(exists(""))));
                    }
                    OnDelete::Cascade => {
                        let mut deeper = |inner: String| within(exists(&format!(" AND {inner}")));
                        self.visit(child, &here, &mut deeper);
                    }
                    OnDelete::SetNull => {}
                }
            }
        }
        self.path.pop();
    }
}

impl Program for Purge {
    type Output = Option<usize>;

    fn next(&mut self) -> Option<Statement<'_>> {
        match (self.step, &self.write_by) {
            (Step::Start, Some(sql)) if !self.by.is_empty() => {
                self.step = Step::By;
                Some(Statement { sql, binds: &self.by })
            }
            (Step::Start | Step::By, _) => {
                self.step = Step::Deleting;
                Some(Statement { sql: &self.sql, binds: &self.binds })
            }
            (Step::Deleting, _) => None,
        }
    }

    fn row<R: Row>(&mut self, _: &R) {
        self.count += usize::from(self.step == Step::Deleting);
    }

    fn refused(&mut self, _: Constraint) {
        self.refused = true;
    }

    fn restart(&mut self) {
        (self.step, self.refused, self.count) = (Step::Start, false, 0);
    }

    fn finish(self) -> (Verdict, Option<usize>) {
        if self.refused { (Verdict::Rollback, None) } else { (Verdict::Commit, Some(self.count)) }
    }
}
