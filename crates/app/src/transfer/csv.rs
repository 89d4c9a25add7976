//! CSV (RFC 4180), read piece by piece as it comes.
//!
//! Whether a cell was quoted is kept: nothing is null, and `""` is empty text. A record that is wrong
//! is told and passed over, up to the next line end that no quote holds.

use super::row::Mistake;

/// The most cells of a record; more than an entity has fields.
const CELLS_MAX: usize = 1000;

/// What some programs write before the first character.
const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// A cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) is_quoted: bool,
}

/// A record, and the line on which it begins, counted from 1.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) line: u64,
    pub(super) cells: Result<Vec<Cell>, Mistake>,
}

/// Reads records.
pub(super) struct Csv {
    /// The most bytes of a record.
    bytes_max: usize,
    /// How many bytes of the mark may still come.
    mark_left: usize,
    line: u64,
    /// Whether the last byte was a CR, of which an LF is the second half.
    after_cr: bool,
    place: Place,
    /// Where the record that is being read begins.
    begins: u64,
    cells: Vec<RawCell>,
    bytes: usize,
    mistake: Option<Mistake>,
}

#[derive(Default)]
struct RawCell {
    bytes: Vec<u8>,
    is_quoted: bool,
}

#[derive(Copy, Clone, PartialEq, Eq)]
enum Place {
    /// Before a record.
    Outside,
    /// Before a cell.
    Start,
    Plain,
    Quoted,
    /// Behind a quote inside quotes: the end of the cell, or the first half of a quote.
    Quote,
}

impl Csv {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self {
            bytes_max,
            mark_left: BYTE_ORDER_MARK.len(),
            line: 1,
            after_cr: false,
            place: Place::Outside,
            begins: 1,
            cells: Vec::new(),
            bytes: 0,
            mistake: None,
        }
    }

    /// Reads up to the end of a record, and leaves the rest of the input. Nothing where the record
    /// goes on in the next piece.
    pub(super) fn next(&mut self, input: &mut &[u8]) -> Option<Record> {
        while let Some((byte, rest)) = input.split_first() {
            *input = rest;
            if self.is_mark(*byte) {
                continue;
            }
            let is_second_half = std::mem::take(&mut self.after_cr) && *byte == b'\n';
            if is_second_half && self.place != Place::Quoted {
                continue;
            }
            if matches!(byte, b'\n' | b'\r') && !is_second_half {
                self.line += 1;
                self.after_cr = *byte == b'\r';
            }
            if let Some(record) = self.byte(*byte) {
                return Some(record);
            }
        }
        None
    }

    /// Reads the end of the input, which ends the last record where no line end does.
    pub(super) fn finish(&mut self) -> Option<Record> {
        match self.place {
            Place::Outside => None,
            Place::Quoted => {
                self.wrong("a quote is not closed");
                Some(self.end())
            }
            _ => Some(self.end()),
        }
    }

    fn is_mark(&mut self, byte: u8) -> bool {
        let at = BYTE_ORDER_MARK.len() - self.mark_left;
        let is_mark = BYTE_ORDER_MARK.get(at) == Some(&byte);
        self.mark_left = if is_mark { self.mark_left - 1 } else { 0 };
        is_mark
    }

    fn byte(&mut self, byte: u8) -> Option<Record> {
        if self.place == Place::Outside {
            // The line end is counted already.
            self.begins = self.line - u64::from(matches!(byte, b'\n' | b'\r'));
            self.place = Place::Start;
        }
        match (self.place, byte) {
            (Place::Quoted, b'"') => self.place = Place::Quote,
            (Place::Quoted, _) => self.push(byte),
            (_, b'\n' | b'\r') => return Some(self.end()),
            (_, b',') => {
                self.cell();
                self.cells.push(RawCell::default());
                self.place = Place::Start;
            }
            (Place::Start, b'"') => {
                self.cell().is_quoted = true;
                self.place = Place::Quoted;
            }
            (Place::Quote, b'"') => {
                self.push(byte);
                self.place = Place::Quoted;
            }
            (Place::Quote, _) => {
                self.wrong("behind a closing quote comes a comma or the end of the line");
                self.place = Place::Plain;
            }
            (Place::Plain, b'"') => self.wrong("a cell with a quote in it stands in quotes"),
            _ => {
                self.push(byte);
                self.place = Place::Plain;
            }
        }
        None
    }

    /// Returns the cell that is being read.
    fn cell(&mut self) -> &mut RawCell {
        if self.cells.len() > CELLS_MAX {
            self.wrong(&format!("a line has at most {CELLS_MAX} cells"));
        }
        if self.cells.is_empty() {
            self.cells.push(RawCell::default());
        }
        let last = self.cells.len() - 1;
        &mut self.cells[last]
    }

    fn push(&mut self, byte: u8) {
        self.bytes += 1;
        if self.bytes > self.bytes_max && self.mistake.is_none() {
            let max = self.bytes_max;
            self.wrong(&format!("a row has at most {max} bytes ([limits] body_bytes_max)"));
        }
        if self.mistake.is_none() {
            self.cell().bytes.push(byte);
        }
    }

    /// Keeps the first mistake. What comes behind it in the record is of no use.
    fn wrong(&mut self, what: &str) {
        if self.mistake.is_none() {
            self.mistake = Some(Mistake(what.to_owned()));
        }
        self.cells = Vec::new();
    }

    fn end(&mut self) -> Record {
        if self.mistake.is_none() {
            self.cell();
        }
        self.place = Place::Outside;
        self.bytes = 0;
        let cells = std::mem::take(&mut self.cells);
        let cells = match self.mistake.take() {
            Some(mistake) => Err(mistake),
            None => cells.into_iter().enumerate().map(RawCell::read).collect(),
        };
        Record { line: self.begins, cells }
    }
}

impl RawCell {
    fn read((at, cell): (usize, Self)) -> Result<Cell, Mistake> {
        let is_quoted = cell.is_quoted;
        match String::from_utf8(cell.bytes) {
            Ok(text) => Ok(Cell { text, is_quoted }),
            Err(_) => Err(Mistake(format!("cell {} is not UTF-8", at + 1))),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads a text in pieces of some size, in the form `1:[a][q"b"]`.
    fn read(bytes: &[u8], piece: usize) -> String {
        let mut csv = Csv::new(20);
        let mut records = Vec::new();
        for mut input in bytes.chunks(piece) {
            while let Some(record) = csv.next(&mut input) {
                records.push(record);
            }
        }
        records.extend(csv.finish());
        let shown = records.iter().map(|record| match &record.cells {
            Ok(cells) => {
                let cell = |cell: &Cell| {
                    let quote = if cell.is_quoted { "\"" } else { "" };
                    format!("[{quote}{}{quote}]", cell.text.escape_debug())
                };
                format!("{}:{}", record.line, cells.iter().map(cell).collect::<String>())
            }
            Err(Mistake(what)) => format!("{}!{what}", record.line),
        });
        shown.collect::<Vec<_>>().join(" ")
    }

    #[track_caller]
    fn check(text: &[u8], expected: &str) {
        for piece in [1, 2, 3, 1000] {
            assert_eq!(read(text, piece), expected, "{} by {piece}", text.escape_ascii());
        }
    }

    #[test]
    fn records_are_lines_of_cells() {
        check(b"", "");
        check(b"a,b\r\nc,d\r\n", "1:[a][b] 2:[c][d]");
        check(b"a,b\nc,d", "1:[a][b] 2:[c][d]");
        check(b"a\rb\r", "1:[a] 2:[b]");
        check(b"a,,\n,\n", "1:[a][][] 2:[][]");
        check(b"a\n\nb\n\n", "1:[a] 2:[] 3:[b] 4:[]");
        check(b" a , b", "1:[ a ][ b]");
        check(b"\xef\xbb\xbfa\n", "1:[a]");
        check(b"\xef\xbb\xbf\"a\"\n", "1:[\"a\"]");
    }

    #[test]
    fn quotes_hold_anything() {
        check(b"\"a,b\",\"\"\n", "1:[\"a,b\"][\"\"]");
        check(b"\"say \"\"hi\"\"\"", "1:[\"say \\\"hi\\\"\"]");
        check(b"\"a\r\nb\"\r\nc", "1:[\"a\\r\\nb\"] 3:[c]");
        check(b"\"a\n\nb\"\nc", "1:[\"a\\n\\nb\"] 4:[c]");
        check("é,\"日本\"".as_bytes(), "1:[é][\"日本\"]");
    }

    #[test]
    fn wrong_records_are_told_and_passed_over() {
        let behind = "behind a closing quote comes a comma or the end of the line";
        check(b"\"a\"b,c\nd", &format!("1!{behind} 2:[d]"));
        check(b"a\"b\",c\nd", "1!a cell with a quote in it stands in quotes 2:[d]");
        check(b"a\n\"b\nc", "1:[a] 2!a quote is not closed");
        check(b"a,\xff\nb", "1!cell 2 is not UTF-8 2:[b]");
        let long = format!("a\n{}\nb", "x".repeat(21));
        check(
            long.as_bytes(),
            "1:[a] 2!a row has at most 20 bytes ([limits] body_bytes_max) 3:[b]",
        );
        let many = format!("{}\nb", ",".repeat(CELLS_MAX + 1));
        check(many.as_bytes(), "1!a line has at most 1000 cells 2:[b]");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60), piece in 1_usize..9) {
            let whole = read(&bytes, 1000);
            prop_assert_eq!(read(&bytes, piece), whole);
        }

        #[test]
        fn quoted_cells_read_back(cells in proptest::collection::vec("[a\",\\r\\n é]{0,5}", 1..5)) {
            let line: Vec<String> =
                cells.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
            let mut csv = Csv::new(1000);
            let text = format!("{}\r\n", line.join(","));
            let record = csv.next(&mut text.as_bytes()).expect("a record");
            let found: Vec<String> =
                record.cells.expect("no mistake").into_iter().map(|cell| cell.text).collect();
            prop_assert_eq!(found, cells);
        }
    }
}
