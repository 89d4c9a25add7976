//! An entry as it is shown.

use std::collections::{HashMap, HashSet};

use expr::Timestamp;
use serde_json::value::RawValue;

use super::{Member, MemberKind};
use crate::encode::{Show, key_part_text, write_cell, write_text};
use crate::key::{cell, percent_encode};
use crate::program::{Bind, Cell, Row};

/// An entry as it is stored.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) number: i64,
    at: i64,
    operation: String,
    caller: Option<String>,
    role: Option<String>,
    request: Option<String>,
    changes: HashMap<String, Box<RawValue>>,
}

impl Entry {
    /// Reads the columns of the statement of the entries.
    pub(super) fn of<R: Row>(row: &R) -> Self {
        let int = |column| match row.cell(column) {
            Cell::Int(number) => number,
            _ => 0,
        };
        let text = |column| match row.cell(column) {
            Cell::Text(text) => Some(text.to_owned()),
            _ => None,
        };
        let changes = text(6).and_then(|text| serde_json::from_str(&text).ok());
        Self {
            number: int(0),
            at: int(1),
            operation: text(2).unwrap_or_default(),
            caller: text(3),
            role: text(4),
            request: text(5),
            changes: changes.unwrap_or_default(),
        }
    }

    /// Adds the keys that were linked or unlinked.
    pub(super) fn collect_links(&self, member: &Member, keys: &mut HashSet<String>) {
        keys.extend(self.links(member).into_keys());
    }

    fn links(&self, member: &Member) -> HashMap<String, bool> {
        let raw = self.changes.get(&member.name);
        raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
    }

    /// Appends the entry. `allowed` are the members that may be shown, and `visible` the linked rows of
    /// each that the caller may see.
    pub(super) fn write(
        &self,
        out: &mut Vec<u8>,
        members: &[Member],
        allowed: &[bool],
        visible: &[HashSet<String>],
    ) {
        out.extend_from_slice(format!("{{\"number\":{},\"at\":\"", self.number).as_bytes());
        expr::ops::write_timestamp(Timestamp(self.at), out);
        out.extend_from_slice(b"\",\"operation\":");
        write_text(out, &self.operation);
        for (name, value) in
            [("by", &self.caller), ("role", &self.role), ("requestId", &self.request)]
        {
            out.extend_from_slice(format!(",\"{name}\":").as_bytes());
            match value {
                Some(text) => write_text(out, text),
                None => out.extend_from_slice(b"null"),
            }
        }
        out.extend_from_slice(b",\"changes\":{");
        let start = out.len();
        for (index, member) in members.iter().enumerate() {
            if !allowed[index] {
                continue;
            }
            match &member.kind {
                MemberKind::Value { composite } => self.value(out, start, member, *composite),
                MemberKind::Links { key, .. } => {
                    self.linked(out, start, member, key, &visible[index]);
                }
            }
        }
        out.extend_from_slice(b"}}");
    }

    fn value(&self, out: &mut Vec<u8>, start: usize, member: &Member, composite: bool) {
        let pair = self.changes.get(&member.name);
        let pair = pair.and_then(|raw| serde_json::from_str::<[&RawValue; 2]>(raw.get()).ok());
        let Some([old, new]) = pair else { return };
        open(out, start, &member.shown);
        for (name, value) in [("{\"from\":", old), (",\"to\":", new)] {
            out.extend_from_slice(name.as_bytes());
            match composite.then(|| serde_json::from_str::<Vec<serde_json::Value>>(value.get())) {
                Some(Ok(parts)) => write_text(out, &joined(&parts)),
                _ => out.extend_from_slice(value.get().as_bytes()),
            }
        }
        out.push(b'}');
    }

    fn linked(
        &self,
        out: &mut Vec<u8>,
        start: usize,
        member: &Member,
        key: &[Show],
        visible: &HashSet<String>,
    ) {
        let mut links: Vec<(String, bool)> =
            self.links(member).into_iter().filter(|(key, _)| visible.contains(key)).collect();
        if links.is_empty() {
            return;
        }
        links.sort_unstable();
        open(out, start, &member.shown);
        for (name, linked) in [("{\"added\":[", true), ("],\"removed\":[", false)] {
            out.extend_from_slice(name.as_bytes());
            let keys = links.iter().filter(|(_, is)| *is == linked);
            for (index, (text, _)) in keys.enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_key(out, key, text);
            }
        }
        out.extend_from_slice(b"]}");
    }
}

fn open(out: &mut Vec<u8>, start: usize, name: &str) {
    if out.len() > start {
        out.push(b',');
    }
    write_text(out, name);
    out.push(b':');
}

/// Writes a linked row's key as relations show it. Its parts are kept as they are stored.
fn write_key(out: &mut Vec<u8>, key: &[Show], text: &str) {
    if let [show] = key {
        return write_cell(out, *show, cell(&stored(*show, text)));
    }
    let parts: Vec<serde_json::Value> = serde_json::from_str(text).unwrap_or_default();
    let parts = parts.iter().zip(key).map(|(part, show)| {
        let text = part.as_str().map_or_else(|| part.to_string(), str::to_owned);
        percent_encode(&key_part_text(*show, cell(&stored(*show, &text))))
    });
    write_text(out, &parts.collect::<Vec<_>>().join(","));
}

/// Returns a part of a key as the database has it.
fn stored(show: Show, text: &str) -> Bind {
    let bind = match show {
        Show::Uuid => uuid::Uuid::try_parse(text).ok().map(|id| Bind::Blob(id.into_bytes().into())),
        Show::Int | Show::BigInt | Show::Bool | Show::Timestamp => text.parse().ok().map(Bind::Int),
        Show::Float => text.parse().ok().map(Bind::Real),
        _ => Some(Bind::Text(text.to_owned())),
    };
    bind.unwrap_or(Bind::Null)
}

fn joined(parts: &[serde_json::Value]) -> String {
    let parts = parts.iter().map(|part| match part {
        serde_json::Value::String(text) => percent_encode(text),
        other => percent_encode(&other.to_string()),
    });
    parts.collect::<Vec<_>>().join(",")
}
