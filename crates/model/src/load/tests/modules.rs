//! Several modules.

use super::lines;
use crate::{Sources, load};

/// Checks what is said about modules, each given as its name and SDL.
#[track_caller]
fn check(modules: &[(&str, &str)], expected: &[&str]) {
    let files = modules.iter().map(|(name, sdl)| (format!("modules/{name}/schema.graphql"), *sdl));
    let found = match load(&Sources::new(files)) {
        Ok(loaded) => lines(&loaded.warnings),
        Err(report) => lines(&report),
    };
    assert_eq!(found, expected);
}

const ACCOUNTS: (&str, &str) = (
    "accounts",
    r#"type User @entity @exposed @allow(read: "true") { name: String! }
type Hidden @entity @allow(read: "true") { n: Int }
enum Color @exposed { RED }"#,
);

#[test]
fn a_module_uses_what_is_exposed_to_it() {
    let blog = r#"extend schema @module(uses: ["accounts"])
type Post @entity @allow(read: "row.author == user.id") { author: User! color: Color }"#;
    check(&[ACCOUNTS, ("blog", blog)], &[]);
}

#[test]
fn what_is_not_declared_or_not_exposed_cannot_be_used() {
    let blog = r#"type Post @entity @allow(read: "row.author.name == 'x'") {
author: User!
hidden: Hidden
}"#;
    check(
        &[ACCOUNTS, ("blog", blog)],
        &[
            "blog 1:44 expression",
            r#"blog 2:9 undeclared-use: `User` belongs to the module `accounts`, which `blog` does not use | write `extend schema @module(uses: ["accounts"])`"#,
            "blog 3:9 not-exposed: `Hidden` is private to the module `accounts`",
            r#"blog 3:9 undeclared-use: `Hidden` belongs to the module `accounts`, which `blog` does not use | write `extend schema @module(uses: ["accounts"])`"#,
        ],
    );
    let uses = r#"extend schema @module(uses: ["accounts"])
type Post @entity @allow(read: "true") {
author: User! @onDelete(do: CASCADE)
users: [User!]! @inverse(of: "post")
}
extend type User { extra: Int }
input In { hidden: Hidden color: Color }
extend type Query { hidden(color: Color): Hidden @function }"#;
    check(
        &[ACCOUNTS, ("blog", uses)],
        &[
            "blog 4:1 not-supported-yet: to-many relations into another module are not supported yet | list `users` and filter by the relation that points here",
            "blog 6:20 other-module: the type belongs to another module, which alone gives it fields",
            "blog 7:12 wrong-type: `hidden` must be of an input type | types of arguments are scalars, enums and `input` types",
            "blog 7:20 not-exposed: `Hidden` is private to the module `accounts`",
            "blog 8:43 not-exposed: `Hidden` is private to the module `accounts`",
            "blog 8:50 warning not-supported-yet: `@function` is not supported yet: it has no effect",
        ],
    );
}

#[test]
fn modules_are_named_and_do_not_form_circles() {
    check(
        &[
            ("a", "extend schema @module(uses: [\"b\"])"),
            ("b", "extend schema @module(uses: [\"c\", \"b\"])"),
            ("c", "extend schema @module(uses: [\"a\", \"d\", \"d\"])"),
            ("d", "extend schema @module(uses: [\"aa\"])\nextend schema @module(uses: [\"dd\"])"),
            ("mainstay", "# empty"),
            ("Upper", ""),
        ],
        &[
            "Upper 1:1 module-name: `Upper` cannot be the name of a module | use lower case letters, digits, `_` and `-`, beginning with a letter",
            "b 1:35 module-cycle: a module need not name itself",
            "c 1:30 module-cycle: modules use each other in a circle: a → b → c → a | move what both need into a third module, or let one listen to the other's events",
            "c 1:40 duplicate-module: `d` is named twice",
            "d 1:30 unknown-module: there is no module `aa` | the modules are `Upper`, `a`, `b`, `c`, `mainstay`",
            "d 2:15 duplicate-directive: a module has one `@module` | list everything it uses in one place",
            "d 2:30 unknown-module: there is no module `dd` | the modules are `Upper`, `a`, `b`, `c`, `mainstay`",
            "mainstay 1:1 reserved-name: a module cannot be named `mainstay` | its tables would mix with those of Mainstay itself; rename the folder",
        ],
    );
}

#[test]
fn names_are_unique_over_all_modules() {
    check(
        &[
            ("a", r#"type User @entity @allow(read: "true") { n: Int }"#),
            ("b", r#"type User @entity @allow(read: "true") { n: Int }"#),
            ("c", r#"type Member @entity(plural: "users") @allow(read: "true") { n: Int }"#),
            ("d_xy", r#"type Z @entity(plural: "fs1") @allow(read: "true") { n: Int }"#),
            ("d", r#"type XyZ @entity(plural: "fs2") @allow(read: "true") { n: Int }"#),
        ],
        &[
            "b 1:6 duplicate-type: there are two types named `User` | type names are unique over all modules of an application",
            "c 1:29 duplicate-plural: the collections of `User` and `Member` are both named `users` | plurals are unique over all modules: give one of them another with `@entity(plural:)`",
            "d_xy 1:6 duplicate-table: `XyZ` and `Z` are both stored in the table `d_xy_z` | give one of them another with `@table(name:)`",
        ],
    );
}

#[test]
fn each_module_adds_its_own_operations_and_jobs() {
    check(
        &[
            (
                "a",
                "extend type Query { x: Int @function }\ntype Job { a: Int @every(cron: \"* * * * *\") }",
            ),
            (
                "b",
                "extend type Query { x: Int @function }\ntype Job { b: Int @every(cron: \"* * * * *\") }",
            ),
        ],
        &[
            "a 1:28 warning not-supported-yet: `@function` is not supported yet: it has no effect",
            "a 2:19 warning not-supported-yet: `@every` is not supported yet: it has no effect",
            "b 1:21 duplicate-field: `Query` has two fields named `x`",
            "b 2:19 warning not-supported-yet: `@every` is not supported yet: it has no effect",
        ],
    );
}

#[test]
fn several_files_make_one_module() {
    let loaded = load(&Sources::new([
        (
            "modules/blog/posts.graphql",
            r#"type Post @entity @allow(read: "true") { author: Author! }"#,
        ),
        ("modules/blog/authors.graphql", r#"type Author @entity @allow(read: "true") { n: Int }"#),
        ("modules/blog/notes.md", "not read"),
        ("api/v1.graphql", ""),
    ]))
    .expect("the model is good");
    assert_eq!(loaded.model.modules.len(), 1);
    let names: Vec<&str> =
        loaded.model.entities.iter().map(|entity| entity.name.as_str()).collect();
    assert_eq!(names, ["Author", "Post"]);
}

#[test]
fn an_application_has_a_module() {
    let report = load(&Sources::new([("mainstay.toml", "")])).expect_err("there is no module");
    assert_eq!(lines(&report).len(), 1);
    let report = load(&Sources::new(Vec::<(&str, &str)>::new())).expect_err("there is nothing");
    assert_eq!(report[0].code, "no-module");
    assert!(report.to_human(false).contains("no module"));
}
