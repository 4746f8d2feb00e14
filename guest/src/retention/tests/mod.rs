//! Tests of retention, case by case and by properties. This file has the helpers; it contains no rule.

mod cases;
mod properties;
mod schedules;

use chrono::NaiveDateTime;

use super::*;

fn automatic(backup_id: &str, date: &str) -> Record {
    let date = match date.len() {
        10 => format!("{date}T04:45:00+01:00"),
        _ => date.to_owned(),
    };
    Record {
        backup_id: backup_id.to_owned(),
        date: date.parse().unwrap(),
        origin: Origin::Automatic,
        state: State::Good,
    }
}

fn bad(backup_id: &str, date: &str) -> Record {
    Record { state: State::Failed("the disk was full".to_owned()), ..automatic(backup_id, date) }
}

fn now() -> DateTime<Utc> {
    "2026-11-23T12:00:00".parse::<NaiveDateTime>().unwrap().and_utc()
}

fn decided(backups: &[Record], policy: &Policy) -> Vec<Decision> {
    decided_by(backups, &Policies { automatic: *policy, ..Policies::default() })
}

fn decided_by(backups: &[Record], policies: &Policies) -> Vec<Decision> {
    decide(backups, policies, now(), crate::testing::zone("Europe/Berlin"))
}

/// The policy in a document.
fn policy(document: &str) -> Policy {
    serde_json::from_str(document).unwrap()
}
