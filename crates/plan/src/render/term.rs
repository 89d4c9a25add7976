//! Terms as SQL scalars.

use expr::{FieldId, Func, Kind, Path, Term, Type, VarId};

use super::{Place, Renderer, when};
use crate::binds::BindSource;

impl Renderer<'_> {
    pub(super) fn term(&mut self, term: &Term) -> String {
        match term {
            Term::Field { of, field, .. } | Term::RefKey { of, field, .. } => {
                match self.aggregate(of, *field) {
                    Some(sql) => sql,
                    None => self.row_field(of, *field),
                }
            }
            Term::Element(var, ty) => {
                let (alias, _) = self.element_place(*var);
                self.dialect.element(&alias, ty)
            }
            Term::Atom(index, _) => self.atom(*index),
            Term::Null(_) => "NULL".to_owned(),
            Term::JsonPath(json, path) => {
                let json = self.term(json);
                let path = self.dialect.json_path(path);
                self.dialect.json_value(&json, &path)
            }
            Term::JsonAs(json, ty) => self.json_as(json, ty),
            Term::Convert(inner, from, to) => {
                let inner = self.term(inner);
                self.dialect.convert(&inner, from, to)
            }
            Term::Neg(inner, ty) => {
                let inner = self.term(inner);
                self.dialect.negate(&inner, ty)
            }
            Term::Arith { op, left, right, left_ty, right_ty } => {
                let (left, right) = (self.term(left), self.term(right));
                self.dialect.arithmetic(*op, (&left, left_ty), (&right, right_ty))
            }
            Term::Call(func, args) => {
                let args: Vec<(String, Type)> = args
                    .iter()
                    .map(|(arg, ty)| match func {
                        Func::SizeList => (self.list(arg), ty.clone()),
                        _ => (self.term(arg), ty.clone()),
                    })
                    .collect();
                self.dialect.call(*func, &args)
            }
            Term::CountRows { of, relation } => {
                let (from, conditions) = self.rows(of, *relation, VarId(u16::MAX), None);
                format!("(SELECT COUNT(*) FROM {from} WHERE {conditions})")
            }
            Term::Truth(pred) => {
                let condition = self.predicate(pred);
                self.dialect.decided(&condition, format!("({condition})"))
            }
            Term::Case(condition, then, otherwise) => {
                let condition = self.predicate(condition);
                let (then, otherwise) = (self.term(then), self.term(otherwise));
                self.dialect.case(&condition, &then, Some(&otherwise))
            }
        }
    }

    /// Renders a field at the end of a path; null where a guarded row on the way is hidden.
    fn row_field(&mut self, path: &Path, field: FieldId) -> String {
        let (alias, entity, conditions) = self.follow(path);
        let sql = if self.frame().guarded {
            self.guarded_field(&alias, entity, field)
        } else {
            self.plain_field(&alias, entity, field)
        };
        when(self.dialect, &conditions, sql)
    }

    /// Returns the aggregate that a field of a group stands for.
    fn aggregate(&self, of: &Path, field: FieldId) -> Option<String> {
        match self.place(of.var) {
            Place::Group { aggregates } => aggregates.get(field.0 as usize).cloned(),
            _ => None,
        }
    }

    fn atom(&mut self, index: u16) -> String {
        let frame = self.frame();
        if let Some(Kind::Literal(literal)) = frame.atoms.get(index as usize).map(|atom| &atom.kind)
        {
            return self.dialect.literal(&literal.0);
        }
        let source = BindSource::Atom(frame.atoms_from + index);
        self.bind(source)
    }

    /// Renders a list; JSON that is none is null, for its members or its text are no elements.
    pub(super) fn list(&mut self, list: &Term) -> String {
        match list.ty() {
            ty @ Type::Json => self.json_as(list, &ty),
            _ => self.term(list),
        }
    }

    fn json_as(&mut self, json: &Term, ty: &Type) -> String {
        if let Term::Element(var, _) = json {
            let (alias, _) = self.element_place(*var);
            return self.dialect.element_as(&alias, ty);
        }
        let (base, path) = match json {
            Term::JsonPath(base, path) => (&**base, self.dialect.json_path(path)),
            base => (base, self.dialect.json_path(&[])),
        };
        let guard = match base {
            Term::Element(var, _) => {
                // Only objects and lists are JSON text in json_each; a scalar has no members.
                let (alias, _) = self.element_place(*var);
                Some(format!(
                    "CASE WHEN {alias}.type IN ('object', 'array') THEN {alias}.value END"
                ))
            }
            _ => None,
        };
        let base = guard.unwrap_or_else(|| self.term(base));
        self.dialect.json_as(&base, &path, ty)
    }

    fn element_place(&self, var: VarId) -> (String, bool) {
        match self.place(var) {
            Place::Element { alias, json } => (alias.name().to_owned(), json),
            Place::Row { .. } | Place::Group { .. } => {
                unreachable!("the checker tells rows from elements")
            }
        }
    }
}
