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
    /// Directives of the type that its tables depend on.
    directives: String,
    /// Whether its rows have a history.
    is_audited: bool,
    pub(crate) guards: Guards,
}

/// What keeps rows from callers besides rules.
#[derive(Copy, Clone, Debug, Default)]
pub(crate) struct Guards {
    /// Rows belong to the tenant in `org`.
    pub(crate) tenant: bool,
    /// Deleted rows are archived.
    pub(crate) archive: bool,
}

/// Whether a model has its guards, or the same tables without them.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum As {
    Guarded,
    Written,
}

/// What is added to a type; none of it changes a table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Additions {
    /// The type's `@allow`.
    pub(crate) rule: Option<String>,
    /// Who may read histories, where it is not whoever may change the row.
    pub(crate) audit: Option<String>,
    /// Names of fields, each with its `@allow`.
    pub(crate) on_fields: Vec<(String, String)>,
    /// Computed fields.
    pub(crate) fields: String,
}

impl Declared {
    /// Declares a type: a number that tells its rows apart, a key, scalars, lists and relations.
    pub(crate) fn random(index: usize, entropy: &mut Entropy<'_>) -> Self {
        Self::guarded(index, entropy, &[Guards::default(); 3])
    }

    /// Declares a type with guards, and with fields that never leave the server.
    pub(crate) fn guarded(index: usize, entropy: &mut Entropy<'_>, guards: &[Guards; 3]) -> Self {
        let own = guards[index];
        let guarded = guards.iter().any(|guards| guards.tenant || guards.archive);
        let mut fields = vec![("n".to_owned(), "Int!".to_owned())];
        let mut add = |name: &str, ty: String| fields.push((name.to_owned(), ty));
        let key = entropy.of(&[
            "",
            "",
            "@key(on: [\"code\"])",
            "@key(on: [\"n\"])",
            "@key(on: [\"code\", \"n\"])",
        ]);
        // Another key would tell one tenant what others have.
        let key = if own.tenant { "" } else { key };
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
            let deletions = ["", " @onDelete(do: CASCADE)", " @onDelete(do: SET_NULL)"];
            let deletion = entropy.of(&deletions[..if guarded { 3 } else { 1 }]);
            add("parent", format!("{}{deletion}", TYPES[index]));
            add("children", format!("[{}!]! @inverse(of: \"parent\")", TYPES[index]));
        }
        if entropy.pick(2) > 0 {
            add("peers", format!("[{}!]! @join", TYPES[index]));
            add("backPeers", format!("[{}!]! @inverse(of: \"peers\")", TYPES[index]));
        }
        match index {
            1 => add("items", "[Item!]! @inverse(of: \"owner\")".to_owned()),
            2 => {
                let cascades = guarded && guards[1].archive == guards[2].archive;
                let deletion = if cascades { " @onDelete(do: CASCADE)" } else { "" };
                add("owner", format!("Person{}{deletion}", entropy.of(&["", "!"])));
                let optional = if guarded { " @onDelete(do: SET_NULL)" } else { "" };
                add("buyer", format!("Person{}", entropy.of(&[optional, "!"])));
                add("maker", format!("Maker{}", entropy.of(&["", "!"])));
                add("friends", "[Person!]! @join".to_owned());
            }
            _ => {}
        }
        if guarded {
            add("secret", "Int @private".to_owned());
            add("pin", "String @private".to_owned());
        }
        if own.tenant {
            add("org", "String!".to_owned());
        }
        if own.archive {
            add("archivedAt", "DateTime".to_owned());
        }
        let mut directives = String::new();
        if guarded && entropy.pick(3) > 0 {
            let texts =
                ["f2", "f11", "code"].map(|name| format!("\"{name}^{}\"", 1 + entropy.pick(3)));
            let is_there = |text: &&String| {
                fields.iter().any(|(name, _)| text[1..].starts_with(&format!("{name}^")))
            };
            let on: Vec<&str> = texts.iter().filter(is_there).map(String::as_str).collect();
            directives = format!("@search(on: [{}])", on.join(", "));
        }
        if guarded && !key.contains("code") {
            directives.push_str(" @index(on: [\"code\"], unique: true)");
        }
        let is_audited = guarded && entropy.pick(2) == 0;
        Self { key, fields, directives, is_audited, guards: own }
    }

    fn sdl(&self, name: &str, additions: &Additions, form: As) -> String {
        let rule = additions.rule.as_deref().unwrap_or("@allow(read: \"true\")");
        let guarded = form == As::Guarded;
        let audit = match (&additions.audit, self.is_audited) {
            (Some(rule), true) => format!("@audit(read: {rule})"),
            (None, true) => "@audit".to_owned(),
            (_, false) => String::new(),
        };
        let tenant = if guarded && self.guards.tenant { "@tenant(field: \"org\") " } else { "" };
        let archive = if guarded && self.guards.archive { "@archive " } else { "" };
        let mut sdl = format!(
            "type {name} @entity @exposed {tenant}{archive}{audit} {} {} {rule} {{\n",
            self.key, self.directives
        );
        for (field, ty) in &self.fields {
            let own = additions.on_fields.iter().find(|(name, _)| name == field);
            let directive = own.map_or("", |(_, directive)| directive);
            let ty = if guarded { ty } else { ty.trim_end_matches(" @private") };
            writeln!(sdl, "  {field}: {ty} {directive}").expect("a String takes all");
        }
        sdl + &additions.fields + "}\n"
    }
}

/// Loads the model of these types.
pub(crate) fn load(
    types: &[Declared; 3],
    additions: &[Additions; 3],
    form: As,
) -> (Arc<Model>, Arc<Config>) {
    let of = |index: usize| types[index].sdl(TYPES[index], &additions[index], form);
    let makers = format!("enum Status @exposed {{ PAID SENT }}\n{}", of(0));
    let items = format!("extend schema @module(uses: [\"base\"])\n{}{}", of(1), of(2));
    load_texts([
        ("mainstay.toml", "[auth]\ntenant_claim = \"tenant\"\n".to_owned()),
        ("modules/base/schema.graphql", makers),
        ("modules/items/schema.graphql", items),
    ])
}

/// Loads the model in these files.
pub(crate) fn load_texts<const N: usize>(files: [(&str, String); N]) -> (Arc<Model>, Arc<Config>) {
    let loaded = model::load(&Sources::new(files));
    let loaded = loaded.unwrap_or_else(|report| panic!("{report}"));
    (loaded.model.into(), loaded.config.into())
}
