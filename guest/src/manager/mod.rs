//! The manager: whether a command may run now, which job does it, and what is known once it is done.
//!
//! All heavy work is a job. What it knows lives as long as its instance; what must outlive that is in its document
//! (`store.rs`), and is saved before it is announced.

pub mod announce;
pub mod automatic;
pub mod backups;
pub mod document;
pub mod entities;
pub mod log;
pub mod objections;
pub mod planning;
pub mod refusal;
pub mod store;

use std::cell::RefCell;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::actions;
use crate::error::{Failure, Result};
use crate::home::Home;
use crate::jobs::restore;
use crate::manager::announce::{Said, Stages, enter, note, show, tell};
use crate::manager::entities::Trigger;
use crate::manager::store::Store;
use crate::model::RestoreRequest;
use crate::ports::{Event, Outside};
use crate::schedule::Next;

/// Actions that mean nothing without what was stored.
const OF_THE_DOCUMENT: [&str; 8] = [
    "create_automatic",
    "config_info",
    "config_update",
    "schedule",
    "retention",
    "adopt",
    "remember_verified",
    "keep",
];

/// Why a backup failed that was cut off.
const CUT_OFF: &str = "unknown_error";

/// Home Assistant's manager states.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    #[default]
    Blocked,
    Idle,
    CreateBackup,
    ReceiveBackup,
    RestoreBackup,
}

impl State {
    pub fn name(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::Idle => "idle",
            Self::CreateBackup => "create_backup",
            Self::ReceiveBackup => "receive_backup",
            Self::RestoreBackup => "restore_backup",
        }
    }
}

/// What the manager knows.
#[derive(Default)]
pub struct Inner {
    pub state: State,
    pub store: Store,
    pub next: Next,
    /// Why an automatic backup is to start now, if it is.
    pub due: Option<String>,
    pub last_action: Option<Value>,
    /// The clock is not set: what is planned by it waits.
    pub waits: bool,
    /// Why what must outlive this instance is not saved, if it is not.
    pub unsaved: Option<String>,
}

thread_local! {
    static INNER: RefCell<Inner> = RefCell::default();
}

/// A look at what the manager knows, or a change; never across a wait.
pub fn with<T>(look: impl FnOnce(&mut Inner) -> T) -> T {
    INNER.with_borrow_mut(look)
}

/// Finds out what was under way, and shows what is.
pub fn set_up(outside: &dyn Outside) -> Result<()> {
    let store = Store::load(outside);
    if let Err(failure) = store.check() {
        let text = format!("{}; until then only backups by hand and restores work", failure.message);
        log::error(outside, &text);
    }
    with(|inner| *inner = Inner { store, ..Inner::default() });
    let cut = note_cut(outside);
    planning::plan(outside);
    show(outside);
    match cut {
        Some(trigger) => {
            log::warn(outside, "a backup was cut off before its end; no part of one is ever kept");
            conclude(outside, State::CreateBackup, Some(trigger), Some(CUT_OFF));
        }
        None => {
            enter(outside, State::Idle);
            planning::set_timers(outside);
        }
    }
    automatic::begin_maintenance(outside);
    Ok(())
}

/// What a cut ended has to be told: the last that was heard of it is that it is in progress. A host that only reads cannot
/// know whether it still is, in another process: it leaves that as it stands.
fn note_cut(outside: &dyn Outside) -> Option<Trigger> {
    let event = with(|inner| inner.store.event().filter(|event| event.is_in_progress()).cloned())?;
    let was_interrupted = with(|inner| inner.store.history().interrupted);
    with(|inner| inner.store.set_interrupted(was_interrupted || event.trigger == Trigger::Automatic));
    note(outside, Some(event.trigger), &Said::end(Some(CUT_OFF)));
    match with(|inner| inner.store.save(outside)) {
        Err(refusal) if refusal.code == "denied" => {
            with(|inner| {
                inner.store.set_interrupted(was_interrupted);
                inner.store.set_event(event);
            });
            None
        }
        // What else keeps it from being stored is said when it ends.
        _ => Some(event.trigger),
    }
}

/// Does what is asked and answers when it is done.
pub async fn call(outside: &dyn Outside, name: &str, data: &str) -> Result<String> {
    let action = actions::check(name, data)?;
    if OF_THE_DOCUMENT.contains(&action) {
        with(|inner| inner.store.check())?;
    }
    match action {
        "create" => text(create(outside, Trigger::Manual, &automatic::manual(outside, data)?).await),
        "create_automatic" => text(automatic::create(outside).await),
        "restore" => restore_home(outside, data).await,
        "info" => text(info(outside, data).await),
        "verify" => text(backups::verify(outside, data).await),
        "remember_verified" => text(backups::remember_verified(outside, data)),
        "details" => text(details(outside, data).await),
        "delete" => text(backups::delete(outside, data).await),
        "rekey" => text(backups::rekey(outside, data).await),
        "import" => text(backups::import(outside, data).await),
        "keep" => text(backups::keep(outside, data).await),
        "agents_info" => text(Ok(agents(outside))),
        "config_info" => text(Ok(automatic::config_info(outside))),
        "config_update" => text(automatic::config_update(outside, data)),
        "schedule" => text(planning::schedule(outside, data)),
        "retention" => text(automatic::retention(outside, data).await),
        "adopt" => text(automatic::adopt(outside)),
        kind => job(outside, kind, data, &mut |_, _, _| ()).await,
    }
}

/// A timer fired.
pub async fn timer(outside: &dyn Outside, name: &str) -> Result<()> {
    automatic::timer(outside, name).await
}

fn text(answer: Result<Value>) -> Result<String> {
    answer.map(|answer| answer.to_string())
}

/// Makes a backup, with Home Assistant's events around it. The job's answer.
pub async fn create(outside: &dyn Outside, trigger: Trigger, data: &str) -> Result<Value> {
    begin(outside, State::CreateBackup, Some(trigger))?;
    let started = outside.now();
    let mut result = create_job(outside, trigger, data).await;
    match &result {
        Ok(created) => {
            // Storage first: nothing is announced that a cut could take back.
            automatic::remember(outside, trigger, created);
            log::made(outside, trigger, created, started);
            tell(outside, State::CreateBackup, Some(trigger), Said::stage(Some("cleaning_up")));
            if trigger == Trigger::Automatic {
                automatic::prune(outside).await;
            }
        }
        Err(failure) => log::failed(outside, log::kind(trigger), failure, true),
    }
    conclude(outside, State::CreateBackup, Some(trigger), result.as_ref().err().map(announce::reason));
    if trigger == Trigger::Automatic {
        log::info(outside, &planning::upcoming(outside));
    }
    result.iter_mut().for_each(add_unsaved);
    result
}

async fn create_job(outside: &dyn Outside, trigger: Trigger, data: &str) -> Result<Value> {
    let mut stages = Stages::new(outside, trigger);
    let answer =
        job(outside, "create", data, &mut |stage, done, total| stages.progress(stage, done, total)).await?;
    let created: Value =
        serde_json::from_str(&answer).map_err(|error| Failure::invalid(error.to_string()))?;
    stages.finish(&created);
    Ok(created)
}

/// Restores a backup, with Home Assistant's events around it: in progress, restart, completed.
async fn restore_home(outside: &dyn Outside, data: &str) -> Result<String> {
    let request: RestoreRequest = typed(data)?;
    begin(outside, State::RestoreBackup, None)?;
    let id = request.read.backup.backup_id.as_deref();
    let what = id.map_or_else(|| "restore".to_owned(), |id| format!("restore of backup {id}"));
    log::info(outside, &format!("{what} started"));
    let result = restore_job(outside, data, &request).await;
    let refusal = result.as_ref().err().map(|failure| refusal::of_restore(failure, &request.read.backup));
    conclude(outside, State::RestoreBackup, None, refusal.as_ref().map(|refusal| refusal.reason));
    match result {
        Ok(answer) => {
            log::info(outside, &format!("{what} done"));
            Ok(answer)
        }
        Err(failure) => {
            let answer = refusal.map_or_else(|| failure.clone(), |refusal| refusal.answer);
            log::failed(outside, &what, &failure, failure.message == answer.message);
            Err(answer)
        }
    }
}

async fn restore_job(outside: &dyn Outside, data: &str, request: &RestoreRequest) -> Result<String> {
    if let Some(failure) = refusal::unknown_agent(&request.read.backup, &outside.locations()) {
        return Err(failure);
    }
    let mut is_told = request.elsewhere || request.dry_run;
    let mut restart = |is_due: bool| {
        if is_due && !std::mem::replace(&mut is_told, true) {
            tell(outside, State::RestoreBackup, None, Said::restart());
        }
    };
    let result =
        job(outside, "restore", data, &mut |stage, _, _| restart(stage == restore::PUT_IN_PLACE)).await;
    // A job's progress may be missed.
    restart(result.is_ok());
    result
}

pub fn typed<T: DeserializeOwned>(data: &str) -> Result<T> {
    serde_json::from_str(data).map_err(|error| Failure::invalid(error.to_string()))
}

/// Begins work that only one at a time may do. The attempt is stored before anybody hears of it.
pub fn begin(outside: &dyn Outside, state: State, trigger: Option<Trigger>) -> Result<()> {
    let current = with(|inner| inner.state);
    if current != State::Idle {
        let message = format!("Backup manager busy: {}", current.name());
        return Err(Failure::new("home_assistant_error", message));
    }
    with(|inner| inner.state = state);
    if let Some(trigger) = trigger {
        let reason = if trigger == Trigger::Automatic { automatic::attempt(outside) } else { None };
        log::started(outside, trigger, reason.as_deref());
    }
    tell(outside, state, trigger, Said::stage(None));
    save(outside);
    Ok(())
}

/// Ends it, well or with the reason why not.
pub fn conclude(outside: &dyn Outside, state: State, trigger: Option<Trigger>, reason: Option<&'static str>) {
    let said = Said::end(reason);
    planning::plan(outside);
    note(outside, trigger, &said);
    save(outside);
    tell(outside, state, trigger, said);
    enter(outside, State::Idle);
    planning::set_timers(outside);
}

/// Saves what must outlive this instance. A state directory that is full or read-only must keep nobody from backups: it is
/// said, and the work goes on.
pub fn save(outside: &dyn Outside) {
    // A host that only reads refuses it, as it should.
    let unsaved = with(|inner| inner.store.save(outside)).err().filter(|failure| failure.code != "denied");
    note_unsaved(outside, unsaved.as_ref());
}

/// Says it once, however often it is tried.
pub fn note_unsaved(outside: &dyn Outside, failure: Option<&Failure>) {
    let text = failure.map(|failure| format!("Larder's own state could not be saved: {}", failure.message));
    let before = with(|inner| std::mem::replace(&mut inner.unsaved, text.clone()));
    if let Some(text) = text.filter(|text| before.as_ref() != Some(text)) {
        log::error(outside, &text);
    }
}

/// A backup is good although nobody will remember it: whoever asked should know.
fn add_unsaved(created: &mut Value) {
    let Some(unsaved) = with(|inner| inner.unsaved.clone()) else { return };
    let note = format!(
        "the backup is good, but after a restart Larder knows neither that nor when it was made by the schedule: {unsaved}"
    );
    let notes = created.as_object_mut().map(|fields| fields.entry("notes").or_insert_with(|| json!([])));
    if let Some(Value::Array(notes)) = notes {
        notes.push(note.into());
    }
}

/// `backup/info`: the job's list, and what the manager knows.
async fn info(outside: &dyn Outside, data: &str) -> Result<Value> {
    let answer = job(outside, "info", data, &mut |_, _, _| ()).await?;
    let mut info: Value =
        serde_json::from_str(&answer).map_err(|error| Failure::invalid(error.to_string()))?;
    let snapshot = outside.snapshot();
    let home = Home::read(outside, snapshot.as_ref());
    let no_home = home.must_be_one(snapshot.as_ref()).err().map(|failure| failure.message);
    with(|inner| {
        if let Some(backups) = info.get_mut("backups").and_then(Value::as_array_mut) {
            backups.iter_mut().for_each(|backup| inner.store.describe(backup));
        }
        let config = inner.store.config();
        let next = inner.next.at.map(|at| crate::home::iso(&home.local_time(at)));
        let own = json!({
            "last_attempted_automatic_backup": config.last_attempted_automatic_backup,
            "last_completed_automatic_backup": config.last_completed_automatic_backup,
            "last_action_event": inner.last_action,
            "next_automatic_backup": next,
            "next_automatic_backup_additional": inner.next.additional,
            "state": inner.state.name(),
            "no_home": no_home,
        });
        if let (Some(info), Value::Object(own)) = (info.as_object_mut(), own) {
            info.extend(own);
        }
    });
    Ok(info)
}

/// `backup/details`.
async fn details(outside: &dyn Outside, data: &str) -> Result<Value> {
    let mut details = parsed(&job(outside, "details", data, &mut |_, _, _| ()).await?)?;
    if let Some(backup) = details.get_mut("backup") {
        with(|inner| inner.store.describe(backup));
    }
    Ok(details)
}

/// JSON text as a value.
pub fn parsed(text: &str) -> Result<Value> {
    serde_json::from_str(text).map_err(|error| Failure::invalid(error.to_string()))
}

/// `backup/agents/info`.
fn agents(outside: &dyn Outside) -> Value {
    let agents: Vec<_> = outside
        .locations()
        .into_iter()
        .map(|location| json!({"agent_id": location.id, "name": location.name}))
        .collect();
    json!({"agents": agents})
}

/// Runs a job to its end, with the action's own data. `staged` hears of its progress: stage, bytes done, bytes in all.
pub async fn job(
    outside: &dyn Outside,
    kind: &str,
    data: &str,
    staged: &mut dyn FnMut(&str, u64, Option<u64>),
) -> Result<String> {
    let job = outside.start_job(kind, data)?;
    loop {
        match job.next().await {
            Event::Finished(result) => return result,
            Event::Progress { stage, done, total } => {
                staged(&stage, done, total);
                announce::progress(outside, kind, &stage, done, total);
            }
        }
    }
}
