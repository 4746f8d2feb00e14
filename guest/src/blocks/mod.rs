//! Blocks: the pieces that a home's tar is cut into, deflated apart from each other, and kept for the next backup.
//!
//! `cut` says where blocks begin and end, `codec` makes one (in a worker, or here), `check` computes its check value, `fingerprint` is
//! what they are known by, `index` remembers where the blocks of the last backup lie, `old` gets them from there, and `line` is the
//! line that all of them go through, in order.

pub mod check;
pub mod codec;
pub mod cut;
pub mod digest;
pub mod fingerprint;
pub mod index;
pub mod pipeline;
pub mod previous;
pub mod worker;

#[cfg(test)]
mod tests;
