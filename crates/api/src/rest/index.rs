//! `/` and `/api/v1`: where a newcomer looks first.

use http::StatusCode;
use serde_json::json;

use super::Call;
use super::reply::Reply;

/// Lists the collections.
pub(super) fn index(call: &Call<'_>) -> Reply {
    let collections: Vec<_> = call
        .app
        .model
        .entities
        .iter()
        .map(|entity| {
            json!({
                "name": entity.plural,
                "url": format!("/api/v1/{}", entity.route),
                "description": entity.description,
            })
        })
        .collect();
    let body = json!({ "name": call.app.config.app.name, "collections": collections });
    Reply::json(StatusCode::OK, body.to_string().into_bytes())
}
