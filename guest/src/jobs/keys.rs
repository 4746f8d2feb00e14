//! New keys, changes to the key ring, and the emergency kit.
//!
//! Works on the text of a key ring. Files are the host's job.

use serde_json::{Value, json};

use crate::error::{Failure, Result};
use crate::home::Home;
use crate::model::{KeyLabel, KeyRequest};
use crate::ports::Host;
use crate::protection::key;
use crate::protection::key::Kit;
use crate::protection::key_ring::{Entry, KeyRing};

/// Makes a new key. Stores nothing.
pub fn new_key(host: &dyn Host) -> Value {
    let key = key::new_key(&mut |bytes: &mut [u8]| host.random(bytes));
    json!({"key": key.reveal()})
}

/// Adds a key to the key ring. Returns the new text of the ring.
pub fn add_key(host: &dyn Host, request: &KeyRequest) -> Result<Value> {
    let mut ring = KeyRing::of(request.unlock.key_ring.as_ref())?;
    let (Some(key), Some(label)) = (request.unlock.password.clone(), request.label.clone()) else {
        return Err(Failure::invalid("a key and its label are needed"));
    };
    if let Some(known) = ring.label_of(&key).filter(|_| request.unique) {
        return Ok(json!({"key_ring": ring.to_json().as_str(), "label": known, "added": false}));
    }
    let label = if request.unique { ring.free_label(&label) } else { label };
    let warnings = request.unlock.doubts();
    let created = Home::read(host, host.snapshot().as_ref()).local(host.now());
    let created = created.format("%Y-%m-%dT%H:%M:%S%:z").to_string();
    ring.insert(Entry { label: label.clone(), key, created })?;
    let mut answer = json!({"key_ring": ring.to_json().as_str(), "label": label, "added": true});
    if let Some(fields) = answer.as_object_mut().filter(|_| !warnings.is_empty()) {
        fields.insert("warnings".into(), warnings.into());
    }
    Ok(answer)
}

/// Removes a key from the key ring. Returns the new text of the ring.
pub fn remove_key(request: &KeyRequest) -> Result<Value> {
    let mut ring = KeyRing::of(request.unlock.key_ring.as_ref())?;
    ring.remove(label(request)?)?;
    Ok(json!({"key_ring": ring.to_json().as_str()}))
}

/// Renames a key of the key ring. Returns the new text of the ring.
pub fn rename_key(request: &KeyRequest) -> Result<Value> {
    let mut ring = KeyRing::of(request.unlock.key_ring.as_ref())?;
    let Some(new) = &request.new_label else {
        return Err(Failure::invalid("the new label of the key is needed"));
    };
    ring.rename(label(request)?, new)?;
    Ok(json!({"key_ring": ring.to_json().as_str()}))
}

/// Shows a key of the key ring.
pub fn show_key(request: &KeyRequest) -> Result<Value> {
    let ring = KeyRing::of(request.unlock.key_ring.as_ref())?;
    Ok(json!({"key": ring.get(label(request)?)?.key.reveal()}))
}

fn label(request: &KeyRequest) -> Result<&str> {
    request.label.as_deref().ok_or_else(|| Failure::invalid("the label of a key is needed"))
}

/// Lists the key ring without the keys themselves.
pub fn list(request: &KeyRequest) -> Result<Value> {
    let ring = KeyRing::of(request.unlock.key_ring.as_ref())?;
    let label = |entry: &Entry| KeyLabel { label: entry.label.clone(), created: entry.created.clone() };
    Ok(json!({"keys": ring.entries().iter().map(label).collect::<Vec<_>>()}))
}

/// The emergency kit, as text to print.
pub fn emergency_kit(host: &dyn Host, request: &KeyRequest) -> Result<Value> {
    let Some(key) = request.unlock.chosen()? else {
        return Err(Failure::invalid("which key? Give one, or the label of one in the key ring"));
    };
    let home = Home::read(host, host.snapshot().as_ref());
    let date = home.local(host.now()).format("%-d %B %Y").to_string();
    let kit = Kit {
        key: &key,
        home: home.name.as_deref().unwrap_or("(not known)"),
        instance: home.instance_id.as_deref().unwrap_or("(not known)"),
        date: &date,
    };
    Ok(json!({"text": key::emergency_kit(&kit).as_str()}))
}
