//! Generates the database of the workload from a fixed seed, once.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use rusqlite::{Connection, params};

use super::build;
use super::prose::{Prose, capitalised};
use super::random::Random;
use super::server::Contestant;
use crate::workspace;

/// How many users there are.
pub(super) const USERS: usize = 1_000;
const POSTS: usize = 100_000;
const COMMENTS: usize = 300_000;
const SEED: u64 = 2026;

/// 2024-01-01, when the first post was written.
const FIRST_MICROS: i64 = 1_704_067_200_000_000;
/// Two posts are this far apart: 100,000 posts in about two years.
const STEP_MICROS: i64 = 630_000_000;

/// Returns the generated database, made for these contestants.
pub(super) fn database(contestants: &[Contestant]) -> anyhow::Result<PathBuf> {
    let folder = build::target().join("bench");
    std::fs::create_dir_all(&folder).context("cannot make the benchmark's folder")?;
    let by_mainstay = contestants.contains(&Contestant::Mainstay);
    let name = if by_mainstay { "blog.db" } else { "blog-limit.db" };
    let path = folder.join(name);
    if path.exists() && is_current(&path, by_mainstay)? {
        return Ok(path);
    }
    println!("generating {}", path.display());
    let unfinished = folder.join("unfinished.db");
    remove(&unfinished)?;
    if by_mainstay {
        migrate(&unfinished)?;
    } else {
        create_tables(&unfinished)?;
    }
    fill(&unfinished)?;
    std::fs::rename(&unfinished, &path).context("cannot move the generated database")?;
    Ok(path)
}

/// A change of the application or of the schema asks for a new database.
fn is_current(path: &Path, by_mainstay: bool) -> anyhow::Result<bool> {
    let made = std::fs::metadata(path)?.modified()?;
    let source = if by_mainstay {
        "bench/blog/modules/blog/schema.graphql"
    } else {
        "bench/limit/schema.sql"
    };
    let generator = workspace::root().join("xtask/src/bench/data.rs");
    for source in [workspace::root().join(source), generator] {
        if std::fs::metadata(source)?.modified()? > made {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Removes a database with its log.
pub(super) fn remove(path: &Path) -> anyhow::Result<()> {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        match std::fs::remove_file(&name) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).context("cannot remove an old database");
            }
            _ => {}
        }
    }
    Ok(())
}

fn migrate(path: &Path) -> anyhow::Result<()> {
    let app = workspace::root().join("bench/blog");
    let status = std::process::Command::new(build::binary(Contestant::Mainstay))
        .args(["migrate", "--apply"])
        .arg(app)
        .arg("--database")
        .arg(path)
        .status()
        .context("cannot start mainstay")?;
    if !status.success() {
        bail!("mainstay could not make the tables ({status})");
    }
    Ok(())
}

fn create_tables(path: &Path) -> anyhow::Result<()> {
    let sql = std::fs::read_to_string(workspace::root().join("bench/limit/schema.sql"))?;
    let connection = Connection::open(path)?;
    connection.execute_batch("PRAGMA journal_mode = WAL")?;
    connection.execute_batch(&sql).context("cannot make the tables")
}

fn fill(path: &Path) -> anyhow::Result<()> {
    let mut connection = Connection::open(path)?;
    connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -262144;")?;
    let mut random = Random::new(SEED);
    let transaction = connection.transaction()?;
    let users = users(&transaction, &mut random)?;
    let posts = posts(&transaction, &mut random, &users)?;
    comments(&transaction, &mut random, &users, &posts)?;
    transaction.commit()?;
    connection.execute_batch("ANALYZE; PRAGMA wal_checkpoint(TRUNCATE);")?;
    Ok(())
}

fn users(connection: &Connection, random: &mut Random) -> anyhow::Result<Vec<[u8; 16]>> {
    let mut insert =
        connection.prepare("INSERT INTO blog_user (id, name, email) VALUES (?1, ?2, ?3)")?;
    let prose = Prose::new();
    let mut ids = Vec::with_capacity(USERS);
    for number in 0..USERS {
        let id = random.uuid(FIRST_MICROS + number as i64 * 1000);
        let name = format!("{} {number}", capitalised(prose.word(random)));
        insert.execute(params![id, name, format!("user{number}@example.com")])?;
        ids.push(id);
    }
    Ok(ids)
}

fn posts(
    connection: &Connection,
    random: &mut Random,
    users: &[[u8; 16]],
) -> anyhow::Result<Vec<[u8; 16]>> {
    let mut insert = connection.prepare(
        "INSERT INTO blog_post (id, author_id, title, body, status, created_at, view_count)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    let prose = Prose::new();
    let mut ids = Vec::with_capacity(POSTS);
    for number in 0..POSTS {
        let created = FIRST_MICROS + number as i64 * STEP_MICROS + random.below(1_000_000) as i64;
        let id = random.uuid(created);
        let author = random.pick(users);
        let status = if random.below(10) == 0 { "DRAFT" } else { "PUBLISHED" };
        let (title, body) = (prose.sentence(random, 60), prose.text(random, 1_000));
        let views = random.below(100_000) as i64;
        insert.execute(params![id, author, title, body, status, created, views])?;
        ids.push(id);
    }
    Ok(ids)
}

fn comments(
    connection: &Connection,
    random: &mut Random,
    users: &[[u8; 16]],
    posts: &[[u8; 16]],
) -> anyhow::Result<()> {
    let mut insert = connection.prepare(
        "INSERT INTO blog_comment (id, post_id, author_id, body, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    let prose = Prose::new();
    let first = FIRST_MICROS + POSTS as i64 * STEP_MICROS;
    for number in 0..COMMENTS {
        let created = first + number as i64 * 1_000_000;
        let id = random.uuid(created);
        let (post, author) = (random.pick(posts), random.pick(users));
        insert.execute(params![id, post, author, prose.sentence(random, 200), created])?;
    }
    Ok(())
}
