//! Steps for programs and for those who ask why: the kind of a change, what it is on, and its reason.

use super::{Change, Fill, NewValues};

impl Change {
    /// Returns the kind as programs know it; part of the format of plans.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::CreateTable(_) => "createTable",
            Self::RenameTable { .. } => "renameTable",
            Self::DropTable => "dropTable",
            Self::AddColumn(_) => "addColumn",
            Self::RenameColumn { .. } => "renameColumn",
            Self::DropColumn { .. } => "dropColumn",
            Self::Retype { .. } => "changeType",
            Self::SetRequired { .. } => "setRequired",
            Self::SetOptional { .. } => "setOptional",
            Self::Rekey { .. } => "changeKey",
            Self::AddForeignKey(_) => "addForeignKey",
            Self::DropForeignKey(_) => "dropForeignKey",
            Self::AddIndex(_) => "addIndex",
            Self::RenameIndex { .. } => "renameIndex",
            Self::DropIndex { .. } => "dropIndex",
            Self::AddCheck(_) => "addCheck",
            Self::ChangeCheck(_) => "changeCheck",
            Self::RenameCheck { .. } => "renameCheck",
            Self::DropCheck { .. } => "dropCheck",
            Self::SetTrigger(_) => "setTrigger",
            Self::DropTrigger { .. } => "dropTrigger",
            Self::Forget { .. } => "forgetHistory",
            Self::EmptyHistory => "emptyHistory",
            Self::EndArchive { .. } => "endArchive",
            Self::SetSearch { anew: false, .. } => "addSearch",
            Self::SetSearch { .. } => "changeSearch",
            Self::DropSearch => "dropSearch",
        }
    }

    /// Returns the name of the column, index, check or trigger that changes; none for a whole table.
    pub fn subject(&self) -> Option<String> {
        match self {
            Self::CreateTable(_) | Self::RenameTable { .. } | Self::DropTable => None,
            Self::EmptyHistory => None,
            Self::AddColumn(column) => Some(column.name.clone()),
            Self::RenameColumn { to: name, .. }
            | Self::RenameIndex { to: name, .. }
            | Self::RenameCheck { to: name, .. }
            | Self::DropColumn { column: name, .. }
            | Self::SetRequired { column: name, .. }
            | Self::SetOptional { column: name }
            | Self::DropIndex { name }
            | Self::DropTrigger { name }
            | Self::Forget { column: name }
            | Self::EndArchive { column: name }
            | Self::DropCheck { name } => Some(name.clone()),
            Self::SetTrigger(trigger) => Some(trigger.name.clone()),
            Self::Retype { to, .. } => Some(to.name.clone()),
            Self::Rekey { to, .. } => Some(to.join(",")),
            Self::AddForeignKey(key) | Self::DropForeignKey(key) => Some(key.columns.join(",")),
            Self::AddIndex(index) => Some(index.name.clone()),
            Self::AddCheck(check) | Self::ChangeCheck(check) => Some(check.name.clone()),
            Self::SetSearch { .. } | Self::DropSearch => None,
        }
    }

    /// Says what in the model asks for it.
    pub fn why(&self) -> &'static str {
        match self {
            Self::CreateTable(_) => "the type is new",
            Self::RenameTable { .. } => "@was on the type names its old table",
            Self::DropTable => "the type is gone",
            Self::AddColumn(column) => match column.fill {
                Some(Fill::Expr(_)) => "the field is new, and @fill says what old rows get",
                Some(_) => "the field is new, and has a value for old rows",
                None => "the field is new",
            },
            Self::RenameColumn { .. } => "@was on the field names its old column",
            Self::DropColumn { into, .. } if into.is_empty() => "the field is gone",
            Self::DropColumn { .. } => "the field is gone, and @fill of others reads it",
            Self::Retype { from, to, .. }
                if from.values != to.values && from.values.is_some() && to.values.is_some() =>
            {
                "the enum has other values"
            }
            Self::Retype { values: NewValues::Filled, .. } => {
                "the field has another type, and @fill says what becomes of its values"
            }
            Self::Retype { from, to, values: NewValues::Lost } if from.ty == to.ty => {
                "the relation leads to another key"
            }
            Self::Retype { .. } => "the field has another type",
            Self::SetRequired { .. } => "the field is required now",
            Self::SetOptional { .. } => "the field is optional now",
            Self::Rekey { .. } => "@key or @identity of the type is another",
            Self::AddForeignKey(_) => "the relation is new, or deletes otherwise",
            Self::DropForeignKey(_) => "the relation is gone, or deletes otherwise",
            Self::AddIndex(index) if index.unique => "the fields have to be unique now",
            Self::AddIndex(_) => "@index or a relation asks for it",
            Self::RenameIndex { .. } | Self::RenameCheck { .. } => {
                "its name comes from the model's"
            }
            Self::DropIndex { .. } => "nothing asks for it any more",
            Self::AddCheck(_) => "the @check is new",
            Self::ChangeCheck(_) => "the @check says something else",
            Self::DropCheck { .. } => "the @check is gone",
            Self::SetTrigger(_) => "@audit keeps what is written",
            Self::DropTrigger { .. } => "@audit is gone",
            Self::Forget { .. } => "the field is gone or @private",
            Self::EmptyHistory => "@key of the type is another, and entries are by the key",
            Self::EndArchive { .. } => "@archive is gone",
            Self::SetSearch { anew: false, .. } => "@search is new",
            Self::SetSearch { .. } => "@search names other fields",
            Self::DropSearch => "@search is gone",
        }
    }
}

impl super::Demand {
    /// Returns the kind as programs know it; part of the format of plans.
    pub fn kind(&self) -> &'static str {
        use super::FillFault;
        match self {
            Self::Empty { .. } => "noRows",
            Self::NothingToLose { .. } => "nothingToLose",
            Self::NoneArchived { .. } => "noneArchived",
            Self::Carried { .. } => "carriedOver",
            Self::Filled { fault, .. } => match fault {
                FillFault::Null => "fillGivesValue",
                FillFault::OutOfRange => "fillFitsInt",
                FillFault::NotAValue => "fillGivesEnumValue",
                FillFault::Lost => "fillKeepsValue",
            },
            Self::NoNulls { .. } => "noNulls",
            Self::AmongValues { .. } => "amongEnumValues",
            Self::FitsInt { .. } => "fitsInt",
            Self::FitsFloat { .. } => "fitsFloat",
            Self::Unique { .. } => "unique",
            Self::Holds(_) => "checkHolds",
            Self::Refers(_) => "refersToRow",
        }
    }
}
