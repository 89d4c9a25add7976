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

/// Returns bytes that look random, always the same for the same numbers (SplitMix64).
pub(crate) fn random_bytes(seed: u64, stream: u64, count: usize) -> Vec<u8> {
    let mix = |mut state: u64| {
        state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        state ^ (state >> 31)
    };
    let step = 0x9e37_79b9_7f4a_7c15_u64;
    let start = mix(seed.wrapping_mul(step) ^ mix(stream.wrapping_add(step)));
    let words = (1_u64..).map(|at| mix(start.wrapping_add(at.wrapping_mul(step))));
    words.flat_map(u64::to_le_bytes).take(count).collect()
}
