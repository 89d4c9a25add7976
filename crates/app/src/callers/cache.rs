//! Verified tokens, so that a signature is checked once: that costs more than reading a row.

use std::hash::{Hash, Hasher};

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{Equivalent, Weighter};
use rustc_hash::FxBuildHasher;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::Caller;

/// Memory for verified tokens. When it is full, tokens used least go and are verified again.
const CACHE_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// Tokens that fit, at a typical size.
const CACHE_ITEMS_ESTIMATE: usize = 4096;
/// What an entry takes besides the token: claims as a tree take a few times their text.
const ENTRY_BYTES: u64 = 256;
const CLAIMS_FACTOR: u64 = 4;

/// Verified tokens by their entire text. Their times are held against the clock on each use.
pub(super) struct TokenCache {
    entries: Cache<Key, Caller, ByBytes, FxBuildHasher>,
    /// Not known outside, so that tokens cannot be made to collide.
    seed: u64,
}

impl TokenCache {
    pub(super) fn new(seed: u64) -> Self {
        let entries = Cache::with(
            CACHE_ITEMS_ESTIMATE,
            CACHE_BYTES_MAX,
            ByBytes,
            FxBuildHasher,
            DefaultLifecycle::default(),
        );
        Self { entries, seed }
    }

    #[inline]
    pub(super) fn get(&self, token: &str) -> Option<Caller> {
        let hash = xxh3_64_with_seed(token.as_bytes(), self.seed);
        self.entries.get(&Probe { hash, token })
    }

    pub(super) fn insert(&self, token: &str, caller: Caller) {
        let hash = xxh3_64_with_seed(token.as_bytes(), self.seed);
        self.entries.insert(Key { hash, token: token.into() }, caller);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }
}

struct Key {
    hash: u64,
    token: Box<str>,
}

struct Probe<'t> {
    hash: u64,
    token: &'t str,
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl Hash for Probe<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.token == other.token
    }
}

impl Eq for Key {}

impl Equivalent<Key> for Probe<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.hash == key.hash && self.token == &*key.token
    }
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<Key, Caller> for ByBytes {
    fn weight(&self, key: &Key, _: &Caller) -> u64 {
        key.token.len() as u64 * (1 + CLAIMS_FACTOR) + ENTRY_BYTES
    }
}
