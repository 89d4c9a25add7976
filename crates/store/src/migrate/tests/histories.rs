//! Histories of models that change.

use super::*;

#[test]
fn links_leave_the_history_with_their_field() {
    let model = |field: &str| {
        format!(
            "type Tag @entity {{ id: ID! }} type Post @entity @audit {{ text: String {field} }}"
        )
    };
    let id = "X'00000000000000000000000000000001'";
    let rows = format!(
        "INSERT INTO blog_tag VALUES ({id}); INSERT INTO blog_post VALUES ({id}, 'a'); INSERT INTO blog_post_tags VALUES ({id}, {id})"
    );
    let mut connection = filled(&model("tags: [Tag!]! @join"), &rows);
    let told = "SELECT COUNT(*) FROM mainstay_history_blog_post WHERE changes LIKE '%0001%'";
    let links = "SELECT group_concat(changes -> '$.\"->blog_post_labels\"') FROM mainstay_history_blog_post";
    dev(&mut connection, &model("labels: [Tag!]! @join @was(name: \"tags\")")).unwrap();
    let linked = format!("{{\"{:032}\":true}}", 1);
    assert_eq!(super::rows(&connection, links), linked);
    let lost = Mode::Apply { allow_drop: vec!["blog_post_labels".to_owned()] };
    let outcome = migrate(&mut connection, &schema(&model("")), &lost, NOW).unwrap();
    let step = "- links of blog_post_labels in the history of blog_post";
    assert!(outcome.plan.contains(step), "{}", outcome.plan);
    assert_eq!(super::rows(&connection, links), "null");
    assert_ne!(super::rows(&connection, told), "0", "the row's own key stays");
}

#[test]
fn migration_with_all_that_directives_bring_is_whole_or_not_at_all() {
    let old = "enum Mood { A B }
        type Tag @entity { name: String! }
        type Post @entity @audit @archive @search(on: [\"title\"]) @tenant(field: \"org\") {
            org: String! title: String! mood: Mood! size: String! tags: [Tag!]! @join author: Tag
        }";
    let new = "enum Mood { A C @was(name: \"B\") }
        type Label @entity @was(name: \"Tag\") @audit { name: String! @unique }
        type Article @entity @was(name: \"Post\") @audit @search(on: [\"name\"]) {
            org: String! name: String! @was(name: \"title\") mood: Mood! tags: [Label!]! @join
            size: Int! @fill(expr: \"size(row.size)\") short: String @fill(expr: \"row.title\")
            author: Label! archivedAt: DateTime
        }";
    let id = |number: u8| format!("X'{number:032x}'");
    let mut rows = format!("INSERT INTO blog_tag VALUES ({}, 'red');", id(1));
    for number in 2..6 {
        rows += &format!(
            "INSERT INTO blog_post (id, org, title, mood, size, author_id) VALUES ({0}, 'a', 'title {number}', 'B', 'xl', {1}); INSERT INTO blog_post_tags VALUES ({0}, {1});",
            id(number),
            id(1)
        );
    }
    let mut connection = filled(old, &rows);
    let (before, schema) = (whole(&connection), schema(new));
    for last in 0.. {
        let mut step = 0;
        let is_last = move || {
            step += 1;
            step == 1 + last * 37
        };
        connection.progress_handler(1, Some(is_last)).unwrap();
        let done = migrate(&mut connection, &schema, &Mode::Dev, NOW);
        connection.progress_handler(0, None::<fn() -> bool>).unwrap();
        assert_eq!(super::rows(&connection, "PRAGMA foreign_keys"), "1");
        // The commit may be interrupted when all is done.
        if done.is_ok() || rows_of(&connection).is_none() {
            assert!(last > 20, "it was interrupted at {last} places only");
            break;
        }
        assert!(connection.is_autocommit());
        assert_eq!(whole(&connection), before, "interrupted after {last} times 37 steps");
    }
    assert!(dev(&mut connection, new).unwrap().plan.is_empty());
    assert_eq!(super::rows(&connection, "PRAGMA foreign_key_check"), "");
    // One for each row, and one for each of its links.
    assert_eq!(super::rows(&connection, "SELECT COUNT(*) FROM mainstay_history_blog_article"), "8");
}

/// Counts the rows of the old model's table, if it is there.
fn rows_of(connection: &Connection) -> Option<i64> {
    connection.query_row("SELECT COUNT(*) FROM blog_post", [], |row| row.get(0)).ok()
}

/// Everything that is in the database.
fn whole(connection: &Connection) -> String {
    let mut whole = state(connection);
    for table in ["blog_tag", "blog_post", "blog_post_tags", "mainstay_history_blog_post"] {
        whole += &rows(connection, &format!("SELECT * FROM {table} ORDER BY 1"));
    }
    whole
}
