//! The manager's stored document: loads, changes and saves it.
//!
//! Owns when the document is written, and sets a damaged one aside. Refuses to touch a document that a newer program wrote.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::error::{Failure, Result};
use crate::jobs::stored_backups::{self, FILE, LOCAL};
use crate::manager::document::{Document, DocumentError, Extra, KnownBackup};
use crate::manager::entities::LastEvent;
use crate::ports::Host;
use crate::protection::key::random_hex;
use crate::settings::{Config, Moment};

/// The document's name.
const NAME: &str = "backup";

#[derive(Default)]
pub struct Store {
    pub(super) document: Document,
    event: Option<LastEvent>,
    /// The text that is stored; an unchanged document is not written again.
    stored: Option<zeroize::Zeroizing<String>>,
    /// Why the document is neither used nor written; `None` if it is.
    locked: Option<Failure>,
}

impl Store {
    /// Loads the document. A damaged one is set aside, and the previous one is used. One that a newer program wrote, or that
    /// cannot be read, is never changed: see [`Self::check`].
    pub fn load(host: &dyn Host) -> Self {
        Self::read(host).unwrap_or_else(|failure| Self { locked: Some(failure), ..Self::default() })
    }

    /// An error if the document is not used, so that settings and history are unknown. Manual backups and restores work
    /// without them.
    pub fn check(&self) -> Result<()> {
        self.locked.clone().map_or(Ok(()), Err)
    }

    fn read(host: &dyn Host) -> Result<Self> {
        let mut text = host.load_document(NAME)?;
        loop {
            let Some(current) = text.map(zeroize::Zeroizing::new) else { return Ok(Self::default()) };
            match Document::parse(&current) {
                Ok(document) => return Ok(Self::of(document, Some(current))),
                Err(error @ DocumentError::Newer { .. }) => {
                    return Err(Failure::new("home_assistant_error", error.to_string()));
                }
                Err(error) => text = host.set_document_aside(NAME, &error.to_string())?,
            }
        }
    }

    fn of(document: Document, stored: Option<zeroize::Zeroizing<String>>) -> Self {
        let event = document.extra.event.clone().and_then(|event| serde_json::from_value(event).ok());
        Self { document, event, stored, locked: None }
    }

    /// Saves the document if it has changed. It is durable when this returns.
    pub fn save(&mut self, host: &dyn Host) -> Result<()> {
        if self.locked.is_some() {
            return Ok(());
        }
        self.document.extra.event = self.event.as_ref().map(|event| json!(event));
        let text = self.document.to_json().map_err(|error| Failure::invalid(error.to_string()))?;
        if self.stored.as_ref() != Some(&text) {
            host.save_document(NAME, &text)?;
            self.stored = Some(text);
        }
        Ok(())
    }

    pub fn config(&self) -> &Config {
        &self.document.config
    }

    pub fn set_config(&mut self, config: Config) {
        self.document.config = config;
    }

    pub fn event(&self) -> Option<&LastEvent> {
        self.event.as_ref()
    }

    pub fn set_event(&mut self, event: LastEvent) {
        self.event = Some(event);
    }

    /// This instance's id, for a home that has none; generated once.
    pub fn instance_id(&mut self, host: &dyn Host) -> String {
        self.document.extra.instance_id.get_or_insert_with(|| random_hex::<16>(host)).clone()
    }

    /// The key that seals the index of the previous backup; generated once.
    pub fn index_key(&mut self, host: &dyn Host) -> String {
        self.document.extra.index_key.get_or_insert_with(|| random_hex::<32>(host)).clone()
    }

    pub(super) fn extra(&self) -> &Extra {
        &self.document.extra
    }

    pub(super) fn extra_mut(&mut self) -> &mut Extra {
        &mut self.document.extra
    }

    /// Whether a backup is stored in all locations that were asked for.
    pub fn is_complete(&self, backup_id: &str) -> bool {
        let known = self.document.known.iter().find(|known| known.backup_id == backup_id);
        known.is_some_and(|known| known.failed_agent_ids.is_empty())
    }

    /// Whether no backup was made after this one.
    pub fn is_newest(&self, backup_id: &str) -> bool {
        self.document.known.last().is_some_and(|known| known.backup_id == backup_id)
    }

    /// A backup was stored in a location after all.
    pub fn stored_in(&mut self, backup_id: &str, agent_id: &str) {
        for known in self.document.known.iter_mut().filter(|known| known.backup_id == backup_id) {
            known.failed_agent_ids.retain(|failed| failed != agent_id);
        }
    }

    /// Adds a backup that was made, with the locations that it could not be stored in.
    pub fn add_backup(&mut self, backup_id: &str, failed_agent_ids: Vec<String>) {
        self.document.known.retain(|known| known.backup_id != backup_id);
        let backup_id = backup_id.to_owned();
        self.document.known.push(KnownBackup { backup_id, failed_agent_ids, ..KnownBackup::default() });
    }

    /// A backup of that many bytes was verified and is good.
    pub fn set_verified(&mut self, backup_id: &str, size: u64, now: Moment) {
        let found = json!({"size": size, "at": now});
        self.document.extra.verified.insert(backup_id.to_owned(), found);
        self.document.extra.damaged.remove(backup_id);
    }

    /// A backup was found damaged; an earlier verification no longer counts.
    pub fn set_damaged(&mut self, backup_id: &str, now: Moment) {
        self.document.extra.verified.remove(backup_id);
        self.document.extra.damaged.insert(backup_id.to_owned(), now);
    }

    /// The ids of backups that were found damaged.
    pub fn damaged(&self) -> Value {
        self.document.extra.damaged.keys().cloned().collect()
    }

    /// The verified backups, with their bytes at that time: `{backup_id: size}`.
    pub fn verified(&self) -> Value {
        let entries = self.document.extra.verified.iter();
        entries.filter_map(|(id, found)| Some((id.clone(), found.get("size")?.clone()))).collect()
    }

    /// Forgets a backup that is gone from every location known to have it. A mark as kept stays: another program may have stored a
    /// copy elsewhere.
    pub fn forget(&mut self, backup_id: &str) {
        self.document.known.retain(|known| known.backup_id != backup_id);
    }

    /// Forgets the verification of a backup that is gone from the local location.
    pub(super) fn forget_local(&mut self, backup_id: &str) {
        self.document.extra.verified.remove(backup_id);
        self.document.extra.damaged.remove(backup_id);
    }

    /// Size and time of the last successful verification of the local copy.
    pub(super) fn verified_at_size(&self, backup_id: &str) -> Option<(u64, Value)> {
        let found = self.document.extra.verified.get(backup_id)?;
        Some((found.get("size")?.as_u64()?, found.get("at")?.clone()))
    }

    /// Protects a backup from retention, or ends that.
    pub fn keep(&mut self, backup_id: &str, is_kept: bool) {
        match is_kept {
            true => self.document.extra.kept.insert(backup_id.to_owned()),
            false => self.document.extra.kept.remove(backup_id),
        };
    }

    pub fn is_kept(&self, backup_id: &str) -> bool {
        self.document.extra.kept.contains(backup_id)
    }

    /// The ids of the backups that are marked as kept.
    pub fn kept(&self) -> &BTreeSet<String> {
        &self.document.extra.kept
    }

    /// Adds to the description of a backup what the file itself does not say: what failed when it was made, whether it is
    /// marked as kept, and when it was verified or found damaged.
    pub fn describe(&self, backup: &mut Value) {
        let id = backup.get("backup_id").and_then(Value::as_str).unwrap_or_default().to_owned();
        // A file that was named on the command line may be the local copy.
        let size = [LOCAL, FILE].iter().find_map(|agent| stored_backups::stored_size(backup, agent));
        let verified = self.verified_at(&id, size);
        self.describe_copies(backup);
        // Without a local copy, the best that is known of the others.
        let verified = verified.or_else(|| proven_at(backup));
        let known = self.document.known.iter().find(|known| known.backup_id == id);
        let Some(fields) = backup.as_object_mut() else { return };
        fields.insert("verified".into(), json!(verified));
        if let Some(at) = self.document.extra.damaged.get(&id) {
            fields.insert("damaged".into(), json!(at));
        }
        if self.is_kept(&id) {
            fields.insert("kept".into(), true.into());
        }
        if let Some(known) = known {
            fields.insert("failed_addons".into(), json!(known.failed_addons));
            fields.insert("failed_agent_ids".into(), json!(known.failed_agent_ids));
            fields.insert("failed_folders".into(), json!(known.failed_folders));
        }
    }

    /// When the local copy was verified; `None` if its size has changed since.
    fn verified_at(&self, backup_id: &str, size: Option<u64>) -> Option<Value> {
        let found = self.document.extra.verified.get(backup_id)?;
        (found.get("size")?.as_u64() == size).then(|| found.get("at").cloned()).flatten()
    }
}

/// When a copy in another location was last proven.
fn proven_at(backup: &Value) -> Option<Value> {
    let agents = backup.get("agents")?.as_object()?;
    if agents.contains_key(LOCAL) {
        return None;
    }
    agents
        .values()
        .filter_map(|copy| copy.get("verified"))
        .filter(|at| at.is_string())
        .max_by_key(|at| at.as_str().map(str::to_owned))
        .cloned()
}
