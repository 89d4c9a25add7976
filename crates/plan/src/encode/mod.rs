//! Turns result rows into JSON bytes without building values.

mod csv;
mod highlight;
mod json;

use xxhash_rust::xxh3::Xxh3;

pub use csv::unguarded;
pub(crate) use highlight::{MARK_CLOSE, MARK_OPEN};
pub use json::Show;
pub(crate) use json::{write_cell, write_text};

use crate::program::{Cell, Row};

/// Writes one object of a row's columns.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Encoder {
    /// The members, in the order in which they are shown.
    pub members: Vec<Member>,
}

/// A member of an encoded object.
#[derive(Debug, Clone, PartialEq)]
pub enum Member {
    /// A column.
    Column {
        /// `"name":`
        key: Box<[u8]>,
        /// Its place in the result row.
        column: usize,
        /// How it is shown.
        show: Show,
        /// Whether it counts towards the row's hash: stored fields do, computed ones do not.
        hashed: bool,
    },
    /// A column that is not shown but counts towards the row's hash.
    HashOnly {
        /// Its place in the result row.
        column: usize,
    },
    /// A key of several columns in the form paths use: parts joined by commas, percent-encoded.
    JoinedKey {
        /// `"name":`
        key: Box<[u8]>,
        /// The columns; null when the first is.
        columns: Vec<(usize, Show)>,
        /// Whether they count towards the row's hash.
        hashed: bool,
    },
    /// Members that are there only where a field rule allows it.
    Guarded {
        /// A column that is 1 where the caller may see the members.
        allowed: usize,
        /// The members.
        members: Vec<Member>,
    },
    /// A row embedded from a join.
    One {
        /// `"name":`
        key: Box<[u8]>,
        /// A column that is not null where the row exists.
        present: usize,
        /// A column that is 1 where the caller may see it; `None` where the caller always may.
        allowed: Option<usize>,
        /// Its members.
        members: Vec<Member>,
    },
    /// What a search found in some texts, as an object of HTML.
    Highlights {
        /// `"name":` and the column of each text.
        texts: Vec<(Box<[u8]>, usize)>,
    },
    /// A place for rows that a later statement brings.
    Slot {
        /// `"name":`
        key: Box<[u8]>,
        /// The child level that brings them.
        child: usize,
        /// Result columns that hold the key by which the child level looks them up.
        columns: Vec<usize>,
    },
}

/// A place in the output where rows of a child level belong.
#[derive(Debug, Clone, PartialEq)]
pub struct Insertion {
    /// The offset in the output.
    pub at: usize,
    /// The child level.
    pub child: usize,
    /// The key, as JSON; `None` where a part of it is null.
    pub key: Option<String>,
}

/// Returns the bytes `"name":`.
pub(crate) fn member_key(name: &str) -> Box<[u8]> {
    let mut out = Vec::with_capacity(name.len() + 3);
    write_text(&mut out, name);
    out.push(b':');
    out.into()
}

/// What encoding a row leaves besides the bytes.
pub trait Sink {
    /// Takes a cell that counts towards the row's hash.
    fn hash(&mut self, cell: Cell<'_>);
    /// Takes a place where rows of a child level belong.
    fn insertion(&mut self, insertion: Insertion);
}

/// A sink that hashes and collects insertions.
#[derive(Default)]
pub(crate) struct Collect {
    /// The running hash; `None` when nobody asks for it.
    pub hasher: Option<Box<Xxh3>>,
    /// The insertions, in order of their offsets.
    pub insertions: Vec<Insertion>,
}

impl Sink for Collect {
    fn hash(&mut self, cell: Cell<'_>) {
        let Some(hasher) = &mut self.hasher else { return };
        // Each cell goes in with its class and length, so that neighbours cannot be confused.
        match cell {
            Cell::Null => hasher.update(&[0]),
            Cell::Int(number) => {
                hasher.update(&[1]);
                hasher.update(&number.to_le_bytes());
            }
            Cell::Real(number) => {
                hasher.update(&[2]);
                hasher.update(&number.to_bits().to_le_bytes());
            }
            Cell::Text(text) => {
                hasher.update(&[3]);
                hasher.update(&(text.len() as u64).to_le_bytes());
                hasher.update(text.as_bytes());
            }
            Cell::Blob(bytes) => {
                hasher.update(&[4]);
                hasher.update(&(bytes.len() as u64).to_le_bytes());
                hasher.update(bytes);
            }
        }
    }

    fn insertion(&mut self, insertion: Insertion) {
        self.insertions.push(insertion);
    }
}

impl Encoder {
    /// Appends the row as an object.
    pub fn write<R: Row>(&self, out: &mut Vec<u8>, row: &R, sink: &mut impl Sink) {
        out.push(b'{');
        write_members(&self.members, out, row, sink);
        out.push(b'}');
    }
}

fn write_members<R: Row>(members: &[Member], out: &mut Vec<u8>, row: &R, sink: &mut impl Sink) {
    for member in members {
        match member {
            Member::Column { key, column, show, hashed } => {
                write_key(out, key);
                let cell = row.cell(*column);
                if *hashed {
                    sink.hash(cell);
                }
                write_cell(out, *show, cell);
            }
            Member::HashOnly { column } => sink.hash(row.cell(*column)),
            Member::JoinedKey { key, columns, hashed } => {
                write_key(out, key);
                if *hashed {
                    columns.iter().for_each(|(column, _)| sink.hash(row.cell(*column)));
                }
                write_joined_key(out, columns, row);
            }
            Member::Guarded { allowed, members } => {
                if is_true(row, *allowed) {
                    write_members(members, out, row, sink);
                }
            }
            Member::One { key, present, allowed, members } => {
                write_key(out, key);
                let visible = row.cell(*present) != Cell::Null
                    && allowed.is_none_or(|column| is_true(row, column));
                if visible {
                    out.push(b'{');
                    write_members(members, out, row, sink);
                    out.push(b'}');
                } else {
                    out.extend_from_slice(b"null");
                }
            }
            Member::Highlights { texts } => {
                write_key(out, b"\"highlights\":");
                out.push(b'{');
                for (key, column) in texts {
                    write_key(out, key);
                    match row.cell(*column) {
                        Cell::Text(text) => write_text(out, &highlight::html(text)),
                        _ => out.extend_from_slice(b"null"),
                    }
                }
                out.push(b'}');
            }
            Member::Slot { key, child, columns } => {
                write_key(out, key);
                let key = key_json(columns, row);
                sink.insertion(Insertion { at: out.len(), child: *child, key });
            }
        }
    }
}

fn is_true<R: Row>(row: &R, column: usize) -> bool {
    matches!(row.cell(column), Cell::Int(number) if number != 0)
}

fn write_key(out: &mut Vec<u8>, key: &[u8]) {
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
    out.extend_from_slice(key);
}

fn write_joined_key<R: Row>(out: &mut Vec<u8>, columns: &[(usize, Show)], row: &R) {
    if columns.iter().any(|(column, _)| row.cell(*column) == Cell::Null) {
        out.extend_from_slice(b"null");
        return;
    }
    write_text(out, &joined_key(columns, row));
}

/// Returns a key of several columns in the form paths use.
fn joined_key<R: Row>(columns: &[(usize, Show)], row: &R) -> String {
    let parts: Vec<String> = columns
        .iter()
        .map(|(column, show)| crate::key::percent_encode(&key_part_text(*show, row.cell(*column))))
        .collect();
    parts.join(",")
}

/// Returns a key's part as text.
pub(crate) fn key_part_text(show: Show, cell: Cell<'_>) -> String {
    let mut json = Vec::new();
    write_cell(&mut json, show, cell);
    match serde_json::from_slice(&json) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}

/// Returns the key in the form child statements read it; `None` when a part is null.
fn key_json<R: Row>(columns: &[usize], row: &R) -> Option<String> {
    key_list_item(columns.iter().map(|column| row.cell(*column)), columns.len())
}

/// Returns a key as an item of a list that `Dialect::parent_key` reads: a scalar, or an array of
/// several parts; UUIDs as hex. `None` when a part is null.
pub(crate) fn key_list_item<'c>(
    parts: impl Iterator<Item = Cell<'c>>,
    count: usize,
) -> Option<String> {
    let mut out = Vec::with_capacity(40);
    if count > 1 {
        out.push(b'[');
    }
    for (index, part) in parts.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        match part {
            Cell::Null => return None,
            Cell::Blob(bytes) => {
                out.push(b'"');
                for byte in bytes {
                    out.extend_from_slice(format!("{byte:02x}").as_bytes());
                }
                out.push(b'"');
            }
            Cell::Text(text) => write_text(&mut out, text),
            Cell::Int(number) => {
                out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
            }
            Cell::Real(number) => {
                out.extend_from_slice(ryu::Buffer::new().format(number).as_bytes());
            }
        }
    }
    if count > 1 {
        out.push(b']');
    }
    Some(String::from_utf8(out).expect("only UTF-8 was written"))
}
