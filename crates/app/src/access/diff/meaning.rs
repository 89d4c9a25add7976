//! Names that mean one thing in the old model and another in the new: a rule that is written the same
//! is not the same rule then.

use std::collections::{BTreeMap, BTreeSet};

use expr::{Ast, AstKind, FieldId, Name, Span};
use model::{Field, FieldKind, Model, Via};

use super::pair::Pairs;
use crate::access::formula::Formula;

/// The function under which a part of the old rule is set apart. It is not one of the language.
const BEFORE: &str = "before";

/// What has become of the names of fields.
pub(super) struct Meaning {
    /// Those that changed their meaning.
    changed: BTreeSet<String>,
    /// Those that changed nothing else: the name of today by the old one.
    renamed: BTreeMap<String, String>,
}

impl Meaning {
    pub(super) fn of(old: &Model, new: &Model, pairs: &Pairs<'_>) -> Self {
        let (mut changed, mut renamed) = (BTreeSet::new(), BTreeMap::new());
        for pair in &pairs.entities {
            let (before, entity) = (old.entity(pair.old), new.entity(pair.new));
            for (was, is) in &pair.fields {
                let (was, is) = (before.field(*was), entity.field(*is));
                if described(old, was) != described(new, is) {
                    changed.extend([was.name.clone(), is.name.clone()]);
                } else if was.name != is.name {
                    renamed.insert(was.name.clone(), is.name.clone());
                }
            }
            let paired = |field: FieldId| pair.fields.iter().any(|(was, _)| *was == field);
            let gone = before.field_ids().filter(|field| !paired(*field));
            changed.extend(gone.map(|field| before.field(field).name.clone()));
        }
        // A rename can be followed by the name alone where it is the same for all that had the name.
        let names = |model: &Model, name: &str| {
            model.entities.iter().filter(|entity| entity.field_named(name).is_some()).count()
        };
        renamed.retain(|was, is| {
            let alone = names(old, was) == 1 && names(old, is) == 0 && names(new, was) == 0;
            if !alone {
                changed.extend([was.clone(), is.clone()]);
            }
            alone
        });
        Self { changed, renamed }
    }

    /// Sets apart the parts of an old rule that would mean something else today.
    pub(super) fn of_old(&self, formula: Formula) -> Formula {
        match formula {
            Formula::Leaf(ast) if self.names(&ast) => {
                let name = Name { text: BEFORE.to_owned(), span: Span::default() };
                let kind = AstKind::Call(name, vec![ast]);
                Formula::Leaf(Ast { kind, span: Span::default() })
            }
            Formula::Leaf(mut ast) => {
                self.rename(&mut ast);
                Formula::Leaf(ast)
            }
            Formula::Not(of) => Formula::Not(self.of_old(*of).into()),
            Formula::And(parts) => {
                Formula::And(parts.into_iter().map(|part| self.of_old(part)).collect())
            }
            Formula::Or(parts) => {
                Formula::Or(parts.into_iter().map(|part| self.of_old(part)).collect())
            }
            other => other,
        }
    }

    /// Puts the names of today into a part of an old rule.
    fn rename(&self, ast: &mut Ast) {
        match &mut ast.kind {
            AstKind::Null
            | AstKind::Bool(_)
            | AstKind::Int(_)
            | AstKind::Float(_)
            | AstKind::Text(_)
            | AstKind::Name(_) => {}
            AstKind::Member(of, name) => {
                if let Some(today) = self.renamed.get(&name.text) {
                    name.text.clone_from(today);
                }
                self.rename(of);
            }
            AstKind::Index(a, b)
            | AstKind::Arith(_, a, b)
            | AstKind::Compare(_, a, b)
            | AstKind::In(a, b) => [a, b].into_iter().for_each(|of| self.rename(of)),
            AstKind::Method(of, _, all) => {
                self.rename(of);
                all.iter_mut().for_each(|of| self.rename(of));
            }
            AstKind::Not(of) | AstKind::Neg(of) => self.rename(of),
            AstKind::Cond(a, b, c) => [a, b, c].into_iter().for_each(|of| self.rename(of)),
            AstKind::List(all) | AstKind::Call(_, all) | AstKind::And(all) | AstKind::Or(all) => {
                all.iter_mut().for_each(|of| self.rename(of));
            }
        }
    }

    /// Returns whether a part names a field that changed; `authorId` is `author`.
    fn names(&self, ast: &Ast) -> bool {
        let changed = |name: &str| {
            let relation = name.strip_suffix("Id").unwrap_or(name);
            self.changed.contains(name) || self.changed.contains(relation)
        };
        match &ast.kind {
            AstKind::Null
            | AstKind::Bool(_)
            | AstKind::Int(_)
            | AstKind::Float(_)
            | AstKind::Text(_)
            | AstKind::Name(_) => false,
            AstKind::Member(of, name) => changed(&name.text) || self.names(of),
            AstKind::Index(a, b)
            | AstKind::Arith(_, a, b)
            | AstKind::Compare(_, a, b)
            | AstKind::In(a, b) => self.names(a) || self.names(b),
            AstKind::Method(of, _, all) => self.names(of) || all.iter().any(|of| self.names(of)),
            AstKind::Not(of) | AstKind::Neg(of) => self.names(of),
            AstKind::Cond(a, b, c) => [a, b, c].iter().any(|of| self.names(of)),
            AstKind::List(all) | AstKind::Call(_, all) | AstKind::And(all) | AstKind::Or(all) => {
                all.iter().any(|of| self.names(of))
            }
        }
    }
}

/// Says what a field holds, in words that do not depend on the model's numbers.
fn described(model: &Model, field: &Field) -> String {
    let required = field.required;
    match &field.kind {
        FieldKind::Scalar { scalar, .. } => format!("{:?} {required}", scalar.expr_type()),
        FieldKind::List { scalar, .. } => format!("[{:?}] {required}", scalar.expr_type()),
        FieldKind::Computed { expr, .. } => expr.text.clone(),
        FieldKind::ToOne(relation) => {
            format!("{} {required}", model.entity(relation.target).name)
        }
        FieldKind::ToMany { target, via } => {
            let target = model.entity(*target);
            match via {
                Via::Inverse(inverse) => {
                    format!("[{}] {}", target.name, target.field(*inverse).name)
                }
                Via::Join { join, .. } => {
                    format!("[{}] by {}", target.name, model.join(*join).table)
                }
            }
        }
    }
}
