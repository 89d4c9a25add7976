//! What `@fill` puts into old rows, and how enum values are renamed.

use super::*;

/// Migrates people with a name from one model to another, and returns what is selected.
#[track_caller]
fn filled_people(old: &str, names: &[&str], new: &str, select: &str) -> String {
    let mut connection = people(old, names);
    steps(&mut connection, new);
    assert!(!dev(&mut connection, new).unwrap().applied, "a second run does nothing");
    assert_eq!(rows(&connection, "PRAGMA integrity_check"), "ok");
    // A database that never knew the old model gets the same tables.
    assert!(dev(&mut database(), new).unwrap().applied);
    rows(&connection, &format!("SELECT {select} FROM blog_person ORDER BY id")).replace('\n', ", ")
}

/// Creates people; the names are values in SQL.
#[track_caller]
fn people(model: &str, names: &[&str]) -> Connection {
    let values: Vec<String> = names
        .iter()
        .enumerate()
        .map(|(index, name)| format!("(X'{:032x}', {name})", index + 1))
        .collect();
    filled(model, &format!("INSERT INTO blog_person VALUES {}", values.join(", ")))
}

const NAME: &str = "type Person @entity { name: String! }";

const SPLIT: &str = "type Person @entity {
  firstName: String! @fill(expr: \"row.name.contains(' ') ? row.name.before(' ') : row.name\")
  lastName: String @fill(expr: \"row.name.contains(' ') ? row.name.after(' ') : null\") }";

#[test]
fn a_field_is_split_into_two() {
    let mut connection = people(NAME, &["'Ada Lovelace'", "'Cher'"]);
    insta::assert_snapshot!(steps(&mut connection, SPLIT), @"
    - column blog_person.name, carried over into first_name, last_name  (if nothing is lost, or the loss is allowed)
    + column blog_person.first_name: String, required, old rows get `row.name.contains(' ') ? row.name.before(' ') : row.name`  (if the rows fit)
    + column blog_person.last_name: String, old rows get `row.name.contains(' ') ? row.name.after(' ') : null`
    ");
    let found = rows(&connection, "SELECT first_name, last_name FROM blog_person ORDER BY id");
    assert_eq!(found, "Ada | Lovelace\nCher | null");
}

#[test]
fn two_fields_are_merged_into_one() {
    let mut connection = filled(
        "type Person @entity { firstName: String! lastName: String }",
        "INSERT INTO blog_person VALUES (X'01', 'Ada', 'Lovelace'), (X'02', 'Cher', NULL)",
    );
    steps(
        &mut connection,
        "type Person @entity { name: String! @unique @fill(expr: \"row.lastName == null ? row.firstName : row.firstName + ' ' + row.lastName\") }",
    );
    let found = rows(&connection, "SELECT name FROM blog_person ORDER BY id");
    assert_eq!(found, "Ada Lovelace\nCher");
}

#[test]
fn a_value_that_no_fill_goes_on_with_stops_the_migration_unless_its_loss_is_allowed() {
    let mut connection = people(NAME, &["'Ada Lovelace'", "'Cher'"]);
    let new = "type Person @entity { lastName: String @fill(expr: \"row.name.contains(' ') ? row.name.after(' ') : null\") }";
    insta::assert_snapshot!(stopped(&mut connection, new), @"
    the database was not migrated:

      - column blog_person.name, carried over into last_name
      blog_person.name has a value in 1 row of which nothing goes into last_name: it would be lost.
      keys: 00000000-0000-0000-0000-000000000002
      Change the rows or the expression. If the values may go, run `mainstay migrate --apply --allow-drop blog_person.name`.
    ");
    let allow_drop = vec!["blog_person.name".to_owned()];
    assert!(
        migrate(&mut connection, &schema(new), &Mode::Apply { allow_drop }, NOW).unwrap().applied
    );
    assert_eq!(
        rows(&connection, "SELECT last_name FROM blog_person ORDER BY id"),
        "Lovelace\nnull"
    );
}

#[test]
fn types_change_as_the_fill_says() {
    let check = |old: &str, values: &[&str], new: &str, expected: &str| {
        let old = format!("enum Mood {{ GOOD BAD }} type Person @entity {{ x: {old} }}");
        let new = format!(
            "enum Mood {{ GOOD BAD }} enum Size {{ S L }} type Person @entity {{ x: {new} }}"
        );
        assert_eq!(filled_people(&old, values, &new, "x"), expected, "{new}");
    };
    check("String!", &["'12'", "'-7'"], "Int! @fill(expr: \"int(row.x)\")", "12, -7");
    check("String", &["'1.50'", "NULL"], "Decimal @fill(expr: \"decimal(row.x)\")", "1.50, null");
    check("Int!", &["1999"], "Decimal! @fill(expr: \"decimal(row.x) / 100.0\")", "19.99");
    check(
        "String!",
        &["'2026-11-24T00:00:00Z'"],
        "DateTime! @fill(expr: \"timestamp(row.x)\")",
        "1795478400000000",
    );
    check("DateTime!", &["1795478400000001"], "Date! @fill(expr: \"date(row.x)\")", "2026-11-24");
    check(
        "String!",
        &["'small'", "'L'"],
        "Size! @fill(expr: \"row.x == 'small' ? 'S' : row.x\")",
        "S, L",
    );
    check("Mood!", &["'GOOD'", "'BAD'"], "Boolean! @fill(expr: \"row.x == 'GOOD'\")", "1, 0");
    check(
        "Mood!",
        &["'GOOD'", "'BAD'"],
        "Size! @fill(expr: \"row.x == 'GOOD' ? 'L' : 'S'\")",
        "L, S",
    );
    check("Float!", &["2.0"], "Int! @fill(expr: \"int(row.x * 2.0)\")", "4");
    check("Int", &["NULL", "3"], "Int! @fill(expr: \"0\")", "0, 3");
    check("DateTime", &["NULL", "5"], "DateTime! @fill(expr: \"now\")", "1795478400000000, 5");
    // What keeps its type and is required already is left alone, whatever its fill reads.
    check("Int!", &["7"], "Int! @fill(expr: \"row.long_gone + 1\")", "7");
    check("Mood!", &["'GOOD'"], "Mood! @fill(expr: \"row.old\")", "GOOD");
}

#[test]
fn rows_that_a_fill_leaves_open_are_named() {
    let mut connection = people(NAME, &["'12'", "'many'", "'3000000000'"]);
    let new = "enum Size { S L }
      type Person @entity {
        name: Int! @fill(expr: \"int(row.name)\")
        size: Size! @fill(expr: \"row.name.size() > 2 ? 'XL' : 'S'\") }";
    insta::assert_snapshot!(stopped(&mut connection, new), @"
    the database was not migrated:

      ~ column blog_person.name: String → Int, as `int(row.name)`
      The @fill of blog_person.name gives no value for 1 row.
      keys: 00000000-0000-0000-0000-000000000002
      Change the rows, or let the expression say what they get: `a ? b : c` chooses.

      ~ column blog_person.name: String → Int, as `int(row.name)`
      The @fill of blog_person.name gives a number for 1 row that does not fit 32 bits.
      keys: 00000000-0000-0000-0000-000000000003
      Change the rows, or let the expression say what they get: `a ? b : c` chooses.

      + column blog_person.size: enum { S L }, required, old rows get `row.name.size() > 2 ? 'XL' : 'S'`
      The @fill of blog_person.size gives a text for 2 rows that is not one of the enum's values.
      keys: 00000000-0000-0000-0000-000000000002 00000000-0000-0000-0000-000000000003
      Change the rows, or let the expression say what they get: `a ? b : c` chooses.
    ");
}

#[test]
fn constraints_judge_what_a_fill_gives() {
    let mut connection = people(NAME, &["'Ada Lovelace'", "'Ada Byron'"]);
    let new = "type Person @entity { name: String!
      first: String! @unique @fill(expr: \"row.name.before(' ')\") @check(expr: \"row.first != 'Ada'\") }";
    let error = stopped(&mut connection, new);
    assert!(error.contains("2 rows that share their first"), "{error}");
    assert!(error.contains("2 rows in which (\"first\" <> 'Ada') is false"), "{error}");
}

#[test]
fn a_fill_that_cannot_be_read_is_a_reason_to_stop() {
    let mut connection = people(NAME, &["'Ada'"]);
    let new = "type Person @entity { name: String!
      first: String! @fill(expr: \"row.nam.before(' ')\") age: Int! @fill(expr: \"row.name\") }";
    insta::assert_snapshot!(stopped(&mut connection, new), @"
    the database was not migrated:

      @fill of blog_person.first: `row.nam.before(' ')`
      blog_person has no field `nam`; did you mean `name`?
      The expression reads rows as the last migration left them, with the fields' names of then.

      @fill of blog_person.age: `row.name`
      expected Int here, but this is String; convert it with int(…)
      The expression reads rows as the last migration left them, with the fields' names of then.
    ");
    assert_eq!(
        migrate(&mut connection, &schema(new), &Mode::plan_only(), NOW).unwrap().problems.len(),
        2
    );
}

#[test]
fn a_relation_is_filled_with_the_key_it_refers_to() {
    let mut connection = filled(
        "type Team @entity { name: String! } type Person @entity { teamId: ID }",
        "INSERT INTO blog_team VALUES (X'0a', 'A'), (X'0b', 'B');
         INSERT INTO blog_person VALUES (X'01', X'0a'), (X'02', X'0c')",
    );
    let new = "type Team @entity { name: String! }
      type Person @entity { club: Team @fill(expr: \"row.teamId\") }";
    let error = stopped(&mut connection, new);
    assert!(error.contains("1 row in which club_id refers to no row of blog_team"), "{error}");
    connection.execute_batch("DELETE FROM blog_person WHERE id = X'02'").unwrap();
    steps(&mut connection, new);
    assert_eq!(rows(&connection, "SELECT hex(club_id) FROM blog_person"), "0A");
}

#[test]
fn a_fill_reads_names_as_they_were_when_type_and_fields_are_renamed() {
    let mut connection = people(NAME, &["'Ada'"]);
    let new = "type Author @entity @was(name: \"Person\") {
      label: String! @was(name: \"name\")
      shout: String! @fill(expr: \"row.name.upperAscii()\") }";
    steps(&mut connection, new);
    assert_eq!(rows(&connection, "SELECT label, shout FROM blog_author"), "Ada | ADA");
}

#[test]
fn values_of_an_enum_are_renamed_in_columns_lists_and_constraints() {
    let model = |values: &str, default: &str| {
        format!(
            "enum Mood {{ {values} }} type Post @entity {{
               mood: Mood! @default(value: \"{default}\") @check(expr: \"row.mood != 'BAD'\")
               moods: [Mood!]! }}"
        )
    };
    let mut connection = filled(
        &model("FINE BAD OLD", "FINE"),
        "INSERT INTO blog_post VALUES (X'01', 'FINE', '[\"OLD\",\"FINE\",\"BAD\"]'), (X'02', 'OLD', '[]')",
    );
    let new = model("GOOD @was(name: \"FINE\") BAD OLD", "GOOD");
    insta::assert_snapshot!(steps(&mut connection, &new), @"
    ~ column blog_post.mood: enum { FINE BAD OLD } → enum { GOOD BAD OLD }, FINE as GOOD  (if the rows fit)
    ~ column blog_post.moods: [enum { FINE BAD OLD }] → [enum { GOOD BAD OLD }], FINE as GOOD  (if the rows fit)
    ");
    let select = "SELECT mood, moods FROM blog_post ORDER BY id";
    assert_eq!(rows(&connection, select), "GOOD | [\"OLD\",\"GOOD\",\"BAD\"]\nOLD | []");
    assert!(!dev(&mut connection, &new).unwrap().applied);
    // One value takes in another.
    steps(&mut connection, &model("GOOD @was(name: \"OLD\") BAD NEW", "GOOD"));
    assert_eq!(rows(&connection, select), "GOOD | [\"GOOD\",\"GOOD\",\"BAD\"]\nGOOD | []");
    // A value that someone holds does not go.
    let error = stopped(&mut connection, &model("GOOD NEW", "GOOD").replace("'BAD'", "'NEW'"));
    assert!(error.contains("blog_post.moods has a value in 1 row that is not one"), "{error}");
}

#[test]
fn texts_become_values_of_an_enum_by_their_earlier_names() {
    let mut connection = people(NAME, &["'small'", "'L'"]);
    let new = "enum Size { S @was(name: \"small\") L } type Person @entity { name: Size! }";
    steps(&mut connection, new);
    assert_eq!(rows(&connection, "SELECT name FROM blog_person ORDER BY id"), "S\nL");
}
