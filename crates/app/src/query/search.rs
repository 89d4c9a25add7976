//! `q=café "good value" -plastic gif`: what people type into a search box.
//!
//! Nothing that is typed is a mistake of syntax. Words and quoted phrases must all be there, those
//! behind a minus must not; a star, or being typed last, lets a word go on.

use plan::SearchTerm;
use plan::read::{Cursor, SearchShape};

use super::{OFFSET_MAX, Query, Start};

/// Longer than anything a person types.
const TEXT_BYTES_MAX: usize = 1000;

/// Words and phrases at most; each is a walk through the index.
const TERMS_MAX: usize = 20;

/// A single Latin letter begins too many words to be completed unasked; one of another script may be
/// a word.
const COMPLETED_BYTES_MIN: usize = 2;

/// A search being put together.
#[derive(Debug)]
pub(super) struct Search {
    pub(super) terms: Vec<SearchTerm>,
}

impl Query<'_> {
    /// Says whether the entity can be searched, so that `q` and `highlight` are parameters.
    pub fn is_searched(&self) -> bool {
        self.model.entity(self.entity).search.is_some()
    }

    /// Leaves a list without a sort in the order of the key, which a search would otherwise change.
    pub fn unranked(&mut self) {
        self.ranked = false;
    }

    /// Lists only what a search finds. A blank one finds everything.
    pub fn search(&mut self, text: &str) {
        if self.search.is_some() {
            self.mistake("q", "repeated", "give it only once");
            return;
        }
        if text.trim().is_empty() {
            return;
        }
        if text.len() > TEXT_BYTES_MAX {
            let detail = format!("a search has at most {TEXT_BYTES_MAX} bytes");
            self.mistake("q", "too_long", detail);
            return;
        }
        let terms = terms(text);
        if terms.len() > TERMS_MAX {
            let detail = format!("search for at most {TERMS_MAX} words and phrases");
            self.mistake("q", "too_many", detail);
        } else if terms.iter().all(|term| term.excluded) {
            let detail = "a search needs a word or a number to look for";
            self.mistake("q", "invalid", detail);
        } else {
            self.search = Some(Search { terms });
        }
    }

    /// Shows what was found in these fields.
    pub fn highlight(&mut self, text: &str) {
        let entity = self.model.entity(self.entity);
        let Some(search) = &entity.search else { return };
        for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let id = entity.field_named(name).map(|(id, _)| id);
            let searched = search.fields.iter().map(|field| field.field);
            match searched.clone().find(|field| Some(*field) == id) {
                Some(field) => self.highlight.push(field),
                None => {
                    let names: Vec<&str> =
                        searched.map(|field| entity.field(field).name.as_str()).collect();
                    let detail =
                        format!("`{name}` is not searched; those are: {}", names.join(", "));
                    self.mistake("highlight", "unknown_field", detail);
                }
            }
        }
        self.highlight.sort_unstable();
        self.highlight.dedup();
    }

    /// Returns the search's part of the shape. Without a sort, the best fit comes first.
    pub(super) fn search_shape(&mut self) -> Option<SearchShape> {
        // A blank search finds everything and highlights nothing.
        self.search.as_ref()?;
        let highlight = std::mem::take(&mut self.highlight);
        Some(SearchShape { ranked: self.ranked && self.order.is_empty(), highlight })
    }

    /// Turns the cursor of a list by rank into the offset that it is.
    pub(super) fn start_at_place(&mut self) {
        let place = |cursor: &Cursor| cursor.offset().filter(|at| *at <= OFFSET_MAX);
        let (name, found) = match &self.start {
            Start::First | Start::Offset(_) => return,
            Start::After(cursor) => ("after", place(cursor)),
            Start::Before(cursor) => ("before", place(cursor).filter(|at| *at > 0)),
        };
        let Some(at) = found else {
            let detail = format!(
                "the cursor belongs to another list, or lies beyond {OFFSET_MAX} rows; search for \
                 more words, or give a `sort`"
            );
            self.mistake(name, "invalid_cursor", detail);
            return;
        };
        if name == "after" {
            self.start = Start::Offset(at);
            return;
        }
        let rows = at.min(u64::from(self.limit));
        self.limit = u32::try_from(rows).unwrap_or(self.limit);
        self.start = Start::Offset(at - rows);
    }
}

/// Reads what was typed. Words without a letter or digit are passed over.
fn terms(text: &str) -> Vec<SearchTerm> {
    let text: String = text.chars().map(plain).collect();
    let mut terms = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let excluded = rest.starts_with('-');
        rest = rest.trim_start_matches('-');
        let (term, after) = match rest.strip_prefix('"') {
            Some(open) => phrase(open),
            None => word(rest),
        };
        if term.text.contains(char::is_alphanumeric) {
            // What is left out is left out as it stands.
            let starred = rest.strip_suffix(after).is_some_and(|read| read.ends_with('*'));
            let prefix = if excluded { starred } else { term.prefix };
            terms.push(SearchTerm { excluded, prefix, ..term });
        }
        rest = after.trim_start();
    }
    terms
}

/// Typographic quotes are quotes, and what has no shape is a space.
fn plain(c: char) -> char {
    match c {
        '“' | '”' | '„' | '«' | '»' => '"',
        c if c.is_control() => ' ',
        c => c,
    }
}

/// Reads a phrase behind its opening quote. One that is still open goes on.
fn phrase(text: &str) -> (SearchTerm, &str) {
    let (inside, rest) = match text.split_once('"') {
        Some((inside, rest)) => (inside, Some(rest)),
        None => (text, None),
    };
    let starred = rest.and_then(|rest| rest.strip_prefix('*'));
    let prefix = rest.is_none_or(|_| starred.is_some());
    let term = SearchTerm { text: inside.to_owned(), prefix, excluded: false };
    (term, starred.or(rest).unwrap_or_default())
}

/// Reads a word up to a space or a quote. The one that is being typed goes on.
fn word(text: &str) -> (SearchTerm, &str) {
    let end = text.find(|c: char| c.is_whitespace() || c == '"').unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let bare = word.trim_end_matches('*');
    let typing = rest.is_empty() && bare.len() >= COMPLETED_BYTES_MIN;
    let prefix = bare.len() < word.len() || typing;
    (SearchTerm { text: bare.to_owned(), prefix, excluded: false }, rest)
}

#[cfg(test)]
mod tests {
    use plan::Dialect;

    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(Dialect::Sqlite.search_query(&terms(text)).all, expected, "{text}");
    }

    #[test]
    fn words_must_all_be_there() {
        check("red mug ", "\"red\" AND \"mug\"");
        check("  red\tmug\u{0}x ", "\"red\" AND \"mug\" AND \"x\"");
    }

    #[test]
    fn the_word_being_typed_goes_on() {
        check("red mu", "\"red\" AND \"mu\" *");
        check("red m", "\"red\" AND \"m\"");
        check("m*", "\"m\" *");
        check("東", "\"東\" *");
        check("re* mug ", "\"re\" * AND \"mug\"");
    }

    #[test]
    fn quotes_make_phrases() {
        check("\"red mug\"", "\"red mug\"");
        check("\"red mu\"*", "\"red mu\" *");
        check("“red mug” x ", "\"red mug\" AND \"x\"");
        check("\"red mu", "\"red mu\" *");
        check("a\"b c\"d ", "\"a\" AND \"b c\" AND \"d\"");
    }

    #[test]
    fn a_minus_leaves_out() {
        check("mug -red", "(\"mug\") NOT (\"red\")");
        check("mug -red -\"dark blue\" ", "(\"mug\") NOT (\"red\" OR \"dark blue\")");
        check("mug -re*", "(\"mug\") NOT (\"re\" *)");
        check("wi-fi ", "\"wi-fi\"");
        check("a --b ", "(\"a\") NOT (\"b\")");
    }

    #[test]
    fn nothing_typed_is_an_operator() {
        check("a OR b NOT c ", "\"a\" AND \"OR\" AND \"b\" AND \"NOT\" AND \"c\"");
        check("name:x (y) ^z +w {v} ", "\"name:x\" AND \"(y)\" AND \"^z\" AND \"+w\" AND \"{v}\"");
        check("!!! - * \"\" \"?\" ", "");
        check("'; DROP ", "\"DROP\"");
    }
}
