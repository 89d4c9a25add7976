//! Lists: filtered, searched, sorted, embedded, counted, page by page.

use app::query::{Query, Ready};
use app::{App, BadParameter, Refusal, operations};
use expr::{Caller, EntityId};
use model::Model;
use plan::read::{Archived, Page, Total};
use serde_json::Value as Json;

use super::Seen;
use super::answers::{hidden_names, is_expected};
use super::searches::{SearchWish, by_number, unmarked};
use super::sight::Sight;
use super::wishes::{
    EXPAND_DEPTH_MAX, ListWish, Wish, archived, ask_for, list_wish, terms_text, understand, wish,
};
use crate::entropy::Entropy;

/// A list that is asked for.
#[derive(Clone, Debug)]
pub(crate) struct ListRead {
    pub(crate) entity: EntityId,
    archived: Archived,
    search: Option<SearchWish>,
    pub(crate) list: ListWish,
    wish: Wish,
}

/// The rows of a list as they should be.
pub(crate) struct Expected {
    pub(crate) items: Vec<Json>,
    /// Whether they are in this order. How well each fits is told by all rows where none is hidden.
    pub(crate) in_order: bool,
}

impl ListRead {
    pub(crate) fn random(model: &Model, entity: EntityId, entropy: &mut Entropy<'_>) -> Self {
        let archived = archived(model, entity, entropy);
        let search = SearchWish::random(model, entity, entropy);
        let mut list = list_wish(model, entity, entropy);
        list.limit = Some(entropy.of(&[1, 2, 3, 200]));
        if search.is_some() && entropy.pick(3) > 0 {
            (list.filter, list.sort) = (None, Vec::new());
        }
        let mut wish = wish(model, entity, EXPAND_DEPTH_MAX, entropy);
        if let (Some(_), Some(fields)) = (&search, &mut wish.fields)
            && let Some((number, _)) = model.entity(entity).field_named("n")
            && !fields.contains(&number)
        {
            fields.push(number);
        }
        Self { entity, archived, search, list, wish }
    }

    /// Asks for nothing that has no place in a table.
    pub(crate) fn has_only_cells(&mut self) {
        self.wish.related = Vec::new();
        if let Some(search) = &mut self.search {
            search.shows_nothing();
        }
    }

    /// Asks for the rows, whatever form they are answered in.
    pub(crate) fn ask_for<'m>(&self, query: &mut Query<'m>, model: &'m Model) {
        ask_for(query, model, self.entity, self.archived, &self.wish);
        if let Some(search) = &self.search {
            search.ask_for(query, model.entity(self.entity));
        }
        if let Some(filter) = &self.list.filter {
            query.filter(filter);
        }
        query.sort(&terms_text(model, self.entity, &self.list.sort));
    }

    fn ready(
        &self,
        app: &App,
        caller: &Caller<'_>,
        start: Option<(bool, &str)>,
    ) -> Result<Ready, Vec<BadParameter>> {
        let mut query = Query::new(&app.model, caller, self.entity, app.read_bounds());
        self.ask_for(&mut query, &app.model);
        query.limit(&self.limit().to_string());
        if self.list.count {
            query.count("exact");
        }
        match start {
            Some((true, cursor)) => query.after(cursor),
            Some((false, cursor)) => query.before(cursor),
            None => {}
        }
        query.many()
    }

    fn limit(&self) -> usize {
        self.list.limit.unwrap_or(20)
    }

    async fn page(
        &self,
        app: &App,
        caller: &Caller<'_>,
        start: Option<(bool, &str)>,
    ) -> Result<Page, Refusal> {
        let ready = self.ready(app, caller, start).map_err(Refusal::Parameters)?;
        operations::list(app, caller, ready, b"").await
    }

    /// Returns all that a caller is told, byte for byte.
    pub(crate) async fn told(&self, app: &App, caller: &Caller<'_>) -> String {
        let mut told = String::new();
        let mut cursor: Option<String> = None;
        loop {
            let start = cursor.as_deref().map(|cursor| (true, cursor));
            match self.page(app, caller, start).await {
                Err(refusal) => return format!("{told}{refusal:?}"),
                Ok(page) => {
                    told.push_str(&format!("{page:?}{}", String::from_utf8_lossy(&page.json)));
                    cursor = page.next;
                }
            }
            if cursor.is_none() {
                return told;
            }
        }
    }

    /// Returns the rows that should be answered.
    pub(crate) fn expected(&self, sight: Sight<'_>, ready: &Ready) -> Expected {
        let mut wish = self.wish.clone();
        understand(&mut wish, &ready.shape.selection);
        let filter = ready.shape.filter.as_ref().map(|tree| (tree, ready.atoms.as_slice()));
        let mut rows = sight.rows(self.entity, self.archived, filter);
        sight.sort(&mut rows, &self.list.sort);
        let mut in_order = true;
        if let Some(search) = &self.search {
            rows.retain(|row| search.finds(sight, *row));
            if ready.shape.search.as_ref().is_some_and(|search| search.ranked) {
                search.rank(sight, &mut rows);
                let all = (0..sight.world.rows(self.entity)).map(|row| (self.entity, row));
                let mut all = all.filter(|row| sight.world.is_kept(*row));
                in_order = all.any(|row| !sight.sees(row, self.archived));
            }
        }
        let items = rows.iter().map(|row| {
            let mut item = sight.shown(*row, &wish, &ready.atoms);
            if let Some(search) = &self.search {
                search.highlight(sight, *row, &mut item);
            }
            item
        });
        Expected { items: items.collect(), in_order }
    }

    /// Compares each page with what the caller sees.
    pub(crate) async fn check(
        &self,
        app: &App,
        sight: Sight<'_>,
        seen: &mut Seen,
    ) -> Result<(), String> {
        let ready = match self.ready(app, sight.caller, None) {
            Ok(ready) => ready,
            Err(mistakes) => return hidden_names(&mistakes, seen),
        };
        let Expected { items, in_order } = self.expected(sight, &ready);
        seen.rows += items.len();
        seen.found += if self.search.is_some() { items.len() } else { 0 };
        let limit = self.limit();
        let (mut cursor, mut at, mut before) = (None::<String>, 0, None::<(usize, String)>);
        let mut shown: Vec<Json> = Vec::new();
        loop {
            let start = cursor.as_deref().map(|cursor| (true, cursor));
            let page = match self.page(app, sight.caller, start).await {
                Ok(page) => page,
                Err(Refusal::Parameters(mistakes)) => return hidden_names(&mistakes, seen),
                Err(Refusal::Forbidden | Refusal::Unauthenticated) if items.is_empty() => {
                    return Ok(());
                }
                Err(other) => return Err(format!("{other:?}")),
            };
            let end = items.len().min(at + limit);
            let page_rows = unmarked(&page.json)?;
            if in_order {
                is_expected(&page_rows, &items[at..end])?;
            }
            shown.extend(page_rows);
            if self.list.count && page.total != Some(Total::Exact(items.len() as i64)) {
                return Err(format!("total {:?} is not {}", page.total, items.len()));
            }
            if page.next.is_some() != (end < items.len()) {
                return Err(format!("next {:?} at {end} of {}", page.next, items.len()));
            }
            if let Some(prev) = page.prev.filter(|_| at > 0) {
                before = Some((at, prev));
            }
            at = end;
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        if !in_order {
            return is_expected(&by_number(shown), &by_number(items));
        }
        if let Some((at, prev)) = before {
            let page = self.page(app, sight.caller, Some((false, &prev))).await;
            let page = page.map_err(|refusal| format!("before: {refusal:?}"))?;
            is_expected(&unmarked(&page.json)?, &items[at.saturating_sub(limit)..at])?;
        }
        Ok(())
    }
}
