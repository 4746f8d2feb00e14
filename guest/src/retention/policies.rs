//! The policies of one location: Home Assistant's own, and one for each schedule of `larder.toml`.

use std::collections::BTreeMap;

use super::policy::Policy;
use super::record::Origin;
use crate::schedule::ScheduleName;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policies {
    /// For automatic backups.
    pub automatic: Policy,
    pub schedules: BTreeMap<ScheduleName, Policy>,
}

impl Policies {
    /// The origins whose backups may be deleted, with their rules.
    pub(super) fn owners(&self) -> impl Iterator<Item = (Origin, &Policy)> {
        let schedules = self.schedules.iter().map(|(name, policy)| (Origin::Scheduled(*name), policy));
        [(Origin::Automatic, &self.automatic)].into_iter().chain(schedules)
    }
}
