//! New keys: UUIDv7 (RFC 9562).

use uuid::Uuid;

/// Makes keys.
#[derive(Clone, Debug)]
pub struct Ids(());

impl Ids {
    /// Keys from the system's clock and randomness.
    pub fn system() -> Self {
        Self(())
    }

    /// Returns a key higher than those this process made before.
    #[expect(clippy::disallowed_methods, reason = "this is the injected source of keys")]
    pub fn next(&self) -> Uuid {
        Uuid::now_v7()
    }
}
