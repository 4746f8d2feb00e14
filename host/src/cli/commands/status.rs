//! `larder status`: a summary of the backups, and an exit status for monitoring.

use std::path::Path;

use clap::Args;
use serde_json::{Value, json};

use crate::assemble::HostSetup;
use crate::cli::answer::{Answer, ExitStatus};
use crate::cli::backups::{info, made, stored_size, verified};
use crate::cli::global::Global;
use crate::cli::request::{call, query_service};
use crate::cli::text::{age, counted, failures, fields, no_backup_planned, no_location, size};
use crate::cli::value::{instant, list, string, time};
use crate::model::Timestamp;
use crate::process::terminal::printable;
use crate::storage::lock::Lock;

#[derive(Debug, Args)]
pub struct Status {
    /// Exit with status 1 if the last good backup is older: `36h`, `2d`, `90m`
    #[arg(long, value_name = "AGE", value_parser = parse_age)]
    pub max_age: Option<i64>,
}

/// Parses an age to seconds.
fn parse_age(text: &str) -> Result<i64, String> {
    let wrong = || "write a number followed by m, h or d, such as 36h".to_owned();
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

pub(crate) fn run(setup: &HostSetup, global: &Global, status: &Status) -> anyhow::Result<Answer> {
    let (info, places) = (info(setup, global)?, setup.places()?);
    let mut host = setup.reader()?;
    let plan = call(&mut host, global, "backup.schedule", json!({"count": 1}))?;
    let settings = call(&mut host, global, "backup.config.info", json!({}))?;
    let state = host.states().all().remove(MANAGER).map(|state| state.state);
    drop(host);
    let live = query_service(setup, "states", &json!({}))?;
    let summary = Summary {
        is_served: live.is_some(),
        // If no process is at work, the work in progress was interrupted.
        is_busy: live
            .as_ref()
            .map_or_else(|| state.as_deref() == Some(BUSY) && is_at_work(&places.state), is_busy),
        now: setup.clock.now(),
        info,
        plan,
        settings,
    };
    let good = summary.good();
    let problems = summary.problems(good, status.max_age);
    let of = |key: &str| summary.info.get(key);
    let json = json!({
        "last_good": good,
        "age": good.and_then(|good| instant(good, "date")).map(|date| summary.now.seconds.saturating_sub(date)),
        "backups": list(&summary.info, "backups").len(),
        "unreadable": list(&summary.info, "unreadable").len(),
        "size": list(&summary.info, "backups").iter().map(stored_size).sum::<u64>(),
        "next_automatic_backup": of("next_automatic_backup"),
        "last_attempted_automatic_backup": of("last_attempted_automatic_backup"),
        "last_completed_automatic_backup": of("last_completed_automatic_backup"),
        "agent_errors": of("agent_errors"),
        "service": summary.is_served,
        "problems": problems,
    });
    let exit = if problems.is_empty() { ExitStatus::Done } else { ExitStatus::Failed };
    Ok(Answer { text: summary.text(good, &problems), status: exit, json })
}

/// The entity that shows the manager's state, and its state while a backup is made.
const MANAGER: &str = "sensor.backup_backup_manager_state";
const BUSY: &str = "create_backup";

/// Whether another process holds the state directory's lock.
fn is_at_work(state: &Path) -> bool {
    Lock::try_existing(state).is_none()
}

fn is_busy(live: &Value) -> bool {
    list(live, "states")
        .iter()
        .any(|state| string(state, "entity_id") == MANAGER && string(state, "state") == BUSY)
}

/// Everything that the status is based on.
struct Summary {
    info: Value,
    plan: Value,
    settings: Value,
    is_served: bool,
    /// Whether a backup is being made.
    is_busy: bool,
    now: Timestamp,
}

impl Summary {
    /// The newest backup that was verified and has not changed since.
    fn good(&self) -> Option<&Value> {
        let is_good = |backup: &&Value| backup.get("verified").is_some_and(Value::is_string);
        list(&self.info, "backups").iter().filter(is_good).max_by_key(|backup| time(backup, "date"))
    }

    /// What needs attention.
    fn problems(&self, good: Option<&Value>, max_age: Option<i64>) -> Vec<String> {
        let mut problems: Vec<_> = failures(&self.info)
            .into_iter()
            .map(|(location, failure)| format!("{location}: {failure}"))
            .collect();
        problems.extend(self.missing(good, max_age));
        problems.extend(self.damaged_copies());
        let damaged = list(&self.info, "backups").iter().filter(|backup| backup.get("damaged").is_some());
        problems
            .extend(damaged.map(|backup| format!("the backup {} is damaged", string(backup, "backup_id"))));
        let unreadable = list(&self.info, "unreadable").len();
        problems.extend((unreadable > 0).then(|| {
            format!(
                "{} not readable as backups; `larder list` shows them",
                counted(unreadable as u64, "file is", "files are")
            )
        }));
        problems.extend(self.waiting());
        if self.has_failed() {
            problems.push("the last automatic backup failed; the service's log says why".into());
        }
        problems.extend(list(&self.settings, "warnings").iter().filter_map(Value::as_str).map(str::to_owned));
        problems.extend(self.blocked_plans());
        problems
    }

    /// Copies in other locations that are damaged.
    fn damaged_copies(&self) -> impl Iterator<Item = String> {
        list(&self.info, "backups").iter().flat_map(|backup| {
            let agents = backup.get("agents").and_then(Value::as_object).into_iter().flatten();
            let damaged = agents.filter(|(_, copy)| copy.get("damaged") == Some(&Value::Bool(true)));
            let id = string(backup, "backup_id");
            damaged.map(move |(agent, _)| format!("the copy of the backup {id} in {agent} is damaged"))
        })
    }

    /// Backups that are not yet in a location where they are wanted.
    fn waiting(&self) -> impl Iterator<Item = String> {
        list(&self.info, "backups").iter().flat_map(|backup| {
            let waiting = backup.get("pending").and_then(Value::as_object).into_iter().flatten();
            let id = string(backup, "backup_id");
            waiting.map(move |(agent, _)| {
                format!("the backup {id} is not stored in {agent} yet; the service tries again")
            })
        })
    }

    fn missing(&self, good: Option<&Value>, max_age: Option<i64>) -> Option<String> {
        let Some(good) = good else {
            return Some(match list(&self.info, "backups").len() {
                0 => "there are no backups".into(),
                _ => "no backup has been verified; `larder verify --all` verifies them".into(),
            });
        };
        let limit = max_age?;
        let old = self.now.seconds.saturating_sub(instant(good, "date")?);
        (old > limit).then(|| format!("the last good backup is {} old", age(good, "date", self.now)))
    }

    /// Whether the last automatic backup was begun but not completed.
    fn has_failed(&self) -> bool {
        let at = |key: &str| instant(&self.info, key);
        match (at("last_attempted_automatic_backup"), at("last_completed_automatic_backup")) {
            (Some(tried), done) => !self.is_busy && done.is_none_or(|done| done < tried),
            (None, _) => false,
        }
    }

    /// Why planned backups cannot be made.
    fn blocked_plans(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if list(&self.plan, "runs").is_empty() {
            return problems;
        }
        let agents = self.settings.pointer("/config/create_backup/agent_ids").and_then(Value::as_array);
        if agents.is_some_and(Vec::is_empty) {
            problems.push(no_location());
        }
        if !self.is_served {
            problems.push(
                "automatic backups are planned, but no service is running; start `larder serve`".into(),
            );
        }
        problems
    }

    fn text(&self, good: Option<&Value>, problems: &[String]) -> String {
        let (now, all) = (self.now, list(&self.info, "backups"));
        let last = good.map_or("none".into(), |good| {
            let how = format!("{}, verified {}", made(good), verified(good, now));
            let (id, name) = (string(good, "backup_id"), string(good, "name"));
            format!("{} ago: {id} {name} ({how})", age(good, "date", now))
        });
        let unreadable = match list(&self.info, "unreadable").len() {
            0 => String::new(),
            count => format!("; {count} not readable"),
        };
        let next = match list(&self.plan, "runs").first() {
            Some(run) => string(run, "local"),
            None => format!("none planned: {}", no_backup_planned(&self.plan)),
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
        let problems = problems.iter().map(|problem| format!("Problem: {}\n", printable(problem, "")));
        fields(&pairs) + &problems.collect::<String>()
    }

    fn last_automatic(&self) -> String {
        let (tried, done) = ("last_attempted_automatic_backup", "last_completed_automatic_backup");
        let ago = |key: &str| age(&self.info, key, self.now);
        match (instant(&self.info, tried), self.has_failed()) {
            (None, _) => "none yet".into(),
            (Some(_), true) => format!("failed, started {} ago", ago(tried)),
            (Some(_), false) if self.is_busy => format!("under way, started {} ago", ago(tried)),
            (Some(_), false) => format!("completed {} ago", ago(done)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::parse_age;

    #[test]
    fn an_age_is_a_number_and_a_unit() {
        assert_eq!(
            ["90m", "36h", "2d", "0d"].map(|text| parse_age(text).ok()),
            [5400, 129_600, 172_800, 0].map(Some)
        );
        for wrong in ["", "h", "36", "1.5h", "-1h", "36 h", "3w", "ä", "99999999999d"] {
            assert!(parse_age(wrong).is_err(), "{wrong}");
        }
    }
}
