//! Full-text indexes follow the model, and the rows.

use super::*;

const SEARCHED: &str = "type Post @entity @search(on: [\"title\"]) { title: String! rank: Int }";
const TWO_POSTS: &str = "INSERT INTO blog_post VALUES
  (X'00000000000000000000000000000001', 'Café Tortoni', 1),
  (X'00000000000000000000000000000002', 'Kaffee', 2)";

/// Returns the titles that a word is found in.
fn found(connection: &Connection, word: &str) -> String {
    let sql = format!(
        "SELECT p.title FROM mainstay_search_blog_post_fts AS s JOIN blog_post AS p ON p.rowid = s.rowid
         WHERE s.mainstay_search_blog_post_fts MATCH '\"{word}\"' ORDER BY p.id"
    );
    rows(connection, &sql)
}

#[test]
fn rows_that_were_there_are_found() {
    let mut connection = filled("type Post @entity { title: String! rank: Int }", TWO_POSTS);
    assert_eq!(steps(&mut connection, SEARCHED), "+ full-text index on blog_post (title)");
    assert_eq!(found(&connection, "cafe"), "Café Tortoni");
}

#[test]
fn every_write_is_followed() {
    let connection = filled(SEARCHED, TWO_POSTS);
    assert_eq!(found(&connection, "cafe"), "Café Tortoni");
    connection
        .execute_batch("UPDATE blog_post SET title = 'Tee', rank = 3 WHERE rank = 1")
        .unwrap();
    assert_eq!(
        (found(&connection, "cafe"), found(&connection, "tee")),
        (String::new(), "Tee".to_owned())
    );
    connection.execute_batch("BEGIN; DELETE FROM blog_post; ROLLBACK").unwrap();
    assert_eq!(found(&connection, "tee"), "Tee");
    connection.execute_batch("DELETE FROM blog_post").unwrap();
    assert_eq!(found(&connection, "tee"), "");
}

#[test]
fn an_index_goes_and_comes_back_with_its_columns() {
    let mut connection = filled(SEARCHED, TWO_POSTS);
    let two = "type Post @entity @search(on: [\"title^2\", \"note\"]) { title: String! rank: Int note: String }";
    insta::assert_snapshot!(steps(&mut connection, two), @r"
    + column blog_post.note: String
    ~ full-text index on blog_post (title, note)
    ");
    assert_eq!(found(&connection, "kaffee"), "Kaffee");
    // What a match weighs is no part of the index.
    assert_eq!(steps(&mut connection, &two.replace("^2", "")), "");
    let none = "type Post @entity { title: String! rank: Int note: String }";
    assert_eq!(steps(&mut connection, none), "- full-text index on blog_post");
    assert_eq!(
        rows(&connection, "SELECT name FROM sqlite_schema WHERE name LIKE 'mainstay_search%'"),
        ""
    );
}

#[test]
fn an_index_follows_renames_and_rebuilds() {
    let mut connection = filled(SEARCHED, TWO_POSTS);
    let renamed = "type Post @entity @search(on: [\"heading\"]) { heading: String! @column(name: \"title\") rank: BigInt }";
    assert_eq!(steps(&mut connection, renamed), "~ column blog_post.rank: Int → BigInt");
    let rebuilt = "type Post @entity @search(on: [\"title\"]) { title: String! rank: Decimal }";
    assert_eq!(steps(&mut connection, rebuilt), "~ column blog_post.rank: BigInt → Decimal");
    assert_eq!(found(&connection, "tortoni"), "Café Tortoni");
    connection.execute_batch("UPDATE blog_post SET title = 'Tee' WHERE rank = '1'").unwrap();
    assert_eq!(
        (found(&connection, "tortoni"), found(&connection, "tee")),
        (String::new(), "Tee".to_owned())
    );
    let page = "type Page @entity @was(name: \"Post\") @search(on: [\"name\"]) { name: String! @was(name: \"title\") rank: Decimal }";
    insta::assert_snapshot!(steps(&mut connection, page), @r"
    ~ table blog_post → blog_page
    ~ column blog_page.title → blog_page.name
    ");
    let sql = "SELECT name FROM blog_page WHERE rowid IN (SELECT rowid FROM mainstay_search_blog_page_fts('kaffee'))";
    assert_eq!(rows(&connection, sql), "Kaffee");
}

#[test]
fn a_table_may_be_called_as_what_is_kept_beside_anothers_index() {
    let both =
        format!("{SEARCHED} type PostData @entity @search(on: [\"text\"]) {{ text: String! }}");
    let connection = filled(&both, TWO_POSTS);
    assert_eq!(found(&connection, "kaffee"), "Kaffee");
}

#[test]
fn a_vacuum_leaves_the_index_right() {
    let mut connection = filled(SEARCHED, TWO_POSTS);
    let delete = "DELETE FROM blog_post WHERE rank = 1; VACUUM";
    connection.execute_batch(delete).unwrap();
    assert_eq!(found(&connection, "kaffee"), "Kaffee");
    // The documentation of SQLite promises less, so the index is made anew where a start sees one.
    let index = "mainstay_search_blog_post_fts";
    connection
        .execute_batch(&format!("INSERT INTO {index} ({index}) VALUES ('delete-all')"))
        .unwrap();
    assert_eq!(found(&connection, "kaffee"), "");
    assert!(!dev(&mut connection, SEARCHED).unwrap().applied);
    assert_eq!(found(&connection, "kaffee"), "Kaffee");
}

#[test]
fn a_trigger_that_is_gone_is_drift_and_what_sqlite_keeps_beside_an_index_is_not() {
    let mut connection = filled(SEARCHED, TWO_POSTS);
    connection.execute_batch("CREATE TABLE other (x)").unwrap();
    assert!(!dev(&mut connection, SEARCHED).unwrap().applied);
    connection.execute_batch("DROP TRIGGER mainstay_search_blog_post_fts_update").unwrap();
    let error = dev(&mut connection, SEARCHED).unwrap_err().to_string();
    assert!(error.contains("trigger mainstay_search_blog_post_fts_update is gone"), "{error}");
}

#[test]
fn a_trigger_of_mainstays_own_on_a_searched_table_is_no_drift() {
    let mut connection = filled(SEARCHED, TWO_POSTS);
    let own = "CREATE TRIGGER mainstay_stops BEFORE DELETE ON blog_post BEGIN SELECT 1; END";
    connection.execute_batch(own).unwrap();
    assert!(!dev(&mut connection, SEARCHED).unwrap().applied);
}

#[test]
fn a_text_that_is_filled_after_the_migration_is_found_when_its_turn_has_come() {
    let mut connection = filled("type Post @entity { title: String! rank: Int }", TWO_POSTS);
    let new = "type Post @entity @search(on: [\"title\", \"loud\"]) {
        title: String! rank: Int loud: String @fill(expr: \"'very ' + row.title\") }";
    let online = Mode::Online { allow_drop: vec![] };
    let outcome = migrate(&mut connection, &schema(new), &online, NOW).unwrap();
    assert!(outcome.steps.iter().any(|step| step.way == plan::ddl::Way::WriteRowsLater));
    assert_eq!(found(&connection, "very"), "Café Tortoni\nKaffee");
    assert_eq!(found(&connection, "tortoni"), "Café Tortoni");
    let index = "mainstay_search_blog_post_fts";
    let check = format!("INSERT INTO {index} ({index}, rank) VALUES ('integrity-check', 1)");
    connection.execute_batch(&check).unwrap();
}

#[test]
fn the_index_over_other_fields_forgets_those_that_left() {
    let two = "type Post @entity @search(on: [\"title\", \"note\"]) { title: String! rank: Int note: String }";
    let mut connection = filled(
        two,
        "INSERT INTO blog_post (id, title, note) VALUES (X'00000000000000000000000000000001', 'Tee', 'heiss')",
    );
    assert_eq!(found(&connection, "heiss"), "Tee");
    let one = two.replace(", \"note\"", "");
    assert_eq!(steps(&mut connection, &one), "~ full-text index on blog_post (title)");
    assert_eq!(
        (found(&connection, "heiss"), found(&connection, "tee")),
        (String::new(), "Tee".to_owned())
    );
}

#[test]
fn a_search_among_many_rows_looks_at_those_that_it_finds() {
    let connection = filled(SEARCHED, TWO_POSTS);
    let many = "INSERT INTO blog_post WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
        SELECT randomblob(16), 'tea ' || i, i FROM n";
    connection.execute_batch(many).unwrap();
    let (dialect, index) = (plan::Dialect::Sqlite, "mainstay_search_blog_post_fts");
    let weights = [("title", 4.0)];
    let steps = |word: &str, rank: String| {
        let from = dialect.search_from(index, "blog_post", "t0");
        let found = dialect.search_found(index, "?1");
        let sql = format!("SELECT t0.title FROM {from} WHERE {found} ORDER BY {rank} LIMIT 20");
        let mut statement = connection.prepare(&sql).unwrap();
        let titles = statement.query_map([word], |row| row.get::<_, String>(0)).unwrap().count();
        (titles, statement.get_status(rusqlite::StatementStatus::VmStep))
    };
    // A read of 50,000 instructions goes on elsewhere, where it is limited in time.
    for rank in [
        dialect.search_rank(index, &weights),
        dialect.search_rank_of_row(index, &weights, "?1", "?1"),
    ] {
        let (titles, few) = steps("\"kaffee\"", rank.clone());
        assert!(titles == 1 && few < 200, "{few} instructions for one row of 20,000");
        let (titles, all) = steps("\"tea\"", rank);
        assert!(titles == 20 && all > 50_000, "{all} instructions are counted for all rows");
    }
}

#[test]
fn a_searched_table_with_a_history_is_renamed_and_rebuilt() {
    let mut connection = filled(SEARCHED, TWO_POSTS);
    let audited = SEARCHED.replace("@entity", "@entity @audit");
    steps(&mut connection, &audited);
    let rebuilt = audited.replace("rank: Int", "rank: Decimal");
    steps(&mut connection, &rebuilt);
    let renamed = rebuilt
        .replace("Post @entity", "Page @entity @was(name: \"Post\")")
        .replace("title: String!", "name: String! @was(name: \"title\")")
        .replace("\"title\"", "\"name\"")
        .replace("@was(name: \"name\")", "@was(name: \"title\")");
    steps(&mut connection, &renamed);
    let sql = "SELECT name FROM blog_page WHERE rowid IN (SELECT rowid FROM mainstay_search_blog_page_fts('kaffee'))";
    assert_eq!(rows(&connection, sql), "Kaffee");
    assert!(!dev(&mut connection, &renamed).unwrap().applied);
}
