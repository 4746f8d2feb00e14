//! `larder plugin`: shows what a component may do, read from the component itself.

use serde_json::{Value, json};

use crate::assemble::HostSetup;
use crate::cli::answer::{Answer, ExitStatus};
use crate::plugin::{BACKUP, Plugin};
use crate::process::terminal::printable;
use crate::runtime::Action;
use crate::tunables::LimitInfo;

/// What each interface of the contract allows a plugin to do. Interfaces that are missing here cannot be linked.
const MAY: &[(&str, &str)] = &[
    (
        "larder:automation/files",
        "read the home's directory (never write it); stage a restore that the host then completes",
    ),
    ("larder:automation/storage", "list, read, add, replace and delete backups in the configured locations"),
    ("larder:automation/jobs", "start jobs: fresh instances of itself, under the limits below"),
    ("larder:automation/progress", "in a job, report progress"),
    (
        "larder:automation/workers",
        "in a job, start workers: instances that get pieces of work and nothing else",
    ),
    ("larder:automation/cache", "cache data in the state directory that can be lost at any time"),
    ("larder:automation/entities", "publish states and events"),
    ("larder:automation/clock", "read the home's time zone and its rules"),
    ("larder:automation/settings", "read its own settings"),
    ("larder:automation/http", "make HTTP requests to the hosts that were allowed for it, and no others"),
    ("larder:automation/timers", "be called at a set time"),
    ("larder:automation/documents", "store its own documents"),
    ("wasi:clocks", "read the time"),
    ("wasi:random", "get random numbers"),
    ("wasi:cli", "write to standard error, which is shown if it fails"),
];

const MAY_NOT: &[&str] = &[
    "open files: no directory is preopened",
    "use the network: no address is allowed",
    "see environment variables or arguments: there are none",
    "see passwords that were not given to it",
];

pub(crate) fn run(setup: &HostSetup) -> anyhow::Result<Answer> {
    let host = setup.reader()?;
    let limits = setup.limits.describe();
    let (mut text, mut others) = (String::new(), Vec::new());
    let mut json = json!({});
    for plugin in host.plugins() {
        let (described, lines) = describe(plugin);
        match plugin.name.as_str() {
            BACKUP => {
                text += &lines;
                json = described;
            }
            name => {
                text += &format!("\nThe plugin {name}\n{lines}");
                others.push(described);
            }
        }
    }
    let lines = limits.iter().map(|limit| format!("{:13} {:9} {}", limit.name, limit.value, limit.about));
    section(&mut text, "Limits of one instance (--limit NAME=NUMBER)", lines);
    let zone = host.time_zone();
    let rules = format!("tzdata {}", zone.tables().described());
    let used = format!("{} (from {})", zone.get().zone.name(), zone.get().origin);
    section(&mut text, "Time zone", [printable(&used, ""), rules.clone()].into_iter());
    if let Some(json) = json.as_object_mut() {
        json.insert("tzdata".into(), json!(rules));
        let limit = |l: &LimitInfo| json!({"name": l.name, "value": l.value, "about": l.about});
        json.insert("may_not".into(), json!(MAY_NOT));
        json.insert("limits".into(), limits.iter().map(limit).collect());
        json.insert("others".into(), json!(others));
    }
    Ok(Answer { json, text, status: ExitStatus::Done })
}

fn describe(plugin: &Plugin) -> (Value, String) {
    let (imports, exports) = plugin.interfaces();
    let may: Vec<_> =
        MAY.iter().filter(|(name, _)| imports.iter().any(|import| import.starts_with(name))).collect();
    let mut text = String::new();
    let problem = plugin.problem().map(|why| printable(&why.message, ""));
    text.extend(problem.iter().map(|why| format!("Not running: {why}\n")));
    section(&mut text, "Imports", import_lines(imports).into_iter());
    section(&mut text, "Exports", exports.iter().cloned());
    section(&mut text, "May", may.iter().map(|(name, what)| format!("{what} ({name})")));
    if plugin.name == BACKUP {
        section(&mut text, "May not", MAY_NOT.iter().map(|what| (*what).to_owned()));
    }
    section(&mut text, "Actions", plugin.actions().iter().flat_map(action_lines));
    let json = json!({
        "name": plugin.name,
        "imports": imports,
        "exports": exports,
        "may": may.iter().map(|(_, what)| *what).collect::<Vec<_>>(),
        "actions": plugin.actions(),
        "problem": problem,
    });
    (json, text)
}

/// The contract's interfaces, and one line for those of WASI: the section `May` says what they allow.
fn import_lines(imports: &[String]) -> Vec<String> {
    let (wasi, own): (Vec<_>, Vec<_>) =
        imports.iter().cloned().partition(|import| import.starts_with("wasi:"));
    let wasi = (!wasi.is_empty()).then(|| format!("{} WASI interfaces (`--json` lists them)", wasi.len()));
    own.into_iter().chain(wasi).collect()
}

/// A line for an action, and one for each of its fields.
fn action_lines(action: &Action) -> Vec<String> {
    let who = if action.public { "automations" } else { "clients" };
    let described = printable(&action.description, "");
    let mut lines = vec![format!("{:24} {who:11} {described}", printable(&action.name, ""))];
    lines.extend(action.fields.iter().map(|field| {
        let need = if field.required { ", required" } else { "" };
        let [name, kind, about] =
            [&field.name, &field.type_name, &field.description].map(|text| printable(text, ""));
        format!("    {name} ({kind}{need}): {about}")
    }));
    lines
}

fn section(text: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    *text += &format!("{title}:\n");
    lines.for_each(|line| *text += &format!("  {line}\n"));
}
