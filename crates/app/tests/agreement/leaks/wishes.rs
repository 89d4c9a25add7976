//! What is wanted of a list or a row: made up at random, and written as a client writes it.

use app::query::Query;
use expr::{EntityId, FieldId, Node};
use model::{FieldKind, Model, Scalar};
use plan::read::{Archived, Selection};

use crate::entropy::Entropy;
use crate::writer::{Reach, Writer};

/// How deep relations are embedded, and how many of a row.
pub(crate) const EXPAND_DEPTH_MAX: usize = 2;
const EXPAND_COUNT_MAX: usize = 2;

/// A term of an order: the relations to follow, and a field.
#[derive(Clone, Debug)]
pub(crate) struct Term {
    pub(crate) hops: Vec<FieldId>,
    pub(crate) field: FieldId,
    pub(crate) descending: bool,
}

/// What is wanted of a row.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wish {
    /// Only these fields.
    pub(crate) fields: Option<Vec<FieldId>>,
    /// Related rows.
    pub(crate) related: Vec<Related>,
}

/// Related rows that are wanted.
#[derive(Clone, Debug)]
pub(crate) struct Related {
    pub(crate) field: FieldId,
    /// Of a list: which rows, in which order.
    pub(crate) list: Option<ListWish>,
    pub(crate) wish: Wish,
}

/// Which rows of a list are wanted.
#[derive(Clone, Debug, Default)]
pub(crate) struct ListWish {
    /// The filter as it is written.
    pub(crate) filter: Option<String>,
    /// The filter as it was understood; its atoms are the request's.
    pub(crate) tree: Option<Node>,
    pub(crate) sort: Vec<Term>,
    pub(crate) limit: Option<usize>,
    pub(crate) count: bool,
}

pub(crate) fn archived(model: &Model, entity: EntityId, entropy: &mut Entropy<'_>) -> Archived {
    let all =
        [Archived::Without, Archived::Without, Archived::With, Archived::With, Archived::Only];
    let wanted = entropy.of(&all);
    if model.entity(entity).archive.is_some() { wanted } else { Archived::Without }
}

/// Feeds what both lists and rows take.
pub(crate) fn ask_for(
    query: &mut Query<'_>,
    model: &Model,
    entity: EntityId,
    archived: Archived,
    wish: &Wish,
) {
    match archived {
        Archived::Without => {}
        Archived::Only => query.archived("only"),
        Archived::With => query.archived("with"),
    }
    if let Some(fields) = &wish.fields {
        let entity = model.entity(entity);
        let names: Vec<&str> =
            fields.iter().map(|field| entity.field(*field).name.as_str()).collect();
        query.fields(&names.join(","));
    }
    if !wish.related.is_empty() {
        query.expand(&related_text(model, entity, &wish.related));
    }
}

/// Takes over how the embedded lists' filters were understood.
pub(crate) fn understand(wish: &mut Wish, selection: &Selection) {
    for related in &mut wish.related {
        let expand = selection.expand.iter().find(|expand| expand.field == related.field);
        let Some(expand) = expand else { continue };
        if let Some(list) = &mut related.list {
            list.tree.clone_from(&expand.filter);
        }
        understand(&mut related.wish, &expand.selection);
    }
}

pub(crate) fn wish(
    model: &Model,
    entity: EntityId,
    depth: usize,
    entropy: &mut Entropy<'_>,
) -> Wish {
    let fields = &model.entity(entity).fields;
    let chosen = depth == EXPAND_DEPTH_MAX && entropy.pick(3) == 0;
    let chosen = chosen.then(|| {
        let all = (0..).map(FieldId).zip(fields).filter(|(_, field)| !field.private);
        all.filter(|_| entropy.pick(3) == 0).map(|(field, _)| field).collect()
    });
    let mut related = Vec::new();
    let relations: Vec<(FieldId, EntityId, bool)> = (0..)
        .map(FieldId)
        .zip(fields)
        .filter_map(|(id, field)| match &field.kind {
            FieldKind::ToOne(relation) => Some((id, relation.target, false)),
            FieldKind::ToMany { target, .. } => Some((id, *target, true)),
            _ => None,
        })
        .collect();
    let wanted =
        if depth == 0 || relations.is_empty() { 0 } else { entropy.pick(EXPAND_COUNT_MAX + 1) };
    for _ in 0..wanted {
        let (field, target, many) = entropy.of(&relations);
        if related.iter().any(|known: &Related| known.field == field) {
            continue;
        }
        let list = many.then(|| {
            let mut list = list_wish(model, target, entropy);
            list.limit = entropy.of(&[None, Some(1), Some(2), Some(0)]);
            list.count |= list.limit == Some(0);
            list
        });
        related.push(Related { field, list, wish: wish(model, target, depth - 1, entropy) });
    }
    Wish { fields: chosen, related }
}

pub(crate) fn list_wish(model: &Model, entity: EntityId, entropy: &mut Entropy<'_>) -> ListWish {
    let filter = entropy.pick(5) < 2;
    let filter = filter.then(|| Writer::new(model, entity, entropy, Reach::Bare).condition());
    let mut sort: Vec<Term> = Vec::new();
    for _ in 0..entropy.pick(3) {
        let (hops, field) = path(model, entity, entropy, &sortable);
        let known = |term: &Term| term.hops == hops && term.field == field;
        if !sort.iter().any(known) {
            sort.push(Term { hops, field, descending: entropy.pick(2) == 0 });
        }
    }
    ListWish { filter, sort, count: entropy.pick(3) == 0, ..ListWish::default() }
}

fn sortable(kind: &FieldKind) -> bool {
    match kind {
        FieldKind::Scalar { scalar, .. } | FieldKind::Computed { scalar, .. } => {
            !matches!(scalar, Scalar::Json | Scalar::Document(_) | Scalar::Documents(_))
        }
        FieldKind::ToOne(_) => true,
        FieldKind::List { .. } | FieldKind::ToMany { .. } => false,
    }
}

/// Chooses a field, perhaps of a row that relations of the module lead to.
pub(crate) fn path(
    model: &Model,
    mut entity: EntityId,
    entropy: &mut Entropy<'_>,
    takes: &dyn Fn(&FieldKind) -> bool,
) -> (Vec<FieldId>, FieldId) {
    let mut hops = Vec::new();
    while hops.len() < 2 && entropy.pick(3) == 2 {
        let fields = (0..).map(FieldId).zip(&model.entity(entity).fields);
        let relations: Vec<(FieldId, EntityId)> = fields
            .filter_map(|(id, field)| match &field.kind {
                FieldKind::ToOne(relation) if !relation.other_module => Some((id, relation.target)),
                _ => None,
            })
            .collect();
        if relations.is_empty() {
            break;
        }
        let (hop, target) = entropy.of(&relations);
        hops.push(hop);
        entity = target;
    }
    let fields = (0..).map(FieldId).zip(&model.entity(entity).fields);
    let fields: Vec<FieldId> = fields
        .filter(|(_, field)| !field.private && takes(&field.kind))
        .map(|(id, _)| id)
        .collect();
    (hops, entropy.of(&fields))
}

/// Writes a path as a client does.
pub(crate) fn path_text(
    model: &Model,
    mut entity: EntityId,
    hops: &[FieldId],
    field: FieldId,
) -> String {
    let mut text = String::new();
    for hop in hops {
        let field = model.entity(entity).field(*hop);
        let FieldKind::ToOne(relation) = &field.kind else { unreachable!("a to-one relation") };
        text.push_str(&field.name);
        text.push('.');
        entity = relation.target;
    }
    text + &model.entity(entity).field(field).name
}

pub(crate) fn terms_text(model: &Model, entity: EntityId, terms: &[Term]) -> String {
    let term = |term: &Term| {
        let sign = if term.descending { "-" } else { "" };
        format!("{sign}{}", path_text(model, entity, &term.hops, term.field))
    };
    terms.iter().map(term).collect::<Vec<_>>().join(",")
}

fn related_text(model: &Model, entity: EntityId, related: &[Related]) -> String {
    let one = |related: &Related| {
        let field = model.entity(entity).field(related.field);
        let target = match &field.kind {
            FieldKind::ToOne(relation) => relation.target,
            FieldKind::ToMany { target, .. } => *target,
            _ => unreachable!("a relation"),
        };
        let mut arguments = Vec::new();
        if let Some(list) = &related.list {
            arguments.extend(list.filter.as_ref().map(|filter| format!("filter:{filter}")));
            if !list.sort.is_empty() {
                arguments.push(format!("sort:{}", terms_text(model, target, &list.sort)));
            }
            arguments.extend(list.limit.map(|limit| format!("limit:{limit}")));
            arguments.extend(list.count.then(|| "count:exact".to_owned()));
        }
        let name = match arguments.is_empty() {
            true => field.name.clone(),
            false => format!("{}({})", field.name, arguments.join(",")),
        };
        if related.wish.related.is_empty() {
            return vec![name];
        }
        // What follows a dot is one relation.
        let below = related.wish.related.iter();
        below
            .enumerate()
            .map(|(index, below)| {
                let name = if index == 0 { &name } else { &field.name };
                format!("{name}.{}", related_text(model, target, std::slice::from_ref(below)))
            })
            .collect()
    };
    related.iter().flat_map(one).collect::<Vec<_>>().join(",")
}
