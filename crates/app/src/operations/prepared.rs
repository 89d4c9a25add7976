//! Writes that are ready to run: alone, or beside the record of their answer.

use std::future::Future;
use std::sync::Arc;

use plan::Program;

use crate::application::App;
use crate::refusal::Refusal;

/// A write whose input is read and whose plans are found.
pub trait Prepared: Send + 'static {
    /// What it comes to.
    type Output: Send + 'static;
    /// Why it may be refused.
    type Refused: From<Refusal> + Send + 'static;
    /// What does it.
    type Program: Program<Output = Result<Self::Output, Self::Refused>>;

    /// Returns a program that does it. A transaction that is tried again takes another.
    fn program(&self, app: &Arc<App>) -> Self::Program;

    /// Runs it in a transaction of its own.
    fn run(self, app: &App) -> impl Future<Output = Result<Self::Output, Self::Refused>> + Send;
}
