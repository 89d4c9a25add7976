//! Syntax errors: the first of each definition, since the others mostly follow from it.

use std::collections::HashMap;
use std::ops::Range;

use crate::report::{Place, Problems};
use crate::sources::{Source, Sources};

/// Words that begin a definition at the beginning of a line.
const KEYWORDS: [&str; 12] = [
    "type",
    "enum",
    "input",
    "extend",
    "interface",
    "union",
    "scalar",
    "directive",
    "schema",
    "query",
    "mutation",
    "subscription",
];

/// The definitions that could not be parsed.
#[derive(Default)]
pub(crate) struct SyntaxErrors {
    /// From each syntax error to the end of its definition.
    lost: Vec<Place>,
    /// The names of types whose definitions are damaged.
    types: Vec<String>,
}

impl SyntaxErrors {
    /// Says whether a place comes after a syntax error in the same definition.
    pub(crate) fn covers(&self, place: Place) -> bool {
        self.lost.iter().any(|lost| {
            lost.source == place.source && lost.start <= place.start && place.start < lost.end
        })
    }

    /// Says whether the definition of a type is damaged, so that it or its fields may be missing.
    pub(crate) fn damaged(&self, type_name: &str) -> bool {
        self.types.iter().any(|name| name == type_name)
    }
}

/// Reports the first syntax error of each definition.
pub(crate) fn report(
    sources: &Sources,
    mut errors: Vec<(Place, String)>,
    problems: &mut Problems<'_>,
) -> SyntaxErrors {
    errors.sort_by_key(|(place, _)| (place.source, place.start));
    let mut found = SyntaxErrors::default();
    let mut definitions: HashMap<usize, Vec<Range<usize>>> = HashMap::new();
    for (place, text) in errors {
        let source = &sources.files()[place.source];
        let definitions =
            definitions.entry(place.source).or_insert_with(|| definitions_of(source.text()));
        let index = definitions.partition_point(|d| d.start <= place.start).saturating_sub(1);
        let mut extent = definitions.get(index).cloned().unwrap_or(0..source.text().len());
        if found.covers(place) {
            continue;
        }
        // A brace that is never closed is noticed only in the definition that follows.
        if let Some(before) = index.checked_sub(1).and_then(|before| definitions.get(before))
            && braces(&source.text()[before.clone()]) > 0
        {
            let name = type_name(&source.text()[before.clone()]);
            let line_end =
                source.text()[before.clone()].find('\n').map_or(before.end, |at| before.start + at);
            problems
                .error(
                    "syntax",
                    Place::new(place.source, before.start..line_end),
                    "the `{` of this definition is never closed",
                )
                .help("add a `}` at its end");
            found.types.extend(name.map(str::to_owned));
            extent.start = before.start;
            found.lost.push(Place::new(place.source, extent.clone()));
        } else {
            problems.error("syntax", widened(source, place), message(&text));
            found.lost.push(Place { end: extent.end.max(place.start + 1), ..place });
        }
        let definition = definitions.get(index).cloned().unwrap_or(extent);
        found.types.extend(type_name(&source.text()[definition]).map(str::to_owned));
    }
    found
}

fn message(text: &str) -> String {
    let text = text.strip_prefix("syntax error: ").unwrap_or(text);
    format!("this is not GraphQL: {text}")
}

/// An error at the end of the file, or without an extent, still needs something to point at.
fn widened(source: &Source, place: Place) -> Place {
    if place.end > place.start && place.end <= source.text().len() {
        return place;
    }
    let start = place.start.min(source.text().trim_end().len().saturating_sub(1));
    let start = source.boundary(start);
    let end = source.text()[start..].chars().next().map_or(start, |c| start + c.len_utf8());
    Place { start, end, ..place }
}

/// Returns the extents of the definitions, as far as lines that begin with a keyword tell.
fn definitions_of(text: &str) -> Vec<Range<usize>> {
    let mut starts = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let word = line.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
        if KEYWORDS.contains(&word) {
            starts.push(at);
        }
        at += line.len();
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts.iter().copied().zip(ends).map(|(start, end)| start..end).collect()
}

fn type_name(definition: &str) -> Option<&str> {
    let mut words = definition
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .skip_while(|word| *word == "extend");
    words.next().filter(|word| KEYWORDS.contains(word))?;
    words.next()
}

/// Returns how many braces more are opened than closed, outside strings and comments.
fn braces(text: &str) -> i32 {
    let mut open = 0;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let skipped = if let Some(block) = rest.strip_prefix("\"\"\"") {
            block.find("\"\"\"").map_or(rest.len(), |end| end + 6)
        } else if c == '"' {
            string_length(rest)
        } else if c == '#' {
            rest.find('\n').unwrap_or(rest.len())
        } else {
            open += i32::from(c == '{') - i32::from(c == '}');
            c.len_utf8()
        };
        rest = &rest[skipped..];
    }
    open
}

fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '\n' => return at,
            '"' if !escaped => return at + 1,
            _ => escaped = c == '\\' && !escaped,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::{braces, definitions_of, type_name};

    #[test]
    fn definitions_begin_at_keywords() {
        let text = "\"A post\"\ntype Post {\n  type: Int\n}\nextend type Query {}\n";
        let found: Vec<_> = definitions_of(text).into_iter().map(|range| &text[range]).collect();
        assert_eq!(found, ["type Post {\n  type: Int\n}\n", "extend type Query {}\n"]);
        assert_eq!(type_name("extend type Query {"), Some("Query"));
        assert_eq!(type_name("type Post @entity {"), Some("Post"));
    }

    #[test]
    fn braces_in_strings_and_comments_do_not_count() {
        assert_eq!(braces("type A { a: Int }"), 0);
        assert_eq!(braces("type A { # }\n \"}\" \"\"\" } \"\"\" "), 1);
        assert_eq!(braces("type A { \"\\\"}\" }"), 0);
    }
}
