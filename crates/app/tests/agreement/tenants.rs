//! The law of tenants: what a caller is told is the same whether or not other tenants have rows, and
//! nothing that a caller does changes theirs.
//!
//! Each case sends one random conversation of a caller to two databases. One of them also has the rows
//! of another tenant, whose keys, names and numbers the conversation knows and tries.

use std::sync::Arc;

use app::clock::FakeClock;
use app::ids::Ids;
use app::input::Body;
use app::operations::{self, Objects, Patch, Precondition, Prepared, Write};
use app::query::Query;
use app::seed::SeedFile;
use app::{App, Refusal};
use expr::{Caller, EntityId, Timestamp};
use plan::Bind;
use serde_json::{Map, Value as Json, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::entropy::Entropy;
use crate::sdl::load_texts;
use crate::values::id;
use crate::world::migrated;
use crate::writer::{Reach, Writer};
use crate::{bytes, runner};

const CASES: u32 = 150;
const REQUESTS: usize = 14;
const ENTITIES: [&str; 5] = ["Org", "Project", "Task", "Badge", "Bulletin"];
/// The caller's tenant, and the other one.
const ORGS: [usize; 2] = [100, 101];
const PROJECTS: usize = 3;
const NAMES: [&str; 4] = ["a", "b", "PAID", "é"];
const BASE: &str = r#"
type Badge @entity @exposed @tenant(field: "org") @allow(read: "true", write: "true") { org: ID!  name: String! @unique  n: Int }
"#;
const WORK: &str = r#"
extend schema @module(uses: ["base"])
enum Status { PAID SENT }
type Org @entity @allow(read: "true") { name: String!  projects: [Project!]! @inverse(of: "org") }
type Team @entity @tenant(field: "id") @allow(read: "true", write: "true") {
  id: ID!  name: String!  projects: [Project!]! @inverse(of: "team")
}
type Project @entity @tenant(field: "org")
  @index(on: ["-rank"]) @index(on: ["name", "on"], unique: true, where: "row.rank != null")
  @allow(read: "row.rank == null || row.rank < 5", write: "true")
{
  org: Org!  team: Team  badge: Badge
  name: String! @unique  rank: Int  n: Int  price: Decimal  at: DateTime  on: Boolean
  status: Status  tags: [String!]! @default(value: [])  attributes: JSON
  parent: Project @onDelete(do: SET_NULL)
  children: [Project!]! @inverse(of: "parent")
  tasks: [Task!]! @inverse(of: "project")
  bulletins: [Bulletin!]! @inverse(of: "project")
}
type Task @entity @key(on: ["org", "number"]) @tenant(field: "org") @allow(read: "true", write: "true") {
  org: Org!  number: Int!  name: String!  n: Int
  project: Project! @onDelete(do: CASCADE)
  parent: Task
}
type Bulletin @entity @allow(read: "true", write: "true") { name: String!  n: Int  project: Project }
"#;

/// A database, with or without the other tenant's rows.
struct Side {
    app: App,
    _dir: TempDir,
}

impl Side {
    async fn new(tenants: usize) -> Self {
        let (model, config) = load_texts([
            ("modules/base/schema.graphql", BASE.to_owned()),
            ("modules/work/schema.graphql", WORK.to_owned()),
        ]);
        let (store, dir) = migrated(&model).await;
        let clock = FakeClock::at(Timestamp(1_704_153_600_000_000)).clock();
        let ids = Ids::seeded(clock.clone(), 7);
        let app = App::new(model, config, store, clock, ids);
        let seeds = seeds(tenants);
        app::seed::load(&app, &seeds).await.unwrap_or_else(|error| panic!("{error}"));
        Self { app, _dir: dir }
    }

    fn entity(&self, name: &str) -> EntityId {
        self.app.model.entity_named(name).expect("a type of the model").id
    }

    async fn answer(&self, tenant: usize, request: &Request) -> Result<String, Refusal> {
        let user =
            Some(Arc::new(json!({ "sub": id(1), "org": id(ORGS[tenant]), "role": "admin" })));
        let caller = Caller { user, now: self.app.clock.now(), input: &[], request: None };
        let entity = self.entity(request.entity);
        let key = || key_of(&self.app, entity, &request.key);
        let body = || Body(request.body.clone().into_iter().collect());
        match request.verb {
            Verb::List => {
                let mut query = self.query(&caller, entity, request);
                query.count("exact");
                query.limit(&request.limit.to_string());
                let ready = query.many().map_err(Refusal::Parameters)?;
                let first = operations::list(&self.app, &caller, ready, b"").await?;
                let mut told = format!("{} {:?}", text(&first.json), first.total);
                if let Some(next) = first.next {
                    let mut query = self.query(&caller, entity, request);
                    query.after(&next);
                    let ready = query.many().map_err(Refusal::Parameters)?;
                    let second = operations::list(&self.app, &caller, ready, b"").await?;
                    told.push_str(&text(&second.json));
                }
                Ok(told)
            }
            Verb::Get => {
                let mut query =
                    Query::new(&self.app.model, &caller, entity, self.app.read_bounds());
                query.expand(request.expand);
                let ready = query.one().map_err(Refusal::Parameters)?;
                let row = operations::get(&self.app, &caller, ready, key()).await?;
                Ok(format!("{} {}", text(&row.json), row.hash))
            }
            Verb::Create => {
                saved(Write::create(&self.app, &caller, entity, body())?.run(&self.app).await?)
            }
            Verb::Update => {
                let patch = Patch { body: body(), objects: Objects::Replace };
                let none = Precondition::None;
                let write = Write::update(&self.app, &caller, entity, key(), patch, none)?;
                saved(write.run(&self.app).await?)
            }
            Verb::Delete => {
                let write = Write::delete(&self.app, &caller, entity, key(), Precondition::None);
                write.run(&self.app).await?;
                Ok(String::new())
            }
        }
    }

    fn query<'q>(
        &'q self,
        caller: &'q Caller<'q>,
        entity: EntityId,
        request: &Request,
    ) -> Query<'q> {
        let mut query = Query::new(&self.app.model, caller, entity, self.app.read_bounds());
        for (set, text) in [
            (Query::filter as fn(&mut Query<'q>, &str), request.filter.as_str()),
            (Query::sort, request.sort),
            (Query::expand, request.expand),
        ] {
            if !text.is_empty() {
                set(&mut query, text);
            }
        }
        query
    }

    /// Everything that a tenant sees.
    async fn seen_by(&self, tenant: usize) -> String {
        let mut all = String::new();
        for entity in ["Project", "Task", "Badge", "Team"] {
            let request = Request { entity, limit: 200, ..Request::default() };
            all.push_str(
                &self.answer(tenant, &request).await.unwrap_or_else(|error| panic!("{error}")),
            );
        }
        all
    }
}

fn saved(saved: operations::Saved) -> Result<String, Refusal> {
    let row = saved.row.map(|row| format!("{} {}", text(&row.json), row.hash));
    Ok(format!("{:?} {:?}", row, saved.key))
}

fn text(json: &[u8]) -> String {
    String::from_utf8_lossy(json).into_owned()
}

fn key_of(app: &App, entity: EntityId, key: &str) -> Vec<Bind> {
    let parts: Vec<&str> = key.split(',').collect();
    let entity = app.model.entity(entity);
    let values = entity.key_columns.iter().zip(parts).map(|(column, part)| {
        app::input::key_value(entity.column(*column).ty, part).expect("a key of the type")
    });
    values.map(plan::bind).collect()
}

/// Rows of the first tenants: the other one's come behind, with the same names.
fn seeds(tenants: usize) -> Vec<SeedFile> {
    let mut rows: [Vec<Json>; 6] = Default::default();
    for org in ORGS {
        rows[0].push(json!({ "id": id(org), "name": format!("org {org}") }));
    }
    for (tenant, org) in ORGS.iter().enumerate().take(tenants) {
        let org = id(*org);
        rows[1].push(json!({ "id": org, "name": "team" }));
        rows[2].push(json!({ "id": id(200 + tenant), "org": org, "name": "badge", "n": tenant }));
        for (index, name) in NAMES.iter().enumerate().take(PROJECTS) {
            let number = project(tenant, index);
            let parent = (index > 0).then(|| id(project(tenant, index - 1)));
            rows[3].push(json!({
                "id": id(number), "org": org, "name": name, "rank": index + tenant, "n": index,
                "on": index == 1, "price": "1.50", "parent": parent, "team": org,
                "badge": id(200 + tenant), "status": "PAID", "tags": ["a"],
            }));
            rows[4].push(json!({
                "org": org, "number": index, "name": name, "n": tenant, "project": id(number),
            }));
        }
    }
    rows[5].push(json!({ "id": id(300), "name": "a", "n": 1, "project": id(project(0, 0)) }));
    rows[5].push(json!({ "id": id(301), "name": "b" }));
    let names = ["Org", "Team", "Badge", "Project", "Task", "Bulletin"];
    let file = |(name, rows): (&str, Vec<Json>)| SeedFile {
        name: format!("{name}.json"),
        text: Json::from(rows).to_string(),
    };
    names.into_iter().zip(rows).map(file).collect()
}

fn project(tenant: usize, index: usize) -> usize {
    1 + tenant * PROJECTS + index
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Verb {
    #[default]
    List,
    Get,
    Create,
    Update,
    Delete,
}

#[derive(Clone, Debug, Default)]
struct Request {
    verb: Verb,
    entity: &'static str,
    key: String,
    body: Map<String, Json>,
    filter: String,
    sort: &'static str,
    expand: &'static str,
    limit: u32,
}

impl Request {
    fn random(side: &Side, entropy: &mut Entropy<'_>) -> Self {
        let entity = entropy.of(&ENTITIES);
        let verb = entropy.of(&[
            Verb::List,
            Verb::List,
            Verb::Get,
            Verb::Create,
            Verb::Create,
            Verb::Update,
            Verb::Delete,
        ]);
        let mut request = Self {
            verb,
            entity,
            key: key(entity, entropy),
            limit: 1 + entropy.pick(3) as u32,
            sort: entropy.of(sorts(entity)),
            expand: entropy.of(expands(entity)),
            ..Self::default()
        };
        match verb {
            Verb::List if entropy.pick(3) > 0 => {
                let model = &side.app.model;
                let mut writer = Writer::new(model, side.entity(entity), entropy, Reach::Bare);
                request.filter = writer.condition();
            }
            Verb::Create | Verb::Update => request.body = body(verb, entity, entropy),
            _ => {}
        }
        request
    }
}

fn sorts(entity: &str) -> &'static [&'static str] {
    match entity {
        "Project" => &["", "name", "-rank", "parent.rank", "org.name", "-parent.parent.name,rank"],
        "Task" => &["", "project.name,-n", "project.parent.name", "parent.name"],
        "Bulletin" => &["", "project.name", "-project.rank,name"],
        _ => &["", "-name"],
    }
}

fn expands(entity: &str) -> &'static [&'static str] {
    match entity {
        "Org" => &["", "projects(sort:-rank,limit:5).tasks", "projects.children.badge"],
        "Project" => &["", "parent.children,bulletins", "tasks(limit:2).parent,badge,org.projects"],
        "Task" => &["", "project.parent.children,project.tasks", "parent.org.projects"],
        "Bulletin" => &["", "project.org.projects", "project.bulletins"],
        _ => &[""],
    }
}

fn any_project(entropy: &mut Entropy<'_>) -> Json {
    id(1 + entropy.pick(2 * PROJECTS + 1)).to_string().into()
}

/// A tenant that there is, is not the caller's, or is not there.
fn any_org(entropy: &mut Entropy<'_>) -> Json {
    id(ORGS[0] + entropy.pick(3)).to_string().into()
}

fn key(entity: &str, entropy: &mut Entropy<'_>) -> String {
    match entity {
        "Org" => id(ORGS[0] + entropy.pick(3)).to_string(),
        "Badge" => id(200 + entropy.pick(3)).to_string(),
        "Project" => id(1 + entropy.pick(2 * PROJECTS + 1)).to_string(),
        "Task" => format!("{},{}", id(ORGS[0] + entropy.pick(3)), entropy.pick(4)),
        _ => id(300 + entropy.pick(3)).to_string(),
    }
}

fn body(verb: Verb, entity: &str, entropy: &mut Entropy<'_>) -> Map<String, Json> {
    let mut body = Map::new();
    let mut set = |name: &str, value: Json| body.insert(name.to_owned(), value);
    if verb == Verb::Create || entropy.pick(2) == 0 {
        set("name", entropy.of(&NAMES).into());
    }
    set("n", entropy.pick(4).into());
    if entity != "Bulletin" && entity != "Org" && entropy.pick(3) == 0 {
        set(
            entropy.of(&["org", "orgId"][..if entity == "Badge" { 1 } else { 2 }]),
            any_org(entropy),
        );
    }
    match entity {
        "Project" => {
            set("rank", entropy.of(&[json!(0), json!(2), json!(9), Json::Null]));
            set("on", entropy.of(&[json!(true), Json::Null]));
            if entropy.pick(2) == 0 {
                set("parent", any_project(entropy));
            }
            if entropy.pick(3) == 0 {
                set("badge", id(200 + entropy.pick(3)).to_string().into());
            }
            if entropy.pick(3) == 0 {
                set("team", any_org(entropy));
            }
        }
        "Task" => {
            if verb == Verb::Create {
                set("number", entropy.pick(8).into());
            }
            if verb == Verb::Create || entropy.pick(2) == 0 {
                set("project", any_project(entropy));
            }
            if entropy.pick(3) == 0 {
                set("parent", key("Task", entropy).into());
            }
        }
        "Bulletin" if entropy.pick(2) == 0 => {
            set("project", any_project(entropy));
        }
        _ => {}
    }
    body
}

/// What came out, lest the law hold because nothing ever happens.
#[derive(Debug, Default)]
struct Seen {
    answered: usize,
    refused: usize,
    written: usize,
}

#[test]
fn other_tenants_make_no_difference_and_feel_none() {
    let runtime = Runtime::new().expect("a runtime");
    let seen = std::cell::RefCell::new(Seen::default());
    let outcome = runner(CASES).run(&bytes(40..600), |bytes| {
        runtime.block_on(conversation(&mut Entropy::new(&bytes), &mut seen.borrow_mut()));
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    let Seen { answered, refused, written } = seen.into_inner();
    assert!(answered > 300 && refused > 100 && written > 60, "{answered} {refused} {written}");
}

async fn conversation(entropy: &mut Entropy<'_>, seen: &mut Seen) {
    let (alone, among) = (Side::new(1).await, Side::new(2).await);
    let before = among.seen_by(1).await;
    for _ in 0..REQUESTS {
        if entropy.is_spent() {
            break;
        }
        let request = Request::random(&alone, entropy);
        let told =
            |answer: Result<String, Refusal>| answer.map_err(|refusal| format!("{refusal:?}"));
        let expected = told(alone.answer(0, &request).await);
        assert_eq!(told(among.answer(0, &request).await), expected, "{request:?}");
        match &expected {
            Ok(_) if request.verb == Verb::List || request.verb == Verb::Get => seen.answered += 1,
            Ok(_) => seen.written += 1,
            Err(_) => seen.refused += 1,
        }
    }
    assert_eq!(among.seen_by(1).await, before);
}
