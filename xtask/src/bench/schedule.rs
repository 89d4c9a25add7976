//! The order of the rounds: operation by operation, the contestants taking turns.

use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use anyhow::Context;

use super::Options;
use super::dataset::Dataset;
use super::load::{self, LoadOptions};
use super::operation::{Operation, Requests};
use super::same;
use super::server::{Server, copy_database, own_cpu_ms};

/// A warm-up is a quarter of a round, and at least this long.
const WARM_UP_MIN: Duration = Duration::from_secs(1);

/// What one round of one contestant came to.
#[derive(Clone, Debug)]
pub(super) struct Round {
    /// Requests per second.
    pub(super) rate: f64,
    /// The median latency in microseconds.
    pub(super) p50_us: u64,
    /// The latency that one request in a hundred exceeds.
    pub(super) p99_us: u64,
    /// The server's processor time for 1,000 requests, in milliseconds.
    pub(super) cpu_ms: f64,
    /// The most resident memory in megabytes.
    pub(super) peak_mb: f64,
    /// How busy the load generator was, from 0 to 1.
    pub(super) generator: f64,
}

/// All rounds of an operation, a list for each contestant.
pub(super) struct Measured {
    /// The operation.
    pub(super) operation: Operation,
    /// The rounds of each contestant.
    pub(super) rounds: Vec<Vec<Round>>,
}

/// Starts the contestants and measures the operations.
pub(super) fn run(
    options: &Options,
    operations: &[Operation],
    database: &Path,
    dataset: Dataset,
) -> anyhow::Result<Vec<Measured>> {
    // The requests outlive each task on the generator's runtime, and the process is short.
    let requests = Rc::new(Requests::new(Box::leak(Box::new(dataset)))?);
    let servers = options
        .contestants
        .iter()
        .map(|contestant| Server::start(*contestant, &copy_database(*contestant, database)?))
        .collect::<anyhow::Result<Vec<_>>>()?;
    same::check(&servers, operations, &requests)?;
    let mut measured = Vec::new();
    for operation in operations {
        let duration = Duration::from_secs(options.seconds);
        let round = |server: &Server, number: usize, duration: Duration| {
            println!("{:>8} {:>7}, round {number}", server.contestant.package(), operation.name());
            let load = LoadOptions {
                address: server.address,
                operation: *operation,
                connections: options.connections,
                duration,
                seed: number as u64,
            };
            measure(server, &load, &requests).with_context(|| {
                let name = server.contestant.package();
                format!("the run is void: {name} failed a request of {}", operation.name())
            })
        };
        for server in &servers {
            round(server, 0, WARM_UP_MIN.max(duration / 4))?;
        }
        let mut rounds = vec![Vec::new(); servers.len()];
        for number in 1..=options.rounds {
            for (server, rounds) in servers.iter().zip(&mut rounds) {
                rounds.push(round(server, number, duration)?);
            }
        }
        measured.push(Measured { operation: *operation, rounds });
    }
    Ok(measured)
}

fn measure(
    server: &Server,
    options: &LoadOptions,
    requests: &Rc<Requests<'static>>,
) -> anyhow::Result<Round> {
    server.forget_peak();
    let (before, own_before) = (server.usage()?, own_cpu_ms()?);
    let load = load::run(options, requests)?;
    let (after, own_after) = (server.usage()?, own_cpu_ms()?);
    let count = load.latency_us.len().max(1) as f64;
    let elapsed = load.elapsed.as_secs_f64();
    Ok(Round {
        rate: count / elapsed,
        p50_us: load.latency_us.value_at_quantile(0.5),
        p99_us: load.latency_us.value_at_quantile(0.99),
        cpu_ms: (after.cpu_ms - before.cpu_ms) / count * 1000.0,
        peak_mb: after.memory_peak_mb,
        generator: (own_after - own_before) / (elapsed * 1000.0),
    })
}
