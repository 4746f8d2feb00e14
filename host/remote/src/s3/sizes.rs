//! How large the parts of an upload are: all alike but the last, and few enough.

use crate::limits;
use crate::protocol::Plan;

/// How an object of that many bytes is sent. The same size always gives the same plan, so that an interrupted upload is continued as it was begun.
pub fn plan(size: u64) -> Plan {
    if size < limits::S3_PARTS_FROM {
        return Plan::Whole;
    }
    let least = size.div_ceil(limits::S3_PARTS);
    let least = least.div_ceil(limits::S3_PART_STEP).saturating_mul(limits::S3_PART_STEP);
    Plan::Parts(least.max(limits::S3_PART_BYTES))
}
