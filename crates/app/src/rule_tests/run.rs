//! Runs the tests of a file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use expr::Caller;
use model::{Config, Model};
use serde_json::Value as Json;
use store::migrate::{MigrationError, Mode};
use store::{Options, Store};

use super::attempt::{self, Tried};
use super::file::{Test, TestFile};
use super::fixtures::Fixtures;
use crate::application::App;
use crate::clock::{Clock, FakeClock};
use crate::ids::Ids;
use crate::refusal::Refusal;
use crate::seed;

/// How a test came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The test's name.
    pub name: String,
    /// How many things it expected.
    pub expected: usize,
    /// What was not as expected, with the reasons.
    pub failures: Vec<String>,
}

impl Outcome {
    /// Returns whether everything was as expected.
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }
}

/// Why tests cannot run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The rows cannot be loaded.
    #[error("the rows cannot be loaded: {0}")]
    Rows(String),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The tables cannot be made.
    #[error(transparent)]
    Migration(#[from] MigrationError),
    /// The database cannot be copied.
    #[error("the database cannot be copied")]
    Copy(#[from] std::io::Error),
}

/// Runs the tests of a file, in a folder of its own that the caller removes.
///
/// # Errors
/// When the rows do not fit the model, or the database fails.
pub async fn run(
    model: &Arc<Model>,
    config: &Arc<Config>,
    folder: &Path,
    file: &TestFile,
) -> Result<Vec<Outcome>, RunError> {
    let clock = file.now.map_or_else(Clock::system, |now| FakeClock::at(now).clock());
    let bench = Bench { model, config, clock, path: folder.join("rows.db") };
    let (fixtures, seeds) = Fixtures::of(model, file).map_err(RunError::Rows)?;
    let app = bench.open(&bench.path)?;
    let schema = plan::ddl::schema(model, app.dialect);
    app.store.migrate(schema, Mode::Dev, app.clock.now()).await?;
    let loaded = seed::load(&app, &seeds).await;
    loaded.map_err(|error| RunError::Rows(error.to_string().replace("seed/", "")))?;
    app.store.close().await;
    drop(app);
    let mut outcomes = Vec::with_capacity(file.tests.len());
    for test in &file.tests {
        outcomes.push(bench.test(&fixtures, file, test).await?);
    }
    Ok(outcomes)
}

struct Bench<'a> {
    model: &'a Arc<Model>,
    config: &'a Arc<Config>,
    clock: Clock,
    /// The rows as every test finds them.
    path: PathBuf,
}

impl Bench<'_> {
    fn open(&self, path: &Path) -> Result<App, store::Error> {
        let store = Store::open(Options::new(path.to_owned()))?;
        let (model, config) = (Arc::clone(self.model), Arc::clone(self.config));
        Ok(App::new(model, config, store, self.clock.clone(), Ids::new(self.clock.clone())))
    }

    /// Runs one test. Each of its lines finds the rows as they were.
    async fn test(
        &self,
        fixtures: &Fixtures<'_>,
        file: &TestFile,
        test: &Test,
    ) -> Result<Outcome, RunError> {
        let mut outcome = Outcome {
            name: test.name.clone(),
            expected: test.can.len() + test.cannot.len() + test.sees.len(),
            failures: Vec::new(),
        };
        if outcome.expected == 0 {
            outcome.failures.push("it expects nothing: give it can, cannot or sees".to_owned());
        }
        let user = match &test.caller {
            None => None,
            Some(name) => match file.callers.get(name) {
                Some(claims) => Some(Arc::new(fixtures.claims(claims))),
                None => {
                    outcome.failures.push(format!("there is no caller `{name}`"));
                    return Ok(outcome);
                }
            },
        };
        let caller = Caller { user, now: self.clock.now(), input: &[], request: None };
        let lines = test.can.iter().map(|line| (line, true));
        for (line, wanted) in lines.chain(test.cannot.iter().map(|line| (line, false))) {
            outcome.failures.extend(self.line(fixtures, &caller, line, wanted).await?);
        }
        for (of, wanted) in &test.sees {
            outcome.failures.extend(self.sees(fixtures, &caller, of, wanted).await?);
        }
        Ok(outcome)
    }

    /// Makes an attempt on a copy of the rows. Returns what was not as expected.
    async fn line(
        &self,
        fixtures: &Fixtures<'_>,
        caller: &Caller<'_>,
        line: &str,
        wanted: bool,
    ) -> Result<Option<String>, RunError> {
        let attempt = match attempt::read(fixtures, line) {
            Ok(attempt) => attempt,
            Err(mistake) => return Ok(Some(mistake)),
        };
        let app = self.open(&self.copy()?)?;
        let reasons = attempt::reasons(&app, caller, attempt.clone()).await;
        let tried = attempt::perform(&app, caller, attempt).await;
        app.store.close().await;
        let can = if wanted { "can" } else { "cannot" };
        Ok(match (tried?, wanted) {
            (Tried::Done, true) | (Tried::Denied, false) => None,
            (Tried::Done | Tried::Denied, _) => {
                Some(format!("{can} {line}: not so\n{}", reasons.trim_end()))
            }
            (Tried::Refused(why), _) => {
                Some(format!("{can} {line}: refused, but by no rule: {why}"))
            }
        })
    }

    fn copy(&self) -> std::io::Result<PathBuf> {
        let with = |path: &Path, ending: &str| {
            let mut name = path.as_os_str().to_owned();
            name.push(ending);
            PathBuf::from(name)
        };
        let copy = self.path.with_file_name("copy.db");
        for ending in ["", "-wal", "-shm"] {
            let (from, to) = (with(&self.path, ending), with(&copy, ending));
            if to.exists() {
                std::fs::remove_file(&to)?;
            }
            // The index of the log is made anew.
            if from.exists() && ending != "-shm" {
                std::fs::copy(&from, &to)?;
            }
        }
        Ok(copy)
    }

    /// Compares what a caller sees: of an entity the rows, of a row the fields.
    async fn sees(
        &self,
        fixtures: &Fixtures<'_>,
        caller: &Caller<'_>,
        of: &str,
        wanted: &[String],
    ) -> Result<Option<String>, RunError> {
        let (entity, key) = match fixtures.row(of) {
            Ok(found) => found,
            Err(mistake) => return Ok(Some(mistake)),
        };
        let app = self.open(&self.copy()?)?;
        let seen = match key {
            None => attempt::list(&app, caller, entity.id).await.map(|rows| {
                Some(rows.iter().map(|row| fixtures.name(entity, row)).collect::<Vec<_>>())
            }),
            Some(key) => attempt::fields(&app, caller, (entity.id, key)).await,
        };
        app.store.close().await;
        let seen = match seen {
            Ok(seen) => seen,
            Err(Refusal::Store(error)) => return Err(error.into()),
            Err(refusal) => return Ok(Some(format!("sees {of}: {refusal}"))),
        };
        let Some(mut seen) = seen else {
            return Ok(Some(format!("sees {of}: for this caller the row does not exist")));
        };
        let mut wanted = wanted.to_vec();
        seen.sort();
        wanted.sort();
        Ok((seen != wanted).then(|| {
            let list = |names: &[String]| Json::from(names.to_vec()).to_string();
            format!("sees {of}: expected {}, but sees {}", list(&wanted), list(&seen))
        }))
    }
}
