//! A list of what a search finds.

use expr::{EntityId, Pred};
use model::Search;
use model::schema::search_table;

use super::members::Columns;
use super::page::SortTerm;
use super::shape::SearchShape;
use crate::binds::BindSource;
use crate::encode::{Member, Show, member_key};
use crate::render::{Alias, Renderer};
use crate::rules::RuleRef;

/// A snippet's words: a line or two.
const SNIPPET_WORDS: u32 = 24;

/// A shape's search with the index that answers it.
pub(crate) struct Searched<'m> {
    shape: &'m SearchShape,
    search: &'m Search,
    entity: EntityId,
    /// The index's name.
    index: String,
    /// The condition that a row is found.
    condition: String,
    /// The placeholder of what is searched for.
    query: String,
}

impl<'m> Searched<'m> {
    /// Finds the index of a shape's search.
    pub(crate) fn of(
        renderer: &mut Renderer<'m>,
        entity: EntityId,
        shape: Option<&'m SearchShape>,
    ) -> Option<Self> {
        let (shape, of) = (shape?, renderer.model.entity(entity));
        let search = of.search.as_ref()?;
        let index = search_table(&of.table);
        let query = renderer.bind(BindSource::Search);
        let condition = renderer.dialect.search_found(&index, &query);
        Some(Self { shape, search, entity, index, condition, query })
    }

    /// Writes the FROM clause of the rows found.
    pub(crate) fn from(&self, renderer: &Renderer<'_>, alias: &Alias) -> String {
        let table = renderer.table(self.entity);
        renderer.dialect.search_from(&self.index, &table, alias.name())
    }

    /// Writes the condition that a row is found.
    pub(crate) fn condition(&self) -> String {
        self.condition.clone()
    }

    /// Returns the term by which the best fit comes first, where the shape asks for it.
    ///
    /// How rare a word is in all rows weighs only where the caller may read them all by this rule.
    /// Elsewhere the order of visible rows would tell of words in hidden ones.
    pub(super) fn rank(&self, renderer: &mut Renderer<'_>, rule: RuleRef) -> Option<SortTerm> {
        if !self.shape.ranked {
            return None;
        }
        let entity = renderer.model.entity(self.entity);
        let weight =
            |field: &model::SearchField| (entity.column(field.column).name.as_str(), field.weight);
        let weights: Vec<(&str, f64)> = self.search.fields.iter().map(weight).collect();
        let dialect = renderer.dialect;
        let sql = if renderer.folded(rule) == Pred::True {
            dialect.search_rank(&self.index, &weights)
        } else {
            let any = renderer.bind(BindSource::SearchAny);
            dialect.search_rank_of_row(&self.index, &weights, &self.query, &any)
        };
        Some(SortTerm { sql, descending: false, nullable: false, show: Show::Float })
    }

    /// Returns the member that shows what was found, where the shape asks for it.
    pub(super) fn highlights(
        &self,
        renderer: &Renderer<'_>,
        columns: &mut Columns,
    ) -> Option<Member> {
        let entity = renderer.model.entity(self.entity);
        let mut texts = Vec::new();
        for (number, searched) in self.search.fields.iter().enumerate() {
            if self.shape.highlight.contains(&searched.field) {
                let sql = renderer.dialect.search_snippet(&self.index, number, SNIPPET_WORDS);
                texts.push((member_key(&entity.field(searched.field).name), columns.add(sql)));
            }
        }
        (!texts.is_empty()).then_some(Member::Highlights { texts })
    }
}
