//! A model as it is edited: types and fields know who they are whatever their names.

use std::fmt::Write as _;

/// A number that a type or field keeps through all edits.
pub(crate) type Id = usize;

/// A model of one module, with one enum (`Status`) and one nested type (`Place`).
#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    pub(crate) values: Vec<Value>,
    /// The members of the nested type: names and types.
    pub(crate) members: Vec<(String, &'static str)>,
    pub(crate) types: Vec<Type>,
    /// The next id.
    pub(crate) next: Id,
}

/// A value of the enum, with what it was called before.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    pub(crate) id: Id,
    pub(crate) name: String,
    pub(crate) was: Option<String>,
}

/// An entity. Each has besides its fields `n`, which tells its rows apart, `code` and `org`.
#[derive(Clone, Debug)]
pub(crate) struct Type {
    pub(crate) id: Id,
    pub(crate) name: String,
    pub(crate) was: Option<String>,
    pub(crate) key: Key,
    pub(crate) tenant: bool,
    pub(crate) archive: bool,
    /// Declares `archivedAt`.
    pub(crate) archived_at: bool,
    pub(crate) audit: bool,
    pub(crate) search: bool,
    pub(crate) fields: Vec<Field>,
}

/// What tells the rows of a type apart for the database.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    Id,
    Code,
    N,
    /// `org` and `n`.
    Both,
}

/// A field of an entity.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) id: Id,
    pub(crate) name: String,
    pub(crate) was: Option<String>,
    pub(crate) kind: Kind,
    pub(crate) required: bool,
    pub(crate) unique: bool,
    pub(crate) default: bool,
    pub(crate) private: bool,
    pub(crate) fill: Option<Fill>,
}

/// What a field holds.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Scalar(&'static str),
    List(&'static str),
    /// `n` times this.
    Computed(i64),
    One(Id, Deletion),
    /// A many-to-many relation, and whether its target has the other side.
    Many(Id, bool),
}

/// What deleting a row does to those that refer to it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Deletion {
    Restrict,
    Cascade,
    SetNull,
}

/// What rows that are there get in a field.
#[derive(Clone, Debug)]
pub(crate) struct Fill {
    /// The field that it reads, by its id and by the name that it had.
    pub(crate) source: (Id, String),
    pub(crate) how: How,
}

/// How a fill makes a value of another one.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum How {
    Copy,
    OrNone,
    AsText,
    Size,
    Made,
}

impl How {
    fn expr(self, name: &str) -> String {
        match self {
            Self::Copy => format!("row.{name}"),
            Self::OrNone => format!("row.{name} == null ? 'none' : row.{name}"),
            Self::AsText => format!("string(row.{name})"),
            Self::Size => format!("size(row.{name})"),
            Self::Made => "'made'".to_owned(),
        }
    }
}

impl Type {
    /// Returns the fields that `@search` is over, if it is.
    pub(crate) fn searched(&self) -> impl Iterator<Item = &Field> {
        let is_text = |field: &&Field| field.kind == Kind::Scalar("String") && !field.private;
        self.fields.iter().filter(is_text)
    }

    pub(crate) fn field(&self, id: Id) -> Option<&Field> {
        self.fields.iter().find(|field| field.id == id)
    }
}

impl Draft {
    pub(crate) fn fresh(&mut self) -> Id {
        self.next += 1;
        self.next
    }

    pub(crate) fn ty(&self, id: Id) -> Option<&Type> {
        self.types.iter().find(|ty| ty.id == id)
    }

    /// Writes the model.
    pub(crate) fn sdl(&self) -> String {
        let mut sdl = String::from("enum Status {");
        for value in &self.values {
            write!(sdl, " {}{}", value.name, was(value.was.as_ref())).expect("a String takes all");
        }
        sdl += " }\ntype Place {";
        for (name, ty) in &self.members {
            write!(sdl, " {name}: {ty}").expect("a String takes all");
        }
        sdl += " }\n";
        for ty in &self.types {
            sdl += &self.type_sdl(ty);
        }
        sdl
    }

    fn type_sdl(&self, ty: &Type) -> String {
        let mut sdl = format!("type {} @entity{}", ty.name, was(ty.was.as_ref()));
        let key = match ty.key {
            Key::Id => "",
            Key::Code => " @key(on: [\"code\"])",
            Key::N => " @key(on: [\"n\"])",
            Key::Both => " @key(on: [\"org\", \"n\"])",
        };
        sdl += key;
        for (is, text) in [
            (ty.tenant, " @tenant(field: \"org\")"),
            (ty.archive, " @archive"),
            (ty.audit, " @audit"),
        ] {
            sdl += if is { text } else { "" };
        }
        if ty.search && ty.searched().next().is_some() {
            let names: Vec<String> = ty.searched().map(|f| format!("\"{}\"", f.name)).collect();
            write!(sdl, " @search(on: [{}])", names.join(", ")).expect("a String takes all");
        }
        sdl += " @allow(read: \"true\", write: \"true\") {\n  n: Int!\n  code: String!\n  org: String!\n";
        if ty.archived_at {
            sdl += "  archivedAt: DateTime\n";
        }
        for field in &ty.fields {
            writeln!(sdl, "  {}: {}", field.name, self.field_sdl(field))
                .expect("a String takes all");
        }
        for (owner, field) in self.inverses(ty.id) {
            writeln!(
                sdl,
                "  {}: [{}!]! @inverse(of: \"{}\")",
                inverse_name(field.id),
                owner.name,
                field.name
            )
            .expect("a String takes all");
        }
        sdl + "}\n"
    }

    /// Returns the many-to-many relations whose other side a type has.
    pub(crate) fn inverses(&self, target: Id) -> impl Iterator<Item = (&Type, &Field)> {
        let fields = self.types.iter().flat_map(|ty| ty.fields.iter().map(move |f| (ty, f)));
        fields.filter(move |(_, f)| matches!(f.kind, Kind::Many(to, true) if to == target))
    }

    fn field_sdl(&self, field: &Field) -> String {
        let required = if field.required { "!" } else { "" };
        let target = |id: Id| self.ty(id).map_or("Gone", |ty| &ty.name);
        let mut sdl = match field.kind {
            Kind::Scalar(name) => format!("{name}{required}"),
            Kind::List(name) => format!("[{name}!]!"),
            Kind::Computed(times) => format!("BigInt @computed(expr: \"row.n * {times}\")"),
            Kind::One(to, deletion) => {
                let deletion = match deletion {
                    Deletion::Restrict => "",
                    Deletion::Cascade => " @onDelete(do: CASCADE)",
                    Deletion::SetNull => " @onDelete(do: SET_NULL)",
                };
                format!("{}{required}{deletion}", target(to))
            }
            Kind::Many(to, _) => format!("[{}!]! @join", target(to)),
        };
        if !matches!(field.kind, Kind::Computed(_)) {
            sdl += &was(field.was.as_ref());
        }
        sdl += if field.unique { " @unique" } else { "" };
        sdl += if field.private { " @private" } else { "" };
        if field.default
            && let Some(value) = self.default_of(field.kind)
        {
            write!(sdl, " @default(value: {value})").expect("a String takes all");
        }
        if let Some(fill) = &field.fill {
            write!(sdl, " @fill(expr: \"{}\")", fill.how.expr(&fill.source.1))
                .expect("a String takes all");
        }
        sdl
    }

    /// Returns what a field with a default has, as SDL.
    pub(crate) fn default_of(&self, kind: Kind) -> Option<String> {
        Some(match kind {
            Kind::List(_) => "[]".to_owned(),
            Kind::Scalar("Boolean") => "true".to_owned(),
            Kind::Scalar("Int") => "7".to_owned(),
            Kind::Scalar("String") => "\"new\"".to_owned(),
            Kind::Scalar("Status") => format!("\"{}\"", self.values[0].name),
            _ => return None,
        })
    }
}

/// Names the other side of a many-to-many relation.
pub(crate) fn inverse_name(field: Id) -> String {
    format!("back{field}")
}

fn was(name: Option<&String>) -> String {
    name.map_or_else(String::new, |name| format!(" @was(name: \"{name}\")"))
}
