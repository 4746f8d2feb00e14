//! What settings ask for that cannot be had: names that no file can have or Home Assistant does not list, locations that are
//! not there.
//!
//! Home Assistant takes such settings and fails later. Pure rules.

use super::Config;
use crate::archive::{Objection as OfName, objection};
use crate::model::Caution;

/// Something that is asked for and cannot be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objection {
    /// Place, reason, and what to do.
    pub text: String,
    /// Whether it may come to work: the location comes back, or Home Assistant is not asked.
    pub can_work: bool,
}

impl Config {
    /// What is wrong with these settings, where the locations are `known`.
    pub fn objections(&self, known: &[String]) -> Vec<Objection> {
        let name = self.create_backup.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
        let name = name.and_then(objection).map(|objection| match objection {
            OfName::Impossible(why) => {
                Objection { text: format!("create_backup.name: {why}"), can_work: false }
            }
            OfName::Unlisted(why) => Objection { text: format!("create_backup.name: {why}"), can_work: true },
        });
        let absent = |id: &&String| !known.contains(*id);
        let known = known.join(", ");
        let missing = |key: &str, id: &str| Objection {
            text: format!("{key}: there is no location {id}; name one that is there ({known})"),
            can_work: true,
        };
        let wanted = self.create_backup.agent_ids.iter().filter(absent);
        let wanted = wanted.map(|id| missing("create_backup.agent_ids", id));
        let set = self.agents.keys().filter(absent).map(|id| missing("agents", id));
        name.into_iter().chain(wanted).chain(set).collect()
    }

    /// Refuses what is new in these settings and cannot be had, unless the client is not that careful.
    pub fn must_be_sensible(
        &self,
        before: &Self,
        known: &[String],
        caution: Caution,
    ) -> Result<(), super::Invalid> {
        let old = before.objections(known);
        let mut new = self.objections(known);
        new.retain(|objection| {
            caution.strict && !old.contains(objection) && !(caution.force && objection.can_work)
        });
        let advice = |objection: Objection| match objection.can_work {
            true => format!("{}, or add --force", objection.text),
            false => objection.text,
        };
        match new.is_empty() {
            true => Ok(()),
            false => Err(super::Invalid::new(new.into_iter().map(advice).collect())),
        }
    }
}
