//! Names: roots, fields, members of JSON.

use crate::mistake::Mistake;
use crate::parse::{Ast, AstKind, Name};
use crate::schema::{EntityId, FieldId, FieldInfo};
use crate::tree::{Kind, LiteralValue, Node, PathStep, Span, VarId};
use crate::types::Type;
use crate::value::Value;

use super::Checker;
use super::describe::{did_you_mean, enumerate, nearest};

/// The claim that `user.id` reads: the subject of the token.
const SUBJECT_CLAIM: &str = "sub";
/// Names that begin an expression's path and cannot name a loop variable.
pub(super) const ROOTS: [&str; 4] = ["row", "input", "user", "now"];

impl Checker<'_> {
    pub(super) fn name(&mut self, name: &str, span: Span) -> Option<Node> {
        if let Some(bound) = self.loop_variable(name, span) {
            return Some(bound);
        }
        if name == "row" && self.scope.row.is_some() {
            return Some(self.row(span));
        }
        if self.scope.bare_fields
            && let Some(entity) = self.scope.row
            && self.known(entity, name)
        {
            let row = self.row(span);
            return self.field(row, entity, name, span);
        }
        match name {
            "user" if self.scope.user => Some(Node::new(Kind::User, Type::Json, true, span)),
            "now" if self.scope.now => Some(Node::new(Kind::Now, Type::Timestamp, false, span)),
            "input" if self.scope.input.is_some() => {
                self.fail(span, "`input` is not a value", "name one of its fields: `input.name`")
            }
            _ => self.unknown(name, span),
        }
    }

    /// Returns whether a name is `input`, the values sent, and not a loop variable or a field.
    fn is_input(&self, ast: &Ast) -> Option<EntityId> {
        let AstKind::Name(name) = &ast.kind else { return None };
        let field =
            self.scope.bare_fields && self.scope.row.is_some_and(|entity| self.known(entity, name));
        let bound = self.loops.iter().any(|each| each.name == *name);
        if name == "input" && !field && !bound { self.scope.input } else { None }
    }

    fn row(&self, span: Span) -> Node {
        let entity = self.scope.row.unwrap_or(EntityId(0));
        Node::new(Kind::Row(VarId(0)), Type::Row(entity), false, span)
    }

    fn known(&self, entity: EntityId, name: &str) -> bool {
        self.scope.schema.field(entity, name).is_some()
            || self.relation_of_id(entity, name).is_some()
    }

    /// Finds the to-one relation behind `authorId`.
    fn relation_of_id(&self, entity: EntityId, name: &str) -> Option<FieldInfo> {
        let info = self.scope.schema.field(entity, name.strip_suffix("Id")?)?;
        matches!(info.ty, Type::Row(_)).then_some(info)
    }

    fn unknown(&mut self, name: &str, span: Span) -> Option<Node> {
        let message = if ROOTS.contains(&name) {
            format!("`{name}` is not in scope here")
        } else {
            format!("`{name}` is not known")
        };
        let scope = self.scope;
        let mut known: Vec<&str> = self.loops.iter().map(|each| each.name.as_str()).collect();
        known.extend(scope.row.map(|_| "row"));
        known.extend(scope.input.map(|_| "input"));
        known.extend(scope.user.then_some("user"));
        known.extend(scope.now.then_some("now"));
        let mut names = known.clone();
        if let (true, Some(entity)) = (scope.bare_fields, scope.row) {
            names.extend(scope.schema.field_names(entity));
        }
        let behind_row = scope.row.filter(|entity| self.known(*entity, name));
        let help = match (nearest(name, names.iter().copied()), behind_row) {
            (_, Some(_)) => format!("write `row.{name}`"),
            _ if is_shouted(name) => format!("a value of an enum is a text: '{name}'"),
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, _) if known.is_empty() => "only constants can be used here".to_owned(),
            (None, _) => format!("in scope are {}", enumerate(names)),
        };
        self.mistakes.push(Mistake::new(span, message).with_help(help));
        None
    }

    pub(super) fn member(&mut self, of: &Ast, name: &Name, span: Span) -> Option<Node> {
        if let Some(entity) = self.is_input(of) {
            let info = self.input_field(entity, name)?;
            return Some(Node::new(Kind::Input(info.id), info.ty, true, span));
        }
        let of = self.node(of)?;
        match of.ty {
            Type::Row(entity) => self.field_at(of, entity, &name.text, name.span, span),
            Type::Json => {
                let user = matches!(of.kind, Kind::User);
                let member = if user && name.text == "id" { SUBJECT_CLAIM } else { &name.text };
                self.step_into(of, PathStep::Member(member.to_owned()), name.span, span)
            }
            Type::Rows(_) => self.fail(
                name.span,
                "a relation to many rows has no fields of its own",
                format!("say which row: .exists(x, x.{} …)", name.text),
            ),
            ref ty => {
                let message = format!("{} has no field `{}`", self.describe(ty), name.text);
                self.refuse(name.span, message)
            }
        }
    }

    /// Looks up a field of the values sent; a relation stands for its key.
    pub(super) fn input_field(&mut self, entity: EntityId, name: &Name) -> Option<FieldInfo> {
        let schema = self.scope.schema;
        let Some(mut info) =
            schema.field(entity, &name.text).or_else(|| self.relation_of_id(entity, &name.text))
        else {
            return self.no_field(entity, &name.text, name.span);
        };
        match info.ty {
            Type::Row(_) => match info.key.clone() {
                Some(key) => info.ty = key,
                None => return self.refuse(name.span, "this relation's key has several parts"),
            },
            Type::Rows(_) => {
                return self.refuse(name.span, "a relation to many rows is not a value of `input`");
            }
            _ => {}
        }
        Some(info)
    }

    /// Returns the field that `has(input.x)` asks for.
    pub(super) fn input_member(&mut self, ast: &Ast) -> Option<(EntityId, Name)> {
        let AstKind::Member(of, name) = &ast.kind else { return None };
        Some((self.is_input(of)?, name.clone()))
    }

    fn field(&mut self, of: Node, entity: EntityId, name: &str, span: Span) -> Option<Node> {
        self.field_at(of, entity, name, span, span)
    }

    fn field_at(
        &mut self,
        of: Node,
        entity: EntityId,
        name: &str,
        name_span: Span,
        span: Span,
    ) -> Option<Node> {
        let Some(info) = self.scope.schema.field(entity, name) else {
            let Some(relation) = self.relation_of_id(entity, name) else {
                return self.no_field(entity, name, name_span);
            };
            self.within_module(&of, name_span)?;
            let field = relation.id;
            self.relations.insert((entity, field), relation);
            return self.ref_key(of, field, span);
        };
        if info.is_sole_key
            && let Kind::Hop { of, field } = of.kind
        {
            return self.ref_key(*of, field, span);
        }
        self.within_module(&of, name_span)?;
        let nullable = info.nullable || of.nullable;
        let (field, ty) = (info.id, info.ty.clone());
        let of = Box::new(of);
        let kind = match ty {
            Type::Row(_) => {
                let nullable = nullable || info.may_be_archived;
                self.relations.insert((entity, field), info);
                return Some(Node::new(Kind::Hop { of, field }, ty, nullable, span));
            }
            Type::Rows(_) if info.other_module => {
                return self.refuse(name_span, format!("`{name}` belongs to another module"));
            }
            Type::Rows(_) => {
                return Some(Node::new(Kind::ToMany { of, field }, ty, false, span));
            }
            _ => Kind::Field { of, field },
        };
        Some(Node::new(kind, ty, nullable, span))
    }

    /// Refuses to look into a row of another module.
    fn within_module(&mut self, row: &Node, span: Span) -> Option<()> {
        let Kind::Hop { of, field } = &row.kind else { return Some(()) };
        let Type::Row(entity) = of.ty else { return Some(()) };
        let foreign = self.relations.get(&(entity, *field)).is_some_and(|info| info.other_module);
        if !foreign {
            return Some(());
        }
        let Type::Row(target) = row.ty else { return Some(()) };
        let name = self.scope.schema.entity_name(target);
        self.fail(
            span,
            format!("{name} belongs to another module"),
            "only its key can be used here: compare the relation itself",
        )
    }

    /// Makes the key that a to-one relation holds. A key of several parts gets the type Null: it can
    /// be compared with null only.
    pub(super) fn ref_key(&mut self, of: Node, field: FieldId, span: Span) -> Option<Node> {
        let Type::Row(entity) = of.ty else { return None };
        let info = self.relations.get(&(entity, field))?;
        let nullable = info.nullable || of.nullable;
        let ty = info.key.clone().unwrap_or(Type::Null);
        Some(Node::new(Kind::RefKey { of: of.into(), field }, ty, nullable, span))
    }

    fn no_field<T>(&mut self, entity: EntityId, name: &str, span: Span) -> Option<T> {
        let schema = self.scope.schema;
        let names = schema.field_names(entity);
        let help = did_you_mean(nearest(name, names.iter().copied()), || {
            format!("its fields are {}", enumerate(names.iter().copied()))
        });
        self.fail(span, format!("{} has no field `{name}`", schema.entity_name(entity)), help)
    }

    pub(super) fn index(&mut self, of: &Ast, index: &Ast, span: Span) -> Option<Node> {
        let (of, index) = (self.node(of), self.node(index));
        let (of, index) = (of?, index?);
        if of.ty != Type::Json {
            let message = format!("{} has no elements by index", self.describe(&of.ty));
            return match of.ty {
                Type::List(_) => self.fail(span, message, "use `x in list` or .exists(x, …)"),
                _ => self.refuse(span, message),
            };
        }
        let step = match index.kind {
            Kind::Literal(LiteralValue(Value::Int(int))) => {
                u32::try_from(int).ok().map(PathStep::Index)
            }
            Kind::Literal(LiteralValue(Value::Text(text))) => Some(PathStep::Member(text)),
            _ => None,
        };
        match step {
            Some(step) => self.step_into(of, step, index.span, span),
            None => self
                .refuse(index.span, "an index into JSON is a text or a number from 0, written out"),
        }
    }
}

fn is_shouted(name: &str) -> bool {
    name.len() > 1 && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}
