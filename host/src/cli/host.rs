//! A host for one command: made of the arguments, asked while its progress is shown.

use std::thread::{Builder, ScopedJoinHandle};

use serde_json::Value;

use super::args::Global;
use super::progress::Progress;
use super::{Status, WrongUse, text};
use crate::assemble::{Host, Setting};
use crate::options::Limits;
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

/// Calls an action while its progress is shown. The data may hold a password: nothing of it is left when this returns.
pub(super) fn call(host: &mut Host, global: &Global, action: &str, data: Value) -> anyhow::Result<Value> {
    say_notices(host);
    let text = data.to_string();
    drop(data);
    let events = host.bus.subscribe();
    let progress = Progress::new(global.json, global.verbose);
    let answer = std::thread::scope(|scope| {
        let follow = move || progress.follow(&events);
        let shown = Builder::new().name("progress".into()).spawn_scoped(scope, follow);
        let answer = host.call(action, &text);
        drop(text);
        host.bus.close();
        // A progress bar that could not be drawn is no reason to fail.
        let _ = shown.map(ScopedJoinHandle::join);
        answer
    });
    host.steps.at("action: answered");
    host.notices.extend(host.plugins.iter().flat_map(|plugin| plugin.grants().documents.take_notices()));
    say_notices(host);
    Ok(serde_json::from_str(&answer?)?)
}

/// Says once what was put right at the start.
pub(super) fn say_notices(host: &mut Host) {
    for notice in host.notices.drain(..) {
        eprintln!("{}", text::plain(&notice, ""));
    }
}

/// Says what is wrong with the home's time zone, on which dates and schedules depend.
pub(super) fn say_zone_problems(host: &Host) {
    for problem in host.time_zone().get().problems {
        eprintln!("warning: {}", text::plain(&problem, ""));
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
