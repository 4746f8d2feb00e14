//! `larder plugin`: what the component may do, read from the component itself.

use serde_json::{Value, json};

use crate::assemble::Setting;
use crate::cli::text::plain;
use crate::cli::{Answer, Status};
use crate::options::LimitInfo;
use crate::plugin::{BACKUP, Plugin};
use crate::runtime::Action;

/// What each interface of the contract lets a plugin do; an interface that is not here could not be linked.
const MAY: &[(&str, &str)] = &[
    (
        "larder:automation/files",
        "read the home's directory (never write it); stage a restore that the host puts in place",
    ),
    ("larder:automation/storage", "list, read, add, replace and delete backups in the configured locations"),
    ("larder:automation/jobs", "start jobs: fresh instances of itself, under the limits below"),
    ("larder:automation/progress", "in a job, tell the starter how far it is"),
    (
        "larder:automation/workers",
        "in a job, start workers: instances that have pieces of work and nothing else",
    ),
    ("larder:automation/cache", "keep what may be lost in the state directory, to spare work the next time"),
    ("larder:automation/entities", "show states, and tell subscribers what happens"),
    ("larder:automation/clock", "know the home's time zone and its rules"),
    ("larder:automation/settings", "know what the person wrote for it"),
    ("larder:automation/http", "ask other machines: the hosts that were named for it, no others"),
    ("larder:automation/timers", "be called at a time"),
    ("larder:automation/documents", "remember what it is told: documents of its own"),
    ("wasi:clocks", "know the time"),
    ("wasi:random", "draw random numbers"),
    ("wasi:cli", "write to standard error, which is shown when it dies"),
];

const MAY_NOT: &[&str] = &[
    "open files: no directory is preopened",
    "use the network: no address is allowed",
    "see environment variables or arguments: there are none",
    "see passwords that it was not given",
];

pub(crate) fn describe(setting: &Setting) -> anyhow::Result<Answer> {
    let host = setting.reader()?;
    let limits = setting.limits.describe();
    let (mut text, mut others) = (String::new(), Vec::new());
    let mut json = json!({});
    for plugin in host.plugins() {
        let (described, words) = one(plugin);
        match plugin.name.as_str() {
            BACKUP => {
                text += &words;
                json = described;
            }
            name => {
                text += &format!("\nThe plugin {name}\n{words}");
                others.push(described);
            }
        }
    }
    let lines = limits.iter().map(|limit| format!("{:13} {:9} {}", limit.name, limit.value, limit.about));
    section(&mut text, "Limits of one instance (--limit NAME=NUMBER)", lines);
    let zone = host.time_zone();
    let rules = format!("tzdata {}", zone.tables().described());
    let used = format!("{} (from {})", zone.get().zone.name(), zone.get().origin);
    section(&mut text, "Time zone", [plain(&used, ""), rules.clone()].into_iter());
    if let Some(json) = json.as_object_mut() {
        json.insert("tzdata".into(), json!(rules));
        let limit = |l: &LimitInfo| json!({"name": l.name, "value": l.value, "about": l.about});
        json.insert("may_not".into(), json!(MAY_NOT));
        json.insert("limits".into(), limits.iter().map(limit).collect());
        json.insert("others".into(), json!(others));
    }
    Ok(Answer { json, text, status: Status::Done })
}

fn one(plugin: &Plugin) -> (Value, String) {
    let (imports, exports) = plugin.interfaces();
    let may: Vec<_> =
        MAY.iter().filter(|(name, _)| imports.iter().any(|import| import.starts_with(name))).collect();
    let mut text = String::new();
    let problem = plugin.problem().map(|why| plain(&why.message, ""));
    text.extend(problem.iter().map(|why| format!("It does not run: {why}\n")));
    section(&mut text, "Imports", summed_up(imports).into_iter());
    section(&mut text, "Exports", exports.iter().cloned());
    section(&mut text, "May", may.iter().map(|(name, what)| format!("{what} ({name})")));
    if plugin.name == BACKUP {
        section(&mut text, "May not", MAY_NOT.iter().map(|what| (*what).to_owned()));
    }
    section(&mut text, "Actions", plugin.actions().iter().flat_map(action));
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

/// The contract's interfaces, and those of WASI in one line: `May` says what they are for.
fn summed_up(imports: &[String]) -> Vec<String> {
    let (wasi, own): (Vec<_>, Vec<_>) =
        imports.iter().cloned().partition(|import| import.starts_with("wasi:"));
    let wasi = (!wasi.is_empty()).then(|| format!("{} interfaces of WASI (`--json` names them)", wasi.len()));
    own.into_iter().chain(wasi).collect()
}

/// An action, and a line for each of its fields.
fn action(action: &Action) -> Vec<String> {
    let who = if action.public { "automations" } else { "clients" };
    let described = plain(&action.description, "");
    let mut lines = vec![format!("{:24} {who:11} {described}", plain(&action.name, ""))];
    lines.extend(action.fields.iter().map(|field| {
        let need = if field.required { ", required" } else { "" };
        let [name, kind, about] =
            [&field.name, &field.type_name, &field.description].map(|text| plain(text, ""));
        format!("    {name} ({kind}{need}): {about}")
    }));
    lines
}

fn section(text: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    *text += &format!("{title}:\n");
    lines.for_each(|line| *text += &format!("  {line}\n"));
}
