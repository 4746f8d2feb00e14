//! `larder adopt`: imports the automatic backup settings of the home's Home Assistant.

use serde_json::{Value, json};

use crate::assemble::HostSetup;
use crate::cli::answer::{Answer, ExitStatus};
use crate::cli::global::Global;
use crate::cli::key_ring;
use crate::cli::request::{call, change};
use crate::cli::setup::require_home;
use crate::cli::text::{NOT_SET, section, warnings};
use crate::cli::value::{list, string};

/// The entry of an imported password, and its masked value.
const PASSWORD: &str = "create_backup.password";
const HIDDEN: &str = "***";

pub(crate) fn run(setup: &HostSetup, global: &Global) -> anyhow::Result<Answer> {
    require_home(setup)?;
    let json = change(setup, global, "adopt", "backup.adopt", json!({}))?;
    let is_hidden = |taken: &Value| string(taken, "what") == PASSWORD && string(taken, "value") == HIDDEN;
    let has_password = list(&json, "taken").iter().any(is_hidden);
    let password = if has_password { password(setup, global)? } else { None };
    let remembered = password.map(|password| key_ring::remember(setup, global, "adopted", &password));
    let (message, is_remembered) = remembered.unwrap_or_else(|| (String::new(), true));
    let status = if is_remembered { ExitStatus::Done } else { ExitStatus::Partly };
    Ok(Answer { text: shown(&json) + &message, status, json })
}

/// The imported password, which the answer of `backup.adopt` masks.
fn password(setup: &HostSetup, global: &Global) -> anyhow::Result<Option<String>> {
    let info = call(&mut setup.reader()?, global, "backup.config.info", json!({}))?;
    Ok(info.pointer("/config/create_backup/password").and_then(Value::as_str).map(str::to_owned))
}

fn shown(value: &Value) -> String {
    let lines = |key: &str| {
        let line = |item: &Value| format!("  {}: {}\n", string(item, "what"), value_text(item));
        list(value, key).iter().map(line).collect::<String>()
    };
    let taken = section("Imported from Home Assistant:", lines("taken"));
    taken + &section("Not imported:", lines("not_taken")) + &warnings(value)
}

/// An imported value. A value that Home Assistant has not set reads as in `larder settings`.
fn value_text(item: &Value) -> String {
    let text = string(item, "value");
    if ["", "null"].contains(&text.as_str()) { NOT_SET.to_owned() } else { text }
}
