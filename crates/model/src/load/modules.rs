//! Modules: what each may use, and that they do not use each other in a circle.

use std::collections::{BTreeMap, HashMap};

use crate::entity::Module;
use crate::load::arguments::{Text, texts};
use crate::load::names::is_module_name;
use crate::load::parse::{Parsed, place_of};
use crate::report::{Place, Problems};
use crate::sources::Sources;
use crate::suggest::did_you_mean_or_list;

/// A module's name that would collide with Mainstay's own tables.
const RESERVED: [&str; 1] = ["mainstay"];

/// The modules, and the module of each file.
pub(crate) struct Modules {
    pub(crate) modules: Vec<Module>,
    pub(crate) of_file: Vec<Option<usize>>,
}

/// Finds the modules among the files and reads what they use.
pub(crate) fn modules(sources: &Sources, parsed: &Parsed, problems: &mut Problems<'_>) -> Modules {
    let mut files: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, source) in sources.files().iter().enumerate() {
        if let Some(name) = module_of(source.path()) {
            files.entry(name).or_default().push(index);
        }
    }
    let mut of_file = vec![None; sources.files().len()];
    let mut modules = Vec::new();
    for (name, files) in files {
        let first = Place { source: files[0], start: 0, end: 0 };
        if RESERVED.contains(&name) {
            problems
                .error("reserved-name", first, format!("a module cannot be named `{name}`"))
                .help("its tables would mix with those of Mainstay itself; rename the folder");
        } else if !is_module_name(name) {
            problems
                .error("module-name", first, format!("`{name}` cannot be the name of a module"))
                .help("use lower case letters, digits, `_` and `-`, beginning with a letter");
        }
        for file in files {
            of_file[file] = Some(modules.len());
        }
        modules.push(Module { name: name.to_owned(), uses: Vec::new() });
    }
    if modules.is_empty() {
        problems
            .error(
                "no-module",
                Place { source: 0, start: 0, end: 0 },
                "the application has no module",
            )
            .help("write the first one to modules/NAME/schema.graphql");
    }
    let mut found = Modules { modules, of_file };
    read_uses(&mut found, parsed, problems);
    found
}

/// Returns the module of `modules/NAME/FILE.graphql`.
fn module_of(path: &str) -> Option<&str> {
    let (module, file) = path.strip_prefix("modules/")?.split_once('/')?;
    (file.ends_with(".graphql") && !file.contains('/')).then_some(module)
}

fn read_uses(found: &mut Modules, parsed: &Parsed, problems: &mut Problems<'_>) {
    let index: HashMap<String, usize> =
        found.modules.iter().enumerate().map(|(index, m)| (m.name.clone(), index)).collect();
    let mut declared: HashMap<usize, Place> = HashMap::new();
    let mut edges: Vec<(usize, usize, Place)> = Vec::new();
    let directives = &parsed.schema.schema_definition.directives;
    for directive in directives.iter().filter(|directive| directive.name == "module") {
        let place = place_of(parsed, directive);
        let Some(module) = found.of_file.get(place.source).copied().flatten() else { continue };
        if let Some(earlier) = declared.insert(module, place) {
            problems
                .error("duplicate-directive", place, "a module has one `@module`")
                .see(earlier, "the other one")
                .help("list everything it uses in one place");
        }
        for Text { value, node } in texts(directive, "uses") {
            let place = place_of(parsed, node);
            let Some(&used) = index.get(value) else {
                let names = index
                    .keys()
                    .map(String::as_str)
                    .filter(|name| *name != found.modules[module].name);
                let mut names: Vec<&str> = names.collect();
                names.sort_unstable();
                problems
                    .error("unknown-module", place, format!("there is no module `{value}`"))
                    .help_if(did_you_mean_or_list(value, names, "the modules are"));
                continue;
            };
            if used == module {
                problems.error("module-cycle", place, "a module need not name itself");
            } else if found.modules[module].uses.iter().any(|name| name == value) {
                problems.error("duplicate-module", place, format!("`{value}` is named twice"));
            } else {
                found.modules[module].uses.push(value.to_owned());
                edges.push((module, used, place));
            }
        }
    }
    for (module, path, place) in cycles(found.modules.len(), &edges) {
        let names: Vec<&str> =
            path.iter().chain([&module]).map(|m| found.modules[*m].name.as_str()).collect();
        problems
            .error(
                "module-cycle",
                place,
                format!("modules use each other in a circle: {}", names.join(" → ")),
            )
            .help(
                "move what both need into a third module, or let one listen to the other's events",
            );
    }
}

/// Returns each cycle once: where it begins, the modules along it, and the place of its last step.
fn cycles(count: usize, edges: &[(usize, usize, Place)]) -> Vec<(usize, Vec<usize>, Place)> {
    let mut found = Vec::new();
    // 0: not seen, 1: on the path, 2: done.
    let mut state = vec![0_u8; count];
    for root in 0..count {
        if state[root] != 0 {
            continue;
        }
        state[root] = 1;
        let mut path = vec![(root, 0)];
        while let Some((at, next)) = path.last_mut() {
            let Some((index, edge)) =
                edges.iter().enumerate().skip(*next).find(|(_, edge)| edge.0 == *at)
            else {
                state[*at] = 2;
                path.pop();
                continue;
            };
            *next = index + 1;
            let to = edge.1;
            match state[to] {
                0 => {
                    state[to] = 1;
                    path.push((to, 0));
                }
                1 => {
                    let begin = path.iter().position(|(module, _)| *module == to).unwrap_or(0);
                    let along = path[begin..].iter().map(|(module, _)| *module).collect();
                    found.push((to, along, edge.2));
                }
                _ => {}
            }
        }
    }
    found
}
