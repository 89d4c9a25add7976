//! Values on their way to the database.

use expr::Value;
pub use expr::ops::client_form;

use crate::program::Bind;

/// Where the value of a placeholder comes from when the plan runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BindSource {
    /// An atom of a filter or a rule.
    Atom(u16),
    /// A column of the row's key.
    Key(u16),
    /// A column of a written row.
    Input(u16),
    /// The keys to be linked by a many-to-many relation, as a JSON list.
    Links(u16),
    /// A value of the page's cursor.
    Cursor(u16),
    /// A value of a cursor of an embedded list.
    ExpandCursor(u16),
    /// The page size, plus one to see whether there is more.
    LimitAndOne,
    /// The rows to skip.
    Offset,
    /// What is searched for.
    Search,
    /// Any of what is searched for, by which rows found are ranked.
    SearchAny,
    /// The keys of the parent rows, as a JSON list.
    ParentKeys,
    /// A number fixed by the plan.
    Number(i64),
}

/// Turns a value into its stored form.
pub fn bind(value: Value) -> Bind {
    match value {
        Value::Null => Bind::Null,
        Value::Bool(truth) => Bind::Int(i64::from(truth)),
        Value::Int(number) | Value::Duration(number) => Bind::Int(number),
        Value::Float(number) => Bind::Real(number),
        Value::Decimal(number) => Bind::Text(number.to_string()),
        Value::Text(text) => Bind::Text(text),
        Value::Uuid(uuid) => Bind::Blob(uuid.as_bytes().as_slice().into()),
        Value::Timestamp(time) => Bind::Int(time.0),
        Value::Date(date) => Bind::Text(expr::ops::format_date(date)),
        Value::Json(json) => Bind::Text(json.to_string()),
        list @ Value::List(_) => Bind::Text(client_form(&list).to_string()),
    }
}
