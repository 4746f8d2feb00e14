//! `larder settings`: shows or changes the automatic backup settings.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::assemble::HostSetup;
use crate::cli::answer::{Answer, ExitStatus};
use crate::cli::files::read_json;
use crate::cli::global::Global;
use crate::cli::key_ring;
use crate::cli::request::{call, change};
use crate::cli::secrets;
use crate::cli::secrets::PasswordArgs;
use crate::cli::setup::{print_zone_problems, require_home};
use crate::cli::text::{NOT_SET, no_location, warnings};
use crate::cli::value::{mask_password, string};
use crate::process::terminal::printable;

#[derive(Debug, Args)]
pub struct Settings {
    #[command(subcommand)]
    pub change: Option<Change>,
}

#[derive(Debug, Subcommand)]
pub enum Change {
    /// Change settings
    Set(Set),
}

#[derive(Debug, Args)]
pub struct Set {
    /// Settings, such as `schedule.recurrence=daily`, `schedule.time=03:30`, `retention.copies=3`, `create_backup.name=null`
    #[arg(value_name = "KEY=VALUE", required_unless_present_any = ["file", "password_file", "password_prompt", "key", "no_password"])]
    pub assignments: Vec<String>,
    /// A JSON file with the same structure as Home Assistant's `backup/config/update`
    #[arg(long, value_name = "FILE", conflicts_with = "assignments")]
    pub file: Option<PathBuf>,
    /// Accept a name that Home Assistant does not list, or a location that does not exist (yet)
    #[arg(long)]
    pub force: bool,
    /// Stop protecting automatic backups
    #[arg(long, conflicts_with_all = ["password_file", "password_prompt", "key"])]
    pub no_password: bool,
    #[command(flatten)]
    pub password: PasswordArgs,
}

pub(crate) fn run(setup: &HostSetup, global: &Global, settings: &Settings) -> anyhow::Result<Answer> {
    require_home(setup)?;
    let (mut changed, mut remembered) = (Value::Null, None);
    if let Some(Change::Set(set)) = &settings.change {
        // The new settings are shown below.
        let mut body = body(setup, global, set)?;
        let password = body.pointer("/create_backup/password").and_then(Value::as_str).map(str::to_owned);
        if let Some(fields) = body.as_object_mut() {
            fields.insert("strict".into(), true.into());
            fields.insert("force".into(), set.force.into());
        }
        changed = change(setup, global, "settings", "backup.config.update", body)?;
        remembered = password.map(|password| key_ring::remember(setup, global, "settings", &password));
    }
    let mut host = setup.reader()?;
    print_zone_problems(&host);
    let mut json = call(&mut host, global, "backup.config.info", json!({}))?;
    mask_password(&mut json);
    if let Some(fields) = json.as_object_mut() {
        fields.insert("time_zone".into(), host.time_zone().get().to_json());
        // The warnings about a change include those about the settings.
        fields.extend(changed.get_mut("warnings").map(|warnings| ("warnings".to_owned(), warnings.take())));
    }
    let (message, is_remembered) = remembered.unwrap_or_else(|| (String::new(), true));
    let status = if is_remembered { ExitStatus::Done } else { ExitStatus::Partly };
    Ok(Answer { text: describe(&json) + &message, status, json })
}

/// The data of `backup.config.update`.
fn body(setup: &HostSetup, global: &Global, set: &Set) -> anyhow::Result<Value> {
    let mut body = match &set.file {
        Some(file) => read_json(file)?,
        None => json!({"assignments": set.assignments}),
    };
    let password = match set.no_password {
        true => Some(Value::Null),
        false => password(setup, global, &set.password)?,
    };
    if let (Some(password), Some(fields)) = (password, body.as_object_mut()) {
        let create = fields.entry("create_backup").or_insert_with(|| json!({}));
        if let Some(create) = create.as_object_mut() {
            create.insert("password".into(), password);
        }
    }
    Ok(body)
}

/// The new password, if one was given. The environment's password is ignored: it is for backups made by hand.
fn password(setup: &HostSetup, global: &Global, given: &PasswordArgs) -> anyhow::Result<Option<Value>> {
    if let Some(label) = &given.key {
        return Ok(Some(key_ring::key(setup, global, label)?.into()));
    }
    match given.password_file.is_some() || given.password_prompt {
        true => Ok(secrets::given_for_new(global, given)?.remove("password")),
        false => Ok(None),
    }
}

fn describe(value: &Value) -> String {
    let config = value.get("config").unwrap_or(&Value::Null);
    let mut lines = Vec::new();
    flatten("", config, &mut lines);
    if let Some(zone) = value.get("time_zone") {
        lines.push((
            "time_zone".into(),
            format!("{} (from {})", string(zone, "name"), string(zone, "origin")),
        ));
    }
    let width = lines.iter().map(|(key, _)| key.len()).max().unwrap_or(0);
    let lines: String = lines.iter().map(|(key, value)| format!("{key:width$}  {value}\n")).collect();
    let has_next = config.get("next_automatic_backup").is_some_and(Value::is_string);
    let agents = config.pointer("/create_backup/agent_ids").and_then(Value::as_array);
    let note = match has_next && agents.is_some_and(Vec::is_empty) {
        true => format!("Note:\n  {}\n", no_location()),
        false => String::new(),
    };
    lines + &note + &warnings(value)
}

/// Flattens the settings to one line per value: `retention.copies  3`.
fn flatten(prefix: &str, value: &Value, lines: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (key, value) in fields {
                let key = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                flatten(&printable(&key, ""), value, lines);
            }
        }
        Value::String(text) => lines.push((prefix.to_owned(), printable(text, ""))),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            let items: Vec<_> =
                items.iter().filter_map(Value::as_str).map(|item| printable(item, "")).collect();
            let text = if items.is_empty() { NOT_SET.to_owned() } else { items.join(", ") };
            lines.push((prefix.to_owned(), text));
        }
        Value::Null => lines.push((prefix.to_owned(), NOT_SET.to_owned())),
        other => lines.push((prefix.to_owned(), printable(&other.to_string(), ""))),
    }
}
