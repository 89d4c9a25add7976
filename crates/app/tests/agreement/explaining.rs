//! The law of explanations: what is explained is what the operation then does, for random rules, rows,
//! callers and bodies.

use std::cell::RefCell;

use app::access::{Attempt, ExplainError, Operation, Verdict, explain};
use app::input::Body;
use app::operations::{self, Objects, Patch, Precondition, Prepared, Write};
use app::query::Query;
use app::{App, Refusal};
use expr::{Caller, EntityId, Timestamp};
use model::{FieldKind, Role};
use plan::Bind;
use serde_json::Value as Json;

use crate::entropy::Entropy;
use crate::sdl::Additions;
use crate::world::{World, client_value};
use crate::writer::{Reach, Writer};
use crate::{claims, in_worlds, values};

const WORLDS: u32 = 12;
const CASES_PER_WORLD: u32 = 40;
const OPERATIONS: [Operation; 4] =
    [Operation::Update, Operation::Create, Operation::Read, Operation::Delete];

/// What came out, lest the law hold because nothing ever happens.
#[derive(Debug, Default)]
struct Seen {
    allowed: usize,
    missing: usize,
    denied: usize,
    denied_fields: usize,
    no_target: usize,
    beyond_rules: usize,
    refused: usize,
}

#[test]
fn what_is_explained_is_what_the_operation_does() {
    let seen = RefCell::new(Seen::default());
    in_worlds((WORLDS, CASES_PER_WORLD), 100..600, |runtime, world, entropy| {
        runtime.block_on(agree(world, entropy, &mut seen.borrow_mut()));
    });
    let Seen { allowed, missing, denied, denied_fields, no_target, .. } = *seen.borrow();
    let counts = [allowed, missing, denied, denied_fields, no_target];
    assert!(counts.iter().all(|count| *count > 20), "{:?}", seen.borrow());
}

async fn agree(world: &World, entropy: &mut Entropy<'_>, seen: &mut Seen) {
    let mut additions: [Additions; 3] = Default::default();
    for (index, addition) in additions.iter_mut().enumerate() {
        let mut rule = |name: &str| match entropy.pick(8) {
            // Left out, so that nobody may.
            0 => format!("{name}: \"false\""),
            1..4 => format!("{name}: \"true\""),
            _ => {
                let mut writer =
                    Writer::new(&world.model, world.entity(index), entropy, Reach::All);
                format!("{name}: {}", Json::from(writer.condition()))
            }
        };
        let rules = [rule("read"), rule("create"), rule("update"), rule("delete")];
        let kept = rules.iter().filter(|rule| !rule.ends_with("\"false\""));
        let kept: Vec<&str> = kept.map(String::as_str).collect();
        addition.rule = Some(match kept.as_slice() {
            [] => String::new(),
            kept => format!("@allow({})", kept.join(" ")),
        });
        let on_field = format!("@allow({} {})", rule("create"), rule("update"));
        let own = entropy.of(&["f0", "f1", "f2", "f3"]);
        let declared = world.model.entity(world.entity(index)).field_named(own).is_some();
        addition.on_fields.extend(declared.then(|| (own.to_owned(), on_field)));
    }
    let app = world.app(&additions);
    for _ in 0..6 {
        attempt(world, &app, entropy, seen).await;
    }
}

/// Explains one attempt, makes it, and compares.
async fn attempt(world: &World, app: &App, entropy: &mut Entropy<'_>, seen: &mut Seen) {
    let entity = world.entity(entropy.pick(3));
    let operation = entropy.of(&OPERATIONS);
    let row = (entity, entropy.pick(world.rows(entity)));
    let key: Vec<Bind> = match operation {
        Operation::Create => Vec::new(),
        _ => {
            let key = app.model.entity(entity).key.iter();
            key.map(|field| plan::bind(world.value(&row, *field))).collect()
        }
    };
    let body = match operation {
        Operation::Create => {
            let mut members = world.client_row(row);
            members.retain(|name, _| !is_linked(app, row.0, name));
            Body(members.into_iter().map(|member| fresh(member, entropy)).collect())
        }
        Operation::Update => some_fields(world, app, row, entropy),
        Operation::Read | Operation::Delete => Body(Vec::new()),
    };
    let now = Timestamp(1_704_153_600_000_000);
    let caller = Caller { user: claims(entropy.pick(4)), now, input: &[], request: None };
    let explained = Attempt { operation, entity, key: key.clone(), body: body.clone() };
    let explained = explain(app, &caller, explained).await;
    let done = perform(app, &caller, operation, entity, key.clone(), body.clone()).await;
    let about = || {
        let rules: Vec<String> = app
            .model
            .entities
            .iter()
            .map(|entity| format!("{}: {:?}", entity.name, entity.rules))
            .collect();
        format!("{operation:?} {entity:?} {key:?} {body:?}: {done:?}\n{}", rules.join("\n"))
    };
    let explained = match (explained, &done) {
        (Err(ExplainError::Refused(_)), Err(_)) => {
            seen.refused += 1;
            return;
        }
        (explained, _) => explained.unwrap_or_else(|error| panic!("{error:?}: {}", about())),
    };
    let expected = match &done {
        Ok(()) => Verdict::Allowed,
        Err(Refusal::NotFound) => match explained.verdict {
            Verdict::Missing => Verdict::Missing,
            _ => Verdict::Hidden,
        },
        Err(Refusal::Forbidden | Refusal::Unauthenticated) => Verdict::Denied,
        Err(Refusal::ForbiddenFields(fields)) => Verdict::DeniedFields(fields.clone()),
        Err(Refusal::Body(bad)) if bad.iter().all(|bad| bad.code == "not_found") => {
            let fields = bad.iter().map(|bad| bad.pointer.trim_start_matches('/').to_owned());
            Verdict::NoTarget(fields.collect())
        }
        // The database's own verdict, which may come before the rules see the new row.
        Err(Refusal::Duplicate(_) | Refusal::InUse(_) | Refusal::Check { .. }) => {
            seen.beyond_rules += 1;
            return;
        }
        Err(other) => panic!("{other:?}: {}", about()),
    };
    assert_eq!(explained.verdict, expected, "{explained}\n{}", about());
    match expected {
        Verdict::Allowed => seen.allowed += 1,
        Verdict::Missing | Verdict::Hidden => seen.missing += 1,
        Verdict::Denied => seen.denied += 1,
        Verdict::DeniedFields(_) => seen.denied_fields += 1,
        Verdict::NoTarget(_) => seen.no_target += 1,
    }
}

/// Gives a new row a key of its own, most of the time.
fn fresh((name, value): (String, Json), entropy: &mut Entropy<'_>) -> (String, Json) {
    let number = 100 + entropy.pick(256);
    let value = match name.as_str() {
        "id" => values::id(number).to_string().into(),
        "code" => format!("c{number}").into(),
        "n" => number.into(),
        _ => value,
    };
    (name, value)
}

/// Links that a write sets are looked up, but rules are explained with those of before.
fn is_linked(app: &App, entity: EntityId, name: &str) -> bool {
    let (_, field) = app.model.entity(entity).field_named(name).expect("a field");
    matches!(field.kind, FieldKind::ToMany { .. })
}

/// Takes some fields of another row of the same type.
fn some_fields(world: &World, app: &App, row: crate::world::At, entropy: &mut Entropy<'_>) -> Body {
    let other = (row.0, entropy.pick(world.rows(row.0)));
    let entity = app.model.entity(row.0);
    let mut members: Vec<(String, Json)> = world.client_row(other).into_iter().collect();
    members.retain(|(name, _)| {
        let (id, field) = entity.field_named(name).expect("a field");
        let plain = field.role == Role::Plain && !entity.key.contains(&id) && name != "n";
        plain && !is_linked(app, row.0, name) && entropy.pick(3) == 0
    });
    // References also lead to rows that are not there.
    for (name, value) in &mut members {
        let (_, field) = entity.field_named(name).expect("a field");
        let FieldKind::ToOne(relation) = &field.kind else { continue };
        if entropy.pick(4) == 0 && !value.is_null() {
            let target = app.model.entity(relation.target);
            let id = target.field(target.key[0]);
            let absent = client_value(&expr::Value::Uuid(values::id(99)), id);
            if target.key.len() == 1 && id.name == "id" {
                *value = absent;
            }
        }
    }
    Body(members)
}

async fn perform(
    app: &App,
    caller: &Caller<'_>,
    operation: Operation,
    entity: expr::EntityId,
    key: Vec<Bind>,
    body: Body,
) -> Result<(), Refusal> {
    match operation {
        Operation::Read => {
            let ready = Query::new(&app.model, caller, entity, app.read_bounds()).one();
            let ready = ready.expect("no parameters");
            operations::get(app, caller, ready, key).await.map(|_| ())
        }
        Operation::Create => Write::create(app, caller, entity, body)?.run(app).await.map(|_| ()),
        Operation::Update => {
            let (patch, none) = (Patch { body, objects: Objects::Replace }, Precondition::None);
            Write::update(app, caller, entity, key, patch, none)?.run(app).await.map(|_| ())
        }
        Operation::Delete => {
            let write = Write::delete(app, caller, entity, key, Precondition::None);
            write.run(app).await.map(|_| ())
        }
    }
}
