//! `larder automations`: lists, checks, runs, traces and reloads them; a running service is asked, without one this process looks
//! itself.

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::DateTime;
use clap::Subcommand;
use larder_zone::Zone;
use serde_json::{Value, json};

use crate::assemble::{Host, Setting};
use crate::automation::files::{self, Disk};
use crate::automation::yaml::Problem;
use crate::cli::host::{say_notices, say_zone_problems};
use crate::cli::request::asked;
use crate::cli::{Answer, Status, WrongUse, text};
use crate::configuration::Sources;
use crate::http::Client;
use crate::options::POLL_INTERVAL;
use crate::service::driver::{Driver, inventory};

#[derive(Debug, Subcommand)]
pub enum AutomationsCommand {
    /// Every automation, its next run and its last trigger
    List,
    /// Says what is wrong in a file of automations, with file and line
    Check {
        /// [default: what `larder serve` would read]
        file: Option<PathBuf>,
    },
    /// Runs one by hand, without asking its conditions, and shows its trace
    Trigger {
        /// Its alias, id or entity
        name: String,
    },
    /// The last runs of one, step by step with the values seen
    Trace {
        /// Its alias, id or entity
        name: String,
    },
    /// Has the running service read the files anew; runs of what did not change go on
    Reload,
}

pub(crate) fn run(setting: &Setting, command: Option<&AutomationsCommand>) -> anyhow::Result<Answer> {
    match command {
        None | Some(AutomationsCommand::List) => list(setting),
        Some(AutomationsCommand::Check { file }) => check(setting, file.as_ref()),
        Some(AutomationsCommand::Trigger { name }) => trigger(setting, name),
        Some(AutomationsCommand::Trace { name }) => trace(setting, name),
        Some(AutomationsCommand::Reload) => reload(setting),
    }
}

/// Without a service: the automations as the files say and as they are remembered.
fn own(setting: &Setting) -> anyhow::Result<(Host, Driver)> {
    let mut host = setting.reader()?;
    say_zone_problems(&host);
    let driver = Driver::new(&mut host);
    say_notices(&mut host);
    Ok((host, driver))
}

fn list(setting: &Setting) -> anyhow::Result<Answer> {
    let json = match asked(setting, "list", &json!({}))? {
        Some(json) => json,
        None => own(setting)?.1.list(),
    };
    let zone = zone_of(setting)?;
    let lines: String = json.as_array().into_iter().flatten().map(|it| listed(it, zone)).collect();
    let text = if lines.is_empty() { "There are no automations.\n".into() } else { lines };
    Ok(Answer { json, text, status: Status::Done })
}

fn listed(automation: &Value, zone: Zone) -> String {
    let running = match (text::number(automation, "running"), text::number(automation, "queued")) {
        (0, 0) => String::new(),
        (running, 0) => format!(", {running} running"),
        (running, queued) => format!(", {running} running, {queued} waiting"),
    };
    let state = match (text::flag(automation, "is_enabled"), automation.get("halted")) {
        (_, Some(Value::String(reason))) => format!("  stopped: {}\n", text::plain(reason, "")),
        (false, _) => "  off\n".into(),
        (true, _) => String::new(),
    };
    format!(
        "{}\n  {} ({}{running})\n  last triggered {}, next {}\n{state}",
        text::word(automation, "name"),
        text::word(automation, "entity_id"),
        text::word(automation, "mode"),
        local(automation.get("last_triggered"), zone, "never"),
        local(automation.get("next"), zone, "when something happens"),
    )
}

fn zone_of(setting: &Setting) -> anyhow::Result<Zone> {
    Ok(setting.time_zone()?.get().zone)
}

/// In the home's local time, to the second.
fn local(time: Option<&Value>, zone: Zone, none: &str) -> String {
    let time = time.and_then(Value::as_str).and_then(|text| DateTime::parse_from_rfc3339(text).ok());
    time.map_or_else(
        || none.into(),
        |time| time.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S %:z").to_string(),
    )
}

fn check(setting: &Setting, file: Option<&PathBuf>) -> anyhow::Result<Answer> {
    let sources = setting.sources(&setting.places()?)?;
    let configuration =
        sources.as_ref().map(Sources::configuration).transpose().map_err(anyhow::Error::msg)?;
    let home = sources.as_ref().zip(configuration.as_ref());
    let named = || WrongUse("which file? Name it, or the home with --config DIR".into());
    let usual = home.map(|(sources, configuration)| sources.automations_file(configuration));
    let path = file.cloned().or(usual).ok_or_else(named)?;
    let mut loaded = match (file, home) {
        (None, Some((sources, configuration))) => sources.automations(configuration),
        (_, Some((sources, _))) => files::load(&Disk, &sources.config, &path),
        (_, None) => files::load(&Disk, path.parent().unwrap_or(Path::new("")), &path),
    };
    // Without a home it is known what the built-in plugin has, and no more.
    let host = setting.reader()?;
    inventory(&host, home, &path).check(&mut loaded);
    let names: Vec<String> = loaded.automations.iter().map(|automation| automation.name()).collect();
    let told = |told: &[Problem]| told.iter().map(ToString::to_string).collect::<Vec<String>>();
    let (mut problems, mut warnings) = (told(&loaded.problems), told(&loaded.warnings));
    if let Some(configuration) = &configuration {
        problems.extend(Client::new(&configuration.http).err().map(|error| error.to_string()));
        warnings.extend(configuration.ignored.iter().cloned());
    }
    let status = if problems.is_empty() { Status::Done } else { Status::Failed };
    let text = checked(names.len(), &problems, &warnings);
    Ok(Answer {
        json: json!({"automations": names, "problems": problems, "warnings": warnings}),
        text,
        status,
    })
}

fn checked(good: usize, problems: &[String], warnings: &[String]) -> String {
    let lines = lines(problems, warnings);
    let good = many(good as u64);
    let verdict = match problems.len() {
        0 => format!("{good}, no problem"),
        1 => format!("{good} without a problem; 1 problem"),
        bad => format!("{good} without a problem; {bad} problems"),
    };
    let doubts = match warnings.len() {
        0 => String::new(),
        1 => "; 1 warning".into(),
        doubts => format!("; {doubts} warnings"),
    };
    format!("{lines}{verdict}{doubts}.\n")
}

/// A line each.
fn lines(problems: &[String], warnings: &[String]) -> String {
    let lines = problems.iter().cloned().chain(warnings.iter().map(|warning| format!("warning: {warning}")));
    lines.map(|line| format!("{}\n", text::plain(&line, ""))).collect()
}

/// So many automations.
pub(crate) fn many(count: u64) -> String {
    format!("{count} automation{}", if count == 1 { "" } else { "s" })
}

fn trigger(setting: &Setting, name: &str) -> anyhow::Result<Answer> {
    let trace = match asked(setting, "trigger", &json!({"name": name}))? {
        Some(trace) => trace,
        None => by_hand(setting, name)?,
    };
    let has_failed = text::word(&trace, "end").starts_with("failed");
    let status = if has_failed { Status::Failed } else { Status::Done };
    Ok(Answer { text: traced(&trace, zone_of(setting)?), json: trace, status })
}

/// Runs one in this process, and nothing else beside it.
fn by_hand(setting: &Setting, name: &str) -> anyhow::Result<Value> {
    let mut host = setting.writer("automations trigger")?;
    say_zone_problems(&host);
    let mut driver = Driver::new(&mut host);
    say_notices(&mut host);
    driver.sleep();
    let run = driver.trigger(&mut host, name).map_err(anyhow::Error::msg)?;
    loop {
        if let Some(trace) = driver.trace_of(name, run) {
            driver.close(&mut host);
            return Ok(trace);
        }
        let most = if driver.is_busy() { POLL_INTERVAL } else { Duration::MAX };
        host.scheduler().wait(host.clock(), driver.next(), most);
        driver.tick(&mut host);
    }
}

fn trace(setting: &Setting, name: &str) -> anyhow::Result<Answer> {
    let json = match asked(setting, "trace", &json!({"name": name}))? {
        Some(json) => json,
        None => own(setting)?.1.traces(name).map_err(anyhow::Error::msg)?,
    };
    let zone = zone_of(setting)?;
    let traces: String = json.as_array().into_iter().flatten().map(|it| traced(it, zone)).collect();
    let text = if traces.is_empty() { format!("{name} has not run yet.\n") } else { traces };
    Ok(Answer { json, text, status: Status::Done })
}

fn traced(trace: &Value, zone: Zone) -> String {
    let trigger = trace.get("trigger").map(|trigger| text::word(trigger, "description")).unwrap_or_default();
    let started = local(trace.get("started"), zone, "–");
    let mut shown = format!("Run at {started}: {trigger}\n");
    for step in text::list(trace, "steps") {
        let seen = step.get("seen").map(ToString::to_string).unwrap_or_default();
        let time = local(step.get("at"), zone, "–");
        let time = time.split(' ').nth(1).unwrap_or_default();
        shown += &format!("  {time}  {}  {}\n", text::word(step, "path"), text::plain(&seen, ""));
    }
    if text::number(trace, "left_out") > 0 {
        shown += &format!("  and {} steps more\n", text::number(trace, "left_out"));
    }
    let end = text::word(trace, "end");
    let ended = if end.is_empty() { "still running".to_owned() } else { end };
    shown + &format!("  {ended}\n")
}

fn reload(setting: &Setting) -> anyhow::Result<Answer> {
    let answer = asked(setting, "reload", &json!({}))?;
    let Some(json) = answer else {
        let text = "no service is running in this state directory: `larder serve` reads the automations when it starts";
        return Err(anyhow::anyhow!(text));
    };
    let told = |key: &str| -> Vec<String> {
        text::list(&json, key).iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let (problems, warnings) = (told("problems"), told("warnings"));
    let mut text = lines(&problems, &warnings);
    text += &format!("Reloaded: {}.\n", many(text::number(&json, "automations")));
    let status = if problems.is_empty() { Status::Done } else { Status::Partly };
    Ok(Answer { json, text, status })
}
