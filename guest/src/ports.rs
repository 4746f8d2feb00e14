//! The ports: what the logic needs from the host, as small traits. `wit/` documents their guarantees.
//!
//! Long because it is one trait with the types that it names.
//!
//! No generated type and no effect here: `component/` implements the traits with the contract's imports, and tests with their
//! own types.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;

use larder_zone::Zone;

use crate::archive::{Entry, Instant};
use crate::error::{Failure, UNREADABLE};

/// The result of a call to the host.
pub type Outcome<T> = Result<T, Fault>;

/// A failed call to the host, classified by what can be done about it (`wit/types.wit`, `error`).
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

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        let code = match fault.cause {
            Cause::NotFound => "not_found",
            Cause::Exists => "exists",
            Cause::Denied => "denied",
            // The plugin made an invalid request; the user did not.
            Cause::Invalid | Cause::Other => "unknown_error",
            Cause::InUse => "in_use",
            Cause::NoSpace => "no_space",
            Cause::Limit => "limit",
            Cause::Io => UNREADABLE,
        };
        Self::new(code, fault.message)
    }
}

/// A fault passes through `std::io` as a failure, which `error` takes out again.
impl From<Fault> for io::Error {
    fn from(fault: Fault) -> Self {
        Failure::from(fault).into()
    }
}

/// The host, as a manager, a job or a worker sees it.
pub trait Host {
    fn start_job(&self, kind: &str, input: &str) -> Outcome<Box<dyn Job>>;
    fn report(&self, stage: &str, done: u64, total: Option<u64>);
    fn emit(&self, topic: &str, data: &str);
    /// Shows an entity's state; `attributes` is a JSON object.
    fn publish(&self, entity_id: &str, state: &str, attributes: &str);
    /// Sets the manager's timer `name`. It fires at that time, or at once if that has passed.
    fn set_timer(&self, name: &str, at: Instant);
    fn cancel_timer(&self, name: &str);
    /// The plugin's settings in `larder.toml`: a JSON object. The same for the life of the instance.
    fn settings(&self) -> String;
    fn load_document(&self, name: &str) -> Outcome<Option<String>>;
    /// The document is durable when this returns.
    fn save_document(&self, name: &str, text: &str) -> Outcome<()>;
    /// Sets an unusable document aside, and returns the one that was stored before it.
    fn set_document_aside(&self, name: &str, reason: &str) -> Outcome<Option<String>>;
    fn now(&self) -> Instant;
    /// Why the machine's clock counts as not set, as a sentence. `None` if it is set.
    fn unset_clock(&self) -> Option<String>;
    /// Fills `bytes` from the system's secure source.
    fn random(&self, bytes: &mut [u8]);
    /// The home's time zone, read from its files now.
    fn time_zone(&self) -> HomeZone;
    fn snapshot(&self) -> Box<dyn Snapshot>;
    fn target(&self, scope: &Scope, force: bool) -> Outcome<Box<dyn Target>>;
    /// Runs the checks of [`Self::target`] without creating one. Returns the bytes that could be written.
    fn dry_run_target(&self, scope: &Scope, force: bool) -> Outcome<u64>;
    /// All locations and the staging area ([`STAGING`]).
    fn places(&self) -> Vec<Location>;
    fn objects(&self, location: &str) -> Outcome<Vec<Object>>;
    /// The objects as they were listed last.
    fn remembered(&self, location: &str) -> Outcome<Vec<Object>>;
    /// Reads small objects whole; one result for each name.
    fn read_small(&self, location: &str, names: &[String]) -> Outcome<Vec<Outcome<Vec<u8>>>>;
    /// Stores a copy of a stored object and proves it. Reports the progress itself.
    fn store(&self, location: &str, name: &str, source: &dyn Content) -> Outcome<Stored>;
    /// Stores a small object and reads it back.
    fn put(&self, location: &str, name: &str, bytes: &[u8]) -> Outcome<()>;
    /// Gives up interrupted uploads except those of the wanted objects. Returns sentences about what was removed.
    fn clean(&self, location: &str, wanted: &[String]) -> Outcome<Vec<String>>;
    /// Tests a location.
    fn test_location(&self, location: &str) -> Outcome<Vec<Check>>;
    fn open_object(&self, location: &str, name: &str) -> Outcome<Box<dyn Content>>;
    fn delete_object(&self, location: &str, name: &str) -> Outcome<()>;
    fn draft(&self, location: &str, name: &str) -> Outcome<Box<dyn Draft>>;
    /// Runs the checks of [`Self::draft`] without creating one.
    fn may_store(&self, location: &str, name: &str) -> Outcome<()>;
    /// A draft that replaces an object when it is published.
    fn replacement(&self, location: &str, name: &str) -> Outcome<Box<dyn Draft>>;
    /// In a job: starts a pool of at most that many workers.
    fn pool(&self, kind: &str, settings: &str, most: u32) -> Outcome<Box<dyn WorkerPool>>;
    /// In a worker: waits for the next piece of work. `None` at the end.
    fn next_piece(&self) -> Option<Vec<u8>>;
    /// In a worker: sends a chunk of the answer to the current piece.
    fn give(&self, part: &[u8]);
    /// Loads from the cache, whose contents may be lost and must be verified before use.
    fn load_cached(&self, name: &str) -> Outcome<Box<dyn Content>>;
    fn store_cached(&self, name: &str, bytes: &[u8]) -> Outcome<()>;

    /// The locations, in a fixed order.
    fn locations(&self) -> Vec<Location> {
        self.places().into_iter().filter(|place| place.id != STAGING).collect()
    }

    /// The location or staging area with this id.
    fn place(&self, id: &str) -> Outcome<Location> {
        let missing = || Fault {
            cause: Cause::NotFound,
            message: format!("there is no location {id}; `larder locations` shows all"),
        };
        self.places().into_iter().find(|place| place.id == id).ok_or_else(missing)
    }
}

/// The id of the staging area.
pub const STAGING: &str = "larder.staging";

/// The home's time zone.
#[derive(Debug, Clone)]
pub struct HomeZone {
    pub zone: Zone,
    /// Where it was found, as a phrase for messages.
    pub origin: String,
    /// Whether it comes from the home itself.
    pub is_of_home: bool,
    /// Sentences about zone names that cannot be used, and what is used instead.
    pub problems: Vec<String>,
}

/// A pool of workers. Answers come in the order of the pieces.
pub trait WorkerPool {
    /// How many pieces may be in progress at once.
    fn capacity(&self) -> usize;
    fn put(&self, piece: &[u8]) -> Outcome<()>;
    /// Queues a piece. When a worker takes it, the host appends bytes of a content, unless they cannot be read.
    fn put_with(&self, piece: &[u8], behind: Place<'_>) -> Outcome<()>;
    /// Waits for the next chunk of the answer to the earliest piece. `None` when that answer is complete.
    fn take(&self) -> Result<Option<Vec<u8>>, Failure>;

    /// Waits for the whole answer to the earliest piece.
    fn take_whole(&self) -> Result<Vec<u8>, Failure> {
        let mut whole = self.take()?.unwrap_or_default();
        while let Some(more) = self.take()? {
            whole.extend_from_slice(&more);
        }
        Ok(whole)
    }
}

/// A running job.
pub trait Job {
    fn next(&self) -> Pin<Box<dyn Future<Output = Event> + '_>>;
}

#[derive(Debug)]
pub enum Event {
    Progress { stage: String, done: u64, total: Option<u64> },
    Finished(Result<String, Failure>),
}

/// A readable file: of a snapshot, a location, a draft or the cache.
pub trait Content {
    /// Bytes, as counted when it was opened.
    fn size(&self) -> u64;
    fn modified(&self) -> Instant;
    /// Of a file of the home with several names: the number that these names share.
    fn identity(&self) -> Option<u64>;
    /// A sentence about the bytes, if something is wrong with them: an inconsistent database, a file that changed. Call it
    /// after reading everything.
    fn note(&self) -> Option<String>;
    /// Up to `max` bytes from `offset` on. Empty at the end.
    fn read(&self, offset: u64, max: u32) -> Outcome<Vec<u8>>;
    /// Announces that these bytes are read next, once and in order.
    fn ahead(&self, offset: u64, count: u64);
    /// The concrete type, for the implementation that created it.
    fn as_any(&self) -> &dyn Any;
}

/// A range of bytes in a content.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    pub content: &'a dyn Content,
    pub offset: u64,
    pub count: u32,
}

impl Place<'_> {
    /// Reads all of them, in as many calls as the host needs.
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

/// One entry of the home, or a path that cannot be backed up.
#[derive(Debug)]
pub enum Listed {
    Entry { entry: Entry, identity: Option<u64> },
    Unusable { path: Vec<u8>, reason: String },
}

/// A consistent view of the home.
pub trait Snapshot {
    fn entries(&self, max: u32) -> Outcome<Vec<Listed>>;
    fn open(&self, path: &[u8]) -> Outcome<Box<dyn Content>>;
    /// Opens a file through symbolic links. For the few files that describe the home itself.
    fn follow(&self, path: &[u8]) -> Outcome<Box<dyn Content>>;
    /// Where the symbolic link at `path` leads.
    fn leads(&self, path: &[u8]) -> Outcome<Destination>;
    /// Announces which files are opened next, in this order.
    fn expect(&self, paths: &[&[u8]]);
    /// Paths that must be stored with the database that was opened last, in addition to what is listed.
    fn companions(&self, path: &[u8]) -> Vec<Vec<u8>>;
    /// Starts to check databases for damage as they are opened.
    fn check_databases(&self);
    /// Waits for the checks to finish.
    fn findings(&self) -> Vec<Finding>;
}

/// A database that is damaged, or could not be checked.
pub struct Finding {
    pub path: Vec<u8>,
    pub reason: String,
}

/// Where a symbolic link leads in the end, relative to the home.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    Inside,
    Outside,
    Nowhere,
}

/// Which existing files a committed target replaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// `None`: it adds to what is there.
    Add,
    /// All but these paths.
    AllBut(Vec<Vec<u8>>),
    /// Only these paths.
    Only(Vec<Vec<u8>>),
}

/// A staged restore.
pub trait Target {
    /// Bytes that may be written.
    fn available(&self) -> u64;
    fn add(&self, entry: &Entry) -> Outcome<()>;
    fn add_file(&self, entry: &Entry) -> Outcome<Box<dyn Writer>>;
    /// Reads about `max` bytes of what was staged back from the disk. Returns how many, or 0 when all of it was read.
    fn check(&self, max: u64) -> Outcome<u64>;
    fn commit(self: Box<Self>) -> Outcome<Committed>;
}

/// The result of `Target::commit`.
pub struct Committed {
    /// What the file system could not keep: one human-readable sentence for each kind.
    pub losses: Vec<String>,
    /// The added symbolic links that lead nowhere.
    pub dangling: Vec<Vec<u8>>,
}

/// A file of a target while it is written.
pub trait Writer {
    fn append(&self, bytes: &[u8]) -> Outcome<()>;
    fn finish(self: Box<Self>) -> Outcome<()>;
}

/// A location, where backups are stored.
#[derive(Debug, Clone)]
pub struct Location {
    pub id: String,
    pub name: String,
    pub writable: bool,
    /// Free bytes, where known.
    pub available: Option<u64>,
    /// How backups lie in it: a name that `layout::Layout` knows.
    pub layout: String,
    /// The directory as a login of its own sees it, where the layout names it.
    pub directory: String,
    /// The Home Assistant agent whose settings apply to it.
    pub adopts: Option<String>,
    /// Whether calls may wait for another machine.
    pub remote: bool,
    pub knowledge: Knowledge,
}

/// What the host remembers of a location on another machine.
#[derive(Debug, Clone, Default)]
pub struct Knowledge {
    /// When its objects were last listed.
    pub as_of: Option<Instant>,
    /// Why it could not be reached the last time.
    pub problem: Option<String>,
    /// Names of objects whose upload was interrupted.
    pub unfinished: Vec<String>,
}

/// A stored copy of an object.
#[derive(Debug, Clone)]
pub struct Stored {
    /// How far it is proven to be equal: `size`, `digest`, `sample` or `full`.
    pub proof: &'static str,
    /// Guarantees that could not be given, as sentences.
    pub notes: Vec<String>,
}

/// One step of a test: what was tried, and what was seen or what failed.
#[derive(Debug, Clone)]
pub struct Check {
    pub what: String,
    pub found: Result<String, String>,
}

/// A stored file of a location.
#[derive(Debug, Clone)]
pub struct Object {
    pub name: String,
    pub size: u64,
    /// When it was last written, in seconds since 1970; 0 if the location does not say.
    pub modified: i64,
}

/// An object while it is written. It is not listed before it is published.
pub trait Draft {
    fn append(&self, bytes: &[u8]) -> Outcome<()>;
    /// Appends bytes of a content without passing them through the plugin.
    fn append_from(&self, source: Place<'_>) -> Outcome<()>;
    fn patch(&self, offset: u64, bytes: &[u8]) -> Outcome<()>;
    fn read_back(&self) -> Outcome<Box<dyn Content>>;
    /// Guarantees that could not be given, as human-readable sentences.
    fn publish(self: Box<Self>) -> Outcome<Vec<String>>;
}
