//! Writes rows as CSV (RFC 4180), straight into the answer's bytes.
//!
//! Null is an empty cell and empty text is `""`, as PostgreSQL's COPY has it. Text that a spreadsheet
//! would take for a formula is preceded by an apostrophe, which `unguarded` takes away again.

use super::json::{Show, write_cell};
use super::{Encoder, Member, is_true};
use crate::program::{Cell, Row};

/// What a formula begins with.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

impl Encoder {
    /// Appends the line with the columns' names.
    pub fn write_csv_header(&self, out: &mut Vec<u8>) {
        let start = out.len();
        names(&self.members, start, out);
        out.extend_from_slice(b"\r\n");
    }

    /// Appends a row as a line. Embedded rows and highlights have no place in it.
    pub fn write_csv<R: Row>(&self, out: &mut Vec<u8>, row: &R) {
        let mut line = Line { out, is_first: true };
        line.cells(&self.members, true, row);
        out.extend_from_slice(b"\r\n");
    }
}

/// Names are those of fields, which need no quotes.
fn names(members: &[Member], start: usize, out: &mut Vec<u8>) {
    for member in members {
        match member {
            Member::Column { key, .. } | Member::JoinedKey { key, .. } => {
                if out.len() > start {
                    out.push(b',');
                }
                // Keys are kept as `"name":`.
                out.extend(key.iter().filter(|byte| !matches!(byte, b'"' | b':')));
            }
            Member::Guarded { members, .. } => names(members, start, out),
            Member::HashOnly { .. }
            | Member::One { .. }
            | Member::Slot { .. }
            | Member::Highlights { .. } => {}
        }
    }
}

struct Line<'o> {
    out: &'o mut Vec<u8>,
    is_first: bool,
}

impl Line<'_> {
    fn cells<R: Row>(&mut self, members: &[Member], shown: bool, row: &R) {
        for member in members {
            match member {
                Member::Column { column, show, .. } => {
                    self.separate();
                    if shown {
                        self.cell(*show, row.cell(*column));
                    }
                }
                Member::JoinedKey { columns, .. } => {
                    self.separate();
                    let is_null = columns.iter().any(|(at, _)| row.cell(*at) == Cell::Null);
                    if shown && !is_null {
                        self.text(&super::joined_key(columns, row));
                    }
                }
                Member::Guarded { allowed, members } => {
                    let shown = shown && is_true(row, *allowed);
                    self.cells(members, shown, row);
                }
                Member::HashOnly { .. }
                | Member::One { .. }
                | Member::Slot { .. }
                | Member::Highlights { .. } => {}
            }
        }
    }

    fn separate(&mut self) {
        if !std::mem::replace(&mut self.is_first, false) {
            self.out.push(b',');
        }
    }

    fn cell(&mut self, show: Show, cell: Cell<'_>) {
        match (show, cell) {
            (Show::Text, Cell::Text(text)) => self.text(text),
            (Show::Json, Cell::Text(text)) => self.quoted("", text),
            // Nothing of the others needs quotes, once those of JSON are gone.
            _ => {
                let start = self.out.len();
                write_cell(self.out, show, cell);
                if self.out[start..] == *b"null" {
                    self.out.truncate(start);
                } else if self.out.get(start) == Some(&b'"') {
                    self.out.pop();
                    self.out.remove(start);
                }
            }
        }
    }

    fn text(&mut self, text: &str) {
        self.quoted(if is_guarded(text) { "'" } else { "" }, text);
    }

    fn quoted(&mut self, guard: &str, text: &str) {
        let is_plain = |byte: u8| !matches!(byte, b',' | b'"' | b'\r' | b'\n');
        let is_padded = text.starts_with(' ') || text.ends_with(' ');
        self.out.reserve(text.len() + guard.len() + 2);
        if !text.is_empty() && !is_padded && text.bytes().all(is_plain) {
            self.out.extend_from_slice(guard.as_bytes());
            self.out.extend_from_slice(text.as_bytes());
            return;
        }
        self.out.push(b'"');
        self.out.extend_from_slice(guard.as_bytes());
        for (index, part) in text.split('"').enumerate() {
            if index > 0 {
                self.out.extend_from_slice(b"\"\"");
            }
            self.out.extend_from_slice(part.as_bytes());
        }
        self.out.push(b'"');
    }
}

/// Whether text is preceded by an apostrophe: a formula, or what would be taken for a guarded one.
fn is_guarded(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(FORMULA)
}

/// Takes away the apostrophe that guards a formula.
pub fn unguarded(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if is_guarded(rest) => rest,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::encode::member_key;

    struct Cells(Vec<Cell<'static>>);

    impl Row for Cells {
        fn cell(&self, column: usize) -> Cell<'_> {
            self.0[column]
        }
    }

    fn column(name: &str, column: usize, show: Show) -> Member {
        Member::Column { key: member_key(name), column, show, hashed: false }
    }

    #[track_caller]
    fn check(show: Show, cell: Cell<'static>, expected: &str) {
        let encoder = Encoder { members: vec![column("a", 0, show), column("b", 1, Show::Int)] };
        let mut out = Vec::new();
        encoder.write_csv(&mut out, &Cells(vec![cell, Cell::Int(1)]));
        assert_eq!(String::from_utf8(out).expect("UTF-8"), format!("{expected},1\r\n"));
    }

    #[test]
    fn cells_are_quoted_where_they_must() {
        check(Show::Text, Cell::Text("plain text"), "plain text");
        check(Show::Text, Cell::Text("a,b"), "\"a,b\"");
        check(Show::Text, Cell::Text("say \"hi\"\n"), "\"say \"\"hi\"\"\n\"");
        check(Show::Text, Cell::Text(" x"), "\" x\"");
        check(Show::Json, Cell::Text("{\"a\":1}"), "\"{\"\"a\"\":1}\"");
        check(Show::Uuid, Cell::Blob(&[0xab; 16]), "abababab-abab-abab-abab-abababababab");
    }

    #[test]
    fn null_is_nothing_and_empty_text_is_quoted() {
        check(Show::Text, Cell::Null, "");
        check(Show::Int, Cell::Null, "");
        check(Show::Uuid, Cell::Blob(&[1]), "");
        check(Show::Text, Cell::Text(""), "\"\"");
        check(Show::Text, Cell::Text("null"), "null");
    }

    #[test]
    fn text_is_no_formula_and_numbers_stay() {
        check(Show::Text, Cell::Text("=1+1"), "'=1+1");
        check(Show::Text, Cell::Text("@a,b"), "\"'@a,b\"");
        check(Show::Text, Cell::Text("'=1"), "''=1");
        check(Show::Text, Cell::Text("'tis"), "'tis");
        check(Show::Plain, Cell::Text("-19.90"), "-19.90");
        check(Show::BigInt, Cell::Int(-5), "-5");
        check(Show::Float, Cell::Real(-0.5), "-0.5");
    }

    #[test]
    fn hidden_cells_are_empty_and_keep_their_columns() {
        let hidden = vec![column("secret", 1, Show::Text)];
        let members = vec![
            column("a", 0, Show::Int),
            Member::Guarded { allowed: 2, members: hidden },
            Member::JoinedKey {
                key: member_key("pairId"),
                columns: vec![(0, Show::Int), (1, Show::Text)],
                hashed: false,
            },
        ];
        let encoder = Encoder { members };
        let mut out = Vec::new();
        encoder.write_csv_header(&mut out);
        for allowed in [0, 1] {
            let cells = vec![Cell::Int(7), Cell::Text("x,y"), Cell::Int(allowed)];
            encoder.write_csv(&mut out, &Cells(cells));
        }
        let text = String::from_utf8(out).expect("UTF-8");
        assert_eq!(text, "a,secret,pairId\r\n7,,\"7,x%2Cy\"\r\n7,\"x,y\",\"7,x%2Cy\"\r\n");
    }

    proptest! {
        #[test]
        fn guards_are_taken_away_again(text in "['=+@\\-\\t\\r]{0,4}\\PC{0,3}") {
            let guarded = if is_guarded(&text) { format!("'{text}") } else { text.clone() };
            prop_assert!(!guarded.starts_with(FORMULA));
            prop_assert_eq!(unguarded(&guarded), &text);
        }
    }
}
