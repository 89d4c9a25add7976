//! Tenants: what they make of keys and indexes, and what is said about bad ones.

use insta::assert_snapshot;

use super::model::tables;
use super::{check, good};

#[test]
fn indexes_lead_with_the_tenant_where_they_do_not_lead_to_its_rows() {
    assert_snapshot!(tables(r#"
        type Project @entity @allow(read: "true") @tenant(field: "org")
          @index(on: ["-rank"]) @index(on: ["owner", "rank"]) @index(on: ["lead", "name"], unique: true) {
          org: String!  name: String! @unique  rank: Int  owner: Project  lead: Project @unique
        }
        type Task @entity @key(on: ["org", "number"]) @allow(read: "true") @tenant(field: "org") {
          org: String!  number: Int!
        }
    "#), @r"
    Project in blog_project, /projects
      id Uuid
      org Text
      name Text
      rank Int null
      owner_id Uuid null -> blog_project.id
      lead_id Uuid null -> blog_project.id
      key(id)
      ix_blog_project_rank(org, -rank, -id)
      ix_blog_project_owner_id_rank(owner_id, rank, id)
      ux_blog_project_lead_id_name(lead_id, name)
      ux_blog_project_name(org, name)
      ux_blog_project_lead_id(lead_id)
      ix_blog_project_org(org, id)
    Task in blog_task, /tasks
      org Text
      number Int
      key(org, number)
    ");
}

#[test]
fn every_rule_contains_the_tenant() {
    let loaded = good(
        r#"type Note @entity @tenant(field: "org") @allow(read: "true", write: "true") { org: String! }"#,
    );
    let rules = &loaded.model.entities[0].rules;
    let tenant = loaded.model.entities[0].tenant.as_ref().expect("a tenant");
    for rule in [&rules.read, &rules.create, &rules.update, &rules.delete] {
        let rule = rule.as_ref().expect("a rule");
        assert_eq!(rule.text, "row.org == user.org && (true)");
        assert!(rule.expr.atoms.contains(&tenant.caller), "{rule:?}");
    }
}

#[test]
fn a_tenant_is_one_required_value_that_nothing_else_sets() {
    check(
        r#"
        type A @entity @allow(read: "true") @tenant(field: "orgg") { org: String! }
        type B @entity @allow(read: "true") @tenant(field: "org") { org: String }
        type C @entity @allow(read: "true") @tenant(field: "org") { org: Float! }
        type D @entity @allow(read: "true") @tenant(field: "org") { org: String! @owner }
        type E @entity @allow(read: "true") @tenant(field: "org") { org: String! }
        type F @entity @allow(read: "true") @tenant(field: "org") { org: ID! }
        type G @entity @allow(read: "true") @tenant(field: "org") @key(on: ["slug"]) { org: String! slug: String! }
        type H @entity @allow(read: "true") @tenant(field: "org") @key(on: ["g"]) { org: String! g: G! }
        "#,
        &[
            "2:60 unknown-field: `A` has no field `orgg` | did you mean `org`?",
            "3:60 tenant: `org` can be null, but every row has a tenant | add a `!` to its type",
            "4:60 tenant: `org` cannot name a tenant | a tenant is named by an `ID`, `String`, `Int` or `BigInt`, or a relation to a type with such a key",
            "5:82 conflicting-directives: `@owner` and `@tenant` both decide what `org` is | the tenant is set to the caller's at creation, so remove this one",
            "7:69 tenant: tenants are told apart by values of different types | one claim of the token names the tenant, so all have one type",
            r#"8:14 tenant: the key of `G` would show which keys other tenants use | put the tenant into it, `@key(on: ["org", "slug"])`, or use the usual `id: ID!`"#,
        ],
    );
}
