//! Tests of loading: what a good model becomes, and what is said about a bad one.

mod archives;
mod documents;
mod laws;
mod many;
mod mistakes;
mod model;
mod modules;
mod tenants;

use crate::{Loaded, Report, Severity, Sources, load};

/// Loads an application of one module, `blog`.
fn load_blog(sdl: &str) -> Result<Loaded, Report> {
    load(&Sources::new([("modules/blog/schema.graphql", sdl)]))
}

/// Loads a model that must be good.
#[track_caller]
fn good(sdl: &str) -> Loaded {
    load_blog(sdl).unwrap_or_else(|report| panic!("{report}"))
}

/// Returns one line for each diagnostic: place, code, message and help.
fn lines(report: &Report) -> Vec<String> {
    report
        .iter()
        .map(|diagnostic| {
            let place = diagnostic.labels.first().map(|label| {
                let file = label.file.strip_prefix("modules/").unwrap_or(&label.file);
                format!(
                    "{} {}:{} ",
                    file.split('/').next().unwrap_or_default(),
                    label.line,
                    label.column
                )
            });
            let help = diagnostic.help.as_ref().map(|help| format!(" | {help}"));
            // The words of the type checker are tested where it is; here only their place counts.
            if diagnostic.code == "expression" && !diagnostic.message.ends_with("be used here") {
                return format!("{}expression", place.unwrap_or_default());
            }
            let severity = match diagnostic.severity {
                Severity::Error => "",
                Severity::Warning => "warning ",
            };
            format!(
                "{}{severity}{}: {}{}",
                place.unwrap_or_default(),
                diagnostic.code,
                diagnostic.message,
                help.unwrap_or_default()
            )
        })
        .collect()
}

/// Returns what is said about an application of one module, without its name.
fn said(sdl: &str) -> Vec<String> {
    let report = match load_blog(sdl) {
        Ok(loaded) => loaded.warnings,
        Err(report) => report,
    };
    lines(&report).into_iter().map(|line| line.trim_start_matches("blog ").to_owned()).collect()
}

/// Checks what is said about an application of one module.
#[track_caller]
fn check(sdl: &str, expected: &[&str]) {
    assert_eq!(said(sdl), expected, "\n{sdl}");
}
