//! Compiles a shape into statements and encoders.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use expr::{AtomShape, EntityId, FieldId, Node, Type};
use model::{FieldKind, Model};
use rustc_hash::FxHasher;

use super::error::PlanError;
use super::hidden;
use super::members::{Columns, LIST_NEXT, Members, Pending, list_key};
use super::page::{SortTerm, keyset, order_by, sort_terms};
use super::search::Searched;
use super::shape::{Count, Expand, ExpandAfter, Order, PageShape, Shape, Target};
use super::{ExpandCursor, Level, List, Parent, ReadPlan, SqlText};
use crate::binds::BindSource;
use crate::dialect::Dialect;
use crate::encode::{Encoder, Member};
use crate::render::{Alias, Renderer};
use crate::rules::{RuleBook, RuleRef};

/// Returns the rules that reading this shape consults.
pub fn rules_of(model: &Model, shape: &Shape) -> RuleBook {
    let mut book = RuleBook::behind(shape.filter_atoms);
    book.add_reading(model, shape.entity);
    book.add(model, shape.archived.rule(shape.entity));
    add_expanded(model, shape.entity, &shape.selection.expand, &mut book);
    if let Some(filter) = &shape.filter {
        add_touched(model, filter, &mut book);
    }
    add_ordered(model, shape.entity, &shape.order, &mut book);
    book
}

fn add_ordered(model: &Model, entity: EntityId, order: &[Order], book: &mut RuleBook) {
    for order in order {
        let mut entity = entity;
        for hop in &order.hops {
            entity = target_of(model, entity, *hop);
            book.add_reading(model, entity);
        }
    }
}

fn add_expanded(model: &Model, entity: EntityId, expands: &[Expand], book: &mut RuleBook) {
    for expand in expands {
        let target = target_of(model, entity, expand.field);
        book.add_reading(model, target);
        if let Some(filter) = &expand.filter {
            add_touched(model, filter, book);
        }
        add_ordered(model, target, &expand.order, book);
        add_expanded(model, target, &expand.selection.expand, book);
    }
}

/// Adds the rules of what a filter touches.
pub(crate) fn add_touched(model: &Model, node: &Node, book: &mut RuleBook) {
    if let Type::Row(entity) | Type::Rows(entity) = &node.ty {
        book.add_reading(model, *entity);
    }
    node.each_child(&mut |child| add_touched(model, child, book));
}

/// Returns the entity on the other side of a relation.
pub fn target_of(model: &Model, entity: EntityId, field: FieldId) -> EntityId {
    match &model.entity(entity).field(field).kind {
        FieldKind::ToOne(relation) => relation.target,
        FieldKind::ToMany { target, .. } => *target,
        _ => entity,
    }
}

/// Compiles a shape for callers whose atoms have these shapes.
///
/// # Errors
/// `HiddenField` when the filter or the order names a field that the caller may never read,
/// `TooManyJoins` when too many relations are followed.
pub fn build(
    model: &Model,
    dialect: Dialect,
    shape: &Shape,
    rules: &RuleBook,
    atoms: &[AtomShape],
) -> Result<ReadPlan, PlanError> {
    let mut builder = Builder {
        model,
        renderer: Renderer::new(model, dialect, rules, atoms),
        levels: Vec::new(),
        expand_cursors: Vec::new(),
    };
    builder.check_hidden(shape)?;
    let count = match shape.count {
        Count::None => None,
        Count::Exact => Some((builder.count(shape, None), None)),
        Count::UpTo(max) => Some((builder.count(shape, Some(max)), Some(max))),
    };
    builder.root(shape);
    builder.renderer.check_joins()?;
    Ok(ReadPlan {
        levels: builder.levels,
        count,
        target: shape.target,
        ranked: shape.search.as_ref().is_some_and(|search| search.ranked),
        reversed: matches!(shape.page, PageShape::Before(_)),
        order_hash: order_hash(shape.entity, &shape.order),
        expand_cursors: builder.expand_cursors,
        last_bytes: AtomicUsize::new(0),
    })
}

/// A cursor is good for lists of the same rows in the same order, embedded or not.
fn order_hash(entity: EntityId, order: &[Order]) -> u32 {
    let mut hasher = FxHasher::default();
    (entity, order).hash(&mut hasher);
    hasher.finish() as u32
}

struct Builder<'m> {
    model: &'m Model,
    renderer: Renderer<'m>,
    levels: Vec<Level>,
    expand_cursors: Vec<ExpandCursor>,
}

impl<'m> Builder<'m> {
    fn check_hidden(&self, shape: &Shape) -> Result<(), PlanError> {
        self.check_list(shape.entity, shape.filter.as_ref(), &shape.order)?;
        self.check_expanded(shape.entity, &shape.selection.expand)
    }

    fn check_expanded(&self, entity: EntityId, expands: &[Expand]) -> Result<(), PlanError> {
        for expand in expands {
            let target = target_of(self.model, entity, expand.field);
            self.check_list(target, expand.filter.as_ref(), &expand.order)?;
            self.check_expanded(target, &expand.selection.expand)?;
        }
        Ok(())
    }

    fn check_list(
        &self,
        entity: EntityId,
        filter: Option<&Node>,
        order: &[Order],
    ) -> Result<(), PlanError> {
        for order in order {
            hidden::check_path(&self.renderer, entity, &order.hops, order.field)?;
        }
        filter.map_or(Ok(()), |filter| hidden::check(&self.renderer, filter))
    }

    fn count(&mut self, shape: &'m Shape, max: Option<u32>) -> SqlText {
        let alias = self.renderer.open_from();
        let searched = self.searched(shape);
        let conditions = self.conditions(shape, searched.as_ref(), &alias);
        let from = self.root_from(shape, searched.as_ref(), &alias);
        let rows = format!("FROM {from}{}", where_clause(&conditions));
        let sql = match max {
            None => format!("SELECT COUNT(*) {rows}"),
            Some(max) => {
                let limit = self.renderer.bind(BindSource::Number(i64::from(max) + 1));
                format!("SELECT COUNT(*) FROM (SELECT 1 {rows} LIMIT {limit}) AS counted")
            }
        };
        self.statement(sql)
    }

    /// The conditions of a list: the search, the read rule, and the client's filter.
    fn conditions(
        &mut self,
        shape: &'m Shape,
        searched: Option<&Searched<'m>>,
        alias: &Alias,
    ) -> Vec<String> {
        let mut conditions = Vec::new();
        conditions.extend(searched.map(Searched::condition));
        let rule = shape.archived.rule(shape.entity);
        conditions.extend(self.renderer.rule(rule, alias, shape.entity));
        if let Some(filter) = &shape.filter {
            conditions.push(self.renderer.filter(filter, alias, shape.entity));
        }
        conditions
    }

    fn from(&mut self, alias: &Alias, entity: EntityId) -> String {
        let joins = self.renderer.close_from();
        format!("{} AS {}{joins}", self.renderer.table(entity), alias.name())
    }

    fn searched(&mut self, shape: &'m Shape) -> Option<Searched<'m>> {
        Searched::of(&mut self.renderer, shape.entity, shape.search.as_ref())
    }

    fn root_from(
        &mut self,
        shape: &'m Shape,
        searched: Option<&Searched<'m>>,
        alias: &Alias,
    ) -> String {
        match searched {
            Some(searched) => {
                let joins = self.renderer.close_from();
                format!("{}{joins}", searched.from(&self.renderer, alias))
            }
            None => self.from(alias, shape.entity),
        }
    }

    fn statement(&mut self, sql: String) -> SqlText {
        SqlText { sql: sql.into(), binds: self.renderer.take_binds() }
    }

    fn root(&mut self, shape: &'m Shape) {
        let alias = self.renderer.open_from();
        if let Some(filter) = &shape.filter {
            self.renderer.fix_relations(&alias, shape.entity, filter);
        }
        let searched = self.searched(shape);
        let mut conditions = self.conditions(shape, searched.as_ref(), &alias);
        let mut columns = Columns::default();
        let mut pending = Vec::new();
        let mut members = Members {
            renderer: &mut self.renderer,
            columns: &mut columns,
            pending: &mut pending,
            next_level: 1,
            hash_all: shape.target == Target::One,
        }
        .of(&alias, shape.entity, &shape.selection);
        let highlights =
            searched.as_ref().and_then(|it| it.highlights(&self.renderer, &mut columns));
        members.extend(highlights);
        let mut tail = String::new();
        let mut order = Vec::new();
        match shape.target {
            Target::One => {
                for (index, column) in
                    self.model.entity(shape.entity).key_columns.iter().enumerate()
                {
                    let value = self.renderer.bind(BindSource::Key(index as u16));
                    let column = self.renderer.column(&alias, shape.entity, *column);
                    conditions.push(format!("{column} = {value}"));
                }
            }
            Target::Many => {
                let rule = shape.archived.rule(shape.entity);
                let rank = searched.as_ref().and_then(|it| it.rank(&mut self.renderer, rule));
                let is_ranked = rank.is_some();
                let by_field = sort_terms(&mut self.renderer, &alias, shape.entity, &shape.order);
                let terms: Vec<SortTerm> = rank.into_iter().chain(by_field).collect();
                // Of ranked rows no cursor is written.
                if !is_ranked {
                    let shown = |term: &SortTerm| (columns.add(term.sql.clone()), term.show);
                    order = terms.iter().map(shown).collect();
                }
                tail = self.page(shape, &terms, &mut conditions);
            }
        }
        let from = self.root_from(shape, searched.as_ref(), &alias);
        let statement = self.statement(format!(
            "SELECT {} FROM {from}{}{tail}",
            columns.list(),
            where_clause(&conditions)
        ));
        self.levels.push(Level { statement, encoder: Encoder { members }, parent: None, order });
        self.children(0, pending);
    }

    fn page(&mut self, shape: &Shape, terms: &[SortTerm], conditions: &mut Vec<String>) -> String {
        let reversed = matches!(shape.page, PageShape::Before(_));
        if let PageShape::After(nulls) | PageShape::Before(nulls) = &shape.page {
            let source = BindSource::Cursor;
            conditions.push(keyset(&mut self.renderer, terms, nulls, reversed, source));
        }
        let limit = self.renderer.bind(BindSource::LimitAndOne);
        let offset = match shape.page {
            PageShape::Offset => {
                format!(" OFFSET {}", self.renderer.bind(BindSource::Offset))
            }
            _ => String::new(),
        };
        format!(" ORDER BY {} LIMIT {limit}{offset}", order_by(terms, reversed))
    }

    /// Adds a level for each pending relation; theirs follow behind, level by level.
    fn children(&mut self, parent: usize, pending: Vec<Pending<'m>>) {
        let mut queue: std::collections::VecDeque<(usize, Pending<'m>)> =
            pending.into_iter().map(|pending| (parent, pending)).collect();
        while let Some((parent, next)) = queue.pop_front() {
            let mut below = Vec::new();
            let waiting = self.levels.len() + 1 + queue.len();
            let level = self.child(parent, &next, waiting, &mut below);
            self.levels.push(level);
            let here = self.levels.len() - 1;
            queue.extend(below.into_iter().map(|pending| (here, pending)));
        }
    }

    fn child(
        &mut self,
        parent: usize,
        next: &Pending<'m>,
        next_level: usize,
        below: &mut Vec<Pending<'m>>,
    ) -> Level {
        let model = self.model;
        let expand = next.expand;
        let (target, via) = match &model.entity(next.entity).field(expand.field).kind {
            FieldKind::ToMany { target, via } => (*target, Some(*via)),
            FieldKind::ToOne(relation) => (relation.target, None),
            _ => unreachable!("only relations are expanded"),
        };
        let many = via.is_some();
        let keys = self.renderer.bind(BindSource::ParentKeys);
        let dialect = self.renderer.dialect;
        let parents = dialect.elements(&keys, "p");
        // What a child statement is given: of a list's parent its key, of one row the row's own key.
        let keyed = model.entity(if many { next.entity } else { target });
        let composite = keyed.key_columns.len() > 1;
        let key: Vec<String> = keyed
            .key_columns
            .iter()
            .enumerate()
            .map(|(index, column)| {
                dialect.parent_key("p", composite.then_some(index), keyed.column(*column).ty)
            })
            .collect();

        // The rows of one parent, found on its own index and cut off at the bound.
        let chosen = self.renderer.open_from();
        let (link, mut conditions) = match via {
            Some(via) => self.renderer.on_parent_key(&key, (&chosen, target), via),
            None => {
                let columns = keyed.key_columns.iter().zip(&key);
                let same = columns.map(|(column, key)| {
                    format!("{} = {key}", self.renderer.column(&chosen, target, *column))
                });
                (String::new(), same.collect())
            }
        };
        conditions.extend(via.and_then(|via| self.renderer.inverse_rule((&chosen, target), via)));
        conditions.extend(self.renderer.rule(RuleRef::Read(target), &chosen, target));
        if let Some(filter) = &expand.filter {
            conditions.push(self.renderer.filter(filter, &chosen, target));
        }
        let hash = order_hash(target, &expand.order);
        let inner_tail = if many {
            let terms = sort_terms(&mut self.renderer, &chosen, target, &expand.order);
            if let Some(after) = &expand.after {
                conditions.push(self.behind(after, &terms, hash));
            }
            let limit = self.renderer.bind(BindSource::Number(i64::from(expand.limit) + 1));
            format!(" ORDER BY {} LIMIT {limit}", order_by(&terms, false))
        } else {
            String::new()
        };
        let joins = self.renderer.close_from();
        let inner_from =
            format!("{} AS {}{link}{joins}", self.renderer.table(target), chosen.name());
        let inner = format!(
            "SELECT {}.rowid FROM {inner_from}{}{inner_tail}",
            chosen.name(),
            where_clause(&conditions)
        );

        let alias = self.renderer.open_from();
        let mut columns = Columns::default();
        columns.add("p.key".to_owned());
        let members: Vec<Member> = Members {
            renderer: &mut self.renderer,
            columns: &mut columns,
            pending: below,
            next_level,
            hash_all: false,
        }
        .of(&alias, target, &expand.selection);
        let terms = sort_terms(&mut self.renderer, &alias, target, &expand.order);
        let shown = terms.iter().map(|term| (columns.add(term.sql.clone()), term.show)).collect();
        let order = if terms.is_empty() {
            "p.key".to_owned()
        } else {
            format!("p.key, {}", order_by(&terms, false))
        };
        let joins = self.renderer.close_from();
        let list = many.then(|| List {
            limit: expand.limit,
            next_key: list_key(&model.entity(next.entity).field(expand.field).name, LIST_NEXT),
            order_hash: hash,
        });
        let statement = self.statement(format!(
            "SELECT {} FROM {parents} JOIN {} AS {} ON {}.rowid IN ({inner}){joins} ORDER BY {order}",
            columns.list(),
            self.renderer.table(target),
            alias.name(),
            alias.name(),
        ));
        Level {
            statement,
            encoder: Encoder { members },
            parent: Some(Parent { level: parent, list }),
            order: shown,
        }
    }

    /// Writes that a row of an embedded list comes behind a cursor's.
    fn behind(&mut self, after: &ExpandAfter, terms: &[SortTerm], order_hash: u32) -> String {
        let first: usize = self.expand_cursors.iter().map(|cursor| cursor.shows.len()).sum();
        let shows = terms.iter().map(|term| term.show).collect();
        self.expand_cursors.push(ExpandCursor { cursor: after.cursor, order_hash, shows });
        keyset(&mut self.renderer, terms, &after.nulls, false, |index| {
            BindSource::ExpandCursor(first as u16 + index)
        })
    }
}

/// Returns the conditions as a clause.
pub(crate) fn where_clause(conditions: &[String]) -> String {
    if conditions.is_empty() {
        String::new()
    } else {
        format!(" WHERE {}", conditions.join(" AND "))
    }
}

impl From<&str> for SqlText {
    fn from(sql: &str) -> Self {
        Self { sql: Arc::from(sql), binds: Vec::new() }
    }
}
