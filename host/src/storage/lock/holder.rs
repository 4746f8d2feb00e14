//! Who holds a lock: the system knows better than the file's text, which may be of a process that ended.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};

use rustix::fs::{Stat, fstat, major, minor};

use crate::model::shown;

/// The most of a lock's text that is read.
const MAX_TEXT: u64 = 256;

/// A file, as the system's table of locks names it.
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

    /// Whether somebody on this machine holds it, as far as can be seen from here.
    pub(super) fn is_held(&self) -> bool {
        self.process().is_some()
    }

    fn process(&self) -> Option<u32> {
        self.process_in(&fs::read_to_string("/proc/locks").ok()?)
    }

    /// `1: FLOCK  ADVISORY  WRITE 1234 fe:01:5678 0 EOF`; who only waits has an arrow behind the number.
    pub(super) fn process_in(&self, table: &str) -> Option<u32> {
        table.lines().find_map(|line| {
            let mut words = line.split_whitespace().skip(1);
            let (kind, process) = (words.next()?, words.nth(2)?);
            (kind == "FLOCK" && words.next()? == self.0).then(|| process.parse().ok())?
        })
    }
}

/// Who holds a lock.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Holder {
    Service(u32),
    /// What it is, and its number.
    Process(String, u32),
    Unknown,
}

impl Holder {
    /// What people are told, and what to do.
    pub(super) fn said(&self, what: &str) -> String {
        match self {
            Self::Service(process) => {
                format!("the service (process {process}) is using {what}; stop it first")
            }
            Self::Process(name, process) => {
                format!("{name} (process {process}) is using {what}; wait until that has ended")
            }
            Self::Unknown => format!(
                "a process that is not visible from here, perhaps in another container or on another machine, is using {what}; end it, or wait until it has ended"
            ),
        }
    }
}

/// Who holds the lock of a file; its text is believed where it names the same process as the system does, or where the system
/// cannot say and that process lives.
pub(super) fn holder(identity: &Identity, file: Option<File>) -> Holder {
    judge(identity.process(), file.and_then(said), program)
}

fn judge(holds: Option<u32>, said: Option<(String, u32)>, program: impl Fn(u32) -> Option<String>) -> Holder {
    let is_ours = |process: u32| program(process).is_some_and(|name| name.starts_with("larder"));
    match (holds, said) {
        (Some(holds), Some((purpose, process))) if holds == process => named(purpose, process),
        // One that ended may have handed its open file on.
        (Some(holds), _) => program(holds).map_or(Holder::Unknown, |name| Holder::Process(name, holds)),
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

/// What the text says: a purpose and a process.
fn said(mut file: File) -> Option<(String, u32)> {
    let mut text = Vec::new();
    file.seek(SeekFrom::Start(0)).ok()?;
    file.take(MAX_TEXT).read_to_end(&mut text).ok()?;
    // Whoever holds it may not have written its name yet.
    let text = shown(text.trim_ascii());
    let (purpose, process) = text.strip_suffix(')')?.rsplit_once(" (process ")?;
    Some((purpose.to_owned(), process.parse().ok()?))
}

/// The name of a process that lives.
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
    fn a_text_of_a_process_that_ended_is_not_believed() {
        let alive = |process: u32| match process {
            7 => Some("larder".to_owned()),
            9 => Some("flock".to_owned()),
            _ => None,
        };
        let text = |purpose: &str, process| Some((purpose.to_owned(), process));
        let process = |name: &str, number| Holder::Process(name.into(), number);
        assert_eq!(judge(Some(7), text("larder serve", 7), alive), Holder::Service(7));
        assert_eq!(judge(Some(7), text("larder create", 7), alive), process("larder create", 7));
        assert_eq!(judge(Some(9), text("larder create", 7), alive), process("flock", 9));
        assert_eq!(judge(Some(9), None, alive), process("flock", 9));
        assert_eq!(judge(Some(8), text("larder serve", 7), alive), Holder::Unknown);
        assert_eq!(judge(None, text("larder serve", 7), alive), Holder::Service(7));
        assert_eq!(
            judge(None, text("larder serve", 9), alive),
            Holder::Unknown,
            "its number is another's now"
        );
        assert_eq!(judge(None, text("larder serve", 8), alive), Holder::Unknown);
    }
}
