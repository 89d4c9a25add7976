//! What is searched for in texts.

/// Something that a text must have, or must not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchTerm {
    /// A word, or several that must follow each other. It has a letter or a digit.
    pub text: String,
    /// Whether the last word may go on.
    pub prefix: bool,
    /// Whether texts with it are left out.
    pub excluded: bool,
}

/// Terms in the words of a database's full-text index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchQuery {
    /// Finds the texts that have all that are wanted, and none that are excluded.
    pub all: String,
    /// Finds the texts that have at least one that is wanted.
    pub any: String,
}
