//! Finishes an upload under its final name, and finds out what became of it when the answer was lost.

use super::context::Context;
use super::ledger::{Entry, Ledger};
use super::retry::{self, Patience};
use crate::error::{Error, Kind, Result};
use crate::limits;
use crate::protocol::Part;
use crate::stop::Stop;

/// What `finish` led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// The object has its final name and the right size.
    Yes,
    /// So it is, but who put it there is unclear: this upload, or an earlier one of the same source.
    Found,
    /// The server has forgotten the upload: it begins anew.
    Forgotten,
}

/// What lies under the final name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Right,
    Wrong(u64),
    Missing,
}

/// Finishes an upload whose parts have all been sent. `Unclear` if it is not known in the end whether it was done.
pub fn publish(
    context: &Context,
    ledger: &Ledger,
    entry: &mut Entry,
    parts: &[Part],
    patience: &Patience,
    stop: &Stop,
) -> Result<Published> {
    let mut may_be_done = entry.finishing;
    entry.finishing = true;
    ledger.save(context, entry)?;
    let handle = entry.handle.clone().unwrap_or_default();
    let (mut attempts, mut was_unclear) = (0, false);
    loop {
        stop.check()?;
        let answer = context.protocol.finish(&entry.upload(), &handle, parts, stop);
        let error = match answer {
            Ok(()) => return confirm(context, entry, stop),
            Err(error) => error,
        };
        stop.check()?;
        let seen = match error.kind {
            // The request may not have reached the server, so it is asked again before long.
            Kind::Unclear => {
                let time = limits::UNCLEAR_FIRST.saturating_mul(1 << attempts.min(10));
                look(context, entry, time.min(limits::UNCLEAR_TIME), stop)
            }
            // An earlier request that is still worked on may be why the upload is not known.
            Kind::NotFound if was_unclear => look(context, entry, limits::CONFIRM_TIME, stop),
            // Somebody else's, even if it has the same size.
            Kind::Exists if !may_be_done => return Err(error),
            _ => look_once(context, entry, stop),
        };
        let seen = seen.map_err(|error| unclear(entry, error))?;
        was_unclear |= error.kind == Kind::Unclear;
        let is_final = !error.is_transient() && !matches!(error.kind, Kind::Exists | Kind::NotFound);
        if is_final && seen == Seen::Missing {
            return Err(error);
        }
        match seen {
            Seen::Right => return Ok(Published::Found),
            Seen::Wrong(_) if error.kind == Kind::Exists => return Err(error),
            Seen::Wrong(_) => return confirm(context, entry, stop),
            Seen::Missing if error.kind == Kind::NotFound => return Ok(Published::Forgotten),
            Seen::Missing if error.kind == Kind::Exists => {
                patience.pause(attempts, Error { kind: Kind::Interrupted, ..error }, stop)?;
            }
            Seen::Missing => patience.pause(attempts, error, stop)?,
        }
        may_be_done = true;
        attempts += 1;
    }
}

/// Waits until the object is there with the right size. One of the wrong size is deleted.
pub fn confirm(context: &Context, entry: &Entry, stop: &Stop) -> Result<Published> {
    match look(context, entry, limits::CONFIRM_TIME, stop).map_err(|error| unclear(entry, error))? {
        Seen::Right => Ok(Published::Yes),
        Seen::Missing => Err(Error::new(
            Kind::Unclear,
            format!("the server says that it has stored {}, and does not have it", entry.name),
        )),
        Seen::Wrong(size) => {
            let (name, wanted) = (&entry.name, entry.size);
            let what = format!("{name} has {size} bytes at the server instead of {wanted}");
            Err(remove(context, name, what, stop))
        }
    }
}

/// The upload may be finished, so it must not be forgotten.
fn unclear(entry: &Entry, error: Error) -> Error {
    match error.kind {
        Kind::Stopped => error,
        _ => Error::new(Kind::Unclear, format!("it is unclear whether {} was stored: {error}", entry.name)),
    }
}

/// Deletes an object that is not what was sent. Returns the error that tells it.
pub fn remove(context: &Context, name: &str, what: String, stop: &Stop) -> Error {
    match retry::call(context, stop, || context.protocol.delete(name, stop)) {
        Ok(()) => Error::new(Kind::Interrupted, format!("{what}; it was deleted")),
        Err(error) if error.kind == Kind::Stopped => error,
        Err(error) => Error::new(
            Kind::Unclear,
            format!("{what}, and it cannot be deleted ({error}); delete it before something relies on it"),
        ),
    }
}

/// Whether the object is there with the right size, after one successful answer.
pub fn is_there(context: &Context, entry: &Entry, stop: &Stop) -> Result<bool> {
    Ok(look_once(context, entry, stop)? == Seen::Right)
}

fn look_once(context: &Context, entry: &Entry, stop: &Stop) -> Result<Seen> {
    retry::call(context, stop, || stat(context, entry, stop))
}

/// Looks until the object is right, for at most that long. Servers may show it growing.
fn look(context: &Context, entry: &Entry, time: std::time::Duration, stop: &Stop) -> Result<Seen> {
    let patience = Patience::new(context, time);
    let mut attempts = 0;
    loop {
        stop.check()?;
        let seen = stat(context, entry, stop);
        match seen {
            Ok(Seen::Right) => return Ok(Seen::Right),
            Err(error) if !error.is_transient() => {
                stop.check()?;
                return Err(error);
            }
            _ => {}
        }
        let waiting = Error::new(Kind::Unclear, format!("it is unclear whether {} was stored", entry.name));
        if let Err(error) = patience.pause(attempts, waiting, stop) {
            return match (error.kind, seen) {
                (Kind::Stopped, _) => Err(error),
                (_, Ok(seen)) => Ok(seen),
                (_, Err(seen)) => Err(Error::new(Kind::Unclear, format!("{}: {seen}", error.message))),
            };
        }
        attempts += 1;
    }
}

fn stat(context: &Context, entry: &Entry, stop: &Stop) -> Result<Seen> {
    Ok(match context.protocol.stat(&entry.name, stop)? {
        None => Seen::Missing,
        Some(object) if object.size == entry.size => Seen::Right,
        Some(object) => Seen::Wrong(object.size),
    })
}
