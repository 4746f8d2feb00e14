//! The check that a restore or an extraction fits on the disk, before it writes anything.

use crate::error::{Failure, Result};
use crate::jobs::part::Part;
use crate::jobs::restore::staging::{Staging, stage_all};
use crate::jobs::space;
use crate::ports::Host;
use crate::progress::Progress;
use crate::stored_archive::Archive;

/// The space that a restore or an extraction may use.
pub struct SpaceCheck {
    /// What needs the space, as messages name it.
    pub what: &'static str,
    /// Bytes that may be written.
    pub available: u64,
}

impl SpaceCheck {
    /// Refuses what will not fit, before anything is staged. Unless there is plenty of space, it walks through the part once
    /// and writes nothing. `counting` is a staging without a target.
    pub fn must_fit(
        &self,
        host: &dyn Host,
        outer: &mut Archive<'_>,
        part: &mut Part,
        name: &str,
        counting: Staging<'_>,
    ) -> Result<()> {
        match space::is_plenty(self.available, part.member.size) {
            true => Ok(()),
            false => self.must_be_at_least(needed(host, outer, part, name, counting)?),
        }
    }

    /// Refuses a need of more bytes than may be written.
    pub fn must_be_at_least(&self, needed: u64) -> Result<()> {
        let advice = "or choose a directory on another disk with --to";
        space::must_fit(self.what, needed, Some(self.available), advice)
    }

    /// Replaces a failure for lack of space by one that names the whole need.
    pub fn explain(
        &self,
        failure: Failure,
        host: &dyn Host,
        outer: &mut Archive<'_>,
        part: &mut Part,
        name: &str,
        counting: Staging<'_>,
    ) -> Failure {
        if failure.code != space::NO_SPACE {
            return failure;
        }
        let refused =
            needed(host, outer, part, name, counting).and_then(|needed| self.must_be_at_least(needed));
        refused.err().filter(|refused| refused.code == space::NO_SPACE).unwrap_or(failure)
    }
}

/// Bytes that staging would take.
fn needed(
    host: &dyn Host,
    outer: &mut Archive<'_>,
    part: &mut Part,
    name: &str,
    mut counting: Staging<'_>,
) -> Result<u64> {
    let progress = Progress::new(host, "check_space", part.member.size);
    stage_all(host, outer, part, name, progress, &mut counting)?;
    Ok(counting.need.total())
}
