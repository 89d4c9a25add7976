//! `mainstay rules`: who may do what, as a person and a program see it.

use std::path::Path;

use insta::assert_snapshot;
use serde_json::{Value as Json, json};
use testkit::{Server, command};

use crate::fixtures::{ALICE, BINARY, BOB, blog, post};

const SHOP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/shop");

#[test]
fn the_matrix_of_the_shop_is_read_at_a_glance() {
    let (code, shown, said) = command(BINARY, &["rules"], Path::new(SHOP));
    assert_eq!(code, Some(0), "{said}");
    assert_snapshot!("matrix_of_the_shop", shown);
}

#[test]
fn one_entity_of_the_matrix_is_json() {
    let arguments = ["rules", "--entity", "catalog.Product", "--format", "json"];
    let (code, shown, said) = command(BINARY, &arguments, Path::new(SHOP));
    assert_eq!(code, Some(0), "{said}");
    let matrix: Json = serde_json::from_str(&shown).expect("JSON");
    assert_eq!(
        matrix["callers"][2],
        json!({ "name": "role=admin", "claims": { "role": "admin" } })
    );
    let entity = &matrix["entities"][0];
    assert_eq!(entity["operations"]["read"]["nobody"]["when"], "row.listed");
    assert_eq!(entity["operations"]["delete"]["role=admin"]["access"], "always");
    let hidden = entity["fields"].as_array().expect("fields").iter();
    let hidden: Vec<&Json> = hidden.filter(|field| field["note"] == "private").collect();
    assert_eq!(hidden[0]["name"], "purchasePrice");
    assert_eq!(hidden[0]["operations"]["read"]["role=admin"]["access"], "never");
    let (code, _, said) = command(BINARY, &["rules", "--entity", "Porduct"], Path::new(SHOP));
    assert_eq!(code, Some(2));
    assert!(said.contains("no entity `Porduct`"), "{said}");
}

/// Explains an attempt on a running server's database.
fn explain(server: &Server, arguments: &[&str]) -> (Option<i32>, String) {
    let all = [&["rules", "explain"], arguments].concat();
    let (code, shown, said) = command(BINARY, &all, server.folder().path());
    (code, shown + &said)
}

#[tokio::test]
async fn a_refusal_is_explained_part_by_part_on_the_real_row() {
    let server = blog().await;
    let draft = json!({ "title": "d", "status": "DRAFT" });
    let draft = post(&server.client().as_user(ALICE), draft).await;
    let row = format!("Post/{}", draft["id"].as_str().expect("an id"));
    let (code, shown) = explain(&server, &["--can", "read", &row, "--as", &format!("sub={BOB}")]);
    assert_eq!(code, Some(1), "{shown}");
    assert_snapshot!(shown.replace(&row, "Post/ID"), @r#"
    May {"sub":"0198c0de-0000-7000-8000-000000000b0b"} read app.Post/ID?
    No: the read rule hides the row, so for this caller it does not exist (404 not_found)

    read, on the row as it is: does not hold
      false    row.status == 'PUBLISHED' || row.author == user.id
      false      row.status == 'PUBLISHED'   [row.status = "DRAFT"]
      false      row.author == user.id   [row.author = "0198c0de-0000-7000-8000-00000000a11c", user.id = "0198c0de-0000-7000-8000-000000000b0b"]
    "#);

    let as_alice = ["--as", &format!("sub={ALICE}")];
    let (code, shown) = explain(&server, &[&["--can", "read", &row], &as_alice[..]].concat());
    assert_eq!(code, Some(0), "{shown}");
    let input = format!(r#"{{"author":"{BOB}"}}"#);
    let user = format!("User/{BOB}");
    let renamed = ["--can", "update", &user, "--input", r#"{"name":"Eve"}"#];
    let (code, shown) = explain(&server, &[&renamed[..], &as_alice[..]].concat());
    assert_eq!(code, Some(1));
    assert!(
        shown.contains("No: the update rule does not hold on the row as it is (403"),
        "{shown}"
    );
    let (code, shown) =
        explain(&server, &[&["--can", "update", &row, "--input", &input], &as_alice[..]].concat());
    assert_eq!(code, Some(1));
    assert!(shown.contains("author is set to the caller"), "{shown}");
}

#[tokio::test]
async fn an_explanation_masks_private_values_and_writes_nothing() {
    let server = crate::fixtures::start(
        r#"
        type Vault @entity @allow(
          read: "true"
          create: "true"
          update: "row.code == 'open' && row.level < 5"
        ) {
          code: String! @private
          level: Int @allow(update: "row.level == null || user.role == 'admin'")
          keys: [Key!]! @inverse(of: "vault")
        }
        type Key @entity @allow(create: "row.vault.keys.exists(k, k.owner == user.id)") {
          vault: Vault!
          owner: ID!
        }"#,
    );
    let client = server.client();
    let body = json!({ "code": "open", "level": 2 });
    let vault = client.post("/api/v1/vaults", body).await.expect(201).id();
    let row = format!("Vault/{vault}");
    let update = ["--can", "update", &row, "--input", r#"{"level":7}"#];
    let (code, shown) = explain(&server, &update);
    assert_eq!(code, Some(1));
    assert!(shown.contains("row.code == 'open'   [row.code = (private)]"), "{shown}");
    assert!(shown.contains("the caller may not send level (403 forbidden_field)"), "{shown}");
    let as_admin = ["--as", "role=admin"];
    let (code, shown) = explain(&server, &[&update[..], &as_admin[..]].concat());
    assert_eq!(code, Some(1));
    assert!(shown.contains("does not hold on the row as it would become (403"), "{shown}");
    let fitting = ["--can", "update", &row, "--input", r#"{"level":4}"#, "--as", "role=admin"];
    let (code, shown) = explain(&server, &[&fitting[..], &["--format", "json"]].concat());
    assert_eq!(code, Some(0), "{shown}");
    let explained: Json = serde_json::from_str(&shown).expect("JSON");
    assert_eq!((&explained["allowed"], &explained["status"]), (&json!(true), &json!(200)));
    let read = client.get(&format!("/api/v1/vaults/{vault}")).await.expect(200).json();
    assert_eq!(read, json!({ "id": vault, "level": 2 }), "nothing was written");

    // The new row is among those that its own rule looks at.
    let key = format!(r#"{{"vault":"{vault}","owner":"{ALICE}"}}"#);
    let create = ["--can", "create", "Key", "--input", &key];
    let (code, shown) =
        explain(&server, &[&create[..], &["--as", &format!("sub={ALICE}")]].concat());
    assert_eq!(code, Some(0), "{shown}");
    let (code, shown) = explain(&server, &[&create[..], &["--as", "sub=x"]].concat());
    assert_eq!(code, Some(1), "{shown}");
}

#[tokio::test]
async fn what_cannot_be_explained_is_said_so() {
    let server = crate::fixtures::start(
        r#"type Vault @entity @allow(read: "true", update: "true") { code: String! }"#,
    );
    let say = |arguments: &[&str], code: i32, said: &str| {
        let (exit, shown) = explain(&server, arguments);
        assert_eq!(exit, Some(code), "{shown}");
        assert!(shown.contains(said), "{shown}");
    };
    let row = format!("Vault/{ALICE}");
    say(&["--can", "create", "Vault"], 1, "nobody may create: there is no rule (401");
    say(&["--can", "delete", &row], 1, "there is no such row (404 not_found)");
    say(&["--can", "update", &row, "--input", r#"{"cod":1}"#], 1, "has no field `cod`");
    say(&["--can", "delete", "Vault/7"], 2, "`7` is not a key of Vault");
    say(&["--can", "delete", "Vault"], 2, "write Vault/KEY");
    say(&["--can", "drop", &row], 2, "not `drop`");
    say(&["--can", "read", "app.Valt/7"], 2, "did you mean `Vault`");
    say(&["--can", "read", &row, "--as", "role"], 2, "name=value");
    say(&["--can", "read", &row, "--database", "/nonexistent/x.db"], 2, "there is no database");
}

const BEFORE: &str = r#"
enum Status { DRAFT PAID SENT }
type Order @entity @allow(
  read: "row.buyer == user.id || user.role == 'admin'"
  update: "row.status in ['DRAFT']"
) {
  buyer: ID!
  status: Status!
  cost: Decimal @private
  old: String
}"#;

/// Compares `BEFORE` with what it becomes.
fn diff(change: impl Fn(&str) -> String, arguments: &[&str]) -> (Option<i32>, String) {
    let old = testkit::Folder::new(BEFORE);
    let new = testkit::Folder::new(&change(BEFORE));
    let old = old.path().to_str().expect("a path");
    let (code, shown, said) =
        command(BINARY, &[&["rules", "diff", old], arguments].concat(), new.path());
    (code, shown + &said)
}

#[test]
fn a_change_that_widens_access_is_named_and_can_fail_a_build() {
    let unchanged = |text: &str| text.replace("['DRAFT']", "[ 'DRAFT' ]");
    let (code, shown) = diff(unchanged, &["--deny-widening"]);
    assert_eq!((code, shown.trim()), (Some(0), "0 wider, 0 narrower, 0 both, 0 unclear"));

    let wider = |text: &str| text.replace("['DRAFT']", "['PAID', 'DRAFT']");
    let (code, shown) = diff(wider, &["--deny-widening"]);
    assert_eq!(code, Some(1));
    assert_snapshot!(shown, @r#"
    app.Order update: wider
      was  row.status in ['DRAFT']
      now  row.status in ['PAID', 'DRAFT']
      nobody: if row.status in ['DRAFT'] -> if row.status in ['PAID', 'DRAFT']
      signed in: if row.status in ['DRAFT'] -> if row.status in ['PAID', 'DRAFT']
      role=admin: if row.status in ['DRAFT'] -> if row.status in ['PAID', 'DRAFT']
      now allowed: nobody on row.status = "PAID"

    1 wider, 0 narrower, 0 both, 0 unclear
    "#);
    assert_eq!(diff(wider, &[]).0, Some(0));

    let narrower = |text: &str| text.replace("buyer == user.id", "buyer == user.id && now > now");
    let (code, shown) = diff(narrower, &["--deny-widening"]);
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("app.Order read: narrower"), "{shown}");

    let public = |text: &str| text.replace(" @private", "").replace("old: ", "young: ");
    let (code, shown) = diff(public, &["--format", "json"]);
    assert_eq!(code, Some(0));
    let json: Json = serde_json::from_str(&shown).expect("JSON");
    assert_eq!(json["widens"], true);
    assert_eq!(json["changed"][0]["field"], "cost");
    assert_eq!(json["added"], json!(["app.Order.young"]));
    assert_eq!(json["removed"], json!(["app.Order.old"]));
    let nobody = &json["changed"][0]["callers"];
    assert_eq!(nobody[0]["now"], "row.buyer == user.id", "who cannot read the row is not named");
}

#[test]
fn the_matrix_and_the_differences_tell_who_reads_histories() {
    let directives = "@entity @audit(read: \"user.role == 'admin'\") @archive @allow(";
    let folder = testkit::Folder::new(&BEFORE.replace("@entity @allow(", directives));
    let (code, shown, said) = command(BINARY, &["rules"], folder.path());
    assert_eq!(code, Some(0), "{said}");
    assert_snapshot!(shown, @r"
                    nobody   signed in   role=admin

    app.Order
      read          never    if [1]      if [2]
      create        never    never       never
      update        if [3]   if [3]      if [3]
      delete        never    never       never
      history       never    never       if [2]
      historyGone   never    never       never
      never leave the server: cost, archivedAt
      [1] row.archivedAt == null && row.buyer == user.id
      [2] row.archivedAt == null
      [3] row.archivedAt == null && row.status in ['DRAFT']
    ");
    let plain = |text: &str| text.replace("@entity @allow(", "@entity @audit @allow(");
    let (code, shown) = diff(plain, &["--deny-widening"]);
    assert_eq!(code, Some(1));
    assert_snapshot!(shown.lines().take(3).collect::<Vec<_>>().join("\n"), @r"
    app.Order history: wider
      was  false
      now  (row.buyer == user.id || user.role == 'admin') && (row.status in ['DRAFT'])
    ");
}

#[test]
fn a_renamed_field_and_a_computed_one_keep_or_change_what_a_rule_means() {
    let renamed = |text: &str| {
        let text = text.replace("buyer: ID!", "owner: ID! @was(name: \"buyer\")");
        text.replace("row.buyer", "row.owner")
    };
    let (code, shown) = diff(renamed, &["--deny-widening"]);
    assert_eq!((code, shown.trim()), (Some(0), "0 wider, 0 narrower, 0 both, 0 unclear"));
    let made = |price: &str| {
        let rule = r#"@allow(read: "row.cheap")"#;
        let cheap = format!("cheap: Boolean! @computed(expr: \"row.price < {price}\")");
        testkit::Folder::new(&format!("type Item @entity {rule} {{ price: Int! {cheap} }}"))
    };
    let (old, new) = (made("5"), made("9"));
    let old = old.path().to_str().expect("a path");
    let (_, shown, said) = command(BINARY, &["rules", "diff", old], new.path());
    assert!(shown.contains("app.Item read: ") && shown.contains("now allowed"), "{shown}{said}");
    let other = |text: &str| text.replace("row.buyer == user.id", "row.old == 'x'");
    let (code, shown) = diff(other, &["--deny-widening"]);
    assert_eq!(code, Some(1));
    assert!(shown.contains("wider for some, narrower for others"), "{shown}");
    assert!(shown.contains("row.old = \"x\""), "{shown}");
}

#[test]
fn the_old_model_may_be_a_revision_of_git() {
    let folder = testkit::Folder::new(BEFORE);
    let git = |arguments: &[&str]| {
        let own = ["-c", "user.name=t", "-c", "user.email=t@example.com"];
        let done = std::process::Command::new("git")
            .arg("-C")
            .arg(folder.path())
            .args(own)
            .args(arguments)
            .output()
            .expect("git");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "first"]);
    let path = "modules/app/schema.graphql";
    folder.write(path, &BEFORE.replace("row.status in ['DRAFT']", "true"));
    let run = |old: &str| {
        let arguments = ["rules", "diff", "--deny-widening", "--", old];
        let (code, shown, said) = command(BINARY, &arguments, folder.path());
        (code, shown + &said)
    };
    let (code, shown) = run("HEAD");
    assert_eq!(code, Some(1));
    assert!(shown.contains("app.Order update: wider"), "{shown}");
    for none in ["nothing", "--output=x"] {
        let (code, shown) = run(none);
        assert_eq!(code, Some(2), "{shown}");
    }
}

#[tokio::test]
async fn a_tenant_is_a_part_of_every_rule_that_is_shown() {
    let server = crate::fixtures::start(
        r#"
        type Project @entity @tenant(field: "org") @allow(
          read: "row.open || user.role == 'lead'", create: "true", update: "true"
        ) { org: ID!  open: Boolean! @default(value: true)  parent: Project }"#,
    );
    let (code, shown, said) = command(BINARY, &["rules"], server.folder().path());
    assert_eq!(code, Some(0), "{said}");
    assert_snapshot!(shown, @r"
                  nobody   signed in   role=lead

    app.Project
      read        never    if [1]      if [2]
      create      never    if [2]      if [2]
      update      never    if [2]      if [2]
      delete      never    never       never
      set by the server: org
      [1] row.org == user.org && row.open
      [2] row.org == user.org
    ");
    let claims = |org: &str| json!({ "sub": "x", "org": org });
    let (ours, theirs) = (claims(ALICE), claims(BOB));
    let project = server.client().as_caller(&ours).post("/api/v1/projects", json!({})).await;
    let project = project.expect(201).id();
    let body = json!({ "parent": project });
    server.client().as_caller(&theirs).post("/api/v1/projects", body.clone()).await.expect(422);
    let (body, theirs) = (body.to_string(), theirs.to_string());
    let (code, shown) =
        explain(&server, &["--can", "create", "Project", "--input", &body, "--as", &theirs]);
    assert_eq!(code, Some(1));
    assert!(shown.contains("parent: no such row, as far as the caller may know (422"), "{shown}");
    let row = format!("Project/{project}");
    let (code, shown) = explain(&server, &["--can", "read", &row, "--as", &theirs]);
    assert_eq!(code, Some(1));
    assert!(shown.contains("false      row.org == user.org   [row.org = "), "{shown}");
}
