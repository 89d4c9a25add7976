//! `mainstay migrate --dry-run`: a migration tried on a copy.

use std::fmt::Write as _;
use std::time::Duration;

use model::Loaded;
use serde_json::{Value as Json, json};
use store::migrate::{DryRun, MigrationError, Outcome, TableCheck};

use super::{State, json, text};
use crate::cli::{Migrate, PlanFormat};
use crate::wiring;

/// Migrates a copy and says what came of it.
pub(super) fn run(args: &Migrate, loaded: &Loaded) -> anyhow::Result<u8> {
    let database = wiring::database(&args.folder, &loaded.config);
    if !database.exists() {
        anyhow::bail!("there is no database at {}, so there is nothing to try", database.display());
    }
    let (schema, now) = wiring::schema_and_time(&loaded.model);
    let (copy, allow_drop) = (args.copy_to.as_deref(), args.allow_drop.clone());
    let tell = Some(Box::new(super::tell) as store::migrate::Tell);
    match store::migrate::dry_run(&database, copy, &schema, allow_drop, now, tell) {
        Ok(tried) => {
            super::super::say(&match args.format {
                PlanFormat::Text => text_of(&tried),
                PlanFormat::Json => json::text(&json_of(&tried)),
                PlanFormat::Sql => super::sql::show(&tried.outcome),
            });
            let good = tried.is_good();
            Ok(if good { super::super::OK } else { super::super::MISTAKES })
        }
        Err(MigrationError::Stopped { outcome }) => {
            stopped(args.format, &outcome);
            Ok(super::super::MISTAKES)
        }
        Err(error) => super::failed(args.format, error),
    }
}

fn stopped(format: PlanFormat, outcome: &Outcome) {
    match format {
        PlanFormat::Json => super::super::say(&json::show(outcome, State::Stopped)),
        _ => super::super::say(&text::show(outcome, State::Stopped)),
    }
}

fn text_of(tried: &DryRun) -> String {
    let state = State::of(&tried.outcome);
    let mut out = match state {
        State::Applied => {
            let shown = text::show(&tried.outcome, State::Applied);
            shown.trim_end_matches("Done.").to_owned()
        }
        _ => format!("{}\n\n", text::show(&tried.outcome, state)),
    };
    let line = |out: &mut String, text: String| writeln!(out, "{text}").expect("text takes text");
    line(
        &mut out,
        format!(
            "On a copy ({} bytes, made in {}): migrated in {}.",
            text::number(tried.bytes),
            seconds(tried.copying),
            seconds(tried.migrating)
        ),
    );
    for table in &tried.tables {
        line(&mut out, format!("  {}: {}", table.table, table_text(table)));
    }
    let found = |faults: &[String]| match faults {
        [] => "ok".to_owned(),
        faults => format!("\n  {}", faults.join("\n  ")),
    };
    line(&mut out, format!("integrity: {}", found(&tried.damage)));
    line(&mut out, format!("foreign keys: {}", found(&tried.dangling)));
    out.push_str("The database itself was not touched.");
    out
}

fn table_text(table: &TableCheck) -> String {
    match (table.rows_before, table.rows_after) {
        (Some(before), Some(after)) => {
            let columns = match table.columns.len() {
                1 => "1 untouched column".to_owned(),
                count => format!("{count} untouched columns"),
            };
            let verdict = if table.is_kept() { "same checksum" } else { "OTHER CHECKSUM" };
            format!(
                "{} rows before, {} after; {columns}, {verdict}",
                text::number(before),
                text::number(after)
            )
        }
        (Some(before), None) => format!("{} before, gone", text::rows(before)),
        (None, after) => format!("new, {}", text::rows(after.unwrap_or_default())),
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

fn json_of(tried: &DryRun) -> Json {
    let checksum = |sum: Option<u128>| sum.map(|sum| format!("{sum:032x}"));
    let tables: Vec<Json> = tried
        .tables
        .iter()
        .map(|table| {
            json!({
                "table": table.table,
                "rowsBefore": table.rows_before,
                "rowsAfter": table.rows_after,
                "untouchedColumns": table.columns,
                "checksumBefore": checksum(table.checksum_before),
                "checksumAfter": checksum(table.checksum_after),
                "kept": table.is_kept(),
            })
        })
        .collect();
    let mut document = json::outcome_json(&tried.outcome, State::of(&tried.outcome));
    document["dryRun"] = json!({
        "good": tried.is_good(),
        "copyBytes": tried.bytes,
        "copySeconds": tried.copying.as_secs_f64(),
        "migrateSeconds": tried.migrating.as_secs_f64(),
        "tables": tables,
        "integrity": tried.damage,
        "foreignKeys": tried.dangling,
    });
    document
}
