//! A request's body: one JSON object without duplicate members, at any depth.

use std::marker::PhantomData;

use serde::de::{Deserialize, DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde_json::Value as Json;

use crate::strict_json::{Strict, repeated};

/// The most members of an object; more than an entity has fields.
const MEMBERS_MAX: usize = 1000;

/// The members of a body, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Body(pub Vec<(String, Json)>);

/// Why a body cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BodyError(pub String);

impl Body {
    /// Parses a body.
    ///
    /// # Errors
    /// When it is not a JSON object, nests deeper than 128 levels, repeats a member, or has too many.
    pub fn parse(bytes: &[u8]) -> Result<Self, BodyError> {
        serde_json::from_slice(bytes).map_err(|error| BodyError(error.to_string()))
    }
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Members(members) = Members::<Strict>::deserialize(deserializer)?;
        Ok(Self(members.into_iter().map(|(name, Strict(json))| (name, json)).collect()))
    }
}

/// The body of a create: one row, or several.
#[derive(Debug, Clone, PartialEq)]
pub enum Rows {
    /// An object.
    One(Body),
    /// An array of objects.
    Many(Vec<Body>),
}

impl Rows {
    /// Parses a body.
    ///
    /// # Errors
    /// When it is neither a JSON object nor an array of them, nests deeper than 128 levels, or
    /// repeats a member.
    pub fn parse(bytes: &[u8]) -> Result<Self, BodyError> {
        if bytes.trim_ascii_start().first() != Some(&b'[') {
            return Body::parse(bytes).map(Self::One);
        }
        let rows = serde_json::from_slice(bytes).map_err(|error| BodyError(error.to_string()))?;
        Ok(Self::Many(rows))
    }
}

/// The members of a JSON object, in order and without duplicates.
#[derive(Debug, Clone, PartialEq)]
pub struct Members<V>(pub Vec<(String, V)>);

impl<V: DeserializeOwned> Members<V> {
    /// Parses an object.
    ///
    /// # Errors
    /// When it is not a JSON object, repeats a member, or has too many.
    pub fn parse(bytes: &[u8]) -> Result<Self, BodyError> {
        serde_json::from_slice(bytes).map_err(|error| BodyError(error.to_string()))
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Members<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Reader(PhantomData))
    }
}

struct Reader<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for Reader<V> {
    type Value = Members<V>;

    fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<V>, A::Error> {
        let mut members: Vec<(String, V)> = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, V>()? {
            if members.iter().any(|(known, _)| *known == name) {
                return Err(repeated(&name));
            }
            if members.len() == MEMBERS_MAX {
                let message = format!("an object has at most {MEMBERS_MAX} members here");
                return Err(serde::de::Error::custom(message));
            }
            members.push((name, value));
        }
        Ok(Members(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        Body::parse(text.as_bytes()).expect_err("it should be refused").to_string()
    }

    #[test]
    fn only_an_object_without_duplicates_is_a_body() {
        assert!(refusal("[]").contains("expected a JSON object"));
        assert!(refusal("{\"a\":1,\"a\":2}").contains("repeated member `a`"));
        assert!(refusal(r#"{"a":[{"b":{"c":1,"\u0063":2}}]}"#).contains("repeated member `c`"));
        assert!(Body::parse(br#"{"a":[{"b":1},{"b":{"a":[1]}}]}"#).is_ok());
        let many: Vec<String> = (0..1001).map(|i| format!("\"a{i}\":1")).collect();
        assert!(refusal(&format!("{{{}}}", many.join(","))).contains("at most 1000 members"));
        assert!(Body::parse(format!("{{{}}}", many[1..].join(",")).as_bytes()).is_ok());
        assert!(refusal("{\"a\":1} x").contains("trailing"));
        assert!(refusal("{\"a\":").contains("EOF"));
        assert!(refusal(&format!("{{\"a\":{}", "[".repeat(10_000))).contains("recursion limit"));
    }
}
