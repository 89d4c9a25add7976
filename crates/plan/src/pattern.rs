//! Regular expressions as PostgreSQL writes them.
//!
//! The language has the syntax of the crate `regex`. PostgreSQL's "advanced" syntax looks alike and
//! means other things: its classes follow the database's locale, `$` and `\b` differ, a count ends at
//! 255. So nothing of the text is kept. The parser of `regex` has resolved every flag, class and
//! Unicode table when it is done, and only what is left is written: characters by their numbers,
//! ranges, counts, and boundaries as what stands before and behind them.

use regex_syntax::hir::{Class, ClassUnicode, Hir, HirKind, Look, Repetition};

/// The most characters that a pattern may place, each counted as often as it is repeated.
/// PostgreSQL's automaton has a state for each; one of optional characters takes half a second.
pub const PATTERN_PLACES_MAX: u64 = 500;
/// The most ranges of characters that a pattern may have. `\w` has 800 and `\b` four times as many; a
/// thousand take a millisecond.
pub const PATTERN_RANGES_MAX: usize = 20_000;
/// The highest count that PostgreSQL takes.
const COUNT_MAX: u32 = 255;
/// What no text has: PostgreSQL refuses an empty class.
const NEVER: &str = "(?:(?!))";

/// Why a pattern has no counterpart on PostgreSQL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// It is none for `regex` either.
    #[error("this is not a regular expression: {0}")]
    Syntax(String),
    /// Its automaton would be too large.
    #[error("this regular expression is too large for PostgreSQL")]
    TooLarge,
}

/// Translates a pattern of the language to one that PostgreSQL's `~` decides in the same way.
///
/// Only whether there is a match is the same, not which one is found. PostgreSQL's texts have no
/// U+0000, so nothing is written for it.
///
/// # Errors
/// Returns why there is no such pattern.
pub fn postgres_pattern(pattern: &str) -> Result<String, PatternError> {
    let parsed = regex_syntax::parse(pattern).map_err(|error| {
        // The library draws the place over several lines; the last one says why.
        let text = error.to_string();
        let reason = text.lines().last().unwrap_or_default();
        PatternError::Syntax(reason.trim_start_matches("error: ").to_owned())
    })?;
    if places(&parsed) > PATTERN_PLACES_MAX {
        return Err(PatternError::TooLarge);
    }
    let mut writer = Writer { out: String::new(), ranges: 0 };
    writer.write(&parsed)?;
    Ok(writer.out)
}

/// Counts the characters that a pattern places.
fn places(of: &Hir) -> u64 {
    match of.kind() {
        HirKind::Empty => 0,
        HirKind::Literal(literal) => literal.0.len() as u64,
        HirKind::Class(_) | HirKind::Look(_) => 1,
        HirKind::Repetition(repeated) => {
            let times = repeated.max.unwrap_or(repeated.min).max(1);
            places(&repeated.sub).max(1).saturating_mul(u64::from(times))
        }
        HirKind::Capture(capture) => places(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().map(places).fold(0, u64::saturating_add)
        }
    }
}

struct Writer {
    out: String,
    ranges: usize,
}

impl Writer {
    fn write(&mut self, of: &Hir) -> Result<(), PatternError> {
        match of.kind() {
            HirKind::Empty => {}
            HirKind::Literal(literal) => {
                let text = std::str::from_utf8(&literal.0).map_err(|_| not_text())?;
                for char in text.chars() {
                    match char {
                        '\0' => self.out.push_str(NEVER),
                        char => self.char(char),
                    }
                }
            }
            HirKind::Class(Class::Unicode(class)) => self.class(class)?,
            HirKind::Class(Class::Bytes(class)) => {
                self.class(&class.to_unicode_class().ok_or_else(not_text)?)?;
            }
            HirKind::Look(look) => self.look(*look)?,
            HirKind::Repetition(repeated) => self.repetition(repeated)?,
            HirKind::Capture(capture) => self.group(&capture.sub)?,
            HirKind::Concat(parts) => {
                for part in parts {
                    match part.kind() {
                        HirKind::Alternation(_) => self.group(part)?,
                        _ => self.write(part)?,
                    }
                }
            }
            HirKind::Alternation(parts) => {
                for (at, part) in parts.iter().enumerate() {
                    if at > 0 {
                        self.out.push('|');
                    }
                    self.write(part)?;
                }
            }
        }
        Ok(())
    }

    fn group(&mut self, of: &Hir) -> Result<(), PatternError> {
        self.out.push_str("(?:");
        self.write(of)?;
        self.out.push(')');
        Ok(())
    }

    /// Writes one behind the other the counts that together are one beyond PostgreSQL's.
    fn repetition(&mut self, repeated: &Repetition) -> Result<(), PatternError> {
        let (mut min, mut max) = (repeated.min, repeated.max);
        loop {
            self.group(&repeated.sub)?;
            let (low, high) = (min.min(COUNT_MAX), max.map(|max| max.min(COUNT_MAX)));
            match (low, high) {
                (0, None) => self.out.push('*'),
                (1, None) => self.out.push('+'),
                (0, Some(1)) => self.out.push('?'),
                // More than this many: some now, and the rest as a count without an end.
                (COUNT_MAX, None) if min > COUNT_MAX => self.out.push_str("{255}"),
                (low, None) => self.out.push_str(&format!("{{{low},}}")),
                (low, Some(high)) if low == high => self.out.push_str(&format!("{{{low}}}")),
                (low, Some(high)) => self.out.push_str(&format!("{{{low},{high}}}")),
            }
            let over = min > COUNT_MAX || max.is_some_and(|max| max > COUNT_MAX);
            if !over {
                return Ok(());
            }
            (min, max) = (min - low, max.map(|max| max - max.min(COUNT_MAX)));
        }
    }

    /// Writes a character; by its number unless it is a letter or a digit of ASCII.
    fn char(&mut self, char: char) {
        let number = u32::from(char);
        match char {
            'a'..='z' | 'A'..='Z' | '0'..='9' => self.out.push(char),
            _ if number <= 0xFFFF => self.out.push_str(&format!("\\u{number:04X}")),
            _ => self.out.push_str(&format!("\\U{number:08X}")),
        }
    }

    fn class(&mut self, class: &ClassUnicode) -> Result<(), PatternError> {
        let ranges = class.ranges().iter().map(|range| (range.start().max('\x01'), range.end()));
        let ranges: Vec<(char, char)> = ranges.filter(|(start, end)| start <= end).collect();
        self.ranges += ranges.len();
        if self.ranges > PATTERN_RANGES_MAX {
            return Err(PatternError::TooLarge);
        }
        match ranges.as_slice() {
            [] => self.out.push_str(NEVER),
            [('\x01', char::MAX)] => self.out.push('.'),
            ranges => {
                self.out.push('[');
                for (start, end) in ranges {
                    self.char(*start);
                    if start < end {
                        self.out.push('-');
                        self.char(*end);
                    }
                }
                self.out.push(']');
            }
        }
        Ok(())
    }

    fn look(&mut self, look: Look) -> Result<(), PatternError> {
        let written = match look {
            Look::Start => "(?:^)",
            Look::End => "(?:$)",
            Look::StartLF => r"(?:^|(?<=\u000A))",
            Look::EndLF => r"(?:$|(?=\u000A))",
            // Not between the two characters of a line's end.
            Look::StartCRLF => r"(?:^|(?<=\u000A)|(?<=\u000D)(?!\u000A))",
            Look::EndCRLF => r"(?:$|(?=\u000D)|(?=\u000A)(?<!\u000D))",
            Look::WordAscii => return self.edges(ASCII_WORD, &[(false, true), (true, false)]),
            Look::WordAsciiNegate => {
                return self.edges(ASCII_WORD, &[(false, false), (true, true)]);
            }
            Look::WordStartAscii => return self.edges(ASCII_WORD, &[(false, true)]),
            Look::WordEndAscii => return self.edges(ASCII_WORD, &[(true, false)]),
            Look::WordStartHalfAscii => return self.half(ASCII_WORD, "(?<!"),
            Look::WordEndHalfAscii => return self.half(ASCII_WORD, "(?!"),
            Look::WordUnicode => return self.edges(WORD, &[(false, true), (true, false)]),
            Look::WordUnicodeNegate => return self.edges(WORD, &[(false, false), (true, true)]),
            Look::WordStartUnicode => return self.edges(WORD, &[(false, true)]),
            Look::WordEndUnicode => return self.edges(WORD, &[(true, false)]),
            Look::WordStartHalfUnicode => return self.half(WORD, "(?<!"),
            Look::WordEndHalfUnicode => return self.half(WORD, "(?!"),
        };
        self.out.push_str(written);
        Ok(())
    }

    /// Writes a place by whether a word's character stands before it and behind it.
    fn edges(&mut self, word: &str, either: &[(bool, bool)]) -> Result<(), PatternError> {
        let word = regex_syntax::parse(word).map_err(|_| not_text())?;
        self.out.push_str("(?:");
        for (at, (before, behind)) in either.iter().enumerate() {
            self.out.push_str(if at > 0 { "|" } else { "" });
            self.out.push_str(if *before { "(?<=" } else { "(?<!" });
            self.write(&word)?;
            self.out.push_str(if *behind { ")(?=" } else { ")(?!" });
            self.write(&word)?;
            self.out.push(')');
        }
        self.out.push(')');
        Ok(())
    }

    fn half(&mut self, word: &str, open: &str) -> Result<(), PatternError> {
        let word = regex_syntax::parse(word).map_err(|_| not_text())?;
        self.out.push_str("(?:");
        self.out.push_str(open);
        self.write(&word)?;
        self.out.push_str("))");
        Ok(())
    }
}

/// A character of a word by ASCII.
const ASCII_WORD: &str = r"(?-u:\w)";
/// A character of a word by Unicode.
const WORD: &str = r"\w";

fn not_text() -> PatternError {
    PatternError::Syntax("it would match what is not UTF-8".to_owned())
}
