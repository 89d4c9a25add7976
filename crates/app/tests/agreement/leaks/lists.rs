//! Lists and single rows: filtered, sorted, embedded, counted, page by page.

use app::query::{Query, Ready};
use app::{App, BadParameter, Refusal, operations};
use expr::{Caller, EntityId, FieldId};
use model::{FieldKind, Model, Scalar};
use plan::read::{Archived, Page, Selection, Total};
use serde_json::Value as Json;

use super::Seen;
use super::sight::{ListWish, Related, Sight, Term, Wish, same};
use crate::entropy::Entropy;
use crate::world::{At, World};
use crate::writer::{Reach, Writer};

/// How deep relations are embedded, and how many of a row.
const EXPAND_DEPTH_MAX: usize = 2;
const EXPAND_COUNT_MAX: usize = 2;

/// A list that is asked for.
#[derive(Clone, Debug)]
pub(crate) struct ListRead {
    entity: EntityId,
    archived: Archived,
    list: ListWish,
    wish: Wish,
}

/// A row that is asked for.
#[derive(Clone, Debug)]
pub(crate) struct RowRead {
    row: At,
    archived: Archived,
    wish: Wish,
}

impl ListRead {
    pub(crate) fn random(model: &Model, entity: EntityId, entropy: &mut Entropy<'_>) -> Self {
        let archived = archived(model, entity, entropy);
        let mut list = list_wish(model, entity, entropy);
        list.limit = Some(entropy.of(&[1, 2, 3, 200]));
        Self { entity, archived, list, wish: wish(model, entity, EXPAND_DEPTH_MAX, entropy) }
    }

    fn ready(
        &self,
        app: &App,
        caller: &Caller<'_>,
        start: Option<(bool, &str)>,
    ) -> Result<Ready, Vec<BadParameter>> {
        let model = &app.model;
        let mut query = Query::new(model, caller, self.entity, app.read_bounds());
        ask_for(&mut query, model, self.entity, self.archived, &self.wish);
        if let Some(filter) = &self.list.filter {
            query.filter(filter);
        }
        query.sort(&terms_text(model, self.entity, &self.list.sort));
        query.limit(&self.list.limit.unwrap_or(20).to_string());
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
        let mut wish = self.wish.clone();
        understand(&mut wish, &ready.shape.selection);
        let filter = ready.shape.filter.as_ref().map(|tree| (tree, ready.atoms.as_slice()));
        let mut rows = sight.rows(self.entity, self.archived, filter);
        sight.sort(&mut rows, &self.list.sort);
        let items: Vec<Json> =
            rows.iter().map(|row| sight.shown(*row, &wish, &ready.atoms)).collect();
        seen.rows += items.len();
        let limit = self.list.limit.unwrap_or(20);
        let (mut cursor, mut at, mut before) = (None::<String>, 0, None::<(usize, String)>);
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
            is_expected(&page.json, &items[at..end])?;
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
        if let Some((at, prev)) = before {
            let page = self.page(app, sight.caller, Some((false, &prev))).await;
            let page = page.map_err(|refusal| format!("before: {refusal:?}"))?;
            is_expected(&page.json, &items[at.saturating_sub(limit)..at])?;
        }
        Ok(())
    }
}

impl RowRead {
    pub(crate) fn random(world: &World, entity: EntityId, entropy: &mut Entropy<'_>) -> Self {
        let model = &world.model;
        let row = (entity, entropy.pick(world.rows(entity)));
        let archived = archived(model, entity, entropy);
        Self { row, archived, wish: wish(model, entity, EXPAND_DEPTH_MAX, entropy) }
    }

    async fn ask(
        &self,
        app: &App,
        sight: Sight<'_>,
    ) -> Result<(Ready, Result<plan::read::RowBody, Refusal>), Vec<BadParameter>> {
        let mut query = Query::new(&app.model, sight.caller, self.row.0, app.read_bounds());
        ask_for(&mut query, &app.model, self.row.0, self.archived, &self.wish);
        let ready = query.one()?;
        let key = sight.world.key(self.row);
        let answer = operations::get(app, sight.caller, ready.clone(), key).await;
        Ok((ready, answer))
    }

    pub(crate) async fn told(&self, app: &App, sight: Sight<'_>) -> String {
        match self.ask(app, sight).await {
            Ok((_, Ok(row))) => format!("{} {}", String::from_utf8_lossy(&row.json), row.hash),
            Ok((_, Err(refusal))) => format!("{refusal:?}"),
            Err(mistakes) => format!("{mistakes:?}"),
        }
    }

    pub(crate) async fn check(
        &self,
        app: &App,
        sight: Sight<'_>,
        seen: &mut Seen,
    ) -> Result<(), String> {
        let (ready, answer) = match self.ask(app, sight).await {
            Ok(answered) => answered,
            Err(mistakes) => return hidden_names(&mistakes, seen),
        };
        let mut wish = self.wish.clone();
        understand(&mut wish, &ready.shape.selection);
        let is_seen = sight.sees(self.row, self.archived);
        match answer {
            Ok(row) if is_seen => {
                seen.rows += 1;
                is_expected(
                    &[b"[", row.json.as_slice(), b"]"].concat(),
                    &[sight.shown(self.row, &wish, &ready.atoms)],
                )
            }
            Ok(row) => Err(format!("{} is hidden", String::from_utf8_lossy(&row.json))),
            Err(Refusal::Parameters(mistakes)) => hidden_names(&mistakes, seen),
            Err(Refusal::NotFound) if !is_seen => Ok(()),
            Err(other) => Err(format!("{other:?}")),
        }
    }
}

/// A read is refused only for naming a field that the caller never sees.
pub(crate) fn hidden_names(mistakes: &[BadParameter], seen: &mut Seen) -> Result<(), String> {
    seen.hidden_names += 1;
    let hidden = |bad: &BadParameter| {
        ["has no field", "is not known"].iter().any(|words| bad.detail.contains(words))
    };
    if mistakes.iter().all(hidden) { Ok(()) } else { Err(format!("{mistakes:?}")) }
}

pub(crate) fn is_expected(json: &[u8], expected: &[Json]) -> Result<(), String> {
    let shown: Json = serde_json::from_slice(json).map_err(|error| error.to_string())?;
    let expected = Json::from(expected.to_vec());
    if same(&shown, &expected) {
        return Ok(());
    }
    let number = |rows: &Json| rows.as_array().map_or(0, Vec::len);
    let mut text = format!("{} rows, {} expected", number(&shown), number(&expected));
    let pairs =
        shown.as_array().into_iter().flatten().zip(expected.as_array().into_iter().flatten());
    for (shown, expected) in pairs.filter(|(shown, expected)| !same(shown, expected)) {
        text.push_str(&format!("\n{} is not {}", shown["n"], expected["n"]));
        let members = shown.as_object().into_iter().chain(expected.as_object()).flatten();
        for (name, _) in members.filter(|(name, _)| !same(&shown[*name], &expected[*name])) {
            text.push_str(&format!("\n  {name}: {} is not {}", shown[name], expected[name]));
        }
    }
    Err(text)
}

fn archived(model: &Model, entity: EntityId, entropy: &mut Entropy<'_>) -> Archived {
    let all = [Archived::Without, Archived::Without, Archived::Only, Archived::With];
    let wanted = entropy.of(&all);
    if model.entity(entity).archive.is_some() { wanted } else { Archived::Without }
}

/// Feeds what both lists and rows take.
fn ask_for(
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
fn understand(wish: &mut Wish, selection: &Selection) {
    for related in &mut wish.related {
        let expand = selection.expand.iter().find(|expand| expand.field == related.field);
        let Some(expand) = expand else { continue };
        if let Some(list) = &mut related.list {
            list.tree.clone_from(&expand.filter);
        }
        understand(&mut related.wish, &expand.selection);
    }
}

fn wish(model: &Model, entity: EntityId, depth: usize, entropy: &mut Entropy<'_>) -> Wish {
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

fn list_wish(model: &Model, entity: EntityId, entropy: &mut Entropy<'_>) -> ListWish {
    let filter = entropy.pick(2) == 0;
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

fn terms_text(model: &Model, entity: EntityId, terms: &[Term]) -> String {
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
