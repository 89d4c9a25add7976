//! Earlier names of enum values (`@was`).

use apollo_compiler::Node;
use apollo_compiler::schema::EnumType;

use crate::load::arguments::text;
use crate::load::parse::Parsed;
use crate::report::Problems;

/// Reads which values had another name: the value of today and the old one.
pub(crate) fn read(
    parsed: &Parsed,
    node: &Node<EnumType>,
    problems: &mut Problems<'_>,
) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for (name, value) in &node.values {
        let Some(was) = value.directives.get("was").and_then(|was| text(was, "name")) else {
            continue;
        };
        let place = was.place(parsed);
        if node.values.contains_key(was.value) {
            problems
                .error(
                    "was",
                    place,
                    format!("`{}` is not an earlier name: a value of today has it", was.value),
                )
                .help("`@was` names what this value was called before it was renamed");
        } else if found.iter().any(|(_, old)| old == was.value) {
            problems.error("was", place, format!("two values were named `{}`", was.value));
        } else {
            found.push((name.to_string(), was.value.to_owned()));
        }
    }
    found
}
