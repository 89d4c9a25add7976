//! Paths: `/api/v1/posts/{id}`, and without the version where a default is configured.

use std::collections::HashMap;

use expr::EntityId;
use model::{Entity, Model};
use plan::Bind;

/// Before the first freeze the only version.
const VERSION: &str = "v1";

/// What stands where a row's key would, and leads to the aggregates of the collection.
const AGGREGATE: &str = "aggregate";

/// The paths of a model, looked up without allocation.
#[derive(Debug)]
pub struct Routes {
    collections: HashMap<String, EntityId>,
    /// The entities whose rows are archived.
    archived: Vec<EntityId>,
    /// The entities whose rows have a history.
    audited: Vec<EntityId>,
    unversioned: bool,
}

/// What a path leads to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Target<'p> {
    /// `/api/v1`
    Index,
    /// `/api/v1/posts`
    Collection(EntityId),
    /// `/api/v1/posts/{key}`, the key still percent-encoded.
    Row(EntityId, &'p str),
    /// `/api/v1/posts/aggregate`
    Aggregate(EntityId),
    /// `/api/v1/posts/{key}/restore`, where rows are archived.
    Restore(EntityId, &'p str),
    /// `/api/v1/posts/{key}/history`, where a history is kept.
    History(EntityId, &'p str),
    /// `/api/v1/batch`
    Batch,
    /// Nothing.
    Nothing,
}

impl Routes {
    /// Collects the paths of a model.
    pub fn of(model: &Model, default_version: &str) -> Self {
        let collections =
            model.entities.iter().map(|entity| (entity.route.clone(), entity.id)).collect();
        let archived = model.entities.iter().filter(|entity| entity.archive.is_some());
        let archived = archived.map(|entity| entity.id).collect();
        let audited = model.entities.iter().filter(|entity| entity.audit.is_some());
        let audited = audited.map(|entity| entity.id).collect();
        Self { collections, archived, audited, unversioned: default_version == VERSION }
    }

    /// Says whether the history of some rows is kept.
    pub(super) fn has_histories(&self) -> bool {
        !self.audited.is_empty()
    }

    /// Finds what a path leads to. One slash at the end is forgiven.
    pub(crate) fn find<'p>(&self, path: &'p str) -> Target<'p> {
        let path = path.strip_suffix('/').unwrap_or(path);
        let Some(rest) = path.strip_prefix("/api") else {
            return if path.is_empty() { Target::Index } else { Target::Nothing };
        };
        if rest.is_empty() {
            return Target::Index;
        }
        let Some(rest) = rest.strip_prefix('/') else { return Target::Nothing };
        let rest = match rest.strip_prefix(VERSION) {
            Some("") => return Target::Index,
            Some(below) if below.starts_with('/') => &below[1..],
            _ if self.unversioned => rest,
            _ => return Target::Nothing,
        };
        self.below(rest)
    }

    /// Finds what a path below the version's root leads to.
    pub(crate) fn below<'p>(&self, path: &'p str) -> Target<'p> {
        let (route, key) = match path.split_once('/') {
            Some((route, key)) => (route, Some(key)),
            None => (path, None),
        };
        match (self.collections.get(route), key) {
            (Some(entity), None) => Target::Collection(*entity),
            (Some(entity), Some(AGGREGATE)) => Target::Aggregate(*entity),
            (Some(entity), Some(key)) if !key.is_empty() && !key.contains('/') => {
                Target::Row(*entity, key)
            }
            (Some(entity), Some(below)) => match below.split_once('/') {
                Some((key, "restore")) if !key.is_empty() && self.archived.contains(entity) => {
                    Target::Restore(*entity, key)
                }
                Some((key, "history")) if !key.is_empty() && self.audited.contains(entity) => {
                    Target::History(*entity, key)
                }
                _ => Target::Nothing,
            },
            (None, None) if route == "batch" => Target::Batch,
            _ => Target::Nothing,
        }
    }
}

/// Returns the path of a row. A row whose key is a reserved word is told from it by an escape.
pub(super) fn of_row(entity: &Entity, key: &[Bind]) -> String {
    let key = match plan::key_text(entity, key) {
        key if key == AGGREGATE => format!("%{:02X}{}", key.as_bytes()[0], &key[1..]),
        key => key,
    };
    format!("/api/{VERSION}/{}/{key}", entity.route)
}

impl Target<'_> {
    /// Returns the methods it understands; `None` where there is nothing.
    pub(crate) fn allowed(&self) -> Option<&'static str> {
        match self {
            Self::Index | Self::Aggregate(_) | Self::History(..) => Some("GET, HEAD, OPTIONS"),
            Self::Batch | Self::Restore(..) => Some("POST, OPTIONS"),
            Self::Collection(_) => Some("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
            Self::Row(..) => Some("GET, HEAD, PUT, PATCH, DELETE, OPTIONS"),
            Self::Nothing => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, expected: &Target<'_>) {
        let collections = HashMap::from([("posts".to_owned(), EntityId(7))]);
        let routes = Routes {
            collections,
            archived: Vec::new(),
            audited: vec![EntityId(7)],
            unversioned: true,
        };
        assert_eq!(routes.find(path), *expected, "{path}");
    }

    #[test]
    fn paths_lead_to_collections_and_rows() {
        check("/", &Target::Index);
        check("/api", &Target::Index);
        check("/api/v1", &Target::Index);
        check("/api/v1/posts", &Target::Collection(EntityId(7)));
        check("/api/v1/posts/", &Target::Collection(EntityId(7)));
        check("/api/posts", &Target::Collection(EntityId(7)));
        check("/api/v1/batch", &Target::Batch);
        check("/api/v1/posts/aggregate", &Target::Aggregate(EntityId(7)));
        check("/api/v1/posts/%61ggregate", &Target::Row(EntityId(7), "%61ggregate"));
        check("/api/v1/posts/a/history", &Target::History(EntityId(7), "a"));
        check("/api/v1/posts/a%2Fb,c", &Target::Row(EntityId(7), "a%2Fb,c"));
    }

    #[test]
    fn other_paths_lead_nowhere() {
        for path in [
            "/apix",
            "/api/v2/posts",
            "/api/v1/users",
            "/api/v1/posts/a/b",
            "/api/v1/posts/a/restore",
            "/api/v1/posts//history",
            "/api/v1/batch/a",
            "/x",
            "/api/v1//",
        ] {
            check(path, &Target::Nothing);
        }
    }
}
