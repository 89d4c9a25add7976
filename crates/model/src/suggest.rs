//! "Did you mean …?"

/// Below this similarity a suggestion confuses more than it helps.
const SIMILARITY_MIN: f64 = 0.75;
/// The most names that are listed where none is close.
const LISTED_MAX: usize = 12;

/// Returns the candidate that a misspelt name most likely stands for.
pub(crate) fn closest<'n>(
    name: &str,
    candidates: impl IntoIterator<Item = &'n str>,
) -> Option<&'n str> {
    let lower = name.to_lowercase();
    candidates
        .into_iter()
        .filter(|candidate| *candidate != name)
        .map(|candidate| (similarity(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(similarity, _)| *similarity >= SIMILARITY_MIN)
        // The first of equals wins, so that the suggestion does not depend on anything else.
        .fold(None, |best: Option<(f64, &str)>, next| match best {
            Some(best) if best.0 >= next.0 => Some(best),
            _ => Some(next),
        })
        .map(|(_, candidate)| candidate)
}

/// Returns `did you mean …?`, or nothing if no candidate is close.
pub(crate) fn did_you_mean<'n>(
    name: &str,
    candidates: impl IntoIterator<Item = &'n str>,
) -> Option<String> {
    closest(name, candidates).map(|candidate| format!("did you mean `{candidate}`?"))
}

/// Returns `did you mean …?`, or else what there is to choose from.
pub(crate) fn did_you_mean_or_list<'n>(
    name: &str,
    candidates: impl IntoIterator<Item = &'n str>,
    what: &str,
) -> Option<String> {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    did_you_mean(name, candidates.iter().copied()).or_else(|| {
        if candidates.is_empty() {
            return None;
        }
        let more = if candidates.len() > LISTED_MAX { ", …" } else { "" };
        let names: Vec<String> =
            candidates.iter().take(LISTED_MAX).map(|name| format!("`{name}`")).collect();
        Some(format!("{what} {}{more}", names.join(", ")))
    })
}

fn similarity(a: &str, b: &str) -> f64 {
    // Damerau catches swapped letters as one mistake; Jaro-Winkler is kinder to shared beginnings.
    let edits = strsim::normalized_damerau_levenshtein(a, b);
    if a.len() >= 3 && (b.starts_with(a) || a.starts_with(b)) {
        edits.max(0.8)
    } else {
        edits + 0.1
    }
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[track_caller]
    fn check(name: &str, candidates: &[&str], expected: Option<&str>) {
        assert_eq!(closest(name, candidates.iter().copied()), expected, "for {name}");
    }

    #[test]
    fn a_misspelt_name_finds_its_neighbour_only() {
        check("Auhtor", &["Author", "Post"], Some("Author"));
        check("entty", &["entity", "event", "every"], Some("entity"));
        check("tite", &["title", "id"], Some("title"));
        check("creatdAt", &["createdAt", "updatedAt"], Some("createdAt"));
        check("text", &["Text"], Some("Text"));
        check("banana", &["title", "id"], None);
        check("a", &[], None);
        check("email", &["emailAddress"], Some("emailAddress"));
    }
}
