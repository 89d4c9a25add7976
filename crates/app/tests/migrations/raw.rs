//! The database as it is, read past the model.

use std::sync::Arc;

use plan::{Cell, Program, Row, Statement, Verdict};
use store::Store;

/// Tables of the model and what belongs to them; not those that hold answers and records.
const OF_THE_MODEL: &str = "m.name NOT LIKE 'sqlite%' AND (m.name NOT LIKE 'mainstay%' OR m.name LIKE 'mainstay_history%' OR m.name LIKE 'mainstay_search%')";

/// Runs a statement, and returns the texts in the first column of its rows.
struct Texts {
    sql: Arc<str>,
    asked: bool,
    rows: Vec<String>,
    refused: bool,
    verdict: Verdict,
}

impl Program for Texts {
    type Output = Result<Vec<String>, String>;

    fn next(&mut self) -> Option<Statement<'_>> {
        if std::mem::replace(&mut self.asked, true) {
            return None;
        }
        Some(Statement { sql: &self.sql, binds: &[] })
    }

    fn row<R: Row>(&mut self, row: &R) {
        self.rows.push(match row.cell(0) {
            Cell::Text(text) => text.to_owned(),
            other => format!("{other:?}"),
        });
    }

    fn refused(&mut self, _: plan::Constraint) {
        self.refused = true;
    }

    fn restart(&mut self) {
        self.asked = false;
        self.rows.clear();
    }

    fn verdict(&self) -> Verdict {
        if self.refused { Verdict::Rollback } else { self.verdict }
    }

    fn finish(self) -> Self::Output {
        if self.refused { Err(self.sql.to_string()) } else { Ok(self.rows) }
    }
}

fn texts(sql: &str, verdict: Verdict) -> Texts {
    Texts { sql: sql.into(), asked: false, rows: Vec::new(), refused: false, verdict }
}

async fn read(store: &Store, sql: &str) -> Vec<String> {
    store.read(texts(sql, Verdict::Rollback)).await.expect("a read").expect("no constraint")
}

/// Returns everything that is in the database.
pub(crate) async fn dump(store: &Store) -> Vec<String> {
    let mut dump = read(
        store,
        "SELECT type || ' ' || name || ' ' || COALESCE(sql, '') FROM sqlite_schema ORDER BY 1",
    )
    .await;
    // A full-text index shows what its table holds, beside tables of its own.
    let tables = "SELECT 'SELECT ' || (SELECT group_concat('quote(\"' || replace(c.name, '\"', '\"\"') || '\")', '||'',''||') FROM pragma_table_info(m.name) c) || ' FROM \"' || m.name || '\" ORDER BY 1' FROM sqlite_schema m WHERE m.type = 'table' AND m.sql NOT LIKE 'CREATE VIRTUAL%'";
    for select in read(store, tables).await {
        dump.push(format!("{select}: {:?}", read(store, &select).await));
    }
    dump
}

/// Returns what defines the model's tables, whatever order their columns came in.
pub(crate) async fn definitions(store: &Store) -> Vec<String> {
    let sql = format!(
        "SELECT m.name || '.' || c.name || ' ' || c.type || ' ' || c.\"notnull\" || ' ' || c.pk FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table' AND {OF_THE_MODEL}
        UNION ALL SELECT m.name || '.' || f.\"from\" || ' to ' || f.\"table\" || '.' || f.\"to\" || ' ' || f.on_delete FROM sqlite_schema m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table' AND {OF_THE_MODEL}
        UNION ALL SELECT m.sql FROM sqlite_schema m WHERE m.type <> 'table' AND m.sql IS NOT NULL AND {OF_THE_MODEL}
        UNION ALL SELECT m.sql FROM sqlite_schema m WHERE m.sql LIKE 'CREATE VIRTUAL%' ORDER BY 1"
    );
    read(store, &sql).await
}

/// Returns what SQLite finds wrong with the database.
pub(crate) async fn damage(store: &Store) -> Vec<String> {
    let mut wrong = read(store, "PRAGMA integrity_check").await;
    wrong.retain(|line| line != "ok");
    wrong.extend(
        read(store, "SELECT \"table\" || ' refers to no ' || parent FROM pragma_foreign_key_check")
            .await,
    );
    let searches = "SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE VIRTUAL%'";
    for index in read(store, searches).await {
        // Compares the index with the rows.
        let check =
            format!("INSERT INTO \"{index}\" (\"{index}\", rank) VALUES ('integrity-check', 1)");
        if let Err(error) = store.write(texts(&check, Verdict::Rollback)).await {
            wrong.push(format!("{index}: {error}"));
        }
    }
    wrong
}

/// Lets the database grow by so many pages and no more; without a number, as it likes.
pub(crate) async fn room(store: &Store, pages: Option<u64>) {
    let most = match pages {
        Some(pages) => {
            let sql = "SELECT CAST(page_count AS TEXT) FROM pragma_page_count";
            let count = read(store, sql).await;
            count[0].parse::<u64>().expect("a number") + pages
        }
        None => u64::from(u32::MAX) - 1,
    };
    let sql = format!("PRAGMA max_page_count = {most}");
    store.write(texts(&sql, Verdict::Commit)).await.expect("a setting").expect("no constraint");
}
