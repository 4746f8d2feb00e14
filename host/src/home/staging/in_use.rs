//! Which SQLite databases of a directory another process has open: by its locks, and by its open files where it is visible.
//!
//! Only looks. A database that this process has open itself is passed over and never opened: closing any descriptor of a
//! file drops all POSIX locks that the process holds on it (fcntl(2)), those of a snapshot included.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fs::{DirEntry, File, FileType};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags};
use rustix::process::{Flock, FlockOffsetType, FlockType, fcntl_getlk};

use crate::model::shown;

/// How many names are looked at at most. Those at the top come first; a home has its databases there.
const MAX_ENTRIES: usize = 100_000;
/// The first bytes of every SQLite database (sqlite.org/fileformat.html, 1.3).
const HEADER: &[u8; 16] = b"SQLite format 3\0";
/// SQLite's lock bytes in the main file: pending, reserved and 510 shared ones (`PENDING_BYTE` in its os.h).
const MAIN_LOCKS: (u64, u64) = (0x4000_0000, 512);
/// Its locks in the `-shm` file: eight of the write-ahead log and the one that every connection holds (walformat.html, 2.3).
const SHM_LOCKS: (u64, u64) = (120, 9);

type Inode = (u64, u64);

/// The databases below `directory` (symbolic links not followed) that another process has open, each as a phrase with the
/// process where it is known: `home-assistant_v2.db (process 71, python3)`. Empty when none is, or none can be seen.
pub fn databases_in_use(directory: &Path) -> Vec<String> {
    databases_of(directory, &OpenFiles::scan())
}

/// The same with what is known of open files; locks are asked for in any case.
pub(super) fn databases_of(directory: &Path, open_files_of_all: &OpenFiles) -> Vec<String> {
    let mut open = Vec::new();
    let mut waiting = VecDeque::from([directory.to_path_buf()]);
    let mut seen = 0;
    while let Some(next) = waiting.pop_front() {
        let Ok(items) = std::fs::read_dir(&next) else { continue };
        for item in items.flatten() {
            seen += 1;
            if seen > MAX_ENTRIES {
                return open;
            }
            match item.file_type() {
                Ok(kind) if kind.is_dir() => waiting.push_back(item.path()),
                Ok(kind) => open.extend(
                    process_using(&item, kind, open_files_of_all)
                        .map(|who| phrase(directory, &item.path(), &who)),
                ),
                Err(_) => {}
            }
        }
    }
    open.sort();
    open
}

/// Who has that file open, if it is a database and anybody has.
fn process_using(item: &DirEntry, kind: FileType, open_files_of_all: &OpenFiles) -> Option<Process> {
    let status =
        item.metadata().ok().filter(|status| kind.is_file() && status.len() >= HEADER.len() as u64)?;
    let inode = (status.dev(), status.ino());
    if open_files_of_all.own.contains(&inode) {
        return None;
    }
    let path = item.path();
    let file = open(&path)?;
    let mut start = [0; HEADER.len()];
    file.read_exact_at(&mut start, 0).ok().filter(|()| &start == HEADER)?;
    let holder = || open_files_of_all.others.get(&inode).map(|pid| Process(Some(*pid)));
    holder()
        .or_else(|| lock_holder(&file, MAIN_LOCKS))
        .or_else(|| lock_holder(&shm_of(&path, open_files_of_all)?, SHM_LOCKS))
}

fn shm_of(path: &Path, open_files_of_all: &OpenFiles) -> Option<File> {
    let mut name = path.as_os_str().to_owned();
    name.push("-shm");
    let path = PathBuf::from(name);
    let status = path.symlink_metadata().ok().filter(|status| status.is_file())?;
    if open_files_of_all.own.contains(&(status.dev(), status.ino())) {
        return None;
    }
    open(&path)
}

/// Opens what is a regular file, and nothing that would block.
fn open(path: &Path) -> Option<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    rustix::fs::openat(CWD, path, flags, Mode::empty()).ok().map(File::from)
}

/// A process, where its number is known.
struct Process(Option<u32>);

/// Who would stand in the way of an exclusive lock there.
fn lock_holder(file: &File, (start, length): (u64, u64)) -> Option<Process> {
    let asked =
        Flock { start, length, pid: None, typ: FlockType::WriteLock, offset_type: FlockOffsetType::Set };
    let found = fcntl_getlk(file.as_fd(), &asked).ok()??;
    // In another PID namespace, or on another machine, the number is none of ours.
    let pid = found.pid.and_then(|pid| u32::try_from(pid.as_raw_nonzero().get()).ok());
    Some(Process(pid))
}

fn phrase(directory: &Path, path: &Path, user: &Process) -> String {
    let name = shown(path.strip_prefix(directory).unwrap_or(path).as_os_str().as_bytes());
    let Some(pid) = user.0 else { return format!("{name} (a process that is not visible from here)") };
    match std::fs::read(format!("/proc/{pid}/comm")) {
        Ok(program) => format!("{name} (process {pid}, {})", shown(program.trim_ascii())),
        Err(_) => format!("{name} (process {pid})"),
    }
}

/// Which files are open in which process, as far as we may see.
#[derive(Default)]
pub(super) struct OpenFiles {
    own: HashSet<Inode>,
    others: HashMap<Inode, u32>,
}

impl OpenFiles {
    fn scan() -> Self {
        let mut this = Self::default();
        let own = std::process::id();
        this.own.extend(open_files(own));
        let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let numbers = processes.filter_map(|item| item.file_name().to_str()?.parse::<u32>().ok());
        for pid in numbers.filter(|pid| *pid != own) {
            this.others.extend(open_files(pid).map(|inode| (inode, pid)));
        }
        this
    }
}

fn open_files(pid: u32) -> impl Iterator<Item = Inode> {
    let descriptors = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    let statuses = descriptors.filter_map(|item| std::fs::metadata(item.path()).ok());
    statuses.filter(|status| status.is_file()).map(|status| (status.dev(), status.ino()))
}
