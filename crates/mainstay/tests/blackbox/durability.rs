//! Kill tests: an acknowledged write survives, nothing is torn, and the server is soon back.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use testkit::{Client, Folder, Server};
use tokio::task::JoinSet;

use crate::fixtures::BINARY;

/// A row whose two halves are written together, so that a torn write would show.
const PAIR: &str =
    r#"type Pair @entity @allow(read: "true", write: "true") { left: String! right: String! }"#;

const ROUNDS: usize = 100;
const WRITERS: usize = 8;
/// The ready server's promise after a crash.
const BACK_WITHIN: Duration = Duration::from_secs(2);

/// Writes until the server dies. Returns the acknowledged rows.
async fn write(
    client: Client,
    round: usize,
    writer: usize,
    done: Arc<AtomicUsize>,
) -> Vec<(String, String)> {
    let mut acknowledged = Vec::new();
    for number in 0.. {
        let text = format!("{round}-{writer}-{number}");
        let body = json!({ "left": text, "right": text }).to_string();
        match client.try_send(http::Method::POST, "/api/v1/pairs", Some(body.into())).await {
            Ok(answer) if answer.status == 201 => {
                acknowledged.push((answer.id(), text));
                done.fetch_add(1, Ordering::Relaxed);
            }
            Ok(answer) => panic!("{answer}"),
            Err(_) => break,
        }
    }
    acknowledged
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_write_is_lost_over_a_hundred_kills() {
    let mut server = Server::start(BINARY, Folder::new(PAIR));
    let mut expected: HashMap<String, String> = HashMap::new();
    for round in 0..ROUNDS {
        let done = Arc::new(AtomicUsize::new(0));
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            writers.spawn(write(server.client(), round, writer, Arc::clone(&done)));
        }
        // Another moment each round: after so many acknowledged writes.
        while done.load(Ordering::Relaxed) < 5 + round % 60 {
            tokio::task::yield_now().await;
        }
        let folder = server.kill();
        while let Some(acknowledged) = writers.join_next().await {
            expected.extend(acknowledged.expect("writers do not panic"));
        }
        let restarted = Instant::now();
        server = Server::run(BINARY, "serve", folder);
        server.client().get("/readyz").await.expect(200);
        assert!(restarted.elapsed() < BACK_WITHIN, "ready after {:?}", restarted.elapsed());
    }
    let mut path = "/api/v1/pairs?limit=200".to_owned();
    loop {
        let page = server.client().get(&path).await.expect(200);
        for row in page.items() {
            assert_eq!(row["left"], row["right"], "torn");
            if let Some(text) = expected.remove(row["id"].as_str().expect("an id")) {
                assert_eq!(row["left"], json!(text));
            }
        }
        match page.json()["next"].as_str() {
            Some(next) => path = format!("/api/v1/pairs?limit=200&after={next}"),
            None => break,
        }
    }
    assert!(expected.is_empty(), "{} acknowledged writes are lost", expected.len());
}

/// Sends keyed writes one after another until the server dies. Returns the last key, and the rows
/// that were acknowledged under each.
async fn write_once(
    client: Client,
    round: usize,
    writer: usize,
    done: Arc<AtomicUsize>,
) -> (String, Vec<(String, String)>) {
    let mut acknowledged = Vec::new();
    for number in 0.. {
        let text = format!("{round}-{writer}-{number}");
        match once(&client, &text).await {
            Some(id) => acknowledged.push((text, id)),
            None => return (text, acknowledged),
        }
        done.fetch_add(1, Ordering::Relaxed);
    }
    unreachable!("the server dies before the numbers end")
}

/// Creates a pair under the key of its own text; `None` where the server is gone.
async fn once(client: &Client, text: &str) -> Option<String> {
    let body = json!({ "left": text, "right": text }).to_string();
    let client = client.with("idempotency-key", text);
    let answer =
        client.try_send(http::Method::POST, "/api/v1/pairs", Some(body.into())).await.ok()?;
    Some(answer.expect(201).id())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_sent_again_after_a_kill_is_there_once() {
    let mut server = Server::start(BINARY, Folder::new(PAIR));
    let mut rows = 0;
    for round in 0..20 {
        let done = Arc::new(AtomicUsize::new(0));
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            writers.spawn(write_once(server.client(), round, writer, Arc::clone(&done)));
        }
        while done.load(Ordering::Relaxed) < 5 + round * 3 {
            tokio::task::yield_now().await;
        }
        let folder = server.kill();
        let written = writers.join_all().await;
        server = Server::run(BINARY, "serve", folder);
        let client = server.client();
        for (unanswered, acknowledged) in written {
            for (text, id) in &acknowledged {
                assert_eq!(once(&client, text).await.as_ref(), Some(id), "another answer");
            }
            // Whether it was written before the kill or not, it is there after this, once.
            let id = once(&client, &unanswered).await;
            assert!(id.is_some() && once(&client, &unanswered).await == id);
            rows += acknowledged.len() + 1;
        }
        let list = client.get("/api/v1/pairs?limit=1&count=exact").await.expect(200).json();
        assert_eq!(list["total"], json!(rows), "round {round}");
    }
}
