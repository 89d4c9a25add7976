//! Indexes: declared ones, those of unique fields, and one for each relation that has none.

use std::collections::HashMap;

use apollo_compiler::Node;
use apollo_compiler::ast::Directive;
use expr::{EntityId, FieldId};

use crate::entity::{Index, IndexColumn};
use crate::field::ColumnId;
use crate::load::archives;
use crate::load::arguments::{Text, texts, truth, value};
use crate::load::draft::{Draft, Shape};
use crate::load::expressions::{self, Names};
use crate::load::keys::relation_instead;
use crate::load::names::{constraint_name, shorten, stable_hash};
use crate::load::tenants;
use crate::report::{Place, Problems};
use crate::suggest::did_you_mean_or_list;

/// The most fields of an index; beyond it writes cost more than any read gains.
const INDEX_FIELDS_MAX: usize = 8;
/// The most indexes of an entity.
const INDEXES_MAX: usize = 40;

/// Gives each entity its indexes.
pub(crate) fn read(draft: &mut Draft<'_>, problems: &mut Problems<'_>) {
    // Index names are unique in a database, not only in a table.
    let mut taken: HashMap<String, EntityId> = HashMap::new();
    for id in draft.ids() {
        let mut indexes = declared(draft, id, problems);
        indexes.extend(unique_fields(draft, id, problems));
        for index in &mut indexes {
            tenants::confine_index(draft, id, index);
        }
        let relations = relations(draft, id, &indexes);
        indexes.extend(relations);
        indexes.extend(tenants::list_index(draft, id, &indexes));
        indexes.extend(archives::index(draft, id));
        for index in &mut indexes {
            if !index.unique {
                append_key(draft, id, index);
            }
            name(draft, id, index, &mut taken);
        }
        if indexes.len() > INDEXES_MAX {
            let message = format!(
                "an entity has at most {INDEXES_MAX} indexes, this one has {}",
                indexes.len()
            );
            problems.error("too-many-indexes", draft.entity(id).place, message);
        }
        draft.entities[id.0 as usize].entity.indexes = indexes;
    }
}

fn declared(draft: &Draft<'_>, id: EntityId, problems: &mut Problems<'_>) -> Vec<Index> {
    let mut indexes: Vec<Index> = Vec::new();
    let mut places: Vec<Place> = Vec::new();
    for directive in draft.entity(id).node.directives.get_all("index").take(INDEXES_MAX + 1) {
        let place = draft.parsed.place(directive.location());
        let Some(index) = index(draft, id, directive, place, problems) else { continue };
        let same = |other: &Index| {
            other.columns == index.columns
                && other.filter.as_ref().map(|f| &f.text) == index.filter.as_ref().map(|f| &f.text)
        };
        if let Some(earlier) = indexes.iter().position(same) {
            problems
                .error("duplicate-index", place, "there are two indexes on the same fields")
                .see(places[earlier], "the other one")
                .help("remove one of them: it would only cost writes");
            continue;
        }
        indexes.push(index);
        places.push(place);
    }
    indexes
}

fn index(
    draft: &Draft<'_>,
    id: EntityId,
    directive: &Node<Directive>,
    place: Place,
    problems: &mut Problems<'_>,
) -> Option<Index> {
    let mut index = Index {
        name: String::new(),
        columns: Vec::new(),
        unique: truth(directive, "unique"),
        filter: None,
        fields: Vec::new(),
    };
    let mut complete = true;
    let names = texts(directive, "on");
    if names.is_empty() {
        problems.error("index", place, "an index has at least one field");
        return None;
    }
    if names.len() > INDEX_FIELDS_MAX {
        let message = format!("an index has at most {INDEX_FIELDS_MAX} fields");
        problems.error("index", place, message);
    }
    for name in names {
        match indexed_field(draft, id, name, &index.fields, problems) {
            Some((field, descending)) => {
                let columns = &draft.entity(id).field(field).columns;
                index.columns.extend(
                    columns.iter().map(|column| IndexColumn { column: *column, descending }),
                );
                index.fields.push(field);
            }
            None => complete = false,
        }
    }
    if let Some(literal) = value(directive, "where") {
        let names = Names {
            row: Some(id),
            stored_only: Some("an index sees the stored fields of its own row"),
            ..Names::default()
        };
        index.filter = expressions::condition(draft, problems, literal, names);
        complete &= index.filter.is_some();
    }
    complete.then_some(index)
}

fn indexed_field(
    draft: &Draft<'_>,
    id: EntityId,
    name: Text<'_>,
    before: &[FieldId],
    problems: &mut Problems<'_>,
) -> Option<(FieldId, bool)> {
    let owner = draft.entity(id);
    let place = name.place(draft.parsed);
    let bare = name.value.trim_start_matches('-');
    let Some(&field_id) = owner.by_name.get(bare) else {
        if !owner.damaged {
            let known = did_you_mean_or_list(bare, owner.field_names(), "its fields are");
            problems
                .error(
                    "unknown-field",
                    place,
                    format!("`{}` has no field `{bare}`", owner.entity.name),
                )
                .help_if(relation_instead(draft, id, bare).or(known));
        }
        return None;
    };
    let wrong = match owner.field(field_id).shape {
        Shape::Broken => return None,
        Shape::Scalar(scalar) if scalar.is_json() => "holds JSON",
        Shape::Scalar(_) | Shape::ToOne(_) => "",
        Shape::List(_) => "is a list",
        Shape::ToMany(_) => "is a to-many relation",
        Shape::Computed(_) => "is computed",
    };
    if !wrong.is_empty() {
        problems
            .error("index", place, format!("`{bare}` {wrong}, so it cannot be indexed"))
            .help("an index is made of scalars, enums and to-one relations");
        return None;
    }
    if before.contains(&field_id) {
        problems.error("index", place, format!("`{bare}` is in the index twice"));
        return None;
    }
    Some((field_id, name.value.starts_with('-')))
}

fn unique_fields(draft: &Draft<'_>, id: EntityId, problems: &mut Problems<'_>) -> Vec<Index> {
    let owner = draft.entity(id);
    let mut indexes = Vec::new();
    for field_id in owner.field_ids() {
        let field = owner.field(field_id);
        if !field.unique
            || field.columns.is_empty()
            || !matches!(field.shape, Shape::Scalar(_) | Shape::ToOne(_))
        {
            continue;
        }
        if owner.entity.key == [field_id] {
            let place =
                field.directive("unique").map(|directive| draft.parsed.place(directive.location()));
            problems.warning(
                "redundant-unique",
                place.unwrap_or(field.place),
                format!("`{}` is the key, so it is unique already", field.name),
            );
            continue;
        }
        indexes.push(Index {
            name: String::new(),
            columns: ascending(&field.columns),
            unique: true,
            filter: None,
            fields: vec![field_id],
        });
    }
    indexes
}

/// Makes an index for each relation that neither the key nor another index begins with: deleting the
/// target and following the relation backwards look rows up by it.
fn relations(draft: &Draft<'_>, id: EntityId, others: &[Index]) -> Vec<Index> {
    let owner = draft.entity(id);
    let mut indexes = Vec::new();
    for field_id in owner.field_ids() {
        let field = owner.field(field_id);
        if !matches!(field.shape, Shape::ToOne(_)) || field.columns.is_empty() {
            continue;
        }
        let serves = |columns: &[ColumnId]| columns.starts_with(&field.columns);
        let served = serves(&owner.entity.key_columns)
            || others.iter().any(|index| {
                let columns: Vec<ColumnId> =
                    index.columns.iter().map(|column| column.column).collect();
                // A unique index of rows that are archived holds only some of them.
                let partial = index.unique && owner.entity.archive.is_some();
                index.filter.is_none() && !partial && serves(&columns)
            });
        if !served {
            indexes.push(Index {
                name: String::new(),
                columns: ascending(&field.columns),
                unique: false,
                filter: None,
                fields: vec![field_id],
            });
        }
    }
    indexes
}

fn ascending(columns: &[ColumnId]) -> Vec<IndexColumn> {
    columns.iter().map(|column| IndexColumn { column: *column, descending: false }).collect()
}

/// Keyset paging sorts by the key last, so a list in the index's order is read without sorting.
fn append_key(draft: &Draft<'_>, id: EntityId, index: &mut Index) {
    let descending = index.columns.last().is_some_and(|column| column.descending);
    for column in &draft.entity(id).entity.key_columns {
        if !index.columns.iter().any(|there| there.column == *column) {
            index.columns.push(IndexColumn { column: *column, descending });
        }
    }
}

/// Names an index after the fields it was declared on.
fn name(draft: &Draft<'_>, id: EntityId, index: &mut Index, taken: &mut HashMap<String, EntityId>) {
    let owner = draft.entity(id);
    let column_names: Vec<&str> = index
        .fields
        .iter()
        .flat_map(|field| &owner.field(*field).columns)
        .map(|column| owner.entity.columns[column.0 as usize].name.as_str())
        .collect();
    let prefix = if index.unique { "ux" } else { "ix" };
    let mut name = constraint_name(prefix, &owner.entity.table, &column_names.join("_"));
    if taken.contains_key(&name) {
        // The same fields in another direction or under a condition.
        let details: Vec<String> = index
            .columns
            .iter()
            .map(|c| format!("{}{}", c.column.0, if c.descending { "-" } else { "+" }))
            .collect();
        let filter = index.filter.as_ref().map_or("", |filter| &filter.text);
        let hash = stable_hash(&format!("{} {} {filter}", owner.entity.table, details.join(" ")));
        name = shorten(format!("{name}_{hash:08x}"));
    }
    taken.insert(name.clone(), id);
    index.name = name;
}
