//! Nested types: the declared shape of JSON documents.

use expr::{JsonShape, Value};

use crate::entity::Model;
use crate::field::{Length, Pattern, Range, Scalar};

/// An object type without `@entity` that fields hold as JSON.
#[derive(Debug)]
pub struct Document {
    /// The type's name, `Address`.
    pub name: String,
    /// The description in the SDL.
    pub description: Option<String>,
    /// The members in order of declaration.
    pub members: Vec<Member>,
}

/// A member of a nested type.
#[derive(Debug)]
pub struct Member {
    /// The name in SDL and JSON.
    pub name: String,
    /// The description in the SDL.
    pub description: Option<String>,
    /// What it holds, or its elements do.
    pub scalar: Scalar,
    /// Whether it is a list of scalars or enums. Lists of nested types are `Scalar::Documents`.
    pub list: bool,
    /// Whether it is declared with `!`.
    pub required: bool,
    /// The value where none is sent.
    pub default: Option<Value>,
    /// `@length`, in code points for text, in elements for lists.
    pub length: Option<Length>,
    /// `@range`
    pub range: Option<Range>,
    /// `@pattern`
    pub pattern: Option<Pattern>,
}

impl Document {
    /// Finds a member by its name.
    pub fn member(&self, name: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.name == name)
    }
}

impl Member {
    /// Returns what expressions know of it.
    pub fn shape(&self) -> JsonShape {
        let shape = self.scalar.json_shape();
        if self.list { JsonShape::List(Box::new(shape)) } else { shape }
    }
}

impl Scalar {
    /// Returns what expressions know of JSON that holds this.
    pub fn json_shape(self) -> JsonShape {
        match self {
            Self::Json => JsonShape::Any,
            Self::Document(id) => JsonShape::Object(id),
            Self::Documents(id) => JsonShape::List(Box::new(JsonShape::Object(id))),
            scalar => JsonShape::Scalar(scalar.expr_type()),
        }
    }
}

impl Model {
    /// Returns the nested type behind an id.
    pub fn document(&self, id: expr::DocumentId) -> &Document {
        &self.documents[id.0 as usize]
    }
}
