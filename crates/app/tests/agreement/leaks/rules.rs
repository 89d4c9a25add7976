//! Random rules: on types, on their fields and on their histories.

use expr::{FieldId, Type};
use model::{FieldKind, Model};
use serde_json::Value as Json;

use super::cells;
use crate::COMPUTED;
use crate::entropy::Entropy;
use crate::sdl::{Additions, As};
use crate::world::World;
use crate::writer::{Reach, Writer};

pub(crate) fn open_rules() -> [Additions; 3] {
    let rule = Some("@allow(read: \"true\", write: \"true\")".to_owned());
    [0, 1, 2].map(|_| Additions { rule: rule.clone(), ..Additions::default() })
}

/// Adds computed fields, rules of types and rules of fields.
pub(crate) fn rules(world: &World, entropy: &mut Entropy<'_>) -> [Additions; 3] {
    let mut additions: [Additions; 3] = Default::default();
    for (index, addition) in additions.iter_mut().enumerate() {
        let (ty, name): (Type, &str) = entropy.of(&COMPUTED);
        let mut writer = Writer::new(&world.model, world.entity(index), entropy, Reach::Own);
        let value = writer.value(&ty);
        addition.fields = format!("  computed: {name} @computed(expr: {})\n", Json::from(value));
    }
    let computed = world.load(&additions, As::Written).model;
    for (index, addition) in additions.iter_mut().enumerate() {
        let entity = world.entity(index);
        let [read, create, update, delete] = [0; 4].map(|_| rule(&computed, entity, entropy));
        addition.rule = Some(format!(
            "@allow(read: {read}, create: {create}, update: {update}, delete: {delete})"
        ));
        addition.audit =
            (entropy.pick(2) == 0).then(|| rule(&computed, entity, entropy).to_string());
        let stored = |field: &&model::Field| {
            let open = ["n", "id", "code", "org", "archivedAt", "secret", "pin"];
            let computed = matches!(field.kind, FieldKind::Computed { .. });
            !computed && !open.contains(&field.name.as_str())
        };
        // What is searched cannot be hidden.
        let search = computed.entity(entity).search.as_ref();
        let searched = |id: FieldId| {
            search.is_some_and(|search| search.fields.iter().any(|field| field.field == id))
        };
        let fields = &computed.entity(entity).fields;
        let fields = (0..).map(FieldId).zip(fields).filter(|(id, _)| !searched(*id));
        let fields: Vec<String> =
            fields.map(|(_, field)| field).filter(stored).map(|field| field.name.clone()).collect();
        let is_relation = |name: &&String| ["owner", "buyer", "parent"].contains(&name.as_str());
        let relations: Vec<String> = fields.iter().filter(is_relation).cloned().collect();
        for _ in 0..entropy.pick(4) {
            // What rows are nested in, embedded by and reached over is hidden often enough.
            let field = match entropy.pick(4) {
                0 if !relations.is_empty() => entropy.of(&relations),
                _ => entropy.of(&fields),
            };
            if !addition.on_fields.iter().any(|(known, _)| *known == field) {
                let read = rule(&computed, entity, entropy);
                let found = computed.entity(entity).field_named(&field);
                let is_stored = found.is_some_and(|(_, field)| cells::is_stored(&field.kind));
                let directive = match is_stored && entropy.pick(3) == 0 {
                    true => {
                        let update = rule(&computed, entity, entropy);
                        format!("@allow(read: {read}, update: {update})")
                    }
                    false => format!("@allow(read: {read})"),
                };
                addition.on_fields.push((field, directive));
            }
        }
    }
    additions
}

/// Writes a rule as a directive's argument; most allow something.
fn rule(model: &Model, entity: expr::EntityId, entropy: &mut Entropy<'_>) -> Json {
    let condition =
        |entropy: &mut Entropy<'_>| Writer::new(model, entity, entropy, Reach::All).condition();
    let text = match entropy.pick(10) {
        0 | 1 => "true".to_owned(),
        2 => "user.role == 'admin'".to_owned(),
        3 => format!("row.n < {}", 1 + entropy.pick(6)),
        4 => format!("row.n != {}", entropy.pick(4)),
        5 => format!("row.n < {} || {}", 1 + entropy.pick(4), condition(entropy)),
        6 | 7 => format!("user.role == 'admin' || {}", condition(entropy)),
        _ => condition(entropy),
    };
    text.into()
}
