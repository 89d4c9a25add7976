//! What must be in the rows after a migration, from what was in them.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::draft::{Draft, Field, How, Id, Kind, Type};
use crate::picture::{Picture, Seen};

/// Two models with what is between them.
pub(crate) struct Step<'s> {
    pub(crate) old: &'s Draft,
    pub(crate) new: &'s Draft,
    /// What was allowed to be lost.
    pub(crate) losses: &'s [String],
}

impl Step<'_> {
    /// Says in what the rows are not as they must be.
    pub(crate) fn differs(&self, before: &Picture, after: &Picture) -> Result<(), String> {
        for old in &self.old.types {
            let Some(new) = self.new.ty(old.id) else { continue };
            let (before, after) = (&before[&old.id], &after[&new.id]);
            let numbers = |rows: &BTreeMap<i64, Seen>| rows.keys().copied().collect::<Vec<i64>>();
            if numbers(before) != numbers(after) {
                return Err(format!(
                    "{} has {:?}, not {:?}",
                    new.name,
                    numbers(after),
                    numbers(before)
                ));
            }
            for (number, before) in before {
                let found = &after[number];
                self.row(*number, (old, before), (new, found)).map_err(|wrong| {
                    format!("{} {number}: {wrong}\nbefore: {before:?}\nafter: {found:?}", new.name)
                })?;
            }
        }
        Ok(())
    }

    fn row(
        &self,
        number: i64,
        (old, before): (&Type, &Seen),
        (new, after): (&Type, &Seen),
    ) -> Result<(), String> {
        let resurrects = old.archive && !new.archive;
        if resurrects && before.archived && !self.loses(".archived_at") {
            return Err("was archived, and is there again".to_owned());
        }
        // A time that stayed as any field says so again.
        let begins = !old.archive && old.archived_at;
        if !resurrects && !begins && before.archived != after.archived {
            return Err(format!("archived is {}", after.archived));
        }
        for field in &new.fields {
            if let Some(expected) = self.value(number, old, before, field)
                && let Some(found) = after.values.get(&field.id)
                && !same(found, &expected)
            {
                return Err(format!("{} is {found}, not {expected}", field.name));
            }
            let leads_as_before = match field.kind {
                Kind::One(to, _) | Kind::Many(to, _) => self.is_seen_as_before(old, new, to),
                _ => false,
            };
            if !leads_as_before {
                continue;
            }
            if let (Some(before), Some(after)) =
                (before.one.get(&field.id), after.one.get(&field.id))
                && before != after
            {
                return Err(format!("{} leads to {after:?}, not {before:?}", field.name));
            }
            if let (Some(before), Some(after)) =
                (before.many.get(&field.id), after.many.get(&field.id))
                && before != after
            {
                return Err(format!("{} leads to {after:?}, not {before:?}", field.name));
            }
        }
        if old.audit && new.audit && !(old.key != new.key && self.loses("")) {
            return self.history((old, before), (new, after));
        }
        Ok(())
    }

    fn loses(&self, end: &str) -> bool {
        self.losses.iter().any(|name| name.ends_with(end))
    }

    /// Says whether callers see as many rows of a type from another as before.
    fn is_seen_as_before(&self, old: &Type, new: &Type, target: Id) -> bool {
        let (Some(before), Some(after)) = (self.old.ty(target), self.new.ty(target)) else {
            return false;
        };
        let guards = |ty: &Type| (ty.tenant, ty.archive);
        let rekeyed = before.key != after.key || old.key != new.key;
        guards(before) == guards(after)
            && guards(old) == guards(new)
            && !(rekeyed && self.loses(""))
    }

    /// Entries stay, with the changes of fields that are still there and kept.
    fn history(
        &self,
        (old, before): (&Type, &Seen),
        (new, after): (&Type, &Seen),
    ) -> Result<(), String> {
        let told = |history: &[(Json, BTreeMap<String, Json>)]| {
            let entry = |(head, changes): &(Json, BTreeMap<String, Json>)| {
                let mut changes = changes.clone();
                changes.retain(|name, _| self.is_told(old, new, name));
                (head.clone(), changes)
            };
            history.iter().map(entry).collect::<Vec<_>>()
        };
        let (before, after) = (told(&before.history), told(&after.history));
        if before != after {
            return Err(format!("the history is\n  {after:?}, not\n  {before:?}"));
        }
        Ok(())
    }

    fn is_told(&self, old: &Type, new: &Type, name: &str) -> bool {
        let id = |text: &str| text.parse::<Id>().ok();
        if let Some(id) = name.strip_prefix("back #").and_then(id) {
            let owner = self.new.types.iter().find(|ty| ty.field(id).is_some());
            return owner.is_some_and(|owner| self.is_seen_as_before(old, new, owner.id));
        }
        let Some(id) = name.strip_prefix('#').and_then(id) else {
            return !["id", "archivedAt"].contains(&name);
        };
        let Some(field) = new.field(id) else { return false };
        match field.kind {
            Kind::One(to, _) | Kind::Many(to, _) => self.is_seen_as_before(old, new, to),
            Kind::Computed(_) => false,
            // What it was as another type is told as it was written.
            _ => !field.private && old.field(id).is_some_and(|old| old.kind == field.kind),
        }
    }

    /// Returns what a field of a row must hold, where that can be said.
    fn value(&self, number: i64, old: &Type, before: &Seen, field: &Field) -> Option<Json> {
        if let Kind::Computed(times) = field.kind {
            return Some((number * times).to_string().into());
        }
        let filled = || {
            let fill = field.fill.as_ref()?;
            Some(made(fill.how, before.values.get(&fill.source.0)?))
        };
        let Some(known) = old.field(field.id) else { return filled() };
        let value = before.values.get(&field.id)?;
        if known.kind == field.kind {
            let filled = if value.is_null() && field.required { filled() } else { None };
            return Some(filled.unwrap_or_else(|| self.renamed(field.kind, value)));
        }
        if field.fill.is_some() {
            return filled();
        }
        let text = || Json::from(value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        let (Kind::Scalar(from), Kind::Scalar(to)) = (known.kind, field.kind) else {
            let is_kept = matches!(
                (known.kind, field.kind),
                (Kind::List(_), Kind::Scalar("JSON"))
                    | (Kind::List("Status" | "Decimal"), Kind::List("String"))
            );
            return is_kept.then(|| value.clone());
        };
        match (from, to) {
            _ if value.is_null() => None,
            ("Int" | "BigInt" | "Boolean", "String") | ("Int" | "BigInt", "Decimal") => {
                Some(text())
            }
            ("Int", "BigInt") => Some(text()),
            ("BigInt", "Int") => value.as_str()?.parse::<i64>().ok().map(Json::from),
            ("Date", "DateTime") => Some(format!("{}T00:00:00.000000Z", value.as_str()?).into()),
            ("Int", "Float")
            | ("Date" | "DateTime" | "Decimal" | "ID" | "Email" | "Status", "String")
            | ("String", "Email")
            | ("JSON", "Place")
            | ("Place", "JSON") => Some(value.clone()),
            _ => None,
        }
    }

    /// Gives values of the enum their new names.
    fn renamed(&self, kind: Kind, value: &Json) -> Json {
        if !matches!(kind, Kind::Scalar("Status") | Kind::List("Status")) {
            return value.clone();
        }
        match value {
            Json::Array(items) => items.iter().map(|item| self.renamed(kind, item)).collect(),
            Json::String(name) => {
                let values = &self.new.values;
                if values.iter().any(|value| value.name == *name) {
                    return value.clone();
                }
                let new = values.iter().find(|value| value.was.as_ref() == Some(name));
                new.map_or(Json::Null, |new| new.name.clone().into())
            }
            other => other.clone(),
        }
    }
}

fn made(how: How, source: &Json) -> Json {
    match (how, source) {
        (How::Made, _) => "made".into(),
        (How::OrNone, Json::Null) => "none".into(),
        (_, Json::Null) => Json::Null,
        (How::AsText, source) => source.to_string().into(),
        (How::Size, source) => source.as_str().map(|text| text.chars().count()).into(),
        (How::Copy | How::OrNone, source) => source.clone(),
    }
}

fn same(found: &Json, expected: &Json) -> bool {
    match (found, expected) {
        (Json::Number(found), Json::Number(expected)) => found.as_f64() == expected.as_f64(),
        _ => found == expected,
    }
}
