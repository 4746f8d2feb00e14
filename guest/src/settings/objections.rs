//! Objections to settings that are valid but cannot work. Examples: names that no file can have or that Home Assistant does
//! not list, locations that do not exist.
//!
//! Home Assistant accepts such settings, and the backup fails later. Pure rules.

use super::Config;
use crate::archive::{NameProblem, name_problem};
use crate::model::Caution;
use crate::schedule::Recurrence;

/// A setting that asks for something that cannot work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objection {
    /// The setting, the reason, and what to do.
    pub text: String,
    pub weight: Weight,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// It can never work.
    Impossible,
    /// It may work later: the location may come back, or the backup may never be used in Home Assistant.
    Absent,
    /// It works, but probably not as intended. A warning, never a refusal.
    Note,
}

impl Config {
    /// The objections to these settings. `known` are the ids of the locations that exist.
    pub fn objections(&self, known: &[String]) -> Vec<Objection> {
        let name = self.create_backup.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
        let name = name.and_then(name_problem).map(|objection| match objection {
            NameProblem::Impossible(why) => {
                Objection { text: format!("create_backup.name: {why}"), weight: Weight::Impossible }
            }
            NameProblem::Unlisted(why) => {
                Objection { text: format!("create_backup.name: {why}"), weight: Weight::Absent }
            }
        });
        let absent = |id: &&String| !known.contains(*id);
        let known = known.join(",");
        let missing = |key: &str, id: &str| Objection {
            text: format!("{key}: there is no location {id}; use an existing one ({known})"),
            weight: Weight::Absent,
        };
        let wanted = self.create_backup.agent_ids.iter().filter(absent);
        let wanted = wanted.map(|id| Objection {
            text: format!(
                "create_backup.agent_ids: there is no location {id}; use an existing one ({known}): `larder settings set \
                 create_backup.agent_ids={known}`"
            ),
            weight: Weight::Absent,
        });
        let set = self.agents.keys().filter(absent).map(|id| missing("agents", id));
        name.into_iter()
            .chain(wanted)
            .chain(set)
            .chain(self.without_days())
            .chain(self.of_a_supervisor())
            .chain(self.without_password())
            .collect()
    }

    /// Custom days, but no day is chosen.
    fn without_days(&self) -> Option<Objection> {
        let schedule = &self.schedule;
        let text = "schedule.recurrence=custom_days: no days are chosen, so no automatic backup is planned; choose days, for example \
                    schedule.days=mon,thu"
            .to_owned();
        let is_idle = schedule.recurrence == Recurrence::CustomDays && schedule.days.is_empty();
        is_idle.then_some(Objection { text, weight: Weight::Note })
    }

    /// Add-ons or folders, which only a Supervisor can back up.
    fn of_a_supervisor(&self) -> Option<Objection> {
        let create = &self.create_backup;
        let names = |list: &Option<Vec<String>>| list.as_ref().is_some_and(|list| !list.is_empty());
        let key = match (
            create.include_all_addons,
            names(&create.include_addons),
            names(&create.include_folders),
        ) {
            (true, _, _) => "include_all_addons",
            (_, true, _) => "include_addons",
            (_, _, true) => "include_folders",
            _ => return None,
        };
        let text = format!(
            "create_backup.{key}: without a Supervisor there are no add-ons or folders, so every automatic backup would be refused; \
             set it to {}",
            if key == "include_all_addons" { "false" } else { "null" }
        );
        Some(Objection { text, weight: Weight::Absent })
    }

    /// A protected location, but no password.
    fn without_password(&self) -> Option<Objection> {
        let (id, _) = self.agents.iter().find(|(_, agent)| agent.protected)?;
        let text = format!(
            "agents.{id}.protected: no password is set, so anyone can read the backups there; set one with `larder settings set \
             --password-file FILE`"
        );
        self.create_backup.password.is_none().then_some(Objection { text, weight: Weight::Note })
    }

    /// Refuses objections that the settings `before` did not have. `caution` says which weights are refused.
    pub fn must_be_sensible(
        &self,
        before: &Self,
        known: &[String],
        caution: Caution,
    ) -> Result<(), super::Invalid> {
        let old = before.objections(known);
        let mut new = self.objections(known);
        new.retain(|objection| {
            let is_accepted = match objection.weight {
                Weight::Impossible => false,
                Weight::Absent => caution.force,
                Weight::Note => true,
            };
            caution.strict && !old.contains(objection) && !is_accepted
        });
        let advice = |objection: Objection| match objection.weight {
            Weight::Absent => format!("{}, or add --force", objection.text),
            _ => objection.text,
        };
        match new.is_empty() {
            true => Ok(()),
            false => Err(super::Invalid::new(new.into_iter().map(advice).collect())),
        }
    }
}
