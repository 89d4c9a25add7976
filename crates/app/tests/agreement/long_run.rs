//! Laws that are tried in worlds of their own: some in each run of the tests, and as many as one is
//! told to try (`cargo xtask test --oracle N`).

use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::runtime::Runtime;

/// What came out, lest a law hold because nothing ever happens.
pub(crate) trait Tally: Debug + Default + Send {
    /// Adds what came out elsewhere.
    fn add(&mut self, other: &Self);
    /// Looks whether there was enough of everything in so many cases.
    fn must_be_varied(&self, wanted: usize);
}

/// Visits worlds by their seeds: the one of `MAINSTAY_TEST_SEED`, or those for `MAINSTAY_TEST_CASES`
/// cases, `usual` where that says nothing.
#[expect(clippy::print_stdout, reason = "a long run says what it has tried")]
pub(crate) fn run<T: Tally>(
    usual: usize,
    cases_per_world: usize,
    visit: impl AsyncFn(u64, &mut T) + Sync,
) {
    let runtime = Runtime::new().expect("a runtime");
    if let Some(seed) = setting("MAINSTAY_TEST_SEED") {
        runtime.block_on(visit(seed as u64, &mut T::default()));
        return;
    }
    let wanted = setting("MAINSTAY_TEST_CASES").unwrap_or(usual);
    // A long run has the machine for itself.
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = if wanted > usual { cores } else { 1 };
    let worlds = wanted.div_ceil(cases_per_world) as u64;
    let next = AtomicU64::new(0);
    let work = || {
        let mut seen = T::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= worlds {
                return seen;
            }
            runtime.block_on(visit(seed, &mut seen));
        }
    };
    let mut seen = T::default();
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for thread in running {
            match thread.join() {
                Ok(part) => seen.add(&part),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
    println!("{worlds} worlds: {seen:?}");
    seen.must_be_varied(wanted);
}

#[expect(
    clippy::disallowed_methods,
    reason = "it says how long a test runs, not what the product does"
)]
fn setting(name: &str) -> Option<usize> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is a number, not {text}")))
}
