//! `larder states`: the states of the entities, and the notifications in sight.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::assemble::Setting;
use crate::cli::host::{need_home, say_notices};
use crate::cli::request::asked;
use crate::cli::text::{plain, titled, word};
use crate::cli::{Answer, Status};
use crate::service::driver::{Driver, Notification, Notifications};

pub(crate) fn run(setting: &Setting) -> anyhow::Result<Answer> {
    need_home(setting)?;
    let (states, notifications) = match asked(setting, "states", &json!({}))? {
        Some(mut live) => {
            let notifications = live.get("notifications").cloned().unwrap_or_default();
            let states = live.get_mut("states").map(Value::take).unwrap_or_default();
            (states, serde_json::from_value(notifications)?)
        }
        None => stored(setting)?,
    };
    let shown = shown(states.as_array().map(Vec::as_slice).unwrap_or_default()) + &notified(&notifications);
    Ok(Answer { text: shown, status: Status::Done, json: states })
}

/// As they were when a service or a command ended.
fn stored(setting: &Setting) -> anyhow::Result<(Value, BTreeMap<String, Notification>)> {
    let mut host = setting.reader()?;
    say_notices(&mut host);
    // What is wrong in the files, the commands about automations say.
    let _driver = Driver::new(&mut host);
    let states = host.states().all().iter().map(|(id, state)| state.to_json(id)).collect();
    Ok((states, Notifications::new(host.memory.clone()).all()))
}

fn shown(states: &[Value]) -> String {
    let width = states.iter().map(|state| word(state, "entity_id").len()).max().unwrap_or(0);
    let line = |state: &Value| format!("{:width$}  {}\n", word(state, "entity_id"), word(state, "state"));
    states.iter().map(line).collect()
}

/// What is to stay in sight, the newest first.
fn notified(all: &BTreeMap<String, Notification>) -> String {
    let mut all: Vec<_> = all.iter().collect();
    all.sort_by(|(_, one), (_, other)| other.created_at.cmp(&one.created_at));
    let line = |(id, it): &(&String, &Notification)| {
        let title = it.title.as_deref().map_or(String::new(), |title| format!("{}: ", plain(title, "")));
        format!("  {title}{} ({})\n", plain(&it.message, ""), plain(id, ""))
    };
    titled("Notifications:", all.iter().map(line).collect())
}
