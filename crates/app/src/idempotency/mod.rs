//! Writes that happen once, however often they are sent (`Idempotency-Key`).
//!
//! The first answer is kept in the transaction of its write, so that either both are there or
//! neither is, and given again to whoever repeats the request. Only what was written is kept: a
//! refused request has changed nothing, and may be sent again with the same key. Any door can use
//! it, for any `Prepared` write.

mod identity;
mod steps;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use plan::Sequence;
use plan::idempotency::{Find, Record};

use crate::application::App;
use crate::operations::Prepared;
use crate::refusal::Refusal;

pub use identity::{Key, KeyError, identity};
pub use plan::idempotency::Identity;

use steps::Once;

/// An answer to a request, in any door's terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers that belong to the answer.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<String>,
}

/// An answer, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The answer.
    pub answer: Answer,
    /// Whether it was given before.
    pub replayed: bool,
}

/// Returns what was answered to the request before. That spares it everything else: what was
/// written is answered although the model or the caller's rights have changed.
///
/// # Errors
/// `KeyReused` where the key came with another request, or the store's failure.
pub async fn find(app: &App, identity: &Identity) -> Result<Option<Answered>, Refusal> {
    let find = Find::new(Arc::clone(&app.answers), identity, app.clock.now().0);
    let found = app.store.read(find).await?;
    found.map(|record| replayed(identity, record)).transpose()
}

/// Runs a write and keeps its answer, unless the request was answered meanwhile.
///
/// # Errors
/// What the write is refused for; `KeyReused`, or an answer that is too large to be kept.
pub async fn run<W: Prepared>(
    app: &Arc<App>,
    identity: Identity,
    write: W,
    answer: impl Fn(&App, W::Output) -> Answer + Send + 'static,
) -> Result<Answered, W::Refused> {
    let once = Once::new(Arc::clone(app), identity, write, answer);
    app.store.write(Sequence::new(once)).await.map_err(Refusal::Store)?
}

fn replayed(identity: &Identity, record: Record) -> Result<Answered, Refusal> {
    if record.fingerprint != identity.fingerprint {
        return Err(Refusal::KeyReused);
    }
    let answer = Answer {
        status: u16::try_from(record.status).unwrap_or_default(),
        headers: serde_json::from_str(&record.headers).unwrap_or_default(),
        body: record.body,
    };
    Ok(Answered { answer, replayed: true })
}
