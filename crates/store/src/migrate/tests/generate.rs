//! Schemas and rows made from a string of bytes, so that proptest can shrink them.

use std::slice::Iter;

use expr::{Date, Timestamp, Value};
use model::schema::{Check, Column, Fill, ForeignKey, Index, IndexColumn, Schema, Search, Table};
use model::{ColumnType, OnDelete};

const TABLES: [&str; 4] = ["apple", "bear", "cat", "dog"];
const COLUMNS: [&str; 6] = ["kind", "life", "mass", "name", "odd \"one", "part"];
const TYPES: [ColumnType; 11] = [
    ColumnType::Uuid,
    ColumnType::Text,
    ColumnType::Int,
    ColumnType::BigInt,
    ColumnType::Float,
    ColumnType::Decimal,
    ColumnType::Boolean,
    ColumnType::Timestamp,
    ColumnType::Date,
    ColumnType::Json,
    ColumnType::List,
];

/// Draws choices from bytes; from the end on, always the first choice.
pub(super) struct Draw<'b>(Iter<'b, u8>);

impl<'b> Draw<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self(bytes.iter())
    }

    pub(super) fn below(&mut self, count: usize) -> usize {
        usize::from(self.0.next().copied().unwrap_or_default()) % count
    }

    /// True once in `count` times.
    pub(super) fn once_in(&mut self, count: usize) -> bool {
        self.below(count) == count - 1
    }

    pub(super) fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    fn some<T: Copy>(&mut self, choices: &[T], one_in: usize) -> Vec<T> {
        choices.iter().copied().filter(|_| self.once_in(one_in)).collect()
    }
}

/// Makes a schema.
pub(super) fn schema(draw: &mut Draw<'_>) -> Schema {
    let names: Vec<&str> = TABLES.into_iter().filter(|_| draw.below(3) != 2).collect();
    let mut tables: Vec<Table> = names.iter().map(|name| table(draw, name)).collect();
    finish(draw, &mut tables);
    Schema { tables }
}

/// Changes a schema here and there.
pub(super) fn changed(draw: &mut Draw<'_>, schema: &Schema) -> Schema {
    let mut tables = schema.tables.clone();
    for table in &mut tables {
        // What depends on other tables and on columns is made anew at the end, mostly alike.
        let own: Vec<String> =
            table.foreign_keys.iter().flat_map(|key| key.columns.clone()).collect();
        table
            .columns
            .retain(|column| !own.contains(&column.name) || table.key.contains(&column.name));
        for column in &mut table.columns {
            let key = table.key.contains(&column.name);
            match draw.below(9) {
                1 => *column = self::column(draw, &column.name.clone(), key),
                2 if !key => column.nullable = !column.nullable,
                3 => column.ty = widened(column.ty),
                4 => column.values = column.values.as_ref().map(|_| vec!["A".to_owned()]),
                6 => rename_value(draw, column),
                5 if !key => {
                    column.was = Some(column.name.clone());
                    column.name = format!("{} renamed", column.name);
                }
                _ => {}
            }
        }
        if draw.once_in(6) && !table.columns.is_empty() {
            let gone = table.columns[draw.below(table.columns.len())].name.clone();
            if !table.key.contains(&gone) {
                table.columns.retain(|column| column.name != gone);
            }
        }
        if draw.once_in(3) {
            let name = draw.of(&COLUMNS);
            if table.column(name).is_none() {
                let column = column(draw, name, false);
                table.columns.push(column);
            }
        }
        if draw.once_in(8) {
            table.was = vec![table.name.clone()];
            table.name = format!("{}_renamed", table.name);
        }
        if draw.once_in(10) {
            rekey(draw, table);
        }
        table.identity &= is_counted(table);
    }
    if draw.once_in(10) && !tables.is_empty() {
        tables.remove(draw.below(tables.len()));
    }
    if draw.once_in(5) {
        let name = draw.of(&TABLES);
        if !tables.iter().any(|table| table.name == name) {
            tables.push(table(draw, name));
        }
    }
    finish(draw, &mut tables);
    for table in &mut tables {
        let was = table.was.first().unwrap_or(&table.name);
        if let Some(old) = schema.table(was) {
            super::generate_fills::add(draw, old, table);
        }
    }
    Schema { tables }
}

/// Gives a value of an enum another name, or lets another value take it in.
fn rename_value(draw: &mut Draw<'_>, column: &mut Column) {
    let Some(values) = column.values.as_mut().filter(|values| !values.is_empty()) else { return };
    let old = values.remove(draw.below(values.len()));
    if values.is_empty() || draw.below(2) == 0 {
        values.push("Z".to_owned());
    }
    let new = values[draw.below(values.len())].clone();
    column.values_were = vec![(new, old)];
}

fn table(draw: &mut Draw<'_>, name: &str) -> Table {
    let mut columns: Vec<Column> =
        draw.some(&COLUMNS, 2).into_iter().map(|name| column(draw, name, false)).collect();
    columns.insert(0, Column { ty: ColumnType::Uuid, ..column(&mut Draw::new(&[]), "id", true) });
    let mut table = Table {
        name: name.to_owned(),
        was: vec![],
        columns,
        key: vec!["id".to_owned()],
        identity: false,
        foreign_keys: vec![],
        indexes: vec![],
        checks: vec![],
        triggers: vec![],
        recorded: vec![],
        search: None,
        archive: None,
    };
    if draw.once_in(3) {
        rekey(draw, &mut table);
    }
    table
}

fn rekey(draw: &mut Draw<'_>, table: &mut Table) {
    let candidates: Vec<String> = table
        .columns
        .iter()
        .filter(|column| !matches!(column.ty, ColumnType::Json | ColumnType::List))
        .map(|column| column.name.clone())
        .collect();
    table.key = candidates.iter().filter(|_| draw.below(2) == 1).take(2).cloned().collect();
    if table.key.is_empty() {
        table.key.extend(candidates.into_iter().take(1));
    }
    if table.key.is_empty() {
        table.columns.push(column(&mut Draw::new(&[]), "id", true));
        table.key.push("id".to_owned());
    }
    for column in &mut table.columns {
        column.nullable &= !table.key.contains(&column.name);
    }
    table.identity = is_counted(table) && draw.below(2) == 1;
}

fn is_counted(table: &Table) -> bool {
    let counted = |name: &String| {
        table
            .column(name)
            .is_some_and(|column| matches!(column.ty, ColumnType::Int | ColumnType::BigInt))
    };
    table.key.len() == 1 && table.key.iter().all(counted)
}

fn column(draw: &mut Draw<'_>, name: &str, key: bool) -> Column {
    let ty = if key { draw.of(&TYPES[..9]) } else { draw.of(&TYPES) };
    let element = (ty == ColumnType::List).then(|| draw.of(&TYPES[..9]));
    let is_text = element.unwrap_or(ty) == ColumnType::Text;
    let enums: [&[&str]; 3] = [&["A", "B"], &["A", "B", "C"], &["B"]];
    let values = (is_text && draw.below(2) == 1)
        .then(|| draw.of(&enums).iter().map(|value| (*value).to_owned()).collect());
    let mut column = Column {
        name: name.to_owned(),
        was: None,
        ty,
        element,
        values,
        values_were: vec![],
        nullable: false,
        fill: None,
    };
    column.nullable = !key && draw.below(2) == 0;
    column.fill = if draw.once_in(3) { fill(&column) } else { None };
    column
}

fn fill(column: &Column) -> Option<Fill> {
    let text = column.values.as_ref().map_or("x'y", |values| &values[0]);
    Some(Fill::Value(match column.ty {
        ColumnType::Uuid => Value::Uuid(uuid::Uuid::from_u128(7)),
        ColumnType::Text => Value::Text(text.to_owned()),
        ColumnType::Int | ColumnType::BigInt => Value::Int(-7),
        ColumnType::Float => Value::Float(-0.5),
        ColumnType::Decimal => Value::Decimal(rust_decimal::Decimal::new(-15, 1)),
        ColumnType::Boolean => Value::Bool(true),
        ColumnType::Timestamp => return Some(Fill::Now),
        ColumnType::Date => Value::Date(Date(1)),
        ColumnType::Json => Value::Json(serde_json::json!({"a": null}).into()),
        ColumnType::List => Value::List(vec![]),
    }))
}

fn widened(ty: ColumnType) -> ColumnType {
    match ty {
        ColumnType::Int => ColumnType::BigInt,
        ColumnType::BigInt => ColumnType::Decimal,
        ColumnType::Date => ColumnType::Timestamp,
        ColumnType::Json | ColumnType::List => ty,
        _ => ColumnType::Text,
    }
}

/// Adds what depends on the columns: elements, references, indexes and checks.
fn finish(draw: &mut Draw<'_>, tables: &mut [Table]) {
    for table in tables.iter_mut() {
        table.foreign_keys.clear();
        table.indexes.clear();
        table.checks.clear();
        table.search = None;
        for column in &mut table.columns {
            if column.ty != ColumnType::List {
                column.element = None;
            }
            let text = column.element.unwrap_or(column.ty) == ColumnType::Text;
            column.values = column.values.take().filter(|_| text);
            // A fill belongs to the type it was drawn for.
            column.fill = column.fill.take().and_then(|_| fill(column));
        }
    }
    let targets: Vec<Table> = tables.to_vec();
    for table in tables.iter_mut() {
        if !targets.is_empty() && draw.below(2) == 1 {
            let target = draw.below(targets.len());
            refer(draw, table, &targets[target]);
        }
        for number in 0..draw.below(3) {
            table.indexes.extend(index(draw, table, number));
        }
        if draw.below(2) == 1 {
            let texts = table.columns.iter().filter(|column| column.ty == ColumnType::Text);
            let columns: Vec<String> = texts.map(|column| column.name.clone()).collect();
            table.search = (!columns.is_empty()).then_some(Search { columns });
        }
        for number in 0..draw.below(3) {
            let column = table.columns[draw.below(table.columns.len())].name.replace('"', "\"\"");
            let length = draw.of(&[1, 2, 16]);
            let condition = format!("(length(\"{column}\") <> {length})");
            table.checks.push(Check { name: format!("ck_{}_{number}", table.name), condition });
        }
    }
    tables.sort_by(|a, b| a.name.cmp(&b.name));
}

fn refer(draw: &mut Draw<'_>, table: &mut Table, target: &Table) {
    let nullable = draw.below(2) == 0;
    let on_delete = draw.of(&[OnDelete::Restrict, OnDelete::Cascade, OnDelete::SetNull]);
    let mut columns = Vec::new();
    for name in &target.key {
        let key = target.column(name).unwrap();
        let name = format!("{}_{name}", target.name);
        table.columns.retain(|column| column.name != name);
        let column = Column { name: name.clone(), was: None, nullable, fill: None, ..key.clone() };
        table.columns.push(Column { values: None, ..column });
        columns.push(name);
    }
    if table.key.iter().any(|name| columns.contains(name)) {
        table
            .columns
            .iter_mut()
            .for_each(|column| column.nullable &= !table.key.contains(&column.name));
    }
    table.foreign_keys.push(ForeignKey {
        columns,
        target: target.name.clone(),
        target_columns: target.key.clone(),
        on_delete,
    });
}

fn index(draw: &mut Draw<'_>, table: &Table, number: usize) -> Option<Index> {
    let mut columns: Vec<IndexColumn> = Vec::new();
    for column in &table.columns {
        if draw.once_in(3) {
            columns.push(IndexColumn { name: column.name.clone(), descending: draw.below(2) == 1 });
        }
    }
    let filter = draw.once_in(4).then(|| {
        let column = table.columns[draw.below(table.columns.len())].name.replace('"', "\"\"");
        format!("(length(\"{column}\") > 1)")
    });
    let name = format!("ix_{}_{number}", table.name);
    (!columns.is_empty()).then(|| Index { name, columns, unique: draw.below(2) == 1, filter })
}

/// Makes rows as INSERT statements; some may violate a constraint.
pub(super) fn inserts(draw: &mut Draw<'_>, schema: &Schema) -> Vec<String> {
    let mut out = Vec::new();
    for _ in 0..draw.below(4) {
        for table in &schema.tables {
            let names: Vec<String> = table
                .columns
                .iter()
                .map(|column| format!("\"{}\"", column.name.replace('"', "\"\"")))
                .collect();
            let values: Vec<String> =
                table.columns.iter().map(|column| value(draw, column)).collect();
            let (names, values) = (names.join(", "), values.join(", "));
            out.push(format!("INSERT INTO \"{}\" ({names}) VALUES ({values})", table.name));
        }
    }
    out
}

fn value(draw: &mut Draw<'_>, column: &Column) -> String {
    if column.nullable && draw.below(3) == 0 {
        return "NULL".to_owned();
    }
    let text = |values: &Option<Vec<String>>, draw: &mut Draw<'_>| match values {
        Some(values) => values[draw.below(values.len())].clone(),
        None => draw.of(&["A", "bb", "C"]).to_owned(),
    };
    if let Some(element) = column.element {
        return match element {
            ColumnType::Int | ColumnType::BigInt => "'[1,2]'".to_owned(),
            ColumnType::Text => format!("'[\"{}\"]'", text(&column.values, draw)),
            _ => "'[]'".to_owned(),
        };
    }
    match column.ty {
        ColumnType::Uuid => format!("X'{:032x}'", draw.below(8)),
        ColumnType::Text => format!("'{}'", text(&column.values, draw)),
        ColumnType::Int => draw.of(&["1", "2", "-2147483648"]).to_owned(),
        ColumnType::BigInt => draw.of(&["1", "2", "3000000000", "9007199254740993"]).to_owned(),
        ColumnType::Float => draw.of(&["1.0", "2.5", "-1e300"]).to_owned(),
        ColumnType::Decimal => draw.of(&["'1.0'", "'1.00'", "'2.5'"]).to_owned(),
        ColumnType::Boolean => draw.of(&["0", "1"]).to_owned(),
        ColumnType::Timestamp => Timestamp(draw.below(3) as i64 * 1_000_001).0.to_string(),
        ColumnType::Date => draw.of(&["'2026-11-24'", "'0001-01-01'"]).to_owned(),
        ColumnType::Json => draw.of(&["'{\"a\":1}'", "'null'"]).to_owned(),
        ColumnType::List => "'[]'".to_owned(),
    }
}
