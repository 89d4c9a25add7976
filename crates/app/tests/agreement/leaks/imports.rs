//! Imports: new rows out of a file, all of them or as many as may be, and rows that take the place of
//! others.

use std::convert::Infallible;
use std::sync::Arc;

use app::input::Body;
use app::transfer::{self, By, Ended, Format, Import, OnError, Source, Wanted};
use app::{App, Refusal};
use expr::{Caller, EntityId};
use model::{FieldKind, Model, Scalar};
use serde_json::{Map, Value as Json};

use super::creates::CreateRows;
use super::sight::Sight;
use super::writes::{Answer, Asked, Expected};
use crate::entropy::Entropy;
use crate::world::World;

/// A file that is to be imported.
#[derive(Clone, Debug)]
pub(crate) struct ImportRows {
    rows: CreateRows,
    as_csv: bool,
    /// Whether refused rows are left out, rather than all of them.
    skips: bool,
}

impl ImportRows {
    pub(crate) fn random(world: &World, entity: EntityId, entropy: &mut Entropy<'_>) -> Self {
        let rows = CreateRows::random(world, entity, entropy);
        Self { rows, as_csv: entropy.pick(2) == 0, skips: entropy.pick(2) == 0 }
    }

    pub(crate) fn ask(&self, sight: Sight<'_>, app: &Arc<App>) -> Asked {
        let (entity, app) = (self.rows.entity, Arc::clone(app));
        let bodies = self.rows.bodies(sight.world);
        let text = if self.as_csv { csv(&app.model, entity, bodies) } else { lines(bodies) };
        let format = if self.as_csv { Format::Csv } else { Format::Ndjson };
        let on_error = if self.skips { OnError::Skip } else { OnError::Undo };
        let caller = super::lasting(sight.caller);
        let answer = Box::pin(async move {
            let count = run(&app, caller, (entity, format, on_error, None), text).await?;
            Ok(Answer { count, row: None })
        });
        Asked { answer, filter: None, row: None }
    }

    pub(crate) fn expect(
        &self,
        world: &mut World,
        written: &Model,
        caller: &Caller<'_>,
    ) -> Expected {
        if !self.skips {
            return self.rows.expect(world, written, caller);
        }
        // Each row stands for itself, and is there for those behind it.
        let mut done = 0;
        for row in &self.rows.rows {
            let before = world.copy_rows();
            let one = CreateRows { entity: self.rows.entity, rows: vec![row.clone()] };
            if one.expect(world, written, caller) == Expected::Done(1) {
                done += 1;
                continue;
            }
            world.restore_rows(before);
            // Its place stays empty.
            let place = world.add(self.rows.entity, row.clone());
            world.remove(place);
        }
        if done == 0 { Expected::Refused } else { Expected::Done(done) }
    }
}

/// Runs an import, and returns how many rows were written. None is a refusal.
pub(crate) async fn run(
    app: &Arc<App>,
    caller: Caller<'static>,
    (entity, format, on_error, replace): (EntityId, Format, OnError, Option<Vec<String>>),
    text: String,
) -> Result<usize, Refusal> {
    let import = Import {
        entity,
        format,
        by: By::Caller(caller),
        on_error,
        wanted: Wanted::default(),
        replace,
        from_line: 0,
        failures_max: 100,
    };
    let (mut done, ended) = transfer::import(app, import, &mut Text(Some(text))).await;
    match ended {
        Err(Ended::Refused(refusal)) => return Err(refusal),
        Ok(()) | Err(Ended::Rows) => {}
    }
    let written = done.created + done.replaced;
    match done.failures.pop() {
        Some(failure) if written == 0 => Err(failure.refusal),
        _ => Ok(written as usize),
    }
}

/// A file in memory.
struct Text(Option<String>);

impl Source for Text {
    type Piece = String;
    type Error = Infallible;

    async fn next(&mut self) -> Result<Option<String>, Infallible> {
        Ok(self.0.take())
    }
}

/// Writes rows as NDJSON.
pub(crate) fn lines(bodies: Vec<Body>) -> String {
    let line = |body: Body| Json::Object(body.0.into_iter().collect::<Map<String, Json>>());
    bodies.into_iter().map(|body| format!("{}\n", line(body))).collect()
}

/// Writes rows as CSV; all have the same members.
fn csv(model: &Model, entity: EntityId, bodies: Vec<Body>) -> String {
    let names = |body: &Body| body.0.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    let mut text = bodies.first().map(names).unwrap_or_default().join(",");
    for body in bodies {
        let cells = body.0.iter().map(|(name, value)| cell(is_json(model, entity, name), value));
        text.push_str(&format!("\r\n{}", cells.collect::<Vec<_>>().join(",")));
    }
    text
}

fn is_json(model: &Model, entity: EntityId, name: &str) -> bool {
    let field = model.entity(entity).field_named(name);
    field.is_some_and(|(_, field)| match &field.kind {
        FieldKind::Scalar { scalar, .. } => *scalar == Scalar::Json,
        FieldKind::List { .. } | FieldKind::ToMany { .. } => true,
        FieldKind::ToOne(_) | FieldKind::Computed { .. } => false,
    })
}

fn cell(is_json: bool, value: &Json) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    match value {
        Json::Null => String::new(),
        Json::String(text) if !is_json => quoted(text),
        value if is_json => quoted(&value.to_string()),
        value => value.to_string(),
    }
}
