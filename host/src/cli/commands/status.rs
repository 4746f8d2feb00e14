//! `larder status`: how the backups stand, in one look, and an exit status for whoever watches them.

use std::path::Path;

use clap::Args;
use serde_json::{Value, json};

use super::list::{info, made, stored_size, verified};
use crate::assemble::Setting;
use crate::cli::args::Global;
use crate::cli::request::{asked, call};
use crate::cli::text::{age, failures, fields, instant, list, many, plain, size, time, unplanned, word};
use crate::cli::{Answer, Status as Ended};
use crate::model::Timestamp;
use crate::storage::locations::LocalDirectory;
use crate::storage::lock::Lock;

#[derive(Debug, Args)]
pub struct Status {
    /// Exit status 1 when the last good backup is older: `36h`, `2d`, `90m`
    #[arg(long, value_name = "AGE", value_parser = seconds)]
    pub max_age: Option<i64>,
}

fn seconds(text: &str) -> Result<i64, String> {
    let wrong = || "write a number and m, h or d, such as 36h".to_owned();
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let factor = match unit {
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    let number: u32 = number.parse().map_err(|_| wrong())?;
    Ok(i64::from(number) * factor)
}

pub(crate) fn run(setting: &Setting, global: &Global, status: &Status) -> anyhow::Result<Answer> {
    let (info, places) = (info(setting, global)?, setting.places()?);
    let mut host = setting.reader()?;
    let plan = call(&mut host, global, "backup.schedule", json!({"count": 1}))?;
    let settings = call(&mut host, global, "backup.config.info", json!({}))?;
    let state = host.states().all().remove(MANAGER).map(|state| state.state);
    drop(host);
    let live = asked(setting, "states", &json!({}))?;
    let seen = Seen {
        is_served: live.is_some(),
        // Where nobody is at work, what was under way was cut off.
        is_busy: live
            .as_ref()
            .map_or_else(|| state.as_deref() == Some(BUSY) && is_at_work(&places.state), is_busy),
        now: setting.clock.now(),
        info,
        plan,
        settings,
    };
    let good = seen.good();
    let problems = seen.problems(good, status.max_age);
    let of = |key: &str| seen.info.get(key);
    let json = json!({
        "last_good": good,
        "age": good.and_then(|good| instant(good, "date")).map(|date| seen.now.seconds.saturating_sub(date)),
        "backups": list(&seen.info, "backups").len(),
        "unreadable": list(&seen.info, "unreadable").len(),
        "size": list(&seen.info, "backups").iter().map(stored_size).sum::<u64>(),
        "next_automatic_backup": of("next_automatic_backup"),
        "last_attempted_automatic_backup": of("last_attempted_automatic_backup"),
        "last_completed_automatic_backup": of("last_completed_automatic_backup"),
        "agent_errors": of("agent_errors"),
        "service": seen.is_served,
        "problems": problems,
    });
    let ended = if problems.is_empty() { Ended::Done } else { Ended::Failed };
    Ok(Answer { text: seen.shown(good, &problems), status: ended, json })
}

/// The entity that says what the manager does, and what it says while a backup is made.
const MANAGER: &str = "sensor.backup_backup_manager_state";
const BUSY: &str = "create_backup";

fn is_at_work(state: &Path) -> bool {
    Lock::try_existing(state).is_none()
}

fn is_busy(live: &Value) -> bool {
    list(live, "states")
        .iter()
        .any(|state| word(state, "entity_id") == MANAGER && word(state, "state") == BUSY)
}

/// All that is looked at.
struct Seen {
    info: Value,
    plan: Value,
    settings: Value,
    is_served: bool,
    /// Whether a backup is being made.
    is_busy: bool,
    now: Timestamp,
}

impl Seen {
    /// The newest backup that was read to its end, and is as it was then.
    fn good(&self) -> Option<&Value> {
        let is_good = |backup: &&Value| backup.get("verified").is_some_and(Value::is_string);
        list(&self.info, "backups").iter().filter(is_good).max_by_key(|backup| time(backup, "date"))
    }

    /// Why somebody should look.
    fn problems(&self, good: Option<&Value>, max_age: Option<i64>) -> Vec<String> {
        let mut problems: Vec<_> = failures(&self.info)
            .into_iter()
            .map(|(location, failure)| format!("{location}: {failure}"))
            .collect();
        problems.extend(self.missing(good, max_age));
        let damaged = list(&self.info, "backups").iter().filter(|backup| backup.get("damaged").is_some());
        problems.extend(damaged.map(|backup| format!("the backup {} is damaged", word(backup, "backup_id"))));
        let unreadable = list(&self.info, "unreadable").len();
        problems.extend((unreadable > 0).then(|| {
            format!(
                "{} not readable as backups: `larder list` names them",
                many(unreadable as u64, "file is", "files are")
            )
        }));
        if self.has_failed() {
            problems.push("the last automatic backup failed; the log of the service says why".into());
        }
        problems.extend(list(&self.settings, "warnings").iter().filter_map(Value::as_str).map(str::to_owned));
        problems.extend(self.unserved());
        problems
    }

    fn missing(&self, good: Option<&Value>, max_age: Option<i64>) -> Option<String> {
        let Some(good) = good else {
            return Some(match list(&self.info, "backups").len() {
                0 => "there are no backups".into(),
                _ => "no backup is known to be good; `larder verify --all` reads them to their end".into(),
            });
        };
        let limit = max_age?;
        let old = self.now.seconds.saturating_sub(instant(good, "date")?);
        (old > limit).then(|| format!("the last good backup is {} old", age(good, "date", self.now)))
    }

    /// Whether the last automatic backup was begun and did not end well.
    fn has_failed(&self) -> bool {
        let at = |key: &str| instant(&self.info, key);
        match (at("last_attempted_automatic_backup"), at("last_completed_automatic_backup")) {
            (Some(tried), done) => !self.is_busy && done.is_none_or(|done| done < tried),
            (None, _) => false,
        }
    }

    /// What is planned, and cannot be.
    fn unserved(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if list(&self.plan, "runs").is_empty() {
            return problems;
        }
        let agents = self.settings.pointer("/config/create_backup/agent_ids").and_then(Value::as_array);
        if agents.is_some_and(Vec::is_empty) {
            problems.push(format!(
                "automatic backups have nowhere to go; set create_backup.agent_ids={}",
                LocalDirectory::ID
            ));
        }
        if !self.is_served {
            problems.push(
                "automatic backups are planned, and no service is running: start `larder serve`".into(),
            );
        }
        problems
    }

    fn shown(&self, good: Option<&Value>, problems: &[String]) -> String {
        let (now, all) = (self.now, list(&self.info, "backups"));
        let last = good.map_or("none".into(), |good| {
            let how = format!("{}, verified {}", made(good), verified(good, now));
            let (id, name) = (word(good, "backup_id"), word(good, "name"));
            format!("{} ago: {id} {name} ({how})", age(good, "date", now))
        });
        let unreadable = match list(&self.info, "unreadable").len() {
            0 => String::new(),
            count => format!("; {count} not readable"),
        };
        let next = match list(&self.plan, "runs").first() {
            Some(run) => word(run, "local"),
            None => format!("none planned: {}", unplanned(&self.plan)),
        };
        let service = if self.is_served { "running" } else { "not running" };
        let sum = size(all.iter().map(stored_size).sum());
        let pairs = [
            ("last good backup", last),
            ("backups", format!("{}, {sum}{unreadable}", all.len())),
            ("last automatic", self.last_automatic()),
            ("next automatic", next),
            ("service", service.into()),
        ];
        let problems = problems.iter().map(|problem| format!("Problem: {}\n", plain(problem, "")));
        fields(&pairs) + &problems.collect::<String>()
    }

    fn last_automatic(&self) -> String {
        let (tried, done) = ("last_attempted_automatic_backup", "last_completed_automatic_backup");
        let ago = |key: &str| age(&self.info, key, self.now);
        match (instant(&self.info, tried), self.has_failed()) {
            (None, _) => "none yet".into(),
            (Some(_), true) => format!("failed, begun {} ago", ago(tried)),
            (Some(_), false) if self.is_busy => format!("under way, begun {} ago", ago(tried)),
            (Some(_), false) => format!("completed {} ago", ago(done)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn an_age_is_a_number_and_a_unit() {
        assert_eq!(
            ["90m", "36h", "2d", "0d"].map(|text| seconds(text).ok()),
            [5400, 129_600, 172_800, 0].map(Some)
        );
        for wrong in ["", "h", "36", "1.5h", "-1h", "36 h", "3w", "ä", "99999999999d"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
