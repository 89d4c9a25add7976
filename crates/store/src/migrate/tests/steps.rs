//! Each kind of step, from model to model.

use super::*;

#[test]
fn an_empty_database_gets_all_tables() {
    let mut connection = database();
    let sdl = r#"
        enum Mood { GOOD BAD }
        type Author @entity { name: String! @unique posts: [Post!]! @inverse(of: "author") }
        type Post @entity @index(on: ["author", "-at"]) @index(on: ["title"], unique: true, where: "row.rank > 3") {
          title: String!
          price: Decimal! @check(expr: "row.price >= 0")
          rank: Int
          mood: Mood! @default(value: "GOOD")
          author: Author! @onDelete(do: CASCADE)
          at: DateTime! @created
        }"#;
    let outcome = dev(&mut connection, sdl).unwrap();
    assert!(outcome.applied);
    insta::assert_snapshot!(outcome.plan);
    assert!(!dev(&mut connection, sdl).unwrap().applied);
}

const POST: &str = "type Post @entity { title: String! rank: Int }";
const THREE_POSTS: &str = "INSERT INTO blog_post VALUES
  (X'00000000000000000000000000000001', 'Hello', 1),
  (X'00000000000000000000000000000002', 'World', 2),
  (X'00000000000000000000000000000003', 'Again', NULL)";

/// Migrates three posts to another model, and compares the steps and the rows without their keys.
#[track_caller]
fn check(sdl: &str, expected_steps: &str, select: &str, expected_rows: &str) {
    let mut connection = filled(POST, THREE_POSTS);
    assert_eq!(steps(&mut connection, sdl), expected_steps);
    let found = rows(&connection, &format!("SELECT {select} FROM blog_post ORDER BY id"));
    assert_eq!(found.replace('\n', ", "), expected_rows);
}

#[test]
fn additions_and_renames_apply_by_themselves() {
    check(
        "type Post @entity { title: String! rank: Int note: String }",
        "+ column blog_post.note: String",
        "note",
        "null, null, null",
    );
    check(
        "type Post @entity { title: String! rank: Int kind: String! @default(value: \"it's\") }",
        "+ column blog_post.kind: String, required, old rows get its default",
        "kind",
        "it's, it's, it's",
    );
    check(
        "type Post @entity { title: String! rank: Int at: DateTime! @created }",
        "+ column blog_post.at: DateTime, required, old rows get the time of the migration",
        "at",
        "1795478400000000, 1795478400000000, 1795478400000000",
    );
    check(
        "type Post @entity { heading: String! @was(name: \"title\") rank: Int }",
        "~ column blog_post.title → blog_post.heading",
        "heading",
        "Hello, World, Again",
    );
    check(
        "type Post @entity { title: String rank: Int }",
        "~ column blog_post.title: required → optional",
        "title",
        "Hello, World, Again",
    );
}

#[test]
fn a_renamed_type_keeps_its_rows_and_what_refers_to_them() {
    let before = "type Post @entity { title: String! @unique @check(expr: \"row.title != ''\") }
        type Note @entity { post: Post! }";
    let after = "type Page @entity @was(name: \"Post\") { name: String! @unique @was(name: \"title\") @check(expr: \"row.name != ''\") }
        type Note @entity { post: Page! }";
    let sql = "INSERT INTO blog_post VALUES (X'00000000000000000000000000000001', 'Hello');
        INSERT INTO blog_note VALUES (X'00000000000000000000000000000002', X'00000000000000000000000000000001')";
    let mut connection = filled(before, sql);
    insta::assert_snapshot!(steps(&mut connection, after), @"
    ~ table blog_post → blog_page
    ~ column blog_page.title → blog_page.name
    ~ index of blog_page: ux_blog_post_title → ux_blog_page_name
    ~ check of blog_page: ck_blog_post_title → ck_blog_page_name
    ");
    assert_eq!(
        rows(&connection, "SELECT name FROM blog_page JOIN blog_note ON post_id = blog_page.id"),
        "Hello"
    );
    // The rename was done: what it was called no longer matters.
    assert_eq!(steps(&mut connection, &after.replace("@was(name: \"Post\")", "")), "");
}

#[test]
fn widened_types_convert() {
    let typed = |ty: &str| format!("type Post @entity {{ title: String! rank: {ty} }}");
    let steps = |ty: &str| format!("~ column blog_post.rank: Int → {ty}");
    check(
        &typed("BigInt"),
        &steps("BigInt"),
        "rank, typeof(rank)",
        "1 | integer, 2 | integer, null | null",
    );
    check(&typed("Float"), &steps("Float"), "rank", "1.0, 2.0, null");
    check(&typed("Decimal"), &steps("Decimal"), "typeof(rank)", "text, text, null");
    check(&typed("String"), &steps("String"), "rank", "1, 2, null");
}

#[test]
fn scalars_become_text_as_json_shows_them() {
    let before =
        "type Post @entity { a: ID! b: Boolean! c: DateTime! d: Date! e: Float! f: Date! }";
    let after =
        "type Post @entity { a: String! b: String! c: String! d: DateTime! e: String! f: String! }";
    let sql = "INSERT INTO blog_post VALUES (X'01', X'0123456789abcdef0123456789abcdef', 1, 1795478400000000, '2026-11-24', 1.5, '2026-11-24')";
    let mut connection = filled(before, sql);
    steps(&mut connection, after);
    assert_eq!(
        rows(&connection, "SELECT a, b, c, d, e, f FROM blog_post"),
        format!(
            "01234567-89ab-cdef-0123-456789abcdef | true | {} | {} | 1.5 | 2026-11-24",
            expr::ops::format_timestamp(NOW),
            NOW.0
        )
    );
}

#[test]
fn narrowing_applies_where_the_rows_fit() {
    check(
        "type Post @entity { title: String! @unique @check(expr: \"row.title != 'x'\") rank: Int }",
        "+ unique index ux_blog_post_title on blog_post (title)  (if the rows fit)\n+ check ck_blog_post_title on blog_post  (if the rows fit)",
        "title",
        "Hello, World, Again",
    );
    check(
        "enum Title { Hello World Again } type Post @entity { title: Title! rank: Int }",
        "~ column blog_post.title: String → enum { Hello World Again }  (if the rows fit)",
        "title",
        "Hello, World, Again",
    );
}

#[test]
fn every_reason_to_stop_is_named_at_once() {
    let mut connection = filled(POST, THREE_POSTS);
    let sdl = "enum Title { Hello }
        type Author @entity { name: String! }
        type Post @entity { title: Title! rank: Int! @check(expr: \"row.rank > 1\") kind: String! author: Author! }";
    insta::assert_snapshot!(stopped(&mut connection, sdl));
}

#[test]
fn more_offenders_than_are_shown_are_counted() {
    let sql = "INSERT INTO blog_post WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25) SELECT CAST(printf('%016d', i) AS BLOB), 'same', i FROM n";
    let mut connection = filled(POST, sql);
    let error = stopped(&mut connection, "type Post @entity { title: String! @unique rank: Int }");
    assert!(error.contains("blog_post has 25 rows that share their title."), "{error}");
    assert!(error.contains(" and 15 more"), "{error}");
}

#[test]
fn what_holds_data_is_dropped_only_by_name() {
    let mut connection = filled(POST, THREE_POSTS);
    let without_rank = "type Post @entity { title: String! }";
    insta::assert_snapshot!(stopped(&mut connection, without_rank), @"
    the database was not migrated:

      - column blog_post.rank
      blog_post.rank has a value in 2 rows, which would be lost.
      If the field was renamed, write @was(name: …) with its old name on the new one. If its type changed, or other fields take its place, say with @fill(expr: …) on those what becomes of the values. If the values may go, run `mainstay migrate --apply --allow-drop blog_post.rank`.
    ");
    let apply = |connection: &mut Connection, names: &[&str]| {
        let allow_drop = names.iter().map(|name| (*name).to_owned()).collect();
        migrate(connection, &schema(without_rank), &Mode::Apply { allow_drop }, NOW)
    };
    let error =
        apply(&mut connection, &["blog_post.rank", "blog_post.rnak"]).unwrap_err().to_string();
    assert!(
        error.contains("--allow-drop blog_post.rnak: the migration drops nothing of that name"),
        "{error}"
    );
    assert!(apply(&mut connection, &["blog_post.rank"]).unwrap().applied);
    assert_eq!(rows(&connection, "SELECT title FROM blog_post ORDER BY id"), "Hello\nWorld\nAgain");
}

#[test]
fn what_holds_nothing_may_go_and_may_change_its_type() {
    let mut connection = filled(POST, &THREE_POSTS.replace("1)", "NULL)").replace("2)", "NULL)"));
    insta::assert_snapshot!(
        steps(&mut connection, "type Post @entity { title: String! rank: DateTime }"),
        @"~ column blog_post.rank: Int → DateTime, its values are lost  (if nothing is lost, or the loss is allowed)"
    );
    insta::assert_snapshot!(
        steps(&mut connection, "type Post @entity { title: String! }"),
        @"- column blog_post.rank  (if nothing is lost, or the loss is allowed)"
    );
    assert_eq!(rows(&connection, "SELECT COUNT(*) FROM blog_post"), "3");
}

#[test]
fn a_table_with_rows_stays_and_an_empty_one_goes() {
    let two = format!("{POST} type Note @entity {{ text: String! }}");
    let mut connection = filled(&two, THREE_POSTS);
    let error = stopped(&mut connection, "type Note @entity { text: String! }");
    assert!(error.contains("--allow-drop blog_post`"), "{error}");
    assert_eq!(
        steps(&mut connection, POST),
        "- table blog_note  (if nothing is lost, or the loss is allowed)"
    );
}

#[test]
fn a_removed_value_is_found_in_columns_and_in_lists() {
    let model = |values: &str| {
        format!("enum Mood {{ {values} }} type Post @entity {{ mood: Mood moods: [Mood!]! }}")
    };
    let sql = "INSERT INTO blog_post VALUES
        (X'00000000000000000000000000000001', 'GOOD', '[\"GOOD\",\"BAD\"]'),
        (X'00000000000000000000000000000002', 'BAD', '[]')";
    let mut connection = filled(&model("GOOD BAD"), sql);
    assert!(steps(&mut connection, &model("GOOD BAD NEW")).contains("→ enum { GOOD BAD NEW }"));
    let error = stopped(&mut connection, &model("GOOD NEW"));
    assert!(
        error.contains("blog_post.mood has a value in 1 row that")
            && error.contains("blog_post.moods"),
        "{error}"
    );
}

#[test]
fn references_are_checked_when_they_become_real_and_work_afterwards() {
    let author = "type Author @entity { name: String! }";
    let before = format!("{author} type Post @entity {{ authorId: ID! }}");
    let after = format!("{author} type Post @entity {{ author: Author! @onDelete(do: CASCADE) }}");
    let sql = "INSERT INTO blog_author VALUES (X'0a', 'Ann');
        INSERT INTO blog_post VALUES (X'01', X'0a'), (X'02', X'0b')";
    let mut connection = filled(&before, sql);
    let error = stopped(&mut connection, &after);
    assert!(
        error.contains("blog_post has 1 row in which author_id refers to no row of blog_author."),
        "{error}"
    );
    connection.execute_batch("DELETE FROM blog_post WHERE id = X'02'").unwrap();
    steps(&mut connection, &after);
    connection.execute_batch("DELETE FROM blog_author").unwrap();
    assert_eq!(rows(&connection, "SELECT COUNT(*) FROM blog_post"), "0");
}

#[test]
fn a_counted_key_never_gives_a_number_twice() {
    let model = |ty: &str| {
        format!("type Post @entity @key(on: [\"number\"]) {{ number: Int! @identity rank: {ty} }}")
    };
    let sql =
        "INSERT INTO blog_post (rank) VALUES (1), (2), (3); DELETE FROM blog_post WHERE number = 3";
    let mut connection = filled(&model("Int"), sql);
    steps(&mut connection, &model("String"));
    connection.execute("INSERT INTO blog_post (rank) VALUES ('4')", []).unwrap();
    assert_eq!(rows(&connection, "SELECT MAX(number) FROM blog_post"), "4");
}

#[test]
fn a_rebuilt_table_does_not_take_along_those_that_refer_to_it() {
    let model = |ty: &str| {
        format!(
            "type Author @entity {{ age: {ty} }} type Post @entity {{ author: Author! @onDelete(do: CASCADE) }}"
        )
    };
    let sql =
        "INSERT INTO blog_author VALUES (X'0a', 7); INSERT INTO blog_post VALUES (X'01', X'0a')";
    let mut connection = filled(&model("Int"), sql);
    steps(&mut connection, &model("String"));
    assert_eq!(
        rows(
            &connection,
            "SELECT age, COUNT(*) FROM blog_author JOIN blog_post ON author_id = blog_author.id"
        ),
        "7 | 1"
    );
    connection.execute_batch("DELETE FROM blog_author").unwrap();
    assert_eq!(rows(&connection, "SELECT COUNT(*) FROM blog_post"), "0");
}

#[test]
fn a_plan_shows_steps_sql_and_problems_and_does_nothing() {
    let mut connection = filled(POST, THREE_POSTS);
    let before = state(&connection) + &rows(&connection, "SELECT title, rank FROM blog_post");
    let sdl = "type Post @entity @index(on: [\"-rank\"]) { title: String! rank: Decimal! }";
    let shown = migrate(&mut connection, &schema(sdl), &Mode::plan_only(), NOW).unwrap();
    assert_eq!(
        state(&connection) + &rows(&connection, "SELECT title, rank FROM blog_post"),
        before
    );
    assert!(!shown.applied);
    assert_eq!(shown.problems.len(), 1);
    insta::assert_snapshot!(shown.plan);
}

#[test]
fn conditions_may_use_the_functions_of_the_language() {
    let sdl = "type Post @entity @index(on: [\"rank\"], where: \"row.title.startsWith('H')\") {
        title: String! @check(expr: \"size(row.title) < 6\") rank: Int }";
    let mut connection = filled(POST, THREE_POSTS);
    steps(&mut connection, sdl);
    let long = "INSERT INTO blog_post VALUES (X'04', 'longer than six', 1)";
    let error = connection.execute_batch(long).unwrap_err().to_string();
    assert!(error.contains("ck_blog_post_title"), "{error}");
    assert_eq!(rows(&connection, "PRAGMA integrity_check"), "ok");
}

#[test]
fn links_are_found_whichever_hint_is_older() {
    let id = "X'00000000000000000000000000000001'";
    let rows = format!(
        "INSERT INTO blog_tag VALUES ({id}); INSERT INTO blog_post VALUES ({id}); INSERT INTO blog_post_tags VALUES ({id}, {id})"
    );
    let model = |ty: &str, field: &str| {
        format!("type Tag @entity {{ id: ID! }} type {ty} {{ {field} }}").replace("Was", "@was")
    };
    let tags = "tags: [Tag!]! @join";
    let labels = "labels: [Tag!]! @join Was(name: \"tags\")";
    let article = "Article @entity Was(name: \"Post\")";
    for way in [[(article, tags), (article, labels)], [("Post @entity", labels), (article, labels)]]
    {
        let mut connection = filled(&model("Post @entity", tags), &rows);
        for (ty, field) in way {
            dev(&mut connection, &model(ty, field)).unwrap();
        }
        assert_eq!(super::rows(&connection, "SELECT COUNT(*) FROM blog_article_labels"), "1");
    }
}
