//! `larder states`: shows the states of the entities and the notifications that were not dismissed.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::assemble::HostSetup;
use crate::cli::answer::{Answer, ExitStatus};
use crate::cli::request::query_service;
use crate::cli::setup::{print_notices, require_home};
use crate::cli::text::section;
use crate::cli::value::string;
use crate::process::terminal::printable;
use crate::service::driver::{Driver, Notification, Notifications};

pub(crate) fn run(setup: &HostSetup) -> anyhow::Result<Answer> {
    require_home(setup)?;
    let (states, notifications) = match query_service(setup, "states", &json!({}))? {
        Some(mut live) => {
            let notifications = live.get("notifications").cloned().unwrap_or_default();
            let states = live.get_mut("states").map(Value::take).unwrap_or_default();
            (states, serde_json::from_value(notifications)?)
        }
        None => stored(setup)?,
    };
    let text = state_lines(states.as_array().map(Vec::as_slice).unwrap_or_default())
        + &notification_lines(&notifications);
    Ok(Answer { text, status: ExitStatus::Done, json: states })
}

/// The states that the last service or command saved.
fn stored(setup: &HostSetup) -> anyhow::Result<(Value, BTreeMap<String, Notification>)> {
    let mut host = setup.reader()?;
    print_notices(&mut host);
    // Problems in the files are reported by the commands about automations.
    let _driver = Driver::new(&mut host);
    let states = host.states().all().iter().map(|(id, state)| state.to_json(id)).collect();
    Ok((states, Notifications::new(host.memory.clone()).all()))
}

fn state_lines(states: &[Value]) -> String {
    let width = states.iter().map(|state| string(state, "entity_id").len()).max().unwrap_or(0);
    let line = |state: &Value| format!("{:width$}  {}\n", string(state, "entity_id"), string(state, "state"));
    states.iter().map(line).collect()
}

/// The notifications, the newest first.
fn notification_lines(all: &BTreeMap<String, Notification>) -> String {
    let mut all: Vec<_> = all.iter().collect();
    all.sort_by(|(_, one), (_, other)| other.created_at.cmp(&one.created_at));
    let line = |(id, it): &(&String, &Notification)| {
        let title = it.title.as_deref().map_or(String::new(), |title| format!("{}: ", printable(title, "")));
        format!("  {title}{} ({})\n", printable(&it.message, ""), printable(id, ""))
    };
    section("Notifications:", all.iter().map(line).collect())
}
