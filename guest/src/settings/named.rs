//! The schedules of `larder.toml`: reads the table that the host passes, and completes each with the automatic settings.
//!
//! Each has the keys and words of Home Assistant's own settings, and the same checker reads them. One that is wrong is left out
//! with a sentence, and the others are used. It has no password: that is always the one of the automatic settings.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::checker::{Complaint, check, required};
use super::moment::{parse_time, time_text};
use super::rule::Purpose;
use super::schema::NAMED_SCHEDULE;
use super::{Config, CreateBackup};
use crate::archive::{NameProblem, name_problem};
use crate::retention::Policy;
use crate::schedule::{Day, Recurrence, Schedule, ScheduleName, TimeOfDay};

/// The schedules that are used, and a sentence for each value that is wrong.
#[derive(Debug, Default)]
pub struct NamedSchedules {
    pub used: BTreeMap<ScheduleName, NamedSchedule>,
    pub problems: Vec<String>,
}

/// A schedule of `larder.toml`. `None` stands for the value of the automatic settings.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct NamedSchedule {
    recurrence: Recurrence,
    #[serde(default)]
    days: Vec<Day>,
    /// An explicit null means: at Home Assistant's time with jitter, whatever the automatic settings say.
    #[serde(default, deserialize_with = "given")]
    time: Option<Option<TimeOfDay>>,
    #[serde(default)]
    agent_ids: Option<Vec<String>>,
    #[serde(default)]
    include_database: Option<bool>,
    #[serde(default)]
    exclude: Option<Vec<String>>,
    #[serde(default)]
    name: Option<String>,
    /// Without one, everything is kept.
    #[serde(default)]
    retention: Option<Policy>,
}

/// A key that is present, even with null.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(from).map(Some)
}

impl NamedSchedules {
    /// Reads the plugin's settings: `{"schedules": {NAME: …}}`.
    pub fn read(settings: &str) -> Self {
        let settings: Value = match serde_json::from_str(settings) {
            Ok(settings) => settings,
            Err(error) => {
                return Self::none(&format!("the settings of the backup plugin are not JSON ({error})"));
            }
        };
        let Value::Object(settings) = settings else {
            return Self::none("the settings of the backup plugin are not an object");
        };
        match settings.get("schedules") {
            None | Some(Value::Null) => Self::default(),
            Some(Value::Object(schedules)) => Self::of(schedules),
            Some(_) => Self::none("`schedules` is not a table"),
        }
    }

    fn none(why: &str) -> Self {
        let problem = format!("no schedule of larder.toml is used: {why}");
        Self { used: BTreeMap::new(), problems: vec![problem] }
    }

    fn of(schedules: &Map<String, Value>) -> Self {
        let mut read = Self::default();
        for (name, value) in schedules {
            let result = match ScheduleName::parse(name) {
                Ok(name) => NamedSchedule::read(value).map(|schedule| (name, schedule)),
                Err(error) => Err(vec![error.to_string()]),
            };
            match result {
                Ok((name, schedule)) => {
                    read.problems.extend(schedule.idle().map(|why| format!("the schedule {name}: {why}")));
                    read.used.insert(name, schedule);
                }
                Err(lines) => {
                    let shown: String = name.escape_debug().take(64).collect();
                    let of_one = |line: String| {
                        format!("the schedule {shown} is not used: {line}; correct it in larder.toml")
                    };
                    read.problems.extend(lines.into_iter().map(of_one));
                }
            }
        }
        read
    }
}

impl NamedSchedule {
    /// Reads one, or says in Home Assistant's words what is wrong.
    fn read(value: &Value) -> Result<Self, Vec<String>> {
        let mut lines: Vec<String> =
            check(&NAMED_SCHEDULE, value, "", Purpose::Update).iter().map(Complaint::line).collect();
        if value.is_object() && value.get("recurrence").is_none() {
            lines.push(required("recurrence"));
        }
        let name = value.get("name").and_then(Value::as_str).map(str::trim).filter(|name| !name.is_empty());
        if let Some(NameProblem::Impossible(why)) = name.and_then(name_problem) {
            lines.push(format!("name: {why}"));
        }
        if !lines.is_empty() {
            lines.sort();
            return Err(lines);
        }
        let mut value = value.clone();
        if let (Some(time), Some(fields)) =
            (value.get("time").and_then(Value::as_str).and_then(parse_time), value.as_object_mut())
        {
            fields.insert("time".into(), time_text(time).into());
        }
        serde_json::from_value(value).map_err(|error| vec![error.to_string()])
    }

    /// Why it never runs although it seems to be meant to.
    fn idle(&self) -> Option<&'static str> {
        let is_idle = self.recurrence == Recurrence::CustomDays && self.days.is_empty();
        is_idle.then_some(
            "no days are chosen, so no backup is planned; add days, for example days = [\"mon\", \"thu\"]",
        )
    }

    /// The locations, if it names any itself.
    pub fn agent_ids(&self) -> &[String] {
        self.agent_ids.as_deref().unwrap_or_default()
    }

    /// When it runs.
    pub fn schedule(&self, automatic: &Config) -> Schedule {
        let time = self.time.unwrap_or(automatic.schedule.time);
        Schedule { days: self.days.clone(), recurrence: self.recurrence, time }
    }

    /// What its backups contain and where they are stored.
    pub fn create_backup(&self, automatic: &Config) -> CreateBackup {
        let mut create = automatic.create_backup.clone();
        if let Some(agent_ids) = &self.agent_ids {
            create.agent_ids.clone_from(agent_ids);
        }
        if let Some(include_database) = self.include_database {
            create.include_database = include_database;
        }
        if let Some(exclude) = &self.exclude {
            create.exclude.clone_from(exclude);
        }
        create.name = self.name.clone().or(create.name);
        create
    }

    /// How long they are kept, in every location. Without a retention of its own nothing is deleted: the rules of the automatic settings were
    /// made for other backups.
    pub fn retention(&self) -> Policy {
        self.retention.unwrap_or_default()
    }
}
