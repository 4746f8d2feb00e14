//! The requests of SFTP as calls. An error is one of the session; a refusal of the server is a [`Status`].

use super::line::nonsense;
use super::session::{Session, Ticket};
use super::status::{self, Status};
use super::wire::{self, Answer, Attributes, Entry};
use crate::error::{Error, Kind, Result};
use crate::limits;
use crate::stop::Stop;

/// What the server answers.
pub type Reply<T> = Result<std::result::Result<T, Status>>;

impl Session {
    pub fn stat(&self, path: &str, stop: &Stop) -> Reply<Attributes> {
        self.attributes(wire::STAT, path, stop)
    }

    /// Like `stat`, but of a link itself.
    pub fn lstat(&self, path: &str, stop: &Stop) -> Reply<Attributes> {
        self.attributes(wire::LSTAT, path, stop)
    }

    fn attributes(&self, kind: u8, path: &str, stop: &Stop) -> Reply<Attributes> {
        let ticket = self.request(kind, path.len(), |packet| packet.bytes(path.as_bytes()), stop)?;
        match ticket.wait(limits::SFTP_ANSWER, stop)? {
            Answer::Attributes(attributes) => Ok(Ok(attributes)),
            other => refused(other),
        }
    }

    /// Opens a file for reading.
    pub fn open_to_read(&self, path: &str, stop: &Stop) -> Reply<Vec<u8>> {
        let request =
            |packet: wire::Packet| packet.bytes(path.as_bytes()).u32(wire::OPEN_READ).no_attributes();
        self.handle(self.request(wire::OPEN, path.len(), request, stop)?, stop)
    }

    /// Creates a file, or empties it, for its owner alone.
    pub fn open_to_write(&self, path: &str, stop: &Stop) -> Reply<Vec<u8>> {
        let flags = wire::OPEN_WRITE | wire::OPEN_CREATE | wire::OPEN_TRUNCATE;
        let request = |packet: wire::Packet| packet.bytes(path.as_bytes()).u32(flags).permissions(0o600);
        self.handle(self.request(wire::OPEN, path.len(), request, stop)?, stop)
    }

    fn open_folder(&self, path: &str, stop: &Stop) -> Reply<Vec<u8>> {
        self.handle(
            self.request(wire::OPENDIR, path.len(), |packet| packet.bytes(path.as_bytes()), stop)?,
            stop,
        )
    }

    fn handle(&self, ticket: Ticket, stop: &Stop) -> Reply<Vec<u8>> {
        match ticket.wait(limits::SFTP_ANSWER, stop)? {
            Answer::Handle(handle) => Ok(Ok(handle)),
            other => refused(other),
        }
    }

    /// All regular files of a folder.
    pub fn entries(&self, path: &str, stop: &Stop) -> Reply<Vec<Entry>> {
        let handle = match self.open_folder(path, stop)? {
            Ok(handle) => handle,
            Err(status) => return Ok(Err(status)),
        };
        let entries = self.files(&handle, path, stop);
        self.close_unasked(&handle);
        entries
    }

    fn files(&self, handle: &[u8], path: &str, stop: &Stop) -> Reply<Vec<Entry>> {
        let mut files = Vec::new();
        let mut seen: usize = 0;
        while seen <= limits::SFTP_ENTRIES {
            let ticket = self.request(wire::READDIR, handle.len(), |packet| packet.bytes(handle), stop)?;
            match ticket.wait(limits::SFTP_ANSWER, stop)? {
                Answer::Names(names) if names.is_empty() => return Err(nonsense()),
                Answer::Names(names) => {
                    seen = seen.saturating_add(names.len());
                    let kept = names.into_iter().filter(|entry| entry.is_file() && entry.name.len() <= 255);
                    // The lines are longer than all else.
                    files.extend(kept.map(|entry| Entry { line: Vec::new(), ..entry }));
                }
                Answer::Status(status::END, _) => return Ok(Ok(files)),
                other => return refused(other),
            }
        }
        let message = format!("{path} holds more than {} names", limits::SFTP_ENTRIES);
        Err(Error::new(Kind::Invalid, message))
    }

    /// Closes a file that was written. Its errors are errors of the writing.
    pub fn close(&self, handle: &[u8], stop: &Stop) -> Reply<()> {
        let ticket = self.request(wire::CLOSE, handle.len(), |packet| packet.bytes(handle), stop)?;
        done(ticket.wait(limits::SFTP_FLUSH, stop)?)
    }

    /// Closes a file whatever happens, without waiting: it would stay open on the server otherwise.
    pub fn close_unasked(&self, handle: &[u8]) {
        self.tell(wire::CLOSE, handle.len(), |packet| packet.bytes(handle));
    }

    pub fn begin_read(&self, handle: &[u8], offset: u64, length: u32, stop: &Stop) -> Result<Ticket> {
        self.request(wire::READ, handle.len(), |packet| packet.bytes(handle).u64(offset).u32(length), stop)
    }

    pub fn begin_write(&self, handle: &[u8], offset: u64, data: &[u8], stop: &Stop) -> Result<Ticket> {
        let fields = |packet: wire::Packet| packet.bytes(handle).u64(offset).bytes(data);
        self.request(wire::WRITE, handle.len() + data.len(), fields, stop)
    }

    pub fn remove(&self, path: &str, stop: &Stop) -> Reply<()> {
        let ticket = self.request(wire::REMOVE, path.len(), |packet| packet.bytes(path.as_bytes()), stop)?;
        done(ticket.wait(limits::SFTP_ANSWER, stop)?)
    }

    /// Makes a folder for its owner alone.
    pub fn make_folder(&self, path: &str, stop: &Stop) -> Reply<()> {
        let fields = |packet: wire::Packet| packet.bytes(path.as_bytes()).permissions(0o700);
        done(self.request(wire::MKDIR, path.len(), fields, stop)?.wait(limits::SFTP_ANSWER, stop)?)
    }

    /// Lets the owner write a file.
    pub fn make_writable(&self, path: &str, stop: &Stop) -> Reply<()> {
        let fields = |packet: wire::Packet| packet.bytes(path.as_bytes()).permissions(0o600);
        done(self.request(wire::SETSTAT, path.len(), fields, stop)?.wait(limits::SFTP_ANSWER, stop)?)
    }

    /// Whether it replaces an existing file depends on the server.
    pub fn rename(&self, old: &str, new: &str, stop: &Stop) -> Reply<()> {
        let fields = |packet: wire::Packet| packet.bytes(old.as_bytes()).bytes(new.as_bytes());
        done(
            self.request(wire::RENAME, old.len() + new.len(), fields, stop)?
                .wait(limits::SFTP_ANSWER, stop)?,
        )
    }

    /// Replaces an existing file.
    pub fn posix_rename(&self, old: &str, new: &str, stop: &Stop) -> Reply<()> {
        let fields = |packet: wire::Packet| {
            packet.bytes(POSIX_RENAME.as_bytes()).bytes(old.as_bytes()).bytes(new.as_bytes())
        };
        done(
            self.request(wire::EXTENDED, old.len() + new.len(), fields, stop)?
                .wait(limits::SFTP_ANSWER, stop)?,
        )
    }

    /// Waits until the server has the bytes of a file on its disk.
    pub fn flush(&self, handle: &[u8], stop: &Stop) -> Reply<()> {
        let fields = |packet: wire::Packet| packet.bytes(FSYNC.as_bytes()).bytes(handle);
        done(self.request(wire::EXTENDED, handle.len(), fields, stop)?.wait(limits::SFTP_FLUSH, stop)?)
    }

    /// Free bytes. `None` if the server does not know.
    pub fn free(&self, path: &str, stop: &Stop) -> Reply<Option<u64>> {
        if !self.offers(STATVFS) {
            return Ok(Ok(None));
        }
        let fields = |packet: wire::Packet| packet.bytes(STATVFS.as_bytes()).bytes(path.as_bytes());
        match self.request(wire::EXTENDED, path.len(), fields, stop)?.wait(limits::SFTP_ANSWER, stop)? {
            Answer::Extended(reply) => Ok(Ok(wire::free_bytes(&reply))),
            other => refused(other),
        }
    }
}

pub const POSIX_RENAME: &str = "posix-rename@openssh.com";
pub const FSYNC: &str = "fsync@openssh.com";
const STATVFS: &str = "statvfs@openssh.com";

/// An answer that ought to be a status.
pub fn done(answer: Answer) -> Reply<()> {
    match answer {
        Answer::Status(status::OK, _) => Ok(Ok(())),
        other => refused(other),
    }
}

/// An answer that ought to be something else than a success without content.
pub fn refused<T>(answer: Answer) -> Reply<T> {
    match answer {
        Answer::Status(code, text) if code != status::OK => Ok(Err(Status { code, text })),
        _ => Err(nonsense()),
    }
}
