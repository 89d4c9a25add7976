//! Before anything is measured: the contestants give the same answers.

use anyhow::{Context, ensure};
use serde_json::Value;

use super::http::Connection;
use super::load::Judge;
use super::operation::{Body, Operation, Requests};
use super::random::Random;
use super::server::Server;

/// How many requests of each operation are compared.
const SAMPLES: usize = 20;

/// Fails where an answer is wrong or the contestants differ in more than ids, times and cursors.
pub(super) fn check(
    servers: &[Server],
    operations: &[Operation],
    requests: &Requests<'_>,
) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        for operation in operations {
            let mut answers: Vec<Vec<Value>> = Vec::new();
            for server in servers {
                let asked = ask(server, *operation, requests).await;
                let name = server.contestant.package();
                answers.push(asked.with_context(|| format!("{name}: {}", operation.name()))?);
            }
            for pair in answers.windows(2) {
                for (left, right) in pair[0].iter().zip(&pair[1]) {
                    let (left, right) = (left.to_string(), right.to_string());
                    ensure!(left == right, "answers to {operation:?} differ:\n{left}\n{right}");
                }
            }
        }
        Ok(())
    })
}

async fn ask(
    server: &Server,
    operation: Operation,
    requests: &Requests<'_>,
) -> anyhow::Result<Vec<Value>> {
    let mut connection = Connection::open(server.address).await?;
    let mut random = Random::new(99);
    let judge = Judge::default();
    let mut request = Vec::new();
    let mut answers = Vec::with_capacity(SAMPLES);
    for _ in 0..SAMPLES {
        let expected = requests.write(operation, &mut random, &mut request);
        let answer = connection.send(&request).await?;
        judge.check(expected, answer, &request)?;
        let mut json: Value = serde_json::from_slice(answer.body)?;
        if let Some(object) = json.as_object_mut() {
            if matches!(expected.body, Body::Page(_)) {
                object.retain(|name, _| name == "items");
            } else if expected.status == 201 {
                object.retain(|name, _| name != "id" && name != "createdAt");
            }
        }
        answers.push(json);
    }
    Ok(answers)
}
