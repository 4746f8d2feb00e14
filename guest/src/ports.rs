//! What the logic needs from outside, as small traits; `wit/` says what each promises.
//!
//! No generated type and no effect here: `component.rs` implements these with the contract's imports, tests as they like.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;

use larder_zone::Zone;

use crate::archive::{Entry, Instant};
use crate::error::Failure;

pub type Outcome<T> = Result<T, Fault>;

/// What the host could not do, named by what can be done about it (`wit/types.wit`, `error`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub cause: Cause,
    pub message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    NotFound,
    Exists,
    Denied,
    Invalid,
    InUse,
    NoSpace,
    Limit,
    Io,
    /// A reason that a later host has and this plugin does not know.
    Other,
}

impl Fault {
    pub fn unexpected(error: impl fmt::Display) -> Self {
        Self { cause: Cause::Io, message: error.to_string() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

/// A fault travels through `std::io` unharmed: `Failure::archive` takes it out again.
impl From<Fault> for io::Error {
    fn from(fault: Fault) -> Self {
        Self::other(fault)
    }
}

/// The world.
pub trait Outside {
    fn start_job(&self, kind: &str, input: &str) -> Outcome<Box<dyn Job>>;
    fn report(&self, stage: &str, done: u64, total: Option<u64>);
    fn emit(&self, topic: &str, data: &str);
    /// Shows an entity's state; `attributes` is a JSON object.
    fn publish(&self, entity_id: &str, state: &str, attributes: &str);
    /// Has the manager's timer `name` fire then, or at once when that is past.
    fn set_timer(&self, name: &str, at: Instant);
    fn cancel_timer(&self, name: &str);
    fn load_document(&self, name: &str) -> Outcome<Option<String>>;
    /// Durable when it returns.
    fn save_document(&self, name: &str, text: &str) -> Outcome<()>;
    /// Gives the document that was stored before the one that cannot be used.
    fn set_document_aside(&self, name: &str, reason: &str) -> Outcome<Option<String>>;
    fn now(&self) -> Instant;
    /// Why the machine's clock counts as not set, for people; none when it is.
    fn unset_clock(&self) -> Option<String>;
    /// Fills `bytes` from the system's secure source.
    fn random(&self, bytes: &mut [u8]);
    /// The home's, as its files say now.
    fn time_zone(&self) -> HomeZone;
    fn snapshot(&self) -> Box<dyn Snapshot>;
    fn target(&self, scope: &Scope, force: bool) -> Outcome<Box<dyn Target>>;
    /// The checks of a target, without one: the bytes that could be written.
    fn rehearse_target(&self, scope: &Scope, force: bool) -> Outcome<u64>;
    fn locations(&self) -> Vec<Location>;
    fn objects(&self, location: &str) -> Outcome<Vec<Object>>;
    fn open_object(&self, location: &str, name: &str) -> Outcome<Box<dyn Content>>;
    fn delete_object(&self, location: &str, name: &str) -> Outcome<()>;
    fn draft(&self, location: &str, name: &str) -> Outcome<Box<dyn Draft>>;
    /// The checks of a draft, without one.
    fn may_store(&self, location: &str, name: &str) -> Outcome<()>;
    /// A draft that takes the place of an object when it is published.
    fn replacement(&self, location: &str, name: &str) -> Outcome<Box<dyn Draft>>;
    /// In a job: starts workers, at most so many.
    fn crew(&self, kind: &str, settings: &str, most: u32) -> Outcome<Box<dyn Crew>>;
    /// In a worker: waits for a piece. None at the end.
    fn next_piece(&self) -> Option<Vec<u8>>;
    /// In a worker: gives a part of the answer to its piece.
    fn give(&self, part: &[u8]);
    /// What may be lost, and is to be believed only when it was checked.
    fn load_cached(&self, name: &str) -> Outcome<Box<dyn Content>>;
    fn store_cached(&self, name: &str, bytes: &[u8]) -> Outcome<()>;
}

/// The zone of the home's clocks.
#[derive(Debug, Clone)]
pub struct HomeZone {
    pub zone: Zone,
    /// Who named it, for people.
    pub origin: String,
    /// Whether the home itself names it.
    pub is_of_home: bool,
    /// Names that cannot be used, each with what is used meanwhile.
    pub problems: Vec<String>,
}

/// Started workers.
pub trait Crew {
    /// Pieces that may be under way at once.
    fn capacity(&self) -> usize;
    fn put(&self, piece: &[u8]) -> Outcome<()>;
    /// With bytes of a content behind the piece, which are read when a worker takes it: none when they cannot be.
    fn put_with(&self, piece: &[u8], behind: Place<'_>) -> Outcome<()>;
    /// Waits for the next part of the answer to the earliest piece; none when it is complete.
    fn take(&self) -> Result<Option<Vec<u8>>, Failure>;

    /// All parts of the earliest answer.
    fn take_whole(&self) -> Result<Vec<u8>, Failure> {
        let mut whole = self.take()?.unwrap_or_default();
        while let Some(more) = self.take()? {
            whole.extend_from_slice(&more);
        }
        Ok(whole)
    }
}

pub trait Job {
    fn next(&self) -> Pin<Box<dyn Future<Output = Event> + '_>>;
}

#[derive(Debug)]
pub enum Event {
    Progress { stage: String, done: u64, total: Option<u64> },
    Finished(Result<String, Failure>),
}

pub trait Content {
    fn size(&self) -> u64;
    fn modified(&self) -> Instant;
    fn identity(&self) -> Option<u64>;
    fn note(&self) -> Option<String>;
    fn read(&self, offset: u64, max: u32) -> Outcome<Vec<u8>>;
    /// Says that these bytes are read next, once and in order.
    fn ahead(&self, offset: u64, count: u64);
    /// Itself, for who gave it out.
    fn as_any(&self) -> &dyn Any;
}

/// Where some bytes lie.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    pub content: &'a dyn Content,
    pub offset: u64,
    pub count: u32,
}

impl Place<'_> {
    /// All of them, in as many pieces as the host finds good.
    pub fn read(&self) -> Outcome<Vec<u8>> {
        let mut bytes = self.content.read(self.offset, self.count)?;
        loop {
            let has = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            let left = self.count.saturating_sub(has);
            if left == 0 {
                return Ok(bytes);
            }
            let more = self.content.read(self.offset.saturating_add(has.into()), left)?;
            if more.is_empty() {
                return Err(Fault::unexpected(format!("there are only {has} of {} bytes", self.count)));
            }
            bytes.extend_from_slice(&more);
        }
    }
}

/// One thing in the home.
#[derive(Debug)]
pub enum Listed {
    Entry { entry: Entry, identity: Option<u64> },
    Unusable { path: Vec<u8>, reason: String },
}

pub trait Snapshot {
    fn entries(&self, max: u32) -> Outcome<Vec<Listed>>;
    fn open(&self, path: &[u8]) -> Outcome<Box<dyn Content>>;
    /// Opens one of the few files that say something about the home itself, through symbolic links.
    fn follow(&self, path: &[u8]) -> Outcome<Box<dyn Content>>;
    /// Where a symbolic link leads.
    fn leads(&self, path: &[u8]) -> Outcome<Destination>;
    /// Says which files are opened next, in this order.
    fn expect(&self, paths: &[&[u8]]);
    /// What has to be stored with the database that was opened last, beside what is listed.
    fn companions(&self, path: &[u8]) -> Vec<Vec<u8>>;
    /// Has databases that are opened from now on checked for damage.
    fn check_databases(&self);
    /// Waits for the checks.
    fn findings(&self) -> Vec<Finding>;
}

/// A database that is damaged, or could not be checked.
pub struct Finding {
    pub path: Vec<u8>,
    pub reason: String,
}

/// Where a symbolic link leads in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    Inside,
    Outside,
    Nowhere,
}

/// What a committed target does to what is there already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    Add,
    AllBut(Vec<Vec<u8>>),
    Only(Vec<Vec<u8>>),
}

pub trait Target {
    fn available(&self) -> u64;
    fn add(&self, entry: &Entry) -> Outcome<()>;
    fn add_file(&self, entry: &Entry) -> Outcome<Box<dyn Writer>>;
    /// Reads back from the disk about `max` bytes of what was staged; how many, 0 when all was.
    fn check(&self, max: u64) -> Outcome<u64>;
    fn commit(self: Box<Self>) -> Outcome<Committed>;
}

/// What `Target::commit` did.
pub struct Committed {
    /// What the file system could not hold, one sentence for each kind, for people.
    pub losses: Vec<String>,
    /// The added symbolic links that lead nowhere.
    pub dangling: Vec<Vec<u8>>,
}

pub trait Writer {
    fn append(&self, bytes: &[u8]) -> Outcome<()>;
    fn finish(self: Box<Self>) -> Outcome<()>;
}

#[derive(Debug, Clone)]
pub struct Location {
    pub id: String,
    pub name: String,
    pub writable: bool,
    pub available: Option<u64>,
}

#[derive(Debug, Clone)]
pub struct Object {
    pub name: String,
    pub size: u64,
}

pub trait Draft {
    fn append(&self, bytes: &[u8]) -> Outcome<()>;
    /// Appends bytes that lie elsewhere, without reading them.
    fn append_from(&self, source: Place<'_>) -> Outcome<()>;
    fn patch(&self, offset: u64, bytes: &[u8]) -> Outcome<()>;
    fn read_back(&self) -> Outcome<Box<dyn Content>>;
    /// What could not be promised, for people.
    fn publish(self: Box<Self>) -> Outcome<Vec<String>>;
}

/// Reads a content from start to end, seeking where asked to.
pub struct Reader<'a> {
    content: &'a dyn Content,
    position: u64,
    end: u64,
    chunk: Vec<u8>,
    used: usize,
    most: u32,
}

/// Bytes that are asked for at once by who only looks at headers.
const GLANCE: u32 = 16 * 1024;
/// Bytes asked for at once.
const CHUNK: u32 = 256 * 1024;

impl<'a> Reader<'a> {
    pub fn new(content: &'a dyn Content) -> Self {
        Self::section(content, 0, content.size())
    }

    /// Reads `size` bytes from `offset` on; seeking is relative to `offset`'s content, not to the section.
    pub fn section(content: &'a dyn Content, offset: u64, size: u64) -> Self {
        let end = offset.saturating_add(size).min(content.size());
        Self { content, position: offset, end, chunk: Vec::new(), used: 0, most: CHUNK }
    }

    /// For looking here and there, not for reading all.
    pub fn glancing(content: &'a dyn Content) -> Self {
        Self { most: GLANCE, ..Self::new(content) }
    }

    /// Says that these bytes of its content are read next, once and in order.
    pub fn ahead(&self, offset: u64, count: u64) {
        self.content.ahead(offset, count);
    }
}

impl io::Read for Reader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.used >= self.chunk.len() {
            let left = self.end.saturating_sub(self.position);
            let max = u32::try_from(left).unwrap_or(u32::MAX).min(self.most);
            self.chunk = if max == 0 { Vec::new() } else { self.content.read(self.position, max)? };
            self.used = 0;
        }
        let from = self.chunk.get(self.used..).unwrap_or_default();
        let length = from.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..length), from.get(..length)) {
            to.copy_from_slice(from);
        }
        self.used += length;
        self.position += length as u64;
        Ok(length)
    }
}

impl io::Seek for Reader<'_> {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        let target = match to {
            io::SeekFrom::Start(at) => Some(at),
            io::SeekFrom::End(by) => self.end.checked_add_signed(by),
            io::SeekFrom::Current(by) => self.position.checked_add_signed(by),
        };
        let target = target.ok_or_else(|| io::Error::other("a seek before the start of the archive"))?;
        let ahead = target.checked_sub(self.position).and_then(|ahead| usize::try_from(ahead).ok());
        match ahead {
            // Within what was read already.
            Some(ahead) if self.used.saturating_add(ahead) <= self.chunk.len() => self.used += ahead,
            _ => {
                self.chunk = Vec::new();
                self.used = 0;
            }
        }
        self.position = target;
        Ok(target)
    }
}
