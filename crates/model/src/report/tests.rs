//! How a report looks.

use insta::assert_snapshot;
use serde_json::Value;

use crate::{Report, Sources, load};

fn report() -> Report {
    let posts = r#"type Post @entity @allow(read: "row.titel == 'x'") {
  title: Strin!
  text: String! @unique @length(max: 5000)
}
type Note @entity(plural: "posts") { text: String! }
"#;
    let config = "[server]\nadress = \"1\"\n";
    let files = [("modules/blog/posts.graphql", posts), ("mainstay.toml", config)];
    load(&Sources::new(files)).map(|_| ()).expect_err("it is bad")
}

#[test]
fn people_see_the_place_and_what_to_do() {
    assert_snapshot!(report().to_human(false), @r#"
    error[unknown-setting]: there is no setting `adress` in `[server]`
     --> mainstay.toml:2:1
      |
    2 | adress = "1"
      | ^^^^^^
      = help: did you mean `address`?

    error[expression]: Post has no field `titel`
     --> modules/blog/posts.graphql:1:37
      |
    1 | type Post @entity @allow(read: "row.titel == 'x'") {
      |                                     ^^^^^
      = help: did you mean `title`?

    error[unknown-type]: there is no type `Strin`
     --> modules/blog/posts.graphql:2:10
      |
    2 |   title: Strin!
      |          ^^^^^
      = help: did you mean `String`?

    warning[no-rule]: nobody can read or write `Note`
     --> modules/blog/posts.graphql:5:6
      |
    5 | type Note @entity(plural: "posts") { text: String! }
      |      ^^^^
      = help: what no rule allows is denied: add `@allow(read: "…", write: "…")`

    error[duplicate-plural]: the collections of `Post` and `Note` are both named `posts`
     --> modules/blog/posts.graphql:5:27
      |
    5 | type Note @entity(plural: "posts") { text: String! }
      |                           ^^^^^^^
     ::: modules/blog/posts.graphql:1:6
      |
    1 | type Post @entity @allow(read: "row.titel == 'x'") {
      |      ---- the other one
      = help: plurals are unique over all modules: give one of them another with `@entity(plural:)`

    4 errors, 1 warning
    "#);
}

#[test]
fn colours_are_there_on_demand_only() {
    assert!(report().to_human(true).contains("\u{1b}["));
    assert!(!report().to_human(false).contains("\u{1b}["));
}

#[test]
fn a_long_line_is_cut_around_the_place() {
    let sdl =
        format!("{}type Post @entity {{ a: Strin {} }}", " ".repeat(300), "b: Int ".repeat(99));
    let report =
        load(&Sources::new([("modules/a/a.graphql", sdl)])).map(|_| ()).expect_err("it is bad");
    assert!(report.to_human(false).lines().all(|line| line.chars().count() < 150), "{report}");
}

#[test]
fn programs_read_json() {
    let json: Value = serde_json::from_str(&report().to_json()).expect("it is JSON");
    let diagnostics = json["diagnostics"].as_array().expect("a list");
    assert_eq!(diagnostics.len(), report().len());
    assert_snapshot!(serde_json::to_string(&diagnostics[0]).expect("it is JSON"), @r#"{"severity":"error","code":"unknown-setting","message":"there is no setting `adress` in `[server]`","help":"did you mean `address`?","places":[{"file":"mainstay.toml","line":2,"column":1,"endLine":2,"endColumn":7,"start":9,"end":15,"message":null}]}"#);
}

#[test]
fn code_scanners_read_sarif() {
    let log: Value = serde_json::from_str(&report().to_sarif()).expect("it is JSON");
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    let results = run["results"].as_array().expect("results");
    assert_eq!(results.len(), report().len());
    for result in results {
        let index = result["ruleIndex"].as_u64().expect("an index") as usize;
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(["error", "warning"].contains(&result["level"].as_str().expect("a level")));
        assert!(result["message"]["text"].is_string());
        let place = &result["locations"][0]["physicalLocation"];
        assert!(place["artifactLocation"]["uri"].is_string());
        let region = &place["region"];
        for number in ["startLine", "startColumn", "endLine", "endColumn"] {
            assert!(region[number].as_u64().expect("a number") >= 1);
        }
    }
}

#[test]
fn diagnostics_are_sorted_by_file_and_place() {
    let report = report();
    let places: Vec<_> =
        report.iter().map(|d| (d.labels[0].file.clone(), d.labels[0].start)).collect();
    assert!(places.is_sorted(), "{places:?}");
}
