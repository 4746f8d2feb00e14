//! The commands: which action each calls, and with what.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::thread::{Builder, ScopedJoinHandle};

use anyhow::Context;
use serde_json::{Map, Value, json};

use super::args::{
    Cli, Command, Create, Decrypt, Encrypt, Global, Part, Password, Protect, Read, Restore, Which,
};
use super::progress::Progress;
use super::{Answer, Status, WrongUse, automatic, automations, keys, plugin, reading, secrets, serve, text};
use crate::assemble::{Host, Places, Setting};
use crate::locations::{LocalDirectory, SingleFile};
use crate::options::Limits;
use crate::runtime::Failure;
use crate::staging;
use crate::steps::Steps;

pub(super) fn run(cli: &Cli, steps: Steps) -> anyhow::Result<Answer> {
    let global = &cli.global;
    let mut setting = setting(global, steps)?;
    let has_plugins = matches!(
        cli.command,
        Command::Serve(_)
            | Command::Call(_)
            | Command::States
            | Command::Plugin
            | Command::Automations { .. }
    );
    if has_plugins {
        setting.configure()?;
    }
    if global.verbose > 0
        && let Ok(zone) = setting.time_zone()
    {
        eprintln!("time zone {}", text::plain(&zone.get().described(), ""));
    }
    match &cli.command {
        Command::Create(create) => self::create(setting, global, create),
        Command::List => list(&setting, global),
        Command::Show(which) => show(setting, global, which),
        Command::Verify(read) => reading::verify(setting, global, read),
        Command::CheckPassword(read) => check_password(setting, global, read),
        Command::Restore(restore) => self::restore(setting, global, restore),
        Command::Extract(extract) => reading::extract(setting, global, extract),
        Command::Encrypt(encrypt) => self::encrypt(setting, global, encrypt),
        Command::Decrypt(decrypt) => self::decrypt(setting, global, decrypt),
        Command::Serve(how) => {
            need_home(&setting)?;
            serve::run(&setting, how, global.verbose)
        }
        Command::Settings(settings) => automatic::settings(&setting, global, settings.change.as_ref()),
        Command::Call(call) => automatic::action(&setting, global, call),
        Command::States => automatic::states(&setting),
        Command::Schedule { count } => automatic::schedule(&setting, global, *count),
        Command::Retention { dry_run } => automatic::retention(&setting, global, *dry_run),
        Command::Adopt => automatic::adopt(&setting, global),
        Command::Automations { command } => automations::run(&setting, command.as_ref()),
        Command::Key(key) => keys::run(&setting, global, key),
        Command::Delete { id } => delete(&setting, global, id),
        Command::Plugin => plugin::describe(&setting),
    }
}

fn setting(global: &Global, steps: Steps) -> anyhow::Result<Setting> {
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

fn create(setting: Setting, global: &Global, create: &Create) -> anyhow::Result<Answer> {
    need_home(&setting)?;
    let mut data = json!({
        "agent_ids": [LocalDirectory::ID],
        "name": create.name,
        "include_database": !create.no_database,
        "exclude": create.exclude,
        "strict": true,
        "force": create.force,
    });
    if create.dry_run {
        let json = call(&mut setting.reader()?, global, "backup.preview", data)?;
        return Ok(Answer {
            text: text::preview(&json, &setting.limits),
            status: status(&json, &["skipped"]),
            json,
        });
    }
    merge(&mut data, protection(global, &create.protect)?);
    let mut host = setting.writer("create")?;
    say_zone_problems(&host);
    let json = call(&mut host, global, "backup.generate", data)?;
    let directory = host.places.backups.as_deref().unwrap_or(Path::new("")).display().to_string();
    Ok(Answer { text: text::created(&json, &directory), status: status(&json, &["skipped", "notes"]), json })
}

fn list(setting: &Setting, global: &Global) -> anyhow::Result<Answer> {
    need_home(setting)?;
    let json = call(&mut setting.reader()?, global, "backup.info", json!({}))?;
    let failed = json.get("agent_errors").and_then(Value::as_object).is_some_and(|errors| !errors.is_empty());
    let status = if failed { Status::Partly } else { status(&json, &["unreadable"]) };
    Ok(Answer { text: text::listed(&json), status, json })
}

/// Whether what a person wrote is a file rather than an id.
fn named_file(backup: &str) -> Option<PathBuf> {
    let is_file = backup.contains('/') || backup.ends_with(".tar") || Path::new(backup).is_file();
    is_file.then(|| PathBuf::from(backup))
}

/// The backup that is meant, as actions take it; a file becomes readable through the setting.
fn reference(setting: &mut Setting, which: &Which) -> anyhow::Result<Value> {
    setting.file = named_file(&which.backup);
    need_home(setting)?;
    Ok(match &setting.file {
        Some(_) => json!({"agent_id": SingleFile::ID}),
        None => json!({"agent_id": LocalDirectory::ID, "backup_id": which.backup}),
    })
}

fn show(mut setting: Setting, global: &Global, which: &Which) -> anyhow::Result<Answer> {
    let data = reference(&mut setting, which)?;
    let json = call(&mut setting.reader()?, global, "backup.details", data)?;
    must_be_there(&json, "backup", &which.backup)?;
    Ok(Answer { text: text::shown(&json), status: Status::Done, json })
}

/// Home Assistant answers with nothing about what is not there; a person should hear of it.
fn must_be_there(answer: &Value, key: &str, id: &str) -> anyhow::Result<()> {
    match answer.get(key).is_some_and(Value::is_null) {
        false => Ok(()),
        true => {
            let message = format!("there is no backup {id}; `larder list` shows those that are there");
            Err(Failure { code: "backup_not_found".into(), message }.into())
        }
    }
}

fn check_password(mut setting: Setting, global: &Global, read: &Read) -> anyhow::Result<Answer> {
    let data = openable(&mut setting, global, read)?;
    let json = call(&mut setting.reader()?, global, CHECK, data)?;
    let status = match verdict(&json) {
        "right" => Status::Done,
        "wrong" => Status::Failed,
        _ => Status::Partly,
    };
    Ok(Answer { text: text::checked(&json), status, json })
}

const CHECK: &str = "backup.check_password";

fn verdict(check: &Value) -> &str {
    check.get("verdict").and_then(Value::as_str).unwrap_or_default()
}

/// How often a person may mistype.
const ATTEMPTS: u32 = 3;

/// A backup and what opens it, as actions take it. Where nothing that was given opens it, a person on a terminal is asked.
pub(super) fn openable(setting: &mut Setting, global: &Global, read: &Read) -> anyhow::Result<Value> {
    let backup = reference(setting, &read.which)?;
    let given = secrets::given_or_ring(global, &read.password)?;
    let with = |given: Map<String, Value>| {
        let mut data = backup.clone();
        merge(&mut data, given);
        data
    };
    if given.contains_key("password") || given.contains_key("key") || !secrets::can_ask() {
        return Ok(with(given));
    }
    let mut check = call(&mut setting.reader()?, global, CHECK, with(given.clone()))?;
    let mut given = given;
    for _ in 0..ATTEMPTS {
        if verdict(&check) != "wrong" {
            break;
        }
        let password = secrets::asked(&format!("Password of {}: ", text::word(&check, "name")))?;
        given = Map::from_iter([("password".to_owned(), password.into())]);
        check = call(&mut setting.reader()?, global, CHECK, with(given.clone()))?;
        if verdict(&check) == "wrong" {
            eprintln!("It does not fit.");
        }
    }
    Ok(with(given))
}

/// What a new backup is to be protected with, if anything.
fn protection(global: &Global, protect: &Protect) -> anyhow::Result<Map<String, Value>> {
    let mut fields = secrets::given_for_new(global, &protect.password)?;
    match protect.securetar {
        Some(_) if fields.is_empty() => Err(WrongUse(
            "--securetar says how to protect, and there is no password: give one with --password-file or --password-prompt"
                .into(),
        )
        .into()),
        version => {
            fields.extend(version.map(|version| ("securetar".to_owned(), version.into())));
            Ok(fields)
        }
    }
}

fn encrypt(mut setting: Setting, global: &Global, encrypt: &Encrypt) -> anyhow::Result<Answer> {
    let mut data = reference(&mut setting, &encrypt.which)?;
    setting.output = Some(encrypt.to.clone());
    let mut fields = protection(global, &encrypt.protect)?;
    if fields.is_empty() && secrets::can_ask() {
        let password = Password { password_prompt: true, ..Password::default() };
        fields = secrets::given_for_new(global, &password)?;
    }
    merge(&mut data, fields);
    copy(&setting, global, "backup.encrypt", data)
}

fn decrypt(mut setting: Setting, global: &Global, decrypt: &Decrypt) -> anyhow::Result<Answer> {
    let data = openable(&mut setting, global, &decrypt.read)?;
    setting.output = Some(decrypt.to.clone());
    copy(&setting, global, "backup.decrypt", data)
}

/// Writes a copy of a backup, not among the backups: two of one id would be one too many.
fn copy(setting: &Setting, global: &Global, action: &str, data: Value) -> anyhow::Result<Answer> {
    let mut host = setting.writer("copy")?;
    let Places { backups, output, .. } = &host.places;
    if output.as_ref().and_then(|output| output.parent()) == backups.as_deref() {
        return Err(WrongUse(
            "a copy beside the backups would be a second one of the same id; write it elsewhere".into(),
        )
        .into());
    }
    let json = call(&mut host, global, action, data)?;
    Ok(Answer { text: text::copied(&json), status: status(&json, &["notes"]), json })
}

fn restore(mut setting: Setting, global: &Global, restore: &Restore) -> anyhow::Result<Answer> {
    let backup = reference(&mut setting, &restore.read.which)?;
    setting.target.clone_from(&restore.to);
    setting.keep_setuid = restore.trust.keep_setuid;
    // A restore that was cut off is completed or undone before what is there counts.
    if let Some(to) = restore.to.as_ref().filter(|to| !staging::was_interrupted(to)) {
        must_be_empty(to)?;
    } else if restore.to.is_none() && setting.config.is_none() {
        return Err(WrongUse(
            "restore where? Name the home with --config DIR, or a new directory with --to DIR".into(),
        )
        .into());
    }
    let target = restore
        .to
        .as_ref()
        .or(setting.config.as_ref())
        .map(|path| path.display().to_string())
        .unwrap_or_default();
    if restore.to.is_none() && !restore.dry_run && !restore.yes {
        ask(&setting, global, &restore.read.which.backup, backup, &target)?;
    }
    let mut data = openable(&mut setting, global, &restore.read)?;
    let options = json!({
        "restore_homeassistant": restore.only != Some(Part::Database),
        "restore_database": restore.only != Some(Part::Homeassistant),
        "elsewhere": restore.to.is_some(),
        "dry_run": restore.dry_run,
        "force": restore.force,
    });
    merge(&mut data, options);
    let mut host = if restore.dry_run { setting.reader()? } else { setting.writer("restore")? };
    if let Some(to) = &restore.to {
        say_notices(&mut host);
        must_be_empty(to)?;
    }
    let json = call(&mut host, global, "backup.restore", data)?;
    Ok(Answer { text: text::restored(&json, &target), status: status(&json, &["skipped", "notes"]), json })
}

fn must_be_empty(directory: &Path) -> anyhow::Result<()> {
    match std::fs::read_dir(directory) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error).with_context(|| format!("cannot use {}", directory.display())),
        Ok(mut entries) => match entries.all(|entry| entry.is_ok_and(|entry| is_own(&entry.file_name()))) {
            true => Ok(()),
            false => Err(WrongUse(format!(
                "{} is not empty; restore to a new directory, or in place without --to",
                directory.display()
            ))
            .into()),
        },
    }
}

/// Names of ours do not count as contents.
fn is_own(name: &std::ffi::OsStr) -> bool {
    name.as_encoded_bytes().starts_with(crate::model::RESERVED_PREFIX)
}

/// Asks before a home is replaced. Without a terminal there is nobody to ask.
fn ask(setting: &Setting, global: &Global, id: &str, backup: Value, target: &str) -> anyhow::Result<()> {
    if !std::io::stdin().is_terminal() {
        return Err(WrongUse(format!(
            "this replaces the home in {target} and nobody can be asked; add --yes"
        ))
        .into());
    }
    let details = call(&mut setting.reader()?, global, "backup.details", backup)?;
    must_be_there(&details, "backup", id)?;
    eprint!("{}Replace the home in {target} by this backup? [y/N] ", text::shown(&details));
    std::io::stderr().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    match answer.trim().to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(anyhow::anyhow!("nothing was changed: the answer was not yes")),
    }
}

pub(super) fn merge(data: &mut Value, more: impl Into<Value>) {
    if let (Some(data), Value::Object(more)) = (data.as_object_mut(), more.into()) {
        data.extend(more);
    }
}

fn delete(setting: &Setting, global: &Global, id: &str) -> anyhow::Result<Answer> {
    need_home(setting)?;
    let json = call(&mut setting.writer("delete")?, global, "backup.delete", json!({"backup_id": id}))?;
    must_be_there(&json, "file", id)?;
    Ok(Answer {
        text: format!("Backup {id} deleted: {}\n", text::word(&json, "file")),
        status: Status::Done,
        json,
    })
}
