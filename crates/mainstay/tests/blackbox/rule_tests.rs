//! `mainstay test`: the tests of access rules that an application brings along.

use std::path::Path;

use serde_json::{Value as Json, json};
use testkit::{Folder, command};

use crate::fixtures::BINARY;

const NOTES: &str = r#"
type Note @entity @allow(
  read: "row.shared || row.owner == user.id", create: "user != null", update: "row.owner == user.id"
) { owner: ID! @owner  title: String! @length(max: 5)  shared: Boolean! @default(value: false)  next: Note }"#;

const ROWS: &str = r#"
[callers]
ann = { sub = "0198c0de-0000-7000-8000-000000000001" }

[rows.Note]
mine = { owner = "0198c0de-0000-7000-8000-000000000001", title = "mine", next = "shared" }
shared = { owner = "0198c0de-0000-7000-8000-000000000002", title = "ours", shared = true }
"#;

fn test(tests: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let folder = Folder::new(NOTES).file("tests/notes.toml", &format!("{ROWS}{tests}"));
    let (code, shown, said) = command(BINARY, &[&["test"], arguments].concat(), folder.path());
    assert!(!folder.database().exists(), "tests leave the application's database alone");
    (code, shown + &said)
}

#[test]
fn the_shop_and_each_template_pass_their_own_tests() {
    let shop = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/shop");
    let (code, shown, said) = command(BINARY, &["test"], Path::new(shop));
    assert_eq!(code, Some(0), "{shown}{said}");
    for template in ["blank", "saas", "shop"] {
        let parent = tempfile::tempdir().expect("a temporary folder");
        let dir = parent.path().join("made");
        command(BINARY, &["new", "--template", template], &dir);
        let (code, shown, said) = command(BINARY, &["test"], &dir);
        assert_eq!(code, Some(0), "{template}: {shown}{said}");
    }
}

#[test]
fn a_failing_test_shows_why() {
    let tests = r#"
[[test]]
name = "nobody sees what is mine"
can = ["read Note/mine"]
cannot = ["read Note/shared"]
sees = { Note = ["mine"], "Note/shared" = ["id"] }

[[test]]
name = "mine is mine"
as = "ann"
can = ['update Note/mine {"title": "new"}', 'create Note {"title": "new", "next": "mine"}', "read Note/mine"]
sees = { Note = ["shared", "mine"] }
"#;
    let (code, shown) = test(tests, &[]);
    assert_eq!(code, Some(1), "{shown}");
    for expected in [
        "  FAIL  nobody sees what is mine",
        "can read Note/mine: not so",
        "false      row.shared   [row.shared = false]",
        "cannot read Note/shared: not so",
        r#"sees Note: expected ["mine"], but sees ["shared"]"#,
        r#"sees Note/shared: expected ["id"], but sees ["id","nextId","owner","shared","title"]"#,
        "  ok    mine is mine",
        "1 of 2 tests passed, 8 expectations",
    ] {
        assert!(shown.contains(expected), "{expected}\n{shown}");
    }
    let (code, shown) = test(tests, &["--only", "mine is mine", "--format", "json"]);
    assert_eq!(code, Some(0), "{shown}");
    let json: Json = serde_json::from_str(&shown).expect("JSON");
    assert_eq!(json["passed"], true);
    assert_eq!(json["files"][0]["tests"][0]["expectations"], json!(4));
}

#[test]
fn a_test_that_is_wrong_does_not_pass() {
    let tests = r#"
[[test]]
name = "refused by no rule"
as = "ann"
cannot = ['update Note/mine {"title": "too long"}', 'update Note/mine {"tilte": "x"}']

[[test]]
name = "of nothing"
as = "eve"

[[test]]
name = "misspelt"
as = "ann"
can = ["raed Note/mine", "read Note/yours", "read Noet/mine", "update Note", "create Note/mine", 'read Note/mine {"a":1}']
"#;
    let (code, shown) = test(tests, &[]);
    assert_eq!(code, Some(1), "{shown}");
    for expected in [
        "refused, but by no rule: title must have at most 5 characters",
        "refused, but by no rule: Note has no field `tilte`",
        "it expects nothing",
        "there is no caller `eve`",
        "begins with none of read, create, update and delete",
        "there is no row `yours` of Note",
        "did you mean `Note`?",
        "does not say which row",
        "creates no row that is there",
        "takes no body",
        "0 of 3 tests passed",
    ] {
        assert!(shown.contains(expected), "{expected}\n{shown}");
    }
    let (code, shown) = test("[rows.Note.bad]\ntitle = 'no owner'", &[]);
    assert_eq!(code, Some(2), "{shown}");
    assert!(shown.contains("tests/notes.toml: the rows cannot be loaded"), "{shown}");
    let (code, shown) = test("[[test]]\nnaem = 'x'", &[]);
    assert_eq!(code, Some(2), "{shown}");
    assert!(shown.contains("unknown field `naem`"), "{shown}");
}
