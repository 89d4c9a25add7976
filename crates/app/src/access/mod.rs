//! Who may do what, to look at: the rules of a model as a matrix, the reasons of one decision, and
//! what a change of the model widens.
//!
//! Nothing here decides for a client; operations do. What is shown is held to what they do by tests.

mod diff;
mod explain;
mod fold;
mod formula;
mod matrix;
mod target;
mod who;

pub use diff::{Change, Difference, Differences, Example};
pub use explain::{Attempt, ExplainError, Explanation, Judgement, On, Part, Verdict, explain};
pub use fold::fold;
pub use formula::Formula;
pub use matrix::{EntityAccess, FieldAccess, History, Matrix, Operation};
pub use target::{find_entity, find_row};
pub use who::Who;
