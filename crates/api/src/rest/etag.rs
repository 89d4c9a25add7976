//! Entity tags of rows and lists.
//!
//! A row's tag is the hash of the stored fields its reader may see (ADR 0007). Where a request
//! chose fields or embedded relations, a hash of the answer follows behind a dot; `If-Match` looks
//! at the first part only, so that every answer about a row can guard a write to it.

use xxhash_rust::xxh3::xxh3_64;

/// Returns the tag of a row's full answer.
pub(super) fn of_row(hash: u64) -> String {
    format!("\"{hash:016x}\"")
}

/// Returns the tag of an answer that shows a row in part or with others.
pub(super) fn of_view(hash: u64, body: &[u8]) -> String {
    format!("\"{hash:016x}.{:016x}\"", xxh3_64(body))
}

/// Returns the weak tag of a list.
pub(super) fn of_list(body: &[u8]) -> String {
    format!("W/\"{:016x}\"", xxh3_64(body))
}

/// Returns the row's hash in an opaque tag, without quotes and without a suffix for its encoding.
pub(super) fn row_hash(opaque: &str) -> Option<u64> {
    let (hash, _) = opaque.split_at_checked(16)?;
    u64::from_str_radix(hash, 16).ok()
}
