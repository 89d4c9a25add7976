//! `mainstay rules explain`: why a caller may do something to a row, or may not.

use anyhow::Context;
use app::access::{Attempt, ExplainError, Operation};
use app::input::Body;
use app::{App, Refusal};
use expr::Caller;

use crate::cli::{Explain, Shown};
use crate::commands::{MISTAKES, OK, claims, folder_app, runtime, say, say_error};

/// Explains one attempt; fails where it is not allowed.
pub(super) fn run(args: &Explain) -> anyhow::Result<u8> {
    runtime()?.block_on(async {
        let Some(app) = folder_app::open(&args.folder).await? else { return Ok(MISTAKES) };
        let code = explain(args, &app).await;
        app.store.close().await;
        code
    })
}

async fn explain(args: &Explain, app: &App) -> anyhow::Result<u8> {
    let attempt = attempt(args, app)?;
    let caller = Caller {
        user: claims::read(&args.caller)?,
        now: app.clock.now(),
        input: &[],
        request: None,
    };
    match app::access::explain(app, &caller, attempt).await {
        Ok(explanation) => {
            say(&match args.format {
                Shown::Human => explanation.to_string().trim_end().to_owned(),
                Shown::Json => format!("{:#}", explanation.to_json()),
            });
            Ok(if explanation.is_allowed() { OK } else { MISTAKES })
        }
        Err(ExplainError::Refused(refusal)) => {
            say_error(&format!("No rule is asked, the input is refused: {refusal}"));
            if let Refusal::Body(bad) = &refusal {
                bad.iter().for_each(|bad| say_error(&format!("  {}: {}", bad.pointer, bad.detail)));
            }
            Ok(MISTAKES)
        }
        Err(error) => Err(error.into()),
    }
}

fn attempt(args: &Explain, app: &App) -> anyhow::Result<Attempt> {
    let [operation, row] = args.can.as_slice() else {
        anyhow::bail!("--can takes an operation and a row");
    };
    let operation = Operation::named(operation).with_context(|| {
        format!("--can takes read, create, update or delete, not `{operation}`")
    })?;
    let (entity, key) = app::access::find_row(&app.model, row).map_err(anyhow::Error::msg)?;
    let body = match &args.input {
        Some(text) => Body::parse(text.as_bytes()).context("--input")?,
        None => Body(Vec::new()),
    };
    let key = match (operation, key) {
        (Operation::Create, None) => Vec::new(),
        (Operation::Create, Some(_)) => {
            anyhow::bail!("--can create takes an entity; its key belongs into --input")
        }
        (_, Some(key)) => key,
        (_, None) => anyhow::bail!("which row? write {}/KEY", entity.name),
    };
    Ok(Attempt { operation, entity: entity.id, key, body })
}
