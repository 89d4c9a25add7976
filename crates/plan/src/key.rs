//! Keys as text: in a path, parts joined by commas and percent-encoded; in JSON, a key of one part
//! stands as it is; in SQL, a list of columns.

use model::{ColumnId, Entity};

use crate::dialect::Dialect;
use crate::encode::{Show, key_list_item, key_part_text};
use crate::program::{Bind, Cell};
use crate::read::key_show;

/// Encodes what a path segment or a comma-separated key cannot hold as it is.
pub fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b':' | b'@') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Returns a row's key as it stands in a path.
pub fn key_text(entity: &Entity, key: &[Bind]) -> String {
    let parts: Vec<String> = parts(entity, key).map(|part| percent_encode(&part)).collect();
    parts.join(",")
}

/// Returns a row's key as text in JSON, as a relation to it is sent.
pub fn reference_text(entity: &Entity, key: &[Bind]) -> String {
    match key {
        [_] => parts(entity, key).collect(),
        _ => key_text(entity, key),
    }
}

fn parts(entity: &Entity, key: &[Bind]) -> impl Iterator<Item = String> {
    let columns = entity.key_columns.iter().zip(key);
    columns.map(|(column, bind)| key_part_text(key_show(entity.column(*column).ty), cell(bind)))
}

/// Returns the keys of rows to be linked, as a write binds them.
pub fn links_text(keys: &[Vec<Bind>]) -> Bind {
    let items = keys.iter().filter_map(|key| key_list_item(key.iter().map(cell), key.len()));
    Bind::Text(format!("[{}]", items.collect::<Vec<_>>().join(",")))
}

/// Returns a row's key as an object of its fields, for a row whose other fields are hidden.
pub fn key_object(entity: &Entity, key: &[Bind]) -> Vec<u8> {
    let mut out = vec![b'{'];
    for (column, bind) in entity.key_columns.iter().zip(key) {
        if out.len() > 1 {
            out.push(b',');
        }
        let column = entity.column(*column);
        let field = entity.field(column.field);
        let name = match &field.kind {
            model::FieldKind::ToOne(relation) => &relation.id_name,
            _ => &field.name,
        };
        let show: Show = key_show(column.ty);
        crate::encode::write_text(&mut out, name);
        out.push(b':');
        crate::encode::write_cell(&mut out, show, cell(bind));
    }
    out.push(b'}');
    out
}

/// Writes columns of an entity, such as those of its key, as a list in SQL; `alias` stands before each.
pub(crate) fn column_list(
    dialect: Dialect,
    entity: &Entity,
    columns: &[ColumnId],
    alias: &str,
) -> String {
    let names = columns.iter().map(|column| &entity.column(*column).name);
    let names: Vec<String> = names.map(|name| format!("{alias}{}", dialect.quote(name))).collect();
    names.join(", ")
}

/// Returns a value that is bound as one that is read.
pub(crate) fn cell(bind: &Bind) -> Cell<'_> {
    match bind {
        Bind::Null => Cell::Null,
        Bind::Int(number) => Cell::Int(*number),
        Bind::Real(number) => Cell::Real(*number),
        Bind::Text(text) => Cell::Text(text),
        Bind::Blob(bytes) => Cell::Blob(bytes),
    }
}
