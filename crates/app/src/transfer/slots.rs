//! How many transfers run at a time.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Places for transfers of one kind.
pub(crate) struct Slots {
    free: Arc<Semaphore>,
    max: u64,
}

impl Slots {
    pub(crate) fn new(max: u64) -> Self {
        let places = usize::try_from(max).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        Self { free: Arc::new(Semaphore::new(places)), max }
    }

    /// Returns how many there are.
    pub(crate) fn max(&self) -> u64 {
        self.max
    }

    /// Takes a place until it is dropped; nothing where none is free.
    pub(crate) fn take(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.free).try_acquire_owned().ok()
    }
}
