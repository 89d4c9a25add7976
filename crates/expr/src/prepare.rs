//! Splits an expression into what depends on rows and what is known before a plan is made.

use smallvec::SmallVec;

use crate::evaluate::{Caller, Env, WithAtoms, evaluate};
use crate::tree::{Kind, LiteralValue, Node, VarId};
use crate::types::Type;
use crate::value::{Timestamp, Value};

/// An expression whose row-independent parts are taken out, so that one plan serves many values.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared {
    /// The expression, with `Kind::Atom(i)` for the parts taken out.
    pub tree: Node,
    /// The parts taken out: they use `user`, `input` and `now` only, or are literals.
    pub atoms: Vec<Node>,
}

/// What a plan needs to know of an atom's value.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum AtomShape {
    /// The boolean true.
    True,
    /// The boolean false.
    False,
    /// Null, of any type.
    Null,
    /// Anything else; bound at run time.
    Value,
}

/// What an ordered comparison with null, and a null in a boolean place, means.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Nulls {
    /// False, as in filters: `!(null < 5)` is true.
    False,
    /// Unknown, as in rules and checks: `!(null < 5)` allows nothing.
    Unknown,
}

/// Takes the row-independent parts out of a checked condition.
pub fn prepare(node: Node) -> Prepared {
    prepare_as(Place::Condition, node)
}

/// Takes the row-independent parts out of a checked expression whose value is used.
pub fn prepare_value(node: Node) -> Prepared {
    prepare_as(Place::Value, node)
}

fn prepare_as(place: Place, mut node: Node) -> Prepared {
    let mut atoms = Vec::new();
    take(&mut node, place, &mut atoms);
    Prepared { tree: node, atoms }
}

/// What a part is used for.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Place {
    /// Its truth decides: whatever takes the atom's place reads a null by `Nulls`.
    Condition,
    /// Its value is used, so null must mean the same by either reading.
    Value,
}

/// Replaces the largest parts that can be computed beforehand.
fn take(node: &mut Node, place: Place, atoms: &mut Vec<Node>) {
    if is_atom(node, place) {
        let (ty, nullable, span) = (node.ty.clone(), node.nullable, node.span);
        let kind = std::mem::replace(&mut node.kind, Kind::Atom(0));
        let atom = folded(Node { kind, ty, nullable, span });
        let index = atoms.iter().position(|known| *known == atom).unwrap_or_else(|| {
            atoms.push(atom);
            atoms.len() - 1
        });
        let index = u16::try_from(index).expect("an expression has at most parse::NODES_MAX parts");
        node.kind = Kind::Atom(index);
        return;
    }
    match &mut node.kind {
        // A list among other parts is rendered item by item.
        Kind::In(needle, list) => {
            take(needle, Place::Value, atoms);
            match &mut list.kind {
                Kind::List(items) if items.iter().any(|item| item.nullable) => {
                    items.iter_mut().for_each(|item| take(item, Place::Value, atoms));
                }
                _ => take(list, Place::Value, atoms),
            }
        }
        Kind::Not(of) => take(of, Place::Condition, atoms),
        Kind::And(left, right) | Kind::Or(left, right) => {
            take(left, Place::Condition, atoms);
            take(right, Place::Condition, atoms);
        }
        Kind::Cond(condition, then, otherwise) => {
            take(condition, Place::Condition, atoms);
            take(then, place, atoms);
            take(otherwise, place, atoms);
        }
        Kind::Quantified { over, body, .. } => {
            take(over, Place::Value, atoms);
            take(body, Place::Condition, atoms);
        }
        _ => node.each_child_mut(&mut |child| take(child, Place::Value, atoms)),
    }
}

/// Computes a part that is the same for every request, so that it can stand in a table's definition.
fn folded(node: Node) -> Node {
    // A literal is its own value.
    if matches!(node.kind, Kind::Literal(_)) || !is_constant(&node) {
        return node;
    }
    let value = evaluate(
        &node,
        &Caller { user: None, now: Timestamp(0), input: &[], request: None },
        Nulls::Unknown,
    );
    Node { kind: Kind::Literal(LiteralValue(value)), ..node }
}

fn is_constant(node: &Node) -> bool {
    let mut constant =
        !matches!(node.kind, Kind::User | Kind::Input(_) | Kind::HasInput(_) | Kind::Now);
    node.each_child(&mut |child| constant = constant && is_constant(child));
    constant
}

fn is_atom(node: &Node, place: Place) -> bool {
    match &node.kind {
        // Already as short as an atom, and known without one.
        Kind::Literal(LiteralValue(Value::Null | Value::Bool(_))) => false,
        _ => {
            !matches!(node.ty, Type::Null | Type::Row(_) | Type::Rows(_))
                && is_steady(node, place)
                && is_closed(node, &mut Vec::new())
        }
    }
}

/// Returns whether the part uses no row, and no element but of its own loops.
fn is_closed(node: &Node, bound: &mut Vec<VarId>) -> bool {
    match &node.kind {
        Kind::Row(_) | Kind::Atom(_) => false,
        Kind::Element(var) => bound.contains(var),
        Kind::Quantified { over, var, body, .. } => {
            if !is_closed(over, bound) {
                return false;
            }
            bound.push(*var);
            let closed = is_closed(body, bound);
            bound.pop();
            closed
        }
        _ => {
            let mut closed = true;
            node.each_child(&mut |child| closed = closed && is_closed(child, bound));
            closed
        }
    }
}

/// Returns whether the part comes to the same by both readings of `Nulls`, once a null in the place
/// of a condition is read as false. An atom is computed once, with unknowns as null.
fn is_steady(node: &Node, place: Place) -> bool {
    if node.decides() && node.nullable && place == Place::Value {
        return false;
    }
    match &node.kind {
        Kind::Not(of) => !of.nullable && is_steady(of, Place::Condition),
        Kind::And(left, right) | Kind::Or(left, right) => {
            is_steady(left, Place::Condition) && is_steady(right, Place::Condition)
        }
        Kind::Cond(condition, then, otherwise) => {
            is_steady(condition, Place::Condition)
                && is_steady(then, place)
                && is_steady(otherwise, place)
        }
        Kind::Quantified { over, body, .. } => {
            is_steady(over, Place::Value) && is_steady(body, Place::Condition)
        }
        _ => {
            let mut steady = true;
            node.each_child(&mut |child| steady = steady && is_steady(child, Place::Value));
            steady
        }
    }
}

impl Prepared {
    /// Returns the expression with its atoms back in their places. Equal atoms were taken out once,
    /// so all of them have the place of the first in the text.
    pub fn whole(&self) -> Node {
        let mut tree = self.tree.clone();
        self.put_back(&mut tree);
        tree
    }

    fn put_back(&self, node: &mut Node) {
        if let Kind::Atom(index) = node.kind {
            *node = self.atoms[usize::from(index)].clone();
        } else {
            node.each_child_mut(&mut |child| self.put_back(child));
        }
    }

    /// Computes the atoms for one request.
    pub fn atom_values<E: Env>(&self, env: &E) -> SmallVec<[Value; 4]> {
        self.atoms.iter().map(|atom| evaluate(atom, env, Nulls::Unknown)).collect()
    }

    /// Evaluates the whole expression.
    pub fn evaluate<E: Env>(&self, env: &E, nulls: Nulls) -> Value {
        let atoms = self.atom_values(env);
        evaluate(&self.tree, &WithAtoms { env, atoms: &atoms }, nulls)
    }
}

impl AtomShape {
    /// Returns the shape of an atom's value.
    pub fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(true) => Self::True,
            Value::Bool(false) => Self::False,
            _ => Self::Value,
        }
    }
}
