//! A loaded application: the model, its plans, and what operations need.

use std::sync::Arc;

use model::{Config, Model};
use plan::Dialect;
use plan::idempotency::Statements;
use store::Store;

use crate::clock::Clock;
use crate::ids::Ids;
use crate::operations::Plans;
use crate::query::ReadBounds;
use crate::transfer::Slots;

/// An application at one version of its model. Replaced as a whole when the model changes.
pub struct App {
    /// The checked model.
    pub model: Arc<Model>,
    /// The settings of `mainstay.toml`.
    pub config: Arc<Config>,
    /// The database.
    pub store: Store,
    /// The database's SQL.
    pub dialect: Dialect,
    /// The time.
    pub clock: Clock,
    /// New keys.
    pub ids: Ids,
    /// Compiled plans.
    pub(crate) plans: Plans,
    /// The statements about kept answers.
    pub(crate) answers: Arc<Statements>,
    /// The places for exports.
    pub(crate) exports: Slots,
    /// The places for imports.
    pub(crate) imports: Slots,
}

impl App {
    /// Puts an application together. Its tables must be those of the model.
    pub fn new(
        model: Arc<Model>,
        config: Arc<Config>,
        store: Store,
        clock: Clock,
        ids: Ids,
    ) -> Self {
        let dialect = Dialect::Sqlite;
        let answers = Arc::new(Statements::new(dialect));
        let exports = Slots::new(config.limits.exports_max);
        let imports = Slots::new(config.limits.imports_max);
        let plans = Plans::default();
        Self { model, config, store, dialect, clock, ids, plans, answers, exports, imports }
    }

    /// Returns the bounds of reads.
    pub fn read_bounds(&self) -> ReadBounds {
        let limits = &self.config.limits;
        let small = |bound: u64| u32::try_from(bound).unwrap_or(u32::MAX);
        ReadBounds {
            page_default: small(limits.page_default),
            page_max: small(limits.page_max),
            expand_depth_max: small(limits.expand_depth_max),
            expand_rows_max: small(limits.expand_rows_max),
            filter_bytes_max: limits.filter_bytes_max,
        }
    }
}
