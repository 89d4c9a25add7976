//! Choices taken from bytes, so that a failing case shrinks.

/// Choices from bytes; always the first one at their end.
pub(crate) struct Entropy<'b> {
    bytes: &'b [u8],
}

impl<'b> Entropy<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes }
    }

    pub(crate) fn pick(&mut self, count: usize) -> usize {
        let Some((first, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        usize::from(*first) % count
    }

    pub(crate) fn of<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.pick(items.len())].clone()
    }

    pub(crate) fn is_spent(&self) -> bool {
        self.bytes.is_empty()
    }
}
