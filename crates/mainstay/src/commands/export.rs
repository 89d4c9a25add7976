//! `mainstay export`: rows of the database into a file.

use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;

use anyhow::Context;
use app::query::Query;
use app::transfer::{self, By, Times};
use app::{App, Refusal};
use expr::Caller;

use super::{claims, folder_app, rows_of};
use crate::cli::{Export, RowFormat};

/// Exports an entity's rows.
pub(crate) fn run(args: &Export) -> anyhow::Result<u8> {
    // A file's name may say otherwise.
    let default = args.out.is_none().then_some(RowFormat::Csv);
    let format = rows_of::format(args.format.or(default), args.out.as_deref())?;
    super::runtime()?.block_on(async {
        let Some(app) = folder_app::open(&args.folder).await? else { return Ok(super::MISTAKES) };
        let code = export(args, &app, format).await;
        app.store.close().await;
        code
    })
}

async fn export(args: &Export, app: &Arc<App>, format: transfer::Format) -> anyhow::Result<u8> {
    let entity = rows_of::entity(&app.model, &args.entity)?;
    let user = claims::read(&args.caller)?;
    let is_operator = user.is_none();
    let caller = Caller { user, now: app.clock.now(), input: &[], request: None };
    let mut query = Query::new(&app.model, &caller, entity, app.export_bounds());
    if is_operator {
        query.trust();
    }
    args.filter.iter().for_each(|filter| query.filter(filter));
    args.sort.iter().for_each(|sort| query.sort(sort));
    args.fields.iter().for_each(|fields| query.fields(fields));
    let ready = query.many().map_err(Refusal::Parameters);
    let by = if is_operator { By::Operator } else { By::Caller(caller.clone()) };
    let started = match ready {
        Ok(ready) => transfer::export(app, by, ready, format, Times::UNBOUNDED).await,
        Err(refusal) => Err(refusal),
    };
    let mut export = match started {
        Ok(export) => export,
        Err(Refusal::Store(error)) => return Err(error.into()),
        Err(refusal) => {
            super::say_error(&refusal.in_words());
            return Ok(super::MISTAKES);
        }
    };
    let mut out: Box<dyn Write> = match &args.out {
        None => Box::new(io::stdout().lock()),
        Some(path) => {
            let file = File::create(path);
            Box::new(file.with_context(|| format!("cannot write {}", path.display()))?)
        }
    };
    while let Some(piece) = export.next().await.context("the export broke off")? {
        out.write_all(&piece).context("cannot write the rows")?;
    }
    out.flush().context("cannot write the rows")?;
    Ok(super::OK)
}
