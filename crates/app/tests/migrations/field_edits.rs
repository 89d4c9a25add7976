//! Random edits of the fields of a model.

use crate::draft::{Draft, Field, How, Kind};
use crate::edits::{fill, new_field};
use crate::entropy::Entropy;

/// Edits a field of a type, or adds or removes one.
pub(crate) fn edit(draft: &mut Draft, entropy: &mut Entropy<'_>) {
    let at = entropy.pick(draft.types.len());
    let fields = draft.types[at].fields.len();
    if fields == 0 || entropy.pick(6) == 0 {
        let mut field = new_field(draft, entropy);
        fill_new(draft, at, &mut field, entropy);
        draft.types[at].fields.push(field);
        return;
    }
    let index = entropy.pick(fields);
    match entropy.pick(14) {
        0 => {
            draft.types[at].fields.remove(index);
        }
        1..=3 => rename(draft, at, index),
        4 | 5 => retype(draft, at, index, entropy),
        6 | 7 => {
            let field = &mut draft.types[at].fields[index];
            field.required = !field.required;
            if field.required && field.kind == Kind::Scalar("String") && entropy.pick(2) == 0 {
                field.fill = Some(fill(field, How::Made));
            }
        }
        8 => draft.types[at].fields[index].unique ^= true,
        9 => draft.types[at].fields[index].private ^= true,
        10 => draft.types[at].fields[index].default ^= true,
        11 => split(draft, at, index, entropy),
        12 => into_nested(draft, at, index),
        _ => to_many(draft, at, index),
    }
}

fn rename(draft: &mut Draft, at: usize, index: usize) {
    let fresh = draft.fresh();
    draft.types[at].fields[index].name = format!("f{fresh}");
}

fn retype(draft: &mut Draft, at: usize, index: usize, entropy: &mut Entropy<'_>) {
    let field = &mut draft.types[at].fields[index];
    let to: &[(&'static str, Option<How>)] = match field.kind {
        Kind::Scalar("Int") => &[
            ("BigInt", None),
            ("Float", None),
            ("Decimal", None),
            ("String", None),
            ("String", Some(How::AsText)),
        ],
        Kind::Scalar("BigInt") => &[("Decimal", None), ("Int", None), ("String", None)],
        Kind::Scalar("String") => &[
            ("Int", Some(How::Size)),
            ("Status", None),
            ("Boolean", None),
            ("Email", None),
            ("Int", None),
        ],
        Kind::Scalar("Date") => &[("DateTime", None), ("String", None)],
        Kind::Scalar("Place") => &[("JSON", None), ("String", None)],
        Kind::Scalar("JSON") => &[("Place", None), ("String", None)],
        Kind::Scalar("Email" | "Status" | "Decimal" | "Boolean" | "DateTime" | "Float" | "ID") => {
            &[("String", None)]
        }
        Kind::List("Int") => &[("[BigInt", None), ("JSON", None), ("[String", None)],
        Kind::List(_) => &[("JSON", None), ("[String", None)],
        Kind::Computed(times) => {
            field.kind = Kind::Computed(times + 1);
            return;
        }
        _ => return,
    };
    let (ty, how) = entropy.of(to);
    field.fill = how.map(|how| fill(field, how));
    field.kind = match ty.strip_prefix('[') {
        Some(element) => Kind::List(element),
        None => Kind::Scalar(ty),
    };
}

/// Says for a new field what rows that are there get, where another one has it.
fn fill_new(draft: &Draft, at: usize, field: &mut Field, entropy: &mut Entropy<'_>) {
    let old = |source: &&Field| source.fill.is_none() && !source.private;
    let sources = draft.types[at].fields.iter().filter(old);
    let choices: Vec<(&Field, How)> = sources
        .flat_map(|source| {
            let hows: &[How] = match (source.kind, field.kind) {
                (Kind::Scalar("String"), Kind::Scalar("String")) => {
                    &[How::Copy, How::OrNone, How::Made]
                }
                (Kind::Scalar("Int"), Kind::Scalar("String")) => &[How::AsText],
                (Kind::Scalar("String"), Kind::Scalar("Int")) => &[How::Size],
                (from, to) if from == to && matches!(from, Kind::Scalar("Int" | "Decimal")) => {
                    &[How::Copy]
                }
                _ => &[],
            };
            hows.iter().map(move |how| (source, *how))
        })
        .collect();
    if !choices.is_empty() && entropy.pick(3) > 0 {
        let (source, how) = entropy.of(&choices);
        field.fill = Some(fill(source, how));
    }
}

/// Puts two fields in the place of one, filled from it.
fn split(draft: &mut Draft, at: usize, index: usize, entropy: &mut Entropy<'_>) {
    let source = draft.types[at].fields[index].clone();
    if source.kind != Kind::Scalar("String") || source.fill.is_some() || source.private {
        return;
    }
    for how in [How::Copy, entropy.of(&[How::OrNone, How::Size])] {
        let id = draft.fresh();
        let kind = Kind::Scalar(if how == How::Size { "Int" } else { "String" });
        let name = format!("f{id}");
        let fill = Some(fill(&source, how));
        let field = Field { id, name, was: None, kind, required: false, fill, ..source.clone() };
        draft.types[at].fields.push(Field { unique: false, ..field });
    }
    draft.types[at].fields.remove(index);
}

/// Moves a field into the nested type, which takes no values along.
fn into_nested(draft: &mut Draft, at: usize, index: usize) {
    if let Kind::Scalar(ty @ ("String" | "Int" | "Decimal" | "Boolean")) =
        draft.types[at].fields[index].kind
    {
        let field = draft.types[at].fields.remove(index);
        draft.members.push((field.name, ty));
    }
}

/// Makes many-to-many what was to-one; it is another field of the same name.
fn to_many(draft: &mut Draft, at: usize, index: usize) {
    let id = draft.fresh();
    let field = &mut draft.types[at].fields[index];
    if let Kind::One(to, _) = field.kind {
        (field.id, field.kind, field.was) = (id, Kind::Many(to, true), None);
    }
}
