//! Module boundaries: which types of other modules may be named.

use std::collections::HashMap;

use apollo_compiler::ast::{InputValueDefinition, Type};
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::schema::ExtendedType;

use crate::load::draft::Draft;
use crate::load::parse::ROOTS;
use crate::report::{Place, Problems};

/// A type and where it is declared.
struct Declared {
    module: usize,
    exposed: bool,
    place: Place,
}

/// Reports each use of another module's type that the modules did not agree on.
pub(crate) fn check(draft: &Draft<'_>, problems: &mut Problems<'_>) {
    let schema = &draft.parsed.schema;
    let mut declared: HashMap<&str, Declared> = HashMap::new();
    for ty in schema.types.values() {
        let Some(place) = draft.parsed.try_place(ty.name().location()) else { continue };
        let Some(module) = draft.module_of_file.get(place.source).copied().flatten() else {
            continue;
        };
        // Inputs are only ever sent to operations, and have no `@exposed`.
        let exposed = match ty {
            ExtendedType::Object(node) => node.directives.has("exposed"),
            ExtendedType::Enum(node) => node.directives.has("exposed"),
            _ => false,
        };
        declared.insert(ty.name().as_str(), Declared { module, exposed, place });
    }
    let mut uses: Vec<(&Type, Option<SourceSpan>)> = Vec::new();
    let argument = |argument: &InputValueDefinition| argument.ty.inner_named_type().location();
    for ty in schema.types.values() {
        if draft.parsed.try_place(ty.name().location()).is_none()
            && !ROOTS.contains(&ty.name().as_str())
        {
            continue;
        }
        match ty {
            ExtendedType::Object(node) => {
                for field in node.fields.values() {
                    uses.push((&field.ty, field.ty.inner_named_type().location()));
                    uses.extend(field.arguments.iter().map(|a| (&*a.ty, argument(a))));
                }
            }
            ExtendedType::InputObject(node) => {
                uses.extend(node.fields.values().map(|field| (&*field.ty, argument(field))));
            }
            _ => {}
        }
    }
    for (ty, span) in uses {
        let Some(place) = draft.parsed.try_place(span) else { continue };
        let Some(module) = draft.module_of_file.get(place.source).copied().flatten() else {
            continue;
        };
        let name = ty.inner_named_type().as_str();
        let Some(target) = declared.get(name).filter(|target| target.module != module) else {
            continue;
        };
        let user = &draft.modules[module];
        let owner = &draft.modules[target.module];
        if !user.uses.contains(&owner.name) {
            let mut names: Vec<String> =
                user.uses.iter().map(|name| format!("\"{name}\"")).collect();
            names.push(format!("\"{}\"", owner.name));
            problems
                .error(
                    "undeclared-use",
                    place,
                    format!(
                        "`{name}` belongs to the module `{}`, which `{}` does not use",
                        owner.name, user.name
                    ),
                )
                .help(format!("write `extend schema @module(uses: [{}])`", names.join(", ")));
        }
        if !target.exposed {
            problems
                .error(
                    "not-exposed",
                    place,
                    format!("`{name}` is private to the module `{}`", owner.name),
                )
                .see(target.place, "add `@exposed` here if other modules may refer to it");
        }
    }
}
