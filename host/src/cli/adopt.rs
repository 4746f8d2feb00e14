//! `larder adopt`: takes the settings of Home Assistant's own automatic backups over.

use serde_json::{Value, json};

use super::args::Global;
use super::ask::change;
use super::host::need_home;
use super::text::{list, titled, warnings, word};
use super::{Answer, Status};
use crate::assemble::Setting;

pub(super) fn run(setting: &Setting, global: &Global) -> anyhow::Result<Answer> {
    need_home(setting)?;
    let json = change(setting, global, "adopt", "backup.adopt", json!({}))?;
    Ok(Answer { text: shown(&json), status: Status::Done, json })
}

fn shown(value: &Value) -> String {
    let lines = |key: &str| {
        let line = |item: &Value| format!("  {}: {}\n", word(item, "what"), word(item, "value"));
        list(value, key).iter().map(line).collect::<String>()
    };
    let taken = titled("Taken over from Home Assistant:", lines("taken"));
    taken + &titled("Not taken:", lines("not_taken")) + &warnings(value)
}
