//! Predicates as SQL conditions.

use expr::{CompareOp, EntityId, FieldId, Node, Path, Pred, Term, Type, VarId};
use model::FieldKind;

use super::{Alias, Place, Renderer};
use crate::rules::RuleRef;

impl Renderer<'_> {
    /// Renders a condition; always safe to put next to AND and OR.
    pub(super) fn predicate(&mut self, pred: &Pred) -> String {
        match pred {
            Pred::True => "1".to_owned(),
            Pred::False => "0".to_owned(),
            Pred::Unknown => "NULL".to_owned(),
            Pred::And(parts) => self.joined(parts, " AND "),
            Pred::Or(parts) => self.joined(parts, " OR "),
            Pred::Not(inner) => format!("(NOT {})", self.predicate(inner)),
            Pred::OrFalse(inner) => format!("COALESCE({}, 0)", self.predicate(inner)),
            Pred::Compare(op, left, right) => self.comparison(*op, left, right),
            Pred::Same(left, right) => {
                let ty = left.ty();
                let left = self.term(left);
                let left = self.dialect.collated(left, &ty);
                let right = self.term(right);
                self.dialect.same(&left, &right)
            }
            Pred::IsNull(term) => format!("({} IS NULL)", self.term(term)),
            Pred::In(needle, items) => {
                let ty = needle.ty();
                let needle = self.term(needle);
                let needle = self.dialect.collated(needle, &ty);
                let items: Vec<String> = items.iter().map(|item| self.term(item)).collect();
                format!("({needle} IN ({}))", items.join(", "))
            }
            Pred::InList(needle, list) => self.in_list(needle, list),
            Pred::Holds(term) => format!("({})", self.term(term)),
            Pred::ExistsRow { of, relation, var, pred } => {
                let (from, conditions) = self.rows(of, *relation, *var, Some(pred));
                format!("EXISTS (SELECT 1 FROM {from} WHERE {conditions})")
            }
            Pred::ExistsElement { list, var, pred } => self.exists_element(list, *var, pred),
        }
    }

    fn joined(&mut self, parts: &[Pred], word: &str) -> String {
        let parts: Vec<String> = parts.iter().map(|part| self.predicate(part)).collect();
        format!("({})", parts.join(word))
    }

    fn comparison(&mut self, op: CompareOp, left: &Term, right: &Term) -> String {
        let sign = match op {
            CompareOp::Eq => "=",
            CompareOp::Ne => "<>",
            CompareOp::Lt => "<",
            CompareOp::Le => "<=",
            CompareOp::Gt => ">",
            CompareOp::Ge => ">=",
        };
        let ty = left.ty();
        let left = self.term(left);
        let left = self.dialect.collated(left, &ty);
        let right = self.term(right);
        format!("({left} {sign} {right})")
    }

    fn in_list(&mut self, needle: &Term, list: &Term) -> String {
        let ty = needle.ty();
        let needle_sql = self.term(needle);
        let list_sql = self.list(list);
        let alias = self.new_alias(0);
        let element = match list.ty() {
            Type::Json => self.dialect.element_as(alias.name(), &ty),
            _ => self.dialect.element(alias.name(), &ty),
        };
        let elements = self.dialect.elements(&list_sql, alias.name());
        let collated = self.dialect.collated(needle_sql.clone(), &ty);
        if matches!(list, Term::Atom(..)) {
            // The list is known and not null: IN lets an index on the needle be used.
            return format!(
                "({collated} IN (SELECT {element} FROM {elements} WHERE {element} IS NOT NULL))"
            );
        }
        format!(
            "CASE WHEN {needle_sql} IS NOT NULL AND {list_sql} IS NOT NULL THEN EXISTS (SELECT 1 FROM {elements} WHERE {collated} = {element}) END"
        )
    }

    fn exists_element(&mut self, list: &Term, var: VarId, pred: &Pred) -> String {
        let json = list.ty() == Type::Json;
        let list = self.list(list);
        let alias = self.new_alias(0);
        let elements = self.dialect.elements(&list, alias.name());
        self.bound(var, Place::Element { alias, json }, |renderer| {
            format!("EXISTS (SELECT 1 FROM {elements} WHERE {})", renderer.predicate(pred))
        })
    }

    /// Writes the FROM clause and the conditions of a subquery over a to-many relation.
    pub(super) fn rows(
        &mut self,
        of: &Path,
        relation: FieldId,
        var: VarId,
        pred: Option<&Pred>,
    ) -> (String, String) {
        let model = self.model;
        let (parent, parent_entity, mut conditions) = self.follow(of);
        let FieldKind::ToMany { target, via } = &model.entity(parent_entity).field(relation).kind
        else {
            unreachable!("the checker let only to-many relations through");
        };
        let alias = self.open_from();
        let (link, linked) = self.on_parent((&parent, parent_entity), (&alias, *target), *via);
        conditions.extend(linked);
        if self.frame().guarded {
            conditions.extend(self.field_rule(&parent, parent_entity, relation));
            conditions.extend(self.inverse_rule((&alias, *target), *via));
            conditions.extend(self.rule(RuleRef::Read(*target), &alias, *target));
        } else if let Some(archive) = &model.entity(*target).archive {
            conditions.push(format!("{} IS NULL", self.column(&alias, *target, archive.column)));
        }
        if let Some(pred) = pred {
            let place = Place::Row { alias: alias.clone(), entity: *target };
            conditions.push(self.bound(var, place, |renderer| renderer.predicate(pred)));
        }
        let joins = self.close_from();
        let from = format!("{} AS {}{link}{joins}", self.table(*target), alias.name());
        (from, conditions.join(" AND "))
    }

    /// Counts the rows of a to-many relation that a client may see, and that its filter selects.
    pub(crate) fn count_related(
        &mut self,
        parent: (&Alias, EntityId),
        relation: FieldId,
        filter: Option<&Node>,
    ) -> String {
        let model = self.model;
        let FieldKind::ToMany { target, via } = &model.entity(parent.1).field(relation).kind else {
            unreachable!("only to-many relations are counted");
        };
        let alias = self.open_from();
        let (link, mut conditions) = self.on_parent(parent, (&alias, *target), *via);
        conditions.extend(self.inverse_rule((&alias, *target), *via));
        conditions.extend(self.rule(RuleRef::Read(*target), &alias, *target));
        if let Some(filter) = filter {
            conditions.push(self.filter(filter, &alias, *target));
        }
        let joins = self.close_from();
        let from = format!("{} AS {}{link}{joins}", self.table(*target), alias.name());
        format!("(SELECT COUNT(*) FROM {from} WHERE {})", conditions.join(" AND "))
    }

    fn bound<T>(&mut self, var: VarId, place: Place, render: impl FnOnce(&mut Self) -> T) -> T {
        let frame = self.frames.last_mut().expect("terms are rendered inside a frame");
        frame.vars.push((var, place));
        let result = render(self);
        let frame = self.frames.last_mut().expect("frames are popped in order");
        frame.vars.pop();
        result
    }
}
