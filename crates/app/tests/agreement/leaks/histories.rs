//! Histories: who may read one, and which changes in it.
//!
//! What happened to a row is read through a model that hides nothing; the law is what of that a
//! caller is told.

use app::query::{HistoryQuery, ReadyHistory};
use app::{App, BadParameter, Refusal, operations};
use expr::{Caller, EntityId, FieldId};
use model::{Entity, FieldKind};
use plan::RuleRef;
use plan::read::Archived;
use serde_json::{Map, Value as Json};

use super::Seen;
use super::answers::{self, is_expected};
use super::sight::Sight;
use crate::entropy::Entropy;
use crate::world::{At, World};

/// A history that is asked for.
#[derive(Clone, Debug)]
pub(crate) struct HistoryRead {
    row: At,
    operation: Option<&'static str>,
    by: Option<&'static str>,
    limit: usize,
}

/// What a caller may know of a row's history.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Verdict {
    Shown,
    Denied,
    Hidden,
}

impl HistoryRead {
    pub(crate) fn random(world: &World, entity: EntityId, entropy: &mut Entropy<'_>) -> Self {
        let row = (entity, entropy.pick(world.rows(entity)));
        let operations = [None, None, Some("update"), Some("create"), Some("delete")];
        let operation = entropy.of(&operations);
        let by = entropy.of(&[None, None, None, Some("01890a5d-ac96-774b-bcce-b302099a8001")]);
        Self { row, operation, by, limit: entropy.of(&[1, 2, 200]) }
    }

    fn ready(&self, app: &App, after: Option<&str>) -> Result<ReadyHistory, Vec<BadParameter>> {
        let mut query = HistoryQuery::new(app.read_bounds());
        query.parameter("limit", None, &self.limit.to_string());
        let filters = [("operation", self.operation), ("by", self.by), ("after", after)];
        for (name, value) in filters {
            if let Some(value) = value {
                query.parameter(name, None, value);
            }
        }
        query.ready(self.row.0)
    }

    async fn entries(&self, app: &App, sight: Sight<'_>) -> Result<Vec<Json>, Refusal> {
        let (mut entries, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let ready = self.ready(app, cursor.as_deref()).map_err(Refusal::Parameters)?;
            let key = sight.world.key(self.row);
            let page = operations::history(app, sight.caller, ready, key, b"").await?;
            entries.extend(answers::rows(&page.json).unwrap_or_default());
            cursor = page.next;
            if cursor.is_none() {
                return Ok(entries);
            }
        }
    }

    /// Returns what a caller is told that is no trace of what is hidden: an entry of which nothing may
    /// be seen tells that there was a write, and the numbers count such entries.
    pub(crate) async fn told(&self, app: &App, sight: Sight<'_>) -> String {
        match self.entries(app, sight).await {
            Ok(mut entries) => {
                entries.retain(|entry| {
                    entry["changes"].as_object().is_some_and(|all| !all.is_empty())
                });
                for entry in &mut entries {
                    entry["number"] = Json::Null;
                }
                Json::from(entries).to_string()
            }
            Err(refusal) => format!("{refusal:?}"),
        }
    }

    /// Returns what the rules say of the row and its fields; they may look at what is hidden.
    pub(crate) fn premise(&self, sight: Sight<'_>) -> String {
        let fields = (0..).map(FieldId).zip(&sight.written.entity(self.row.0).fields);
        let fields: Vec<bool> = fields.map(|(id, _)| sight.sees_field(self.row, id)).collect();
        format!("{:?} {fields:?}", self.verdict(sight))
    }

    fn verdict(&self, sight: Sight<'_>) -> Verdict {
        let (world, row) = (sight.world, self.row);
        let is_open = sight.holds(RuleRef::HistoryGone(row.0), row);
        if sight.written.entity(row.0).audit.is_none() {
            Verdict::Hidden
        } else if !world.is_live(row) {
            if is_open { Verdict::Shown } else { Verdict::Hidden }
        } else if !sight.sees(row, Archived::Without) {
            Verdict::Hidden
        } else if sight.holds(RuleRef::History(row.0), row) {
            Verdict::Shown
        } else {
            Verdict::Denied
        }
    }

    /// Compares each entry with what the caller sees of it.
    pub(crate) async fn check(
        &self,
        (app, open): (&App, &App),
        sight: Sight<'_>,
        seen: &mut Seen,
    ) -> Result<(), String> {
        let anyone = Caller { user: None, now: sight.caller.now, input: &[], request: None };
        let all = self.entries(open, Sight { caller: &anyone, ..sight }).await;
        // Some rows have never been there.
        let verdict = if all.is_ok() { self.verdict(sight) } else { Verdict::Hidden };
        let shown = match (self.entries(app, sight).await, verdict) {
            (Ok(entries), Verdict::Shown) => entries,
            (Err(Refusal::NotFound), Verdict::Hidden) => return Ok(()),
            (Err(Refusal::Forbidden | Refusal::Unauthenticated), Verdict::Denied) => return Ok(()),
            (answer, verdict) => return Err(format!("{answer:?} is not {verdict:?}")),
        };
        let mut all = all.map_err(|refusal| format!("of all: {refusal:?}"))?;
        for entry in &mut all {
            let Some(changes) = entry["changes"].as_object_mut() else { continue };
            let visible = std::mem::take(changes).into_iter();
            *changes = visible.filter_map(|member| self.visible(sight, member)).collect();
            seen.changes += changes.len();
        }
        is_expected(&shown, &all)
    }

    /// Returns what the caller sees of a change: of links, those to rows that they see.
    fn visible(
        &self,
        sight: Sight<'_>,
        (name, mut change): (String, Json),
    ) -> Option<(String, Json)> {
        let (id, target) = field(sight.written.entity(self.row.0), &name)?;
        if !sight.sees_field(self.row, id) {
            return None;
        }
        let Some(target) = target else { return Some((name, change)) };
        let lists = change.as_object_mut()?;
        for keys in lists.values_mut().filter_map(Json::as_array_mut) {
            keys.retain(|key| sees_key(sight, target, key));
        }
        let is_empty = |lists: &Map<String, Json>| {
            lists.values().all(|keys| keys.as_array().is_none_or(Vec::is_empty))
        };
        (!is_empty(lists)).then_some((name, change))
    }
}

/// Finds the field behind a member, and whose rows it links if it does.
fn field(entity: &Entity, name: &str) -> Option<(FieldId, Option<EntityId>)> {
    let mut fields = (0..).map(FieldId).zip(&entity.fields);
    fields.find_map(|(id, field)| match &field.kind {
        FieldKind::ToOne(relation) => (relation.id_name == name).then_some((id, None)),
        FieldKind::ToMany { target, .. } => (field.name == name).then_some((id, Some(*target))),
        _ => (field.name == name).then_some((id, None)),
    })
}

fn sees_key(sight: Sight<'_>, entity: EntityId, key: &Json) -> bool {
    let text = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
    let mut all = (0..sight.world.rows(entity)).map(|row| (entity, row));
    all.any(|row| sight.world.key_text(row) == text && sight.sees(row, Archived::Without))
}
