//! Tests of the difference between schemas.

use super::*;
use crate::{Sources, load};

/// Derives the schema of a module, `blog`, with conditions as their trees.
#[track_caller]
fn schema(sdl: &str) -> Schema {
    let sdl = sdl.replace("@entity", "@entity @allow(read: \"true\")");
    let loaded = load(&Sources::new([("modules/blog/schema.graphql", sdl)]));
    let loaded = loaded.unwrap_or_else(|report| panic!("{report}"));
    Schema::of(&loaded.model, &|_, condition, _| format!("{:?}", condition.tree.kind))
}

/// Compares the steps between two versions of a type `Post`: each with a mark for its class.
#[track_caller]
fn check(old: &str, new: &str, expected: &[&str]) {
    let post = |fields: &str| schema(&format!("enum Mood {{ A B }} enum Day {{ A B C }} {fields}"));
    let steps: Vec<String> = diff(Some(&post(old)), &post(new))
        .steps
        .iter()
        .map(|step| {
            let mark = match step.class() {
                Class::Additive => "",
                Class::NeedsCheck => "? ",
                Class::Lossy => "! ",
            };
            format!("{mark}{step}")
        })
        .collect();
    assert_eq!(steps, expected);
}

/// Compares the step between two types of a field.
#[track_caller]
fn check_type(old: &str, new: &str, expected: &str) {
    let post = |ty: &str| format!("type Post @entity {{ x: {ty} }}");
    check(&post(old), &post(new), &[expected]);
}

#[test]
fn types_widen_narrow_or_lose_their_values() {
    check_type("Int", "BigInt", "~ column blog_post.x: Int → BigInt");
    check_type("BigInt", "Int", "? ~ column blog_post.x: BigInt → Int");
    check_type("BigInt", "Float", "? ~ column blog_post.x: BigInt → Float");
    check_type("Int", "Decimal", "~ column blog_post.x: Int → Decimal");
    check_type("Date", "DateTime", "~ column blog_post.x: Date → DateTime");
    check_type("DateTime", "Date", "! ~ column blog_post.x: DateTime → Date, its values are lost");
    check_type("ID", "String", "~ column blog_post.x: ID → String");
    check_type("String", "Int", "! ~ column blog_post.x: String → Int, its values are lost");
    check_type("Mood", "String", "~ column blog_post.x: enum { A B } → String");
    check_type("String", "Mood", "? ~ column blog_post.x: String → enum { A B }");
    check_type("Mood", "Day", "~ column blog_post.x: enum { A B } → enum { A B C }");
    check_type("Day", "Mood", "? ~ column blog_post.x: enum { A B C } → enum { A B }");
    check_type("[Int!]!", "[BigInt!]!", "~ column blog_post.x: [Int] → [BigInt]");
    check_type("[Date!]!", "[String!]!", "~ column blog_post.x: [Date] → [String]");
    check_type("Int!", "Int", "~ column blog_post.x: required → optional");
    check_type("Int", "Int!", "? ~ column blog_post.x: optional → required");
}

#[test]
fn fields_come_go_and_are_renamed() {
    let post = "type Post @entity { x: Int }";
    check(post, "type Post @entity { x: Int y: Int }", &["+ column blog_post.y: Int"]);
    check(post, "type Post @entity { x: Int y: Int! }", &["? + column blog_post.y: Int, required"]);
    check(
        post,
        "type Post @entity { y: Int @was(name: \"x\") }",
        &["~ column blog_post.x → blog_post.y"],
    );
    check(
        post,
        "type Post @entity { y: Int }",
        &["! - column blog_post.x", "+ column blog_post.y: Int"],
    );
}

#[test]
fn types_come_go_and_are_renamed() {
    let post = "type Post @entity { x: Int }";
    check(
        post,
        "type Page @entity @was(name: \"Post\") { x: Int }",
        &["~ table blog_post → blog_page"],
    );
    check(post, "type Page @entity { x: Int }", &["! - table blog_post", "+ table blog_page"]);
}

#[test]
fn moving_types_and_fields_changes_nothing() {
    let one = "type Post @entity { x: Int y: Int } type Note @entity { z: Int }";
    let other = "type Note @entity { z: Int } type Post @entity { y: Int x: Int }";
    check(one, other, &[]);
    assert_eq!(schema(one).tables[0].name, "blog_note");
}

#[test]
fn a_default_is_no_part_of_the_state() {
    let post = "type Post @entity { x: Int @default(value: 1) }";
    check(post, "type Post @entity { x: Int @default(value: 2) }", &[]);
}

#[test]
fn the_record_is_stable() {
    let text = serde_json::to_string(&schema(
        "enum Mood { A } type Note @entity { mood: Mood! } type Post @entity @index(on: [\"-at\"]) { note: Note at: Date }",
    ));
    insta::assert_snapshot!(text.unwrap());
}

#[test]
fn a_rename_reaches_into_conditions_but_not_into_their_texts() {
    let renames =
        Renames { tables: vec![], columns: vec![("t".into(), "new".into(), "old".into())] };
    let schema = |condition: &str| {
        let check = Check { name: "c".into(), condition: condition.into() };
        let table = Table {
            name: "t".into(),
            was: vec![],
            columns: vec![],
            key: vec![],
            identity: false,
            foreign_keys: vec![],
            indexes: vec![],
            checks: vec![check],
            triggers: vec![],
            recorded: vec![],
            search: None,
            archive: None,
        };
        Schema { tables: vec![table] }
    };
    let check = |old: &str, new: &str| assert_eq!(renames.apply(&schema(old)), schema(new));
    check("\"old\" > 1", "\"new\" > 1");
    check("\"older\" = 'the \"old\" one' AND \"old\"", "\"older\" = 'the \"old\" one' AND \"new\"");
    check("x = 'it''s \"old\"' OR \"old\" = ''", "x = 'it''s \"old\"' OR \"new\" = ''");
    check("'open \"old\"", "'open \"old\"");
}
