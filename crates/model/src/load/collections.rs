//! Names that have to be unique over all modules: plurals, paths and tables.

use std::collections::HashMap;

use crate::load::arguments::text;
use crate::load::draft::{Draft, EntityDraft};
use crate::report::{Place, Problems};

/// Paths below the API's root that are not collections.
const RESERVED_ROUTES: [&str; 5] = ["batch", "graphql", "auth", "openapi.json", "schema.graphql"];

/// Reports names that two entities share, or that Mainstay needs itself.
pub(crate) fn check(draft: &Draft<'_>, problems: &mut Problems<'_>) {
    let mut plurals: HashMap<String, &EntityDraft<'_>> = HashMap::new();
    let mut tables: HashMap<String, &EntityDraft<'_>> = HashMap::new();
    for owner in &draft.entities {
        let entity = &owner.entity;
        if RESERVED_ROUTES.contains(&entity.route.as_str()) {
            problems
                .error(
                    "reserved-name",
                    plural_place(draft, owner),
                    format!("the path `/{}` is taken by Mainstay itself", entity.route),
                )
                .help("give the collection another name with `@entity(plural:)`");
        }
        // Equal plurals have equal paths, and different plurals with one path differ in case only.
        if let Some(other) = plurals.insert(entity.route.clone(), owner) {
            problems
                .error(
                    "duplicate-plural",
                    plural_place(draft, owner),
                    format!(
                        "the collections of `{}` and `{}` are both named `{}`",
                        other.entity.name, entity.name, entity.plural
                    ),
                )
                .see(plural_place(draft, other), "the other one")
                .help("plurals are unique over all modules: give one of them another with `@entity(plural:)`");
        }
        if let Some(other) = tables.insert(entity.table.to_ascii_lowercase(), owner) {
            problems
                .error(
                    "duplicate-table",
                    table_place(draft, owner),
                    format!(
                        "`{}` and `{}` are both stored in the table `{}`",
                        other.entity.name, entity.name, entity.table
                    ),
                )
                .see(table_place(draft, other), "the other one")
                .help("give one of them another with `@table(name:)`");
        }
    }
}

fn plural_place(draft: &Draft<'_>, owner: &EntityDraft<'_>) -> Place {
    let given = owner.node.directives.get("entity").and_then(|directive| text(directive, "plural"));
    given.map_or(owner.place, |given| given.place(draft.parsed))
}

fn table_place(draft: &Draft<'_>, owner: &EntityDraft<'_>) -> Place {
    let given = owner.node.directives.get("table").and_then(|directive| text(directive, "name"));
    given.map_or(owner.place, |given| given.place(draft.parsed))
}
