//! Persistent notifications: they survive restarts and stay until they are dismissed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::automation::script::Failure;
use crate::service::host::Host;
use crate::storage::documents::Documents;
use crate::tunables::{MAX_EVENT, MAX_NOTIFICATIONS};

const DOCUMENT: &str = "notifications";

/// One notification, in its stored form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Notification {
    pub title: Option<String>,
    pub message: String,
    /// ISO 8601, UTC.
    pub created_at: String,
}

/// All notifications that were not dismissed, by id. Stored as a document of the host.
pub struct Notifications {
    documents: Documents,
}

impl Notifications {
    pub fn new(documents: Documents) -> Self {
        Self { documents }
    }

    /// All notifications. An unreadable document counts as empty: a lost notification must not stop anything else.
    pub fn all(&self) -> BTreeMap<String, Notification> {
        let text = self.documents.load(DOCUMENT).ok().flatten().unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Does one of Home Assistant's actions `persistent_notification.NAME`.
    pub(super) fn call(&self, host: &Host, name: &str, data: &Value) -> Result<Value, Failure> {
        let mut all = self.all();
        match name {
            "create" => {
                let (id, notification) = created(host, data)?;
                all.insert(id, notification);
                // Home Assistant has no limit; a loop must not fill the disk.
                while all.len() > MAX_NOTIFICATIONS
                    && let Some(oldest) = all.iter().min_by_key(|(_, it)| it.created_at.clone())
                {
                    let oldest = oldest.0.clone();
                    all.remove(&oldest);
                }
            }
            "dismiss" => {
                let id = text(data, "notification_id")?;
                all.remove(&id.ok_or_else(|| {
                    wrong("persistent_notification.dismiss needs a notification_id".into())
                })?);
            }
            "dismiss_all" => all.clear(),
            _ => {
                return Err(wrong(format!(
                    "unknown action persistent_notification.{name}; use create, dismiss or dismiss_all"
                )));
            }
        }
        let stored = serde_json::to_string_pretty(&all).map_err(|error| wrong(error.to_string()))?;
        self.documents
            .save(DOCUMENT, &stored)
            .map_err(|error| Failure { message: error.to_string(), is_final: false })?;
        Ok(json!({}))
    }
}

fn created(host: &Host, data: &Value) -> Result<(String, Notification), Failure> {
    let message = text(data, "message")?
        .ok_or_else(|| wrong("persistent_notification.create needs a message".into()))?;
    if data.to_string().len() > MAX_EVENT {
        return Err(wrong(format!("the notification is larger than {MAX_EVENT} bytes; shorten its message")));
    }
    let now = host.clock().now();
    let id = text(data, "notification_id")?
        .unwrap_or_else(|| format!("notification_{}_{}", now.seconds, now.nanoseconds));
    let title = text(data, "title")?;
    Ok((id, Notification { title, message, created_at: now.to_iso() }))
}

/// A field as text. Templates may yield numbers or booleans, which become text.
fn text(data: &Value, key: &str) -> Result<Option<String>, Failure> {
    match data.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(other @ (Value::Number(_) | Value::Bool(_))) => Ok(Some(other.to_string())),
        Some(_) => Err(wrong(format!("`{key}` of a notification must be text"))),
    }
}

fn wrong(message: String) -> Failure {
    Failure { message, is_final: true }
}
