//! `Accept` (RFC 9110, section 12.5.1): which form a list is answered in.

use http::HeaderMap;
use http::header::ACCEPT;

use super::encoding::weight;

/// The forms of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListType {
    /// A page, as JSON.
    Json,
    /// All rows, as CSV.
    Csv,
    /// All rows, as NDJSON.
    Ndjson,
}

/// Usual values that mean JSON: those of curl, fetch and axios.
const PLAIN: [&str; 3] = ["*/*", "application/json", "application/json, text/plain, */*"];

impl ListType {
    /// The first wins where a client likes several.
    const ALL: [(Self, &'static [&'static str]); 3] = [
        (Self::Json, &["application/json"]),
        (Self::Csv, &["text/csv"]),
        (Self::Ndjson, &["application/x-ndjson", "application/ndjson"]),
    ];

    /// Returns the form that the client likes best; of those it likes alike, the one it names. Who
    /// accepts none of them gets JSON, as with every other answer.
    pub fn accepted(headers: &HeaderMap) -> Self {
        let mut lines = headers.get_all(ACCEPT).iter();
        match (lines.next(), lines.next()) {
            (None, _) => Self::Json,
            // What nearly every client sends.
            (Some(one), None) if PLAIN.iter().any(|plain| one == plain) => Self::Json,
            _ => Self::negotiated(headers),
        }
    }

    fn negotiated(headers: &HeaderMap) -> Self {
        preferred(headers, &Self::ALL).unwrap_or(Self::Json)
    }
}

/// Returns the form that the client likes best, each given with the media types that name it. Of
/// those that it likes alike it is the first; none where it accepts none.
pub fn preferred<F: Copy>(headers: &HeaderMap, forms: &[(F, &[&str])]) -> Option<F> {
    let lines = headers.get_all(ACCEPT).iter().filter_map(|line| line.to_str().ok());
    let ranges: Vec<Range<'_>> =
        lines.flat_map(|line| line.split(',')).filter_map(Range::read).collect();
    let liked = forms.iter().rev().map(|(form, names)| {
        let best = names.iter().map(|name| liking(&ranges, name)).max();
        (best.unwrap_or_default(), *form)
    });
    // Of equals the last is taken, which is the first of all.
    match liked.max_by_key(|(liking, _)| *liking) {
        Some(((1.., _), form)) => Some(form),
        _ => None,
    }
}

/// A media range with its weight in thousandths.
struct Range<'h> {
    kind: &'h str,
    weight: u16,
}

impl<'h> Range<'h> {
    /// One that cannot be read is passed over.
    fn read(text: &'h str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let kind = parts.next()?;
        let is_weight = |part: &&str| part.get(..1).is_some_and(|q| q.eq_ignore_ascii_case("q"));
        let weight = match parts.find(is_weight) {
            Some(part) => weight(part)?,
            None => 1000,
        };
        Some(Self { kind, weight })
    }

    /// How closely it names a media type.
    fn closeness(&self, name: &str) -> Option<u8> {
        let whole = name.split_once('/').map_or("", |(whole, _)| whole);
        match self.kind.strip_suffix("/*") {
            Some("*") => Some(0),
            Some(range) => range.eq_ignore_ascii_case(whole).then_some(1),
            None => self.kind.eq_ignore_ascii_case(name).then_some(2),
        }
    }
}

/// The weight of the range that names a media type most closely, and how closely it does.
fn liking(ranges: &[Range<'_>], name: &str) -> (u16, u8) {
    let matching = ranges.iter().filter_map(|range| Some((range.closeness(name)?, range.weight)));
    matching.max().map(|(closeness, weight)| (weight, closeness)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[track_caller]
    fn check(lines: &[&'static str], expected: ListType) {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(ACCEPT, HeaderValue::from_static(line));
        }
        assert_eq!(ListType::accepted(&headers), expected, "{lines:?}");
    }

    use ListType::{Csv, Json, Ndjson};

    #[test]
    fn json_is_what_is_not_asked_for_otherwise() {
        check(&[], Json);
        check(&["*/*"], Json);
        check(&["application/json"], Json);
        check(&["application/*"], Json);
        check(&["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"], Json);
        check(&["image/png"], Json);
        check(&["", ",;=,", "text", "text/csv;q=2"], Json);
    }

    #[test]
    fn the_form_that_is_liked_best_is_chosen() {
        check(&["text/csv"], Csv);
        check(&["Text/CSV; header=present"], Csv);
        check(&["text/*"], Csv);
        check(&["application/x-ndjson"], Ndjson);
        check(&["application/ndjson"], Ndjson);
        check(&["text/csv;q=0.5, application/x-ndjson;q=0.7"], Ndjson);
        check(&["text/csv;q=0.5", "application/json;q=0.4"], Csv);
        check(&["text/csv;q=0.5, application/json"], Json);
        check(&["text/csv, application/json"], Json);
    }

    #[test]
    fn what_is_named_comes_before_what_is_meant_too() {
        check(&["text/csv, */*"], Csv);
        check(&["*/*, application/x-ndjson"], Ndjson);
        check(&["text/csv, */*;q=0.1"], Csv);
        check(&["text/csv;q=0, */*"], Json);
        check(&["text/csv;q=0, text/*"], Json);
        check(&["application/json;q=0, */*;q=0.1"], Csv);
    }
}
