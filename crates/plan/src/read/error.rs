//! Why a shape cannot be planned.

/// Relations that one FROM clause joins at most, with those of read rules. SQLite takes 64 tables,
/// and plans many slowly; the rows themselves, a table of links and a list of parents come on top.
pub const JOINS_MAX: usize = 48;

/// Why a shape cannot be planned for a caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The caller may not know of the field: to them it does not exist.
    #[error("unknown field `{0}`")]
    HiddenField(String),
    /// It follows too many relations, or the read rules of what it names do.
    #[error("a statement follows at most {JOINS_MAX} relations")]
    TooManyJoins,
}
