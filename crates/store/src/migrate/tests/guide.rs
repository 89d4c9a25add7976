//! The examples of the guide (`docs/migrations.md`) do what it says.
//!
//! A comment `<!-- rows` holds the rows of an example. The first model of it makes the tables, each
//! further one migrates; a block `text` is what the plan says, or what stops it; a comment
//! `<!-- leaves` holds a query and its rows.

use super::*;

const GUIDE: &str = include_str!("../../../../../docs/migrations.md");

/// A part of the guide that means something here: its kind, its text, and its line.
struct Part<'g> {
    kind: &'g str,
    text: String,
    line: usize,
}

fn parts(guide: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut lines = guide.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let (kind, end) = match (line.strip_prefix("```"), line.strip_prefix("<!-- ")) {
            (Some(kind), _) => (kind, "```"),
            (_, Some(kind)) => (kind, "-->"),
            _ => continue,
        };
        let text: Vec<&str> =
            lines.by_ref().map(|(_, line)| line).take_while(|line| *line != end).collect();
        parts.push(Part { kind, text: text.join("\n"), line: number + 1 });
    }
    parts
}

fn shop(sdl: &str) -> Schema {
    let sdl = sdl.replace("@entity", "@entity @allow(read: \"true\")");
    let sources = model::Sources::new([("modules/shop/schema.graphql", sdl)]);
    let loaded = model::load(&sources).unwrap_or_else(|report| panic!("{report}"));
    plan::ddl::schema(&loaded.model, Dialect::Sqlite)
}

/// Migrates, and returns the steps or what stops them.
fn said(connection: &mut Connection, sdl: &str) -> String {
    match migrate(connection, &shop(sdl), &Mode::Dev, NOW) {
        Ok(outcome) => {
            outcome.steps.iter().map(|step| step.text.as_str()).collect::<Vec<_>>().join("\n")
        }
        Err(MigrationError::Stopped { outcome }) => {
            outcome.problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n")
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn the_examples_of_the_guide_do_what_it_says() {
    let (mut connection, mut to_insert, mut last) = (database(), None, String::new());
    let mut examples = 0;
    for Part { kind, text, line } in parts(GUIDE) {
        match kind {
            "rows" => {
                (connection, to_insert) = (database(), Some(text));
                examples += 1;
            }
            "graphql" => {
                last = said(&mut connection, &text);
                if let Some(rows) = to_insert.take() {
                    connection.execute_batch(&rows).unwrap();
                }
            }
            "text" => assert_eq!(last, text, "line {line}"),
            "leaves" => {
                let (sql, expected) = text.split_once('\n').unwrap();
                assert_eq!(rows(&connection, sql), expected, "line {line}");
            }
            _ => {}
        }
    }
    assert!(examples >= 10, "the examples are found");
}
