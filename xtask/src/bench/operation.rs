//! The operations of the workload: their requests, and what a right answer to each is.

use std::io::Write;

use clap::ValueEnum;

use super::dataset::{Dataset, PAGE, Post};
use super::prose::Prose;
use super::random::Random;
use super::token::Signer;

/// How many different posts are created.
const TEMPLATES: usize = 16;

/// What is measured.
#[derive(Copy, Clone, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Operation {
    /// One post by its id.
    Get,
    /// The newest posts of an author.
    List,
    /// The newest posts of an author, with the author.
    Expand,
    /// A new post.
    Create,
    /// Another title for an own post.
    Update,
    /// 90 % get and list, 10 % create and update.
    Mixed,
}

impl Operation {
    /// Returns the name in the table.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::List => "list",
            Self::Expand => "expand",
            Self::Create => "create",
            Self::Update => "update",
            Self::Mixed => "mixed",
        }
    }
}

/// The body of a right answer.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// A row of so many bytes.
    Row(usize),
    /// A page whose rows take so many bytes; what is around them is always the same.
    Page(usize),
}

/// A right answer.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Expected {
    /// Its status.
    pub(super) status: u16,
    /// Its body.
    pub(super) body: Body,
}

/// Writes requests.
pub(super) struct Requests<'d> {
    dataset: &'d Dataset,
    /// The end of the head for each writer, who is then the caller.
    heads: Vec<String>,
    templates: Vec<Template>,
}

struct Template {
    json: String,
    answer_bytes: usize,
}

impl<'d> Requests<'d> {
    /// Prepares the requests of all callers.
    pub(super) fn new(dataset: &'d Dataset) -> anyhow::Result<Self> {
        let signer = Signer::read()?;
        let head = |token: String| format!("host: 127.0.0.1\r\nauthorization: Bearer {token}\r\n");
        let heads = dataset.writers.iter().map(|writer| head(signer.token(writer.id))).collect();
        let (prose, mut random) = (Prose::new(), Random::new(7));
        let templates = (0..TEMPLATES).map(|_| Template::new(&prose, &mut random)).collect();
        Ok(Self { dataset, heads, templates })
    }

    /// Writes a random request and says what its answer is.
    pub(super) fn write(
        &self,
        operation: Operation,
        random: &mut Random,
        out: &mut Vec<u8>,
    ) -> Expected {
        out.clear();
        let caller = random.below(self.heads.len());
        match operation {
            Operation::Get => self.get(caller, random, out),
            Operation::List => self.list(caller, false, random, out),
            Operation::Expand => self.list(caller, true, random, out),
            Operation::Create => self.create(caller, random, out),
            Operation::Update => self.update(caller, random, out),
            Operation::Mixed => match random.below(20) {
                0 => self.create(caller, random, out),
                1 => self.update(caller, random, out),
                number if number % 2 == 0 => self.get(caller, random, out),
                _ => self.list(caller, false, random, out),
            },
        }
    }

    fn get(&self, caller: usize, random: &mut Random, out: &mut Vec<u8>) -> Expected {
        let post = random.pick(&self.dataset.posts);
        put(
            out,
            format_args!("GET /api/v1/posts/{} HTTP/1.1\r\n{}\r\n", post.id, self.heads[caller]),
        );
        Expected { status: 200, body: Body::Row(post.json_bytes) }
    }

    fn list(
        &self,
        caller: usize,
        expand: bool,
        random: &mut Random,
        out: &mut Vec<u8>,
    ) -> Expected {
        let author = random.pick(&self.dataset.authors);
        let suffix = if expand { "&expand=author" } else { "" };
        put(
            out,
            format_args!(
                "GET /api/v1/posts?author={}&sort=-createdAt&limit={PAGE}{suffix} HTTP/1.1\r\n{}\r\n",
                author.id, self.heads[caller]
            ),
        );
        let grown = if expand { PAGE * author.embedded_bytes } else { 0 };
        Expected { status: 200, body: Body::Page(author.page_bytes + grown) }
    }

    fn create(&self, caller: usize, random: &mut Random, out: &mut Vec<u8>) -> Expected {
        let template = random.pick(&self.templates);
        let line = "POST /api/v1/posts HTTP/1.1";
        self.with_body(caller, line, &template.json, out);
        Expected { status: 201, body: Body::Row(template.answer_bytes) }
    }

    fn update(&self, caller: usize, random: &mut Random, out: &mut Vec<u8>) -> Expected {
        let post = random.pick(&self.dataset.writers[caller].posts);
        let title = format!("A title that somebody has thought about {:020}", random.next());
        let line = format!("PATCH /api/v1/posts/{} HTTP/1.1", post.id);
        self.with_body(caller, &line, &format!(r#"{{"title":"{title}"}}"#), out);
        let body_bytes = post.json_bytes - post.title_bytes + title.len();
        Expected { status: 200, body: Body::Row(body_bytes) }
    }

    fn with_body(&self, caller: usize, line: &str, json: &str, out: &mut Vec<u8>) {
        let head = &self.heads[caller];
        let length = json.len();
        put(
            out,
            format_args!(
                "{line}\r\n{head}content-type: application/json\r\ncontent-length: {length}\r\n\r\n{json}"
            ),
        );
    }
}

impl Template {
    fn new(prose: &Prose, random: &mut Random) -> Self {
        let title = serde_json::Value::from(prose.sentence(random, 60)).to_string();
        let body = serde_json::Value::from(prose.text(random, 1_000)).to_string();
        let json = format!(r#"{{"title":{title},"body":{body},"status":"PUBLISHED"}}"#);
        let quotes = 4;
        let text_bytes = title.len() + body.len() - quotes;
        let answer_bytes = Post::FRAME.len() + text_bytes + "PUBLISHED".len() + "0".len();
        Self { json, answer_bytes }
    }
}

fn put(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a Vec takes everything");
}
