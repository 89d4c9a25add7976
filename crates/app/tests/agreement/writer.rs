//! Random expressions as text, well-typed in whatever model they are written for.

use expr::{EntityId, Schema as _, Type};
use model::{FieldKind, Model};

use crate::entropy::Entropy;

const OPS: [&str; 6] = ["==", "!=", "<", "<=", ">", ">="];
/// How deep expressions nest.
const DEPTH_MAX: usize = 5;
const USER: [&str; 8] = [
    "user.role",
    "user.id",
    "user.level",
    "user.active",
    "user.org.id",
    "user.born",
    "user.roles[0]",
    "user.limit",
];
const JSON_PATHS: [&str; 8] =
    [".color", ".size", "['color']", ".on", "[1]", ".at", ".day", ".size.x"];

/// What an expression may name.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// The row's own stored fields, as checks and computed fields.
    Own,
    /// Relations, the caller and the time too, as rules.
    All,
    /// What rules may, with the row's fields standing for themselves, as filters.
    Bare,
}

#[derive(Clone)]
enum Var {
    Row(EntityId),
    Element(Type),
}

pub(crate) struct Writer<'w, 'b> {
    model: &'w Model,
    entropy: &'w mut Entropy<'b>,
    reach: Reach,
    vars: Vec<(String, Var)>,
    /// The types of which there are values in reach.
    types: Vec<Type>,
    depth: usize,
}

impl<'w, 'b> Writer<'w, 'b> {
    pub(crate) fn new(
        model: &'w Model,
        entity: EntityId,
        entropy: &'w mut Entropy<'b>,
        reach: Reach,
    ) -> Self {
        let root = if reach == Reach::Bare { "" } else { "row." };
        let vars = vec![(root.to_owned(), Var::Row(entity))];
        let mut writer = Self { model, entropy, reach, vars, types: Vec::new(), depth: 0 };
        let mut types =
            vec![Type::Int, Type::Text, Type::Bool, Type::Float, Type::Decimal, Type::Timestamp];
        types.extend([Type::Date, Type::Duration]);
        let status = (!model.enums.is_empty()).then_some(Type::Enum(expr::EnumId(0)));
        let stored = [Some(Type::Uuid), status].into_iter().flatten();
        types.extend(stored.filter(|ty| !writer.fields(ty).is_empty()));
        writer.types = types;
        writer
    }

    fn pick(&mut self, count: usize) -> usize {
        self.entropy.pick(count)
    }

    fn of(&mut self, items: &[&str]) -> String {
        self.entropy.of(items).to_owned()
    }

    fn any_type(&mut self) -> Type {
        self.entropy.of(&self.types)
    }

    fn deeper(&mut self, make: impl FnOnce(&mut Self) -> String) -> String {
        self.depth += 1;
        let made = make(self);
        self.depth -= 1;
        made
    }

    fn is_leaf(&self) -> bool {
        self.depth >= DEPTH_MAX || self.entropy.is_spent()
    }

    /// Returns the rows in reach, each with what stands before a field of it.
    fn rows(&self) -> Vec<(String, EntityId)> {
        let mut rows: Vec<(String, EntityId)> = Vec::new();
        for (name, var) in &self.vars {
            if let Var::Row(entity) = var {
                rows.push((name.clone(), *entity));
            }
        }
        if self.reach == Reach::Own {
            return rows;
        }
        let mut from = 0;
        for _ in 0..2 {
            let end = rows.len();
            for at in from..end {
                let (path, entity) = rows[at].clone();
                for field in &self.model.entity(entity).fields {
                    if let FieldKind::ToOne(relation) = &field.kind
                        && !relation.other_module
                    {
                        rows.push((format!("{path}{}.", field.name), relation.target));
                    }
                }
            }
            from = end;
        }
        rows
    }

    /// Returns the fields and elements of a type that are in reach.
    fn fields(&self, ty: &Type) -> Vec<String> {
        let mut found = Vec::new();
        for (name, var) in &self.vars {
            if matches!(var, Var::Element(element) if element == ty) {
                found.push(name.clone());
            }
        }
        for (path, entity) in self.rows() {
            let described = self.model.entity(entity);
            for field in &described.fields {
                let info = self.model.field(entity, &field.name).expect("its own field");
                if info.ty == *ty {
                    found.push(format!("{path}{}", field.name));
                }
                if let FieldKind::ToOne(relation) = &field.kind
                    && info.key.as_ref() == Some(ty)
                {
                    found.push(format!("{path}{}", field.name));
                    let target = self.model.entity(relation.target);
                    found.push(format!(
                        "{path}{}.{}",
                        field.name,
                        target.field(target.key[0]).name
                    ));
                }
            }
        }
        found
    }

    /// Writes a field of the type; a constant where there is none.
    fn field(&mut self, ty: &Type) -> String {
        let fields = self.fields(ty);
        if fields.is_empty() { self.constant(ty) } else { self.entropy.of(&fields) }
    }

    /// Writes a list in reach, and the type of its elements.
    fn list(&mut self) -> (String, Type) {
        let mut lists =
            vec![("[1, 2, -1]".to_owned(), Type::Int), ("['a', 'PAID']".to_owned(), Type::Text)];
        if self.reach != Reach::Own {
            lists.push(("user.roles".to_owned(), Type::Json));
        }
        for (path, entity) in self.rows() {
            for field in &self.model.entity(entity).fields {
                if let FieldKind::List { scalar, .. } = field.kind {
                    lists.push((format!("{path}{}", field.name), scalar.expr_type()));
                }
            }
        }
        lists.extend(
            self.fields(&Type::Json).iter().map(|json| (format!("{json}.tags"), Type::Json)),
        );
        self.entropy.of(&lists)
    }

    /// Writes a to-many relation in reach, and its entity.
    fn many(&mut self) -> Option<(String, EntityId)> {
        let mut found = Vec::new();
        for (path, entity) in self.rows().into_iter().filter(|_| self.reach != Reach::Own) {
            for field in &self.model.entity(entity).fields {
                if let FieldKind::ToMany { target, .. } = field.kind {
                    found.push((format!("{path}{}", field.name), target));
                }
            }
        }
        (!found.is_empty()).then(|| self.entropy.of(&found))
    }

    /// Writes a JSON value: a claim, or a part of a field. A model without either has none.
    fn json(&mut self) -> Option<String> {
        let fields = self.fields(&Type::Json);
        let has_claims = self.reach != Reach::Own;
        if fields.is_empty() && !has_claims {
            return None;
        }
        if has_claims && (fields.is_empty() || self.pick(2) == 0) {
            return Some(self.of(&USER));
        }
        let field = self.entropy.of(&fields);
        Some(field + &self.of(&JSON_PATHS))
    }

    /// Writes a condition.
    pub(crate) fn condition(&mut self) -> String {
        if self.is_leaf() {
            return self.field(&Type::Bool);
        }
        self.deeper(|this| match this.pick(20) {
            0 | 1 => format!("({} && {})", this.condition(), this.condition()),
            2 | 3 => format!("({} || {})", this.condition(), this.condition()),
            4 | 5 => format!("!({})", this.condition()),
            6 => {
                format!("({} ? {} : {})", this.condition(), this.condition(), this.condition())
            }
            7..=10 => this.comparison(),
            11 => this.null_test(),
            12 => this.membership(),
            13 | 14 => this.over_rows(),
            15 => this.over_list(),
            16 => this.text_test(),
            17 => {
                let ty = this.any_type();
                let fields = this.fields(&ty).into_iter().filter(|field| field.contains('.'));
                let fields: Vec<String> = fields.collect();
                if fields.is_empty() {
                    this.comparison()
                } else {
                    format!("has({})", this.entropy.of(&fields))
                }
            }
            18 => this.json().unwrap_or_else(|| this.field(&Type::Bool)),
            _ => this.field(&Type::Bool),
        })
    }

    fn comparison(&mut self) -> String {
        let ty = self.any_type();
        let ordered = !matches!(ty, Type::Bool | Type::Enum(_));
        let op = self.of(if ordered { &OPS } else { &OPS[..2] });
        let left = self.value(&ty);
        let right = match self.pick(6) {
            0 | 1 => self.json().unwrap_or_else(|| self.constant(&ty)),
            2 | 3 => self.constant(&ty),
            _ => self.value(&ty),
        };
        if self.pick(3) == 2 {
            format!("({right} {op} {left})")
        } else {
            format!("({left} {op} {right})")
        }
    }

    fn null_test(&mut self) -> String {
        let what = match self.pick(5) {
            0 => self.json().unwrap_or_else(|| self.condition()),
            1 => self.condition(),
            2 => self.list().0,
            _ => {
                let ty = self.any_type();
                self.value(&ty)
            }
        };
        format!("({what} {} null)", self.of(&OPS[..2]))
    }

    fn membership(&mut self) -> String {
        let (list, element) = self.list();
        if self.pick(2) == 0 && element != Type::Json && self.types.contains(&element) {
            return format!("({} in {list})", self.value(&element));
        }
        let ty = self.any_type();
        let items: Vec<String> = (0..self.pick(4)).map(|_| self.constant(&ty)).collect();
        format!("({} in [{}])", self.value(&ty), items.join(", "))
    }

    fn over_rows(&mut self) -> String {
        if self.vars.len() > 3 {
            return self.comparison();
        }
        match self.many() {
            Some((rows, entity)) => self.quantified(&rows, Var::Row(entity)),
            None => self.over_list(),
        }
    }

    fn over_list(&mut self) -> String {
        if self.vars.len() > 3 {
            return self.comparison();
        }
        let (list, element) = self.list();
        self.quantified(&list, Var::Element(element))
    }

    fn quantified(&mut self, over: &str, var: Var) -> String {
        let quantifier = self.of(&["exists", "all"]);
        let name = format!("v{}", self.vars.len());
        let path = if matches!(var, Var::Row(_)) { format!("{name}.") } else { name.clone() };
        self.vars.push((path, var));
        let body = self.condition();
        self.vars.pop();
        format!("{over}.{quantifier}({name}, {body})")
    }

    fn text_test(&mut self) -> String {
        let text = self.value(&Type::Text);
        match self.pick(4) {
            0 => format!("{text}.matches('^[a-z]*$')"),
            1 => format!("{text}.startsWith({})", self.value(&Type::Text)),
            2 => format!("{text}.endsWith({})", self.value(&Type::Text)),
            _ => format!("{text}.contains({})", self.value(&Type::Text)),
        }
    }

    /// Writes a constant as it may stand beside an operand of the type.
    fn constant(&mut self, ty: &Type) -> String {
        match ty {
            Type::Bool => self.of(&["true", "false"]),
            Type::Int => self.of(&["0", "1", "2", "-1", "9223372036854775807"]),
            Type::Float => self.of(&["0.0", "1.5", "-1.0"]),
            Type::Decimal => self.of(&["decimal('1.50')", "decimal('0')", "decimal('0.001')"]),
            Type::Text => self.of(&["'a'", "''", "'admin'", "'PAID'", "'é'"]),
            Type::Uuid => self.of(&["'01890a5d-ac96-774b-bcce-b302099a8001'"]),
            Type::Timestamp => self.of(&["timestamp('2024-01-02T00:00:00Z')"]),
            Type::Date => self.of(&["date('2024-01-02')", "date('1970-01-01')"]),
            Type::Enum(_) => self.of(&["'PAID'", "'SENT'"]),
            _ => self.of(&["duration('24h')", "duration('-1s')"]),
        }
    }

    /// Writes an expression of the type.
    pub(crate) fn value(&mut self, ty: &Type) -> String {
        if self.is_leaf() {
            return self.field(ty);
        }
        self.deeper(|this| match this.pick(5) {
            0 | 1 => this.field(ty),
            2 if this.pick(3) == 0 => {
                format!("({} ? {} : {})", this.condition(), this.value(ty), this.value(ty))
            }
            _ => this.composed(ty),
        })
    }

    fn composed(&mut self, ty: &Type) -> String {
        match ty {
            // A condition may be JSON, which cannot be compared with JSON.
            Type::Bool => format!("!({})", self.condition()),
            Type::Int => self.int(),
            Type::Float => match self.pick(4) {
                0 => format!("double({})", self.value(&Type::Int)),
                1 => format!("double({})", self.value(&Type::Text)),
                2 => format!("abs({})", self.value(&Type::Float)),
                _ => self.sum(&Type::Float),
            },
            Type::Decimal => match self.pick(4) {
                // A constant that is no decimal would be a mistake.
                0 => format!("decimal({})", self.field(&Type::Int)),
                1 => format!("-({})", self.value(&Type::Decimal)),
                _ => self.sum(&Type::Decimal),
            },
            Type::Text => self.text(),
            Type::Timestamp => match self.pick(4) {
                0 if self.reach != Reach::Own => "now".to_owned(),
                1 => format!("timestamp({})", self.value(&Type::Date)),
                2 => format!("({} - {})", self.value(ty), self.value(&Type::Duration)),
                _ => format!("({} + {})", self.value(ty), self.value(&Type::Duration)),
            },
            Type::Date => format!("date({})", self.value(&Type::Timestamp)),
            Type::Duration => match self.pick(4) {
                0 => {
                    format!("({} - {})", self.value(&Type::Timestamp), self.value(&Type::Timestamp))
                }
                1 => format!("({} - {})", self.value(&Type::Date), self.value(&Type::Timestamp)),
                2 => format!("-({})", self.value(ty)),
                _ => format!("({} + {})", self.value(ty), self.value(ty)),
            },
            _ => self.field(ty),
        }
    }

    fn int(&mut self) -> String {
        match self.pick(7) {
            0 => format!("size({})", self.value(&Type::Text)),
            1 => format!("size({})", self.list().0),
            2 => match self.many() {
                Some((rows, _)) => format!("size({rows})"),
                None => self.sum(&Type::Int),
            },
            3 => {
                let part =
                    self.of(&["getFullYear", "getMonth", "getDate", "getDayOfWeek", "getHours"]);
                format!("{}.{part}()", self.value(&Type::Timestamp))
            }
            4 => format!("int({})", self.value(&Type::Decimal)),
            5 => format!("-({})", self.value(&Type::Int)),
            _ => self.sum(&Type::Int),
        }
    }

    fn text(&mut self) -> String {
        match self.pick(5) {
            0 => format!("({} + {})", self.value(&Type::Text), self.value(&Type::Text)),
            1 => {
                let method = self.of(&["lowerAscii", "upperAscii", "trim"]);
                format!("{}.{method}()", self.value(&Type::Text))
            }
            2 => format!("{}.before({})", self.value(&Type::Text), self.value(&Type::Text)),
            3 => {
                let json = self.json();
                format!("string({})", json.unwrap_or_else(|| self.value(&Type::Int)))
            }
            _ => {
                let ty = self.any_type();
                format!("string({})", self.value(&ty))
            }
        }
    }

    fn sum(&mut self, ty: &Type) -> String {
        let op = self.of(&["+", "-", "*", "/", "%"]);
        let other = if self.pick(3) == 2 { Type::Int } else { ty.clone() };
        format!("({} {op} {})", self.value(ty), self.value(&other))
    }
}
