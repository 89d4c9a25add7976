//! The record of what was answered under an idempotency key, beside the tables of the model.
//!
//! A key is claimed before its write and the answer is kept behind it, all in one transaction: the
//! table's key decides who is first, on one server or on many, and another transaction that claims
//! the same key waits for this one.

use std::sync::Arc;

use crate::dialect::Dialect;
use crate::program::{Bind, Cell, Constraint, Program, Row, Statement, Verdict};

/// Expired answers that a write removes on its way: more than the one it adds, so that they do not
/// pile up, and few enough not to be felt.
const PRUNED_MAX: usize = 8;

/// The statements.
#[derive(Debug)]
pub struct Statements {
    find: Arc<str>,
    claim: Arc<str>,
    keep: Arc<str>,
    prune: Arc<str>,
}

impl Statements {
    /// Writes them for a database.
    pub fn new(dialect: Dialect) -> Self {
        let [p1, p2, p3, p4] = [1, 2, 3, 4].map(|number| dialect.placeholder(number));
        let find = format!(
            "SELECT fingerprint, status, headers, body FROM mainstay_idempotency \
             WHERE scope = {p1} AND expires_at > {p2}"
        );
        let claim = format!(
            "INSERT INTO mainstay_idempotency (scope, fingerprint, expires_at) \
             VALUES ({p1}, {p2}, {p3}) \
             ON CONFLICT (scope) DO UPDATE SET fingerprint = excluded.fingerprint, \
             expires_at = excluded.expires_at, status = NULL, headers = NULL, body = NULL \
             WHERE mainstay_idempotency.expires_at <= {p4} RETURNING 1"
        );
        let keep = format!(
            "UPDATE mainstay_idempotency SET status = {p2}, headers = {p3}, body = {p4} \
             WHERE scope = {p1}"
        );
        let prune = format!(
            "DELETE FROM mainstay_idempotency WHERE scope IN (SELECT scope FROM \
             mainstay_idempotency WHERE expires_at <= {p1} ORDER BY expires_at LIMIT {PRUNED_MAX})"
        );
        Self { find: find.into(), claim: claim.into(), keep: keep.into(), prune: prune.into() }
    }
}

/// A request among all that have a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// The hash of who sends what under which key.
    pub scope: [u8; 32],
    /// The hash of what is sent.
    pub fingerprint: [u8; 32],
}

/// What was answered under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The hash of what was sent.
    pub fingerprint: Vec<u8>,
    /// The status.
    pub status: i64,
    /// The headers, as JSON.
    pub headers: String,
    /// The body.
    pub body: Option<String>,
}

impl Record {
    fn of<R: Row>(row: &R) -> Self {
        let text = |column| match row.cell(column) {
            Cell::Text(text) => Some(text.to_owned()),
            _ => None,
        };
        let fingerprint = match row.cell(0) {
            Cell::Blob(bytes) => bytes.to_vec(),
            _ => Vec::new(),
        };
        let status = match row.cell(1) {
            Cell::Int(status) => status,
            _ => 0,
        };
        Self { fingerprint, status, headers: text(2).unwrap_or_default(), body: text(3) }
    }
}

/// Finds what was answered.
pub struct Find {
    statements: Arc<Statements>,
    binds: [Bind; 2],
    asked: bool,
    found: Option<Record>,
}

impl Find {
    /// Looks for a key that has not expired by `now`, in microseconds.
    pub fn new(statements: Arc<Statements>, identity: &Identity, now: i64) -> Self {
        let binds = [blob(&identity.scope), Bind::Int(now)];
        Self { statements, binds, asked: false, found: None }
    }
}

impl Program for Find {
    type Output = Option<Record>;

    fn next(&mut self) -> Option<Statement<'_>> {
        if std::mem::replace(&mut self.asked, true) {
            return None;
        }
        Some(Statement { sql: &self.statements.find, binds: &self.binds })
    }

    fn row<R: Row>(&mut self, row: &R) {
        self.found = Some(Record::of(row));
    }

    fn refused(&mut self, _: Constraint) {
        unreachable!("reads violate no constraint");
    }

    fn restart(&mut self) {
        (self.asked, self.found) = (false, None);
    }

    fn verdict(&self) -> Verdict {
        Verdict::Commit
    }

    fn finish(self) -> Option<Record> {
        self.found
    }
}

/// Claims a key, or finds what was answered under it: `None` where it was claimed.
pub struct Claim {
    statements: Arc<Statements>,
    claim: [Bind; 4],
    find: [Bind; 2],
    step: ClaimStep,
    found: Option<Record>,
}

#[derive(Copy, Clone, PartialEq, Eq)]
enum ClaimStep {
    Start,
    Claiming,
    Finding,
    Claimed,
}

impl Claim {
    /// Claims a key until `expires_at`, if it is not claimed beyond `now`; in microseconds.
    pub fn new(
        statements: Arc<Statements>,
        identity: &Identity,
        now: i64,
        expires_at: i64,
    ) -> Self {
        let scope = blob(&identity.scope);
        let fingerprint = blob(&identity.fingerprint);
        let claim = [scope.clone(), fingerprint, Bind::Int(expires_at), Bind::Int(now)];
        let find = [scope, Bind::Int(now)];
        Self { statements, claim, find, step: ClaimStep::Start, found: None }
    }
}

impl Program for Claim {
    type Output = Option<Record>;

    fn next(&mut self) -> Option<Statement<'_>> {
        match self.step {
            ClaimStep::Claimed => None,
            ClaimStep::Finding if self.found.is_some() => None,
            ClaimStep::Claiming => {
                self.step = ClaimStep::Finding;
                Some(Statement { sql: &self.statements.find, binds: &self.find })
            }
            // What was in the way has gone meanwhile, where several servers write.
            ClaimStep::Start | ClaimStep::Finding => {
                self.step = ClaimStep::Claiming;
                Some(Statement { sql: &self.statements.claim, binds: &self.claim })
            }
        }
    }

    fn row<R: Row>(&mut self, row: &R) {
        match self.step {
            ClaimStep::Claiming => self.step = ClaimStep::Claimed,
            _ => self.found = Some(Record::of(row)),
        }
    }

    fn refused(&mut self, _: Constraint) {
        unreachable!("the only constraint is what ON CONFLICT is about");
    }

    fn restart(&mut self) {
        (self.step, self.found) = (ClaimStep::Start, None);
    }

    fn verdict(&self) -> Verdict {
        Verdict::Commit
    }

    fn finish(self) -> Option<Record> {
        self.found
    }
}

/// Keeps the answer under the claimed key, and removes some that have expired.
pub struct Keep {
    statements: Arc<Statements>,
    keep: [Bind; 4],
    prune: [Bind; 1],
    done: usize,
}

impl Keep {
    /// Keeps an answer.
    pub fn new(
        statements: Arc<Statements>,
        identity: &Identity,
        now: i64,
        status: u16,
        headers: String,
        body: Option<String>,
    ) -> Self {
        let keep = [
            blob(&identity.scope),
            Bind::Int(i64::from(status)),
            Bind::Text(headers),
            body.map_or(Bind::Null, Bind::Text),
        ];
        Self { statements, keep, prune: [Bind::Int(now)], done: 0 }
    }
}

impl Program for Keep {
    type Output = ();

    fn next(&mut self) -> Option<Statement<'_>> {
        self.done += 1;
        match self.done {
            1 => Some(Statement { sql: &self.statements.keep, binds: &self.keep }),
            2 => Some(Statement { sql: &self.statements.prune, binds: &self.prune }),
            _ => None,
        }
    }

    fn row<R: Row>(&mut self, _: &R) {}

    fn refused(&mut self, _: Constraint) {
        unreachable!("no constraint is on an answer");
    }

    fn restart(&mut self) {
        self.done = 0;
    }

    fn verdict(&self) -> Verdict {
        Verdict::Commit
    }

    fn finish(self) {}
}

fn blob(bytes: &[u8]) -> Bind {
    Bind::Blob(bytes.into())
}
