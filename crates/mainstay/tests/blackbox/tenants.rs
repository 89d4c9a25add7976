//! Tenants: each caller lives in a world of its own.

use serde_json::{Value as Json, json};
use testkit::{Client, Folder, Server, command};

use crate::fixtures::{ALICE, BINARY, BOB, start};

const RED: &str = "0198c0de-0000-7000-8000-0000000004ed";
const BLUE: &str = "0198c0de-0000-7000-8000-00000000b10e";
const NOWHERE: &str = "0198c0de-0000-7000-8000-00000000dead";

const WORK: &str = r#"
type Org @entity @allow(read: "true", create: "user.role == 'admin'") {
  name: String!
  projects: [Project!]! @inverse(of: "org")
}
type Project @entity @tenant(field: "org") @allow(read: "true", write: "true") {
  org: Org!
  name: String! @unique
  parent: Project
  tasks: [Task!]! @inverse(of: "project")
}
type Task @entity @key(on: ["org", "number"]) @tenant(field: "org") @allow(read: "true", write: "true") {
  org: Org!
  number: Int!
  title: String!
  project: Project!
}
type Note @entity @allow(read: "true", write: "true") { text: String!  project: Project }
"#;

struct World {
    _server: Server,
    red: Client,
    blue: Client,
    nobody: Client,
    red_project: String,
    blue_project: String,
}

async fn world() -> World {
    let server = start(WORK);
    let nobody = server.client();
    for (id, name) in [(RED, "Red"), (BLUE, "Blue")] {
        let body = json!({ "id": id, "name": name });
        server.client().as_admin().post("/api/v1/orgs", body).await.expect(201);
    }
    let red = nobody.as_caller(&json!({ "sub": ALICE, "org": RED }));
    let blue = nobody.as_caller(&json!({ "sub": BOB, "org": BLUE }));
    let mut projects = Vec::new();
    for client in [&red, &blue] {
        let project =
            client.post("/api/v1/projects", json!({ "name": "launch" })).await.expect(201);
        let id = project.text("id");
        let task = json!({ "number": 1, "title": "secret", "project": id });
        client.post("/api/v1/tasks", task).await.expect(201);
        projects.push(id);
    }
    let blue_project = projects.pop().expect("two projects");
    let red_project = projects.pop().expect("two projects");
    World { _server: server, red, blue, nobody, red_project, blue_project }
}

#[tokio::test]
async fn a_row_is_its_creators_tenants_and_stays_it() {
    let world = world().await;
    let World { red, red_project, .. } = &world;
    let path = format!("/api/v1/projects/{red_project}");
    assert_eq!(red.get(&path).await.expect(200).json()["orgId"], json!(RED));
    for name in ["org", "orgId"] {
        let own = json!({ name: RED, "name": name });
        let made = red.post("/api/v1/projects", own.clone()).await.expect(201);
        assert_eq!(made.json()["orgId"], json!(RED));
        red.patch(&path, json!({ name: RED })).await.expect(200);
        let mut said = Vec::new();
        for other in [BLUE, NOWHERE] {
            let body = json!({ name: other, "name": "x" });
            let created = red.post("/api/v1/projects", body.clone()).await.expect(422).json();
            let patched = red.patch(&path, body).await.expect(422).json();
            assert_eq!(created["errors"], patched["errors"]);
            assert_eq!(created["errors"][0]["code"], json!("not_found"));
            said.push(created["errors"].clone());
        }
        assert_eq!(said[0], said[1], "a tenant that exists is as unknown as one that does not");
    }
}

#[tokio::test]
async fn other_tenants_rows_do_not_exist_at_any_door() {
    let world = world().await;
    let World { red, red_project, blue_project, .. } = &world;
    let listed = red.get("/api/v1/projects?count=exact").await.expect(200);
    assert_eq!((listed.items().len(), &listed.json()["total"]), (1, &json!(1)));
    for path in [format!("/api/v1/projects/{blue_project}"), format!("/api/v1/tasks/{BLUE},1")] {
        red.get(&path).await.expect(404);
        red.patch(&path, json!({})).await.expect(404);
        red.delete(&path).await.expect(404);
    }
    for filter in [
        "projects.exists(p, p.name == 'launch')",
        "size(projects) > 0",
        "projects.exists(p, p.tasks.exists(t, t.title == 'secret'))",
        "!projects.all(p, p.name == 'x')",
    ] {
        let found = red.find("/api/v1/orgs", &[("filter", filter)]).await.expect(200).items();
        assert_eq!(found.len(), 1, "{filter}");
        assert_eq!(found[0]["name"], json!("Red"), "{filter}");
    }
    let orgs = red.get("/api/v1/orgs?expand=projects.tasks&sort=name").await.expect(200).items();
    assert_eq!(orgs[0]["projects"], json!([]), "{orgs:?}");
    assert_eq!(orgs[1]["projects"][0]["id"], json!(red_project));
    let batch =
        json!({ "operations": [{ "method": "GET", "path": format!("/projects/{blue_project}") }] });
    red.post("/api/v1/batch", batch).await.expect(404);
}

#[tokio::test]
async fn a_reference_to_another_tenants_row_is_one_to_no_row() {
    let world = world().await;
    let World { red, red_project, blue_project, .. } = &world;
    let refused = async |path: &str, body: Json| -> Json {
        red.post(path, body).await.expect(422).json()["errors"].clone()
    };
    for (path, body) in [
        ("/api/v1/projects", json!({ "name": "x", "parent": "?" })),
        ("/api/v1/tasks", json!({ "number": 9, "title": "x", "project": "?" })),
        ("/api/v1/notes", json!({ "text": "x", "project": "?" })),
    ] {
        let with = |id: &str| -> Json {
            serde_json::from_str(&body.to_string().replace('?', id)).expect("JSON")
        };
        assert_eq!(refused(path, with(blue_project)).await, refused(path, with(NOWHERE)).await);
        red.post(path, with(red_project)).await.expect(201);
    }
    let path = format!("/api/v1/tasks/{RED},1");
    red.patch(&path, json!({ "project": blue_project })).await.expect(422);
}

#[tokio::test]
async fn what_is_unique_is_so_within_a_tenant() {
    let world = world().await;
    let World { red, blue, .. } = &world;
    // Both have a project `launch` and a task 1 already.
    let taken = red.post("/api/v1/projects", json!({ "name": "launch" })).await.expect(409).json();
    assert_eq!(taken["code"], json!("duplicate"));
    assert!(!taken.to_string().contains("org"), "{taken}");
    blue.post("/api/v1/projects", json!({ "name": "blue only" })).await.expect(201);
    red.post("/api/v1/projects", json!({ "name": "blue only" })).await.expect(201);
}

#[tokio::test]
async fn a_caller_without_a_tenant_has_no_rows() {
    let world = world().await;
    let World { nobody, red_project, .. } = &world;
    let tenantless = nobody.as_user(ALICE);
    let odd = nobody.as_caller(&json!({ "sub": ALICE, "org": [RED] }));
    for (client, status) in [(nobody, 401), (&tenantless, 403), (&odd, 403)] {
        client.get("/api/v1/projects").await.expect(status);
        client.get(&format!("/api/v1/projects/{red_project}")).await.expect(404);
        client.post("/api/v1/projects", json!({ "name": "x", "org": RED })).await.expect(status);
        client.delete(&format!("/api/v1/projects/{red_project}")).await.expect(404);
        let orgs = client.get("/api/v1/orgs?expand=projects").await.expect(200).items();
        assert!(orgs.iter().all(|org| org["projects"] == json!([])), "{orgs:?}");
    }
}

#[tokio::test]
async fn another_claim_may_name_the_tenant() {
    let schema = r#"type Note @entity @tenant(field: "team") @allow(read: "true", write: "true") { team: Int!  text: String! }"#;
    let folder = Folder::new(schema);
    let config = std::fs::read_to_string(folder.path().join("mainstay.toml")).expect("a file");
    folder.write(
        "mainstay.toml",
        &format!("[auth]\ntenant_claim = \"https://example.com/team\"\n{config}"),
    );
    let server = Server::start(BINARY, folder);
    let member = |team: Json| {
        server.client().as_caller(&json!({ "sub": ALICE, "https://example.com/team": team }))
    };
    let made = member(json!(7)).post("/api/v1/notes", json!({ "text": "x" })).await.expect(201);
    assert_eq!(made.json()["team"], json!(7));
    assert_eq!(member(json!(7)).get("/api/v1/notes").await.expect(200).items().len(), 1);
    assert_eq!(member(json!(8)).get("/api/v1/notes").await.expect(200).items().len(), 0);
    member(json!("7")).get("/api/v1/notes").await.expect(403);
}

#[tokio::test]
async fn an_existing_table_becomes_one_of_tenants() {
    let before = WORK.replace(" @tenant(field: \"org\")", "");
    let folder = Folder::new(&before);
    let server = Server::start(BINARY, folder);
    let admin = server.client().as_admin();
    for (id, name) in [(RED, "Red"), (BLUE, "Blue")] {
        admin.post("/api/v1/orgs", json!({ "id": id, "name": name })).await.expect(201);
        admin.post("/api/v1/projects", json!({ "org": id, "name": name })).await.expect(201);
    }
    admin.post("/api/v1/projects", json!({ "org": RED, "name": "Blue" })).await.expect(409);
    let folder = server.kill();
    folder.write("modules/app/schema.graphql", WORK);
    let (code, _, said) = command(BINARY, &["migrate", "--apply"], folder.path());
    assert_eq!(code, Some(0), "{said}");
    let server = Server::run(BINARY, "serve", folder);
    let red = server.client().as_caller(&json!({ "sub": ALICE, "org": RED }));
    assert_eq!(red.get("/api/v1/projects").await.expect(200).column("name"), [json!("Red")]);
    red.post("/api/v1/projects", json!({ "name": "Blue" })).await.expect(201);
}

#[tokio::test]
async fn seeds_refer_to_rows_of_their_own_tenant() {
    let folder = Folder::new(WORK)
        .file(
            "seed/Org.json",
            &json!([{ "id": RED, "name": "Red" }, { "id": BLUE, "name": "Blue" }]).to_string(),
        )
        .file(
            "seed/Project.json",
            &json!([{ "org": RED, "name": "p" }, { "org": BLUE, "name": "p" }]).to_string(),
        )
        .file(
            "seed/Task.json",
            &json!([{ "org": RED, "number": 1, "title": "t", "project": { "name": "p" } }])
                .to_string(),
        );
    let server = Server::dev(BINARY, folder);
    let red = server.client().as_caller(&json!({ "sub": ALICE, "org": RED }));
    let tasks = red.get("/api/v1/tasks?expand=project").await.expect(200).items();
    assert_eq!(tasks[0]["project"]["orgId"], json!(RED), "{tasks:?}");
}

#[tokio::test]
async fn what_the_server_sets_stays_in_the_tenant_too() {
    let server = start(
        r#"
        type Member @entity @tenant(field: "org") @allow(read: "true", create: "true") { org: ID!  name: String! }
        type Post @entity @tenant(field: "org") @allow(read: "true", write: "true") { org: ID!  author: Member! @owner }
        "#,
    );
    let caller =
        |sub: &str, org: &str| server.client().as_caller(&json!({ "sub": sub, "org": org }));
    for (id, org) in [(ALICE, RED), (BOB, BLUE)] {
        caller(id, org).post("/api/v1/members", json!({ "id": id, "name": "x" })).await.expect(201);
        caller(id, org).post("/api/v1/posts", json!({})).await.expect(201);
    }
    // Bob's token names a tenant in which he is not.
    caller(BOB, RED).post("/api/v1/posts", json!({})).await.expect(422);
}

#[tokio::test]
async fn a_put_neither_finds_nor_makes_rows_of_another_tenant() {
    let world = world().await;
    let World { red, blue, red_project, .. } = &world;
    let put = async |client: &Client, path: &str, body: Json| client.put(path, body).await;
    let task = json!({ "title": "put", "project": red_project });
    for number in [1, 2] {
        let path = format!("/api/v1/tasks/{BLUE},{number}");
        put(red, &path, task.clone()).await.expect(404);
    }
    put(red, &format!("/api/v1/tasks/{RED},1"), task.clone()).await.expect(200);
    put(red, &format!("/api/v1/tasks/{RED},2"), task.clone()).await.expect(201);
    let mut whole = task;
    whole["org"] = json!(RED);
    put(red, &format!("/api/v1/tasks/{RED},2"), whole).await.expect(200);
    assert_eq!(
        blue.get(&format!("/api/v1/tasks/{BLUE},1")).await.expect(200).json()["title"],
        json!("secret")
    );
    let by_name = "/api/v1/projects?name=launch";
    let kept = put(red, by_name, json!({ "name": "launch", "orgId": RED })).await.expect(200);
    assert_eq!(kept.json()["id"], json!(red_project));
    put(red, by_name, json!({ "name": "launch", "org": BLUE })).await.expect(422);
}

#[tokio::test]
async fn writes_of_many_rows_stay_in_their_tenant() {
    let world = world().await;
    let (red, blue) = (&world.red, &world.blue);
    // The same name is another row in each tenant, and all rows are all of one's own.
    let put = red.put("/api/v1/projects?name=launch", json!({})).await.expect(200);
    assert_eq!(put.id(), world.red_project);
    let created = red.put("/api/v1/projects?name=only", json!({})).await.expect(201);
    assert_eq!(created.text("orgId"), RED);
    let all = "/api/v1/projects?filter=true";
    let renamed = red.patch("/api/v1/projects?name=launch", json!({ "name": "red" })).await;
    assert_eq!(renamed.expect(200).json(), json!({ "updated": 1 }));
    let none = red.patch(&format!("/api/v1/projects?org={BLUE}"), json!({ "name": "x" })).await;
    assert_eq!(none.expect(200).json(), json!({ "updated": 0 }));
    assert_eq!(blue.get("/api/v1/projects").await.column("name"), ["launch"]);

    // Children are born into their parent's tenant, and an array brings no other one's in.
    let nested = json!({ "name": "new", "tasks": [{ "number": 7, "title": "t" }] });
    let created = red.post("/api/v1/projects", nested).await.expect(201).json();
    assert_eq!(created["tasks"][0]["orgId"], json!(RED));
    let foreign = json!({ "number": 8, "title": "t", "org": BLUE });
    let nested = json!({ "name": "newer", "tasks": [foreign] });
    let refused = red.post("/api/v1/projects", nested).await.expect(422).json();
    assert_eq!(refused["errors"][0]["pointer"], json!("/tasks/0/org"));
    let rows = json!([{ "name": "a" }, { "name": "b", "parent": world.blue_project }]);
    let refused = red.post("/api/v1/projects", rows).await.expect(422).json();
    assert_eq!(refused["errors"][0]["pointer"], json!("/1/parent"));
    world.nobody.post("/api/v1/projects", json!([{ "name": "a" }])).await.expect(401);
    world.nobody.delete(all).await.expect(401);

    let left = red.delete("/api/v1/tasks?filter=true").await.expect(200).json();
    assert_eq!(left, json!({ "deleted": 2 }));
    assert_eq!(red.delete(all).await.expect(200).json(), json!({ "deleted": 3 }));
    assert_eq!(blue.get("/api/v1/tasks").await.column("title"), ["secret"]);
    assert_eq!(blue.get("/api/v1/projects").await.column("name"), ["launch"]);
}
