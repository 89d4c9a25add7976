//! Rows as people name them: `Product/0190…`, or `catalog.Product/0190…`.

use model::{Entity, Model};
use plan::Bind;

use crate::input::key_parts;

/// Finds an entity by its name, perhaps with its module's.
///
/// # Errors
/// That there is none, with the nearest name.
pub fn find_entity<'m>(model: &'m Model, name: &str) -> Result<&'m Entity, String> {
    let (module, name) = match name.split_once('.') {
        Some((module, name)) => (Some(module), name),
        None => (None, name),
    };
    let named = |entity: &&Entity| {
        entity.name == name
            && module.is_none_or(|module| model.modules[entity.module].name == module)
    };
    model.entities.iter().find(named).ok_or_else(|| {
        let distance = |other: &str| strsim::damerau_levenshtein(name, other);
        let near = model.entities.iter().map(|entity| entity.name.as_str());
        match near.filter(|other| distance(other) <= 2).min_by_key(|other| distance(other)) {
            Some(near) => format!("there is no entity `{name}`; did you mean `{near}`?"),
            None => format!("there is no entity `{name}`"),
        }
    })
}

/// Reads the name of a row. The key is as in a path, and none where only the entity is named.
///
/// # Errors
/// That there is no such entity, or that the key is not one of its keys.
pub fn find_row<'m>(
    model: &'m Model,
    name: &str,
) -> Result<(&'m Entity, Option<Vec<Bind>>), String> {
    let Some((entity, key)) = name.split_once('/') else {
        return find_entity(model, name).map(|entity| (entity, None));
    };
    let entity = find_entity(model, entity)?;
    match key_parts(entity, key) {
        Some(key) => Ok((entity, Some(key))),
        None => Err(format!("`{key}` is not a key of {}", entity.name)),
    }
}
