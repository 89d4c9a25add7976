//! The law of short filters: `price[gte]=10` is the expression that it stands for, with the same
//! plan, the same values and the same fields unknown, for random models, rules and paths.

use std::cell::RefCell;

use app::BadParameter;
use app::query::{FilterOp, Query, Ready};
use expr::{Caller, EntityId, Timestamp, Type};
use model::{FieldKind, Model, Scalar};
use serde_json::Value as Json;

use crate::entropy::Entropy;
use crate::sdl::Additions;
use crate::world::World;
use crate::writer::{Reach, Writer};
use crate::{claims, in_worlds, values};

const WORLDS: u32 = 12;
const CASES_PER_WORLD: u32 = 250;

/// What came out, lest the law hold because nothing ever happens.
#[derive(Debug, Default)]
struct Seen {
    same: usize,
    unknown: usize,
    of_other_rows: usize,
    negated: usize,
}

#[test]
fn a_short_filter_is_the_expression_that_it_stands_for() {
    let seen = RefCell::new(Seen::default());
    in_worlds((WORLDS, CASES_PER_WORLD), 20..120, |_, world, entropy| {
        agree(world, entropy, &mut seen.borrow_mut());
    });
    let seen = seen.into_inner();
    assert!(seen.same > 1_000 && seen.of_other_rows > 300 && seen.negated > 300, "{seen:?}");
    assert!(seen.unknown > 20, "{seen:?}");
}

fn agree(world: &World, entropy: &mut Entropy<'_>, seen: &mut Seen) {
    let mut additions: [Additions; 3] = Default::default();
    let fields: Vec<String> =
        world.model.entity(world.entity(2)).fields.iter().map(|field| field.name.clone()).collect();
    let hidden = entropy.of(&fields);
    if !["n", "id", "code"].contains(&hidden.as_str()) {
        let rule = match entropy.pick(2) {
            0 => "false".to_owned(),
            _ => Writer::new(&world.model, world.entity(2), entropy, Reach::All).condition(),
        };
        additions[2].on_fields = vec![(hidden, format!("@allow(read: {})", Json::from(rule)))];
    }
    let app = world.app(&additions);
    let now = Timestamp(1_704_153_600_000_000);
    let caller = Caller { user: claims(entropy.pick(4)), now, input: &[], request: None };
    let entity = world.entity(1 + entropy.pick(2));
    let mut writer = Both { model: &app.model, entropy, path: Vec::new() };
    let Some(Written { op, value, long }) = writer.row(entity, "row", 0) else { return };
    let path = writer.path.join(".");
    let negated = entropy.pick(3) == 0;
    let (op, long) = if negated { (format!("not.{op}"), format!("!({long})")) } else { (op, long) };

    let query = || Query::new(&app.model, &caller, entity, app.read_bounds());
    let mut short = query();
    short.short_filter(&path, FilterOp::parse(&op).expect("an operator"), &value);
    let mut expression = query();
    expression.filter(&long);
    match (short.many(), expression.many()) {
        (Ok(short), Ok(long_one)) => {
            assert_eq!(parts(&short), parts(&long_one), "{path}[{op}]={value} is {long}");
            seen.same += 1;
            seen.negated += usize::from(negated);
            seen.of_other_rows += usize::from(path.contains('.'));
        }
        (Err(short), Err(_)) => {
            let unknown = |bad: &BadParameter| {
                matches!(bad.code, "unknown_parameter" | "unknown_field" | "other_module")
            };
            assert!(short.iter().all(unknown), "{path}[{op}]={value}: {short:?}");
            seen.unknown += 1;
        }
        (short, expression) => {
            panic!("{path}[{op}]={value} is {long}\n{short:?}\n{expression:?}")
        }
    }
}

fn parts(ready: &Ready) -> (&plan::read::Shape, &[expr::Value]) {
    (&ready.shape, &ready.atoms)
}

/// An operator with its value, and the expression that the whole filter stands for.
struct Written {
    op: String,
    value: String,
    long: String,
}

/// Writes a filter in both forms.
struct Both<'a, 'b> {
    model: &'a Model,
    entropy: &'a mut Entropy<'b>,
    path: Vec<String>,
}

impl Both<'_, '_> {
    fn row(&mut self, entity: EntityId, row: &str, depth: usize) -> Option<Written> {
        let fields = &self.model.entity(entity).fields;
        let field = &fields[self.entropy.pick(fields.len())];
        self.path.push(field.name.clone());
        let place = format!("{row}.{}", field.name);
        let goes_on = depth < 3 && self.entropy.pick(4) > 0;
        match &field.kind {
            FieldKind::ToOne(relation) if goes_on => self.row(relation.target, &place, depth + 1),
            FieldKind::ToOne(relation) => {
                let key = self.model.sole_key_scalar(relation.target)?;
                Some(self.scalar(key, &place))
            }
            FieldKind::ToMany { target, .. } if goes_on => {
                let inner = self.row(*target, &format!("x{depth}"), depth + 1)?;
                Some(Written { long: format!("{place}.exists(x{depth}, {})", inner.long), ..inner })
            }
            FieldKind::ToMany { target, .. } => {
                let key = self.model.sole_key_scalar(*target)?;
                Some(self.list(key, &place, true))
            }
            FieldKind::List { scalar, .. } => Some(self.list(*scalar, &place, false)),
            FieldKind::Scalar { scalar: Scalar::Json, .. } => {
                let member = self.entropy.of(&["color", "size", "on"]);
                self.path.push(member.to_owned());
                Some(self.json(&format!("{place}.{member}")))
            }
            FieldKind::Scalar { scalar, .. } | FieldKind::Computed { scalar, .. } => {
                Some(self.scalar(*scalar, &place))
            }
        }
    }

    /// A value as a parameter has it, and as an expression does.
    fn value(&mut self, scalar: Scalar) -> (String, String) {
        let value = values::random(scalar, self.entropy);
        let text = match plan::client_form(&value) {
            Json::String(text) => text,
            other => other.to_string(),
        };
        let written = match scalar.expr_type() {
            Type::Bool | Type::Int | Type::Float => text.clone(),
            _ => Json::from(text.clone()).to_string(),
        };
        (text, written)
    }

    fn values(&mut self, scalar: Scalar) -> (String, Vec<String>) {
        let pairs: Vec<_> = (0..=self.entropy.pick(3)).map(|_| self.value(scalar)).collect();
        let (texts, written): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
        (texts.join(","), written)
    }

    fn scalar(&mut self, scalar: Scalar, place: &str) -> Written {
        let ty = scalar.expr_type();
        let choice = self.entropy.pick(if ty == Type::Text { 7 } else { 4 });
        if choice == 0 {
            return self.null(place);
        }
        if choice == 1 {
            let (value, items) = self.values(scalar);
            return written("in", value, format!("{place} in [{}]", items.join(", ")));
        }
        let (value, right) = self.value(scalar);
        let folded = Json::from(value.to_ascii_lowercase());
        match choice {
            4 => written("endsWith", value, format!("{place}.endsWith({right})")),
            5 => {
                let long = format!("{place}.lowerAscii().contains({folded})");
                written("icontains", value, long)
            }
            6 => written("ieq", value, format!("{place}.lowerAscii() == {folded}")),
            _ => {
                let ordered = !matches!(ty, Type::Bool | Type::Enum(_));
                let (op, sign) = self.sign(ordered);
                written(op, value, format!("{place} {sign} {right}"))
            }
        }
    }

    fn sign(&mut self, ordered: bool) -> (&'static str, &'static str) {
        let signs =
            [("eq", "=="), ("ne", "!="), ("lt", "<"), ("lte", "<="), ("gt", ">"), ("gte", ">=")];
        self.entropy.of(&signs[..if ordered { 6 } else { 2 }])
    }

    fn null(&mut self, place: &str) -> Written {
        let (value, sign) = self.entropy.of(&[("true", "=="), ("false", "!=")]);
        written("null", value.to_owned(), format!("{place} {sign} null"))
    }

    fn list(&mut self, scalar: Scalar, place: &str, rows: bool) -> Written {
        let holds = |item: &String| match rows {
            true => format!("{place}.exists(y, y == {item})"),
            false => format!("{item} in {place}"),
        };
        match self.entropy.pick(4) {
            0 => {
                let (value, item) = self.value(scalar);
                written("has", value, holds(&item))
            }
            1 => {
                let (value, items) = self.values(scalar);
                let long = format!("{place}.exists(y, y in [{}])", items.join(", "));
                written("any", value, long)
            }
            2 => {
                let (value, items) = self.values(scalar);
                let parts: Vec<String> = items.iter().map(holds).collect();
                written("all", value, format!("({})", parts.join(" && ")))
            }
            _ => {
                let (empty, some) = match rows {
                    true => {
                        (format!("!{place}.exists(y, true)"), format!("{place}.exists(y, true)"))
                    }
                    false => (format!("size({place}) == 0"), format!("size({place}) > 0")),
                };
                let is_empty = self.entropy.pick(2) == 0;
                written("empty", is_empty.to_string(), if is_empty { empty } else { some })
            }
        }
    }

    fn json(&mut self, place: &str) -> Written {
        let (value, other) = self.entropy.of(&[
            ("a", None),
            ("5", Some("5")),
            ("1.5", Some("1.5")),
            ("true", Some("true")),
        ]);
        let text = Json::from(value);
        let value = value.to_owned();
        match (self.entropy.pick(5), other) {
            (0, _) => self.null(place),
            (1, _) => written("startsWith", value, format!("{place}.startsWith({text})")),
            (2, None) => written("eq", value, format!("{place} == {text}")),
            (2, Some(other)) => {
                written("eq", value, format!("({place} == {text} || {place} == {other})"))
            }
            (3, None) => written("has", value, format!("{text} in {place}")),
            (3, Some(other)) => {
                written("has", value, format!("({text} in {place} || {other} in {place})"))
            }
            (_, None | Some("true")) => written("gt", value, format!("{place} > {text}")),
            (_, Some(other)) => written("gt", value, format!("{place} > {other}")),
        }
    }
}

fn written(op: &str, value: String, long: String) -> Written {
    Written { op: op.to_owned(), value, long }
}
