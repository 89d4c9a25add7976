//! Keyset paging: the order of a list, and the condition that continues behind a row.

use expr::{EntityId, FieldId, Type};
use model::{Field, FieldKind, Scalar};

use super::members::{key_show, show};
use super::shape::Order;
use crate::binds::BindSource;
use crate::encode::Show;
use crate::render::{Alias, Renderer, when};

/// A term of the order, rendered.
#[derive(Debug, Clone)]
pub(crate) struct SortTerm {
    /// The SQL.
    pub sql: String,
    /// Whether high comes first.
    pub descending: bool,
    /// Whether it can be null. Null counts as lower than any value.
    pub nullable: bool,
    /// How cursors show it.
    pub show: Show,
}

/// Renders the order's terms on the row at `alias`. A relation sorts by its key's columns.
pub(super) fn sort_terms(
    renderer: &mut Renderer<'_>,
    alias: &Alias,
    entity: EntityId,
    order: &[Order],
) -> Vec<SortTerm> {
    let mut terms = Vec::new();
    for order in order {
        let (alias, entity, conditions) = renderer.client_path(alias, entity, &order.hops);
        let decimal = is_decimal(renderer.model.entity(entity).field(order.field));
        for (sql, nullable, show) in columns(renderer, &alias, entity, order.field) {
            let sql = when(renderer.dialect, &conditions, sql);
            let sql = match decimal {
                true => renderer.dialect.collated(sql, &Type::Decimal),
                false => sql,
            };
            let nullable = nullable || !order.hops.is_empty();
            terms.push(SortTerm { sql, descending: order.descending, nullable, show });
        }
    }
    terms
}

fn is_decimal(field: &Field) -> bool {
    matches!(
        field.kind,
        FieldKind::Scalar { scalar: Scalar::Decimal, .. }
            | FieldKind::Computed { scalar: Scalar::Decimal, .. }
    )
}

fn columns(
    renderer: &mut Renderer<'_>,
    alias: &Alias,
    entity: EntityId,
    id: FieldId,
) -> Vec<(String, bool, Show)> {
    let model = renderer.model;
    let field = model.entity(entity).field(id);
    let nullable = !field.required || field.rules.read.is_some();
    match &field.kind {
        FieldKind::ToOne(relation) if relation.columns.len() > 1 => relation
            .columns
            .iter()
            .map(|column| {
                let ty = model.entity(entity).column(*column).ty;
                let conditions = renderer.field_rule(alias, entity, id);
                let sql = renderer.column(alias, entity, *column);
                let sql = when(renderer.dialect, conditions.as_slice(), sql);
                (sql, nullable, key_show(ty))
            })
            .collect(),
        FieldKind::ToOne(relation) => {
            let ty = model.entity(entity).column(relation.columns[0]).ty;
            vec![(renderer.client_field(alias, entity, id), nullable, key_show(ty))]
        }
        FieldKind::Scalar { scalar, .. } | FieldKind::Computed { scalar, .. } => {
            let sql = renderer.client_field(alias, entity, id);
            let nullable = nullable || matches!(field.kind, FieldKind::Computed { .. });
            vec![(sql, nullable, show(*scalar))]
        }
        FieldKind::List { .. } | FieldKind::ToMany { .. } => Vec::new(),
    }
}

/// Writes ORDER BY's list; reversed for the page before a cursor. A number that does not depend on
/// the row is left out, because a database would take it for the place of a column.
pub(crate) fn order_by(terms: &[SortTerm], reversed: bool) -> String {
    let terms: Vec<String> = terms
        .iter()
        .filter(|term| !is_number(&term.sql))
        .map(|term| {
            let direction = if term.descending != reversed { " DESC" } else { "" };
            format!("{}{direction}", term.sql)
        })
        .collect();
    terms.join(", ")
}

fn is_number(sql: &str) -> bool {
    let digits = sql.trim_matches(['(', ')', '+', '-', ' ']);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Writes the condition "behind the cursor's row", where `nulls` says which of its values are null.
/// Values that a cursor lacks count as null: such a cursor is refused before it is used.
pub(crate) fn keyset(
    renderer: &mut Renderer<'_>,
    terms: &[SortTerm],
    nulls: &[bool],
    reversed: bool,
    source: impl Fn(u16) -> BindSource,
) -> String {
    let values: Vec<Option<String>> = (0..terms.len())
        .map(|index| {
            let known = nulls.get(index).is_some_and(|null| !null);
            known.then(|| renderer.bind(source(index as u16)))
        })
        .collect();
    let falling = |term: &SortTerm| term.descending != reversed;
    let same_direction = terms.iter().all(|term| falling(term) == falling(&terms[0]));
    let none_null = values.iter().all(Option::is_some);
    if same_direction && none_null && terms.iter().all(|term| !term.nullable) {
        let columns: Vec<&str> = terms.iter().map(|term| term.sql.as_str()).collect();
        let values: Vec<&str> = values.iter().flatten().map(String::as_str).collect();
        let sign = if falling(&terms[0]) { "<" } else { ">" };
        return format!("(({}) {sign} ({}))", columns.join(", "), values.join(", "));
    }
    let mut ways = Vec::new();
    let mut equal = String::new();
    for (term, value) in terms.iter().zip(&values) {
        let sql = &term.sql;
        let beyond = match (value, falling(term)) {
            (None, false) => Some(format!("{sql} IS NOT NULL")),
            (None, true) => None,
            (Some(value), false) => Some(format!("{sql} > {value}")),
            (Some(value), true) if term.nullable => {
                Some(format!("({sql} < {value} OR {sql} IS NULL)"))
            }
            (Some(value), true) => Some(format!("{sql} < {value}")),
        };
        ways.extend(beyond.map(|beyond| format!("({equal}{beyond})")));
        equal.push_str(&match value {
            None => format!("{sql} IS NULL AND "),
            Some(value) => format!("{sql} = {value} AND "),
        });
    }
    let ways = if ways.is_empty() { "0".to_owned() } else { ways.join(" OR ") };
    // The first term alone bounds the search, so that an index on it is used.
    match (&values[0], falling(&terms[0])) {
        (Some(value), false) => format!("({} >= {value} AND ({ways}))", terms[0].sql),
        (Some(value), true) if !terms[0].nullable => {
            format!("({} <= {value} AND ({ways}))", terms[0].sql)
        }
        _ => format!("({ways})"),
    }
}
