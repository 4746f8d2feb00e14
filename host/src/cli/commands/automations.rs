//! `larder automations`: lists, checks, triggers, traces and reloads automations. A running service answers; without one, this
//! process loads the automations itself.

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::DateTime;
use clap::Subcommand;
use larder_zone::Zone;
use serde_json::{Value, json};

use crate::assemble::{Host, HostSetup};
use crate::automation::HOME_ASSISTANT;
use crate::automation::files::{self, Disk};
use crate::automation::yaml::Problem;
use crate::cli::answer::{Answer, ExitStatus, WrongUse};
use crate::cli::request::query_service;
use crate::cli::setup::{print_notices, print_zone_problems};
use crate::cli::text::automations_count;
use crate::cli::value;
use crate::configuration::Sources;
use crate::http_client::Client;
use crate::process::terminal::printable;
use crate::service::driver::{Driver, inventory};
use crate::tunables::POLL_INTERVAL;

#[derive(Debug, Subcommand)]
pub enum AutomationsCommand {
    /// List the automations with their next run and last trigger
    List,
    /// Check a file of automations; errors are shown with file and line
    Check {
        /// The file to check [default: the file that `larder serve` reads]
        file: Option<PathBuf>,
    },
    /// Run an automation now, without checking its conditions, and show its trace
    Trigger {
        /// The automation's alias, id or entity
        name: String,
    },
    /// Show the last runs of an automation step by step, with the values it saw
    Trace {
        /// The automation's alias, id or entity
        name: String,
    },
    /// Make the running service read the files again; runs of unchanged automations continue
    Reload,
}

pub(crate) fn run(setup: &HostSetup, command: Option<&AutomationsCommand>) -> anyhow::Result<Answer> {
    match command {
        None | Some(AutomationsCommand::List) => list(setup),
        Some(AutomationsCommand::Check { file }) => check(setup, file.as_ref()),
        Some(AutomationsCommand::Trigger { name }) => trigger(setup, name),
        Some(AutomationsCommand::Trace { name }) => trace(setup, name),
        Some(AutomationsCommand::Reload) => reload(setup),
    }
}

/// A driver in this process, for when no service runs: the automations from the files, with their saved state.
fn local_driver(setup: &HostSetup) -> anyhow::Result<(Host, Driver)> {
    let mut host = setup.reader()?;
    print_zone_problems(&host);
    let mut driver = Driver::new(&mut host);
    driver.plan();
    print_notices(&mut host);
    Ok((host, driver))
}

fn list(setup: &HostSetup) -> anyhow::Result<Answer> {
    let json = match query_service(setup, "list", &json!({}))? {
        Some(json) => json,
        None => local_driver(setup)?.1.list(),
    };
    let zone = zone_of(setup)?;
    let lines: String = json.as_array().into_iter().flatten().map(|it| describe(it, zone)).collect();
    let text = if lines.is_empty() { "There are no automations.\n".into() } else { lines };
    Ok(Answer { json, text, status: ExitStatus::Done })
}

fn describe(automation: &Value, zone: Zone) -> String {
    let running = match (value::number(automation, "running"), value::number(automation, "queued")) {
        (0, 0) => String::new(),
        (running, 0) => format!(", {running} running"),
        (running, queued) => format!(", {running} running, {queued} waiting"),
    };
    let state = match (value::flag(automation, "is_enabled"), automation.get("halted")) {
        (_, Some(Value::String(reason))) => format!("  stopped: {}\n", printable(reason, "")),
        (false, _) => "  off\n".into(),
        (true, _) => String::new(),
    };
    format!(
        "{}\n  {} ({}{running})\n  last triggered {}, next {}\n{state}",
        value::string(automation, "name"),
        value::string(automation, "entity_id"),
        value::string(automation, "mode"),
        local(automation.get("last_triggered"), zone, "never"),
        local(automation.get("next"), zone, "on an event"),
    )
}

fn zone_of(setup: &HostSetup) -> anyhow::Result<Zone> {
    Ok(setup.time_zone()?.get().zone)
}

/// A time in the home's time zone, to the second; `none` if there is none.
fn local(time: Option<&Value>, zone: Zone, none: &str) -> String {
    let time = time.and_then(Value::as_str).and_then(|text| DateTime::parse_from_rfc3339(text).ok());
    time.map_or_else(
        || none.into(),
        |time| time.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S %:z").to_string(),
    )
}

fn check(setup: &HostSetup, file: Option<&PathBuf>) -> anyhow::Result<Answer> {
    let sources = setup.sources(&setup.places()?)?;
    let configuration =
        sources.as_ref().map(Sources::configuration).transpose().map_err(anyhow::Error::msg)?;
    let home = sources.as_ref().zip(configuration.as_ref());
    let unnamed = || WrongUse("which file? Pass it, or the home with --config DIR".into());
    let default = home.map(|(sources, configuration)| sources.automations_file(configuration));
    let path = file.cloned().or(default).ok_or_else(unnamed)?;
    let mut loaded = match (file, home) {
        (None, Some((sources, configuration))) => sources.automations(configuration),
        (_, Some((sources, _))) => files::load(&Disk, &sources.config, &path),
        (_, None) => files::load(&Disk, path.parent().unwrap_or(Path::new("")), &path),
    };
    // Without a home, only the built-in plugin's actions are known.
    let host = setup.reader()?;
    inventory(&host, home, &path).check(&mut loaded);
    let names: Vec<String> = loaded.automations.iter().map(|automation| automation.name()).collect();
    let lines = |problems: &[Problem]| problems.iter().map(ToString::to_string).collect::<Vec<String>>();
    let (mut problems, mut warnings) = (lines(&loaded.problems), lines(&loaded.warnings));
    if let Some(configuration) = &configuration {
        problems.extend(Client::new(&configuration.http).err().map(|error| error.to_string()));
        warnings.extend(configuration.ignored.iter().chain(&configuration.locations.warnings).cloned());
    }
    let status = if problems.is_empty() { ExitStatus::Done } else { ExitStatus::Failed };
    let text = verdict(names.len(), &problems, &warnings);
    Ok(Answer {
        json: json!({
            "automations": names,
            "problems": problems,
            "warnings": warnings,
            "home_assistant": HOME_ASSISTANT,
        }),
        text,
        status,
    })
}

fn verdict(good: usize, problems: &[String], warnings: &[String]) -> String {
    let lines = lines(problems, warnings);
    let good = automations_count(good as u64);
    let verdict = match problems.len() {
        0 => format!("{good}, no problems"),
        1 => format!("{good} without problems; 1 problem"),
        bad => format!("{good} without problems; {bad} problems"),
    };
    let suffix = match warnings.len() {
        0 => String::new(),
        1 => "; 1 warning".into(),
        count => format!("; {count} warnings"),
    };
    format!("{lines}{verdict}{suffix} (checked as by Home Assistant {HOME_ASSISTANT}).\n")
}

/// One line per problem and warning.
fn lines(problems: &[String], warnings: &[String]) -> String {
    let lines = problems.iter().cloned().chain(warnings.iter().map(|warning| format!("warning: {warning}")));
    lines.map(|line| format!("{}\n", printable(&line, ""))).collect()
}

fn trigger(setup: &HostSetup, name: &str) -> anyhow::Result<Answer> {
    let trace = match query_service(setup, "trigger", &json!({"name": name}))? {
        Some(trace) => trace,
        None => trigger_here(setup, name)?,
    };
    let has_failed = value::string(&trace, "end").starts_with("failed");
    let status = if has_failed { ExitStatus::Failed } else { ExitStatus::Done };
    Ok(Answer { text: describe_trace(&trace, zone_of(setup)?), json: trace, status })
}

/// Runs an automation in this process, and no other.
fn trigger_here(setup: &HostSetup, name: &str) -> anyhow::Result<Value> {
    let mut host = setup.writer("automations trigger")?;
    print_zone_problems(&host);
    let mut driver = Driver::new(&mut host);
    print_notices(&mut host);
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

fn trace(setup: &HostSetup, name: &str) -> anyhow::Result<Answer> {
    let json = match query_service(setup, "trace", &json!({"name": name}))? {
        Some(json) => json,
        None => local_driver(setup)?.1.traces(name).map_err(anyhow::Error::msg)?,
    };
    let zone = zone_of(setup)?;
    let traces: String = json.as_array().into_iter().flatten().map(|it| describe_trace(it, zone)).collect();
    let text = if traces.is_empty() { format!("{name} has not run yet.\n") } else { traces };
    Ok(Answer { json, text, status: ExitStatus::Done })
}

fn describe_trace(trace: &Value, zone: Zone) -> String {
    let trigger =
        trace.get("trigger").map(|trigger| value::string(trigger, "description")).unwrap_or_default();
    let started = local(trace.get("started"), zone, "–");
    let mut shown = format!("Run at {started}: {trigger}\n");
    for step in value::list(trace, "steps") {
        let seen = step.get("seen").map(ToString::to_string).unwrap_or_default();
        let time = local(step.get("at"), zone, "–");
        let time = time.split(' ').nth(1).unwrap_or_default();
        shown += &format!("  {time}  {}  {}\n", value::string(step, "path"), printable(&seen, ""));
    }
    if value::number(trace, "left_out") > 0 {
        shown += &format!("  and {} more steps\n", value::number(trace, "left_out"));
    }
    let end = value::string(trace, "end");
    let ended = if end.is_empty() { "still running".to_owned() } else { end };
    shown + &format!("  {ended}\n")
}

fn reload(setup: &HostSetup) -> anyhow::Result<Answer> {
    let answer = query_service(setup, "reload", &json!({}))?;
    let Some(json) = answer else {
        let text = "no service is running with this state directory; `larder serve` reads the automations when it starts";
        return Err(anyhow::anyhow!(text));
    };
    let texts = |key: &str| -> Vec<String> {
        value::list(&json, key).iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let (problems, warnings) = (texts("problems"), texts("warnings"));
    let mut text = lines(&problems, &warnings);
    text += &format!("Reloaded: {}.\n", automations_count(value::number(&json, "automations")));
    let status = if problems.is_empty() { ExitStatus::Done } else { ExitStatus::Partly };
    Ok(Answer { json, text, status })
}
