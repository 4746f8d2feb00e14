//! Conditions: decides whether they hold now, and records the values that decided. Pure functions of the home and the
//! variables.

mod context;
mod evaluate;
mod range;
mod time;
mod verdict;

pub use context::Context;
pub use evaluate::{all, holds, in_order, says_true};
pub use range::in_range;
pub use time::entity_moment;
pub use verdict::Verdict;
