//! The time, injected.

use std::time::{SystemTime, UNIX_EPOCH};

use expr::Timestamp;

/// Tells the time.
#[derive(Clone, Debug)]
pub struct Clock(());

impl Clock {
    /// The clock of the system.
    pub fn system() -> Self {
        Self(())
    }

    /// Returns the time in UTC.
    #[expect(clippy::disallowed_methods, reason = "this is the injected clock")]
    pub fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}
