//! Archives: what they make of a table, and what is said about bad ones.

use super::check;

#[test]
fn an_archive_is_kept_for_a_while_and_deleted_alone() {
    check(
        r#"
        type A @entity @allow(read: "true") @archive(keep: "soon") { n: Int }
        type B @entity @allow(read: "true") @archive(keep: "30d") { archivedAt: Int }
        type C @entity @allow(read: "true") @archive { archivedAt: DateTime! }
        type D @entity @allow(read: "true") @archive { e: E @onDelete(do: CASCADE) }
        type E @entity @allow(read: "true") { n: Int }
        type F @entity @allow(read: "true") { g: G @onDelete(do: CASCADE) }
        type G @entity @allow(read: "true") @archive { n: Int self: G @onDelete(do: CASCADE) f: F }
        type H @entity @allow(read: "true") @archive { i: I @onDelete(do: CASCADE) }
        type I @entity @allow(read: "true") @archive { h: H @onDelete(do: CASCADE) }
        "#,
        &[
            r#"2:60 duration: `soon` is not a span of time | write it like "1y", "30d", "12h" or "90m""#,
            "3:69 archive: `archivedAt` says when the row was archived, and the server sets it | declare it as `archivedAt: DateTime`, or leave it out",
            "4:56 archive: `archivedAt` says when the row was archived, and the server sets it | declare it as `archivedAt: DateTime`, or leave it out",
            "5:56 archive: deleting a `E` would delete each `D` for good | add `@archive` to `E`, or choose RESTRICT or SET_NULL",
            "7:47 archive: deleting a `G` archives it, but would delete each `F` | add `@archive` to `F`, or choose RESTRICT or SET_NULL",
            "9:14 archive: archiving a `H` would come back to `H` through others | choose RESTRICT or SET_NULL for one of the relations on the way",
            "10:14 archive: archiving a `I` would come back to `I` through others | choose RESTRICT or SET_NULL for one of the relations on the way",
        ],
    );
}
