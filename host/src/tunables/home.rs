//! Tunables of snapshots and restores of the home.

/// Free space, in bytes, that a restore leaves free: Home Assistant itself needs some to start.
pub const RESTORE_RESERVE: u64 = 16 * 1024 * 1024;
/// Bytes read of one of Home Assistant's own files that may be a symbolic link out of the home. Real ones have a few KiB.
pub const MAX_FOLLOWED: u64 = 1024 * 1024;
/// Databases that wait to be checked. Each may hold a copy on the disk, or prevent its write-ahead log from being restarted.
pub const DATABASES_TO_CHECK: usize = 64;
/// Bytes read of `/etc/passwd` and `/etc/group`. Real ones are far smaller.
pub const MAX_NAMES: u64 = 16 << 20;
/// Snapshots that one instance has open. Each holds the list of the whole home.
pub const MAX_SNAPSHOTS: usize = 4;
/// The smallest file, in bytes, that a restore writes behind. A thread for a smaller one gains nothing.
pub const WORTH_WRITING_BEHIND: u64 = 1 << 20;
/// Small files that a restore reads back in one batch.
pub const CHECK_FILES: usize = 1024;
/// Threads that read them back: most of the time goes into waiting for the disk.
pub const CHECK_THREADS: usize = 16;
/// The largest file of the home, in bytes, that is read ahead as a whole.
pub const SMALL_FILE: u64 = 1024 * 1024;
/// Such files in one batch.
pub const SMALL_FILES: usize = 16;
/// Bytes after which a batch waits for no further files: each hand-over wakes the receiving thread.
pub const SMALL_FILES_BYTES: u64 = 256 * 1024;
/// Batches that are read ahead.
pub const SMALL_BATCHES: usize = 4;
/// The pieces, in bytes, in which larger files are read ahead.
pub const STREAM_PIECE: usize = 256 * 1024;
/// Pieces that are read ahead of the reader.
pub const STREAM_PIECES: usize = 4;
/// Large files that are read ahead at once, each with a thread. A job needs one.
pub const MAX_STREAMS: usize = 16;
/// Files that a snapshot may announce to be opened ahead. Further files are opened when they are asked for.
pub const MAX_EXPECTED: usize = 1024;
