//! Automatic backups from the command line: settings, schedule, retention, states, and any action.

use std::path::Path;
use std::sync::mpsc::channel;

use anyhow::Context;
use serde_json::{Map, Value, json};

use super::args::{Call, Change, Global, Set};
use super::automations::asked;
use super::commands::{call, need_home, say_notices, say_zone_problems};
use super::{Answer, Status, WrongUse, secrets, text};
use crate::assemble::Setting;
use crate::driver::{Driver, Notifications};
use crate::model::json_text;
use crate::options::LOOK;

pub(super) fn settings(
    setting: &Setting,
    global: &Global,
    change: Option<&Change>,
) -> anyhow::Result<Answer> {
    need_home(setting)?;
    if let Some(Change::Set(set)) = change {
        // What was set is only announced by what is shown below.
        let mut body = body(global, set)?;
        if let Some(fields) = body.as_object_mut() {
            fields.insert("strict".into(), true.into());
            fields.insert("force".into(), set.force.into());
        }
        call(&mut setting.writer("settings")?, global, "backup.config.update", body)?;
    }
    let mut host = setting.reader()?;
    say_zone_problems(&host);
    let mut json = call(&mut host, global, "backup.config.info", json!({}))?;
    hide(&mut json);
    if let Some(fields) = json.as_object_mut() {
        fields.insert("time_zone".into(), host.time_zone().get().to_json());
    }
    Ok(Answer { text: text::settings(&json), status: Status::Done, json })
}

/// What `backup/config/update` takes.
fn body(global: &Global, set: &Set) -> anyhow::Result<Value> {
    let mut body = match &set.file {
        Some(file) => from_file(file)?,
        None => json!({"assignments": set.assignments}),
    };
    let password = match set.no_password {
        true => Some(Value::Null),
        false if asks_for_password(set) => secrets::given_for_new(global, &set.password)?.remove("password"),
        false => None,
    };
    if let (Some(password), Some(fields)) = (password, body.as_object_mut()) {
        let create = fields.entry("create_backup").or_insert_with(|| json!({}));
        if let Some(create) = create.as_object_mut() {
            create.insert("password".into(), password);
        }
    }
    Ok(body)
}

fn asks_for_password(set: &Set) -> bool {
    set.password.password_file.is_some() || set.password.password_prompt || set.password.key.is_some()
}

fn from_file(path: &Path) -> anyhow::Result<Value> {
    let text = secrets::read(path)?;
    serde_json::from_str(&text)
        .map_err(|error| WrongUse(format!("{} is not JSON: {error}", path.display())).into())
}

/// A password is not for screens.
fn hide(info: &mut Value) {
    if let Some(password) =
        info.pointer_mut("/config/create_backup/password").filter(|password| !password.is_null())
    {
        *password = "***".into();
    }
}

pub(super) fn schedule(setting: &Setting, global: &Global, count: u32) -> anyhow::Result<Answer> {
    need_home(setting)?;
    let mut host = setting.reader()?;
    say_zone_problems(&host);
    let json = call(&mut host, global, "backup.schedule", json!({"count": count}))?;
    Ok(Answer { text: text::schedule(&json), status: Status::Done, json })
}

pub(super) fn retention(setting: &Setting, global: &Global, dry_run: bool) -> anyhow::Result<Answer> {
    need_home(setting)?;
    let mut host = if dry_run { setting.reader()? } else { setting.writer("retention")? };
    say_zone_problems(&host);
    let json = call(&mut host, global, "backup.retention", json!({"dry_run": dry_run}))?;
    let failed = json.get("agent_errors").and_then(Value::as_object).is_some_and(|errors| !errors.is_empty());
    let status = if failed { Status::Partly } else { Status::Done };
    Ok(Answer { text: text::retention(&json), status, json })
}

pub(super) fn states(setting: &Setting) -> anyhow::Result<Answer> {
    need_home(setting)?;
    let mut host = setting.reader()?;
    say_notices(&mut host);
    // What is wrong in the files, the commands about automations say.
    let _driver = Driver::new(&mut host);
    let states = host.states().all();
    let json: Vec<Value> = states.iter().map(|(id, state)| state.to_json(id)).collect();
    let notifications = Notifications::new(host.memory.clone()).all();
    let shown = text::states(&json) + &text::notifications(&notifications);
    Ok(Answer { text: shown, status: Status::Done, json: json.into() })
}

pub(super) fn adopt(setting: &Setting, global: &Global) -> anyhow::Result<Answer> {
    need_home(setting)?;
    let json = call(&mut setting.writer("adopt")?, global, "backup.adopt", json!({}))?;
    Ok(Answer { text: text::adopted(&json), status: Status::Done, json })
}

pub(super) fn action(setting: &Setting, global: &Global, action: &Call) -> anyhow::Result<Answer> {
    need_home(setting)?;
    let data = match (&action.data, &action.data_file) {
        (Some(data), _) => given(data)?,
        (None, Some(file)) => from_file(file)?,
        (None, None) => json!({}),
    };
    let json = match asked(setting, "call", json!({"action": action.action, "data": data}))? {
        Some(json) => json,
        None if is_the_hosts(&action.action) => by_hand(setting, &action.action, data)?,
        None => {
            let mut host = setting.writer("call")?;
            say_zone_problems(&host);
            call(&mut host, global, &action.action, data)?
        }
    };
    let skipped =
        !text::list(&json, "skipped").is_empty() || !text::list(&json, "failed_agent_ids").is_empty();
    let status = if skipped { Status::Partly } else { Status::Done };
    Ok(Answer { text: json_text(&json) + "\n", status, json })
}

/// Actions that no plugin has.
fn is_the_hosts(action: &str) -> bool {
    ["notify.", "persistent_notification."].iter().any(|domain| action.starts_with(domain))
}

/// Does one of them in this process.
fn by_hand(setting: &Setting, action: &str, data: Value) -> anyhow::Result<Value> {
    let mut host = setting.writer("call")?;
    let mut driver = Driver::new(&mut host);
    say_notices(&mut host);
    driver.sleep();
    let (reply, answer) = channel();
    driver.call_by_hand(&mut host, action, data, reply);
    loop {
        if let Ok(answer) = answer.try_recv() {
            driver.close(&mut host);
            return answer.map_err(anyhow::Error::msg);
        }
        driver.tick(&mut host);
        host.scheduler().wait(host.clock(), None, LOOK);
    }
}

fn given(data: &str) -> anyhow::Result<Value> {
    let data: Map<String, Value> = serde_json::from_str(data).context("--data is no JSON object")?;
    match ["password", "key_ring"].iter().find(|key| data.contains_key(**key)) {
        None => Ok(data.into()),
        Some(key) => Err(WrongUse(format!(
            "{key}: every process could read it from the command line; put the data into a file and name it with --data-file"
        ))
        .into()),
    }
}
