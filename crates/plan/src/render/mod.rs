//! Renders predicates and terms as SQL text.
//!
//! A `Renderer` holds the open `FROM` clauses: following a to-one relation adds a join to the clause
//! in which its variable lives. Client filters are rendered *guarded*: what a read rule hides is
//! null to them, so that no filter or sort can tell a hidden value from a missing one.

mod from;
mod predicate;
mod term;

use expr::{AtomShape, CompareOp, EntityId, FieldId, Kind, Node, Nulls, Pred, Prepared, VarId};
use model::schema::Purpose;
use model::{ColumnId, FieldKind, Model, Rule};

use crate::binds::BindSource;
use crate::dialect::Dialect;
use crate::rules::{RuleBook, RuleRef};

pub(crate) use from::Alias;
use from::From;

/// Writes SQL text, collecting binds and joins on the way.
pub(crate) struct Renderer<'m> {
    pub(crate) model: &'m Model,
    pub(crate) dialect: Dialect,
    rules: &'m RuleBook,
    shapes: &'m [AtomShape],
    binds: Vec<BindSource>,
    froms: Vec<From>,
    frames: Vec<Frame<'m>>,
    next_alias: usize,
    /// The joins of the FROM clause that had the most.
    joins_most: usize,
    /// Required relations of rows at these aliases that the statement's filter sets equal to a value.
    fixed: Vec<(Alias, FieldId)>,
}

/// The expression being rendered: whose variables and atoms are meant.
struct Frame<'m> {
    vars: Vec<(VarId, Place)>,
    /// The first atom of this expression among all atoms of the request.
    atoms_from: u16,
    /// The expression's atoms where they are of the model: its literals are written inline.
    atoms: &'m [Node],
    /// Whether read rules apply to what the expression touches.
    guarded: bool,
}

/// Where a variable lives.
#[derive(Clone, Debug)]
enum Place {
    /// A row of a table in an open FROM clause.
    Row { alias: Alias, entity: EntityId },
    /// An element of a list.
    Element { alias: Alias, json: bool },
    /// A group of rows; its aggregates stand for fields.
    Group { aggregates: Vec<String> },
}

impl<'m> Renderer<'m> {
    /// Starts a statement over the model for a caller whose atoms have these shapes.
    pub(crate) fn new(
        model: &'m Model,
        dialect: Dialect,
        rules: &'m RuleBook,
        shapes: &'m [AtomShape],
    ) -> Self {
        Self {
            model,
            dialect,
            rules,
            shapes,
            binds: Vec::new(),
            froms: Vec::new(),
            frames: Vec::new(),
            next_alias: 0,
            joins_most: 0,
            fixed: Vec::new(),
        }
    }

    /// Notes which required relations of the row at `alias` a filter sets equal to a value.
    pub(crate) fn fix_relations(&mut self, alias: &Alias, entity: EntityId, filter: &Node) {
        match &filter.kind {
            Kind::And(left, right) => {
                self.fix_relations(alias, entity, left);
                self.fix_relations(alias, entity, right);
            }
            Kind::Compare(CompareOp::Eq, left, right) => {
                let Kind::RefKey { of, field } = &left.kind else { return };
                if !matches!((&of.kind, &right.kind), (Kind::Row(VarId(0)), Kind::Atom(_))) {
                    return;
                }
                let FieldKind::ToOne(relation) = &self.model.entity(entity).field(*field).kind
                else {
                    return;
                };
                let required = self.model.entity(entity).field(*field).required;
                if required && !relation.other_module {
                    self.fixed.push((alias.clone(), *field));
                }
            }
            _ => {}
        }
    }

    /// Adds a bind and returns its placeholder.
    pub(crate) fn bind(&mut self, source: BindSource) -> String {
        self.binds.push(source);
        self.dialect.placeholder(self.binds.len())
    }

    /// Hands over the binds collected so far, and starts anew for another statement.
    pub(crate) fn take_binds(&mut self) -> Vec<BindSource> {
        std::mem::take(&mut self.binds)
    }

    /// Renders a client's filter on the row at `alias`; its atoms come first in the request.
    pub(crate) fn filter(&mut self, tree: &Node, alias: &Alias, entity: EntityId) -> String {
        let pred = expr::lower(tree, self.shapes, Nulls::False);
        self.guarded(alias, entity, |renderer| renderer.predicate(&pred))
    }

    /// Renders a client's condition on groups, whose fields are these aggregates.
    pub(crate) fn having(&mut self, tree: &'m Node, aggregates: Vec<String>) -> String {
        let pred = expr::lower(tree, self.shapes, Nulls::False);
        let vars = vec![(VarId(0), Place::Group { aggregates })];
        self.frames.push(Frame { vars, atoms_from: 0, atoms: &[], guarded: true });
        let sql = self.predicate(&pred);
        self.frames.pop();
        sql
    }

    /// Renders a field of the row at `alias` as clients may see it: null where a rule hides it.
    pub(crate) fn client_field(
        &mut self,
        alias: &Alias,
        entity: EntityId,
        field: FieldId,
    ) -> String {
        self.guarded(alias, entity, |renderer| renderer.guarded_field(alias, entity, field))
    }

    fn guarded<T>(
        &mut self,
        alias: &Alias,
        entity: EntityId,
        render: impl FnOnce(&mut Self) -> T,
    ) -> T {
        self.framed(alias, entity, 0, &[], true, render)
    }

    /// Renders a rule on the row at `alias`, folded for this caller. `None` means always true.
    pub(crate) fn rule(
        &mut self,
        rule: RuleRef,
        alias: &Alias,
        entity: EntityId,
    ) -> Option<String> {
        match self.folded(rule) {
            Pred::True => None,
            pred => {
                let Some((prepared, atoms_from)) = self.rules.find(self.model, rule) else {
                    return Some(self.predicate(&Pred::False));
                };
                Some(self.framed(alias, entity, atoms_from, &prepared.atoms, false, |renderer| {
                    renderer.predicate(&pred)
                }))
            }
        }
    }

    /// Lowers a rule for this caller. A missing rule denies.
    pub(crate) fn folded(&self, rule: RuleRef) -> Pred {
        if self.rules.trusts() {
            return Pred::True;
        }
        let Some((prepared, from)) = self.rules.find(self.model, rule) else { return Pred::False };
        let shapes = &self.shapes[from as usize..from as usize + prepared.atoms.len()];
        expr::lower(&prepared.tree, shapes, Nulls::Unknown)
    }

    fn framed<T>(
        &mut self,
        alias: &Alias,
        entity: EntityId,
        atoms_from: u16,
        atoms: &'m [Node],
        guarded: bool,
        render: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let row = Place::Row { alias: alias.clone(), entity };
        self.frames.push(Frame { vars: vec![(VarId(0), row)], atoms_from, atoms, guarded });
        let result = render(self);
        self.frames.pop();
        result
    }

    fn frame(&self) -> &Frame<'m> {
        self.frames.last().expect("terms are rendered inside a frame")
    }

    fn place(&self, var: VarId) -> Place {
        let (_, place) = self
            .frame()
            .vars
            .iter()
            .rev()
            .find(|(bound, _)| *bound == var)
            .expect("the checker bound every variable");
        place.clone()
    }

    /// Writes a column of the row at `alias`.
    pub(crate) fn column(&self, alias: &Alias, entity: EntityId, column: ColumnId) -> String {
        let name = self.dialect.quote(&self.model.entity(entity).column(column).name);
        alias.qualify(&name)
    }

    fn computed(&mut self, alias: &Alias, entity: EntityId, expr: &'m Rule) -> String {
        let shapes = literal_shapes(&expr.expr);
        let term = expr::lower_term(&expr.expr.tree, &shapes, Nulls::False);
        self.framed(alias, entity, 0, &expr.expr.atoms, false, |renderer| renderer.term(&term))
    }

    /// Renders a field without its read rule.
    pub(crate) fn plain_field(
        &mut self,
        alias: &Alias,
        entity: EntityId,
        field: FieldId,
    ) -> String {
        let model = self.model;
        match &model.entity(entity).field(field).kind {
            FieldKind::Scalar { column, .. } | FieldKind::List { column, .. } => {
                self.column(alias, entity, *column)
            }
            FieldKind::ToOne(relation) => self.column(alias, entity, relation.columns[0]),
            FieldKind::Computed { expr, .. } => {
                let sql = self.computed(alias, entity, expr);
                self.of_present_row(sql, alias, entity)
            }
            FieldKind::ToMany { .. } => "NULL".to_owned(),
        }
    }

    fn guarded_field(&mut self, alias: &Alias, entity: EntityId, field: FieldId) -> String {
        let sql = self.plain_field(alias, entity, field);
        let conditions = self.field_rule(alias, entity, field);
        when(self.dialect, conditions.as_slice(), sql)
    }
}

/// Makes a value null where one of the conditions does not hold.
pub(crate) fn when(dialect: Dialect, conditions: &[String], sql: String) -> String {
    if conditions.is_empty() {
        return sql;
    }
    dialect.case(&conditions.join(" AND "), &sql, None)
}

/// Renders a condition of the model (a check, a partial index) with bare column names and constants.
pub(crate) fn standalone(
    model: &Model,
    dialect: Dialect,
    entity: EntityId,
    condition: &Prepared,
    purpose: Purpose,
) -> String {
    let rules = RuleBook::default();
    let shapes = literal_shapes(condition);
    let pred = match purpose {
        Purpose::Check => expr::lower_check(&condition.tree, &shapes),
        Purpose::IndexFilter => expr::lower(&condition.tree, &shapes, Nulls::Unknown),
    };
    let mut renderer = Renderer::new(model, dialect, &rules, &[]);
    let alias = Alias::bare();
    renderer.framed_standalone(&alias, entity, &condition.atoms, &pred)
}

/// Renders the value of an expression on a row with bare column names. Its atoms are all literals.
pub(crate) fn standalone_value(
    model: &Model,
    dialect: Dialect,
    entity: EntityId,
    value: &Prepared,
) -> String {
    let rules = RuleBook::default();
    let term = expr::lower_term(&value.tree, &literal_shapes(value), Nulls::False);
    let mut renderer = Renderer::new(model, dialect, &rules, &[]);
    renderer.framed(&Alias::bare(), entity, 0, &value.atoms, false, |renderer| renderer.term(&term))
}

impl Renderer<'_> {
    fn framed_standalone(
        &mut self,
        alias: &Alias,
        entity: EntityId,
        atoms: &[Node],
        pred: &Pred,
    ) -> String {
        // The atoms outlive this call only; a renderer of their own lifetime keeps that honest.
        let mut inner = Renderer::new(self.model, self.dialect, self.rules, self.shapes);
        inner.framed(alias, entity, 0, atoms, false, |renderer| renderer.predicate(pred))
    }
}

/// Returns the shapes of atoms that are all literals, as in checks and computed fields.
fn literal_shapes(expr: &Prepared) -> Vec<AtomShape> {
    expr.atoms
        .iter()
        .map(|atom| match &atom.kind {
            Kind::Literal(literal) => AtomShape::of(&literal.0),
            _ => AtomShape::Value,
        })
        .collect()
}
