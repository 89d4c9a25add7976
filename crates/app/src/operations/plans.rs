//! Compiled plans, kept by shape and by the kind of caller.

use std::hash::Hash;
use std::sync::{Arc, RwLock};

use expr::AtomShape;
use plan::RuleBook;
use plan::aggregate::AggregateShape;
use plan::find::{FindPlan, FindShape};
use plan::read::{ReadPlan, Shape};
use plan::write::{WritePlan, WriteShape};
use quick_cache::sync::Cache;
use rustc_hash::FxBuildHasher;
use smallvec::SmallVec;

/// Shapes kept. Clients can make new ones at will; beyond this the least used are dropped.
const SHAPES_MAX: usize = 4096;

/// Kinds of callers kept for one shape. Beyond, plans are made and not kept.
const VARIANTS_MAX: usize = 64;

/// The plans of an application.
pub(crate) struct Plans {
    pub(crate) reads:
        Cache<Shape, Arc<Compiled<ReadPlan>>, quick_cache::UnitWeighter, FxBuildHasher>,
    pub(crate) aggregates:
        Cache<AggregateShape, Arc<Compiled<ReadPlan>>, quick_cache::UnitWeighter, FxBuildHasher>,
    pub(crate) writes:
        Cache<WriteShape, Arc<Compiled<WritePlan>>, quick_cache::UnitWeighter, FxBuildHasher>,
    pub(crate) finds:
        Cache<FindShape, Arc<Compiled<FindPlan>>, quick_cache::UnitWeighter, FxBuildHasher>,
}

impl Default for Plans {
    fn default() -> Self {
        Self { reads: cache(), aggregates: cache(), writes: cache(), finds: cache() }
    }
}

fn cache<K: Hash + Eq, V: Clone>() -> Cache<K, V, quick_cache::UnitWeighter, FxBuildHasher> {
    Cache::with(
        SHAPES_MAX,
        SHAPES_MAX as u64,
        quick_cache::UnitWeighter,
        FxBuildHasher,
        quick_cache::sync::DefaultLifecycle::default(),
    )
}

/// The shapes of a request's atoms: what a plan depends on of the caller.
pub(crate) type AtomShapes = SmallVec<[AtomShape; 8]>;

/// A shape's rules, and its plans for the kinds of callers seen so far.
pub(crate) struct Compiled<P> {
    pub(crate) rules: RuleBook,
    variants: RwLock<Vec<(AtomShapes, Arc<P>)>>,
}

impl<P> Compiled<P> {
    pub(crate) fn new(rules: RuleBook) -> Self {
        Self { rules, variants: RwLock::new(Vec::new()) }
    }

    /// Returns the plan for callers of this kind, making it if need be.
    pub(crate) fn plan<E>(
        &self,
        shapes: &[AtomShape],
        make: impl FnOnce() -> Result<P, E>,
    ) -> Result<Arc<P>, E> {
        let known = |variants: &[(AtomShapes, Arc<P>)]| {
            variants
                .iter()
                .find(|(of, _)| of.as_slice() == shapes)
                .map(|(_, plan)| Arc::clone(plan))
        };
        let read = self.variants.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(plan) = known(&read) {
            return Ok(plan);
        }
        drop(read);
        let plan = Arc::new(make()?);
        let mut variants = self.variants.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        if variants.len() < VARIANTS_MAX && known(&variants).is_none() {
            variants.push((shapes.into(), Arc::clone(&plan)));
        }
        Ok(plan)
    }
}
