//! The command line: new, check, migrate, user token, dev.

use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use testkit::{Folder, Server, command};

use crate::fixtures::{ALICE, BINARY};

const FIRST: &str = r#"type Note @entity @allow(read: "true", write: "true") { title: String! }"#;

#[test]
fn each_template_is_a_good_application() {
    for template in ["blank", "shop", "saas"] {
        let parent = tempfile::tempdir().expect("a temporary folder");
        let dir = parent.path().join("made");
        let (code, _, said) = command(BINARY, &["new", "--template", template], &dir);
        assert_eq!(code, Some(0), "{said}");
        let (code, found, said) = command(BINARY, &["check"], &dir);
        assert_eq!(code, Some(0), "{template}: {found}{said}");
        let (code, _, said) = command(BINARY, &["new"], &dir);
        assert_eq!(code, Some(2), "a folder with files in it is left alone: {said}");
    }
}

#[test]
fn check_shows_mistakes_in_three_formats_and_fails() {
    let folder = Folder::new("type Note @entity @allow(reed: \"true\") { title: Strin! }");
    let (code, human, _) = command(BINARY, &["check"], folder.path());
    assert_eq!(code, Some(1));
    assert!(human.contains("modules/app/schema.graphql:1:"), "{human}");
    assert!(human.contains("did you mean"), "{human}");
    let (code, text, _) = command(BINARY, &["check", "--format", "json"], folder.path());
    assert_eq!(code, Some(1));
    let json: Json = serde_json::from_str(&text).expect("JSON");
    assert!(json.to_string().contains("schema.graphql"));
    let (_, text, _) = command(BINARY, &["check", "--format", "sarif"], folder.path());
    let sarif: Json = serde_json::from_str(&text).expect("JSON");
    assert_eq!(sarif["version"], json!("2.1.0"));
    let (code, _, said) = command(BINARY, &["check"], &folder.path().join("nothing"));
    assert_eq!(code, Some(2), "{said}");
}

#[tokio::test]
async fn migrate_plans_first_and_serve_refuses_what_is_not_migrated() {
    let folder = Folder::new(FIRST);
    let (code, plan, _) = command(BINARY, &["migrate", "--plan"], folder.path());
    assert_eq!(code, Some(0));
    assert!(plan.contains("app_note"), "{plan}");
    let (code, _, said) = command(BINARY, &["serve", "--listen", "127.0.0.1:0"], folder.path());
    assert_eq!(code, Some(1));
    assert!(said.contains("migrate --apply"), "{said}");
    let server = Server::start(BINARY, folder);
    server.client().post("/api/v1/notes", json!({ "title": "t" })).await.expect(201);
    let folder = server.kill();
    folder.write("modules/app/schema.graphql", &FIRST.replace("title: String!", "name: String"));
    let (code, text, said) = command(BINARY, &["migrate", "--plan"], folder.path());
    assert_eq!(code, Some(1), "{text}{said}");
    let (code, _, said) = command(BINARY, &["migrate", "--apply"], folder.path());
    assert_eq!(code, Some(1));
    assert!(said.contains("@was") && said.contains("--allow-drop"), "{said}");
    folder.write(
        "modules/app/schema.graphql",
        &FIRST.replace("title: String!", "name: String! @was(name: \"title\")"),
    );
    let (code, _, said) = command(BINARY, &["migrate", "--apply"], folder.path());
    assert_eq!(code, Some(0), "{said}");
    let server = Server::run(BINARY, "serve", folder);
    let names = server.client().get("/api/v1/notes").await.expect(200).column("name");
    assert_eq!(names, ["t"]);
}

/// Asks until the answer is as wanted; reloading takes a moment.
async fn until(server: &Server, what: &str, wanted: impl AsyncFn(&Server) -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !wanted(server).await {
        assert!(Instant::now() < deadline, "{what}:\n{}", server.log());
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn dev_seeds_reloads_and_survives_a_broken_model() {
    let folder = Folder::new(FIRST).file("seed/Note.json", r#"[{"title":"one"},{"title":"two"}]"#);
    let server = Server::dev(BINARY, folder);
    let client = server.client();
    assert_eq!(client.get("/api/v1/notes").await.expect(200).items().len(), 2);

    let (code, token, said) =
        command(BINARY, &["user", "token", "--sub", ALICE], server.folder().path());
    assert_eq!(code, Some(0), "{said}");
    let signed = client.with("authorization", &format!("Bearer {}", token.trim()));
    signed.get("/api/v1/notes").await.expect(200);

    let path = "modules/app/schema.graphql";
    server.folder().write(path, &FIRST.replace("title: String!", "title: String! stars: Int"));
    until(&server, "the new field appears", async |server| {
        let items = server.client().get("/api/v1/notes").await.expect(200).items();
        items[0].get("stars").is_some()
    })
    .await;
    server.folder().write(path, "type Note @entity {");
    until(&server, "the mistake is shown", async |server| {
        server.client().get("/api/v1/notes").await.expect(200);
        server.log().contains("goes on serving")
    })
    .await;
    server.folder().write(path, &FIRST.replace("title: String!", "title: String! moons: Int"));
    until(&server, "the model is good again", async |server| {
        let items = server.client().get("/api/v1/notes").await.expect(200).items();
        items[0].get("moons").is_some()
    })
    .await;
}
