//! What the load generator knows of the database: whom to ask for what, and how long the answer is.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, ensure};
use rusqlite::{Connection, OpenFlags};
use uuid::Uuid;

use super::data::USERS;

/// The last users write, and nobody reads their posts: so answers keep their length under writes.
const WRITERS: usize = 100;
/// The page that lists ask for.
pub(super) const PAGE: usize = 20;

/// A post as it is stored at the start.
pub(super) struct Post {
    /// Its id.
    pub(super) id: Uuid,
    /// The bytes of its JSON.
    pub(super) json_bytes: usize,
    /// The bytes of its title in JSON.
    pub(super) title_bytes: usize,
}

/// An author whose posts are read.
pub(super) struct Author {
    /// The user's id.
    pub(super) id: Uuid,
    /// The bytes of the JSON of the newest `PAGE` readable posts, with the commas between them.
    pub(super) page_bytes: usize,
    /// The bytes that each of these posts grows by when it embeds its author.
    pub(super) embedded_bytes: usize,
}

/// A user who calls, and the posts that are theirs to change.
pub(super) struct Writer {
    /// The user's id.
    pub(super) id: Uuid,
    /// Their posts.
    pub(super) posts: Vec<Post>,
}

/// Everything to ask for.
pub(super) struct Dataset {
    /// Published posts of the authors.
    pub(super) posts: Vec<Post>,
    /// The authors.
    pub(super) authors: Vec<Author>,
    /// The callers.
    pub(super) writers: Vec<Writer>,
}

impl Dataset {
    /// Reads the generated database.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let users = read_users(&connection)?;
        let places: HashMap<Uuid, usize> =
            users.iter().enumerate().map(|(place, (id, _))| (*id, place)).collect();
        let mut authors: Vec<(Vec<usize>, Uuid, usize)> = users
            .iter()
            .take(USERS - WRITERS)
            .map(|(id, bytes)| (Vec::with_capacity(PAGE), *id, *bytes))
            .collect();
        let mut writers: Vec<Writer> = users[USERS - WRITERS..]
            .iter()
            .map(|(id, _)| Writer { id: *id, posts: Vec::new() })
            .collect();
        let mut posts = Vec::new();
        let mut statement = connection.prepare(POSTS)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let author = Uuid::from_bytes(row.get(1)?);
            let status: String = row.get(2)?;
            let title_bytes: usize = row.get::<_, u32>(3)? as usize;
            let text_bytes: usize = row.get::<_, u32>(4)? as usize;
            let json_bytes = Post::FRAME.len() + title_bytes + text_bytes + status.len();
            let post = Post { id: Uuid::from_bytes(row.get(0)?), json_bytes, title_bytes };
            let place = *places.get(&author).context("a post has an unknown author")?;
            if place >= USERS - WRITERS {
                writers[place - (USERS - WRITERS)].posts.push(post);
            } else if status == "PUBLISHED" {
                if authors[place].0.len() < PAGE {
                    authors[place].0.push(post.json_bytes);
                }
                posts.push(post);
            }
        }
        let full = |page: &[usize]| page.len() == PAGE;
        ensure!(authors.iter().all(|(page, ..)| full(page)), "an author has too few posts");
        ensure!(writers.iter().all(|writer| !writer.posts.is_empty()), "a writer has no post");
        let authors = authors
            .into_iter()
            .map(|(page, id, embedded_bytes)| Author {
                id,
                page_bytes: page.iter().sum::<usize>() + PAGE - 1,
                embedded_bytes,
            })
            .collect();
        Ok(Self { posts, authors, writers })
    }
}

impl Post {
    /// A post's JSON without its title, body, status and number of views.
    pub(super) const FRAME: &str = concat!(
        r#"{"id":"00000000-0000-0000-0000-000000000000","#,
        r#""authorId":"00000000-0000-0000-0000-000000000000","title":"","body":"","status":"","#,
        r#""createdAt":"2026-01-01T00:00:00.000000Z","viewCount":}"#
    );
}

/// What `expand=author` adds to a post, without the name and the address.
const AUTHOR_FRAME: &str =
    r#""author":{"id":"00000000-0000-0000-0000-000000000000","name":"","email":""},"#;

/// Newest first; quotes and line ends take two bytes in JSON.
const POSTS: &str = r#"
    SELECT id, author_id, status,
        octet_length(replace(title, '"', '\"')),
        octet_length(replace(replace(body, '"', '\"'), char(10), '\n')) + length(view_count)
    FROM blog_post ORDER BY created_at DESC, id DESC"#;

fn read_users(connection: &Connection) -> anyhow::Result<Vec<(Uuid, usize)>> {
    let mut statement = connection.prepare(
        r#"SELECT id, octet_length(replace(name, '"', '\"')) + octet_length(email)
           FROM blog_user ORDER BY id"#,
    )?;
    let rows = statement.query_map([], |row| {
        let bytes = row.get::<_, u32>(1)? as usize + AUTHOR_FRAME.len();
        Ok((Uuid::from_bytes(row.get(0)?), bytes))
    })?;
    let users: Vec<_> = rows.collect::<Result<_, _>>()?;
    ensure!(users.len() == USERS, "the database has {} users", users.len());
    Ok(users)
}
