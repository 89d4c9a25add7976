//! The requests in the documents are sent, and answer with the status that is written behind them.

use std::process::Command;

use testkit::{Folder, Server};

use super::blocks::blocks;
use super::{read, root};
use crate::fixtures::BINARY;

/// Documents whose shell blocks run against the shop, each as one session.
const WALKS: [&str; 2] = ["examples/shop/README.md", "docs/requests.md"];

/// A command with its continuation lines.
struct Step {
    line: usize,
    text: String,
    /// The status written in its comment: `# 404`, or any that says success.
    status: Option<u16>,
}

fn steps(document: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for block in blocks(document).into_iter().filter(|block| block.language == "sh") {
        let mut text = String::new();
        for (index, line) in block.text.lines().enumerate() {
            text.push_str(line);
            text.push('\n');
            if line.ends_with('\\') || text.trim().is_empty() {
                continue;
            }
            let comment = line.rsplit_once(" # ").map(|(_, comment)| comment.trim());
            let status = comment.and_then(|comment| comment.get(..3)?.parse().ok());
            let text = std::mem::take(&mut text);
            steps.push(Step { line: block.line + 1 + index, text, status });
        }
    }
    // Starting the server is the harness's part.
    steps.retain(|step| !step.text.contains(" -- dev "));
    steps
}

/// Runs the steps in one shell, and returns what each wrote to its standard error.
fn run(steps: &[Step], server: &Server) -> Vec<String> {
    let dir = server.folder().path().display().to_string();
    let mut script = String::from(
        "curl() { command curl --silent --show-error --max-time 20 \
         --write-out '%{stderr}@status %{http_code}\\n' \"$@\"; }\n",
    );
    for (index, step) in steps.iter().enumerate() {
        let text = step
            .text
            .replace("cargo run --release --", BINARY)
            .replace("127.0.0.1:8090", server.address())
            .replace("examples/shop", &dir);
        script.push_str(&format!("echo '@step {index}' >&2\n{text}"));
    }
    let output = Command::new("bash")
        .arg("-c")
        .arg(&script)
        .current_dir(root())
        .output()
        .expect("bash and curl are installed");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let answers = String::from_utf8_lossy(&output.stdout);
    let parts: Vec<String> = said.split("@step ").skip(1).map(str::to_owned).collect();
    assert_eq!(parts.len(), steps.len(), "the shell stopped:\n{said}\n{answers}");
    parts
}

fn check(document: &str) {
    let server = Server::dev(BINARY, Folder::copy_of(&root().join("examples/shop")));
    let steps = steps(&read(document));
    assert!(steps.len() > 10, "{document} walks through the shop");
    let mut wrong = Vec::new();
    for (step, said) in steps.iter().zip(run(&steps, &server)) {
        let statuses: Vec<u16> = said
            .lines()
            .filter_map(|line| line.strip_prefix("@status "))
            .filter_map(|status| status.parse().ok())
            .collect();
        let complaints: Vec<&str> = said
            .lines()
            .skip(1)
            .filter(|line| !line.starts_with("@status ") && !line.trim().is_empty())
            .collect();
        let last = statuses.last();
        let fits = match step.status {
            Some(wanted) => last == Some(&wanted),
            None => last.is_none_or(|status| (200..300).contains(status)),
        };
        let asks = step.text.contains("curl ");
        if !fits || asks && statuses.is_empty() || !complaints.is_empty() {
            let wanted = step.status.map_or("2xx".to_owned(), |status| status.to_string());
            wrong.push(format!(
                "{document}:{}: wanted {wanted}, got {statuses:?} {complaints:?}\n{}",
                step.line, step.text
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn the_walk_through_the_shop_answers_as_written() {
    check(WALKS[0]);
}

#[tokio::test]
async fn the_requests_by_example_answer_as_written() {
    check(WALKS[1]);
}

#[test]
fn every_parameter_is_used_in_a_request() {
    let http = read("docs/http.md");
    let sent: String = WALKS.iter().flat_map(|path| steps(&read(path))).map(|s| s.text).collect();
    let mut missing = Vec::new();
    let mut in_table = false;
    let mut count = 0;
    for line in http.lines() {
        in_table = match line.starts_with('|') {
            true => in_table || line.starts_with("| parameter |"),
            false => false,
        };
        if !in_table || line.starts_with("| parameter |") || line.starts_with("| ---") {
            continue;
        }
        let first = line.trim_start_matches('|').split(" | ").next().unwrap_or_default();
        for name in first.split('`').skip(1).step_by(2) {
            let name: String = name.chars().take_while(|c| c.is_ascii_alphanumeric()).collect();
            count += 1;
            // Behind a `?` or `&`, or as curl's own `-d`.
            let uses = ["?", "&", "-d ", "-d \"", "-urlencode \"", "-urlencode '"];
            if !uses.iter().any(|before| {
                sent.contains(&format!("{before}{name}="))
                    || sent.contains(&format!("{before}{name}["))
            }) {
                missing.push(name);
            }
        }
    }
    assert!(count > 8, "the tables of parameters are found");
    assert_eq!(missing, [""; 0], "use each in a request of docs/requests.md");
}
