//! FROM clauses: aliases, joins along to-one relations, subqueries over to-many ones.

use expr::{EntityId, FieldId, Path};
use model::{FieldKind, JoinColumn, Via};

use super::{Place, Renderer};
use crate::read::{JOINS_MAX, PlanError};
use crate::rules::RuleRef;

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
        self.joins_most = self.joins_most.max(from.joins.len());
        from.joins.into_iter().map(|join| join.sql).collect()
    }

    /// Refuses what joined more than a statement may.
    pub(crate) fn check_joins(&self) -> Result<(), PlanError> {
        if self.joins_most > JOINS_MAX { Err(PlanError::TooManyJoins) } else { Ok(()) }
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
        let mut on: Vec<String> = relation
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
        // To whatever hops, an archived row is no row.
        let archive = model.entity(target).archive.as_ref();
        on.extend(
            archive
                .map(|archive| format!("{} IS NULL", self.column(&alias, target, archive.column))),
        );
        // A required relation inside the module always leads to a row. Where a filter has fixed it,
        // the plain join lets SQLite look that one row up once instead of once for each row.
        let fixed = archive.is_none() && self.fixed.contains(&(parent.clone(), field));
        let kind = if fixed { "JOIN" } else { "LEFT JOIN" };
        let sql =
            format!(" {kind} {} AS {} ON {}", self.table(target), alias.name, on.join(" AND "));
        let required = model.entity(entity).field(field).required && !relation.other_module;
        let optional = !required || archive.is_some() || self.is_optional(parent);
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
        if self.frame().guarded {
            return self.client_path(&alias, entity, &path.hops);
        }
        for hop in &path.hops {
            (alias, entity) = self.join(&alias, entity, *hop);
        }
        (alias, entity, Vec::new())
    }

    /// Follows to-one relations from the row at `alias`. Returns where they end, and the conditions
    /// under which the caller may know: of each relation, and of each row on the way.
    pub(crate) fn client_path(
        &mut self,
        alias: &Alias,
        entity: EntityId,
        hops: &[FieldId],
    ) -> (Alias, EntityId, Vec<String>) {
        let (mut alias, mut entity) = (alias.clone(), entity);
        let mut conditions = Vec::new();
        for hop in hops {
            conditions.extend(self.hop(&mut alias, &mut entity, *hop));
        }
        (alias, entity, conditions)
    }

    /// Goes on along a relation as a client may: the relation itself must be readable where it is
    /// held, and so must the row it leads to.
    fn hop(&mut self, alias: &mut Alias, entity: &mut EntityId, field: FieldId) -> Vec<String> {
        let mut conditions = Vec::new();
        conditions.extend(self.field_rule(alias, *entity, field));
        (*alias, *entity) = self.join(alias, *entity, field);
        conditions.extend(self.rule(RuleRef::Read(*entity), alias, *entity));
        conditions
    }

    /// Renders a field's read rule; `None` where it has none, or it always holds.
    pub(crate) fn field_rule(
        &mut self,
        alias: &Alias,
        entity: EntityId,
        field: FieldId,
    ) -> Option<String> {
        self.model.entity(entity).field(field).rules.read.as_ref()?;
        self.rule(RuleRef::ReadField(entity, field), alias, entity)
    }

    /// Writes what makes rows of the target at `child` the to-many relation's rows of the parent: a
    /// join to put behind the target's table, and conditions.
    pub(super) fn on_parent(
        &mut self,
        parent: (&Alias, EntityId),
        child: (&Alias, EntityId),
        via: Via,
    ) -> (String, Vec<String>) {
        let keys = self.model.entity(parent.1).key_columns.iter();
        let keys: Vec<String> =
            keys.map(|column| self.column(parent.0, parent.1, *column)).collect();
        self.on_parent_key(&keys, child, via)
    }

    /// As `on_parent`, for a parent's key of which each part is given as SQL.
    pub(crate) fn on_parent_key(
        &mut self,
        key: &[String],
        child: (&Alias, EntityId),
        via: Via,
    ) -> (String, Vec<String>) {
        let model = self.model;
        match via {
            Via::Inverse(inverse) => {
                let FieldKind::ToOne(relation) = &model.entity(child.1).field(inverse).kind else {
                    unreachable!("the inverse of a to-many relation is to-one");
                };
                let held = relation.columns.iter().zip(key);
                let conditions = held.map(|(column, key)| {
                    format!("{} = {key}", self.column(child.0, child.1, *column))
                });
                (String::new(), conditions.collect())
            }
            Via::Join { join, near } => {
                let join = model.join(join);
                let link = self.new_alias(child.0.from);
                let column = |column: &JoinColumn| link.qualify(&self.dialect.quote(&column.name));
                let far = join.side(near.other()).columns.iter();
                let on: Vec<String> = far
                    .zip(&model.entity(child.1).key_columns)
                    .map(|(from, to)| {
                        format!("{} = {}", column(from), self.column(child.0, child.1, *to))
                    })
                    .collect();
                let near = join.side(near).columns.iter().zip(key);
                let conditions = near.map(|(from, key)| format!("{} = {key}", column(from)));
                let table = self.dialect.quote(&join.table);
                let sql = format!(" JOIN {table} AS {} ON {}", link.name, on.join(" AND "));
                (sql, conditions.collect())
            }
        }
    }

    /// The relation that makes a row one of another's is itself a field with a rule of its own.
    pub(crate) fn inverse_rule(&mut self, child: (&Alias, EntityId), via: Via) -> Option<String> {
        match via {
            Via::Inverse(inverse) => self.field_rule(child.0, child.1, inverse),
            Via::Join { .. } => None,
        }
    }
}
