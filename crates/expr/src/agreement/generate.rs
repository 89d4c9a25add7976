//! Random expressions as text, well-typed in the model of `world`.

use super::world::{Entropy, ITEM, PERSON};
use crate::schema::EntityId;

/// The types expressions are generated for; JSON stands in wherever another type is known.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Ty {
    Bool,
    Int,
    Float,
    Decimal,
    Text,
    Uuid,
    At,
    Day,
    Status,
    Span,
}

const TYPES: [Ty; 10] = [
    Ty::Int,
    Ty::Text,
    Ty::Bool,
    Ty::Float,
    Ty::Decimal,
    Ty::Uuid,
    Ty::At,
    Ty::Day,
    Ty::Status,
    Ty::Span,
];
const OPS: [&str; 6] = ["==", "!=", "<", "<=", ">", ">="];
/// How deep generated expressions nest.
const DEPTH_MAX: usize = 5;

#[derive(Clone)]
enum Var {
    Row(EntityId),
    Element(Ty),
    Json,
}

pub(super) struct Generator<'g, 'b> {
    entropy: &'g mut Entropy<'b>,
    depth: usize,
    vars: Vec<(String, Var)>,
}

impl<'g, 'b> Generator<'g, 'b> {
    pub(super) fn new(entropy: &'g mut Entropy<'b>) -> Self {
        Self { entropy, depth: 0, vars: vec![("row".to_owned(), Var::Row(ITEM))] }
    }

    fn pick(&mut self, count: usize) -> usize {
        self.entropy.pick(count)
    }

    fn of<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.entropy.pick(items.len())]
    }

    fn is_leaf(&self) -> bool {
        self.depth >= DEPTH_MAX || self.entropy.is_spent()
    }

    fn deeper<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> T {
        self.depth += 1;
        let made = make(self);
        self.depth -= 1;
        made
    }

    /// Makes an expression of any scalar type.
    pub(super) fn value(&mut self) -> String {
        let ty = self.of(&TYPES);
        self.typed(ty)
    }

    /// Makes an expression of type Bool.
    pub(super) fn condition(&mut self) -> String {
        if self.is_leaf() {
            return match self.pick(3) {
                0 => self.field(Ty::Bool),
                1 => self.json(),
                _ => self.of(&["true", "false"]).to_owned(),
            };
        }
        self.deeper(|this| match this.pick(20) {
            0 | 1 => {
                let (a, b) = (this.condition(), this.condition());
                let op = this.of(&["&&", "||"]);
                format!("({a} {op} {b})")
            }
            2 | 3 => format!("!({})", this.condition()),
            4 => {
                let (a, b, c) = (this.condition(), this.condition(), this.condition());
                format!("({a} ? {b} : {c})")
            }
            5..=9 => this.comparison(),
            10 => this.null_test(),
            11 | 12 => this.membership(),
            13 => this.over_rows(),
            14 | 15 => this.over_list(),
            16 => this.text_test(),
            17 => this.has(),
            18 => this.json(),
            _ => this.field(Ty::Bool),
        })
    }

    fn comparison(&mut self) -> String {
        let ty = self.of(&TYPES);
        let ops = if matches!(ty, Ty::Bool | Ty::Status) { &OPS[..2] } else { &OPS };
        let op = self.of(ops);
        let left = self.typed(ty);
        let right = match self.pick(6) {
            0 | 1 => self.json(),
            2 | 3 => self.quoted(ty),
            _ => self.typed(ty),
        };
        if self.pick(3) == 0 {
            format!("({right} {op} {left})")
        } else {
            format!("({left} {op} {right})")
        }
    }

    fn null_test(&mut self) -> String {
        let what = match self.pick(8) {
            0 => "user".to_owned(),
            1 => self.json(),
            2 => "row.pair".to_owned(),
            3 => {
                let list = self.of(&["row.textsN", "row.ints", "row.statesN"]);
                list.to_owned()
            }
            4 => format!("({})", self.condition()),
            _ => {
                let ty = self.of(&TYPES);
                self.typed(ty)
            }
        };
        let op = self.of(&OPS[..2]);
        format!("({what} {op} null)")
    }

    fn membership(&mut self) -> String {
        let ty = self.of(&TYPES);
        let needle = self.typed(ty);
        let list = match (self.pick(5), ty) {
            (0, _) => self
                .of(&["user.roles", "user.org.tags", "row.json.tags", "row.jsonN", "user.role"])
                .to_owned(),
            (1, Ty::Text) => self.of(&["row.texts", "row.textsN"]).to_owned(),
            (1, Ty::Int) => self.of(&["row.ints", "row.intsN", "input.ints"]).to_owned(),
            (1, Ty::Status) => self.of(&["row.states", "row.statesN"]).to_owned(),
            _ => {
                let count = self.pick(4);
                let items: Vec<_> = (0..count)
                    .map(|_| match self.pick(3) {
                        0 => self.json(),
                        1 => self.typed(ty),
                        _ => self.quoted(ty),
                    })
                    .collect();
                format!("[{}]", items.join(", "))
            }
        };
        format!("({needle} in {list})")
    }

    fn over_rows(&mut self) -> String {
        if self.vars.len() > 3 {
            return self.field(Ty::Bool);
        }
        let (row, entity) = self.row();
        let relation = if entity == ITEM { "children" } else { "items" };
        self.quantified(&format!("{row}.{relation}"), Var::Row(ITEM))
    }

    fn over_list(&mut self) -> String {
        if self.vars.len() > 3 {
            return self.field(Ty::Bool);
        }
        let (list, var) = match self.pick(7) {
            0 => ("row.texts", Var::Element(Ty::Text)),
            1 => ("row.intsN", Var::Element(Ty::Int)),
            2 => ("row.statesN", Var::Element(Ty::Status)),
            3 => ("user.roles", Var::Json),
            4 => ("row.jsonN.tags", Var::Json),
            5 => ("[1, 2, -1]", Var::Element(Ty::Int)),
            _ => ("['a', user.role, string(input.intN)]", Var::Element(Ty::Text)),
        };
        self.quantified(list, var)
    }

    fn quantified(&mut self, over: &str, var: Var) -> String {
        let quantifier = self.of(&["exists", "all"]);
        let name = format!("v{}", self.vars.len());
        self.vars.push((name.clone(), var));
        let body = self.condition();
        self.vars.pop();
        format!("{over}.{quantifier}({name}, {body})")
    }

    fn text_test(&mut self) -> String {
        let text = if self.pick(4) == 0 { self.json() } else { self.typed(Ty::Text) };
        let method = self.of(&["startsWith", "endsWith", "contains", "matches"]);
        if method == "matches" {
            return format!("{text}.matches('^[a-z]*$')");
        }
        let argument = if self.pick(3) == 0 { self.json() } else { self.typed(Ty::Text) };
        format!("{text}.{method}({argument})")
    }

    fn has(&mut self) -> String {
        let what = self.of(&[
            "input.int",
            "input.textN",
            "input.boolN",
            "input.owner",
            "row.textN",
            "row.json.color",
            "row.parent",
            "row.pair",
            "row.buyer.boss",
            "user.org.id",
            "row.makerId",
        ]);
        format!("has({what})")
    }

    /// Makes a row and names its entity.
    fn row(&mut self) -> (String, EntityId) {
        let rows: Vec<(String, EntityId)> = self
            .vars
            .iter()
            .filter_map(|(name, var)| match var {
                Var::Row(entity) => Some((name.clone(), *entity)),
                _ => None,
            })
            .collect();
        let (mut path, mut entity) = rows[self.pick(rows.len())].clone();
        for _ in 0..2 {
            let hop = match (self.pick(7), entity) {
                (1, ITEM) => ("parent", ITEM),
                (2, ITEM) => ("owner", PERSON),
                (3, ITEM) => ("buyer", PERSON),
                (1 | 2, PERSON) => ("boss", PERSON),
                _ => continue,
            };
            path = format!("{path}.{}", hop.0);
            entity = hop.1;
        }
        (path, entity)
    }

    /// Makes a field of some row or an element, or a value that was sent.
    fn field(&mut self, ty: Ty) -> String {
        let elements: Vec<String> = self
            .vars
            .iter()
            .filter_map(|(name, var)| match var {
                Var::Element(element) if *element == ty => Some(name.clone()),
                _ => None,
            })
            .collect();
        if !elements.is_empty() && self.pick(2) == 1 {
            let at = self.pick(elements.len());
            return elements[at].clone();
        }
        let (row, entity) = self.row();
        let fields: &[&str] = match (ty, entity == ITEM) {
            (Ty::Text, false) => &["name", "nick"],
            (Ty::Int, false) => &["age"],
            (Ty::Uuid, false) => &["id", "boss", "bossId", "boss.id"],
            (Ty::Bool, true) => &["bool", "boolN"],
            (Ty::Int, true) => &["int", "intN"],
            (Ty::Float, true) => &["float", "floatN"],
            (Ty::Decimal, true) => &["decimal", "decimalN"],
            (Ty::Text, true) => &["text", "textN"],
            (Ty::Uuid, true) => {
                &["id", "uuidN", "owner", "buyerId", "parent.id", "maker", "maker.id", "parent"]
            }
            (Ty::At, true) => &["at", "atN"],
            (Ty::Day, true) => &["day", "dayN"],
            (Ty::Status, true) => &["status", "statusN"],
            _ => &[],
        };
        if fields.is_empty() {
            return match ty {
                Ty::Span => "duration('24h')".to_owned(),
                _ => {
                    let saved = std::mem::take(&mut self.vars);
                    self.vars.push(saved[0].clone());
                    let root = self.root_field(ty);
                    self.vars = saved;
                    root
                }
            };
        }
        let field = self.of(fields);
        if row == "row" && field.len() < 9 && !field.contains('.') && self.pick(6) == 1 {
            return format!("input.{field}");
        }
        format!("{row}.{field}")
    }

    fn root_field(&mut self, ty: Ty) -> String {
        let name = match ty {
            Ty::Bool => "bool",
            Ty::Float => "float",
            Ty::Decimal => "decimal",
            Ty::At => "at",
            Ty::Day => "day",
            Ty::Status => "status",
            Ty::Int => "int",
            Ty::Text => "text",
            Ty::Uuid => "uuid",
            Ty::Span => return "duration('24h')".to_owned(),
        };
        let nullable = self.of(&["", "N"]);
        format!("row.{name}{nullable}")
    }

    /// Makes a JSON value.
    fn json(&mut self) -> String {
        let elements: Vec<String> = self
            .vars
            .iter()
            .filter(|(_, var)| matches!(var, Var::Json))
            .map(|(name, _)| name.clone())
            .collect();
        if !elements.is_empty() && self.pick(2) == 1 {
            let at = self.pick(elements.len());
            return elements[at].clone();
        }
        self.of(&[
            "user.role",
            "user.id",
            "user.level",
            "user.active",
            "user.org.id",
            "user.born",
            "user.seen",
            "user.limit",
            "row.json.color",
            "row.jsonN.size",
            "row.jsonN['color']",
            "row.json.on",
            "row.json[1]",
            "row.json.at",
            "row.jsonN.day",
            "row.json.id",
            "row.parent.json.size",
            "user.roles[0]",
            "input.json.size",
        ])
        .to_owned()
    }

    /// Makes what a literal of the type is written like beside an operand of that type.
    fn quoted(&mut self, ty: Ty) -> String {
        match ty {
            Ty::Bool => self.of(&["true", "false"]),
            Ty::Int => self.of(&["0", "1", "2", "-1", "9223372036854775807"]),
            Ty::Float => self.of(&["0.0", "1.5", "2", "-1"]),
            Ty::Decimal => self.of(&["1.50", "0", "-1.0", "0.001", "9999999999999999"]),
            Ty::Text => self.of(&["'a'", "''", "'admin'", "'PAID'", "'é'"]),
            Ty::Uuid => self.of(&[
                "'01890a5d-ac96-774b-bcce-b302099a8001'",
                "'01890a5d-ac96-774b-bcce-b302099a8003'",
                "user.id",
            ]),
            Ty::At => self.of(&["'2024-01-02T00:00:00Z'", "now", "'2024-01-02'"]),
            Ty::Day => self.of(&["'2024-01-02'", "date('1970-01-01')"]),
            Ty::Status => self.of(&["'PAID'", "'SENT'"]),
            Ty::Span => self.of(&["duration('1h')", "'24h'"]),
        }
        .to_owned()
    }

    /// Makes an expression of just this type.
    fn typed(&mut self, ty: Ty) -> String {
        if self.is_leaf() {
            return self.field(ty);
        }
        self.deeper(|this| {
            if ty != Ty::Bool {
                match this.pick(8) {
                    0..=2 => return this.field(ty),
                    3 if this.pick(2) == 0 => {
                        let (a, b, c) = (this.condition(), this.typed(ty), this.typed(ty));
                        return format!("({a} ? {b} : {c})");
                    }
                    _ => {}
                }
            }
            match ty {
                Ty::Bool => match this.pick(4) {
                    0 => this.field(Ty::Bool),
                    1 => format!("!({})", this.condition()),
                    2 => this.comparison(),
                    _ => format!("({} && {})", this.condition(), this.condition()),
                },
                Ty::Int => this.int(),
                Ty::Float => this.float(),
                Ty::Decimal => this.decimal(),
                Ty::Text => this.text(),
                Ty::At => match this.pick(5) {
                    0 => "now".to_owned(),
                    1 => "timestamp('2024-01-02T00:00:00Z')".to_owned(),
                    2 => format!("timestamp({})", this.typed(Ty::Day)),
                    3 => format!("timestamp({})", this.field(Ty::Text)),
                    _ => {
                        let moved = if this.pick(3) == 0 { Ty::Day } else { Ty::At };
                        let (at, span) = (this.typed(moved), this.typed(Ty::Span));
                        let op = this.of(&["+", "-"]);
                        format!("({at} {op} {span})")
                    }
                },
                Ty::Day => match this.pick(3) {
                    0 => "date('2024-01-02')".to_owned(),
                    1 => format!("date({})", this.typed(Ty::At)),
                    _ => format!("date({})", this.field(Ty::Text)),
                },
                Ty::Span => match this.pick(5) {
                    0 => "duration('24h')".to_owned(),
                    1 => format!("({} - {})", this.typed(Ty::At), this.typed(Ty::At)),
                    2 => format!("({} - {})", this.typed(Ty::Day), this.typed(Ty::At)),
                    3 => format!("-{}", this.typed(Ty::Span)),
                    _ => format!("({} + {})", this.typed(Ty::Span), this.typed(Ty::Span)),
                },
                Ty::Uuid | Ty::Status => this.field(ty),
            }
        })
    }

    fn int(&mut self) -> String {
        match self.pick(11) {
            0 => self.of(&["0", "1", "2", "-1", "9223372036854775807"]).to_owned(),
            1 => format!("size({})", self.typed(Ty::Text)),
            2 => self
                .of(&[
                    "size(row.texts)",
                    "row.intsN.size()",
                    "size(user.roles)",
                    "size(row.jsonN.tags)",
                ])
                .to_owned(),
            3 => {
                let (row, entity) = self.row();
                let relation = if entity == ITEM { "children" } else { "items" };
                format!("size({row}.{relation})")
            }
            4 => {
                let part = self.of(&[
                    "getFullYear",
                    "getMonth",
                    "getDate",
                    "getDayOfWeek",
                    "getHours",
                    "getSeconds",
                ]);
                let of = if self.pick(3) == 0 { Ty::Day } else { Ty::At };
                format!("{}.{part}()", self.typed(of))
            }
            5 => format!("-({})", self.typed(Ty::Int)),
            6 => format!("abs({})", self.typed(Ty::Int)),
            7 => {
                let of = self.of(&[Ty::Float, Ty::Decimal, Ty::Text]);
                format!("int({})", self.typed(of))
            }
            _ => self.sum(Ty::Int, Ty::Int),
        }
    }

    fn float(&mut self) -> String {
        match self.pick(6) {
            0 => self.of(&["0.0", "1.5", "-2.5e3"]).to_owned(),
            1 => {
                let of = self.of(&[Ty::Int, Ty::Decimal, Ty::Text]);
                format!("double({})", self.typed(of))
            }
            2 => format!("abs({})", self.typed(Ty::Float)),
            3 => {
                let (json, int) = (self.json(), self.field(Ty::Int));
                let op = self.of(&["+", "-", "*"]);
                format!("({json} {op} {int})")
            }
            4 => self.sum(Ty::Float, Ty::Int),
            _ => self.sum(Ty::Float, Ty::Float),
        }
    }

    fn decimal(&mut self) -> String {
        match self.pick(6) {
            0 => self.of(&["decimal('1.50')", "decimal(0.001)", "decimal(2)"]).to_owned(),
            1 => {
                let of = self.of(&[Ty::Int, Ty::Float, Ty::Text]);
                // A literal that is no decimal would be a mistake.
                format!("decimal({})", self.field(of))
            }
            2 => format!("-({})", self.typed(Ty::Decimal)),
            3 => {
                let (json, decimal) = (self.json(), self.field(Ty::Decimal));
                format!("({decimal} + {json})")
            }
            4 => self.sum(Ty::Decimal, Ty::Int),
            _ => self.sum(Ty::Decimal, Ty::Decimal),
        }
    }

    fn sum(&mut self, left: Ty, right: Ty) -> String {
        let (left, right) = (self.typed(left), self.typed(right));
        let op = self.of(&["+", "-", "*", "/", "%"]);
        if self.pick(3) == 0 {
            format!("({right} {op} {left})")
        } else {
            format!("({left} {op} {right})")
        }
    }

    fn text(&mut self) -> String {
        match self.pick(7) {
            0 => self.of(&["'a'", "''", "'PAID'", "' é '"]).to_owned(),
            1 => format!("({} + {})", self.typed(Ty::Text), self.typed(Ty::Text)),
            2 => {
                let method = self.of(&["lowerAscii", "upperAscii", "trim"]);
                format!("{}.{method}()", self.typed(Ty::Text))
            }
            3 => {
                let method = self.of(&["before", "after"]);
                let (text, separator) = (self.typed(Ty::Text), self.typed(Ty::Text));
                format!("{text}.{method}({separator})")
            }
            4 => {
                let json = self.json();
                format!("string({json})")
            }
            _ => {
                let of = self.of(&TYPES);
                format!("string({})", self.typed(of))
            }
        }
    }
}
