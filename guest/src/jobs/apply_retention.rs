//! The retention job: lists each location, applies the rules, and deletes what they do not keep, oldest first.
//!
//! A location that fails does not stop the others. With `dry_run` it does everything except delete.

use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::archive::{Limits, Manifest, Outer, file_name};
use crate::error::Result;
use crate::jobs::listing::Listing;
use crate::jobs::stored_backups;
use crate::model::SCHEDULE;
use crate::ports::Host;
use crate::retention::{Decision, Origin, Policies, Policy, Record, State, decide};
use crate::schedule::ScheduleName;
use crate::stored_archive::Reader;

/// The policies, and what the manager knows of the backups beyond their listing.
#[derive(Debug, Deserialize)]
pub struct Request {
    dry_run: bool,
    /// For every location that has no policy.
    policy: Policy,
    policies: BTreeMap<String, Policy>,
    /// For the backups of each schedule of `larder.toml`, in every location.
    #[serde(default)]
    schedules: BTreeMap<ScheduleName, Policy>,
    /// Bytes of each backup that was read to its end and found good, by its id.
    verified: BTreeMap<String, u64>,
    /// The ids of backups that were found damaged.
    #[serde(default)]
    damaged: BTreeSet<String>,
    /// The ids of backups that are marked as kept.
    #[serde(default)]
    kept: BTreeSet<String>,
    instance_id: String,
    /// What is known of the copies in the other locations, by location and backup id.
    #[serde(default)]
    copies: BTreeMap<String, BTreeMap<String, KnownCopy>>,
}

/// A copy in another location that was proven when it was stored, or read to its end.
#[derive(Debug, Deserialize)]
struct KnownCopy {
    #[serde(default)]
    size: u64,
    #[serde(default)]
    modified: i64,
    #[serde(default)]
    damaged: bool,
}

impl Request {
    /// What holds in one location.
    fn policies_in(&self, agent_id: &str) -> Policies {
        Policies {
            automatic: *self.policies.get(agent_id).unwrap_or(&self.policy),
            schedules: self.schedules.clone(),
        }
    }
}

/// Decides about every backup of every location, and deletes unless it is a dry run.
pub fn retain(host: &dyn Host, request: &Request) -> Result<Value> {
    let (mut locations, mut errors, mut gone) = (Vec::new(), Map::new(), Vec::new());
    // A read-only location is a file named on the command line, where nothing is to be deleted.
    for location in host.locations().into_iter().filter(|location| location.writable) {
        match retain_in(host, request, &location.id, &mut gone) {
            Ok(done) => locations.push(done),
            Err(failure) => {
                errors.insert(location.id, failure.message.into());
            }
        }
    }
    let counted = |location: &Value| location.get("deleted").and_then(Value::as_u64).unwrap_or(0);
    let deleted: u64 = locations.iter().map(counted).sum();
    Ok(json!({
        "dry_run": request.dry_run,
        "deleted": deleted,
        "locations": locations,
        "agent_errors": errors,
        "gone": gone,
    }))
}

fn retain_in(host: &dyn Host, request: &Request, agent_id: &str, gone: &mut Vec<Value>) -> Result<Value> {
    let policies = request.policies_in(agent_id);
    let listings = stored_backups::list(host, agent_id)?;
    let partial: Vec<_> = listings.iter().map(|listing| partial(host, listing)).collect();
    let records =
        listings.iter().zip(&partial).map(|(listing, partial)| record(request, listing, partial.as_ref()));
    let backups: Vec<_> =
        listings.iter().zip(records).filter_map(|(it, record)| Some((it, record?))).collect();
    let records: Vec<Record> = backups.iter().map(|(_, record)| record.clone()).collect();
    let now = host.now();
    let now = DateTime::from_timestamp(now.seconds, now.nanoseconds).unwrap_or_default();
    let zone = host.time_zone().zone;
    let mut decisions = Vec::new();
    for decision in decide(&records, &policies, now, zone) {
        let found = backups.iter().find(|(listing, _)| listing.object.name == decision.backup_id);
        let Some((listing, _)) = found else { continue };
        let mut deleted = false;
        let mut reason = decision.reason.clone();
        if !decision.keep && !request.dry_run {
            let removed = listing.files.iter().try_for_each(|file| host.delete_object(agent_id, file));
            match removed {
                Ok(()) => {
                    deleted = true;
                    let backup = listing.backup.as_ref().ok();
                    gone.extend(
                        backup
                            .map(|(manifest, _)| json!({"agent_id": agent_id, "backup_id": manifest.slug()})),
                    );
                }
                Err(fault) => reason = format!("{reason}, but it could not be deleted: {}", fault.message),
            }
        }
        decisions.push(described(listing, &decision, deleted, &reason));
    }
    let is_deleted = |decision: &&Value| match request.dry_run {
        true => decision.get("keep") == Some(&Value::Bool(false)),
        false => decision.get("deleted") == Some(&Value::Bool(true)),
    };
    let count = decisions.iter().filter(is_deleted).count();
    let mut done = json!({
        "agent_id": agent_id,
        "policy": policies.automatic.to_string(),
        "decisions": decisions,
        "deleted": count,
    });
    let named = policies.schedules.iter().map(|(name, policy)| (name.to_string(), policy.to_string().into()));
    if let (Some(done), false) = (done.as_object_mut(), policies.schedules.is_empty()) {
        done.insert("schedules".into(), Value::Object(named.collect()));
    }
    Ok(done)
}

/// A listed backup as the rules see it, identified by its object's name, which is unique. `None` if it is no backup or has no
/// date. An incomplete backup counts too: Home Assistant leaves one when a backup fails, and counts it.
fn record(request: &Request, listing: &Listing, partial: Option<&Manifest>) -> Option<Record> {
    let manifest = listing.backup.as_ref().map(|(manifest, _)| manifest).ok().or(partial)?;
    let backup_id = listing.object.name.clone();
    let (verified, is_damaged) = known(request, listing, manifest.slug());
    let state = match (&listing.backup, verified) {
        (Err(failure), _) => State::Failed(format!("only a part of it was written: {}", failure.message)),
        _ if is_damaged => State::Failed("it is damaged, as `larder verify` found".into()),
        (_, Some(size)) if size == listing.object.size => State::Good,
        (_, Some(_)) => State::Failed("its size has changed since it was verified".into()),
        (_, None) => State::Unverified("it was never read to its end here; `larder verify` does that".into()),
    };
    Some(Record { date: manifest.date()?, origin: origin(request, manifest), state, backup_id })
}

/// The size of a backup when it was proven in a location, and whether it was found damaged there.
fn known(request: &Request, listing: &Listing, backup_id: &str) -> (Option<u64>, bool) {
    let agent_id = listing.agent_id.as_str();
    if agent_id == stored_backups::LOCAL {
        return (request.verified.get(backup_id).copied(), request.damaged.contains(backup_id));
    }
    match request.copies.get(agent_id).and_then(|copies| copies.get(backup_id)) {
        Some(copy) if copy.damaged => (None, true),
        // Written anew since: the proof is about other bytes.
        Some(copy) if is_rewritten(copy.modified, listing.object.modified) => (None, false),
        Some(copy) => (Some(copy.size), false),
        None => (None, false),
    }
}

/// Whether two times of modification are about different bytes. Some locations say none, and some round.
pub fn is_rewritten(then: i64, now: i64) -> bool {
    then != 0 && now != 0 && then.abs_diff(now) > ROUNDING
}

/// Seconds by which two answers about the same object may differ.
const ROUNDING: u64 = 2;

/// The manifest of an incomplete backup. `None` if the file's name does not match it, since the file could then be anything.
fn partial(host: &dyn Host, listing: &Listing) -> Option<Manifest> {
    listing.backup.as_ref().err().filter(|failure| failure.code == "backup_damaged")?;
    let content = host.open_object(&listing.agent_id, &listing.object.name).ok()?;
    let (outer, _) = Outer::salvage(Reader::for_headers(content.as_ref()), &Limits::default()).ok()?;
    let manifest = outer.manifest;
    let name = file_name(manifest.name(), manifest.date_text()).ok()?;
    (name == listing.object.name).then_some(manifest)
}

fn origin(request: &Request, manifest: &Manifest) -> Origin {
    let field = |key: &str| manifest.extra().and_then(|extra| extra.get(key));
    let is_ours = field("instance_id").and_then(Value::as_str) == Some(&request.instance_id);
    match field("with_automatic_settings") {
        _ if request.kept.contains(manifest.slug()) => Origin::Kept,
        _ if !is_ours => Origin::Foreign,
        Some(Value::Bool(true)) => Origin::Automatic,
        _ => field(SCHEDULE).and_then(Value::as_str).map_or(Origin::Manual, |name| {
            ScheduleName::parse(name).map_or(Origin::Manual, Origin::Scheduled)
        }),
    }
}

fn described(listing: &Listing, decision: &Decision, deleted: bool, reason: &str) -> Value {
    let manifest = listing.backup.as_ref().ok().map(|(manifest, _)| manifest);
    json!({
        "backup_id": manifest.map(Manifest::slug),
        "file": listing.object.name,
        "name": manifest.map(Manifest::name),
        "date": manifest.map(Manifest::date_text),
        "size": listing.object.size,
        "keep": decision.keep,
        "deleted": deleted,
        "reason": reason,
    })
}
