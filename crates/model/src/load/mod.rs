//! From the texts of an application folder to a checked model.
//!
//! Each file here is one pass over the draft. A pass reports what it finds and goes on, so that one
//! run shows every mistake; what a mistake hides is marked, so that it is not reported again.

mod archives;
mod arguments;
mod attributes;
mod audits;
mod boundaries;
mod checks;
mod collections;
mod columns;
mod declare;
mod defaults;
mod documents;
mod draft;
mod earlier_values;
mod expressions;
mod fields;
mod fills;
mod indexes;
mod joins;
mod keep;
mod keys;
mod literals;
mod messages;
mod modules;
pub(crate) mod names;
mod operations;
mod parse;
mod relations;
mod rules;
mod search;
mod syntax;
mod tenants;
mod text_map;
mod unsupported;

pub(crate) use names::{constraint_name, shorten};
pub use parse::DIRECTIVES;

use crate::config::{self, Config};
use crate::entity::Model;
use crate::report::{Place, Problems, Report, Severity};
use crate::sources::Sources;

/// A model that can be served, and its configuration.
#[derive(Debug)]
pub struct Loaded {
    /// The checked model.
    pub model: Model,
    /// The checked configuration.
    pub config: Config,
    /// What is not as it may seem.
    pub warnings: Report,
}

/// Loads and checks an application.
///
/// # Errors
/// Returns every mistake and warning, if there is a mistake.
pub fn load(app: &Sources) -> Result<Loaded, Report> {
    let mut problems = Problems::new(app);
    let config = config::load(app, &mut problems);
    let parsed = parse::parse(app, &mut problems);
    let modules = modules::modules(app, &parsed, &mut problems);
    let mut draft = declare::declare(app, &parsed, modules, &mut problems);
    documents::read(&mut draft, &mut problems);
    fields::read(&mut draft, &mut problems);
    keys::read(&mut draft, &mut problems);
    columns::assign(&mut draft, &mut problems);
    relations::read(&mut draft, &mut problems);
    attributes::read(&mut draft, &mut problems);
    archives::read(&mut draft, &mut problems);
    audits::read(&mut draft, &mut problems);
    tenants::read(&mut draft, &config.auth.tenant_claim, &mut problems);
    defaults::read(&mut draft, &mut problems);
    fills::read(&mut draft, &mut problems);
    rules::read(&mut draft, &mut problems);
    checks::read(&mut draft, &mut problems);
    indexes::read(&mut draft, &mut problems);
    search::read(&mut draft, &mut problems);
    collections::check(&draft, &mut problems);
    boundaries::check(&draft, &mut problems);
    operations::check(&draft, &mut problems);
    unsupported::check(&parsed, &mut problems);
    drop_consequences(app, &parsed, &mut problems);

    if problems.found().iter().any(|found| found.severity == Severity::Error) {
        return Err(Report::new(problems.into_found(), app.files()));
    }
    let model = draft.into_model();
    Ok(Loaded { model, config, warnings: Report::new(problems.into_found(), app.files()) })
}

/// Drops what was found in the part of a definition that could not be parsed.
fn drop_consequences(app: &Sources, parsed: &parse::Parsed, problems: &mut Problems<'_>) {
    problems.retain(|diagnostic| {
        let Some(label) = diagnostic.labels.first().filter(|_| diagnostic.code != "syntax") else {
            return true;
        };
        let Some(source) = app.index_of(&label.file) else { return true };
        !parsed.syntax.covers(Place { source, start: label.start, end: label.end })
    });
}

#[cfg(test)]
mod tests;
