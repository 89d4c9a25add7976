//! The load generator: connections that send one request after another until the time is up.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use hdrhistogram::Histogram;
use tokio::task::JoinSet;

use super::http::{Answer, Connection};
use super::operation::{Body, Expected, Operation, Requests};
use super::random::Random;

/// A request that takes longer than this has failed.
const LATENCY_MAX_US: u64 = 30_000_000;
/// More around the rows of a page than this is not what `http-api` describes.
const ENVELOPE_BYTES_MAX: usize = 512;

/// What one round of load came to.
pub(super) struct Load {
    /// How long it took.
    pub(super) elapsed: Duration,
    /// The latency of each request in microseconds.
    pub(super) latency_us: Histogram<u64>,
}

/// How to load a server.
pub(super) struct LoadOptions {
    /// The server.
    pub(super) address: SocketAddr,
    /// What to ask for.
    pub(super) operation: Operation,
    /// How many connections ask.
    pub(super) connections: usize,
    /// For how long.
    pub(super) duration: Duration,
    /// Decides which rows are asked for.
    pub(super) seed: u64,
}

/// Loads a server. Fails with the first wrong answer.
pub(super) fn run(options: &LoadOptions, requests: &Rc<Requests<'static>>) -> anyhow::Result<Load> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async {
        let latency = Rc::new(RefCell::new(Histogram::new_with_max(LATENCY_MAX_US, 3)?));
        let judge = Rc::new(Judge::default());
        let mut tasks = JoinSet::new();
        let mut open = Vec::new();
        for _ in 0..options.connections {
            open.push(Connection::open(options.address).await?);
        }
        let started = Instant::now();
        for (number, connection) in open.into_iter().enumerate() {
            let client = Client {
                connection,
                requests: Rc::clone(requests),
                operation: options.operation,
                random: Random::new(options.seed ^ ((number as u64 + 1) << 32)),
                latency: Rc::clone(&latency),
                judge: Rc::clone(&judge),
                deadline: started + options.duration,
            };
            tasks.spawn_local(client.run());
        }
        while let Some(ended) = tasks.join_next().await {
            ended.context("a connection's task broke")??;
        }
        let elapsed = started.elapsed();
        let latency_us = latency.borrow().clone();
        Ok(Load { elapsed, latency_us })
    })
}

struct Client {
    connection: Connection,
    requests: Rc<Requests<'static>>,
    operation: Operation,
    random: Random,
    latency: Rc<RefCell<Histogram<u64>>>,
    judge: Rc<Judge>,
    deadline: Instant,
}

impl Client {
    async fn run(mut self) -> anyhow::Result<()> {
        let mut request = Vec::with_capacity(4096);
        let mut now = Instant::now();
        while now < self.deadline {
            let expected = self.requests.write(self.operation, &mut self.random, &mut request);
            let sent = Instant::now();
            let answer = self.connection.send(&request).await?;
            now = Instant::now();
            let micros = u64::try_from((now - sent).as_micros()).unwrap_or(LATENCY_MAX_US);
            self.latency.borrow_mut().record(micros.min(LATENCY_MAX_US))?;
            self.judge.check(expected, answer, &request)?;
        }
        Ok(())
    }
}

/// Decides whether answers are right.
#[derive(Default)]
pub(super) struct Judge {
    /// What is around the rows of a page, learned from the first one.
    envelope_bytes: Cell<Option<usize>>,
}

impl Judge {
    /// Fails on a wrong answer.
    pub(super) fn check(
        &self,
        expected: Expected,
        answer: Answer<'_>,
        request: &[u8],
    ) -> anyhow::Result<()> {
        let length = answer.body.len();
        let right = answer.status == expected.status
            && match expected.body {
                Body::Row(bytes) => length == bytes,
                Body::Page(bytes) => self.is_page(length, bytes),
            };
        if !right {
            let line = String::from_utf8_lossy(request);
            let line = line.lines().next().unwrap_or_default().to_owned();
            let body = String::from_utf8_lossy(&answer.body[..length.min(400)]).into_owned();
            bail!(
                "`{line}` was answered with {} and {length} bytes instead of {expected:?}: {body}",
                answer.status
            );
        }
        Ok(())
    }

    fn is_page(&self, length: usize, rows: usize) -> bool {
        let Some(around) = length.checked_sub(rows) else { return false };
        match self.envelope_bytes.get() {
            Some(known) => around == known,
            None => {
                self.envelope_bytes.set(Some(around));
                around <= ENVELOPE_BYTES_MAX
            }
        }
    }
}
