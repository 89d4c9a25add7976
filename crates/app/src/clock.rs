//! The time, injected: the only place that asks the operating system for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use expr::Timestamp;

/// Tells the time, to the microsecond, which is what the database keeps.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The operating system's time.
    System,
    /// A time that stands still until it is moved.
    Fake(FakeClock),
}

/// The hands of a fake clock. Clones show the same time.
#[derive(Clone, Debug)]
pub struct FakeClock(Arc<AtomicI64>);

impl Clock {
    /// The operating system's clock.
    pub fn system() -> Self {
        Self::System
    }

    /// Returns the time in UTC.
    #[inline]
    #[expect(clippy::disallowed_methods, reason = "this is the injected clock")]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => {
                let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
                // A machine that believes to be before 1970 has no battery; it still starts.
                let since = since.unwrap_or_default();
                Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
            }
            Self::Fake(clock) => Timestamp(clock.0.load(Ordering::Relaxed)),
        }
    }
}

impl FakeClock {
    /// Stops the time at an instant.
    pub fn at(now: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(now.0)))
    }

    /// Returns a clock that shows this time.
    pub fn clock(&self) -> Clock {
        Clock::Fake(self.clone())
    }

    /// Moves the time forward.
    pub fn advance(&self, by: Duration) {
        let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        self.0.fetch_add(micros, Ordering::Relaxed);
    }

    /// Sets the time, perhaps back.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fake_time_moves_only_when_told() {
        let hands = FakeClock::at(Timestamp(1_000_000));
        let clock = hands.clock();
        assert_eq!(clock.now(), Timestamp(1_000_000));
        hands.advance(Duration::from_millis(2));
        assert_eq!(clock.now(), Timestamp(1_002_000));
        hands.set(Timestamp(5));
        assert_eq!(clock.now(), Timestamp(5));
    }

    #[test]
    fn system_time_is_of_this_century() {
        let now = Clock::system().now();
        assert!(now > Timestamp(1_600_000_000_000_000) && now < Timestamp(4_200_000_000_000_000));
    }
}
