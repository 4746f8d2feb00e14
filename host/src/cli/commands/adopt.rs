//! `larder adopt`: takes the settings of Home Assistant's own automatic backups over.

use serde_json::{Value, json};

use crate::assemble::Setting;
use crate::cli::args::Global;
use crate::cli::host::need_home;
use crate::cli::request::{call, change};
use crate::cli::text::{list, titled, warnings, word};
use crate::cli::{Answer, Status, key_ring};

/// How the password is told that was taken, if one was.
const PASSWORD: &str = "create_backup.password";
const HIDDEN: &str = "***";

pub(crate) fn run(setting: &Setting, global: &Global) -> anyhow::Result<Answer> {
    need_home(setting)?;
    let json = change(setting, global, "adopt", "backup.adopt", json!({}))?;
    let is_hidden = |taken: &Value| word(taken, "what") == PASSWORD && word(taken, "value") == HIDDEN;
    let has_password = list(&json, "taken").iter().any(is_hidden);
    let password = if has_password { password(setting, global)? } else { None };
    let remembered = password.map(|password| key_ring::remember(setting, global, "adopted", &password));
    let (said, is_remembered) = remembered.unwrap_or_else(|| (String::new(), true));
    let status = if is_remembered { Status::Done } else { Status::Partly };
    Ok(Answer { text: shown(&json) + &said, status, json })
}

/// That of the settings, which the answer to `adopt` does not show.
fn password(setting: &Setting, global: &Global) -> anyhow::Result<Option<String>> {
    let info = call(&mut setting.reader()?, global, "backup.config.info", json!({}))?;
    Ok(info.pointer("/config/create_backup/password").and_then(Value::as_str).map(str::to_owned))
}

fn shown(value: &Value) -> String {
    let lines = |key: &str| {
        let line = |item: &Value| format!("  {}: {}\n", word(item, "what"), word(item, "value"));
        list(value, key).iter().map(line).collect::<String>()
    };
    let taken = titled("Taken over from Home Assistant:", lines("taken"));
    taken + &titled("Not taken:", lines("not_taken")) + &warnings(value)
}
