//! The process that holds a lock.
//!
//! The system's table of locks decides. The text in the lock file may come from a process that has ended; it only adds the purpose.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};

use rustix::fs::{Stat, fstat, major, minor};

use crate::model::shown;

/// The most bytes of a lock file's text that are read.
const MAX_TEXT: u64 = 256;

/// A file as the system's table of locks (`/proc/locks`) identifies it: device and inode.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Identity(String);

impl From<&Stat> for Identity {
    fn from(status: &Stat) -> Self {
        let (device, inode) = (status.st_dev, status.st_ino);
        Self(format!("{:02x}:{:02x}:{inode}", major(device), minor(device)))
    }
}

impl Identity {
    pub(super) fn of(file: &File) -> Self {
        fstat(file).map_or_else(|_| Self(String::new()), |status| Self::from(&status))
    }

    /// Whether a process on this machine holds a lock on the file. Locks of other containers may not be visible.
    pub(super) fn is_held(&self) -> bool {
        self.process().is_some()
    }

    fn process(&self) -> Option<u32> {
        self.process_in(&fs::read_to_string("/proc/locks").ok()?)
    }

    /// Finds the holder in lines like `1: FLOCK  ADVISORY  WRITE 1234 fe:01:5678 0 EOF`. A process that waits for a lock has an arrow
    /// after the first number.
    pub(super) fn process_in(&self, table: &str) -> Option<u32> {
        table.lines().find_map(|line| {
            let mut columns = line.split_whitespace().skip(1);
            let (kind, process) = (columns.next()?, columns.nth(2)?);
            (kind == "FLOCK" && columns.next()? == self.0).then(|| process.parse().ok())?
        })
    }
}

/// The holder of a lock.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Holder {
    /// `larder serve`, with its process id.
    Service(u32),
    /// Another process: its name or purpose, and its id.
    Process(String, u32),
    /// A process that this one cannot see.
    Unknown,
}

impl Holder {
    /// The message for a user who is refused: who uses `subject`, and what to do.
    pub(super) fn message(&self, subject: &str) -> String {
        match self {
            Self::Service(process) => {
                format!("the service (process {process}) is using {subject}; stop it first")
            }
            Self::Process(name, process) => {
                format!("{name} (process {process}) is using {subject}; wait until it has ended")
            }
            Self::Unknown => format!(
                "a process that is not visible from here, perhaps in another container or on another machine, is using {subject}; stop it, or wait until it has ended"
            ),
        }
    }
}

/// Finds the holder of a file's lock. The file's text counts only if it names the process that the system names, or if the system names
/// none and a process of that id is alive and is Larder.
pub(super) fn find_holder(identity: &Identity, file: Option<File>) -> Holder {
    decide(identity.process(), file.and_then(read_signature), program)
}

fn decide(
    locked_by: Option<u32>,
    signature: Option<(String, u32)>,
    program: impl Fn(u32) -> Option<String>,
) -> Holder {
    let is_ours = |process: u32| program(process).is_some_and(|name| name.starts_with("larder"));
    match (locked_by, signature) {
        (Some(id), Some((purpose, process))) if id == process => named(purpose, process),
        // The process that signed may have ended and passed its open file on to a child.
        (Some(id), _) => program(id).map_or(Holder::Unknown, |name| Holder::Process(name, id)),
        (None, Some((purpose, process))) if is_ours(process) => named(purpose, process),
        (None, _) => Holder::Unknown,
    }
}

fn named(purpose: String, process: u32) -> Holder {
    match purpose.as_str() {
        "larder serve" => Holder::Service(process),
        _ => Holder::Process(purpose, process),
    }
}

/// Reads the purpose and process id from the text of a lock file.
fn read_signature(mut file: File) -> Option<(String, u32)> {
    let mut text = Vec::new();
    file.seek(SeekFrom::Start(0)).ok()?;
    file.take(MAX_TEXT).read_to_end(&mut text).ok()?;
    // The holder may not have written its text yet.
    let text = shown(text.trim_ascii());
    let (purpose, process) = text.strip_suffix(')')?.rsplit_once(" (process ")?;
    Some((purpose.to_owned(), process.parse().ok()?))
}

/// The name of a running process.
fn program(process: u32) -> Option<String> {
    let name = fs::read(format!("/proc/{process}/comm")).ok()?;
    Some(shown(name.trim_ascii()).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
1: POSIX  ADVISORY  WRITE 11 fe:01:5678 0 EOF
2: FLOCK  ADVISORY  WRITE 22 fe:01:567 0 EOF
3: FLOCK  ADVISORY  WRITE 33 fe:01:5678 0 EOF
3: -> FLOCK  ADVISORY  WRITE 44 fe:01:9999 0 EOF
4: OFDLCK ADVISORY  READ -1 00:06:1028 0 EOF
";

    #[test]
    fn the_systems_table_says_which_process_holds_a_file() {
        let of = |name: &str| Identity(name.into()).process_in(TABLE);
        assert_eq!(of("fe:01:5678"), Some(33));
        assert_eq!(of("fe:01:567"), Some(22));
        assert_eq!((of("fe:01:9999"), of("00:06:1028"), of("")), (None, None, None));
    }

    #[test]
    fn the_text_of_a_dead_process_is_ignored() {
        let alive = |process: u32| match process {
            7 => Some("larder".to_owned()),
            9 => Some("flock".to_owned()),
            _ => None,
        };
        let text = |purpose: &str, process| Some((purpose.to_owned(), process));
        let process = |name: &str, number| Holder::Process(name.into(), number);
        assert_eq!(decide(Some(7), text("larder serve", 7), alive), Holder::Service(7));
        assert_eq!(decide(Some(7), text("larder create", 7), alive), process("larder create", 7));
        assert_eq!(decide(Some(9), text("larder create", 7), alive), process("flock", 9));
        assert_eq!(decide(Some(9), None, alive), process("flock", 9));
        assert_eq!(decide(Some(8), text("larder serve", 7), alive), Holder::Unknown);
        assert_eq!(decide(None, text("larder serve", 7), alive), Holder::Service(7));
        assert_eq!(
            decide(None, text("larder serve", 9), alive),
            Holder::Unknown,
            "another program has its id now"
        );
        assert_eq!(decide(None, text("larder serve", 8), alive), Holder::Unknown);
    }
}
