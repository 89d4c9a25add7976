//! The row that a `PUT` is about: by its key, or by the fields of a unique key.

use expr::{EntityId, FieldId, Value};
use model::{ColumnId, Entity, FieldKind, Model};
use plan::{Bind, bind};

use super::scalar::{key_values, reference_key, reference_value, scalar_from_text};
use crate::refusal::BadParameter;

/// Fields that tell one row from all others, with their values.
#[derive(Debug, Clone)]
pub struct Address {
    pub(crate) known: Vec<Known>,
}

/// A field whose value the address says.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) field: FieldId,
    /// Its columns, in the order of the relation's where it is one.
    pub(crate) columns: Vec<(ColumnId, Bind)>,
    /// Its value as rules see it.
    pub(crate) value: Value,
}

impl Address {
    /// Reads a key as it stands in a path. `None` where it cannot be one.
    pub fn of_key(model: &Model, entity: EntityId, text: &str) -> Option<Self> {
        let entity = model.entity(entity);
        let values = key_values(entity, text)?;
        let known = entity.key.iter().map(|field| {
            let of_field = entity.key_columns.iter().zip(&values);
            let parts: Vec<(ColumnId, &Value)> = of_field
                .filter(|(column, _)| entity.column(**column).field == *field)
                .map(|(column, value)| (*column, value))
                .collect();
            let columns: Vec<(ColumnId, Bind)> =
                parts.iter().map(|(column, value)| (*column, bind((*value).clone()))).collect();
            let value = match (&entity.field(*field).kind, parts.as_slice()) {
                (FieldKind::ToOne(relation), [_, _, ..]) => {
                    let binds: Vec<Bind> = columns.iter().map(|(_, bind)| bind.clone()).collect();
                    Value::Text(plan::reference_text(model.entity(relation.target), &binds))
                }
                (_, parts) => parts.first().map_or(Value::Null, |(_, value)| (*value).clone()),
            };
            Known { field: *field, columns, value }
        });
        Some(Self { known: known.collect() })
    }

    /// Reads the fields of a unique key, as parameters.
    ///
    /// # Errors
    /// Every mistake in the parameters; or that they are not all fields of one unique key.
    pub fn of_unique_key<'t>(
        model: &Model,
        entity: EntityId,
        parameters: impl Iterator<Item = (&'t str, &'t str)>,
    ) -> Result<Self, Vec<BadParameter>> {
        let described = model.entity(entity);
        let mut known: Vec<Known> = Vec::new();
        let mut bad = Vec::new();
        for (name, text) in parameters {
            match of_parameter(model, described, name, text) {
                Ok(one) if known.iter().any(|other| other.field == one.field) => {
                    bad.push(wrong(name, "repeated", "give it only once".to_owned()));
                }
                Ok(one) => known.push(one),
                Err(mistake) => bad.push(mistake),
            }
        }
        let mut fields: Vec<FieldId> = known.iter().map(|known| known.field).collect();
        fields.sort_unstable();
        if bad.is_empty() && !unique_keys(described).contains(&fields) {
            let name = known.first().map_or("", |known| &described.field(known.field).name);
            bad.push(wrong(name, "not_unique", not_unique(described)));
        }
        if bad.is_empty() { Ok(Self { known }) } else { Err(bad) }
    }

    /// Looks whether fields are those of one unique key.
    ///
    /// # Errors
    /// Which is no field; or that they are not all fields of one unique key.
    pub fn is_of_unique_key(
        model: &Model,
        entity: EntityId,
        names: &[String],
    ) -> Result<(), BadParameter> {
        let described = model.entity(entity);
        let mut fields = Vec::with_capacity(names.len());
        for name in names {
            let Some(at) = position(described, name) else {
                let detail = crate::query::unknown_field(model, entity, name);
                return Err(wrong(name, "unknown_field", detail));
            };
            fields.push(FieldId(at as u32));
        }
        fields.sort_unstable();
        if unique_keys(described).contains(&fields) {
            return Ok(());
        }
        Err(wrong(&names.join(","), "not_unique", not_unique(described)))
    }

    /// Returns its columns and their values.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &(ColumnId, Bind)> {
        self.known.iter().flat_map(|known| &known.columns)
    }
}

fn wrong(name: &str, code: &'static str, detail: String) -> BadParameter {
    BadParameter { name: name.to_owned(), code, detail }
}

/// Finds a field that clients may know: by its name, or a relation by its key's.
fn position(entity: &Entity, name: &str) -> Option<usize> {
    entity.fields.iter().position(|field| !field.private && field.goes_by(name))
}

fn of_parameter(
    model: &Model,
    entity: &Entity,
    name: &str,
    text: &str,
) -> Result<Known, BadParameter> {
    let Some(at) = position(entity, name) else {
        let detail = crate::query::unknown_field(model, entity.id, name);
        return Err(wrong(name, "unknown_field", detail));
    };
    let invalid =
        |expected: &str| wrong(name, "invalid_value", format!("`{name}` must be {expected}"));
    let (columns, value) = match &entity.fields[at].kind {
        FieldKind::Scalar { scalar, column } if !scalar.is_nested() => {
            let value = scalar_from_text(model, *scalar, text).map_err(invalid)?;
            (vec![(*column, bind(value.clone()))], value)
        }
        FieldKind::ToOne(relation) => {
            let target = model.entity(relation.target);
            let expected = || invalid(&format!("the key of a {}", target.name));
            let binds = reference_key(target, text).ok_or_else(expected)?;
            let columns = relation.columns.iter().copied().zip(binds).collect();
            (columns, reference_value(target, text))
        }
        _ => return Err(wrong(name, "not_unique", not_unique(entity))),
    };
    Ok(Known { field: FieldId(at as u32), columns, value })
}

/// Returns the sets of fields of which each tells one row from all others.
fn unique_keys(entity: &Entity) -> Vec<Vec<FieldId>> {
    let indexes = entity.indexes.iter().filter(|index| index.unique && index.filter.is_none());
    let mut keys: Vec<Vec<FieldId>> = indexes.map(|index| index.fields.clone()).collect();
    keys.push(entity.key.clone());
    keys.iter_mut().for_each(|key| key.sort_unstable());
    keys
}

/// Names the unique keys, of fields that everybody may know.
fn not_unique(entity: &Entity) -> String {
    let known = |field: &FieldId| {
        let field = entity.field(*field);
        !field.private && field.rules.read.is_none()
    };
    let keys: Vec<String> = unique_keys(entity)
        .iter()
        .filter(|key| key.iter().all(known))
        .map(|key| {
            let names: Vec<&str> =
                key.iter().map(|field| entity.field(*field).name.as_str()).collect();
            format!("`{}`", names.join("&"))
        })
        .collect();
    format!("name one row by all fields of a unique key: {}", keys.join(" or "))
}
