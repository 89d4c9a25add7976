//! Runs a write and answers it: once, where the request has an idempotency key.

use app::App;
use app::idempotency::{self, Answer, Answered, Identity};
use app::operations::Prepared;
use http::header::{CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH};

use super::Call;
use super::reply::Reply;
use crate::http::Problem;
use crate::http::idempotency::{IDEMPOTENCY_REPLAYED, key};

/// The headers that change what a write does: with others it is another request.
const HEADERS_COMPARED: [http::HeaderName; 3] = [CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH];

impl Call<'_> {
    /// Runs a write. `content` is its body as it was sent; `prepare` is awaited unless the answer is
    /// known; `refused` and `answer` turn what came of it into this door's terms.
    pub(super) async fn write<W: Prepared>(
        &self,
        content: &[u8],
        prepare: impl Future<Output = Result<W, W::Refused>>,
        refused: impl Fn(W::Refused) -> Problem,
        answer: impl Fn(&App, W::Output) -> Reply + Send + 'static,
    ) -> Result<Reply, Problem> {
        let Some(identity) = self.identity(content)? else {
            let output = prepare.await.map_err(&refused)?.run(self.app).await.map_err(&refused)?;
            return Ok(answer(self.app, output));
        };
        let found = idempotency::find(self.app, &identity).await;
        if let Some(answered) = found.map_err(|refusal| self.problem(refusal))? {
            return Ok(reply(answered));
        }
        let write = prepare.await.map_err(&refused)?;
        let answered = idempotency::run(self.app, identity, write, kept(answer)).await;
        answered.map(reply).map_err(refused)
    }

    fn identity(&self, content: &[u8]) -> Result<Option<Identity>, Problem> {
        let headers = &self.parts.headers;
        let Some(key) = key(headers)? else { return Ok(None) };
        let uri = &self.parts.uri;
        let path = uri.path_and_query().map_or(uri.path(), |path| path.as_str());
        let operation = format!("{} {path}", self.parts.method);
        let mut parts = vec![content];
        for name in &HEADERS_COMPARED {
            for value in headers.get_all(name) {
                parts.extend([name.as_str().as_bytes(), value.as_bytes()]);
            }
        }
        let auth = &self.app.config.auth;
        Ok(Some(idempotency::identity(auth, &self.caller, &operation, &key, &parts)))
    }
}

/// Turns an answer into one that can be kept. Made apart from what is prepared, whose lifetime it
/// does not share.
fn kept<O>(
    answer: impl Fn(&App, O) -> Reply + Send + 'static,
) -> impl Fn(&App, O) -> Answer + Send + 'static {
    move |app, output| answer(app, output).into_answer()
}

fn reply(answered: Answered) -> Reply {
    let reply = Reply::from_answer(answered.answer);
    if answered.replayed { reply.header(IDEMPOTENCY_REPLAYED, "true") } else { reply }
}
