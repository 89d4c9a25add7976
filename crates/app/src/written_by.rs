//! Who writes, as the history of what is written keeps it (`@audit`).

use expr::Caller;
use plan::write::By;

use crate::application::App;

/// Names the caller of a write.
pub(crate) fn by(app: &App, caller: &Caller<'_>) -> By {
    let claim = |name| {
        let claims = caller.user.as_ref()?;
        claims.get(name)?.as_str().map(str::to_owned)
    };
    By {
        id: app.ids.next().into_bytes(),
        at: caller.now,
        caller: claim("sub"),
        role: claim("role"),
        request: caller.request.as_deref().map(str::to_owned),
    }
}

/// Says that a write is nobody's: what the server does on its own.
pub(crate) fn nobody(app: &App, now: expr::Timestamp) -> By {
    let id = app.ids.next().into_bytes();
    By { id, at: now, caller: None, role: None, request: None }
}
