//! Cold start to the first answer, and idle memory.

use std::path::Path;
use std::time::Instant;

use super::dataset::Dataset;
use super::http::Connection;
use super::load::Judge;
use super::operation::{Operation, Requests};
use super::random::Random;
use super::server::{Contestant, Server, copy_database};

/// How often each contestant is started.
const STARTS: usize = 5;

/// What starting a contestant takes.
pub(super) struct Start {
    /// From the start of the process to the end of the first answer, in milliseconds.
    pub(super) first_answer_ms: Vec<f64>,
    /// Resident memory after the first answer, in megabytes.
    pub(super) idle_mb: Vec<f64>,
}

/// Starts each contestant a few times, in the order of the contestants.
pub(super) fn measure(
    contestants: &[Contestant],
    database: &Path,
    dataset: &Dataset,
) -> anyhow::Result<Vec<Start>> {
    let requests = Requests::new(dataset)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut starts = Vec::new();
    for contestant in contestants {
        let copy = copy_database(*contestant, database)?;
        let mut start = Start { first_answer_ms: Vec::new(), idle_mb: Vec::new() };
        // The first start finds a copy that no server has opened yet, and does not count.
        for number in 0..=STARTS {
            let started = Instant::now();
            let server = Server::start(*contestant, &copy)?;
            runtime.block_on(first_answer(&server, &requests))?;
            if number > 0 {
                start.first_answer_ms.push(started.elapsed().as_secs_f64() * 1000.0);
                start.idle_mb.push(server.usage()?.memory_mb);
            }
        }
        starts.push(start);
    }
    Ok(starts)
}

async fn first_answer(server: &Server, requests: &Requests<'_>) -> anyhow::Result<()> {
    let mut request = Vec::new();
    let expected = requests.write(Operation::Get, &mut Random::new(1), &mut request);
    let mut connection = Connection::open(server.address).await?;
    let answer = connection.send(&request).await?;
    Judge::default().check(expected, answer, &request)
}
