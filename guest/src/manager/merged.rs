//! Merges the lists of several locations: a backup that is in several of them is one backup with several copies.
//!
//! Pure. The first location that has a backup describes it.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

/// The lists so far.
#[derive(Default)]
pub struct Merged {
    backups: Vec<Value>,
    /// The index of each backup by its id.
    by_id: HashMap<String, usize>,
    errors: Map<String, Value>,
    unreadable: Vec<Value>,
}

impl Merged {
    /// Adds the list of one location.
    pub fn add(&mut self, mut info: Value) {
        let mut take = |key: &str| info.get_mut(key).map(Value::take).unwrap_or_default();
        if let Value::Array(backups) = take("backups") {
            backups.into_iter().for_each(|backup| self.add_backup(backup));
        }
        if let Value::Array(unreadable) = take("unreadable") {
            self.unreadable.extend(unreadable);
        }
        if let Value::Object(errors) = take("agent_errors") {
            self.errors.extend(errors);
        }
    }

    /// A location could not be asked at all.
    pub fn fail(&mut self, agent_id: &str, message: String) {
        self.errors.insert(agent_id.to_owned(), message.into());
    }

    fn add_backup(&mut self, mut backup: Value) {
        let id = backup.get("backup_id").and_then(Value::as_str).unwrap_or_default();
        match self.by_id.get(id).and_then(|index| self.backups.get_mut(*index)) {
            None => {
                self.by_id.insert(id.to_owned(), self.backups.len());
                self.backups.push(backup);
            }
            Some(known) => {
                let agents = known.get_mut("agents").and_then(Value::as_object_mut);
                let more = backup.get_mut("agents").map(Value::take);
                if let (Some(agents), Some(Value::Object(more))) = (agents, more) {
                    agents.extend(more);
                }
            }
        }
    }

    /// Home Assistant's answer, the newest backup first.
    pub fn finish(mut self) -> Value {
        let date = |backup: &Value| backup.get("date").and_then(Value::as_str).map(str::to_owned);
        self.backups.sort_by_key(|backup| std::cmp::Reverse(date(backup)));
        json!({
            "backups": self.backups,
            "agent_errors": self.errors,
            "agent_error_translations": {},
            "unreadable": self.unreadable,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_in_two_locations_is_listed_once_with_both_copies() {
        let backup = |agent: &str, id: &str, date: &str| json!({"backups": [{"backup_id": id, "date": date, "agents": {agent: {"size": 1}}}]});
        let mut merged = Merged::default();
        merged.add(backup("backup.local", "a", "2026-01-01"));
        merged.add(backup("s3.x", "b", "2026-01-02"));
        merged.add(backup("webdav.x", "a", "2026-01-01"));
        merged.fail("sftp.x", "no route".into());
        let all = merged.finish();
        let ids: Vec<_> =
            all["backups"].as_array().unwrap().iter().map(|it| it["backup_id"].clone()).collect();
        assert_eq!(ids, ["b", "a"]);
        let agents = all["backups"][1]["agents"].as_object().unwrap();
        assert_eq!(agents.keys().collect::<Vec<_>>(), ["backup.local", "webdav.x"]);
        assert_eq!(all["agent_errors"]["sftp.x"], "no route");
    }
}
