//! Snapshot of the SQL for a small model.

use expr::Timestamp;
use model::Sources;
use model::schema::diff;

use super::*;

#[track_caller]
fn schema_of(sdl: &str) -> Schema {
    let loaded = model::load(&Sources::new([("modules/blog/schema.graphql", sdl)]));
    schema(&loaded.unwrap_or_else(|report| panic!("{report}")).model, Dialect::Sqlite)
}

#[test]
fn tables_and_indexes_are_created_and_changed() {
    let old = schema_of(
        r#"type Author @entity @key(on: ["country", "number"]) @allow(read: "true") { country: String! number: Int! }
        type Post @entity @allow(read: "true") @index(on: ["title", "-at"]) {
          title: String! author: Author! @onDelete(do: CASCADE) at: DateTime! @created
          stock: Int! @default(value: 0) @check(expr: "row.stock >= 0")
        }"#,
    );
    let created = script(&diff(None, &old), Dialect::Sqlite, Timestamp(1));
    assert_eq!((created.checks.len(), created.verify_references), (0, false));
    insta::assert_snapshot!("created", created.sql());

    let new = schema_of(
        r#"type Author @entity @key(on: ["country", "number"]) @allow(read: "true") { country: String! number: Int! name: String }
        type Post @entity @allow(read: "true") @index(on: ["-at"], where: "row.stock > 0") {
          heading: String @was(name: "title") author: Author! @onDelete(do: RESTRICT) at: DateTime! @created
          stock: Int! @default(value: 0) @check(expr: "row.stock >= 1") changedAt: DateTime! @updated
        }"#,
    );
    let plan = diff(Some(&old), &new);
    let changed = script(&plan, Dialect::Sqlite, Timestamp(1));
    let checks: Vec<&str> = changed.checks.iter().map(|check| check.offenders.as_str()).collect();
    insta::assert_snapshot!(
        "changed",
        format!("{}\n{}", changed.describe(&plan), checks.join("\n"))
    );
}

#[test]
fn triggers_keep_what_changes_and_nothing_private() {
    let schema = schema_of(
        r#"type Post @entity @audit @archive @allow(read: "true") {
          title: String! pin: String @private price: Decimal changedAt: DateTime! @updated tags: [Tag!]! @join
        }
        type Tag @entity @allow(read: "true") { on: Boolean }"#,
    );
    insta::assert_snapshot!(
        "history",
        script(&diff(None, &schema), Dialect::Sqlite, Timestamp(1)).sql()
    );
}

#[test]
fn a_check_tells_false_from_unknown_and_an_index_need_not() {
    let schema = schema_of(
        r#"type Post @entity @allow(read: "true") @index(on: ["low"], where: "row.kind == 'a'")
          @check(expr: "row.kind == 'a'") @check(expr: "row.low < row.high") { kind: String low: Int high: Int }"#,
    );
    let post = &schema.tables[0];
    let checks: Vec<&str> = post.checks.iter().map(|check| check.condition.as_str()).collect();
    assert_eq!(checks, [r#"("kind" IS 'a')"#, r#"("low" < "high")"#]);
    assert_eq!(post.indexes.last().unwrap().filter.as_deref(), Some(r#"("kind" = 'a')"#));
}
