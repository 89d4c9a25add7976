//! What the server tells of itself, for people who read an answer.

pub(crate) mod problems;
