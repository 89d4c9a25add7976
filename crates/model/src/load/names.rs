//! How names of the model become names of tables, columns, collections and paths.

/// The longest name given to an index or check; PostgreSQL cuts at 63 bytes.
const NAME_BYTES_MAX: usize = 60;

/// Plurals that no rule makes.
const IRREGULAR: [(&str, &str); 18] = [
    ("person", "people"),
    ("child", "children"),
    ("man", "men"),
    ("woman", "women"),
    ("foot", "feet"),
    ("tooth", "teeth"),
    ("mouse", "mice"),
    ("goose", "geese"),
    ("leaf", "leaves"),
    ("shelf", "shelves"),
    ("half", "halves"),
    ("life", "lives"),
    ("knife", "knives"),
    ("criterion", "criteria"),
    ("analysis", "analyses"),
    ("basis", "bases"),
    ("hero", "heroes"),
    ("potato", "potatoes"),
];

/// Words that are their own plural.
const UNCOUNTABLE: [&str; 12] = [
    "equipment",
    "information",
    "news",
    "series",
    "species",
    "sheep",
    "fish",
    "money",
    "data",
    "media",
    "metadata",
    "feedback",
];

/// Turns `OrderLine`, `orderLine` and `order-line` into `order_line`.
pub(crate) fn snake_case(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut out = String::with_capacity(name.len() + 4);
    for (index, &c) in chars.iter().enumerate() {
        if c == '-' {
            out.push('_');
            continue;
        }
        let after_lower =
            index > 0 && (chars[index - 1].is_lowercase() || chars[index - 1].is_ascii_digit());
        let ends_acronym = index > 0
            && chars[index - 1].is_uppercase()
            && chars.get(index + 1).is_some_and(|next| next.is_lowercase());
        if c.is_uppercase() && (after_lower || ends_acronym) {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// Turns `orderLines` into `order-lines`.
pub(crate) fn kebab_case(name: &str) -> String {
    snake_case(name).replace('_', "-")
}

/// Turns `OrderLine` into `orderLine`, and `HTMLPage` into `htmlPage`.
pub(crate) fn lower_camel_case(name: &str) -> String {
    let snake = snake_case(name);
    let mut out = String::with_capacity(snake.len());
    let mut upper = false;
    for c in snake.chars() {
        match c {
            '_' => upper = true,
            c if upper => {
                out.extend(c.to_uppercase());
                upper = false;
            }
            c => out.push(c),
        }
    }
    out
}

/// Returns the plural of a type's name in lower camel case: `orderLines`, `people`, `categories`.
pub(crate) fn plural(type_name: &str) -> String {
    let name = lower_camel_case(type_name);
    let last_word = name.rfind(|c: char| c.is_uppercase()).unwrap_or(0);
    let (head, word) = name.split_at(last_word);
    let plural = plural_of_word(&word.to_lowercase());
    let mut out = head.to_owned();
    let mut rest = plural.chars();
    if let Some(first) = rest.next() {
        if head.is_empty() { out.push(first) } else { out.extend(first.to_uppercase()) }
    }
    out.push_str(rest.as_str());
    out
}

fn plural_of_word(word: &str) -> String {
    if UNCOUNTABLE.contains(&word) {
        return word.to_owned();
    }
    if let Some((_, plural)) = IRREGULAR.iter().find(|(singular, _)| *singular == word) {
        return (*plural).to_owned();
    }
    if let Some(stem) = word.strip_suffix('y')
        && !stem.is_empty()
        && !stem.ends_with(['a', 'e', 'i', 'o', 'u'])
    {
        return format!("{stem}ies");
    }
    if word.ends_with("quiz") {
        return format!("{word}zes");
    }
    if ["s", "x", "z", "ch", "sh"].iter().any(|ending| word.ends_with(ending)) {
        return format!("{word}es");
    }
    format!("{word}s")
}

/// Joins the parts of a constraint's name, and shortens it with a hash that never changes.
pub(crate) fn constraint_name(prefix: &str, table: &str, parts: &str) -> String {
    shorten(format!("{prefix}_{table}_{parts}"))
}

/// Returns the name as it is, or its beginning and a hash of all of it.
pub(crate) fn shorten(name: String) -> String {
    if name.len() <= NAME_BYTES_MAX {
        return name;
    }
    let hash = format!("_{:08x}", stable_hash(&name));
    let mut end = NAME_BYTES_MAX - hash.len();
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{hash}", &name[..end])
}

/// FNV-1a, folded to 32 bits: part of names in databases, so it must never change.
pub(crate) fn stable_hash(text: &str) -> u32 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash ^ (hash >> 32)) as u32
}

/// Says whether a name is a field's: `^[a-z][A-Za-z0-9]*$`.
pub(crate) fn is_field_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_alphanumeric())
}

/// Says whether a name is a type's: `^[A-Z][A-Za-z0-9]*$`.
pub(crate) fn is_type_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.chars().all(|c| c.is_ascii_alphanumeric())
}

/// Says whether a folder's name can be a module's: `^[a-z][a-z0-9_-]*$`.
pub(crate) fn is_module_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-')
}

/// Says whether an adopted table or column can have this name.
pub(crate) fn is_adopted_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= NAME_BYTES_MAX
        && name.chars().all(|c| !c.is_control() && c != '"' && c != '.')
}

#[cfg(test)]
mod tests {
    use super::{constraint_name, kebab_case, plural, snake_case};

    #[test]
    fn names_become_snake_case() {
        for (name, expected) in [
            ("placedAt", "placed_at"),
            ("OrderLine", "order_line"),
            ("HTMLPage", "html_page"),
            ("pageURL", "page_url"),
            ("sku2", "sku2"),
            ("line2Text", "line2_text"),
            ("order-line", "order_line"),
            ("x", "x"),
        ] {
            assert_eq!(snake_case(name), expected);
        }
    }

    #[test]
    fn plurals_are_english() {
        for (name, expected) in [
            ("Post", "posts"),
            ("OrderLine", "orderLines"),
            ("Category", "categories"),
            ("Day", "days"),
            ("Status", "statuses"),
            ("Address", "addresses"),
            ("Box", "boxes"),
            ("Branch", "branches"),
            ("Wish", "wishes"),
            ("Person", "people"),
            ("SalesPerson", "salesPeople"),
            ("Child", "children"),
            ("News", "news"),
            ("Y", "ys"),
        ] {
            assert_eq!(plural(name), expected);
        }
    }

    #[test]
    fn paths_are_kebab_case() {
        assert_eq!(kebab_case("orderLines"), "order-lines");
    }

    #[test]
    fn a_long_constraint_name_is_shortened_the_same_way_forever() {
        assert_eq!(constraint_name("ix", "blog_post", "author_id"), "ix_blog_post_author_id");
        let long = constraint_name(
            "ix",
            "accounting_general_ledger_entry",
            "counterparty_organisation_id",
        );
        assert_eq!(long, "ix_accounting_general_ledger_entry_counterparty_org_95cc3e95");
        assert_eq!(long.len(), 60);
    }
}
