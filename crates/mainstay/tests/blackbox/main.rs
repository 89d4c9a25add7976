//! Black-box tests: they see what a client sees.

mod bodies;
mod conditional;
mod expand;
mod fixtures;
mod hidden;
mod keys;
mod lists;
mod paging;
mod rules;
mod scalars;
