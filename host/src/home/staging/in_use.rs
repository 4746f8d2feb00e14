//! Finds SQLite databases that another process has open. It looks at their locks, and at the open files of all processes that
//! are visible.
//!
//! Only reads. A database that this process itself has open is skipped and never opened: closing any descriptor of a
//! file releases all POSIX locks that the process holds on it (fcntl(2)), including those of a snapshot.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fs::{DirEntry, File, FileType};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags};
use rustix::process::{Flock, FlockOffsetType, FlockType, fcntl_getlk};

use crate::model::shown;

/// The largest number of directory entries examined. The top levels come first, where the databases of a home are.
const MAX_ENTRIES: usize = 100_000;
/// The first bytes of every SQLite database (sqlite.org/fileformat.html, 1.3).
const HEADER: &[u8; 16] = b"SQLite format 3\0";
/// SQLite's lock bytes in the main file: pending, reserved and 510 shared ones (`PENDING_BYTE` in its os.h).
const MAIN_LOCKS: (u64, u64) = (0x4000_0000, 512);
/// Its lock bytes in the `-shm` file: eight of the write-ahead log, and the one that every connection holds
/// (walformat.html, 2.3).
const SHM_LOCKS: (u64, u64) = (120, 9);

type Inode = (u64, u64);

/// Databases below `directory` that another process has open, each as a clause: `process 71 (python3) has
/// home-assistant_v2.db open`. Does not follow symbolic links. Empty when there are none, or none can be seen.
pub fn databases_in_use(directory: &Path) -> Vec<String> {
    databases_of(directory, &OpenFiles::scan())
}

/// The same with given open files. Locks are always queried.
pub(super) fn databases_of(directory: &Path, open_files: &OpenFiles) -> Vec<String> {
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
                    process_using(&item, kind, open_files).map(|who| clause(directory, &item.path(), &who)),
                ),
                Err(_) => {}
            }
        }
    }
    open.sort();
    open
}

/// The process that has the file open, if the file is a database.
fn process_using(item: &DirEntry, kind: FileType, open_files: &OpenFiles) -> Option<Process> {
    let status =
        item.metadata().ok().filter(|status| kind.is_file() && status.len() >= HEADER.len() as u64)?;
    let inode = (status.dev(), status.ino());
    if open_files.own.contains(&inode) {
        return None;
    }
    let path = item.path();
    let file = open(&path)?;
    let mut start = [0; HEADER.len()];
    file.read_exact_at(&mut start, 0).ok().filter(|()| &start == HEADER)?;
    let holder = || open_files.others.get(&inode).map(|pid| Process(Some(*pid)));
    holder()
        .or_else(|| lock_holder(&file, MAIN_LOCKS))
        .or_else(|| lock_holder(&shm_of(&path, open_files)?, SHM_LOCKS))
}

fn shm_of(path: &Path, open_files: &OpenFiles) -> Option<File> {
    let mut name = path.as_os_str().to_owned();
    name.push("-shm");
    let path = PathBuf::from(name);
    let status = path.symlink_metadata().ok().filter(|status| status.is_file())?;
    if open_files.own.contains(&(status.dev(), status.ino())) {
        return None;
    }
    open(&path)
}

/// Opens a file without following links and without blocking.
fn open(path: &Path) -> Option<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    rustix::fs::openat(CWD, path, flags, Mode::empty()).ok().map(File::from)
}

/// A process; `None` when its number is not known.
struct Process(Option<u32>);

/// The process whose lock would conflict with an exclusive one.
fn lock_holder(file: &File, (start, length): (u64, u64)) -> Option<Process> {
    let exclusive =
        Flock { start, length, pid: None, typ: FlockType::WriteLock, offset_type: FlockOffsetType::Set };
    let found = fcntl_getlk(file.as_fd(), &exclusive).ok()??;
    // The number of a process in another PID namespace or on another machine means nothing here.
    let pid = found.pid.and_then(|pid| u32::try_from(pid.as_raw_nonzero().get()).ok());
    Some(Process(pid))
}

fn clause(directory: &Path, path: &Path, process: &Process) -> String {
    let name = shown(path.strip_prefix(directory).unwrap_or(path).as_os_str().as_bytes());
    let Some(pid) = process.0 else {
        return format!("a process that is not visible from here has {name} open");
    };
    match std::fs::read(format!("/proc/{pid}/comm")) {
        Ok(program) => format!("process {pid} ({}) has {name} open", shown(program.trim_ascii())),
        Err(_) => format!("process {pid} has {name} open"),
    }
}

/// Files that processes have open, as far as this process may see.
#[derive(Default)]
pub(super) struct OpenFiles {
    own: HashSet<Inode>,
    others: HashMap<Inode, u32>,
}

impl OpenFiles {
    fn scan() -> Self {
        let mut this = Self::default();
        let own = std::process::id();
        this.own.extend(files_of(own));
        let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let numbers = processes.filter_map(|item| item.file_name().to_str()?.parse::<u32>().ok());
        for pid in numbers.filter(|pid| *pid != own) {
            this.others.extend(files_of(pid).map(|inode| (inode, pid)));
        }
        this
    }
}

fn files_of(pid: u32) -> impl Iterator<Item = Inode> {
    let descriptors = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    let statuses = descriptors.filter_map(|item| std::fs::metadata(item.path()).ok());
    statuses.filter(|status| status.is_file()).map(|status| (status.dev(), status.ino()))
}
