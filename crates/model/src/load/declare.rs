//! Declares entities and enums, before any of their fields is looked at.

use std::collections::HashMap;

use apollo_compiler::Node;
use apollo_compiler::schema::{EnumType as EnumNode, ExtendedType, ObjectType};
use expr::{EntityId, EnumId};

use crate::entity::{Entity, EnumType, RuleSet};
use crate::load::arguments::text;
use crate::load::draft::{Draft, EntityDraft, Named};
use crate::load::earlier_values;
use crate::load::modules::Modules;
use crate::load::names::{
    is_adopted_name, is_field_name, is_type_name, kebab_case, lower_camel_case, plural, snake_case,
};
use crate::load::parse::{Parsed, ROOTS, place_of};
use crate::report::{Place, Problems};
use crate::sources::Sources;

/// Types that will exist without being declared.
const RESERVED_TYPES: [&str; 1] = ["Subscription"];
/// Directives of types that only entities have.
const ENTITY_DIRECTIVES: [&str; 13] = [
    "key", "table", "index", "search", "tenant", "cache", "live", "archive", "audit", "allow",
    "check", "was", "limit",
];

/// Declares the entities and enums of all modules.
pub(crate) fn declare<'a>(
    sources: &'a Sources,
    parsed: &'a Parsed,
    modules: Modules,
    problems: &mut Problems<'_>,
) -> Draft<'a> {
    let mut objects: Vec<(usize, Place, &'a Node<ObjectType>)> = Vec::new();
    let mut enums: Vec<(usize, Place, &'a Node<EnumNode>)> = Vec::new();
    for ty in parsed.schema.types.values() {
        let name = ty.name();
        let Some(place) = parsed.try_place(name.location()) else { continue };
        let Some(module) = modules.of_file.get(place.source).copied().flatten() else { continue };
        check_type_name(name, place, problems);
        match ty {
            ExtendedType::Object(node) if node.directives.has("entity") => {
                objects.push((module, place, node));
            }
            ExtendedType::Object(node) => check_plain_object(parsed, node, problems),
            ExtendedType::Enum(node) => enums.push((module, place, node)),
            ExtendedType::InputObject(_) => {}
            ExtendedType::Interface(_) => unsupported(place, "interfaces", problems),
            ExtendedType::Union(_) => unsupported(place, "unions", problems),
            ExtendedType::Scalar(_) => unsupported(place, "scalars of your own", problems),
        }
    }
    for definition in parsed.schema.directive_definitions.values() {
        if let Some(place) = parsed.try_place(definition.name.location()) {
            unsupported(place, "directives of your own", problems);
        }
    }
    for root in ROOTS {
        let object = parsed.schema.get_object(root);
        for directive in object.iter().flat_map(|object| object.directives.iter()) {
            if let Some(place) = parsed.try_place(directive.location()) {
                problems.error(
                    "misplaced-directive",
                    place,
                    format!("`@{}` cannot stand on `{root}`", directive.name),
                );
            }
        }
    }
    // Modules are numbered in the order of their names; declarations keep the order of the files.
    objects.sort_by_key(|(module, place, _)| (*module, place.source, place.start));
    enums.sort_by_key(|(module, place, _)| (*module, place.source, place.start));

    let mut names = HashMap::new();
    let enums = enums
        .into_iter()
        .enumerate()
        .map(|(index, (module, _, node))| {
            names.insert(node.name.as_str(), Named::Enum(EnumId(index as u32)));
            EnumType {
                name: node.name.to_string(),
                description: node.description.as_ref().map(|text| text.to_string()),
                values: node.values.keys().map(|name| name.to_string()).collect(),
                was: earlier_values::read(parsed, node, problems),
                module,
                exposed: node.directives.has("exposed"),
            }
        })
        .collect();
    let mut entities = Vec::with_capacity(objects.len());
    for (index, (module, place, node)) in objects.into_iter().enumerate() {
        let id = EntityId(index as u32);
        names.insert(node.name.as_str(), Named::Entity(id));
        let entity = entity(parsed, &modules, id, module, node, problems);
        let damaged = parsed.syntax.damaged(&node.name);
        entities.push(EntityDraft {
            node,
            place,
            entity,
            fields: Vec::new(),
            by_name: HashMap::new(),
            damaged,
        });
    }
    let draft = Draft {
        sources,
        parsed,
        modules: modules.modules,
        module_of_file: modules.of_file,
        entities,
        enums,
        documents: Vec::new(),
        joins: Vec::new(),
        names,
    };
    check_earlier_names(&draft, problems);
    draft
}

fn entity(
    parsed: &Parsed,
    modules: &Modules,
    id: EntityId,
    module: usize,
    node: &Node<ObjectType>,
    problems: &mut Problems<'_>,
) -> Entity {
    let prefix = snake_case(&modules.modules[module].name);
    let given = node.directives.get("entity").and_then(|directive| text(directive, "plural"));
    let plural = match given {
        Some(given) => {
            if !is_field_name(given.value) {
                problems
                    .error(
                        "plural",
                        given.place(parsed),
                        format!("`{}` cannot be a plural", given.value),
                    )
                    .help(format!(
                        "plurals are in lower camel case, like `{}`",
                        plural(&node.name)
                    ));
            }
            given.value.to_owned()
        }
        None => plural(&node.name),
    };
    let adopted = node.directives.get("table").and_then(|directive| text(directive, "name"));
    let table = match adopted {
        Some(adopted) => adopted.value.to_owned(),
        None => format!("{prefix}_{}", snake_case(&node.name)),
    };
    let table_place = adopted.map_or(parsed.place(node.name.location()), |name| name.place(parsed));
    check_table_name(&table, table_place, problems);
    // An adopted table keeps its name when the type is renamed.
    let was = node.directives.get("was").and_then(|directive| text(directive, "name"));
    let was_table =
        was.filter(|_| adopted.is_none()).map(|was| format!("{prefix}_{}", snake_case(was.value)));
    Entity {
        id,
        name: node.name.to_string(),
        description: node.description.as_ref().map(|text| text.to_string()),
        module,
        exposed: node.directives.has("exposed"),
        route: kebab_case(&plural),
        plural,
        table,
        was_table,
        fields: Vec::new(),
        columns: Vec::new(),
        key: Vec::new(),
        key_columns: Vec::new(),
        identity: false,
        tenant: None,
        archive: None,
        audit: None,
        indexes: Vec::new(),
        search: None,
        checks: Vec::new(),
        rules: RuleSet::default(),
    }
}

fn check_type_name(name: &str, place: Place, problems: &mut Problems<'_>) {
    if RESERVED_TYPES.contains(&name) {
        problems.error(
            "reserved-name",
            place,
            format!("`{name}` belongs to the modelling language"),
        );
    } else if !is_type_name(name) && !name.starts_with("__") {
        let camel = lower_camel_case(name);
        let mut letters = camel.chars();
        let suggestion: String =
            letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
        problems
            .error("type-name", place, format!("`{name}` cannot be the name of a type"))
            .help(format!("types are written in Pascal case, like `{suggestion}`"));
    }
}

pub(super) fn check_table_name(name: &str, place: Place, problems: &mut Problems<'_>) {
    let lower = name.to_ascii_lowercase();
    if !is_adopted_name(name) {
        problems
            .error("table-name", place, format!("`{name}` cannot be the name of a table"))
            .help("a name has 1 to 60 bytes, without quotes, dots and control characters; `@table(name:)` gives one");
    } else if ["sqlite_", "mainstay_", "_mainstay", "pg_"]
        .iter()
        .any(|prefix| lower.starts_with(prefix))
    {
        problems
            .error("reserved-name", place, format!("a table cannot be named `{name}`"))
            .help("tables of databases and of Mainstay itself begin like this; `@table(name:)` gives another name");
    }
}

fn check_plain_object(parsed: &Parsed, node: &Node<ObjectType>, problems: &mut Problems<'_>) {
    for directive in node.directives.iter() {
        if ENTITY_DIRECTIVES.contains(&directive.name.as_str()) {
            problems
                .error(
                    "misplaced-directive",
                    place_of(parsed, directive),
                    format!(
                        "`@{}` belongs on entities, and `{}` is none",
                        directive.name, node.name
                    ),
                )
                .help("add `@entity` if its rows are to be stored");
        }
    }
}

fn check_earlier_names(draft: &Draft<'_>, problems: &mut Problems<'_>) {
    let mut taken: HashMap<&str, Place> = HashMap::new();
    for owner in &draft.entities {
        let was = owner.node.directives.get("was").and_then(|directive| text(directive, "name"));
        let Some(was) = was else { continue };
        let place = was.place(draft.parsed);
        if draft.parsed.schema.types.contains_key(was.value) {
            problems
                .error(
                    "was",
                    place,
                    format!("`{}` is not an earlier name: a type of today has it", was.value),
                )
                .help("`@was` names what this type was called before it was renamed");
        }
        if let Some(other) = taken.insert(was.value, place) {
            problems
                .error("was", place, format!("two types were named `{}`", was.value))
                .see(other, "the other one");
        }
    }
}

fn unsupported(place: Place, what: &str, problems: &mut Problems<'_>) {
    problems.error("not-supported-yet", place, format!("{what} are not supported yet"));
}
