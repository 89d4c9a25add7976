//! What a good model becomes.

use std::fmt::Write as _;

use insta::assert_snapshot;

use super::good;
use crate::{Entity, FieldKind, Model, Via};

/// Writes an entity's table, columns, key and indexes, one a line.
fn table(model: &Model, entity: &Entity) -> String {
    let mut out = format!("{} in {}, /{}\n", entity.name, entity.table, entity.route);
    for column in &entity.columns {
        let null = if column.nullable { " null" } else { "" };
        let was = column.was.as_ref().map(|was| format!(" was {was}")).unwrap_or_default();
        let to = column.references.map(|(target, key)| {
            let target = model.entity(target);
            format!(" -> {}.{}", target.table, target.column(key).name)
        });
        let _ =
            writeln!(out, "  {} {:?}{null}{}{was}", column.name, column.ty, to.unwrap_or_default());
    }
    let names = |columns: &mut dyn Iterator<Item = crate::ColumnId>| {
        columns.map(|column| entity.column(column).name.clone()).collect::<Vec<_>>().join(", ")
    };
    let identity = if entity.identity { " identity" } else { "" };
    let _ = writeln!(out, "  key({}){identity}", names(&mut entity.key_columns.iter().copied()));
    for index in &entity.indexes {
        let columns: Vec<String> = index
            .columns
            .iter()
            .map(|c| {
                format!("{}{}", if c.descending { "-" } else { "" }, entity.column(c.column).name)
            })
            .collect();
        let filter =
            index.filter.as_ref().map(|f| format!(" where {}", f.text)).unwrap_or_default();
        let _ = writeln!(out, "  {}({}){filter}", index.name, columns.join(", "));
    }
    for check in &entity.checks {
        let _ = writeln!(out, "  {}: {}", check.name, check.rule.text);
    }
    out
}

pub(super) fn tables(sdl: &str) -> String {
    let loaded = good(sdl);
    loaded.model.entities.iter().map(|entity| table(&loaded.model, entity)).collect()
}

#[test]
fn the_blog_of_the_benchmark_becomes_tables() {
    let sdl = include_str!("../../../../../bench/blog/modules/blog/schema.graphql");
    assert_snapshot!(tables(sdl), @r#"
    User in blog_user, /users
      id Uuid
      name Text
      email Text
      key(id)
      ux_blog_user_email(email)
    Post in blog_post, /posts
      id Uuid
      author_id Uuid -> blog_user.id
      title Text
      body Text
      status Text
      created_at Timestamp
      view_count Int
      key(id)
      ix_blog_post_author_id_created_at(author_id, -created_at, -id)
    Comment in blog_comment, /comments
      id Uuid
      post_id Uuid -> blog_post.id
      author_id Uuid -> blog_user.id
      body Text
      created_at Timestamp
      key(id)
      ix_blog_comment_post_id_created_at(post_id, -created_at, -id)
      ix_blog_comment_author_id(author_id, id)
    "#);
}

#[test]
fn keys_of_any_shape_flatten_to_columns() {
    let sdl = r#"
        type Country @entity @key(on: ["code"]) @allow(read: "true") { code: String! }
        type Region @entity @key(on: ["country", "number"]) @allow(read: "true") { country: Country! number: Int! }
        type Town @entity @allow(read: "true") { id: BigInt! @identity region: Region twin: Town @onDelete(do: SET_NULL) }
        type Mayor @entity @key(on: ["town"]) @allow(read: "true") { town: Town! }
        type Statue @entity @allow(read: "true") { of: Mayor! }
    "#;
    assert_snapshot!(tables(sdl), @r#"
    Country in blog_country, /countries
      code Text
      key(code)
    Region in blog_region, /regions
      country_id Text -> blog_country.code
      number Int
      key(country_id, number)
    Town in blog_town, /towns
      id BigInt
      region_country_id Text null -> blog_region.country_id
      region_number Int null -> blog_region.number
      twin_id BigInt null -> blog_town.id
      key(id) identity
      ix_blog_town_region_country_id_region_number(region_country_id, region_number, id)
      ix_blog_town_twin_id(twin_id, id)
    Mayor in blog_mayor, /mayors
      town_id BigInt -> blog_town.id
      key(town_id)
    Statue in blog_statue, /statues
      id Uuid
      of_id BigInt -> blog_mayor.town_id
      key(id)
      ix_blog_statue_of_id(of_id, id)
    "#);
}

#[test]
fn names_of_an_existing_database_are_adopted() {
    let sdl = r#"
        type Person @entity @table(name: "tbl_people") @was(name: "Human") @allow(read: "true") {
          name: String! @column(name: "full-name") @was(name: "title")
          boss: Person @column(name: "boss")
          tags: [String!]! @was(name: "labels")
          friend: Person @was(name: "buddy")
        }
        type OrderLine @entity(plural: "orderRows") @was(name: "Line") @allow(read: "true") { a: Int }
    "#;
    assert_snapshot!(tables(sdl), @r#"
    Person in tbl_people, /people
      id Uuid
      full-name Text
      boss Uuid null -> tbl_people.id
      tags List was labels
      friend_id Uuid null -> tbl_people.id was buddy_id
      key(id)
      ix_tbl_people_boss(boss, id)
      ix_tbl_people_friend_id(friend_id, id)
    OrderLine in blog_order_line, /order-rows
      id Uuid
      a Int null
      key(id)
    "#);
    let loaded = good(sdl);
    assert_eq!(loaded.model.entities[0].was_table, None);
    assert_eq!(loaded.model.entities[1].was_table.as_deref(), Some("blog_line"));
}

#[test]
fn indexes_are_named_completed_and_never_twice() {
    let sdl = r#"
        type A @entity @allow(read: "true")
          @index(on: ["b", "-at"])
          @index(on: ["b", "at"])
          @index(on: ["n"], unique: true, where: "row.n != null")
          @index(on: ["c"], where: "row.n > 3")
          @index(on: ["-id"])
        { b: B! c: B! d: B! @unique at: DateTime! @created n: Int @unique }
        type B @entity @allow(read: "true") { name: String! @check(expr: "size(row.name) > 1") @check(expr: "row.name != 'x'", message: "is x") }
        type Link @entity @key(on: ["a", "b"]) @allow(read: "true") @check(expr: "row.n > 0") { a: A! b: B! n: Int }
    "#;
    assert_snapshot!(tables(sdl), @r#"
    A in blog_a, /as
      id Uuid
      b_id Uuid -> blog_b.id
      c_id Uuid -> blog_b.id
      d_id Uuid -> blog_b.id
      at Timestamp
      n Int null
      key(id)
      ix_blog_a_b_id_at(b_id, -at, -id)
      ix_blog_a_b_id_at_088ff58c(b_id, at, id)
      ux_blog_a_n(n) where row.n != null
      ix_blog_a_c_id(c_id, id) where row.n > 3
      ix_blog_a_id(-id)
      ux_blog_a_d_id(d_id)
      ux_blog_a_n_b8fdf4aa(n)
      ix_blog_a_c_id_ff16b801(c_id, id)
    B in blog_b, /bs
      id Uuid
      name Text
      key(id)
      ck_blog_b_name: size(row.name) > 1
      ck_blog_b_name_2: row.name != 'x'
    Link in blog_link, /links
      a_id Uuid -> blog_a.id
      b_id Uuid -> blog_b.id
      n Int null
      key(a_id, b_id)
      ix_blog_link_b_id(b_id, a_id)
      ck_blog_link_1: row.n > 0
    "#);
}

#[test]
fn the_specific_rule_wins_over_write() {
    let loaded = good(
        r#"type A @entity @allow(read: "true", write: "user.a == 1", update: "user.u == 1") {
             n: Int @allow(write: "user.f == 1", create: "user.c == 1")
           }"#,
    );
    let entity = &loaded.model.entities[0];
    let text = |rule: &Option<crate::Rule>| {
        rule.as_ref().map(|rule| rule.text.clone()).unwrap_or_default()
    };
    let rules = &entity.rules;
    assert_eq!(
        [&rules.read, &rules.create, &rules.update, &rules.delete].map(text),
        ["true", "user.a == 1", "user.u == 1", "user.a == 1"]
    );
    let (_, field) = entity.field_named("n").expect("the field is there");
    assert_eq!(
        [&field.rules.read, &field.rules.create, &field.rules.update].map(text),
        ["", "user.c == 1", "user.f == 1"]
    );
}

#[test]
fn fields_keep_what_their_directives_say() {
    let loaded = good(
        r#"
        "Where it stands."
        enum Status { DRAFT LIVE }
        "A text that people read."
        type Post @entity @exposed @allow(read: "true") {
          "What it is about."
          title: String! @length(min: 1, max: 9) @pattern(regex: "^[a-z]+$") @default(value: "draft")
          price: Decimal! @range(min: 0.10, max: 1000) @default(value: "1.50")
          total: Decimal @computed(expr: "row.price * 2")
          status: Status! @default(value: "DRAFT")
          tags: [Status!]! @default(value: [])
          seen: DateTime @default(expr: "now")
          author: User! @owner @onDelete(do: CASCADE)
          secret: String @private @readonly
          day: Date @updated
          comments: [Comment!]! @inverse(of: "post")
        }
        type User @entity @allow(read: "true") { email: Email! @unique home: URL }
        type Comment @entity @allow(read: "row.post.status == 'LIVE'") { post: Post! }
        "#,
    );
    let post = loaded.model.entity_named("Post").expect("the type is there");
    assert!(post.exposed);
    assert_eq!(post.description.as_deref(), Some("A text that people read."));
    let shown: Vec<String> = post
        .fields
        .iter()
        .map(|f| {
            let kind = match &f.kind {
                FieldKind::Scalar { scalar, .. } => format!("{scalar:?}"),
                FieldKind::List { scalar, .. } => format!("[{scalar:?}]"),
                FieldKind::ToOne(r) => {
                    format!("to {} as {} {:?}", r.target.0, r.id_name, r.on_delete)
                }
                FieldKind::ToMany { target, via: Via::Inverse(inverse) } => {
                    format!("many {} by {}", target.0, inverse.0)
                }
                FieldKind::ToMany { target, via: Via::Join { join, near } } => {
                    format!("many {} by join {} from its {near:?}", target.0, join.0)
                }
                FieldKind::Computed { scalar, expr } => format!("{scalar:?} = {}", expr.text),
            };
            let default = f.default.as_ref().map(|default| match default {
                crate::Default::Value(value) => format!(" default {value:?}"),
                crate::Default::Expr(rule) => format!(" default {}", rule.text),
            });
            format!("{} {:?} {kind}{}", f.name, f.role, default.unwrap_or_default())
        })
        .collect();
    assert_snapshot!(shown.join("\n"), @r#"
    id Plain Id
    title Plain String default Text("draft")
    price Plain Decimal default Decimal(1.50)
    total Plain Decimal = row.price * 2
    status Plain Enum(EnumId(0)) default Text("DRAFT")
    tags Plain [Enum(EnumId(0))] default List([])
    seen Plain DateTime default now
    author Owner to 1 as authorId Cascade
    secret Plain String
    day Updated Date
    comments Plain many 2 by 1
    "#);
    assert!(loaded.warnings.is_empty(), "{}", loaded.warnings);
}
