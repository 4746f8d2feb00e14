//! `larder settings`: shows or changes the automatic settings.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::call::from_file;
use crate::assemble::Setting;
use crate::cli::args::Global;
use crate::cli::host::{need_home, say_zone_problems};
use crate::cli::request::{call, change};
use crate::cli::secrets;
use crate::cli::secrets::Password;
use crate::cli::text::{plain, warnings, word};
use crate::cli::{Answer, Status, key_ring};
use crate::storage::locations::LocalDirectory;

#[derive(Debug, Args)]
pub struct Settings {
    #[command(subcommand)]
    pub change: Option<Change>,
}

#[derive(Debug, Subcommand)]
pub enum Change {
    /// Changes settings
    Set(Set),
}

#[derive(Debug, Args)]
pub struct Set {
    /// Such as `schedule.recurrence=daily`, `schedule.time=03:30`, `retention.copies=3`, `create_backup.name=null`
    #[arg(value_name = "KEY=VALUE", required_unless_present_any = ["file", "password_file", "password_prompt", "key", "no_password"])]
    pub assignments: Vec<String>,
    /// A JSON file with the same structure as Home Assistant's `backup/config/update`
    #[arg(long, value_name = "FILE", conflicts_with = "assignments")]
    pub file: Option<PathBuf>,
    /// In spite of a name that Home Assistant does not list, or a location that is not there (yet)
    #[arg(long)]
    pub force: bool,
    /// Automatic backups are no longer protected
    #[arg(long, conflicts_with_all = ["password_file", "password_prompt", "key"])]
    pub no_password: bool,
    #[command(flatten)]
    pub password: Password,
}

pub(crate) fn run(setting: &Setting, global: &Global, settings: &Settings) -> anyhow::Result<Answer> {
    need_home(setting)?;
    let (mut told, mut remembered) = (Value::Null, None);
    if let Some(Change::Set(set)) = &settings.change {
        // What was set is only announced by what is shown below.
        let mut body = body(setting, global, set)?;
        let password = body.pointer("/create_backup/password").and_then(Value::as_str).map(str::to_owned);
        if let Some(fields) = body.as_object_mut() {
            fields.insert("strict".into(), true.into());
            fields.insert("force".into(), set.force.into());
        }
        told = change(setting, global, "settings", "backup.config.update", body)?;
        remembered = password.map(|password| key_ring::remember(setting, global, "settings", &password));
    }
    let mut host = setting.reader()?;
    say_zone_problems(&host);
    let mut json = call(&mut host, global, "backup.config.info", json!({}))?;
    hide(&mut json);
    if let Some(fields) = json.as_object_mut() {
        fields.insert("time_zone".into(), host.time_zone().get().to_json());
        // What is said of a change holds what is said of the settings.
        fields.extend(told.get_mut("warnings").map(|warnings| ("warnings".to_owned(), warnings.take())));
    }
    let (said, is_remembered) = remembered.unwrap_or_else(|| (String::new(), true));
    let status = if is_remembered { Status::Done } else { Status::Partly };
    Ok(Answer { text: shown(&json) + &said, status, json })
}

/// What `backup/config/update` takes.
fn body(setting: &Setting, global: &Global, set: &Set) -> anyhow::Result<Value> {
    let mut body = match &set.file {
        Some(file) => from_file(file)?,
        None => json!({"assignments": set.assignments}),
    };
    let password = match set.no_password {
        true => Some(Value::Null),
        false => password(setting, global, &set.password)?,
    };
    if let (Some(password), Some(fields)) = (password, body.as_object_mut()) {
        let create = fields.entry("create_backup").or_insert_with(|| json!({}));
        if let Some(create) = create.as_object_mut() {
            create.insert("password".into(), password);
        }
    }
    Ok(body)
}

/// The password that was asked for, if one was; not that of the environment, which is meant for backups by hand.
fn password(setting: &Setting, global: &Global, given: &Password) -> anyhow::Result<Option<Value>> {
    if let Some(label) = &given.key {
        return Ok(Some(key_ring::key(setting, global, label)?.into()));
    }
    match given.password_file.is_some() || given.password_prompt {
        true => Ok(secrets::given_for_new(global, given)?.remove("password")),
        false => Ok(None),
    }
}

/// A password is not for screens.
pub(crate) fn hide(info: &mut Value) {
    if let Some(password) =
        info.pointer_mut("/config/create_backup/password").filter(|password| !password.is_null())
    {
        *password = "***".into();
    }
}

fn shown(value: &Value) -> String {
    let config = value.get("config").unwrap_or(&Value::Null);
    let mut lines = Vec::new();
    flatten("", config, &mut lines);
    if let Some(zone) = value.get("time_zone") {
        lines.push(("time_zone".into(), format!("{} (from {})", word(zone, "name"), word(zone, "origin"))));
    }
    let width = lines.iter().map(|(key, _)| key.len()).max().unwrap_or(0);
    let lines: String = lines.iter().map(|(key, value)| format!("{key:width$}  {value}\n")).collect();
    let has_next = config.get("next_automatic_backup").is_some_and(Value::is_string);
    let agents = config.pointer("/create_backup/agent_ids").and_then(Value::as_array);
    let nowhere = match has_next && agents.is_some_and(Vec::is_empty) {
        true => format!(
            "Note:\n  automatic backups have nowhere to go; set create_backup.agent_ids={}\n",
            LocalDirectory::ID
        ),
        false => String::new(),
    };
    lines + &nowhere + &warnings(value)
}

/// `retention.copies  3`, one line a value.
fn flatten(prefix: &str, value: &Value, lines: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (key, value) in fields {
                let key = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                flatten(&plain(&key, ""), value, lines);
            }
        }
        Value::String(text) => lines.push((prefix.to_owned(), plain(text, ""))),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            let items: Vec<_> = items.iter().filter_map(Value::as_str).map(|item| plain(item, "")).collect();
            let text = if items.is_empty() { "none".to_owned() } else { items.join(", ") };
            lines.push((prefix.to_owned(), text));
        }
        Value::Null => lines.push((prefix.to_owned(), "not set".to_owned())),
        other => lines.push((prefix.to_owned(), plain(&other.to_string(), ""))),
    }
}
