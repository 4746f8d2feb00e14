//! Automatic backups: the settings, retention, and what a timer sets off.
//!
//! Brings the pure rules (`config`, `schedule`, `retention`) together with what the manager knows and the host provides.

use serde_json::{Value, json};

use crate::config::{Invalid, Moment};
use crate::error::Result;
use crate::manager::announce::show;
use crate::manager::document::{HomeFiles, Taken, adopt as adopt_home};
use crate::manager::entities::Trigger;
use crate::manager::log;
use crate::manager::objections;
use crate::manager::planning::{BUSY, RUN, home, later, plan, set_timers, upcoming, utc};
use crate::manager::{self, State, job, parsed, save, with};
use crate::ports::Outside;
use crate::protection::password;
use crate::retention::Policy;
use crate::schedule::Calendar;

/// Fires at the start and then daily: retention by days.
const MAINTENANCE: &str = "maintenance";
const DAY: i64 = 24 * 3600;

/// A timer fired.
pub async fn timer(outside: &dyn Outside, name: &str) -> Result<()> {
    match name {
        RUN => run(outside).await,
        MAINTENANCE => {
            outside.set_timer(MAINTENANCE, later(outside, DAY));
            objections::tell(outside);
            prune(outside).await;
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Starts a backup if one is due; looks ahead if not.
async fn run(outside: &dyn Outside) -> Result<()> {
    plan(outside);
    let (is_due, state) = with(|inner| (inner.due.is_some(), inner.state));
    if is_due && state != State::Idle {
        outside.set_timer(RUN, later(outside, BUSY));
        return Ok(());
    }
    if !is_due && with(|inner| inner.waits) {
        set_timers(outside);
        return Ok(());
    }
    if !is_due {
        save(outside);
        show(outside);
        set_timers(outside);
        return Ok(());
    }
    // What goes wrong from here on is told where it happens.
    let _ = create(outside).await;
    Ok(())
}

/// The daily look begins with the first.
pub fn begin_maintenance(outside: &dyn Outside) {
    outside.set_timer(MAINTENANCE, outside.now());
}

/// The data of a backup by hand, with what is the manager's own: this instance's id for a home that has none, and a key.
pub fn manual(outside: &dyn Outside, data: &str) -> Result<String> {
    let mut data = parsed(data)?;
    let (id, key) = with(|inner| (inner.store.instance_id(outside), inner.store.index_key(outside)));
    if let Some(data) = data.as_object_mut() {
        data.insert("instance_id".into(), id.into());
        data.insert("index_key".into(), key.into());
    }
    Ok(data.to_string())
}

/// Makes an automatic backup.
pub async fn create(outside: &dyn Outside) -> Result<Value> {
    let data = with(|inner| {
        let create = inner.store.config().create_backup.clone();
        let agents = inner.store.config().agents.iter();
        let open: Vec<_> = agents.filter(|(_, agent)| !agent.protected).map(|(id, _)| id.clone()).collect();
        json!({
            "agent_ids": create.agent_ids,
            "name": create.name,
            "include_database": create.include_database,
            "include_all_addons": create.include_all_addons,
            "include_addons": create.include_addons,
            "include_folders": create.include_folders,
            "exclude": create.exclude,
            "password": create.password.as_ref().map(|password| password.reveal()),
            "securetar": create.securetar.unwrap_or(3),
            "automatic": true,
            "instance_id": inner.store.instance_id(outside),
            "index_key": inner.store.index_key(outside),
            "unprotected_agent_ids": open,
        })
    });
    manager::create(outside, Trigger::Automatic, &data.to_string()).await
}

/// An automatic backup begins: why now, when the schedule says so.
pub fn attempt(outside: &dyn Outside) -> Option<String> {
    let (home, now) = (home(outside), outside.now());
    with(|inner| {
        let jitter_seconds = inner.store.jitter(outside);
        let schedule = inner.store.config().schedule.clone();
        let calendar = Calendar { schedule: &schedule, zone: home.zone(), jitter_seconds };
        let (history, next) = calendar.start(&inner.store.history(), utc(now));
        inner.store.attempt(Moment::new(home.local(now)), &history);
        inner.next = next;
        inner.due.take()
    })
}

/// A backup was made and proven.
pub fn remember(outside: &dyn Outside, trigger: Trigger, created: &Value) {
    let now = Moment::new(home(outside).local(outside.now()));
    let id = created.get("backup_id").and_then(Value::as_str).unwrap_or_default();
    let size = created.get("size").and_then(Value::as_u64).unwrap_or(0);
    let failed = created.get("failed_agent_ids").cloned().unwrap_or_default();
    let failed: Vec<String> = serde_json::from_value(failed).unwrap_or_default();
    if !failed.is_empty() {
        let names = failed.join(", ");
        log::warn(
            outside,
            &format!("backup {id} did not get to {names}: there is no such location (any more)"),
        );
    }
    with(|inner| {
        inner.store.know(id, failed);
        inner.store.verify(id, size, now);
        if trigger == Trigger::Automatic {
            inner.store.complete(now, size);
        }
    });
    save(outside);
}

/// Deletes what retention does not keep, and says so.
pub async fn prune(outside: &dyn Outside) {
    let has_rule = with(|inner| {
        let config = inner.store.config();
        let of_agents = config.agents.values().filter_map(|agent| agent.retention.as_ref());
        of_agents.chain([&config.retention]).any(Policy::is_active)
    });
    if !has_rule {
        return;
    }
    match retain(outside, false).await {
        Err(failure) => log::failed(outside, "retention", &failure, false),
        Ok(done) => log::retained(outside, &done),
    }
}

/// `backup.retention`.
pub async fn retention(outside: &dyn Outside, data: &str) -> Result<Value> {
    let request: Value = parsed(data)?;
    let dry_run = request.get("dry_run").and_then(Value::as_bool).unwrap_or(false);
    let done = retain(outside, dry_run).await?;
    if !dry_run {
        log::retained(outside, &done);
    }
    Ok(done)
}

async fn retain(outside: &dyn Outside, dry_run: bool) -> Result<Value> {
    let home = home(outside);
    let input = with(|inner| {
        let config = inner.store.config();
        let agents = config.agents.iter().filter_map(|(id, agent)| Some((id, agent.retention.as_ref()?)));
        let policies: serde_json::Map<String, Value> =
            agents.map(|(id, policy)| (id.clone(), json!(policy))).collect();
        json!({
            "dry_run": dry_run,
            "policy": config.retention,
            "policies": policies,
            "verified": inner.store.verified(),
            "damaged": inner.store.damaged(),
            "kept": inner.store.kept(),
            "instance_id": home.instance_id.clone().unwrap_or_else(|| inner.store.instance_id(outside)),
        })
    });
    let done = parsed(&job(outside, "retention", &input.to_string(), &mut |_, _, _| ()).await?)?;
    if !dry_run {
        let gone = done.get("gone").and_then(Value::as_array).cloned().unwrap_or_default();
        with(|inner| inner.store.forget(|id| gone.iter().any(|gone| gone.as_str() == Some(id))));
        save(outside);
    }
    Ok(done)
}

/// `backup.config.info`.
pub fn config_info(outside: &dyn Outside) -> Value {
    let home = home(outside);
    let mut info = with(|inner| {
        let next = inner.next.at.map(|at| home.local_time(at));
        inner.store.config().info(next.as_ref(), inner.next.additional)
    });
    objections::add_to(&mut info, outside);
    info
}

/// `backup.config.update`: Home Assistant's body, or `assignments` as a person types them, or both.
pub fn config_update(outside: &dyn Outside, data: &str) -> Result<Value> {
    let mut body: Value = parsed(data)?;
    let assignments = body.as_object_mut().and_then(|body| body.remove("assignments"));
    let assignments: Vec<String> =
        assignments.map(serde_json::from_value).transpose().unwrap_or_default().unwrap_or_default();
    let caution = objections::caution(&mut body)?;
    let known = objections::known_locations(outside);
    let config = with(|inner| {
        let before = inner.store.config();
        let config = before.assigned(&assignments)?.update(&body)?;
        config.must_be_sensible(before, &known, caution)?;
        Ok::<_, Invalid>(config)
    })?;
    let is_new = body.pointer("/create_backup/password").is_some();
    let password = config.create_backup.password.as_ref().filter(|_| is_new);
    let doubts = password.map(|password| password::doubts(password.reveal())).unwrap_or_default();
    change(outside, config)?;
    let warnings: Vec<_> = doubts.into_iter().chain(objections::all(outside)).collect();
    Ok(match warnings.is_empty() {
        // Home Assistant's answer.
        true => Value::Null,
        false => json!({"warnings": warnings}),
    })
}

/// Takes new settings: stored first, then shown.
fn change(outside: &dyn Outside, config: crate::config::Config) -> Result<()> {
    let before = with(|inner| {
        let before = inner.store.config().clone();
        inner.store.set_config(config);
        inner.store.set_planned(None);
        before
    });
    plan(outside);
    if let Err(failure) = with(|inner| inner.store.save(outside)) {
        with(|inner| inner.store.set_config(before));
        plan(outside);
        return Err(failure.about("the settings were not changed"));
    }
    show(outside);
    set_timers(outside);
    log::info(outside, &format!("the settings of automatic backups were changed; {}", upcoming(outside)));
    Ok(())
}

/// `backup.adopt`: the settings of the home's own Home Assistant, whose files are only read.
pub fn adopt(outside: &dyn Outside) -> Result<Value> {
    let snapshot = outside.snapshot();
    let read = |path| crate::home::text(snapshot.as_ref(), path);
    let [backup, uuid, version] = [".storage/backup", ".storage/core.uuid", ".HA_VERSION"].map(read);
    let (backup, uuid, version) = (backup?, uuid?, version?);
    let files = HomeFiles { backup: backup.as_deref(), uuid: uuid.as_deref(), version: version.as_deref() };
    let adopted = adopt_home(&files, &outside.time_zone());
    let told =
        |list: &[Taken]| list.iter().map(|t| json!({"what": t.what, "value": t.value})).collect::<Value>();
    let mut answer = json!({"taken": told(&adopted.taken), "not_taken": told(&adopted.not_taken)});
    with(|inner| {
        adopted
            .known
            .iter()
            .for_each(|known| inner.store.know(&known.backup_id, known.failed_agent_ids.clone()))
    });
    if let Some(config) = adopted.config {
        change(outside, config)?;
        objections::add_to(&mut answer, outside);
    }
    Ok(answer)
}
