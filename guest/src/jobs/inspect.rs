//! Lists and describes backups, and checks passwords.
//!
//! Answers have Home Assistant's shape (`backup/info`, `backup/details`). Parts are not read beyond their first and last bytes.

use std::io::Read;

use serde_json::{Value, json};

use crate::archive::{Instant, Manifest, Member, shown};
use crate::error::Result;
use crate::jobs::listing::Listing;
use crate::jobs::restorable;
use crate::jobs::stored_backups;
use crate::jobs::stored_backups::Opened;
use crate::model::{BackupRef, Info, InfoRequest, PasswordCheck, ReadRequest, Skipped};
use crate::ports::{Host, Location};
use crate::protection::part::from_io;
use crate::protection::{self, Protection};
use crate::stored_archive::Archive;

/// How long a listing of another machine counts as new, in seconds. (Home Assistant's agents keep theirs for 300.)
const FRESH: i64 = 30;

/// The backups of every location, or of one, newest first.
pub fn info(host: &dyn Host, request: &InfoRequest) -> Result<Info> {
    let wanted = |place: &Location| request.agent_id.as_ref().is_none_or(|agent| *agent == place.id);
    let mut info = Info::default();
    for place in host.locations().into_iter().filter(wanted) {
        let is_known = !request.refresh && is_fresh(&place, host.now());
        let known = is_known.then(|| stored_backups::list_remembered(host, &place.id).ok()).flatten();
        let listed = known.map_or_else(|| stored_backups::list(host, &place.id), Ok);
        let id = place.id;
        match listed {
            Ok(listings) => listings.into_iter().for_each(|listing| add(&mut info, listing)),
            Err(failure) => {
                // Nothing may be remembered yet.
                let known = stored_backups::list_remembered(host, &id).unwrap_or_default();
                known.into_iter().for_each(|listing| add(&mut info, listing));
                info.agent_errors.insert(id, failure.message.into());
            }
        }
    }
    let date = |backup: &Value| backup.get("date").and_then(Value::as_str).map(str::to_owned);
    info.backups.sort_by_key(|backup| std::cmp::Reverse(date(backup)));
    Ok(info)
}

/// Whether a location on another machine was asked a moment ago, so that it need not be asked again. What was stored and deleted from here
/// since is known anyway.
fn is_fresh(place: &Location, now: Instant) -> bool {
    let Some(as_of) = place.knowledge.as_of.filter(|_| place.remote && place.knowledge.problem.is_none())
    else {
        return false;
    };
    (0..FRESH).contains(&now.seconds.saturating_sub(as_of.seconds))
}

fn add(info: &mut Info, listing: Listing) {
    let is_known = |manifest: &Manifest| {
        let is_same = |it: &Value| {
            it.get("backup_id").and_then(Value::as_str) == Some(manifest.slug())
                && it.get("agents").is_some_and(|agents| agents.get(&listing.agent_id).is_some())
        };
        info.backups.iter().any(is_same)
    };
    match &listing.backup {
        Ok((manifest, _)) if listing.agent_id != stored_backups::LOCAL && is_known(manifest) => {
            let path = listing.files.first().cloned().unwrap_or_default();
            let id = shown(manifest.slug().as_bytes());
            let reason = format!(
                "in {}: another backup there has the same id {id}; delete one of them",
                listing.agent_id
            );
            info.unreadable.push(Skipped { path, reason });
        }
        Ok((manifest, protection)) => info.backups.push(record(&listing, manifest, protection)),
        Err(failure) => {
            let path = listing.object.name.clone();
            let reason = match listing.agent_id.as_str() {
                stored_backups::LOCAL => failure.message.clone(),
                agent => format!("in {agent}: {}", failure.message),
            };
            info.unreadable.push(Skipped { path, reason });
        }
    }
}

/// One backup, with its file's name and what it contains that cannot be restored here. `null` if it does not exist.
pub fn details(host: &dyn Host, request: &BackupRef) -> Result<Value> {
    let Some(opened) = found(stored_backups::open(host, request))? else {
        return Ok(answer("backup", Value::Null));
    };
    let mut outer = opened.archive()?;
    let protection = Protection::of_all_parts(&mut outer)?;
    let not_restorable = restorable::not_restorable(&outer);
    let mut warnings = protection.warnings();
    warnings.extend(outer.notes());
    warnings.extend(doubtful_ends(&mut outer)?);
    let listing = Listing {
        agent_id: opened.agent_id.clone(),
        object: opened.object.clone(),
        files: Vec::new(),
        backup: Ok((outer.manifest.clone(), protection.clone())),
    };
    let mut backup = record(&listing, &outer.manifest, &protection);
    if let Some(fields) = backup.as_object_mut() {
        let members = outer.members.iter().map(|m| json!({"name": m.name, "size": m.size}));
        fields.insert("members".into(), members.collect());
        fields.insert("not_restorable".into(), json!(not_restorable));
        fields.insert("missing".into(), json!(restorable::missing(&outer)));
        fields.insert("warnings".into(), json!(warnings));
    }
    Ok(answer("backup", backup))
}

/// Warnings about parts whose header may announce too many bytes, hiding the members that follow.
///
/// A gzip stream ends with the length of its content, and a tar consists of blocks of 512 bytes. Other values at the end of the
/// part are suspicious.
fn doubtful_ends(outer: &mut Archive<'_>) -> Result<Vec<String>> {
    let mut doubts = Vec::new();
    for part in outer.members.clone().iter().filter(|member| member.is_part() && member.size > 18) {
        let start = bytes_at(outer, part, part.offset)?;
        let length = bytes_at(outer, part, part.end().saturating_sub(4))?;
        let length = length.try_into().map(u32::from_le_bytes).unwrap_or(0);
        if start.starts_with(&[0x1f, 0x8b]) && (length == 0 || length % 512 > 0) {
            doubts.push(format!(
                "{} may end before byte {} of the file, where its header says that it ends; other members may be hidden in it: \
                 check with `larder verify`",
                shown(part.name.as_bytes()),
                part.end()
            ));
        }
    }
    Ok(doubts)
}

/// The four bytes of a member at that offset of the file.
fn bytes_at(outer: &mut Archive<'_>, member: &Member, offset: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let piece = Member { offset, size: 4, ..member.clone() };
    outer.read(&piece)?.read_to_end(&mut bytes).map_err(from_io)?;
    Ok(bytes)
}

/// Home Assistant's answer when no location failed.
pub(super) fn answer(key: &str, value: Value) -> Value {
    json!({"agent_errors": {}, "agent_error_translations": {}, key: value})
}

/// Turns "not found" into `None`: Home Assistant does not treat it as an error.
pub(super) fn found(opened: Result<Opened>) -> Result<Option<Opened>> {
    match opened {
        Err(failure) if failure.code == "backup_not_found" => Ok(None),
        opened => opened.map(Some),
    }
}

/// Whether a password or a key of the key ring opens a backup.
pub fn check_password(host: &dyn Host, request: &ReadRequest) -> Result<PasswordCheck> {
    let opened = stored_backups::open(host, &request.backup)?;
    let name = &opened.object.name;
    let mut outer = opened.archive()?;
    let protection = Protection::of_all_parts(&mut outer)?;
    let mut check = PasswordCheck {
        verdict: "not_protected",
        backup_id: outer.manifest.slug().to_owned(),
        name: outer.manifest.name().to_owned(),
        securetar: protection.version,
        key: None,
        reason: None,
    };
    let Some(part) = protection::first_protected(&mut outer)? else { return Ok(check) };
    match request.unlock.open(&mut outer, &part, name) {
        Ok(unlocked) => (check.verdict, check.key, check.reason) = ("right", unlocked.label, unlocked.note),
        Err(failure) => {
            check.verdict = match failure.code.as_ref() {
                "password_incorrect" => "wrong",
                "backup_damaged" | "decrypt_not_supported" => "cannot_tell",
                _ => return Err(failure),
            };
            check.reason = Some(failure.message);
        }
    }
    Ok(check)
}

/// A backup in Home Assistant's description, with the name of its file.
fn record(listing: &Listing, manifest: &Manifest, protection: &Protection) -> Value {
    let addons: Vec<_> = manifest
        .addons()
        .iter()
        .map(|addon| json!({"name": addon.name, "slug": addon.slug, "version": addon.version}))
        .collect();
    let extra = manifest.extra().cloned().unwrap_or_default();
    let mut copy = json!({"protected": protection.is_protected, "size": listing.object.size});
    if let (Some(fields), true) = (copy.as_object_mut(), listing.agent_id != stored_backups::LOCAL) {
        fields.insert("modified".into(), listing.object.modified.into());
    }
    let automatic = extra.get("with_automatic_settings").cloned().unwrap_or(Value::Null);
    json!({
        "addons": addons,
        "agents": {&listing.agent_id: copy},
        "backup_id": manifest.slug(),
        "date": manifest.date_text(),
        "database_included": manifest.database_included(),
        "extra_metadata": extra,
        "failed_addons": [],
        "failed_agent_ids": [],
        "failed_folders": [],
        "file": listing.object.name,
        "folders": manifest.folders().collect::<Vec<_>>(),
        "homeassistant_included": manifest.homeassistant_version().is_some(),
        "homeassistant_version": manifest.homeassistant_version(),
        "name": manifest.name(),
        "securetar": protection.version,
        "with_automatic_settings": automatic,
    })
}
