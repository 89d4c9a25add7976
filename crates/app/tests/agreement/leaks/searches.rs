//! Full-text search: which rows it finds, in which order, and what it shows of them.

use app::query::Query;
use expr::{EntityId, FieldId, Value};
use model::{Entity, Model};
use serde_json::{Map, Value as Json};

use super::answers;
use super::sight::Sight;
use crate::entropy::Entropy;
use crate::world::At;

/// What is looked for: words, beginnings of words, and words that follow each other.
const WORDS: [&str; 16] = [
    "a*",
    "a",
    "a*",
    "e*",
    "example.c*",
    "b",
    "d",
    "5",
    "ad*",
    "PAID",
    "1.50",
    "2024*",
    "2024-01-02",
    "\"b c\"",
    "org",
    "c*",
];

/// What is typed into a search box.
#[derive(Clone, Debug)]
pub(crate) struct SearchWish {
    wanted: Vec<&'static str>,
    excluded: Vec<&'static str>,
    highlight: Vec<FieldId>,
}

impl SearchWish {
    /// Makes up a search, where the type can be searched.
    pub(crate) fn random(
        model: &Model,
        entity: EntityId,
        entropy: &mut Entropy<'_>,
    ) -> Option<Self> {
        let search = model.entity(entity).search.as_ref()?;
        if entropy.pick(3) > 0 {
            return None;
        }
        let wanted = (0..1 + entropy.pick(3) / 2).map(|_| entropy.of(&WORDS)).collect();
        let excluded = (0..entropy.pick(4) / 3).map(|_| entropy.of(&WORDS)).collect();
        let fields = search.fields.iter().map(|searched| searched.field);
        let highlight = fields.filter(|_| entropy.pick(3) == 0).collect();
        Some(Self { wanted, excluded, highlight })
    }

    /// Returns what is typed. The space at its end says that the last word is whole.
    pub(crate) fn text(&self) -> String {
        let excluded = self.excluded.iter().map(|word| format!("-{word} "));
        self.wanted.iter().map(|word| format!("{word} ")).chain(excluded).collect()
    }

    pub(crate) fn shows_nothing(&mut self) {
        self.highlight = Vec::new();
    }

    pub(crate) fn ask_for(&self, query: &mut Query<'_>, entity: &Entity) {
        query.search(&self.text());
        let names = self.highlight.iter().map(|field| entity.field(*field).name.as_str());
        query.highlight(&names.collect::<Vec<_>>().join(","));
    }

    /// Says whether a row that the caller sees is found.
    pub(crate) fn finds(&self, sight: Sight<'_>, row: At) -> bool {
        let texts: Vec<Vec<String>> = texts(sight, row).map(|(_, text)| words(&text)).collect();
        let somewhere = |word: &&str| texts.iter().any(|text| stands_in(word, text));
        self.wanted.iter().all(somewhere) && !self.excluded.iter().any(somewhere)
    }

    /// Sorts rows by what stands in them alone: each text counts that has any word, and again if it
    /// has all. Rows that fit alike stay in their order.
    pub(crate) fn rank(&self, sight: Sight<'_>, rows: &mut [At]) {
        let fit = |row: &At| {
            let fits = texts(sight, *row).map(|(weight, text)| {
                let text = words(&text);
                let has = |word: &&str| stands_in(word, &text);
                let any = self.wanted.iter().any(has);
                let all = self.wanted.iter().all(has) && !self.excluded.iter().any(has);
                weight * f64::from(u8::from(any) + u8::from(all))
            });
            fits.sum::<f64>()
        };
        rows.sort_by(|left, right| fit(right).total_cmp(&fit(left)));
    }

    /// Adds what is shown of the texts of a row: all of each, for they are short.
    pub(crate) fn highlight(&self, sight: Sight<'_>, row: At, item: &mut Json) {
        if self.highlight.is_empty() {
            return;
        }
        let entity = sight.written.entity(row.0);
        let members = self.highlight.iter().map(|field| {
            let text = match sight.value(row, &[], *field).pop() {
                Some(Value::Text(text)) => Json::from(text),
                _ => Json::Null,
            };
            (entity.field(*field).name.clone(), text)
        });
        item["highlights"] = Json::Object(members.collect());
    }
}

/// Returns the texts of a row that are searched, with what a word in each is worth.
fn texts(sight: Sight<'_>, row: At) -> impl Iterator<Item = (f64, String)> {
    let search = sight.written.entity(row.0).search.as_ref();
    let fields = search.into_iter().flat_map(|search| &search.fields);
    fields.map(move |searched| match sight.value(row, &[], searched.field).pop() {
        Some(Value::Text(text)) => (searched.weight, text),
        _ => (searched.weight, String::new()),
    })
}

/// Splits a text into words without case and accents.
fn words(text: &str) -> Vec<String> {
    let plain = text.to_lowercase().replace('é', "e");
    let words = plain.split(|c: char| !c.is_alphanumeric());
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Says whether the words of a term follow each other in a text.
fn stands_in(term: &str, text: &[String]) -> bool {
    let wanted = words(term);
    let goes_on = term.ends_with('*');
    text.windows(wanted.len()).any(|found| {
        let last = wanted.len() - 1;
        let mut pairs = found.iter().zip(&wanted).enumerate();
        pairs.all(|(at, (found, wanted))| {
            found == wanted || goes_on && at == last && found.starts_with(wanted)
        })
    })
}

/// Reads a page, and takes away what marks the words that were found.
pub(crate) fn unmarked(json: &[u8]) -> Result<Vec<Json>, String> {
    let mut rows = answers::rows(json)?;
    let shown = rows.iter_mut().filter_map(|row| row.get_mut("highlights")?.as_object_mut());
    for text in shown.flat_map(Map::values_mut) {
        if let Json::String(text) = text {
            *text = text.replace("<mark>", "").replace("</mark>", "");
        }
    }
    Ok(rows)
}

/// Puts rows in the order of their numbers.
pub(crate) fn by_number(mut rows: Vec<Json>) -> Vec<Json> {
    rows.sort_by_key(|row| row["n"].as_i64());
    rows
}
