//! The law of differences: what is proven of two rules holds for real rows and callers.

use std::cell::RefCell;

use app::access::{Change, Differences};
use expr::{Caller, Timestamp};
use plan::RuleRef;
use serde_json::Value as Json;

use crate::entropy::Entropy;
use crate::sdl::Additions;
use crate::surroundings::Surroundings;
use crate::world::World;
use crate::writer::{Reach, Writer};
use crate::{claims, in_worlds};

const WORLDS: u32 = 6;
const CASES_PER_WORLD: u32 = 20;

/// What came out, lest the law hold because nothing ever happens.
#[derive(Debug, Default)]
struct Seen {
    same: usize,
    wider: usize,
    narrower: usize,
    unproven: usize,
    allowed: usize,
}

#[test]
fn what_is_proven_of_a_change_holds_on_real_rows() {
    let seen = RefCell::new(Seen::default());
    in_worlds((WORLDS, CASES_PER_WORLD), 100..400, |_, world, entropy| {
        agree(world, entropy, &mut seen.borrow_mut());
    });
    let Seen { same, wider, narrower, unproven, allowed } = *seen.borrow();
    let counts = [same, wider, narrower, unproven, allowed];
    assert!(counts.iter().all(|count| *count > 5), "{:?}", seen.borrow());
}

fn agree(world: &World, entropy: &mut Entropy<'_>, seen: &mut Seen) {
    let index = entropy.pick(3);
    let entity = world.entity(index);
    let mut write = || Writer::new(&world.model, entity, entropy, Reach::All).condition();
    let (one, other, third) = (write(), write(), write());
    let (kind, mut old, mut new) = match entropy.pick(7) {
        0 => ("same", format!("({one}) && ({other})"), format!("({other}) && ({one})")),
        1 => ("wider", one.clone(), format!("({one}) || ({other})")),
        2 => {
            let wider = format!("(({one}) || ({third})) && ({other})");
            ("wider", format!("({one}) && ({other})"), wider)
        }
        3 => ("wider", format!("!(({one}) || ({other}))"), format!("!({one})")),
        4 => ("", format!("!({one})"), format!("({one}) && ({other})")),
        5 => ("", format!("({one}) && ({third})"), format!("({other}) || ({third})")),
        _ => ("", one, other),
    };
    let swapped = kind == "wider" && entropy.pick(2) == 0;
    if swapped {
        std::mem::swap(&mut old, &mut new);
    }
    let [old, new] = [old, new].map(|text| {
        let mut additions: [Additions; 3] = Default::default();
        additions[index].rule = Some(format!("@allow(read: {})", Json::from(text)));
        world.app(&additions)
    });
    let found = Differences::of(&old.model, &new.model);
    let text =
        |app: &app::App| app.model.entity(entity).rules.read.as_ref().map(|r| r.text.clone());
    let about = || format!("{kind} {swapped}: {:?} => {:?}\n{found}", text(&old), text(&new));
    let (widened, narrowed) = match found.changed.as_slice() {
        [] => (true, true),
        [one] if one.proven => (one.change == Change::Wider, one.change == Change::Narrower),
        [_] => (false, false),
        _ => panic!("{}", about()),
    };
    match (widened, narrowed) {
        (true, true) => seen.same += 1,
        (true, false) => seen.wider += 1,
        (false, true) => seen.narrower += 1,
        (false, false) => seen.unproven += 1,
    }
    // Small changes are told for what they are, as long as there are not too many parts.
    match (kind, swapped) {
        ("same", _) if old.model.entity(entity).rules.read.as_ref().is_some_and(is_small) => {
            assert!(widened && narrowed, "{}", about());
        }
        _ => {}
    }
    for choice in 0..4 {
        let now = Timestamp(1_704_153_600_000_000);
        let caller = Caller { user: claims(choice), now, input: &[], request: None };
        for row in 0..world.rows(entity) {
            let [before, after] = [&old, &new].map(|app| {
                let around = Surroundings {
                    world,
                    model: &app.model,
                    caller: &caller,
                    atoms: &[],
                    row: (entity, row),
                    guarded: false,
                };
                around.shows(RuleRef::Read(entity), (entity, row))
            });
            assert!(!widened || !before || after, "not wider: {}", about());
            assert!(!narrowed || !after || before, "not narrower: {}", about());
            seen.allowed += usize::from(before);
        }
    }
}

fn is_small(rule: &model::Rule) -> bool {
    rule.text.len() < 300
}
