//! Many-to-many relations: a table for each field with `@join`.

use expr::{EntityId, FieldId};

use crate::field::Via;
use crate::join::{Join, JoinId, JoinSide, Side};
use crate::load::arguments::text;
use crate::load::declare::check_table_name;
use crate::load::draft::{Draft, Shape};
use crate::load::names::{shorten, snake_case};
use crate::report::Problems;

/// Makes a join table for each field with `@join`.
pub(super) fn read(draft: &mut Draft<'_>, problems: &mut Problems<'_>) {
    for id in draft.ids() {
        for field_id in draft.entity(id).field_ids() {
            let field = draft.entity(id).field(field_id);
            let Shape::ToMany(target) = field.shape else { continue };
            if field.directive("join").is_none() {
                continue;
            }
            if let Some(join) = join(draft, id, field_id, target, problems) {
                let join_id = JoinId(draft.joins.len() as u32);
                draft.joins.push(join);
                let field = &mut draft.entities[id.0 as usize].fields[field_id.0 as usize];
                field.via = Some(Via::Join { join: join_id, near: Side::Left });
            }
        }
    }
}

fn join(
    draft: &Draft<'_>,
    id: EntityId,
    field_id: FieldId,
    target: EntityId,
    problems: &mut Problems<'_>,
) -> Option<Join> {
    let (owner, other) = (draft.entity(id), draft.entity(target));
    let field = owner.field(field_id);
    let directive = field.directive("join")?;
    let place = draft.parsed.place(directive.location());
    if let Some(inverse) = field.directive("inverse") {
        problems
            .error("conflicting-directives", place, "the table is made by one side only")
            .see(draft.parsed.place(inverse.location()), "this makes it the other side")
            .help("keep `@join` on one of the fields and `@inverse(of:)` on the other");
        return None;
    }
    if draft.leaves_module(id, target) {
        problems
            .error("not-supported-yet", place, "many-to-many relations stay inside their module")
            .help(format!(
                "make an entity of the link, with a relation to `{}` and one to `{}`",
                owner.entity.name, other.entity.name
            ));
        return None;
    }
    let adopted = text(directive, "table");
    let made = |table: &str, field: &str| shorten(format!("{table}_{}", snake_case(field)));
    let table = match adopted {
        Some(adopted) => adopted.value.to_owned(),
        None => made(&owner.entity.table, field.name),
    };
    let table_place = adopted.map_or(field.place, |adopted| adopted.place(draft.parsed));
    check_table_name(&table, table_place, problems);
    let same = |name: &str| name.eq_ignore_ascii_case(&table);
    let entity = draft.entities.iter().find(|entity| same(&entity.entity.table));
    if entity.is_some() || draft.joins.iter().any(|join| same(&join.table)) {
        problems
            .error("duplicate-table", table_place, format!("there are two tables named `{table}`"))
            .help("`@join(table:)` gives another name");
    }
    let was = field.directive("was").and_then(|directive| text(directive, "name"));
    let owners = owner.entity.was_table.iter().chain([&owner.entity.table]);
    let fields = was.map(|was| was.value).into_iter().chain([field.name]);
    let mut was_tables: Vec<String> =
        owners.flat_map(|owner| fields.clone().map(move |field| made(owner, field))).collect();
    // The last one is of today.
    was_tables.pop();
    if adopted.is_some() {
        was_tables.clear();
    }
    let left = snake_case(&owner.entity.name);
    // Rows of one type are told apart by which of them holds the list.
    let right = match snake_case(&other.entity.name) {
        name if name == left => format!("other_{name}"),
        name => name,
    };
    let earlier = |of: EntityId| {
        let node = draft.entity(of).node;
        let was = node.directives.get("was").and_then(|directive| text(directive, "name"));
        was.map(|was| snake_case(was.value))
    };
    let right_was = earlier(target).map(|was| match id == target {
        true => format!("other_{was}"),
        false => was,
    });
    let sides = [
        JoinSide::new(&owner.entity, &left, earlier(id).as_deref()),
        JoinSide::new(&other.entity, &right, right_was.as_deref()),
    ];
    Some(Join { table, was_tables, sides })
}
