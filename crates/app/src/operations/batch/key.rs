//! Keys in the paths of a batch, which may refer to earlier results.

use model::Entity;
use plan::{Bind, bind};

use super::bad_path;
use crate::input::{key_parts, key_value, reference_key};
use crate::refusal::Refusal;

/// A row's key as it stands in a path.
#[derive(Debug, Clone)]
pub struct Key(Form);

#[derive(Debug, Clone)]
enum Form {
    /// It refers to nothing.
    Known(Vec<Bind>),
    /// All of a key of several parts, `${line.product}`.
    Whole(String),
    /// Some parts, `${order.id},7`.
    Parts(Vec<Part>),
}

#[derive(Debug, Clone)]
enum Part {
    Known(Bind),
    Reference(String),
}

impl Key {
    /// Reads a key: parts joined by commas, each percent-encoded or a reference.
    ///
    /// # Errors
    /// `NotFound` where it cannot be a key; a wrong parameter where a reference stands for less
    /// than a whole part.
    pub fn parse(entity: &Entity, text: &str) -> Result<Self, Refusal> {
        if !text.contains("${") {
            return key_parts(entity, text)
                .map(|key| Self(Form::Known(key)))
                .ok_or(Refusal::NotFound);
        }
        if entity.key_columns.len() > 1
            && let Some(reference) = whole(text)
        {
            return Ok(Self(Form::Whole(reference.to_owned())));
        }
        let parts: Vec<&str> =
            if entity.key_columns.len() == 1 { vec![text] } else { text.split(',').collect() };
        if parts.len() != entity.key_columns.len() {
            return Err(Refusal::NotFound);
        }
        let parts = entity.key_columns.iter().zip(parts).map(|(column, part)| {
            if let Some(reference) = whole(part) {
                return Ok(Part::Reference(reference.to_owned()));
            }
            if part.contains("${") {
                let detail = format!("`{part}`: a reference stands for a whole part of the key");
                return Err(bad_path(detail));
            }
            let part = percent_encoding::percent_decode_str(part).decode_utf8().ok();
            let value = part.and_then(|part| key_value(entity.column(*column).ty, &part));
            value.map(|value| Part::Known(bind(value))).ok_or(Refusal::NotFound)
        });
        Ok(Self(Form::Parts(parts.collect::<Result<_, _>>()?)))
    }

    /// Returns the texts of its references.
    pub(super) fn references(&self) -> Vec<&str> {
        match &self.0 {
            Form::Known(_) => Vec::new(),
            Form::Whole(reference) => vec![reference],
            Form::Parts(parts) => parts
                .iter()
                .filter_map(|part| match part {
                    Part::Known(_) => None,
                    Part::Reference(reference) => Some(reference.as_str()),
                })
                .collect(),
        }
    }

    /// Replaces its references by the texts that `find` returns for them.
    pub(super) fn replace(
        &mut self,
        entity: &Entity,
        find: &mut impl FnMut(&str) -> Result<String, Refusal>,
    ) -> Result<(), Refusal> {
        let key = match &self.0 {
            Form::Known(_) => return Ok(()),
            Form::Whole(reference) => {
                reference_key(entity, &find(reference)?).ok_or(Refusal::NotFound)?
            }
            Form::Parts(parts) => entity
                .key_columns
                .iter()
                .zip(parts)
                .map(|(column, part)| match part {
                    Part::Known(bind) => Ok(bind.clone()),
                    Part::Reference(reference) => {
                        let value = key_value(entity.column(*column).ty, &find(reference)?);
                        value.map(bind).ok_or(Refusal::NotFound)
                    }
                })
                .collect::<Result<_, _>>()?,
        };
        self.0 = Form::Known(key);
        Ok(())
    }

    /// Returns the key, whose references were replaced.
    pub(super) fn known(self) -> Result<Vec<Bind>, Refusal> {
        match self.0 {
            Form::Known(key) => Ok(key),
            Form::Whole(_) | Form::Parts(_) => Err(Refusal::NotFound),
        }
    }
}

/// Returns the text of a reference that is all there is.
fn whole(text: &str) -> Option<&str> {
    text.strip_prefix("${")?.strip_suffix('}').filter(|inner| !inner.contains(['$', '{', '}']))
}
