//! Says what a long migration is doing.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What is done within this time is not worth a word; afterwards there is one in each.
const INTERVAL: Duration = Duration::from_secs(1);

/// What a migration is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What, in words.
    pub doing: String,
    /// How many parts of it are done.
    pub done: usize,
    /// How many there are; 0 where that is not known.
    pub of: usize,
    /// Since the migration began.
    pub elapsed: Duration,
}

/// Is told what a migration is doing once it takes longer than a second.
pub type Tell = Box<dyn Fn(&Progress) + Send>;

/// Watches a migration. SQLite's own hook for this is the writer's already, so a thread looks.
pub(super) struct Watch(Option<Watching>);

struct Watching {
    shared: Arc<(Mutex<State>, Condvar)>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct State {
    doing: String,
    done: usize,
    of: usize,
    is_over: bool,
}

impl Watch {
    /// Watches nothing.
    pub(super) fn silent() -> Self {
        Self(None)
    }

    /// Begins to watch; without anyone to tell, nothing.
    pub(super) fn start(tell: Option<Tell>) -> Self {
        Self::start_every(INTERVAL, tell)
    }

    fn start_every(interval: Duration, tell: Option<Tell>) -> Self {
        let Some(tell) = tell else { return Self::silent() };
        let shared = Arc::new((Mutex::new(State::default()), Condvar::new()));
        let watched = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("migration-progress".to_owned())
            .spawn(move || look(&watched, interval, &tell));
        match thread {
            Ok(thread) => Self(Some(Watching { shared, thread: Some(thread) })),
            Err(error) => {
                tracing::warn!(error = %error, "the migration's progress is not shown");
                Self::silent()
            }
        }
    }

    /// Notes what is done next.
    pub(super) fn doing(&self, doing: &str, done: usize, of: usize) {
        if let Some(watching) = &self.0 {
            let mut state = watching.shared.0.lock().unwrap_or_else(PoisonError::into_inner);
            doing.clone_into(&mut state.doing);
            (state.done, state.of) = (done, of);
        }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner).is_over = true;
        self.shared.1.notify_all();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::warn!("showing the migration's progress failed");
        }
    }
}

fn look((state, over): &(Mutex<State>, Condvar), interval: Duration, tell: &Tell) {
    let started = Instant::now();
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    while !state.is_over {
        let (found, waited) =
            over.wait_timeout(state, interval).unwrap_or_else(PoisonError::into_inner);
        state = found;
        if waited.timed_out() && !state.is_over {
            tell(&Progress {
                doing: state.doing.clone(),
                done: state.done,
                of: state.of,
                elapsed: started.elapsed(),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use super::*;

    #[test]
    fn what_is_done_is_told_again_and_again_until_the_end() {
        let (sender, told) = sync_channel(1);
        let tell = move |progress: &Progress| {
            // The test has seen enough.
            let _ = sender.try_send(progress.clone());
        };
        let watch = Watch::start_every(Duration::from_millis(1), Some(Box::new(tell)));
        watch.doing("rebuilding", 2, 5);
        let found = told.iter().find(|progress| progress.doing == "rebuilding").unwrap();
        assert_eq!((found.done, found.of), (2, 5));
        drop(watch);
        assert!(told.iter().count() <= 1, "nothing is told after the end");
    }
}
