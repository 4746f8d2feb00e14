//! The loop of a worker: one work item after the other, until the job has no more.

use super::codec::Codec;
use super::digest;
use super::protocol::{BLOCK_ITEM, DIGEST_ITEM};
use crate::error::{Failure, Result};
use crate::ports::Host;

/// Runs a worker to its end.
pub fn work(host: &dyn Host) -> Result<()> {
    let mut codec = Codec::default();
    while let Some(item) = host.next_piece() {
        let result = match item.split_first() {
            Some((&BLOCK_ITEM, content)) => codec.encode(content)?,
            Some((&DIGEST_ITEM, request)) => digest::respond(request, &mut codec).ok_or_else(malformed)?,
            _ => return Err(malformed()),
        };
        host.give(&result);
    }
    Ok(())
}

fn malformed() -> Failure {
    Failure::invalid("a worker received a malformed work item")
}
