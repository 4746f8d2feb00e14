//! Discards the unfinished uploads that nobody will finish.

use super::context::Context;
use super::ledger::{Entry, Ledger};
use super::publish;
use super::retry;
use crate::error::{Error, Kind, Result};
use crate::stop::Stop;

/// Discards the uploads whose final name is not wanted. Says what was removed and what could not be.
pub fn clean(
    context: &Context,
    ledger: &Ledger,
    is_wanted: &dyn Fn(&str) -> bool,
    stop: &Stop,
) -> Vec<String> {
    let mut sentences = Vec::new();
    for entry in ledger.entries() {
        if stop.is_stopped() {
            break;
        }
        if !entry.is_probe && is_wanted(&entry.name) {
            continue;
        }
        // What is being uploaded now is left alone.
        let Ok(_claim) = ledger.claim(&entry.name) else { continue };
        let name = &entry.name;
        match discard(context, ledger, &entry, stop) {
            Ok(Discarded::Upload) => sentences.push(format!("removed the unfinished upload of {name}")),
            Ok(Discarded::Nothing) => {
                sentences.push(format!("{name} was uploaded, but the proof of it was cut off; verify it"));
            }
            Err(error) if error.kind == Kind::Stopped => {}
            Err(error) => sentences.push(format!("cannot remove the unfinished upload of {name}: {error}")),
        }
    }
    sentences
}

enum Discarded {
    Upload,
    /// The object has its final name: it may be all that there is of a backup.
    Nothing,
}

fn discard(context: &Context, ledger: &Ledger, entry: &Entry, stop: &Stop) -> Result<Discarded> {
    let is_object = !entry.is_probe && is_object(context, ledger, &entry.name, stop)?;
    let handle = entry.handle.as_deref();
    if !(is_object && handle == Some(&entry.name)) {
        retry::call(context, stop, || context.protocol.discard(&entry.upload(), handle, stop))?;
    }
    // Cut off while it was put in its place: what is there is not whole.
    let is_fragment = entry.finishing && !is_object;
    if entry.is_probe || is_fragment {
        delete_fragment(context, entry, stop)?;
    }
    ledger.remove(context, &entry.token)?;
    Ok(if is_object { Discarded::Nothing } else { Discarded::Upload })
}

/// Whether one of the uploads to that name was finished.
fn is_object(context: &Context, ledger: &Ledger, name: &str, stop: &Stop) -> Result<bool> {
    for entry in ledger.of(name).iter().filter(|entry| entry.finishing) {
        if publish::is_there(context, entry, stop)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn delete_fragment(context: &Context, entry: &Entry, stop: &Stop) -> Result<()> {
    let there = retry::call(context, stop, || context.protocol.stat(&entry.name, stop))?;
    match there {
        Some(there) if entry.is_probe || there.size != entry.size => {
            retry::call(context, stop, || context.protocol.delete(&entry.name, stop))
        }
        Some(_) => Err(Error::new(Kind::Unclear, "it appeared under its final name just now")),
        None => Ok(()),
    }
}
