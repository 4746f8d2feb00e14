//! What a person does with keys: a new one, the key ring, the emergency kit. Files are the host's; here they are text.

use serde_json::{Value, json};

use crate::error::{Failure, Result};
use crate::home::Home;
use crate::key::{self, Kit};
use crate::key_ring::{Entry, KeyRing};
use crate::model::{KeyLabel, KeyRequest};
use crate::ports::Outside;

/// A new key.
pub fn new_key(outside: &dyn Outside) -> Value {
    let key = key::new_key(&mut |bytes: &mut [u8]| outside.random(bytes));
    json!({"key": key.reveal()})
}

/// The key ring with one more key.
pub fn add_key(outside: &dyn Outside, request: &KeyRequest) -> Result<Value> {
    let mut ring = KeyRing::of(request.unlock.key_ring.as_ref())?;
    let (Some(key), Some(label)) = (request.unlock.password.clone(), request.label.clone()) else {
        return Err(Failure::invalid("a key and its label are needed"));
    };
    let created = Home::read(outside, outside.snapshot().as_ref()).local(outside.now());
    let created = created.format("%Y-%m-%dT%H:%M:%S%:z").to_string();
    ring.add(Entry { label, key, created })?;
    Ok(json!({"key_ring": ring.to_json().as_str()}))
}

/// What is in the key ring, without the keys.
pub fn list(request: &KeyRequest) -> Result<Value> {
    let ring = KeyRing::of(request.unlock.key_ring.as_ref())?;
    let label = |entry: &Entry| KeyLabel { label: entry.label.clone(), created: entry.created.clone() };
    Ok(json!({"keys": ring.entries().iter().map(label).collect::<Vec<_>>()}))
}

/// The sheet to print.
pub fn emergency_kit(outside: &dyn Outside, request: &KeyRequest) -> Result<Value> {
    let Some(key) = request.unlock.chosen()? else {
        return Err(Failure::invalid("which key? Give one, or the label of one in the key ring"));
    };
    let home = Home::read(outside, outside.snapshot().as_ref());
    let date = home.local(outside.now()).format("%-d %B %Y").to_string();
    let kit = Kit {
        key: &key,
        home: home.name.as_deref().unwrap_or("(not known)"),
        instance: home.instance_id.as_deref().unwrap_or("(not known)"),
        date: &date,
    };
    Ok(json!({"text": key::emergency_kit(&kit).as_str()}))
}
