//! A history as clients ask for it (`GET /products/{id}/history`).

use expr::{CompareOp, EntityId, ops};
use plan::Bind;
use plan::history::{HistoryFilter, HistoryPage, HistoryShape, cursor_number};
use plan::read::Cursor;

use super::ReadBounds;
use super::filter_op::{FilterOp, Test};
use crate::refusal::{BadParameter, are_enough};

/// What an entry can say was done.
const OPERATIONS: [&str; 5] = ["create", "update", "delete", "archive", "restore"];

/// Conditions of one request at most.
const FILTERS_MAX: usize = 8;

/// A request for a history being put together from parameters. Mistakes are collected.
pub struct HistoryQuery {
    bounds: ReadBounds,
    page: HistoryPage,
    cursor: i64,
    limit: Option<u32>,
    filters: Vec<HistoryFilter>,
    values: Vec<Bind>,
    mistakes: Vec<BadParameter>,
}

/// A request for a history ready to be planned.
#[derive(Debug)]
pub struct ReadyHistory {
    /// All but the values.
    pub(crate) shape: HistoryShape,
    /// The values of the filters.
    pub(crate) filters: Vec<Bind>,
    /// The number in the cursor.
    pub(crate) cursor: i64,
    /// The page size.
    pub(crate) limit: u32,
}

impl HistoryQuery {
    /// Starts a request.
    pub fn new(bounds: ReadBounds) -> Self {
        Self {
            bounds,
            page: HistoryPage::First,
            cursor: 0,
            limit: None,
            filters: Vec::new(),
            values: Vec::new(),
            mistakes: Vec::new(),
        }
    }

    /// Takes a parameter, `at[gte]=…` as (`at`, `gte`, …).
    pub fn parameter(&mut self, name: &str, op: Option<&str>, value: &str) {
        match (name, op) {
            ("limit", None) => self.limit(value),
            ("after", None) => self.start(name, HistoryPage::After, value),
            ("before", None) => self.start(name, HistoryPage::Before, value),
            ("at" | "operation" | "by", op) => match FilterOp::parse(op.unwrap_or("eq")) {
                Some(FilterOp { negated: false, test: Test::Compare(op) }) => {
                    self.filter(name, op, value);
                }
                _ => {
                    let detail = "`at` takes eq, ne, lt, lte, gt and gte, the others eq";
                    self.mistake(name, "unknown_operator", detail);
                }
            },
            _ => {
                let detail = "a history takes only `limit`, `after`, `before`, `at`, `operation` \
                              and `by`";
                self.mistake(name, "unknown_parameter", detail);
            }
        }
    }

    fn limit(&mut self, text: &str) {
        let max = self.bounds.page_max;
        match text.parse() {
            Ok(limit) if (1..=max).contains(&limit) => {
                if self.limit.replace(limit).is_some() {
                    self.mistake("limit", "repeated", "give it only once");
                }
            }
            _ => self.mistake("limit", "out_of_range", &format!("use a number from 1 to {max}")),
        }
    }

    fn start(&mut self, name: &str, page: HistoryPage, text: &str) {
        if self.page != HistoryPage::First {
            self.mistake(name, "conflict", "use only one of `after` and `before`");
            return;
        }
        match Cursor::read(text).and_then(|cursor| cursor_number(&cursor)) {
            Ok(number) => (self.page, self.cursor) = (page, number),
            Err(error) => self.mistake(name, "invalid_cursor", &error.to_string()),
        }
    }

    fn filter(&mut self, name: &str, op: CompareOp, text: &str) {
        let (filter, value) = match (name, op) {
            ("at", op) => match ops::parse_timestamp(text) {
                Some(time) => (HistoryFilter::At(op), Bind::Int(time.0)),
                None => {
                    let detail = "`at` is compared with a time: 2026-11-24T00:00:00Z";
                    return self.mistake(name, "invalid_value", detail);
                }
            },
            ("operation", CompareOp::Eq) if OPERATIONS.contains(&text) => {
                (HistoryFilter::Operation, Bind::Text(text.to_owned()))
            }
            ("operation", CompareOp::Eq) => {
                let detail = format!("`operation` is one of {}", OPERATIONS.join(", "));
                return self.mistake(name, "invalid_value", &detail);
            }
            ("by", CompareOp::Eq) => (HistoryFilter::By, Bind::Text(text.to_owned())),
            _ => return self.mistake(name, "unknown_operator", "its only operator is eq"),
        };
        if self.filters.len() >= FILTERS_MAX {
            let detail = format!("use at most {FILTERS_MAX} conditions");
            return self.mistake(name, "too_many", &detail);
        }
        self.filters.push(filter);
        self.values.push(value);
    }

    fn mistake(&mut self, name: &str, code: &'static str, detail: &str) {
        if !are_enough(&self.mistakes) {
            let (name, detail) = (name.to_owned(), detail.to_owned());
            self.mistakes.push(BadParameter { name, code, detail });
        }
    }

    /// Finishes the request.
    ///
    /// # Errors
    /// Every mistake in the parameters.
    pub fn ready(self, entity: EntityId) -> Result<ReadyHistory, Vec<BadParameter>> {
        if !self.mistakes.is_empty() {
            return Err(self.mistakes);
        }
        let shape = HistoryShape { entity, page: self.page, filters: self.filters };
        let limit = self.limit.unwrap_or(self.bounds.page_default);
        Ok(ReadyHistory { shape, filters: self.values, cursor: self.cursor, limit })
    }
}
