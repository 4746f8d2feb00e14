//! `larder status`: how the backups stand, in one look, and an exit status for whoever watches them.

use clap::Args;
use serde_json::{Value, json};

use super::args::Global;
use super::ask::call;
use super::list::{info, made, stored_size, verified};
use super::text::{age, date, failures, fields, instant, list, plain, size, unplanned, word};
use super::{Answer, Status as Ended};
use crate::assemble::Setting;
use crate::control::Connection;
use crate::model::Timestamp;

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

pub(super) fn run(setting: &Setting, global: &Global, status: &Status) -> anyhow::Result<Answer> {
    let info = info(setting, global)?;
    let plan = call(&mut setting.reader()?, global, "backup.schedule", json!({"count": 1}))?;
    let is_served = Connection::open(&setting.places()?.state).is_some();
    let now = setting.clock.now();
    let good = list(&info, "backups").iter().filter(|backup| is_good(backup));
    let good = good.max_by_key(|backup| instant(backup, "date"));
    let problem = problem(&info, good, status.max_age, now);
    let json = json!({
        "last_good": good,
        "age": good.and_then(|good| instant(good, "date")).map(|date| now.seconds.saturating_sub(date)),
        "backups": list(&info, "backups").len(),
        "unreadable": list(&info, "unreadable").len(),
        "size": list(&info, "backups").iter().map(stored_size).sum::<u64>(),
        "next_automatic_backup": info.get("next_automatic_backup"),
        "last_attempted_automatic_backup": info.get("last_attempted_automatic_backup"),
        "last_completed_automatic_backup": info.get("last_completed_automatic_backup"),
        "agent_errors": info.get("agent_errors"),
        "service": is_served,
        "problem": problem,
    });
    let ended = if problem.is_some() { Ended::Failed } else { Ended::Done };
    Ok(Answer { text: shown(&info, &plan, good, is_served, problem.as_deref(), now), status: ended, json })
}

/// Whether it was read to its end, and is as it was then.
fn is_good(backup: &Value) -> bool {
    backup.get("verified").is_some_and(Value::is_string)
}

/// Why somebody should look.
fn problem(info: &Value, good: Option<&Value>, max_age: Option<i64>, now: Timestamp) -> Option<String> {
    if let Some((location, failure)) = failures(info).into_iter().next() {
        return Some(format!("{location}: {failure}"));
    }
    let Some(good) = good else {
        return Some(match list(info, "backups").len() {
            0 => "there are no backups".into(),
            _ => "no backup is known to be good; `larder verify --all` reads them to their end".into(),
        });
    };
    let limit = max_age?;
    let old = now.seconds.saturating_sub(instant(good, "date")?);
    (old > limit).then(|| format!("the last good backup is {} old", age(good, "date", now)))
}

fn shown(
    info: &Value,
    plan: &Value,
    good: Option<&Value>,
    is_served: bool,
    problem: Option<&str>,
    now: Timestamp,
) -> String {
    let last = good.map_or("none".into(), |good| {
        let how = format!("{}, verified {}", made(good), verified(good, now));
        format!(
            "{} ago: {} {} ({how}), {}",
            age(good, "date", now),
            word(good, "backup_id"),
            word(good, "name"),
            date(good)
        )
    });
    let all = list(info, "backups");
    let unreadable = match list(info, "unreadable").len() {
        0 => String::new(),
        count => format!("; {count} not readable"),
    };
    let next = match list(plan, "runs").first() {
        Some(run) => word(run, "local"),
        None => format!("none planned: {}", unplanned(plan)),
    };
    let service = if is_served { "running" } else { "not running: nothing happens by itself" };
    let pairs = [
        ("last good backup", last),
        ("backups", format!("{}, {}{unreadable}", all.len(), size(all.iter().map(stored_size).sum()))),
        ("last automatic", last_automatic(info, now)),
        ("next automatic", next),
        ("service", service.into()),
    ];
    let problem = problem.map(|problem| format!("Problem: {}\n", plain(problem, ""))).unwrap_or_default();
    format!("{}{problem}", fields(&pairs))
}

fn last_automatic(info: &Value, now: Timestamp) -> String {
    let (tried, done) = ("last_attempted_automatic_backup", "last_completed_automatic_backup");
    match (instant(info, tried), instant(info, done)) {
        (None, None) => "none yet".into(),
        (Some(tried_at), done_at) if done_at.is_none_or(|done_at| done_at < tried_at) => {
            format!("failed or under way, begun {} ago", age(info, tried, now))
        }
        _ => format!("completed {} ago", age(info, done, now)),
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
