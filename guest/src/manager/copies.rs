//! What is stored about copies in other locations: proofs, and what is still to be stored.

use chrono::DateTime;
use serde_json::{Map, Value, json};

use crate::error::Failure;
use crate::jobs::apply_retention::is_rewritten;
use crate::jobs::stored_backups::LOCAL;
use crate::manager::document::PendingCopy;
use crate::manager::entities::Trigger;
use crate::manager::histories::Which;
use crate::manager::store::Store;
use crate::settings::Moment;

/// What was found of a copy.
pub enum CopyState {
    Good {
        size: u64,
        /// Seconds since 1970; 0 if the location does not say.
        modified: i64,
    },
    Damaged,
}

/// Whether a listed copy is still the one that was proven: its size, and when it was written. Some locations do not say that, and some round.
fn is_unchanged(known: &Value, listed: &Map<String, Value>) -> bool {
    let time = |value: Option<&Value>| value.and_then(Value::as_i64).unwrap_or(0);
    let (then, now) = (time(known.get("modified")), time(listed.get("modified")));
    known.get("size") == listed.get("size") && !is_rewritten(then, now)
}

impl Store {
    /// The copies that are still to be stored.
    pub fn pending(&self) -> &[PendingCopy] {
        &self.extra().pending
    }

    /// Adds copies that are to be stored.
    pub fn add_pending(&mut self, copies: Vec<PendingCopy>) {
        for copy in copies {
            self.drop_pending(&copy);
            self.extra_mut().pending.push(copy);
        }
    }

    /// A copy was stored, or is not wanted any more. Also gives up older backups of the same kind for that location, and returns them.
    pub fn remove_pending(&mut self, stored: &PendingCopy) -> Vec<PendingCopy> {
        self.drop_pending(stored);
        let is_older = |it: &PendingCopy| {
            // Whoever made a backup by hand wants that one.
            it.trigger() != Trigger::Manual
                && it.agent_id == stored.agent_id
                && it.trigger() == stored.trigger()
                && it.date < stored.date
        };
        let (older, kept) = std::mem::take(&mut self.extra_mut().pending).into_iter().partition(is_older);
        self.extra_mut().pending = kept;
        older
    }

    /// Forgets a copy that was to be stored.
    pub fn drop_pending(&mut self, copy: &PendingCopy) {
        self.extra_mut().pending.retain(|it| !it.is_same(copy));
    }

    /// An attempt failed; `next` is when the next one is due.
    pub fn set_failed(&mut self, copy: &PendingCopy, failure: &Failure, next: Moment) {
        for it in self.extra_mut().pending.iter_mut().filter(|it| it.is_same(copy)) {
            it.attempts = it.attempts.saturating_add(1);
            it.next = Some(next);
            it.error = Some(failure.message.clone());
        }
    }

    /// The copies that are due: those whose time has come, and those that were never tried to the end.
    pub fn due_copies(&self, now: Moment) -> Vec<PendingCopy> {
        let is_due = |it: &&PendingCopy| it.next.is_none_or(|next| next.time() <= now.time());
        self.pending().iter().filter(is_due).cloned().collect()
    }

    /// Lets every copy be tried at once, as after a start: what was in the way may be gone.
    pub fn make_all_due(&mut self) {
        self.extra_mut().pending.iter_mut().for_each(|copy| copy.next = None);
    }

    /// When the next copy is due.
    pub fn next_copy(&self) -> Option<Moment> {
        self.pending().iter().filter_map(|it| it.next).min_by_key(|next| next.time().to_utc())
    }

    /// Whether a schedule has begun no backup after one of that date.
    pub fn is_last_of(&self, which: Which, date: &str) -> bool {
        let made = DateTime::parse_from_rfc3339(date).ok();
        let attempted = self.history(which).last_attempted;
        made.zip(attempted).is_none_or(|(made, attempted)| made.to_utc() >= attempted)
    }

    /// A copy was stored, by the job's answer.
    pub fn set_copied(&mut self, copied: &Value, now: Moment) {
        let text = |key: &str| copied.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (id, agent) = (text("backup_id"), text("agent_id"));
        let of = |key: &str| copied.get(key).cloned().unwrap_or_default();
        let found = json!({"size": of("size"), "modified": of("modified"), "at": now, "proof": of("proof")});
        self.extra_mut().copies.entry(id.clone()).or_default().insert(agent.clone(), found);
        self.stored_in(&id, &agent);
    }

    /// A copy in another location was read to its end: it is good with that size, or damaged.
    pub fn set_copy_verified(&mut self, id: &str, agent: &str, found: CopyState, now: Moment) {
        let found = match found {
            CopyState::Damaged => json!({"damaged": true, "at": now}),
            CopyState::Good { size, modified } => {
                json!({"size": size, "modified": modified, "at": now, "proof": "verified"})
            }
        };
        self.extra_mut().copies.entry(id.to_owned()).or_default().insert(agent.to_owned(), found);
    }

    /// What is known of the copies of one location, by backup: for retention.
    pub fn copies_in(&self, agent: &str) -> Map<String, Value> {
        let known = self.extra().copies.iter();
        known.filter_map(|(id, copies)| Some((id.clone(), copies.get(agent)?.clone()))).collect()
    }

    /// The locations of which copies are known.
    pub fn copied_agents(&self) -> Vec<String> {
        let mut agents: Vec<_> =
            self.extra().copies.values().flat_map(|copies| copies.keys().cloned()).collect();
        agents.sort();
        agents.dedup();
        agents
    }

    /// A backup is gone from one location.
    pub fn forget_copy(&mut self, id: &str, agent: &str) {
        if agent == LOCAL {
            self.forget_local(id);
        }
        if let Some(copies) = self.extra_mut().copies.get_mut(id) {
            copies.remove(agent);
        }
        self.extra_mut().copies.retain(|_, copies| !copies.is_empty());
        let is_elsewhere = self.extra().copies.contains_key(id) || self.verified_at_size(id).is_some();
        if !is_elsewhere {
            self.forget(id);
        }
    }

    /// Adds to the description of a backup how each copy was proven, and which copies are still to be stored.
    pub fn describe_copies(&self, backup: &mut Value) {
        let id = backup.get("backup_id").and_then(Value::as_str).unwrap_or_default().to_owned();
        let local = (self.verified_at_size(&id), self.extra().damaged.get(&id).copied());
        let copies = self.extra().copies.get(&id);
        for (agent, fields) in backup.get_mut("agents").and_then(Value::as_object_mut).into_iter().flatten() {
            let Some(fields) = fields.as_object_mut() else { continue };
            if agent == LOCAL {
                let same = local
                    .0
                    .as_ref()
                    .filter(|(size, _)| fields.get("size").and_then(Value::as_u64) == Some(*size));
                fields.insert("verified".into(), json!(same.map(|(_, at)| at)));
                continue;
            }
            let known = copies.and_then(|copies| copies.get(agent));
            let is_same = known.is_some_and(|known| is_unchanged(known, fields));
            let known = known.filter(|known| is_same || known.get("damaged").is_some());
            for (key, from) in [("verified", "at"), ("proof", "proof"), ("damaged", "damaged")] {
                let value = known.and_then(|known| known.get(from)).filter(|value| !value.is_null());
                let is_damaged = known.is_some_and(|known| known.get("damaged").is_some());
                match value {
                    Some(value) if key != "verified" || !is_damaged => {
                        fields.insert(key.into(), value.clone());
                    }
                    _ if key == "verified" => {
                        fields.insert(key.into(), Value::Null);
                    }
                    _ => {}
                }
            }
        }
        let waiting: Map<String, Value> = self
            .pending()
            .iter()
            .filter(|it| it.backup_id == id)
            .map(|it| {
                (it.agent_id.clone(), json!({"next": it.next, "error": it.error, "attempts": it.attempts}))
            })
            .collect();
        if let Some(fields) = backup.as_object_mut().filter(|_| !waiting.is_empty()) {
            fields.insert("pending".into(), waiting.into());
        }
    }
}
