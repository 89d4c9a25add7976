//! Keys in the paths of a batch, which may refer to earlier results.

use model::Entity;
use plan::{Bind, percent_encode};

use super::bad_path;
use crate::input::key_parts;
use crate::refusal::Refusal;

/// A row's key as it stands in a path: parts joined by commas, each percent-encoded or a reference
/// such as `${order.id}`; or one reference for all of it.
#[derive(Debug, Clone)]
pub struct Key(String);

impl Key {
    /// Reads a key.
    ///
    /// # Errors
    /// `NotFound` where it cannot be a key; a wrong parameter where a reference stands for less
    /// than a whole part.
    pub fn parse(entity: &Entity, text: &str) -> Result<Self, Refusal> {
        if !text.contains("${") {
            return match key_parts(entity, text) {
                Some(_) => Ok(Self(text.to_owned())),
                None => Err(Refusal::NotFound),
            };
        }
        let partial = |part: &&str| part.contains("${") && whole(part).is_none();
        let parts = if entity.key_columns.len() == 1 { text } else { "" };
        let found = text.split(',').chain([parts]).find(partial);
        if let Some(part) = found {
            let detail = format!("`{part}`: a reference stands for a whole part of the key");
            return Err(bad_path(detail));
        }
        Ok(Self(text.to_owned()))
    }

    /// Returns the texts of its references.
    pub(super) fn references(&self) -> impl Iterator<Item = &str> {
        self.0.split(',').filter_map(whole)
    }

    /// Replaces its references by the values that `find` returns for them.
    pub(super) fn replace(
        &mut self,
        entity: &Entity,
        find: &mut impl FnMut(&str) -> Result<String, Refusal>,
    ) -> Result<(), Refusal> {
        if self.references().next().is_none() {
            return Ok(());
        }
        self.0 = match whole(&self.0) {
            // A key of several parts is answered in the form that it has in a path.
            Some(reference) if entity.key_columns.len() > 1 => find(reference)?,
            _ => {
                let parts = self.0.split(',').map(|part| match whole(part) {
                    Some(reference) => Ok(percent_encode(&find(reference)?)),
                    None => Ok(part.to_owned()),
                });
                parts.collect::<Result<Vec<_>, Refusal>>()?.join(",")
            }
        };
        Ok(())
    }

    /// Returns it as it stands in a path; its references were replaced.
    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// Returns its values; its references were replaced.
    pub(super) fn values(&self, entity: &Entity) -> Result<Vec<Bind>, Refusal> {
        key_parts(entity, &self.0).ok_or(Refusal::NotFound)
    }
}

/// Returns the text of a reference that is all there is.
fn whole(text: &str) -> Option<&str> {
    text.strip_prefix("${")?.strip_suffix('}').filter(|inner| !inner.contains(['$', '{', '}']))
}
