//! Random rows, written as clients write them.

use app::input::Body;
use app::operations::{Objects, Patch, Precondition, Prepared as _, Write};
use app::{App, Refusal};
use serde_json::{Map, Value as Json, json};

use crate::draft::{Draft, Field, Kind, Type};
use crate::entropy::Entropy;
use crate::picture::{self, Picture, TENANTS};

/// Rows of a type at most, so that pictures are quick.
const ROWS_MAX: usize = 7;
pub(crate) const TEXTS: [&str; 6] = ["alpha beta", "gamma", "Delta alpha", "", "x'y \"z", "é"];
/// Words that are in some of the texts.
pub(crate) const WORDS: [&str; 4] = ["alpha", "gamma", "delta", "beta"];

/// Creates some rows of each type, changes, archives and deletes some.
pub(crate) async fn write(app: &App, draft: &Draft, number: &mut i64, entropy: &mut Entropy<'_>) {
    for ty in &draft.types {
        for _ in 0..1 + entropy.pick(3) {
            let picture = picture::take(app, draft).await;
            if picture[&ty.id].len() < ROWS_MAX {
                *number += 1;
                create(app, draft, ty, &picture, *number, entropy).await;
            }
        }
    }
    let picture = picture::take(app, draft).await;
    for ty in &draft.types {
        for seen in picture[&ty.id].values() {
            let tenant = entropy.of(&TENANTS);
            let caller = picture::caller(app, tenant);
            let key = picture::key(ty, &seen.key);
            let of = picture::entity(app, ty);
            let any = Precondition::None;
            let done = match entropy.pick(8) {
                0..=3 => {
                    let mut body = Vec::new();
                    for field in &ty.fields {
                        if entropy.pick(3) == 0 {
                            body.extend(member(draft, field, &picture, entropy));
                        }
                    }
                    let patch = Patch { body: Body(body), objects: Objects::Replace };
                    match Write::update(app, &caller, of, key, patch, any) {
                        Ok(write) => write.run(app).await.map(drop),
                        Err(refusal) => Err(refusal),
                    }
                }
                4 => Write::delete(app, &caller, of, key, any).run(app).await.map(drop),
                5 if ty.archive => match Write::restore(app, &caller, of, key, any) {
                    Ok(write) => write.run(app).await.map(drop),
                    Err(refusal) => Err(refusal),
                },
                _ => Ok(()),
            };
            must_be_expected(done);
        }
    }
}

/// Creates a row with values in all fields that can have some.
async fn create(
    app: &App,
    draft: &Draft,
    ty: &Type,
    picture: &Picture,
    number: i64,
    entropy: &mut Entropy<'_>,
) {
    let tenant = entropy.of(&TENANTS);
    let mut body: Vec<(String, Json)> = vec![
        ("n".to_owned(), number.into()),
        // As if it was the number of another row.
        ("code".to_owned(), (number ^ 1).to_string().into()),
        ("org".to_owned(), tenant.into()),
    ];
    for field in &ty.fields {
        let member = member(draft, field, picture, entropy);
        if field.required && member.as_ref().is_some_and(|(_, value)| value.is_null()) {
            // There is nothing to refer to.
            return;
        }
        body.extend(member);
    }
    let caller = picture::caller(app, tenant);
    let done = match Write::create(app, &caller, picture::entity(app, ty), Body(body)) {
        Ok(write) => write.run(app).await.map(drop),
        Err(refusal) => Err(refusal),
    };
    must_be_expected(done);
}

/// What rows are refused for, and nothing that is wrong with the database.
fn must_be_expected(done: Result<(), Refusal>) {
    let Err(refusal) = done else { return };
    match refusal {
        Refusal::Body(mistakes) => {
            let known = ["not_found", "duplicate", "exists"];
            let is_known =
                mistakes.iter().all(|mistake| known.contains(&mistake.code.to_string().as_str()));
            assert!(is_known, "{mistakes:?}");
        }
        Refusal::NotFound
        | Refusal::Duplicate(_)
        | Refusal::Exists
        | Refusal::InUse(_)
        | Refusal::Archived(_) => {}
        other => panic!("{other:?}"),
    }
}

fn member(
    draft: &Draft,
    field: &Field,
    picture: &Picture,
    entropy: &mut Entropy<'_>,
) -> Option<(String, Json)> {
    let keys = |to| -> Vec<Json> {
        let live = picture[&to].values().filter(|seen| !seen.archived);
        live.map(|seen| Json::from(seen.key.clone())).collect()
    };
    if field.private {
        return None;
    }
    let value = match field.kind {
        Kind::Computed(_) => return None,
        Kind::One(to, _) => {
            let keys = keys(to);
            match keys.is_empty() || !field.required && entropy.pick(4) == 0 {
                true => Json::Null,
                false => entropy.of(&keys),
            }
        }
        Kind::Many(to, _) => {
            let keys = keys(to).into_iter();
            keys.filter(|_| entropy.pick(2) == 0).collect::<Vec<Json>>().into()
        }
        Kind::List(of) => {
            let count = entropy.pick(3);
            (0..count).map(|_| scalar(draft, of, entropy)).collect::<Vec<Json>>().into()
        }
        Kind::Scalar(_) if !field.required && entropy.pick(4) == 0 => Json::Null,
        Kind::Scalar(of) => scalar(draft, of, entropy),
    };
    Some((field.name.clone(), value))
}

fn scalar(draft: &Draft, of: &str, entropy: &mut Entropy<'_>) -> Json {
    match of {
        "String" => entropy.of(&TEXTS).into(),
        "Int" => entropy.of(&[0, 1, -5, i32::MAX]).into(),
        "BigInt" => entropy.of(&["5", "9007199254740993", "-1"]).into(),
        "Float" => entropy.of(&[1.5, -2.0, 3e20]).into(),
        "Decimal" => entropy.of(&["1.50", "7", "-0.001"]).into(),
        "Boolean" => (entropy.pick(2) == 0).into(),
        "DateTime" => entropy.of(&["2024-01-02T03:04:05Z", "1969-12-31T23:59:59.5Z"]).into(),
        "Date" => entropy.of(&["2024-01-02", "0999-12-31"]).into(),
        "Status" => entropy.of(&draft.values).name.into(),
        "Email" => entropy.of(&["a@example.org", "b@example.org"]).into(),
        "ID" => entropy.of(&["01890a5d-ac96-774b-bcce-b302099a8001"]).into(),
        "JSON" => entropy.of(&[json!({"a": [1, null]}), json!("text"), json!([])]),
        _ => {
            let mut place = Map::new();
            for (name, ty) in &draft.members {
                if entropy.pick(3) > 0 {
                    place.insert(name.clone(), scalar(draft, ty, entropy));
                }
            }
            place.into()
        }
    }
}
