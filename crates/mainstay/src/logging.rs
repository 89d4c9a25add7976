//! Log lines on stderr: for people in `dev`, JSON in `serve`.

use tracing_subscriber::EnvFilter;

/// Sets logging up for the process. `RUST_LOG` chooses what is logged; `info` where it is not set.
pub(crate) fn start(for_people: bool) {
    let filter =
        EnvFilter::builder().with_default_directive(tracing::Level::INFO.into()).from_env_lossy();
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second start in one process, as in tests, keeps the first.
    let _ = if for_people {
        lines.with_target(false).try_init()
    } else {
        lines.json().flatten_event(true).try_init()
    };
}
