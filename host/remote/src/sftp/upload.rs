//! Sends a file: written strictly in order, with several requests in flight.

use std::collections::VecDeque;
use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::requests::{FSYNC, Reply, done};
use super::session::{Session, Ticket};
use super::status::Status;
use crate::error::{Error, Kind, Result};
use crate::limits;
use crate::protocol::Body;
use crate::stop::Stop;

/// How many WRITEs may be without an answer. Some servers work on several at once, and fail if one overtakes another: rclone on a busy machine.
pub struct Pace(AtomicUsize);

impl Default for Pace {
    fn default() -> Self {
        Self(AtomicUsize::new(limits::SFTP_WRITES))
    }
}

impl Pace {
    fn writes(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// The next attempt has fewer at once.
    fn failed(&self, writes: usize) {
        self.0.store((writes / limits::SFTP_FEWER).max(1), Ordering::Relaxed);
    }

    fn succeeded(&self) {
        self.0.store(limits::SFTP_WRITES, Ordering::Relaxed);
    }
}

/// Writes a body to a new file, which the server has on its disk afterward where it can say so.
pub fn send(session: &Session, path: &str, mut body: Body, pace: &Pace, stop: &Stop) -> Result<()> {
    let handle = session
        .open_to_write(path, stop)?
        .map_err(|status| status.error(format_args!("cannot create {path}")))?;
    let written = write(session, &handle, path, &mut body, pace, stop)
        .and_then(|()| flush(session, &handle, path, stop));
    if let Err(error) = written {
        session.close_unasked(&handle);
        return Err(error);
    }
    session.close(&handle, stop)?.map_err(|status| failure(session, path, &status, stop))?;
    let size =
        session.lstat(path, stop)?.map_err(|status| status.error(format_args!("cannot find {path}")))?.size;
    match size {
        Some(size) if size != body.size => Err(Error::new(
            Kind::Interrupted,
            format!("the server has {size} of {} bytes of {path}", body.size),
        )),
        _ => {
            pace.succeeded();
            Ok(())
        }
    }
}

fn write(
    session: &Session,
    handle: &[u8],
    path: &str,
    body: &mut Body,
    pace: &Pace,
    stop: &Stop,
) -> Result<()> {
    let writes = pace.writes();
    let mut asked: VecDeque<Ticket> = VecDeque::new();
    let mut block = vec![0; limits::SFTP_BLOCK];
    let mut offset: u64 = 0;
    while offset < body.size {
        let rest = usize::try_from(body.size.saturating_sub(offset)).unwrap_or(usize::MAX);
        let length = rest.min(block.len());
        let Some(block) = block.get_mut(..length) else { break };
        body.reader.read_exact(block).map_err(broken_body)?;
        while asked.front().is_some_and(|ticket| asked.len() >= writes || ticket.is_answered()) {
            take(session, &mut asked, path, stop)?.map_err(|error| slower(pace, writes, error))?;
        }
        asked.push_back(session.begin_write(handle, offset, block, stop)?);
        offset = offset.saturating_add(length as u64);
    }
    while !asked.is_empty() {
        take(session, &mut asked, path, stop)?.map_err(|error| slower(pace, writes, error))?;
    }
    Ok(())
}

fn slower(pace: &Pace, writes: usize, error: Error) -> Error {
    if error.is_transient() {
        pace.failed(writes);
    }
    error
}

/// The inner error is a refusal of the server, the outer one that of the line.
fn take(
    session: &Session,
    asked: &mut VecDeque<Ticket>,
    path: &str,
    stop: &Stop,
) -> Result<std::result::Result<(), Error>> {
    let Some(ticket) = asked.pop_front() else { return Ok(Ok(())) };
    let reply: Reply<()> = done(ticket.wait(limits::SFTP_ANSWER, stop)?);
    Ok(reply?.map_err(|status| failure(session, path, &status, stop)))
}

/// Servers that cannot flush are not asked, or say so; what the disk says counts.
fn flush(session: &Session, handle: &[u8], path: &str, stop: &Stop) -> Result<()> {
    if !session.offers(FSYNC) {
        return Ok(());
    }
    match session.flush(handle, stop)? {
        Err(status) if status.kind() == Kind::NoSpace => Err(failure(session, path, &status, stop)),
        _ => Ok(()),
    }
}

/// The error of a write. A full disk is mostly just a failure, so the server is asked how much space there is.
fn failure(session: &Session, path: &str, status: &Status, stop: &Stop) -> Error {
    let error = status.error(format_args!("cannot write {path}"));
    let folder =
        path.rsplit_once('/').map_or(".", |(folder, _)| if folder.is_empty() { "/" } else { folder });
    if status.code != 4 || error.kind == Kind::NoSpace {
        return error;
    }
    match session.free(folder, stop) {
        Ok(Ok(Some(free))) if free < FULL => {
            Error::new(Kind::NoSpace, format!("cannot write {path}: the server has only {free} bytes left"))
        }
        _ => error,
    }
}

/// With less than this many bytes free, a failed write counts as one to a full disk.
const FULL: u64 = 1024 * 1024;

/// The reader of a body may pass on an error of this crate.
fn broken_body(error: std::io::Error) -> Error {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(own) => own.clone(),
        None => Error::new(Kind::Changed, format!("cannot read the local file: {error}")),
    }
}
