//! `mainstay migrate`: shows what a change of the model means for the database, tries it, or does it.

mod dry_run;
mod json;
mod sql;
mod text;

use model::Loaded;
use store::migrate::{MigrationError, Mode, Outcome, Progress};

use crate::cli::{Migrate, PlanFormat};
use crate::{folder, wiring};

/// There is something to do, which `--exit-code` asks to be told.
const PENDING: u8 = 3;

/// How a migration stands.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum State {
    /// The database is as the model asks.
    Current,
    /// There is something to do, and nothing stops it.
    Pending,
    /// Something stops it; nothing was changed.
    Stopped,
    /// It was done.
    Applied,
}

impl State {
    fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome { applied: true, .. } => Self::Applied,
            Outcome { problems, .. } if !problems.is_empty() => Self::Stopped,
            Outcome { steps, filling, .. } if steps.is_empty() && filling.is_empty() => {
                Self::Current
            }
            _ => Self::Pending,
        }
    }
}

/// Shows the plan, tries it on a copy, or applies it.
pub(crate) fn run(args: &Migrate) -> anyhow::Result<u8> {
    let loaded = match folder::load(&args.folder.dir)? {
        Ok(loaded) => loaded,
        Err(report) => {
            super::say_error(&report.to_human(folder::is_terminal()));
            return Ok(super::MISTAKES);
        }
    };
    let result = match args.dry_run {
        true => return dry_run::run(args, &loaded),
        false => migrate(args, &loaded)?,
    };
    let outcome = match result {
        Ok(outcome) => outcome,
        Err(MigrationError::Stopped { outcome }) => *outcome,
        Err(error) => return failed(args.format, error),
    };
    let state = match State::of(&outcome) {
        // What an earlier migration left to be filled is filled by now.
        State::Pending if args.apply => State::Applied,
        state => state,
    };
    match args.format {
        // A plan was asked for what it says; a migration was not asked to stop.
        PlanFormat::Text if args.apply && state == State::Stopped => {
            super::say_error(&text::show(&outcome, state));
        }
        PlanFormat::Text => super::say(&text::show(&outcome, state)),
        PlanFormat::Json => super::say(&json::show(&outcome, state)),
        PlanFormat::Sql => {
            super::say(&sql::show(&outcome));
            if state == State::Stopped {
                super::say_error(&text::problems(&outcome));
            }
        }
    }
    Ok(match state {
        State::Stopped => super::MISTAKES,
        State::Pending if args.exit_code => PENDING,
        _ => super::OK,
    })
}

fn migrate(args: &Migrate, loaded: &Loaded) -> anyhow::Result<Result<Outcome, MigrationError>> {
    let allow_drop = args.allow_drop.clone();
    let mode = match (args.apply, args.online) {
        (true, false) => Mode::Apply { allow_drop },
        (true, true) => Mode::Online { allow_drop },
        (false, _) => Mode::PlanOnly { allow_drop },
    };
    super::runtime()?.block_on(async {
        let store = wiring::open(wiring::database(&args.folder, &loaded.config))?;
        let (schema, now) = wiring::schema_and_time(&loaded.model);
        let result = store.migrate_and_tell(schema, mode, now, Some(Box::new(tell))).await;
        store.close().await;
        Ok(result)
    })
}

/// Says why there was not even a plan.
fn failed(format: PlanFormat, error: MigrationError) -> anyhow::Result<u8> {
    let MigrationError::Drift { objects } = &error else { return Err(error.into()) };
    if format == PlanFormat::Json {
        super::say(&json::drift(objects));
    } else {
        super::say_error(&error.to_string());
    }
    Ok(super::MISTAKES)
}

/// Shows the progress of a migration that takes long.
fn tell(progress: &Progress) {
    let Progress { doing, done, of, elapsed } = progress;
    let seconds = elapsed.as_secs();
    super::say_error(&match of {
        0 => format!("{seconds:>4} s  {doing}: {done}"),
        of => format!("{seconds:>4} s  {doing} ({done} of {of})"),
    });
}
