//! FROM clauses: aliases, joins along to-one relations, subqueries over to-many ones.

use expr::{EntityId, FieldId, Path};
use model::FieldKind;

use super::{Place, Renderer};

/// The name by which a table is known in a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Alias {
    name: String,
    from: usize,
}

impl Alias {
    /// No alias: columns stand for themselves.
    pub(crate) fn bare() -> Self {
        Self { name: String::new(), from: 0 }
    }

    /// Puts the alias before a column's quoted name.
    pub(crate) fn qualify(&self, column: &str) -> String {
        if self.name.is_empty() { column.to_owned() } else { format!("{}.{column}", self.name) }
    }

    /// Returns the alias's name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

/// An open FROM clause.
#[derive(Debug, Default)]
pub(super) struct From {
    joins: Vec<Join>,
}

#[derive(Debug)]
struct Join {
    parent: Alias,
    field: FieldId,
    alias: Alias,
    /// Whether there may be no row.
    optional: bool,
    sql: String,
}

impl<'m> Renderer<'m> {
    /// Opens a FROM clause over an entity's table and returns its alias.
    pub(crate) fn open_from(&mut self) -> Alias {
        self.froms.push(From::default());
        self.new_alias(self.froms.len() - 1)
    }

    /// Closes the innermost FROM clause and returns its joins.
    pub(crate) fn close_from(&mut self) -> String {
        let from = self.froms.pop().expect("a FROM clause is open");
        from.joins.into_iter().map(|join| join.sql).collect()
    }

    /// Returns a fresh alias for a table of the innermost open FROM clause.
    pub(crate) fn new_alias(&mut self, from: usize) -> Alias {
        let alias = Alias { name: format!("t{}", self.next_alias), from };
        self.next_alias += 1;
        alias
    }

    /// Returns the quoted table of an entity.
    pub(crate) fn table(&self, entity: EntityId) -> String {
        self.dialect.quote(&self.model.entity(entity).table)
    }

    /// Returns the alias of the row a to-one relation leads to, joining it if need be.
    pub(crate) fn join(
        &mut self,
        parent: &Alias,
        entity: EntityId,
        field: FieldId,
    ) -> (Alias, EntityId) {
        let model = self.model;
        let FieldKind::ToOne(relation) = &model.entity(entity).field(field).kind else {
            unreachable!("only to-one relations are joined");
        };
        let target = relation.target;
        let known = self.froms[parent.from]
            .joins
            .iter()
            .find(|join| join.parent == *parent && join.field == field)
            .map(|join| join.alias.clone());
        if let Some(alias) = known {
            return (alias, target);
        }
        let alias = self.new_alias(parent.from);
        let on: Vec<String> = relation
            .columns
            .iter()
            .zip(&model.entity(target).key_columns)
            .map(|(from, to)| {
                format!(
                    "{} = {}",
                    self.column(&alias, target, *to),
                    self.column(parent, entity, *from)
                )
            })
            .collect();
        // A required relation inside the module always leads to a row. Where a filter has fixed it,
        // the plain join lets SQLite look that one row up once instead of once for each row.
        let kind = if self.fixed.contains(&(parent.clone(), field)) { "JOIN" } else { "LEFT JOIN" };
        let sql =
            format!(" {kind} {} AS {} ON {}", self.table(target), alias.name, on.join(" AND "));
        let required = model.entity(entity).field(field).required && !relation.other_module;
        let optional = !required || self.is_optional(parent);
        self.froms[parent.from].joins.push(Join {
            parent: parent.clone(),
            field,
            alias: alias.clone(),
            optional,
            sql,
        });
        (alias, target)
    }

    fn is_optional(&self, alias: &Alias) -> bool {
        let joins = self.froms.get(alias.from).map_or(&[][..], |from| &from.joins);
        joins.iter().any(|join| join.alias == *alias && join.optional)
    }

    /// Makes a value computed from a row null where there is no row; what is computed from nulls
    /// need not be null.
    pub(super) fn of_present_row(&self, sql: String, alias: &Alias, entity: EntityId) -> String {
        if !self.is_optional(alias) {
            return sql;
        }
        let key = self.column(alias, entity, self.model.entity(entity).key_columns[0]);
        format!("CASE WHEN {key} IS NOT NULL THEN {sql} END")
    }

    /// Follows a path to its row. In a guarded frame also returns the conditions under which the
    /// caller may see the rows on the way.
    pub(super) fn follow(&mut self, path: &Path) -> (Alias, EntityId, Vec<String>) {
        let Place::Row { mut alias, mut entity } = self.place(path.var) else {
            unreachable!("paths start at rows");
        };
        let guarded = self.frame().guarded;
        let mut conditions = Vec::new();
        for hop in &path.hops {
            (alias, entity) = self.join(&alias, entity, *hop);
            if guarded {
                let rule = crate::rules::RuleRef::Read(entity);
                conditions.extend(self.rule(rule, &alias, entity));
            }
        }
        (alias, entity, conditions)
    }

    /// Writes `child's foreign key = parent's key` for a to-many relation.
    pub(super) fn on_inverse(
        &self,
        parent: (&Alias, EntityId),
        child: (&Alias, EntityId),
        inverse: FieldId,
    ) -> String {
        let model = self.model;
        let FieldKind::ToOne(relation) = &model.entity(child.1).field(inverse).kind else {
            unreachable!("the inverse of a to-many relation is to-one");
        };
        let parts: Vec<String> = relation
            .columns
            .iter()
            .zip(&model.entity(parent.1).key_columns)
            .map(|(from, to)| {
                format!(
                    "{} = {}",
                    self.column(child.0, child.1, *from),
                    self.column(parent.0, parent.1, *to)
                )
            })
            .collect();
        parts.join(" AND ")
    }
}
