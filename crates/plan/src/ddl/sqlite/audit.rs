//! The triggers that write the history (`@audit`).
//!
//! They see every change of a row, also those that foreign keys make, so no statement can forget
//! the history (ADR 0011). Who writes, the store says before (`ms_write`); a trigger that fires
//! without a writer records the change as nobody's.

use model::schema::{Trigger, history};
use model::{ColumnId, ColumnType, Entity, Field, JoinColumn, JoinSide, Model, Role, Side};

use super::{create, quote};
use crate::dialect::Dialect;

/// What a trigger adds to the history of a row.
struct Entry<'e> {
    entity: &'e Entity,
    /// The row's key.
    key: &'e [String],
    /// The operation, as SQL.
    operation: &'e str,
    /// What changed, as SQL.
    changes: &'e str,
}

/// Writes the triggers of an entity's table.
pub(super) fn of_entity(entity: &Entity) -> Vec<Trigger> {
    if entity.audit.is_none() {
        return Vec::new();
    }
    let trigger = |event: &str, alias: &str, condition: &str, operation: &str, changes: &str| {
        let keys = entity.key_columns.iter();
        let key: Vec<String> = keys.map(|column| of(entity, *column, alias)).collect();
        let entry = Entry { entity, key: &key, operation, changes };
        create_trigger(&entity.table, event, "", condition, &entry)
    };
    vec![
        trigger("INSERT", "NEW", "", "'create'", &changes(entity, None, Some("NEW"))),
        trigger(
            "UPDATE",
            "NEW",
            &format!(" AND ({})", is_changed(entity)),
            &operation(entity),
            &changes(entity, Some("OLD"), Some("NEW")),
        ),
        trigger("DELETE", "OLD", "", "'delete'", &changes(entity, Some("OLD"), None)),
    ]
}

/// Writes the triggers of a join table: for each side whose rows have a history.
pub(super) fn of_join(model: &Model, table: &str) -> Vec<Trigger> {
    let mut triggers = Vec::new();
    for entity in model.entities.iter().filter(|entity| entity.audit.is_some()) {
        for (_, id, near) in
            history::links_of(entity).filter(|(_, id, _)| model.join(*id).table == table)
        {
            let join = model.join(id);
            let (held, far) = (join.side(near), join.side(near.other()));
            let side = if near == Side::Left { "left" } else { "right" };
            let name = text(&history::links_name(table, near));
            for (event, alias, linked) in [("INSERT", "NEW", "true"), ("DELETE", "OLD", "false")] {
                let key: Vec<String> = held
                    .columns
                    .iter()
                    .map(|column| format!("{alias}.{}", quote(&column.name)))
                    .collect();
                let link = link_key(far, alias);
                let changes = format!("json_object({name}, json_object({link}, json('{linked}')))");
                let entry = Entry { entity, key: &key, operation: "'update'", changes: &changes };
                let condition =
                    if event == "DELETE" { is_there(entity, &key) } else { String::new() };
                triggers.push(create_trigger(table, event, side, &condition, &entry));
            }
        }
    }
    triggers
}

/// Writes whether a row is still there. Links that go with their row are not written one by one into
/// the entry of its deletion, which would grow with each.
fn is_there(entity: &Entity, key: &[String]) -> String {
    let same: Vec<String> = entity
        .key_columns
        .iter()
        .zip(key)
        .map(|(column, value)| format!("{} = {value}", quote(&entity.column(*column).name)))
        .collect();
    format!(" AND EXISTS (SELECT 1 FROM {} WHERE {})", quote(&entity.table), same.join(" AND "))
}

/// Several statements of one write, such as the row and its links, make one entry.
fn create_trigger(
    table: &str,
    event: &str,
    side: &str,
    condition: &str,
    entry: &Entry<'_>,
) -> Trigger {
    let name = history::trigger_name(table, event, side);
    let history = quote(&history::table_name(&entry.entity.table));
    let keys: Vec<String> = (0..entry.key.len()).map(history::key_column).collect();
    let same: Vec<String> = keys
        .iter()
        .zip(entry.key)
        .map(|(name, value)| format!("{} = {value}", quote(name)))
        .collect();
    let keys = create::list(&keys);
    let [number, at, operation, caller, role, request, write, changes] =
        history::COLUMNS.map(quote);
    let sql = format!(
        "CREATE TRIGGER {} AFTER {event} ON {} WHEN ms_write('paused') IS NULL{condition} BEGIN
  INSERT INTO {history} ({keys}, {number}, {at}, {operation}, {caller}, {role}, {request}, {write}, {changes})
  SELECT {}, COALESCE((SELECT {number} + ({write} IS NULL OR {write} IS NOT ms_write('id')) FROM {history} WHERE {} ORDER BY {number} DESC LIMIT 1), 1),
    COALESCE(ms_write('at'), CAST(unixepoch('subsec') * 1000000 AS INTEGER)), {}, ms_write('caller'), ms_write('role'), ms_write('request'), ms_write('id'), {}
  WHERE 1 = 1
  ON CONFLICT ({keys}, {number}) DO UPDATE SET {changes} = json_patch({changes}, excluded.{changes}),
    {operation} = CASE excluded.{operation} WHEN 'update' THEN {operation} ELSE excluded.{operation} END;
END",
        quote(&name),
        quote(table),
        entry.key.join(", "),
        same.join(" AND "),
        entry.operation,
        entry.changes,
    );
    Trigger { name, sql }
}

/// Writes what an update is: hiding a row is one, too.
fn operation(entity: &Entity) -> String {
    let Some(archive) = &entity.archive else { return "'update'".to_owned() };
    let [old, new] = ["OLD", "NEW"].map(|alias| of(entity, archive.column, alias));
    format!(
        "CASE WHEN {old} IS NULL AND {new} IS NOT NULL THEN 'archive' WHEN {old} IS NOT NULL AND {new} IS NULL THEN 'restore' ELSE 'update' END"
    )
}

/// Writes whether an update changes more than its own time.
fn is_changed(entity: &Entity) -> String {
    let columns = entity.fields.iter().filter(|field| field.role != Role::Updated);
    let columns: Vec<String> = columns
        .flat_map(history::columns_of)
        .filter(|column| !entity.key_columns.contains(column))
        .map(|column| {
            format!("{} IS NOT {}", of(entity, *column, "OLD"), of(entity, *column, "NEW"))
        })
        .collect();
    if columns.is_empty() { "0".to_owned() } else { columns.join(" OR ") }
}

/// Writes the changed values: an object of lists of the old one and the new one.
fn changes(entity: &Entity, old: Option<&str>, new: Option<&str>) -> String {
    let mut rows = Vec::new();
    for field in entity.fields.iter().filter(|field| history::is_recorded(field)) {
        let Some(name) = history::name_of(entity, field) else { continue };
        let value = |alias: Option<&str>| {
            alias.map_or_else(|| "NULL".to_owned(), |alias| value(entity, field, alias))
        };
        let columns = history::columns_of(field).iter();
        let differs: Vec<String> = match (old, new) {
            // The entry's own time says it, and a key never changes.
            (Some(_), Some(_)) if field.role == Role::Updated || is_key(entity, field) => continue,
            (Some(old), Some(new)) => columns
                .map(|column| {
                    format!("{} IS NOT {}", of(entity, *column, old), of(entity, *column, new))
                })
                .collect(),
            (one, other) => {
                let alias = one.or(other).unwrap_or("NEW");
                columns
                    .map(|column| format!("{} IS NOT NULL", of(entity, *column, alias)))
                    .collect()
            }
        };
        rows.push(format!(
            "({}, CASE WHEN {} THEN json_array({}, {}) END)",
            text(&name),
            differs.join(" OR "),
            value(old),
            value(new)
        ));
    }
    if rows.is_empty() {
        return "'{}'".to_owned();
    }
    format!(
        "(SELECT json_group_object(column1, json(column2)) FROM (VALUES {}) WHERE column2 IS NOT NULL)",
        rows.join(", ")
    )
}

fn is_key(entity: &Entity, field: &Field) -> bool {
    history::columns_of(field).iter().all(|column| entity.key_columns.contains(column))
}

/// Writes a field's value as clients see it, for a JSON list.
fn value(entity: &Entity, field: &Field, alias: &str) -> String {
    let columns = history::columns_of(field);
    let part =
        |column: &ColumnId| client_form(&of(entity, *column, alias), entity.column(*column).ty);
    match columns {
        [column] => part(column),
        [first, ..] => {
            let parts: Vec<String> = columns.iter().map(part).collect();
            let first = of(entity, *first, alias);
            format!("json(CASE WHEN {first} IS NOT NULL THEN json_array({}) END)", parts.join(", "))
        }
        [] => "NULL".to_owned(),
    }
}

fn client_form(sql: &str, ty: ColumnType) -> String {
    match ty {
        ColumnType::Uuid => format!("ms_to_text({sql}, 'uuid')"),
        ColumnType::Timestamp => format!("ms_to_text({sql}, 'timestamp')"),
        ColumnType::BigInt => format!("CAST({sql} AS TEXT)"),
        ColumnType::Float => format!("json(ms_float_json({sql}))"),
        ColumnType::Boolean => {
            format!("json(CASE {sql} WHEN 0 THEN 'false' WHEN 1 THEN 'true' END)")
        }
        ColumnType::Json | ColumnType::List => format!("json({sql})"),
        ColumnType::Text | ColumnType::Int | ColumnType::Decimal | ColumnType::Date => {
            sql.to_owned()
        }
    }
}

/// Writes the key of a linked row as a text: a part as lists of parents' keys have it, several as a
/// list in JSON.
fn link_key(far: &JoinSide, alias: &str) -> String {
    let composite = far.columns.len() > 1;
    let part = |column: &JoinColumn| {
        let held = format!("{alias}.{}", quote(&column.name));
        match column.ty {
            ColumnType::Uuid => format!("lower(hex({held}))"),
            ColumnType::Float if composite => format!("json(ms_float_json({held}))"),
            ColumnType::Float => format!("ms_float_json({held})"),
            _ => held,
        }
    };
    let parts: Vec<String> = far.columns.iter().map(part).collect();
    let parts = parts.join(", ");
    if composite { format!("json_array({parts})") } else { format!("CAST({parts} AS TEXT)") }
}

fn of(entity: &Entity, column: ColumnId, alias: &str) -> String {
    format!("{alias}.{}", quote(&entity.column(column).name))
}

fn text(value: &str) -> String {
    Dialect::Sqlite.literal(&expr::Value::Text(value.to_owned()))
}
