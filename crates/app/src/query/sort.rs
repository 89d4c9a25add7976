//! `sort=-createdAt,category.name`

use expr::EntityId;
use model::Entity;
use plan::aggregate::FieldPath;
use plan::read::Order;

use super::Query;

/// More terms than this no list needs.
const SORT_TERMS_MAX: usize = 8;

impl Query<'_> {
    /// Sorts the list.
    pub fn sort(&mut self, text: &str) {
        self.order = self.order_of("sort", self.entity, text);
    }

    /// Reads the terms of a sort.
    pub(super) fn order_of(&mut self, parameter: &str, entity: EntityId, text: &str) -> Vec<Order> {
        let mut order: Vec<Order> = Vec::new();
        for term in text.split(',').map(str::trim).filter(|term| !term.is_empty()) {
            let (descending, path) = match term.strip_prefix('-') {
                Some(path) => (true, path),
                None => (false, term.strip_prefix('+').unwrap_or(term)),
            };
            if let Some(FieldPath { hops, field }) = self.path(parameter, entity, path)
                && !order.iter().any(|known| known.hops == hops && known.field == field)
            {
                order.push(Order { hops, field, descending });
            }
        }
        if order.len() > SORT_TERMS_MAX {
            let detail = format!("use at most {SORT_TERMS_MAX} terms");
            self.mistake(parameter, "too_many", detail);
        }
        order
    }
}

/// Ends an order with the key, in the direction of its last term, so that it is total and an index
/// on its terms (which ends with the key too) can be read in order.
pub(super) fn with_key(entity: &Entity, mut order: Vec<Order>) -> Vec<Order> {
    let descending = order.last().is_some_and(|last| last.descending);
    for field in &entity.key {
        if !order.iter().any(|known| known.hops.is_empty() && known.field == *field) {
            order.push(Order { hops: Vec::new(), field: *field, descending });
        }
    }
    order
}
