//! A small model with every kind of field, and random rows for it.

use rust_decimal::Decimal;
use serde_json::json;
use uuid::Uuid;

use crate::evaluate::{Caller, Env};
use crate::schema::{EntityId, EnumId, FieldId, FieldInfo, Schema};
use crate::types::Type;
use crate::value::{Date, Timestamp, Value};

pub(crate) const ITEM: EntityId = EntityId(0);
pub(super) const PERSON: EntityId = EntityId(1);
/// Of another module, with a key of two parts.
pub(super) const PAIR: EntityId = EntityId(2);
/// Of another module.
pub(super) const MAKER: EntityId = EntityId(3);

pub(crate) struct Tables {
    fields: [Vec<(&'static str, FieldInfo)>; 4],
    status: Vec<String>,
}

impl Tables {
    pub(crate) fn new() -> Self {
        Self {
            fields: [item(), person(), vec![("left", scalar(Type::Int))], maker()].map(
                |mut fields| {
                    for (index, (_, info)) in fields.iter_mut().enumerate() {
                        info.id = FieldId(index as u32);
                    }
                    fields
                },
            ),
            status: vec!["PAID".into(), "SENT".into()],
        }
    }
}

fn scalar(ty: Type) -> FieldInfo {
    FieldInfo {
        id: FieldId(0),
        ty,
        nullable: false,
        may_be_archived: false,
        other_module: false,
        key: None,
        is_sole_key: false,
    }
}

fn relation(target: EntityId, nullable: bool) -> FieldInfo {
    FieldInfo { nullable, key: Some(Type::Uuid), ..scalar(Type::Row(target)) }
}

fn item() -> Vec<(&'static str, FieldInfo)> {
    let mut fields = vec![("id", FieldInfo { is_sole_key: true, ..scalar(Type::Uuid) })];
    let types = [
        ("bool", "boolN", Type::Bool),
        ("int", "intN", Type::Int),
        ("float", "floatN", Type::Float),
        ("decimal", "decimalN", Type::Decimal),
        ("text", "textN", Type::Text),
        ("uuid", "uuidN", Type::Uuid),
        ("at", "atN", Type::Timestamp),
        ("day", "dayN", Type::Date),
        ("status", "statusN", Type::Enum(EnumId(0))),
        ("json", "jsonN", Type::Json),
        ("texts", "textsN", Type::List(Type::Text.into())),
        ("ints", "intsN", Type::List(Type::Int.into())),
        ("states", "statesN", Type::List(Type::Enum(EnumId(0)).into())),
    ];
    for (name, nullable, ty) in types {
        fields.push((name, scalar(ty.clone())));
        fields.push((nullable, FieldInfo { nullable: true, ..scalar(ty) }));
    }
    fields.push(("owner", relation(PERSON, false)));
    fields.push(("buyer", relation(PERSON, true)));
    fields.push(("parent", relation(ITEM, true)));
    fields.push(("maker", FieldInfo { other_module: true, ..relation(MAKER, true) }));
    fields.push(("pair", FieldInfo { other_module: true, key: None, ..relation(PAIR, true) }));
    fields.push(("children", scalar(Type::Rows(ITEM))));
    fields
}

fn person() -> Vec<(&'static str, FieldInfo)> {
    vec![
        ("id", FieldInfo { is_sole_key: true, ..scalar(Type::Uuid) }),
        ("name", scalar(Type::Text)),
        ("nick", FieldInfo { nullable: true, ..scalar(Type::Text) }),
        ("age", FieldInfo { nullable: true, ..scalar(Type::Int) }),
        ("boss", relation(PERSON, true)),
        ("items", scalar(Type::Rows(ITEM))),
    ]
}

fn maker() -> Vec<(&'static str, FieldInfo)> {
    vec![
        ("id", FieldInfo { is_sole_key: true, ..scalar(Type::Uuid) }),
        ("name", scalar(Type::Text)),
    ]
}

impl Schema for Tables {
    fn entity_name(&self, entity: EntityId) -> &str {
        ["Item", "Person", "Pair", "Maker"][entity.0 as usize]
    }

    fn field(&self, entity: EntityId, name: &str) -> Option<FieldInfo> {
        let fields = &self.fields[entity.0 as usize];
        fields.iter().find(|(field, _)| *field == name).map(|(_, info)| info.clone())
    }

    fn field_names(&self, entity: EntityId) -> Vec<&str> {
        self.fields[entity.0 as usize].iter().map(|(name, _)| *name).collect()
    }

    fn enum_name(&self, _id: EnumId) -> &str {
        "Status"
    }

    fn enum_values(&self, _id: EnumId) -> &[String] {
        &self.status
    }
}

/// Choices, taken from bytes so that a failing case shrinks; always the first one at their end.
pub(super) struct Entropy<'b> {
    bytes: &'b [u8],
}

impl<'b> Entropy<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes }
    }

    pub(super) fn pick(&mut self, count: usize) -> usize {
        let mut number = 0;
        for _ in 0..if count > 256 { 2 } else { 1 } {
            let Some((first, rest)) = self.bytes.split_first() else { break };
            self.bytes = rest;
            number = number << 8 | usize::from(*first);
        }
        number % count
    }

    pub(super) fn is_spent(&self) -> bool {
        self.bytes.is_empty()
    }
}

/// Returns bytes that look random.
pub(super) fn noise(seed: u64, count: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..count).map(|_| next()).collect()
}

pub(super) fn id(number: usize) -> Uuid {
    Uuid::from_u128(0x0189_0a5d_ac96_774b_bcce_b302_099a_8000 + number as u128)
}

#[derive(Debug)]
pub(super) enum Cell {
    Value(Value),
    One(Option<usize>),
    Many(Vec<usize>),
}

pub(super) struct World {
    /// By entity, row and field.
    tables: [Vec<Vec<Cell>>; 4],
}

/// A row: its entity and its index there.
pub(super) type At = (EntityId, usize);

const ROWS: [usize; 4] = [3, 3, 1, 2];

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let bytes = noise(seed, 2048);
        let mut entropy = Entropy::new(&bytes);
        let tables = Tables::new();
        let mut table = |entity: usize| -> Vec<Vec<Cell>> {
            (0..ROWS[entity])
                .map(|row| {
                    let fields = tables.fields[entity].iter();
                    fields.map(|(_, info)| cell(info, entity, row, &mut entropy)).collect()
                })
                .collect()
        };
        Self { tables: [table(0), table(1), table(2), table(3)] }
    }

    pub(super) fn rows(&self, entity: EntityId) -> usize {
        self.tables[entity.0 as usize].len()
    }

    pub(super) fn row(&self, entity: EntityId, row: usize) -> &[Cell] {
        &self.tables[entity.0 as usize][row]
    }

    fn cell(&self, at: &At, field: FieldId) -> &Cell {
        &self.tables[at.0.0 as usize][at.1][field.0 as usize]
    }

    pub(super) fn field(&self, at: &At, field: FieldId) -> Value {
        match self.cell(at, field) {
            Cell::Value(value) => value.clone(),
            _ => panic!("a scalar"),
        }
    }

    fn target(&self, at: &At, field: FieldId) -> EntityId {
        let tables = Tables::new();
        match tables.fields[at.0.0 as usize][field.0 as usize].1.ty {
            Type::Row(target) | Type::Rows(target) => target,
            _ => panic!("a relation"),
        }
    }

    pub(super) fn hop(&self, at: &At, field: FieldId) -> Option<At> {
        match self.cell(at, field) {
            Cell::One(row) => row.map(|row| (self.target(at, field), row)),
            _ => panic!("a to-one relation"),
        }
    }

    pub(super) fn ref_key(&self, at: &At, field: FieldId) -> Value {
        match self.hop(at, field) {
            Some((PAIR, _)) => Value::Bool(true),
            Some(target) => self.field(&target, FieldId(0)),
            None => Value::Null,
        }
    }

    pub(super) fn many(&self, at: &At, field: FieldId) -> Vec<At> {
        match self.cell(at, field) {
            Cell::Many(rows) => {
                let target = self.target(at, field);
                rows.iter().map(|row| (target, *row)).collect()
            }
            _ => panic!("a to-many relation"),
        }
    }

    /// Takes every third field of the first item as the values sent.
    pub(super) fn some_input(&self, tables: &Tables) -> Vec<(FieldId, Value)> {
        let fields = tables.fields[0].iter().zip(&self.tables[0][0]);
        fields
            .filter_map(|((_, info), cell)| match cell {
                Cell::Value(value) if info.id.0 % 3 != 1 => Some((info.id, value.clone())),
                _ => None,
            })
            .collect()
    }
}

fn cell(info: &FieldInfo, entity: usize, row: usize, entropy: &mut Entropy<'_>) -> Cell {
    let null = info.nullable && entropy.pick(3) == 0;
    match &info.ty {
        Type::Row(target) => {
            let row = entropy.pick(ROWS[target.0 as usize]);
            Cell::One((!null).then_some(row))
        }
        Type::Rows(target) => {
            let rows = 0..ROWS[target.0 as usize];
            Cell::Many(rows.filter(|_| entropy.pick(2) == 0).collect())
        }
        _ if info.is_sole_key => Cell::Value(Value::Uuid(id(entity * 3 + row))),
        _ if null => Cell::Value(Value::Null),
        ty => Cell::Value(value(ty, entropy)),
    }
}

fn value(ty: &Type, entropy: &mut Entropy<'_>) -> Value {
    match ty {
        Type::Bool => Value::Bool(entropy.pick(2) == 0),
        Type::Int => Value::Int([0, 1, -1, 2, 5, i64::MAX, i64::MIN][entropy.pick(7)]),
        Type::Float => Value::Float([0.0, 1.5, -1.0, 2.0, 1e308, -0.0][entropy.pick(6)]),
        Type::Decimal => {
            let (mantissa, scale) =
                [(0, 0), (150, 2), (15, 1), (-1, 0), (2, 0), (9_999_999_999_999_999, 0), (1, 3)]
                    [entropy.pick(7)];
            Value::Decimal(Decimal::new(mantissa, scale))
        }
        Type::Text => Value::Text(text(entropy).to_owned()),
        Type::Uuid => Value::Uuid(id(entropy.pick(5))),
        Type::Timestamp => {
            let times = [1_704_153_600_000_000, 0, 1_704_153_600_000_001, -62_135_596_800_000_000];
            Value::Timestamp(Timestamp(times[entropy.pick(4)]))
        }
        Type::Date => Value::Date(Date([19_724, 0, 19_725, -719_162][entropy.pick(4)])),
        Type::Enum(_) => Value::Text(["PAID", "SENT"][entropy.pick(2)].to_owned()),
        Type::Json => Value::Json(json(entropy).into()),
        Type::List(element) => {
            let count = entropy.pick(3);
            Value::List((0..count).map(|_| value(element, entropy)).collect())
        }
        _ => panic!("no field has this type"),
    }
}

fn text(entropy: &mut Entropy<'_>) -> &'static str {
    ["a", "", "admin", "PAID", " Ab ", "5", "1.50", "2024-01-02", "2024-01-02T00:00:00Z", "é"]
        [entropy.pick(10)]
}

fn json(entropy: &mut Entropy<'_>) -> serde_json::Value {
    let id = id(1).to_string();
    match entropy.pick(7) {
        0 => json!({}),
        1 => json!({"color": "a", "size": 2, "tags": ["a", "b"], "on": true, "id": id}),
        2 => {
            json!({"color": null, "size": 1.5, "tags": [], "on": false, "at": "2024-01-02T00:00:00Z"})
        }
        3 => {
            json!({"color": 5, "size": "1.50", "tags": [1, null, {"x": 1}], "on": null, "day": "2024-01-02"})
        }
        4 => json!(["a", 2, null]),
        5 => json!({"tags": "a", "size": {"x": 2}}),
        _ => json!(null),
    }
}

/// A caller looking at one item.
pub(super) struct Surroundings<'a> {
    pub(super) world: &'a World,
    pub(super) caller: &'a Caller<'a>,
    pub(super) row: usize,
    pub(super) atoms: &'a [Value],
}

impl Env for Surroundings<'_> {
    type Row = At;

    fn now(&self) -> Timestamp {
        self.caller.now
    }

    fn user(&self) -> Option<std::sync::Arc<serde_json::Value>> {
        self.caller.user.clone()
    }

    fn input(&self, field: FieldId) -> Option<Value> {
        self.caller.input(field)
    }

    fn atom(&self, index: u16) -> Value {
        self.atoms[usize::from(index)].clone()
    }

    fn row(&self) -> Option<At> {
        Some((ITEM, self.row))
    }

    fn field(&self, row: &At, field: FieldId) -> Value {
        self.world.field(row, field)
    }

    fn hop(&self, row: &At, field: FieldId) -> Option<At> {
        self.world.hop(row, field)
    }

    fn ref_key(&self, row: &At, field: FieldId) -> Value {
        self.world.ref_key(row, field)
    }

    fn rows(&self, row: &At, field: FieldId) -> Vec<At> {
        self.world.many(row, field)
    }
}
