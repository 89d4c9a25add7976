//! `having=count > 3 && sum.price > 100`: a condition on groups.

use expr::{EntityId, EnumId, FieldId, FieldInfo, Kind, Node, Schema, Span, Type, VarId};
use model::Model;

/// What a condition on groups sees: the members that the answer shows of a group, as a row whose
/// objects are rows in turn.
pub(super) struct GroupSchema<'m> {
    model: &'m Model,
    /// The objects; the group itself is the first.
    objects: Vec<Vec<(String, Entry)>>,
}

/// A member of an object.
enum Entry {
    /// Another object.
    Object(usize),
    /// An aggregate: its place, its type, and whether it can be null.
    Aggregate(u32, Type, bool),
}

/// The group.
pub(super) const GROUP: EntityId = EntityId(0);

impl<'m> GroupSchema<'m> {
    /// Starts with the group's number of rows, which comes first.
    pub(super) fn new(model: &'m Model) -> Self {
        let count = ("count".to_owned(), Entry::Aggregate(0, Type::Int, false));
        Self { model, objects: vec![vec![count]] }
    }

    /// Adds an aggregate by its path, such as `sum` and `category.weight`.
    pub(super) fn add(&mut self, func: &str, path: &str, place: u32, ty: Type, nullable: bool) {
        let mut object = self.object(0, func);
        let (objects, name) = path.rsplit_once('.').unwrap_or(("", path));
        for step in objects.split('.').filter(|step| !step.is_empty()) {
            object = self.object(object, step);
        }
        self.objects[object].push((name.to_owned(), Entry::Aggregate(place, ty, nullable)));
    }

    fn object(&mut self, of: usize, name: &str) -> usize {
        let known = self.objects[of].iter().find_map(|(known, entry)| match entry {
            Entry::Object(object) if known == name => Some(*object),
            _ => None,
        });
        known.unwrap_or_else(|| {
            self.objects.push(Vec::new());
            let object = self.objects.len() - 1;
            self.objects[of].push((name.to_owned(), Entry::Object(object)));
            object
        })
    }

    /// Turns the paths of a checked condition into fields of the group: the aggregates, by their
    /// places. `Err` where an object is used as if it were a value.
    pub(super) fn flatten(&self, node: &mut Node) -> Result<(), Span> {
        match &node.kind {
            Kind::Field { of, field } => {
                let Type::Row(object) = of.ty else { return Err(node.span) };
                let place = match self.entry(object, *field) {
                    Some(Entry::Aggregate(place, ..)) => FieldId(*place),
                    _ => return Err(node.span),
                };
                let row = Node::new(Kind::Row(VarId(0)), Type::Row(GROUP), false, node.span);
                node.kind = Kind::Field { of: row.into(), field: place };
                Ok(())
            }
            Kind::Hop { .. } | Kind::RefKey { .. } | Kind::Row(_) => Err(node.span),
            _ => {
                let mut verdict = Ok(());
                node.each_child_mut(&mut |child| {
                    if verdict.is_ok() {
                        verdict = self.flatten(child);
                    }
                });
                verdict
            }
        }
    }

    fn entry(&self, object: EntityId, field: FieldId) -> Option<&Entry> {
        Some(&self.objects.get(object.0 as usize)?.get(field.0 as usize)?.1)
    }
}

impl Schema for GroupSchema<'_> {
    fn entity_name(&self, _: EntityId) -> &str {
        "the group"
    }

    fn field(&self, entity: EntityId, name: &str) -> Option<FieldInfo> {
        let members = self.objects.get(entity.0 as usize)?;
        let at = members.iter().position(|(known, _)| known == name)?;
        let (ty, nullable) = match &members[at].1 {
            Entry::Object(object) => (Type::Row(EntityId(*object as u32)), false),
            Entry::Aggregate(_, ty, nullable) => (ty.clone(), *nullable),
        };
        let id = FieldId(at as u32);
        Some(FieldInfo {
            id,
            ty,
            nullable,
            may_be_archived: false,
            other_module: false,
            key: None,
            is_sole_key: false,
        })
    }

    fn field_names(&self, entity: EntityId) -> Vec<&str> {
        let members = self.objects.get(entity.0 as usize);
        members.into_iter().flatten().map(|(name, _)| name.as_str()).collect()
    }

    fn enum_name(&self, id: EnumId) -> &str {
        Schema::enum_name(self.model, id)
    }

    fn enum_values(&self, id: EnumId) -> &[String] {
        Schema::enum_values(self.model, id)
    }
}
