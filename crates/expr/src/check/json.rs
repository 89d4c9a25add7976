//! Steps into JSON, and what nested types declare of it.

use crate::schema::JsonShape;
use crate::tree::{Kind, Node, PathStep, Span};
use crate::types::Type;

use super::Checker;
use super::convert::json_as;
use super::describe::{did_you_mean, enumerate, nearest};

impl Checker<'_> {
    /// Returns what is declared of a JSON part.
    pub(super) fn json_shape(&self, node: &Node) -> JsonShape {
        let schema = self.scope.schema;
        match &node.kind {
            Kind::Field { of, field } => match of.ty {
                Type::Row(entity) => schema.shape(entity, *field),
                _ => JsonShape::Any,
            },
            Kind::Input(field) => match self.scope.input {
                Some(entity) => schema.shape(entity, *field),
                None => JsonShape::Any,
            },
            Kind::Element(var) => {
                // Loop variables are numbered from 1, outer to inner.
                let at = usize::from(var.0).checked_sub(1);
                at.and_then(|at| self.loops.get(at)).map_or(JsonShape::Any, |of| of.shape.clone())
            }
            Kind::JsonPath { of, path } => {
                path.iter().fold(self.json_shape(of), |shape, step| match (shape, step) {
                    (JsonShape::Object(id), PathStep::Member(name)) => {
                        schema.member(id, name).unwrap_or(JsonShape::Any)
                    }
                    (JsonShape::List(element), PathStep::Index(_)) => *element,
                    _ => JsonShape::Any,
                })
            }
            _ => JsonShape::Any,
        }
    }

    /// Looks into JSON; a scalar of a nested type is read as what it is declared to be.
    pub(super) fn step_into(
        &mut self,
        of: Node,
        step: PathStep,
        step_span: Span,
        span: Span,
    ) -> Option<Node> {
        let schema = self.scope.schema;
        match (self.json_shape(&of), &step) {
            (JsonShape::Object(id), PathStep::Member(name))
                if schema.member(id, name).is_none() =>
            {
                let names = schema.member_names(id);
                let help = did_you_mean(nearest(name, names.iter().copied()), || {
                    format!("its members are {}", enumerate(names.iter().copied()))
                });
                let message = format!("{} has no member `{name}`", schema.document_name(id));
                return self.fail(step_span, message, help);
            }
            (JsonShape::Object(id), PathStep::Index(_)) => {
                let message = format!("{} has no elements by index", schema.document_name(id));
                return self.refuse(step_span, message);
            }
            (JsonShape::List(_), PathStep::Member(_)) => {
                let help = "say which element: .exists(x, …), .all(x, …) or [0]";
                return self.fail(step_span, "a list has no members of its own", help);
            }
            _ => {}
        }
        let (of, path) = match of.kind {
            Kind::JsonPath { of, mut path } => {
                path.push(step);
                (of, path)
            }
            kind => (Box::new(Node { kind, ..of }), vec![step]),
        };
        let node = Node::new(Kind::JsonPath { of, path }, Type::Json, true, span);
        Some(match self.json_shape(&node) {
            JsonShape::Scalar(ty) => json_as(node, &ty),
            _ => node,
        })
    }
}
