//! `mainstay import` and `mainstay export`: rows out of files and into them.

use std::path::{Path, PathBuf};

use serde_json::json;
use testkit::{Folder, Server, command};

use crate::fixtures::{ALICE, BINARY, BOB};

const WORK: &str = r#"
type User @entity @allow(read: "true") { name: String! }
type Task @entity
  @allow(read: "row.owner == user.id", create: "row.title != 'forbidden'", update: "false")
  @archive(keep: "30d")
{
  owner: User! @owner
  title: String! @unique
  hours: Decimal @range(min: 0)
  shout: String! @computed(expr: "row.title.upperAscii()")
  cost: Int @allow(read: "false")
  createdAt: DateTime! @created
  archivedAt: DateTime
}
"#;

/// A folder with an empty database and two users.
fn folder() -> Folder {
    let folder = Folder::new(WORK);
    let (code, _, said) = command(BINARY, &["migrate", "--apply"], folder.path());
    assert_eq!(code, Some(0), "{said}");
    let users = file(&folder, "users.csv", &format!("id,name\n{ALICE},Alice\n{BOB},Bob\n"));
    let (code, told, said) = import(&folder, &users, &["--into", "User"]);
    assert_eq!((code, told.as_str()), (Some(0), "2 rows created\n"), "{said}");
    folder
}

fn file(folder: &Folder, name: &str, text: &str) -> PathBuf {
    folder.write(name, text);
    folder.path().join(name)
}

fn import(folder: &Folder, file: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let file = file.display().to_string();
    command(BINARY, &[&["import", &file], args].concat(), folder.path())
}

fn export(folder: &Folder, args: &[&str]) -> String {
    let (code, told, said) = command(BINARY, &[&["export"], args].concat(), folder.path());
    assert_eq!(code, Some(0), "{said}");
    told
}

/// Tasks of Alice, `count` of them; the title of one may be another.
fn tasks(count: usize, wrong: Option<(usize, &str)>) -> String {
    let title = |task: usize| match wrong {
        Some((at, title)) if at == task => title.to_owned(),
        _ => format!("t{task}"),
    };
    let rows = (1..=count).map(|task| format!("{},{ALICE},{task}.50\r\n", title(task)));
    format!("title,owner,hours\r\n{}", rows.collect::<String>())
}

#[tokio::test]
async fn an_operator_gives_every_field_and_sees_every_row() {
    let folder = folder();
    let rows = format!(
        "title,ownerId,hours,cost,createdAt,archivedAt,shout\n\
         '=a,{ALICE},1.50,7,2020-01-02T03:04:05Z,,IGNORED\n\
         b,{BOB},,,2021-01-02T03:04:05Z,2026-11-01T00:00:00Z,\n"
    );
    let tasks = file(&folder, "tasks.csv", &rows);
    let (code, told, said) = import(&folder, &tasks, &["--into", "tasks"]);
    assert_eq!((code, told.as_str()), (Some(0), "2 rows created\n"), "{said}");
    let all = export(
        &folder,
        &[
            "Task",
            "--sort",
            "title",
            "--fields",
            "title,ownerId,hours,shout,cost,createdAt,archivedAt",
        ],
    );
    let expected = format!(
        "ownerId,title,hours,shout,cost,createdAt,archivedAt\r\n\
         {ALICE},'=a,1.50,'=A,7,2020-01-02T03:04:05.000000Z,\r\n\
         {BOB},b,,B,,2021-01-02T03:04:05.000000Z,2026-11-01T00:00:00.000000Z\r\n"
    );
    assert_eq!(all, expected);
    let as_alice = format!("sub={ALICE}");
    let own = ["tasks", "--as", &as_alice, "--format", "ndjson", "--fields"];
    assert_eq!(export(&folder, &[&own[..], &["title"]].concat()), "{\"title\":\"=a\"}\n");
    let args = [&["export"], &own[..], &["title,cost"]].concat();
    let (code, _, said) = command(BINARY, &args, folder.path());
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("Task has no field `cost`"), "{said}");
    let dear = ["Task", "--filter", "cost > 1", "--sort", "cost", "--fields", "title"];
    assert_eq!(
        export(&folder, &dear),
        "title\r\n'=a\r\n",
        "no rule hides a field from an operator"
    );
    let some = export(&folder, &["Task", "--filter", "hours > 1", "--fields", "title"]);
    assert_eq!(some, "title\r\n'=a\r\n");
}

#[tokio::test]
async fn what_is_exported_is_imported_elsewhere_with_its_keys() {
    let (from, to) = (folder(), folder());
    let rows = file(&from, "tasks.csv", &tasks(50, None));
    import(&from, &rows, &["--into", "Task"]);
    for ending in ["csv", "ndjson"] {
        let out = to.path().join(format!("out.{ending}"));
        let path = out.display().to_string();
        export(&from, &["Task", "--sort", "id", "--out", &path]);
        let server = Server::run(BINARY, "serve", std::sync::Arc::new(folder()));
        let (code, _, said) = import(server.folder(), &out, &["--into", "Task"]);
        assert_eq!(code, Some(0), "{said}");
        assert_eq!(
            export(server.folder(), &["Task", "--sort", "id"]),
            export(&from, &["Task", "--sort", "id"])
        );
        let alice = server.client().as_user(ALICE);
        let seen = alice.get("/api/v1/tasks?count=exact").await.expect(200);
        assert_eq!(seen.json()["total"], json!(50), "a server that runs sees the rows");
    }
}

#[test]
fn a_stopped_import_says_from_where_to_go_on() {
    let folder = folder();
    let wrong = file(&folder, "tasks.csv", &tasks(2500, Some((1500, "t7"))));
    let (code, told, said) = import(&folder, &wrong, &["--into", "Task"]);
    assert_eq!((code, told.as_str()), (Some(1), "1000 rows created, 1 refused\n"));
    assert!(said.contains("line 1501: another row has the same title"), "{said}");
    assert!(said.contains("go on with --from-line 1002"), "{said}");
    let right = file(&folder, "tasks.csv", &tasks(2500, None));
    let (code, told, said) = import(&folder, &right, &["--into", "Task", "--from-line", "1002"]);
    assert_eq!((code, told.as_str()), (Some(0), "1500 rows created\n"), "{said}");
}

#[test]
fn refused_rows_are_told_and_skipped() {
    let folder = folder();
    let rows = format!(
        "title,owner,hours\na,{ALICE},1\nb,{ALICE},-1\nc\na,{ALICE},1\nd,{ALICE},\ne,{ALICE}x,1\nf,01900000-0000-7000-8000-00000000dead,1\n"
    );
    let rows = file(&folder, "tasks.csv", &rows);
    let (code, told, said) = import(&folder, &rows, &["--into", "Task", "--on-error", "skip"]);
    assert_eq!((code, told.as_str()), (Some(1), "2 rows created, 5 refused\n"), "{said}");
    let told = [
        "line 3: hours must be at least 0",
        "line 4: it has 1 cells, and the first line 3",
        "line 5: another row has the same title",
        "line 7: owner must be the key of a User",
        "line 8: owner refers to a row that does not exist",
    ];
    assert_eq!(said.lines().collect::<Vec<_>>(), told);
}

#[test]
fn rules_count_where_a_caller_is_named() {
    let folder = folder();
    let rows = file(&folder, "tasks.ndjson", "{\"title\":\"a\"}\n{\"title\":\"forbidden\"}\n");
    let (code, _, said) = import(&folder, &rows, &["--into", "Task"]);
    assert_eq!((code, said.trim()), (Some(1), "line 1: ownerId is required"));
    let (code, _, said) = import(&folder, &rows, &["--into", "Task", "--as", "sub=nobody"]);
    assert_eq!((code, said.trim()), (Some(1), "line 1: the caller may not do this"));
    let as_alice = format!("sub={ALICE}");
    let args = ["--into", "Task", "--as", &as_alice, "--on-error", "skip"];
    let (code, told, said) = import(&folder, &rows, &args);
    assert_eq!((code, told.as_str()), (Some(1), "1 rows created, 1 refused\n"));
    assert_eq!(said.trim(), "line 2: the caller may not do this");
    let args = ["--into", "Task", "--as", &as_alice, "--on-error", "skip", "--replace", "title"];
    let (code, _, said) = import(&folder, &rows, &args);
    assert_eq!((code, said.lines().count()), (Some(1), 2), "no rule lets tasks be changed: {said}");
    let (code, _, said) = import(&folder, &rows, &["--into", "Task", "--replace", "title"]);
    assert_eq!(code, Some(2), "{said}");
}

#[test]
fn what_cannot_be_done_is_said() {
    let folder = folder();
    let rows = file(&folder, "tasks.csv", "titel\na\n");
    let check = |args: &[&str], code: i32, expected: &str| {
        let (found, _, said) = command(BINARY, args, folder.path());
        assert_eq!(found, Some(code), "{args:?}: {said}");
        assert!(said.contains(expected), "{args:?}: {said}");
    };
    let path = rows.display().to_string();
    check(&["import", &path, "--into", "Task"], 1, "did you mean `title`?");
    check(&["import", &path, "--into", "Tusk"], 2, "did you mean `Task`?");
    check(&["import", "nothing.csv", "--into", "Task"], 2, "cannot read nothing.csv");
    check(&["import", "/dev/null", "--into", "Task"], 2, "--format");
    check(&["export", "Task", "--filter", "tytle == 'a'"], 1, "did you mean `title`?");
    check(&["export", "Task", "--out", "/nowhere/tasks.csv"], 2, "cannot write");
    let empty = Folder::new(WORK);
    let (code, _, said) = command(BINARY, &["export", "Task"], empty.path());
    assert_eq!(code, Some(2));
    assert!(said.contains("there is no database"), "{said}");
}
