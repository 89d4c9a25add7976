//! Claims the key, writes, and keeps the answer: one transaction.

use std::sync::Arc;

use plan::idempotency::{Claim, Identity, Keep, Record};
use plan::{Either, Step, Steps, Verdict};

use super::{Answer, Answered, replayed};
use crate::application::App;
use crate::operations::Prepared;
use crate::refusal::Refusal;

/// A write with the record of its answer, in progress.
pub(super) struct Once<W: Prepared, A> {
    app: Arc<App>,
    identity: Identity,
    write: W,
    answer: A,
    now: i64,
    state: State<W::Refused>,
}

enum State<E> {
    Start,
    Claimed,
    Written(Answer),
    Kept(Answer),
    /// Nothing was written.
    End(Result<Answered, E>),
}

impl<W, A> Once<W, A>
where
    W: Prepared,
    A: Fn(&App, W::Output) -> Answer + Send + 'static,
{
    pub(super) fn new(app: Arc<App>, identity: Identity, write: W, answer: A) -> Self {
        let now = app.clock.now().0;
        Self { app, identity, write, answer, now, state: State::Start }
    }

    fn claim(&self) -> Claim {
        let keep = i64::try_from(self.app.config.limits.idempotency_keep.as_micros());
        let expires_at = self.now.saturating_add(keep.unwrap_or(i64::MAX));
        Claim::new(Arc::clone(&self.app.answers), &self.identity, self.now, expires_at)
    }

    fn keep(&self, answer: &Answer) -> Result<Keep, Refusal> {
        let bytes_max = self.app.config.limits.idempotency_body_bytes_max;
        if answer.body.as_ref().is_some_and(|body| body.len() as u64 > bytes_max) {
            return Err(Refusal::AnswerTooLarge {
                bytes_max,
                bound: "[limits] idempotency_body_bytes_max",
            });
        }
        let headers = serde_json::to_string(&answer.headers).unwrap_or_default();
        let statements = Arc::clone(&self.app.answers);
        let body = answer.body.clone();
        Ok(Keep::new(statements, &self.identity, self.now, answer.status, headers, body))
    }
}

impl<W, A> Steps for Once<W, A>
where
    W: Prepared,
    A: Fn(&App, W::Output) -> Answer + Send + 'static,
{
    type Program = Either<Claim, Either<W::Program, Keep>>;
    type Output = Result<Answered, W::Refused>;

    fn next(&mut self) -> Step<Self::Program> {
        match &self.state {
            State::Start => Step::Run(Either::Left(self.claim())),
            State::Claimed => Step::Run(Either::Right(Either::Left(self.write.program(&self.app)))),
            State::Written(answer) => match self.keep(answer) {
                Ok(keep) => Step::Run(Either::Right(Either::Right(keep))),
                Err(refusal) => {
                    self.state = State::End(Err(refusal.into()));
                    Step::End(Verdict::Rollback)
                }
            },
            State::Kept(_) => Step::End(Verdict::Commit),
            State::End(_) => Step::End(Verdict::Rollback),
        }
    }

    fn done(&mut self, output: Either<Option<Record>, Either<Result<W::Output, W::Refused>, ()>>) {
        let before = std::mem::replace(&mut self.state, State::Start);
        self.state = match (output, before) {
            (Either::Left(None), _) => State::Claimed,
            (Either::Left(Some(record)), _) => {
                State::End(replayed(&self.identity, record).map_err(Into::into))
            }
            (Either::Right(Either::Left(Ok(output))), _) => {
                State::Written((self.answer)(&self.app, output))
            }
            (Either::Right(Either::Left(Err(refused))), _) => State::End(Err(refused)),
            (Either::Right(Either::Right(())), State::Written(answer)) => State::Kept(answer),
            (Either::Right(Either::Right(())), _) => unreachable!("what is kept was written"),
        };
    }

    fn restart(&mut self) {
        self.state = State::Start;
    }

    fn finish(self, _: Verdict) -> Self::Output {
        match self.state {
            State::Kept(answer) => Ok(Answered { answer, replayed: false }),
            State::End(end) => end,
            State::Start | State::Claimed | State::Written(_) => {
                unreachable!("a sequence that is finished has come to its end")
            }
        }
    }
}
