//! What a change of the model means for access: which operations on which rows and fields more callers
//! can do than before, or fewer.
//!
//! Where it follows from how the rules are put together it is proven; else examples are looked for.

mod example;
mod imagined;
mod implies;
mod json;
mod meaning;
mod pair;
mod pools;
mod text;

use model::{Entity, Model, Rule};

use super::fold::fold;
use super::formula::Formula;
use super::matrix::{History, Operation, closed};
use super::who::Who;
pub use example::Example;
use example::Search;
use implies::{Proof, implies};
use meaning::Meaning;
use pair::Pairs;

/// How access to an operation has changed.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Whoever could still can, and others can too.
    Wider,
    /// Nobody can who could not, and some no longer can.
    Narrower,
    /// Some can who could not, and some no longer can who could.
    Both,
    /// The rules differ, and neither is proven to allow more, nor is there an example.
    Unclear,
}

/// One operation to which access has changed.
#[derive(Debug)]
pub struct Difference {
    /// The entity, `catalog.Product`.
    pub entity: String,
    /// The field whose own rule changed; none for the entity's.
    pub field: Option<String>,
    /// The operation, or the history that is read.
    pub operation: &'static str,
    /// How access has changed.
    pub change: Change,
    /// Whether that is proven, and not only found by examples.
    pub proven: bool,
    /// The rules as they are written, before and now; none where nobody may, or any caller.
    pub rules: (String, String),
    /// The kinds of callers for whom it changed, with what they could do and can do.
    pub callers: Vec<(String, Formula, Formula)>,
    /// A caller and a row allowed now and not before.
    pub gained: Option<Example>,
    /// A caller and a row allowed before and not now.
    pub lost: Option<Example>,
}

/// What has changed between two models.
#[derive(Debug, Default)]
pub struct Differences {
    /// The operations to which access has changed.
    pub changed: Vec<Difference>,
    /// Entities and fields that were not there before, `catalog.Product.colour`. Their rules are new,
    /// and so is what they protect.
    pub added: Vec<String>,
    /// Entities and fields that are gone.
    pub removed: Vec<String>,
}

impl Differences {
    /// Compares the access rules of two models.
    pub fn of(old: &Model, new: &Model) -> Self {
        let pairs = Pairs::of(old, new);
        let compare = Compare {
            models: [old, new],
            kinds: Who::of_models(&[old, new]),
            meaning: Meaning::of(old, new, &pairs),
            pairs: &pairs,
        };
        let mut found =
            Self { changed: Vec::new(), added: pairs.added(), removed: pairs.removed() };
        for pair in &pairs.entities {
            let entities = [old.entity(pair.old), new.entity(pair.new)];
            let mut of_rows = |name, rules: [Option<&Rule>; 2]| {
                let rules = [[Access::Anybody; 2], rules.map(Access::of_rows)];
                found.changed.extend(compare.rules(entities, None, name, rules));
            };
            for each in Operation::ALL {
                of_rows(each.name(), entities.map(|entity| each.rule(entity)));
            }
            for each in History::ALL {
                of_rows(each.name(), entities.map(|entity| each.rule(entity)));
            }
            for (old_field, new_field) in &pair.fields {
                let fields = [*old_field, *new_field];
                for operation in [Operation::Read, Operation::Create, Operation::Update] {
                    let own = [0, 1].map(|at| {
                        let field = entities[at].field(fields[at]);
                        let closed = closed(operation, entities[at], fields[at]);
                        Access::of_field(closed, operation.field_rule(field))
                    });
                    let name = &entities[1].field(*new_field).name;
                    let whole = entities.map(|entity| Access::of_rows(operation.rule(entity)));
                    let rules = [whole, own];
                    let operation = operation.name();
                    found.changed.extend(compare.rules(entities, Some(name), operation, rules));
                }
            }
        }
        found
    }

    /// Returns whether any change lets a caller do more, or may do so.
    pub fn widens(&self) -> bool {
        self.changed.iter().any(Difference::widens)
    }
}

impl Difference {
    /// Returns whether it lets a caller do more, or may do so.
    pub fn widens(&self) -> bool {
        match self.change {
            Change::Wider | Change::Both | Change::Unclear => true,
            Change::Narrower => !self.proven,
        }
    }
}

/// Who may do something, by one rule.
#[derive(Copy, Clone, Debug, PartialEq)]
enum Access<'m> {
    Nobody,
    Anybody,
    Rule(&'m Rule),
}

impl<'m> Access<'m> {
    fn of_rows(rule: Option<&'m Rule>) -> Self {
        rule.map_or(Self::Nobody, Self::Rule)
    }

    fn of_field(closed: bool, rule: Option<&'m Rule>) -> Self {
        match rule {
            _ if closed => Self::Nobody,
            None => Self::Anybody,
            Some(rule) => Self::Rule(rule),
        }
    }

    fn text(self) -> String {
        match self {
            Self::Nobody => "false".to_owned(),
            Self::Anybody => "true".to_owned(),
            Self::Rule(rule) => rule.text.split_whitespace().collect::<Vec<_>>().join(" "),
        }
    }

    fn folded(self, who: &Who) -> Formula {
        match self {
            Self::Nobody => Formula::False,
            Self::Anybody => Formula::True,
            Self::Rule(rule) => fold(rule, who),
        }
    }
}

struct Compare<'m> {
    models: [&'m Model; 2],
    kinds: Vec<Who>,
    meaning: Meaning,
    pairs: &'m Pairs<'m>,
}

impl<'m> Compare<'m> {
    /// Compares two rules; nothing where they are the same. Those of a field, which come second, allow
    /// only within those of its entity, which come first.
    fn rules(
        &self,
        entities: [&'m Entity; 2],
        field: Option<&str>,
        operation: &'static str,
        [whole, own]: [[Access<'m>; 2]; 2],
    ) -> Option<Difference> {
        let alone = own.map(|own| vec![own]);
        if self.implies(&alone, [0, 1]) && self.implies(&alone, [1, 0]) {
            return None;
        }
        let both = [0, 1].map(|model| vec![whole[model], own[model]]);
        let (widened, narrowed) = (self.implies(&both, [0, 1]), self.implies(&both, [1, 0]));
        if widened && narrowed {
            return None;
        }
        let (gained, lost) = Search::new(self.models, self.pairs, entities, &both).run();
        let (change, proven) = match (widened, narrowed, &gained, &lost) {
            (true, ..) => (Change::Wider, true),
            (_, true, ..) => (Change::Narrower, true),
            (_, _, Some(_), Some(_)) => (Change::Both, false),
            (_, _, Some(_), None) => (Change::Wider, false),
            (_, _, None, Some(_)) => (Change::Narrower, false),
            (_, _, None, None) => (Change::Unclear, false),
        };
        let callers = self
            .kinds
            .iter()
            .map(|who| (who.name.clone(), folded(&both[0], who), folded(&both[1], who)))
            .filter(|(_, old, new)| old != new)
            .collect();
        let entity = entities[1];
        Some(Difference {
            entity: format!("{}.{}", self.models[1].modules[entity.module].name, entity.name),
            field: field.map(str::to_owned),
            operation,
            change,
            proven,
            rules: (own[0].text(), own[1].text()),
            callers,
            gained,
            lost,
        })
    }

    /// Proves that what one model allows the other does, for nobody and for who is signed in.
    fn implies(&self, rules: &[Vec<Access<'m>>; 2], [from, to]: [usize; 2]) -> bool {
        [&self.kinds[0], &Who::signed_in()].into_iter().all(|who| {
            let old = self.meaning.of_old(folded(&rules[0], who));
            let sides = [old, folded(&rules[1], who)];
            implies(&sides[from], &sides[to]) == Proof::Proven
        })
    }
}

/// Folds rules that all have to allow.
fn folded(rules: &[Access<'_>], who: &Who) -> Formula {
    Formula::and(rules.iter().map(|access| access.folded(who)))
}
