//! NDJSON: a JSON object on each line, read piece by piece as it comes.

use super::row::Mistake;

/// A line, counted from 1.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) line: u64,
    pub(super) text: Result<Vec<u8>, Mistake>,
}

/// Reads lines. Empty ones are passed over.
pub(super) struct Ndjson {
    /// The most bytes of a line.
    bytes_max: usize,
    line: u64,
    text: Vec<u8>,
    is_too_long: bool,
}

impl Ndjson {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { bytes_max, line: 0, text: Vec::new(), is_too_long: false }
    }

    /// Reads up to the end of a line, and leaves the rest of the input. Nothing where the line goes
    /// on in the next piece.
    pub(super) fn next(&mut self, input: &mut &[u8]) -> Option<Line> {
        while let Some(end) = input.iter().position(|byte| *byte == b'\n') {
            self.take(&input[..end]);
            *input = &input[end + 1..];
            if let Some(line) = self.end() {
                return Some(line);
            }
        }
        self.take(input);
        *input = &[];
        None
    }

    /// Reads the end of the input, which ends the last line.
    pub(super) fn finish(&mut self) -> Option<Line> {
        self.end()
    }

    fn take(&mut self, part: &[u8]) {
        if self.is_too_long || self.text.len() + part.len() > self.bytes_max {
            self.is_too_long = true;
            self.text = Vec::new();
        } else {
            self.text.extend_from_slice(part);
        }
    }

    fn end(&mut self) -> Option<Line> {
        self.line += 1;
        let text = std::mem::take(&mut self.text);
        if std::mem::take(&mut self.is_too_long) {
            let max = self.bytes_max;
            let what = format!("a row has at most {max} bytes ([limits] body_bytes_max)");
            return Some(Line { line: self.line, text: Err(Mistake(what)) });
        }
        let is_blank = text.trim_ascii().is_empty();
        (!is_blank).then_some(Line { line: self.line, text: Ok(text) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &[u8], expected: &[(u64, Option<&[u8]>)]) {
        for piece in [1, 2, 1000] {
            let mut lines = Ndjson::new(8);
            let mut found = Vec::new();
            for mut input in text.chunks(piece) {
                while let Some(line) = lines.next(&mut input) {
                    found.push(line);
                }
            }
            found.extend(lines.finish());
            let found: Vec<_> =
                found.iter().map(|line| (line.line, line.text.as_deref().ok())).collect();
            assert_eq!(found, expected, "{} by {piece}", text.escape_ascii());
        }
    }

    #[test]
    fn lines_end_with_lf_and_are_bounded() {
        check(b"", &[]);
        check(b"{}\n{}\n", &[(1, Some(b"{}")), (2, Some(b"{}"))]);
        check(b"{}\r\n\n \n{\"a\":1}", &[(1, Some(b"{}\r")), (4, Some(b"{\"a\":1}"))]);
        check(b"123456789\n{}", &[(1, None), (2, Some(b"{}"))]);
        check(b"123456789", &[(1, None)]);
    }
}
