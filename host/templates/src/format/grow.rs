//! Texts that grow part by part, within the limit of one value.

use crate::context::Context;
use crate::error::Result;

/// Adds a part. An error if the whole would be too large.
pub fn push(part: &str, to: &mut String, context: &Context) -> Result<()> {
    match to.len().saturating_add(part.len()) {
        length if length > context.limits.size => context.reserve(length)?,
        _ => context.spend(part.len() as u64 / 32)?,
    }
    to.push_str(part);
    Ok(())
}
