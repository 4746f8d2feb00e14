//! A host for one command: made of the arguments, asked while its progress is shown.

use serde_json::Value;

use super::args::Global;
use super::progress::Busy;
use super::{Status, WrongUse, text};
use crate::assemble::{Host, Setting};
use crate::options::Limits;
use crate::process::terminal::say;
use crate::steps::Steps;

pub(super) fn setting(global: &Global, steps: Steps) -> anyhow::Result<Setting> {
    let mut limits = Limits::default();
    for limit in &global.limits {
        limits.set(limit).map_err(|error| WrongUse(error.to_string()))?;
    }
    Ok(Setting {
        config: global.config.clone(),
        backups: global.backups.clone(),
        state: global.state.clone(),
        plugin: global.plugin.clone(),
        automations: global.automations.clone(),
        options: global.options.clone(),
        limits,
        steps,
        compiling: (!global.json).then_some(|| Box::new(Busy::new("preparing the plugin, once")) as _),
        ..Setting::default()
    })
}

/// Most commands are about one home.
pub(super) fn need_home(setting: &Setting) -> anyhow::Result<()> {
    match setting.config.is_some() || setting.file.is_some() {
        true => Ok(()),
        false => Err(WrongUse(
            "which home? Name the Home Assistant configuration directory with --config DIR or LARDER_CONFIG"
                .into(),
        )
        .into()),
    }
}

/// Says once what was put right at the start.
pub(super) fn say_notices(host: &mut Host) {
    for notice in host.notices.drain(..) {
        say(&text::plain(&notice, ""));
    }
}

/// Says what is wrong with the home's time zone, on which dates and schedules depend.
pub(super) fn say_zone_problems(host: &Host) {
    for problem in host.time_zone().get().problems {
        say(&format!("warning: {}", text::plain(&problem, "")));
    }
}

/// Done, or done with something skipped.
pub(super) fn status(answer: &Value, keys: &[&str]) -> Status {
    let is_partly = keys.iter().any(|key| !text::list(answer, key).is_empty());
    if is_partly { Status::Partly } else { Status::Done }
}

pub(super) fn merge(data: &mut Value, more: impl Into<Value>) {
    if let (Some(data), Value::Object(more)) = (data.as_object_mut(), more.into()) {
        data.extend(more);
    }
}
