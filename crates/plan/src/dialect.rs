//! Everything in which databases differ. No other file of the product asks which one it is.

use expr::ops::Period;
use expr::{ArithOp, Func, PathStep, Type, Value};
use model::ColumnType;

use crate::aggregate::AggregateFunc;
use crate::encode::{MARK_CLOSE, MARK_OPEN};
use crate::search::{SearchQuery, SearchTerm};

/// A database's SQL.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// SQLite with the functions and the collation that `store` registers.
    Sqlite,
}

impl Dialect {
    /// Quotes an identifier of the model.
    pub fn quote(self, name: &str) -> String {
        format!("\"{}\"", name.replace('"', "\"\""))
    }

    /// Writes the placeholder of the n-th bind, counted from 1.
    pub fn placeholder(self, number: usize) -> String {
        format!("?{number}")
    }

    /// The statement by which a write says who it is by, for the triggers that keep the history: its
    /// id, the time, the caller's id and role, and the request's id. It holds until the write is over.
    pub(crate) fn write_by(self) -> String {
        let values: Vec<String> = (1..=5).map(|number| self.placeholder(number)).collect();
        format!("SELECT ms_write_by({})", values.join(", "))
    }

    /// Writes a constant of the model. Values of clients are always bound.
    pub fn literal(self, value: &Value) -> String {
        match value {
            Value::Null => "NULL".to_owned(),
            Value::Bool(truth) => i64::from(*truth).to_string(),
            Value::Int(number) | Value::Duration(number) => number.to_string(),
            Value::Timestamp(time) => time.0.to_string(),
            Value::Float(number) => format!("{number:?}"),
            Value::Uuid(uuid) => format!("X'{}'", uuid.simple()),
            other => match crate::binds::bind(other.clone()) {
                crate::program::Bind::Text(text) => format!("'{}'", text.replace('\'', "''")),
                _ => "NULL".to_owned(),
            },
        }
    }

    /// Equality in which null equals null.
    pub fn same(self, left: &str, right: &str) -> String {
        format!("({left} IS {right})")
    }

    /// What makes a comparison of this type exact.
    pub fn collated(self, sql: String, ty: &Type) -> String {
        match ty {
            Type::Decimal => format!("{sql} COLLATE decimal"),
            _ => sql,
        }
    }

    /// One of two values, by a condition.
    pub(crate) fn case(self, condition: &str, then: &str, otherwise: Option<&str>) -> String {
        let otherwise = otherwise.map_or(String::new(), |sql| format!(" ELSE {sql}"));
        self.decided(condition, format!("CASE WHEN {condition} THEN {then}{otherwise} END"))
    }

    /// A value that a condition decides. SQLite takes a collation inside of the condition for that of
    /// whatever is made of the value, so it gets its own; what is compared as a decimal gets that
    /// around it.
    pub(crate) fn decided(self, condition: &str, value: String) -> String {
        match condition.contains(" COLLATE ") {
            true => format!("({value}) COLLATE BINARY"),
            false => value,
        }
    }

    /// A table whose rows are the elements of a JSON list: columns `key`, `value` and `type`.
    pub fn elements(self, list: &str, alias: &str) -> String {
        format!("json_each({list}) AS {alias}")
    }

    /// An element of a list in client form as the stored form of a type.
    pub fn element(self, alias: &str, ty: &Type) -> String {
        let value = format!("{alias}.value");
        match ty {
            Type::Uuid => format!("ms_text_uuid({value})"),
            Type::Timestamp => format!("ms_text_time({value})"),
            Type::Int => format!("CAST({value} AS INTEGER)"),
            Type::Float => format!("CAST({value} AS REAL)"),
            Type::Json => format!(
                "CASE {alias}.type WHEN 'text' THEN json_quote({value}) WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE {value} END"
            ),
            _ => value,
        }
    }

    /// An aggregate over the rows of a group; null of no value, and where the result does not fit.
    pub(crate) fn aggregate(self, func: AggregateFunc, sql: String, ty: ColumnType) -> String {
        let family = match ty {
            ColumnType::Decimal => "dec",
            ColumnType::BigInt => "big",
            ColumnType::Float => "float",
            _ => "int",
        };
        let collated = |sql| match ty {
            ColumnType::Decimal => self.collated(sql, &Type::Decimal),
            _ => sql,
        };
        match func {
            AggregateFunc::CountDistinct => format!("COUNT(DISTINCT {})", collated(sql)),
            AggregateFunc::Sum => format!("ms_{family}_sum({sql})"),
            AggregateFunc::Avg => format!("ms_{family}_avg({sql})"),
            AggregateFunc::Min => format!("MIN({})", collated(sql)),
            AggregateFunc::Max => format!("MAX({})", collated(sql)),
        }
    }

    /// The value by which rows were grouped. Decimals that are equal may be written differently; one
    /// way is chosen, always the same.
    pub(crate) fn group_key(self, sql: &str, ty: ColumnType) -> String {
        match ty {
            ColumnType::Decimal => format!("MIN({sql} COLLATE BINARY)"),
            _ => sql.to_owned(),
        }
    }

    /// The start of the period in which a time or a day lies.
    pub(crate) fn period(self, sql: &str, unit: Period, ty: ColumnType) -> String {
        let kind = if ty == ColumnType::Date { "date" } else { "time" };
        format!("ms_{kind}_period({sql}, '{}')", unit.name())
    }

    /// A part of a parent's key, as `encode` writes keys for child statements.
    pub fn parent_key(self, alias: &str, part: Option<usize>, ty: ColumnType) -> String {
        let value = match part {
            None => format!("{alias}.value"),
            Some(part) => format!("json_extract({alias}.value, '$[{part}]')"),
        };
        match ty {
            ColumnType::Uuid => format!("unhex({value})"),
            _ => value,
        }
    }

    /// A JSON path as text.
    pub fn json_path(self, path: &[PathStep]) -> String {
        let mut out = "'$".to_owned();
        for step in path {
            match step {
                PathStep::Index(index) => out.push_str(&format!("[{index}]")),
                PathStep::Member(name) => {
                    let name = name.replace('\'', "''");
                    out.push_str(&format!(".\"{name}\""));
                }
            }
        }
        out.push('\'');
        out
    }

    /// A value inside JSON, as JSON; null when there is none or it is JSON's null.
    pub fn json_value(self, json: &str, path: &str) -> String {
        format!("NULLIF({json} -> {path}, 'null')")
    }

    /// A value inside JSON as a scalar's stored form; null when it is of another type.
    pub fn json_as(self, json: &str, path: &str, ty: &Type) -> String {
        let kind = format!("json_type({json}, {path})");
        let value = format!("json_extract({json}, {path})");
        self.typed_json(&kind, &value, &format!("{json} -> {path}"), ty)
    }

    /// An element of a JSON list as a scalar's stored form.
    pub fn element_as(self, alias: &str, ty: &Type) -> String {
        let value = format!("{alias}.value");
        self.typed_json(&format!("{alias}.type"), &value, &value, ty)
    }

    fn typed_json(self, kind: &str, value: &str, json: &str, ty: &Type) -> String {
        let text = format!("CASE {kind} WHEN 'text' THEN {value} END");
        match ty {
            Type::Bool => format!("CASE {kind} WHEN 'true' THEN 1 WHEN 'false' THEN 0 END"),
            Type::Int => {
                format!("ms_whole(CASE WHEN {kind} IN ('integer', 'real') THEN {value} END)")
            }
            Type::Float => {
                format!("CASE WHEN {kind} IN ('integer', 'real') THEN CAST({value} AS REAL) END")
            }
            Type::Decimal => format!(
                "ms_text_decimal(CASE {kind} WHEN 'text' THEN {value} WHEN 'integer' THEN {json} WHEN 'real' THEN {json} END)"
            ),
            Type::Uuid => format!("ms_text_uuid({text})"),
            Type::Timestamp => format!("ms_text_time({text})"),
            Type::Date => format!("ms_text_date({text})"),
            Type::Duration => format!("ms_text_duration({text})"),
            Type::List(_) | Type::Json => format!("CASE {kind} WHEN 'array' THEN {json} END"),
            _ => text,
        }
    }

    /// A text in which some values have other names now.
    pub(crate) fn renamed(self, sql: &str, renames: &[(&str, &str)]) -> String {
        let cases: Vec<String> = renames
            .iter()
            .map(|(old, new)| {
                let literal = |text: &str| self.literal(&Value::Text(text.to_owned()));
                format!("WHEN {} THEN {}", literal(old), literal(new))
            })
            .collect();
        format!("CASE {sql} {} ELSE {sql} END", cases.join(" "))
    }

    /// A list of texts in which some values have other names now.
    pub(crate) fn renamed_elements(self, list: &str, renames: &[(&str, &str)]) -> String {
        let element = self.renamed("e.value", renames);
        format!(
            "CASE WHEN {list} IS NOT NULL THEN (SELECT json_group_array({element} ORDER BY e.key) FROM {}) END",
            self.elements(list, "e")
        )
    }

    /// A table's rows that a full-text index finds. The index comes first: only what it finds is
    /// looked at.
    pub fn search_from(self, index: &str, table: &str, alias: &str) -> String {
        let index = self.quote(index);
        format!("{index} AS s CROSS JOIN {table} AS {alias} ON {alias}.rowid = s.rowid")
    }

    /// The condition that a full-text index of `search_from` has found the row.
    pub fn search_found(self, index: &str, query: &str) -> String {
        format!("s.{} MATCH {query}", self.quote(index))
    }

    /// How well a row fits among all rows of the table, from best to worst in ascending order.
    pub fn search_rank(self, index: &str, weights: &[(&str, f64)]) -> String {
        let weights: String = weights.iter().map(|(_, weight)| format!(", {weight:?}")).collect();
        format!("bm25(s.{}{weights})", self.quote(index))
    }

    /// How well a row fits by what stands in it alone, from best to worst in ascending order: which of
    /// its texts have any, and which all of what is searched for.
    pub fn search_rank_of_row(
        self,
        index: &str,
        weights: &[(&str, f64)],
        all: &str,
        any: &str,
    ) -> String {
        let index = self.quote(index);
        let has = |column: &str, query: &str| {
            let column = self.literal(&Value::Text(format!("{} : (", self.quote(column))));
            format!(
                "(s.rowid IN (SELECT rowid FROM {index} WHERE {index} MATCH {column} || {query} || ')'))"
            )
        };
        let fits = weights.iter().map(|(column, weight)| {
            format!("{weight:?} * ({} + {})", has(column, any), has(column, all))
        });
        format!("-({})", fits.collect::<Vec<_>>().join(" + "))
    }

    /// The part of an indexed text that shows what was found, between marks that `encode` knows.
    pub fn search_snippet(self, index: &str, column: usize, words: u32) -> String {
        let (open, close) = (MARK_OPEN as u32, MARK_CLOSE as u32);
        let index = self.quote(index);
        format!("snippet(s.{index}, {column}, char({open}), char({close}), '…', {words})")
    }

    /// Terms as the full-text index's query; it is bound as a value. One is not excluded.
    ///
    /// Each term is a string of FTS5, so nothing in it is an operator.
    pub fn search_query(self, terms: &[SearchTerm]) -> SearchQuery {
        let join = |excluded: bool, operator: &str| {
            let terms = terms.iter().filter(|term| term.excluded == excluded);
            let terms: Vec<String> = terms
                .map(|term| {
                    let star = if term.prefix { " *" } else { "" };
                    format!("\"{}\"{star}", term.text.replace('"', "\"\""))
                })
                .collect();
            terms.join(operator)
        };
        let (wanted, excluded) = (join(false, " AND "), join(true, " OR "));
        let all = if excluded.is_empty() { wanted } else { format!("({wanted}) NOT ({excluded})") };
        SearchQuery { all, any: join(false, " OR ") }
    }

    /// A lossless conversion.
    pub fn convert(self, sql: &str, from: &Type, to: &Type) -> String {
        match (from, to) {
            (Type::Int, Type::Float) => format!("CAST({sql} AS REAL)"),
            (Type::Int, Type::Decimal) => format!("CAST({sql} AS TEXT)"),
            (Type::Date, Type::Timestamp) => format!("ms_date_time({sql})"),
            _ => sql.to_owned(),
        }
    }

    /// A text as a whole number of 64 bits; null where it is none.
    pub(crate) fn whole(self, text: &str) -> String {
        format!("ms_to_int({text}, 'text')")
    }

    /// Negation, null on overflow.
    pub fn negate(self, sql: &str, ty: &Type) -> String {
        match ty {
            Type::Decimal => format!("ms_dec_neg({sql})"),
            Type::Float => format!("(-{sql})"),
            _ => format!("ms_int_neg({sql})"),
        }
    }

    /// Arithmetic, null on overflow and division by zero. A time comes first, as the checker sees to.
    pub fn arithmetic(self, op: ArithOp, left: (&str, &Type), right: (&str, &Type)) -> String {
        let ((left, left_ty), (right, right_ty)) = (left, right);
        let family = match left_ty {
            Type::Text => return format!("({left} || {right})"),
            Type::Float => "float",
            Type::Decimal => "dec",
            Type::Timestamp => "time",
            _ => "int",
        };
        let verb = match op {
            ArithOp::Add => "add",
            ArithOp::Sub if (left_ty, right_ty) == (&Type::Timestamp, &Type::Timestamp) => "diff",
            ArithOp::Sub => "sub",
            ArithOp::Mul => "mul",
            ArithOp::Div => "div",
            ArithOp::Rem => "rem",
        };
        format!("ms_{family}_{verb}({left}, {right})")
    }

    /// A function of the language.
    pub fn call(self, func: Func, args: &[(String, Type)]) -> String {
        let list = || args.iter().map(|(sql, _)| sql.as_str()).collect::<Vec<_>>().join(", ");
        let typed = |name: &str| match args.first() {
            Some((sql, ty)) => format!("ms_to_{name}({sql}, '{}')", stored_form(ty)),
            None => "NULL".to_owned(),
        };
        let first_is = |ty: Type| args.first().is_some_and(|(_, found)| *found == ty);
        let name = match func {
            Func::StartsWith => "ms_starts_with",
            Func::EndsWith => "ms_ends_with",
            Func::Contains => "ms_contains",
            Func::Matches => "ms_matches",
            Func::LowerAscii => "ms_lower",
            Func::UpperAscii => "ms_upper",
            Func::Trim => "ms_trim",
            Func::Before => "ms_before",
            Func::After => "ms_after",
            Func::SizeText => "ms_size",
            Func::SizeList => "json_array_length",
            Func::SizeRows => unreachable!("lowered to Term::CountRows"),
            Func::ToText => return typed("text"),
            Func::ToInt => return typed("int"),
            Func::ToFloat => return typed("float"),
            Func::ToDecimal => return typed("decimal"),
            Func::ToTimestamp => "ms_text_time",
            Func::ToDate if first_is(Type::Timestamp) => "ms_time_date",
            Func::ToDate => "ms_text_date",
            Func::Year => "ms_year",
            Func::Month => "ms_month",
            Func::DayOfMonth => "ms_day",
            Func::DayOfWeek => "ms_weekday",
            Func::Hours => "ms_hours",
            Func::Minutes => "ms_minutes",
            Func::Seconds => "ms_seconds",
            Func::Abs if first_is(Type::Decimal) => "ms_dec_abs",
            Func::Abs if first_is(Type::Float) => "ms_float_abs",
            Func::Abs => "ms_int_abs",
        };
        format!("{name}({})", list())
    }
}

/// Names the stored form of a type for the `ms_to_…` functions.
fn stored_form(ty: &Type) -> &'static str {
    match ty {
        Type::Bool => "bool",
        Type::Int => "int",
        Type::Float => "float",
        Type::Decimal => "decimal",
        Type::Uuid => "uuid",
        Type::Timestamp => "timestamp",
        Type::Date => "date",
        Type::Duration => "duration",
        Type::Enum(_) => "enum",
        _ => "text",
    }
}
