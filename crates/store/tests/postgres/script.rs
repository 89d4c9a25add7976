//! Programs written down as statements.

use std::sync::Arc;

use plan::{Bind, Constraint, Program, Row, Statement, Verdict};
use store::postgres::{Database, Options};
use testkit::Postgres;

/// Runs statements one after another, and keeps the rows of all of them.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    statements: Vec<(Arc<str>, Vec<Bind>)>,
    columns: usize,
    at: usize,
    rows: Vec<Vec<Bind>>,
    refused: Option<Constraint>,
    verdict: Verdict,
}

impl Script {
    /// Takes the statements, and how many columns each of their rows has.
    pub(crate) fn new(columns: usize, statements: &[(&str, &[Bind])]) -> Self {
        let owned = |(sql, binds): &(&str, &[Bind])| (Arc::from(*sql), binds.to_vec());
        Self {
            statements: statements.iter().map(owned).collect(),
            columns,
            at: 0,
            rows: Vec::new(),
            refused: None,
            verdict: Verdict::Commit,
        }
    }

    /// A statement without values or rows.
    pub(crate) fn of(sql: &str) -> Self {
        Self::new(0, &[(sql, &[])])
    }

    /// The same, undone at its end.
    pub(crate) fn undone(self) -> Self {
        Self { verdict: Verdict::Rollback, ..self }
    }
}

impl Program for Script {
    type Output = Result<Vec<Vec<Bind>>, Constraint>;

    fn next(&mut self) -> Option<Statement<'_>> {
        if self.refused.is_some() {
            return None;
        }
        self.at += 1;
        let (sql, binds) = self.statements.get(self.at - 1)?;
        Some(Statement { sql, binds })
    }

    fn row<R: Row>(&mut self, row: &R) {
        self.rows.push((0..self.columns).map(|column| row.cell(column).to_bind()).collect());
    }

    fn refused(&mut self, constraint: Constraint) {
        self.refused = Some(constraint);
    }

    fn restart(&mut self) {
        self.at = 0;
        self.rows.clear();
        self.refused = None;
    }

    fn verdict(&self) -> Verdict {
        if self.refused.is_some() { Verdict::Rollback } else { self.verdict }
    }

    fn finish(self) -> Self::Output {
        self.refused.map_or(Ok(self.rows), Err)
    }
}

/// A server, and the store's connections to it.
pub(crate) struct World {
    pub(crate) server: Postgres,
    pub(crate) database: Database,
}

impl World {
    /// Starts a server and makes tables.
    pub(crate) async fn new(tables: &[&str]) -> Self {
        let server = Postgres::start();
        let database = Database::new(&Options::new(server.url())).expect("an address");
        let world = Self { server, database };
        for table in tables {
            world.write(Script::of(table)).await;
        }
        world
    }

    /// Writes what nothing speaks against.
    pub(crate) async fn write(&self, script: Script) -> Vec<Vec<Bind>> {
        self.database.write(script).await.expect("the database works").expect("nothing is violated")
    }

    pub(crate) async fn read(&self, script: Script) -> Vec<Vec<Bind>> {
        self.database.read(script).await.expect("the database works").expect("nothing is violated")
    }

    /// Reads one number.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        match self.read(Script::new(1, &[(sql, &[])])).await.as_slice() {
            [row] => match row.as_slice() {
                [Bind::Int(number)] => *number,
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    }
}
