//! `exists` and `all`, and the variables they bind.

use crate::parse::{Ast, AstKind, Name};
use crate::schema::JsonShape;
use crate::tree::{Kind, Node, Quantifier, Span, VarId};
use crate::types::Type;

use super::convert::json_as;
use super::names::ROOTS;
use super::{Checker, uses_rows};

/// How deep loops nest; each level is a subquery in a subquery.
const LOOPS_MAX: usize = 4;

/// A loop around the place being checked.
pub(super) struct Loop {
    pub(super) name: String,
    ty: Type,
    nullable: bool,
    /// What is declared of the elements, where they are JSON.
    pub(super) shape: JsonShape,
}

impl Checker<'_> {
    pub(super) fn loop_variable(&self, name: &str, span: Span) -> Option<Node> {
        let at = self.loops.iter().rposition(|each| each.name == name)?;
        let bound = &self.loops[at];
        let var = variable(at);
        let kind = match bound.ty {
            Type::Row(_) => Kind::Row(var),
            _ => Kind::Element(var),
        };
        let node = Node::new(kind, bound.ty.clone(), bound.nullable, span);
        Some(match &bound.shape {
            JsonShape::Scalar(ty) => json_as(node, ty),
            _ => node,
        })
    }

    pub(super) fn quantified(
        &mut self,
        quantifier: Quantifier,
        over: Node,
        method: &Name,
        arguments: &[Ast],
        span: Span,
    ) -> Option<Node> {
        let [Ast { kind: AstKind::Name(name), span: name_span }, body] = arguments else {
            let text = &method.text;
            return self.fail(
                method.span,
                format!("`{text}` takes a name and a condition"),
                format!("write .{text}(x, x …)"),
            );
        };
        if ROOTS.contains(&name.as_str()) {
            return self.refuse(
                *name_span,
                format!("`{name}` already has a meaning; choose another name"),
            );
        }
        if self.loops.len() == LOOPS_MAX {
            return self.refuse(method.span, format!("loops nest deeper than {LOOPS_MAX} levels"));
        }
        let schema = self.scope.schema;
        let (ty, nullable) = match (&over.ty, &over.kind) {
            (Type::Rows(entity), _) => (Type::Row(*entity), false),
            (Type::Json, _) => (Type::Json, true),
            (Type::List(_), Kind::List(_)) if uses_rows(&over) => {
                return self.fail(
                    over.span,
                    "a loop over a list of a row's fields is not supported",
                    "write the conditions out, joined by || or &&",
                );
            }
            (Type::List(element), Kind::List(items)) => {
                ((**element).clone(), items.iter().any(|item| item.nullable))
            }
            (Type::List(element), _) => ((**element).clone(), false),
            (ty, _) => {
                let message = format!(
                    "`{}` takes a list or a relation, but this is {}",
                    method.text,
                    self.describe(ty)
                );
                return self.refuse(over.span, message);
            }
        };
        let shape = match self.json_shape(&over) {
            JsonShape::List(element) => *element,
            JsonShape::Object(id) => {
                let message = format!("{} is one object, no list", schema.document_name(id));
                return self.fail(over.span, message, "name one of its members");
            }
            _ => JsonShape::Any,
        };
        let var = variable(self.loops.len());
        self.loops.push(Loop { name: name.clone(), ty, nullable, shape });
        let body = self.condition(body);
        self.loops.pop();
        let kind = Kind::Quantified { quantifier, over: over.into(), var, body: body?.into() };
        Some(Node::new(kind, Type::Bool, false, span))
    }
}

fn variable(depth: usize) -> VarId {
    VarId(u16::try_from(depth + 1).expect("loops nest at most LOOPS_MAX deep"))
}
