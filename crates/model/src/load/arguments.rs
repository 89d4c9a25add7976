//! Reads the arguments of directives. Wrong types were reported by validation and read as absent.

use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, Value};

use crate::load::parse::Parsed;
use crate::report::Place;

/// A text argument, or one text of a list.
#[derive(Copy, Clone)]
pub(crate) struct Text<'a> {
    pub(crate) value: &'a str,
    pub(crate) node: &'a Node<Value>,
}

impl Text<'_> {
    /// Returns where the literal is.
    pub(crate) fn place(&self, parsed: &Parsed) -> Place {
        parsed.place(self.node.location())
    }
}

/// Returns an argument as it was written; null counts as absent.
pub(crate) fn value<'a>(directive: &'a Node<Directive>, name: &str) -> Option<&'a Node<Value>> {
    directive.specified_argument_by_name(name).filter(|value| !value.is_null())
}

/// Returns a text.
pub(crate) fn text<'a>(directive: &'a Node<Directive>, name: &str) -> Option<Text<'a>> {
    let node = value(directive, name)?;
    Some(Text { value: node.as_str()?, node })
}

/// Returns a list of texts; GraphQL reads one text as a list of one.
pub(crate) fn texts<'a>(directive: &'a Node<Directive>, name: &str) -> Vec<Text<'a>> {
    let Some(node) = value(directive, name) else { return Vec::new() };
    let nodes = match &**node {
        Value::List(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    nodes.iter().filter_map(|node| Some(Text { value: node.as_str()?, node })).collect()
}

/// Returns a truth value.
pub(crate) fn truth(directive: &Node<Directive>, name: &str) -> bool {
    value(directive, name).and_then(|value| value.to_bool()).unwrap_or(false)
}
