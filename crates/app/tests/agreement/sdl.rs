//! Random models as SDL.

use std::fmt::Write as _;
use std::sync::Arc;

use model::{Config, Model, Sources};

use crate::entropy::Entropy;

/// The type of another module, and the two of the module under test.
pub(crate) const TYPES: [&str; 3] = ["Maker", "Person", "Item"];
const SCALARS: [&str; 12] = [
    "Boolean", "Int", "String", "Decimal", "DateTime", "Status", "JSON", "Date", "Float", "BigInt",
    "ID", "Email",
];
const LISTS: [&str; 6] = ["String", "Int", "Status", "Decimal", "DateTime", "Boolean"];

/// The declared fields of a type.
pub(crate) struct Declared {
    key: &'static str,
    fields: Vec<(String, String)>,
}

/// What is added to a type; none of it changes a table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Additions {
    /// The type's `@allow`.
    pub(crate) rule: Option<String>,
    /// A field's name and its `@allow`.
    pub(crate) on_field: Option<(String, String)>,
    /// Computed fields.
    pub(crate) fields: String,
}

impl Declared {
    /// Declares a type: a number that tells its rows apart, a key, scalars, lists and relations.
    pub(crate) fn random(index: usize, entropy: &mut Entropy<'_>) -> Self {
        let mut fields = vec![("n".to_owned(), "Int!".to_owned())];
        let mut add = |name: &str, ty: String| fields.push((name.to_owned(), ty));
        let key = entropy.of(&[
            "",
            "",
            "@key(on: [\"code\"])",
            "@key(on: [\"n\"])",
            "@key(on: [\"code\", \"n\"])",
        ]);
        if key.is_empty() {
            add("id", "ID!".to_owned());
        }
        add("code", "String!".to_owned());
        for (number, scalar) in SCALARS.iter().enumerate() {
            // Most types have most scalars: what an expression may say should not depend on luck.
            if entropy.pick(4) > 0 {
                add(&format!("f{number}"), format!("{scalar}{}", entropy.of(&["", "!"])));
            }
        }
        for number in 0..entropy.pick(4) {
            let of = entropy.of(&LISTS);
            add(&format!("list{number}"), format!("[{of}!]!"));
        }
        if entropy.pick(3) > 0 {
            add("parent", TYPES[index].to_owned());
            add("children", format!("[{}!]! @inverse(of: \"parent\")", TYPES[index]));
        }
        if entropy.pick(2) > 0 {
            add("peers", format!("[{}!]! @join", TYPES[index]));
            add("backPeers", format!("[{}!]! @inverse(of: \"peers\")", TYPES[index]));
        }
        match index {
            1 => add("items", "[Item!]! @inverse(of: \"owner\")".to_owned()),
            2 => {
                add("owner", format!("Person{}", entropy.of(&["", "!"])));
                add("buyer", format!("Person{}", entropy.of(&["", "!"])));
                add("maker", format!("Maker{}", entropy.of(&["", "!"])));
                add("friends", "[Person!]! @join".to_owned());
            }
            _ => {}
        }
        Self { key, fields }
    }

    fn sdl(&self, name: &str, additions: &Additions) -> String {
        let rule = additions.rule.as_deref().unwrap_or("@allow(read: \"true\")");
        let mut sdl = format!("type {name} @entity @exposed {} {rule} {{\n", self.key);
        for (field, ty) in &self.fields {
            let own = additions.on_field.as_ref().filter(|(name, _)| name == field);
            let directive = own.map_or("", |(_, directive)| directive);
            writeln!(sdl, "  {field}: {ty} {directive}").expect("a String takes all");
        }
        sdl + &additions.fields + "}\n"
    }
}

/// Loads the model of these types.
pub(crate) fn load(types: &[Declared; 3], additions: &[Additions; 3]) -> (Arc<Model>, Arc<Config>) {
    let of = |index: usize| types[index].sdl(TYPES[index], &additions[index]);
    let makers = format!("enum Status @exposed {{ PAID SENT }}\n{}", of(0));
    let items = format!("extend schema @module(uses: [\"base\"])\n{}{}", of(1), of(2));
    load_texts([("modules/base/schema.graphql", makers), ("modules/items/schema.graphql", items)])
}

/// Loads the model in these files.
pub(crate) fn load_texts<const N: usize>(files: [(&str, String); N]) -> (Arc<Model>, Arc<Config>) {
    let loaded = model::load(&Sources::new(files));
    let loaded = loaded.unwrap_or_else(|report| panic!("{report}"));
    (loaded.model.into(), loaded.config.into())
}
