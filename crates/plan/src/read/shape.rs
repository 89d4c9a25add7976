//! The shape of a read: all of a request but its values. It is the key of the plan cache.

use expr::{EntityId, FieldId, Node};

use crate::rules::RuleRef;

/// A read without its values.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Shape {
    /// What is read.
    pub entity: EntityId,
    /// One row by its key, or a page.
    pub target: Target,
    /// Which rows are wanted of an entity whose rows are archived.
    pub archived: Archived,
    /// What is shown of each row.
    pub selection: Selection,
    /// The client's filter, its literals taken out as atoms.
    pub filter: Option<Node>,
    /// How many atoms the filter and those of embedded lists have.
    pub filter_atoms: usize,
    /// The search, where only the rows that it finds are read.
    pub search: Option<SearchShape>,
    /// The order, which ends with the key so that it is total.
    pub order: Vec<Order>,
    /// Where the page starts.
    pub page: PageShape,
    /// Whether all rows are counted too.
    pub count: Count,
}

/// A search without what is searched for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SearchShape {
    /// Whether the best fit comes first. Then a page starts at the first row or at an offset: each
    /// write moves the ranks of all rows, so that no rank is a place to go on from.
    pub ranked: bool,
    /// The searched fields whose matches are shown.
    pub highlight: Vec<FieldId>,
}

/// What a read returns.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// One row, by its key.
    One,
    /// A page of rows.
    Many,
}

/// Which rows are wanted of an entity whose rows are archived.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Archived {
    /// Those that are not.
    #[default]
    Without,
    /// Those that are.
    Only,
    /// All.
    With,
}

impl Archived {
    /// Returns the rule by which rows are read.
    pub fn rule(self, entity: EntityId) -> RuleRef {
        match self {
            Self::Without => RuleRef::Read(entity),
            Self::Only => RuleRef::Archived(entity),
            Self::With => RuleRef::ReadAll(entity),
        }
    }
}

/// What is shown of a row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Selection {
    /// The fields shown; `None` for all.
    pub fields: Option<Vec<FieldId>>,
    /// The relations embedded.
    pub expand: Vec<Expand>,
}

/// A relation to embed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Expand {
    /// The relation.
    pub field: FieldId,
    /// What is shown of its rows.
    pub selection: Selection,
    /// For to-many relations: the order, which ends with the key.
    pub order: Vec<Order>,
    /// For to-many relations: at most this many rows for each parent; none are read for 0.
    pub limit: u32,
    /// For to-many relations: which rows. Its atoms are among those of the request.
    pub filter: Option<Node>,
    /// For to-many relations: the row behind which each list goes on.
    pub after: Option<ExpandAfter>,
    /// For to-many relations: whether the rows are counted.
    pub count: bool,
}

/// Where embedded lists go on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ExpandAfter {
    /// The cursor's place among those of the request's embedded lists.
    pub cursor: usize,
    /// Which of its values are null.
    pub nulls: Vec<bool>,
}

/// Whether all rows of a list are counted.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Count {
    /// They are not.
    #[default]
    None,
    /// All of them.
    Exact,
    /// Up to this many, which bounds what counting costs.
    UpTo(u32),
}

/// A field to sort by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Order {
    /// The to-one relations followed to it.
    pub hops: Vec<FieldId>,
    /// The field.
    pub field: FieldId,
    /// Whether high comes first. Null counts as lower than any value.
    pub descending: bool,
}

/// Where a page starts. For cursors: which of their values are null.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PageShape {
    /// At the first row.
    First,
    /// Behind the cursor's row.
    After(Vec<bool>),
    /// It ends before the cursor's row.
    Before(Vec<bool>),
    /// After a number of rows.
    Offset,
}
