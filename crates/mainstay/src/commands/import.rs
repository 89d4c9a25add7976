//! `mainstay import`: rows of a file into the database.

use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use app::Refusal;
use app::transfer::{self, By, Ended, Imported, Source, Wanted};
use expr::Caller;

use super::{claims, folder_app, rows_of};
use crate::cli::{Import, OnError};

/// How often progress is shown on a terminal.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(200);

/// What is read of the file at a time.
const PIECE_BYTES: usize = 64 * 1024;

/// Imports a file; fails where rows are refused.
pub(crate) fn run(args: &Import) -> anyhow::Result<u8> {
    let format = rows_of::format(args.format, Some(&args.file))?;
    let mut source = Lines::open(&args.file)?;
    super::runtime()?.block_on(async {
        let Some(app) = folder_app::open(&args.folder).await? else { return Ok(super::MISTAKES) };
        let by = match claims::read(&args.caller)? {
            None => By::Operator,
            user => By::Caller(Caller { user, now: app.clock.now(), input: &[], request: None }),
        };
        let import = transfer::Import {
            entity: rows_of::entity(&app.model, &args.into)?,
            format,
            on_error: match args.on_error {
                OnError::Stop => transfer::OnError::Stop,
                OnError::Skip => transfer::OnError::Skip,
            },
            wanted: Wanted {
                names: args.columns.clone(),
                // They are in a file that was exported, and follow from the others.
                without_computed: matches!(by, By::Operator),
            },
            by,
            replace: args.replace.clone(),
            from_line: args.from_line,
            // Each is told as it comes, and forgotten.
            failures_max: usize::MAX,
        };
        let (mut done, ended) = transfer::import(&app, import, &mut source).await;
        source.tell(&mut done);
        source.clear();
        app.store.close().await;
        finish(args, &done, ended)
    })
}

/// Says how it ended.
fn finish(
    args: &Import,
    done: &Imported,
    ended: Result<(), Ended<io::Error>>,
) -> anyhow::Result<u8> {
    let refused = match done.failed {
        0 => String::new(),
        failed => format!(", {failed} refused"),
    };
    let replaced = match done.replaced {
        0 => String::new(),
        replaced => format!(", {replaced} replaced"),
    };
    super::say(&format!("{} rows created{replaced}{refused}", done.created));
    if ended.is_err() && args.on_error == OnError::Stop && done.done_line > 0 {
        let next = done.done_line + 1;
        super::say_error(&format!(
            "those before line {next} are in; go on with --from-line {next}"
        ));
    }
    match ended {
        Ok(()) if done.failed == 0 => Ok(super::OK),
        Ok(()) | Err(Ended::Rows) => Ok(super::MISTAKES),
        Err(Ended::Refused(Refusal::Store(error))) => Err(error.into()),
        Err(Ended::Refused(refusal)) => {
            super::say_error(&refusal.in_words());
            Ok(super::MISTAKES)
        }
        Err(Ended::Source(error)) => {
            Err(error).with_context(|| format!("cannot read {}", args.file.display()))
        }
    }
}

/// The file, and what is told of its rows.
struct Lines {
    file: Box<dyn Read + Send>,
    /// When progress was shown last; `None` where nobody looks.
    shown: Option<Instant>,
}

impl Lines {
    fn open(path: &Path) -> anyhow::Result<Self> {
        let file: Box<dyn Read + Send> = if path == Path::new("-") {
            Box::new(io::stdin())
        } else {
            let file = File::open(path);
            Box::new(file.with_context(|| format!("cannot read {}", path.display()))?)
        };
        Ok(Self { file, shown: io::stderr().is_terminal().then(Instant::now) })
    }

    /// Tells the refused rows.
    fn tell(&mut self, done: &mut Imported) {
        for failure in done.failures.drain(..) {
            self.clear();
            super::say_error(&format!("line {}: {}", failure.line, failure.refusal.in_words()));
        }
    }

    fn show(&mut self, done: &Imported) {
        let Some(shown) = &mut self.shown else { return };
        if shown.elapsed() >= PROGRESS_INTERVAL {
            *shown = Instant::now();
            // A terminal that is gone need not be shown anything.
            let _ = write!(io::stderr(), "\r{} rows ", done.created + done.replaced);
        }
    }

    fn clear(&self) {
        if self.shown.is_some() {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

impl Source for Lines {
    type Piece = Vec<u8>;
    type Error = io::Error;

    async fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut piece = vec![0; PIECE_BYTES];
        // Nothing else runs here that reading could keep waiting.
        let read = self.file.read(&mut piece)?;
        piece.truncate(read);
        Ok((read > 0).then_some(piece))
    }

    fn progress(&mut self, done: &mut Imported) {
        self.tell(done);
        self.show(done);
    }
}
