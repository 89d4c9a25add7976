//! Which entity and field of one model is which of the other: by name, or by an earlier one (`@was`).

use expr::{EntityId, FieldId};
use model::{Entity, Field, FieldKind, Model};

/// The entities that both models have.
pub(super) struct Pairs<'m> {
    models: [&'m Model; 2],
    pub(super) entities: Vec<Pair>,
}

/// An entity of both models, with the fields of both.
pub(super) struct Pair {
    pub(super) old: EntityId,
    pub(super) new: EntityId,
    pub(super) fields: Vec<(FieldId, FieldId)>,
}

impl<'m> Pairs<'m> {
    pub(super) fn of(old: &'m Model, new: &'m Model) -> Self {
        let pair = |entity: &Entity| {
            let before = old.entities.iter().find(|before| is_same(old, before, new, entity))?;
            let fields = entity
                .field_ids()
                .filter_map(|id| Some((field_before(before, entity, entity.field(id))?, id)));
            Some(Pair { old: before.id, new: entity.id, fields: fields.collect() })
        };
        Self { models: [old, new], entities: new.entities.iter().filter_map(pair).collect() }
    }

    /// Returns what an entity and field of one of the models is called today.
    pub(super) fn today(&self, model: usize, entity: EntityId, field: FieldId) -> (String, String) {
        let [old, new] = self.models;
        let named = |model: &Model, entity: EntityId, field: FieldId| {
            let entity = model.entity(entity);
            (entity.name.clone(), entity.field(field).name.clone())
        };
        if model == 1 {
            return named(new, entity, field);
        }
        let pair = self.entities.iter().find(|pair| pair.old == entity);
        let found = pair.and_then(|pair| {
            let (_, today) = pair.fields.iter().find(|(before, _)| *before == field)?;
            Some(named(new, pair.new, *today))
        });
        found.unwrap_or_else(|| named(old, entity, field))
    }

    pub(super) fn added(&self) -> Vec<String> {
        self.lonely(1, |pair| pair.new, |fields| fields.1)
    }

    pub(super) fn removed(&self) -> Vec<String> {
        self.lonely(0, |pair| pair.old, |fields| fields.0)
    }

    /// Names what only one of the models has.
    fn lonely(
        &self,
        model: usize,
        of_pair: impl Fn(&Pair) -> EntityId,
        of_fields: impl Fn(&(FieldId, FieldId)) -> FieldId,
    ) -> Vec<String> {
        let model = self.models[model];
        let mut names = Vec::new();
        for entity in &model.entities {
            let name = format!("{}.{}", model.modules[entity.module].name, entity.name);
            match self.entities.iter().find(|pair| of_pair(pair) == entity.id) {
                None => names.push(name),
                Some(pair) => {
                    let paired: Vec<FieldId> = pair.fields.iter().map(&of_fields).collect();
                    let lonely = entity.field_ids().filter(|field| !paired.contains(field));
                    names.extend(lonely.map(|id| format!("{name}.{}", entity.field(id).name)));
                }
            }
        }
        names
    }
}

fn is_same(old: &Model, before: &Entity, new: &Model, entity: &Entity) -> bool {
    match &entity.was_table {
        Some(table) if *table == before.table => true,
        _ => {
            let modules = [&old.modules[before.module].name, &new.modules[entity.module].name];
            before.name == entity.name && modules[0] == modules[1]
        }
    }
}

/// Finds the field that a field was. An earlier name wins over one that is the same by chance.
fn field_before(before: &Entity, entity: &Entity, field: &Field) -> Option<FieldId> {
    let column = match &field.kind {
        FieldKind::Scalar { column, .. } | FieldKind::List { column, .. } => Some(*column),
        FieldKind::ToOne(relation) => relation.columns.first().copied(),
        FieldKind::ToMany { .. } | FieldKind::Computed { .. } => None,
    };
    let was = column.and_then(|column| entity.column(column).was.as_ref());
    let renamed = was.and_then(|was| {
        let column = before.columns.iter().find(|column| column.name == *was)?;
        Some(column.field)
    });
    renamed.or_else(|| before.field_named(&field.name).map(|(id, _)| id))
}
