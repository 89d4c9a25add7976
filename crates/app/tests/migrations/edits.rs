//! Random models, and random edits of a model.

use crate::draft::{Deletion, Draft, Field, Fill, How, Id, Key, Kind, Type, Value};
use crate::entropy::Entropy;
use crate::field_edits;

const SCALARS: [&str; 13] = [
    "String", "Int", "Status", "Boolean", "Decimal", "DateTime", "BigInt", "Date", "Float", "JSON",
    "Place", "ID", "Email",
];
const LISTS: [&str; 5] = ["String", "Status", "Int", "Decimal", "Place"];
const MEMBERS: [&str; 4] = ["String", "Int", "Decimal", "Boolean"];
const EDITS_MAX: usize = 4;

/// Makes a model.
pub(crate) fn random(entropy: &mut Entropy<'_>) -> Draft {
    let value = |(id, name): (Id, &&str)| Value { id, name: (*name).to_owned(), was: None };
    let names = ["OPEN", "PAID", "SENT"];
    let mut draft = Draft {
        values: (1..).zip(&names).map(value).collect(),
        next: names.len(),
        members: vec![("street".to_owned(), "String"), ("floor".to_owned(), "Int")],
        ..Draft::default()
    };
    for _ in 0..2 + entropy.pick(2) {
        add_type(&mut draft, entropy);
    }
    settle(&mut draft);
    draft
}

/// Edits a model here and there.
pub(crate) fn edited(now: &Draft, entropy: &mut Entropy<'_>) -> Draft {
    let mut draft = now.clone();
    // Hints of before may stay; fills must not meet rows they were not written for.
    let hints_stay = entropy.pick(3) == 0;
    draft.values.iter_mut().for_each(|value| drop(value.was.take_if(|_| !hints_stay)));
    for ty in &mut draft.types {
        ty.was.take_if(|_| !hints_stay);
        for field in &mut ty.fields {
            field.was.take_if(|_| !hints_stay);
            field.fill = None;
        }
    }
    for _ in 0..1 + entropy.pick(EDITS_MAX) {
        if entropy.is_spent() {
            break;
        }
        match entropy.pick(8) {
            0..=4 => field_edits::edit(&mut draft, entropy),
            5 | 6 => guards(&mut draft, entropy),
            _ => names_and_types(&mut draft, entropy),
        }
    }
    settle(&mut draft);
    name_what_was(now, &mut draft);
    draft
}

/// Goes back to a model: what it has in common with the one of now is renamed back.
pub(crate) fn back(now: &Draft, then: &Draft) -> Draft {
    let mut draft = then.clone();
    name_what_was(now, &mut draft);
    draft
}

/// Says on what is renamed what it is called now, and in fills what they read.
fn name_what_was(now: &Draft, draft: &mut Draft) {
    let renamed = |old: &str, new: &str| (old != new).then(|| old.to_owned());
    for value in &mut draft.values {
        let known = now.values.iter().find(|known| known.id == value.id);
        value.was = known.and_then(|known| renamed(&known.name, &value.name)).or(value.was.take());
    }
    for ty in &mut draft.types {
        let of_now = now.ty(ty.id);
        ty.was = of_now.and_then(|known| renamed(&known.name, &ty.name)).or(ty.was.take());
        for field in &mut ty.fields {
            let known = of_now.and_then(|ty| ty.field(field.id));
            field.was =
                known.and_then(|known| renamed(&known.name, &field.name)).or(field.was.take());
            field.fill = field.fill.take().and_then(|mut fill| {
                fill.source.1 = of_now?.field(fill.source.0)?.name.clone();
                Some(fill)
            });
        }
    }
}

fn add_type(draft: &mut Draft, entropy: &mut Entropy<'_>) {
    let id = draft.fresh();
    let mut flag = |odds: usize| entropy.pick(odds) == 0;
    let (tenant, archive, archived_at) = (flag(4), flag(3), flag(2));
    let (audit, search) = (flag(2), flag(2));
    draft.types.push(Type {
        id,
        name: format!("Kind{id}"),
        was: None,
        key: entropy.of(&[Key::Id, Key::Id, Key::Code, Key::N, Key::Both]),
        tenant,
        archive,
        archived_at: archive && archived_at,
        audit,
        search,
        fields: Vec::new(),
    });
    for _ in 0..2 + entropy.pick(4) {
        let field = new_field(draft, entropy);
        draft.types.last_mut().expect("the new type").fields.push(field);
    }
}

/// Makes a field. A relation leads to any type.
pub(crate) fn new_field(draft: &mut Draft, entropy: &mut Entropy<'_>) -> Field {
    let id = draft.fresh();
    let targets: Vec<Id> = draft.types.iter().map(|ty| ty.id).collect();
    let kind = match entropy.pick(12) {
        0..=5 => Kind::Scalar(entropy.of(&SCALARS)),
        6 => Kind::List(entropy.of(&LISTS)),
        7 => Kind::Computed(2),
        8 | 9 => Kind::Many(entropy.of(&targets), entropy.pick(2) == 0),
        _ => {
            let deletions = [Deletion::Restrict, Deletion::Cascade, Deletion::SetNull];
            Kind::One(entropy.of(&targets), entropy.of(&deletions))
        }
    };
    Field {
        id,
        name: format!("f{id}"),
        was: None,
        kind,
        required: entropy.pick(3) == 0,
        unique: entropy.pick(6) == 0,
        default: entropy.pick(3) == 0,
        private: entropy.pick(12) == 0,
        fill: None,
    }
}

/// Adds or removes what a directive of a type brings.
fn guards(draft: &mut Draft, entropy: &mut Entropy<'_>) {
    let at = entropy.pick(draft.types.len());
    let ty = &mut draft.types[at];
    match entropy.pick(8) {
        0 | 1 => {
            // The field may stay where the directive goes.
            ty.archive = !ty.archive;
            ty.archived_at &= ty.archive || entropy.pick(2) == 0;
        }
        2 | 3 => ty.audit = !ty.audit,
        4 => ty.tenant = !ty.tenant,
        5 => ty.search = !ty.search,
        6 => ty.archived_at = ty.archive && !ty.archived_at,
        _ => ty.key = entropy.of(&[Key::Id, Key::Code, Key::N, Key::Both]),
    }
}

/// Changes types as wholes, the enum and the nested type.
fn names_and_types(draft: &mut Draft, entropy: &mut Entropy<'_>) {
    match entropy.pick(9) {
        0..=2 => {
            let (fresh, at) = (draft.fresh(), entropy.pick(draft.types.len()));
            draft.types[at].name = format!("Kind{fresh}");
        }
        3 => add_type(draft, entropy),
        4 if draft.types.len() > 2 => {
            draft.types.remove(entropy.pick(draft.types.len()));
        }
        5 => {
            let id = draft.fresh();
            draft.values.push(Value { id, name: format!("ADDED{id}"), was: None });
        }
        6 => {
            let (fresh, at) = (draft.fresh(), entropy.pick(draft.values.len()));
            draft.values[at].name = format!("NOW{fresh}");
        }
        7 if draft.values.len() > 2 => {
            // Another value may take its rows.
            let gone = draft.values.remove(entropy.pick(draft.values.len()));
            let at = entropy.pick(draft.values.len());
            draft.values[at].was = (entropy.pick(2) == 0).then_some(gone.name);
        }
        _ => {
            let name = format!("m{}", draft.fresh());
            draft.members.push((name, entropy.of(&MEMBERS)));
            if draft.members.len() > 3 {
                draft.members.remove(0);
            }
        }
    }
}

/// Takes out of a model what its rules do not allow.
pub(crate) fn settle(draft: &mut Draft) {
    let types: Vec<(Id, bool)> = draft.types.iter().map(|ty| (ty.id, ty.archive)).collect();
    let archive_of = |id: Id| types.iter().find(|(of, _)| *of == id).map(|(_, archive)| *archive);
    for ty in &mut draft.types {
        // Another key would tell one tenant what others have.
        if ty.tenant && ty.key != Key::Both {
            ty.key = Key::Id;
        }
        ty.fields.retain(|field| match field.kind {
            Kind::One(to, _) | Kind::Many(to, _) => archive_of(to).is_some(),
            _ => true,
        });
        for field in &mut ty.fields {
            let scalar = match field.kind {
                Kind::Scalar(name) => Some(name),
                _ => None,
            };
            field.unique &= matches!(scalar, Some("String" | "Int" | "Email"));
            let plain = scalar.is_some() || matches!(field.kind, Kind::List(_));
            field.private &= plain;
            field.default &= plain;
            // Clients do not send it.
            field.required &= !field.private;
            field.required |= matches!(field.kind, Kind::List(_) | Kind::Many(..));
            if matches!(field.kind, Kind::Computed(_)) {
                field.required = false;
            }
            if matches!(field.kind, Kind::List(_)) && field.private {
                field.default = true;
            }
            if let Kind::One(to, deletion) = &mut field.kind {
                // In one direction, so that there are no circles.
                let cascades = *to < ty.id && archive_of(*to) == Some(ty.archive);
                match deletion {
                    Deletion::Cascade if !cascades => *deletion = Deletion::Restrict,
                    Deletion::SetNull if field.required => *deletion = Deletion::Restrict,
                    _ => {}
                }
                // Rows of two types that need each other cannot be made.
                field.required &= *to < ty.id;
                field.default = false;
            }
        }
    }
}

/// Makes a fill that reads a field.
pub(crate) fn fill(source: &Field, how: How) -> Fill {
    Fill { source: (source.id, source.name.clone()), how }
}
