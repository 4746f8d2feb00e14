//! The schedules that the manager follows: Home Assistant's own, and those of `larder.toml`.
//!
//! Loads them, and answers questions about each. What is due when is decided by `crate::schedule`.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::error::{Failure, Result};
use crate::manager::entities::ScheduleSensors;
use crate::manager::histories::Which;
use crate::manager::log;
use crate::manager::state::{Inner, Named, with};
use crate::ports::Host;
use crate::retention::Policy;
use crate::schedule::{Next, Schedule, ScheduleName};
use crate::settings::CreateBackup;
use crate::settings::named::{NamedSchedule, NamedSchedules};

/// Loads the schedules of `larder.toml`, and logs what is wrong with them. Without the stored document there are none: their history
/// and the password would be unknown.
pub fn load(host: &dyn Host) {
    if with(|inner| inner.store.check().is_err()) {
        return;
    }
    let NamedSchedules { used, problems } = NamedSchedules::read(&host.settings());
    problems.iter().for_each(|problem| log::warn(host, problem));
    let named = |(name, settings)| (name, Named { settings, next: Next::default(), due: None });
    with(|inner| inner.named = used.into_iter().map(named).collect());
}

/// Logs the locations that schedules name and that do not exist.
pub fn log_missing_locations(host: &dyn Host, known: &[String]) {
    let missing: Vec<String> = with(|inner| {
        let sentence = |name: &ScheduleName, id: &String| {
            format!("the schedule {name}: there is no location {id}; correct `locations` in larder.toml")
        };
        let all = inner.named.iter().flat_map(|(name, named)| {
            let missing = named.settings.agent_ids().iter().filter(|id| !known.contains(id));
            missing.map(move |id| sentence(name, id))
        });
        all.collect()
    });
    missing.iter().for_each(|sentence| log::warn(host, sentence));
}

/// The settings of a schedule of `larder.toml`, by its name in a request.
pub fn named(name: &str) -> Result<(ScheduleName, CreateBackup)> {
    with(|inner| {
        let found = ScheduleName::parse(name).ok().and_then(|name| Some((name, inner.named.get(&name)?)));
        if let Some((name, named)) = found {
            return Ok((name, named.settings.create_backup(inner.store.config())));
        }
        let known: Vec<&str> = inner.named.keys().map(ScheduleName::as_str).collect();
        let shown: String = name.escape_debug().take(64).collect();
        let hint = match known.as_slice() {
            [] => "larder.toml has none that can be used".to_owned(),
            known => format!("use one of {}", known.join(", ")),
        };
        Err(Failure::new("not_found", format!("there is no schedule `{shown}`; {hint}")))
    })
}

impl Inner {
    /// Every schedule, in the order in which they run if several are due: Home Assistant's own first.
    pub fn schedules(&self) -> Vec<Which> {
        [None].into_iter().chain(self.named.keys().copied().map(Some)).collect()
    }

    /// When a schedule runs.
    pub fn schedule(&self, which: Which) -> Schedule {
        let config = self.store.config();
        match which {
            None => config.schedule.clone(),
            Some(_) => self.settings(which).map(|named| named.schedule(config)).unwrap_or_default(),
        }
    }

    fn settings(&self, which: Which) -> Option<&NamedSchedule> {
        Some(&self.named.get(&which?)?.settings)
    }

    /// The next run of a schedule.
    pub fn next_of(&self, which: Which) -> Next {
        match which {
            None => self.next.clone(),
            Some(name) => self.named.get(&name).map(|named| named.next.clone()).unwrap_or_default(),
        }
    }

    pub fn set_next(&mut self, which: Which, next: Next) {
        match which {
            None => self.next = next,
            Some(name) => drop(self.named.get_mut(&name).map(|named| named.next = next)),
        }
    }

    /// Why a run of a schedule is due now, if one is.
    pub fn due_of(&mut self, which: Which) -> Option<&mut Option<String>> {
        match which {
            None => Some(&mut self.due),
            Some(name) => self.named.get_mut(&name).map(|named| &mut named.due),
        }
    }

    /// The first schedule that is due.
    pub fn first_due(&self) -> Option<Which> {
        let named = self.named.iter().find(|(_, named)| named.due.is_some()).map(|(name, _)| Some(*name));
        if self.due.is_some() { Some(None) } else { named }
    }

    /// The earliest next run of all schedules.
    pub fn earliest(&self) -> Option<DateTime<Utc>> {
        self.named.values().map(|named| named.next.at).chain([self.next.at]).flatten().min()
    }

    /// How long the backups of each schedule of `larder.toml` are kept.
    pub fn retentions(&self) -> BTreeMap<ScheduleName, Policy> {
        self.named.iter().map(|(name, named)| (*name, named.settings.retention())).collect()
    }

    /// What the entities show of the schedules of `larder.toml`.
    pub fn shown_schedules(&self) -> BTreeMap<ScheduleName, ScheduleSensors> {
        let shown = |(name, named): (&ScheduleName, &Named)| {
            let history = self.store.history(Some(*name));
            let shown = ScheduleSensors {
                next: named.next.at,
                last_attempted: history.last_attempted,
                last_successful: history.last_completed,
                size: self.store.last_size(*name),
            };
            (*name, shown)
        };
        self.named.iter().map(shown).collect()
    }
}
