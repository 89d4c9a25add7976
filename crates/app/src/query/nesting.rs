//! Text in which brackets nest and quotes hold anything, as in expressions: it is split at the commas
//! that stand in neither.

/// Splits at commas, and trims the parts. `None` when a bracket or quote is left open, a bracket is
/// closed that was not opened, or a part is empty.
pub(super) fn split(text: &str) -> Option<Vec<&str>> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut nesting = Nesting::default();
    for (at, byte) in text.bytes().enumerate() {
        nesting.step(byte)?;
        if byte == b',' && nesting.is_outside() {
            parts.push(text[start..at].trim());
            start = at + 1;
        }
    }
    parts.push(text[start..].trim());
    (nesting.is_outside() && parts.iter().all(|part| !part.is_empty())).then_some(parts)
}

/// Returns the end of the brackets with which the text begins.
pub(super) fn end(text: &str) -> Option<usize> {
    let mut nesting = Nesting::default();
    for (at, byte) in text.bytes().enumerate() {
        nesting.step(byte)?;
        if nesting.is_outside() {
            return Some(at + 1);
        }
    }
    None
}

#[derive(Default)]
struct Nesting {
    /// Brackets not closed yet.
    open: usize,
    quote: Option<Quote>,
    /// The two bytes before, which tell whether a quote is raw.
    before: [u8; 2],
}

struct Quote {
    mark: u8,
    /// Whether a backslash stands for itself: `r'\'`.
    raw: bool,
    escaped: bool,
}

impl Nesting {
    fn step(&mut self, byte: u8) -> Option<()> {
        match &mut self.quote {
            Some(quote) if quote.escaped => quote.escaped = false,
            Some(quote) if byte == b'\\' && !quote.raw => quote.escaped = true,
            Some(quote) if byte == quote.mark => self.quote = None,
            Some(_) => {}
            None => match byte {
                b'\'' | b'"' => {
                    let [name, prefix] = self.before;
                    let part_of_name = name.is_ascii_alphanumeric() || name == b'_';
                    let raw = matches!(prefix, b'r' | b'R') && !part_of_name;
                    self.quote = Some(Quote { mark: byte, raw, escaped: false });
                }
                b'(' | b'[' | b'{' => self.open += 1,
                b')' | b']' | b'}' => self.open = self.open.checked_sub(1)?,
                _ => {}
            },
        }
        self.before = [self.before[1], byte];
        Some(())
    }

    fn is_outside(&self) -> bool {
        self.open == 0 && self.quote.is_none()
    }
}
