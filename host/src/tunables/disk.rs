//! Tunables of disk access: buffers, read-ahead, write-behind and retries.

use std::time::Duration;

/// Bytes that are written to a location, or read ahead from it, in one call.
pub const DISK_BUFFER: usize = 1 << 20;
/// Buffers of that size for each file that is read ahead: one in use, one with the disk, and some in reserve for a disk that is
/// slow now and then.
pub const DISK_BUFFERS: usize = 4;
/// Bytes in memory that wait to be written behind the caller: enough for the workers to continue while the disk is busy with copied
/// blocks.
pub const WRITE_BEHIND_BYTES: usize = 8 << 20;
/// Pieces that wait in the same way.
pub const WRITE_BEHIND_PIECES: usize = 1024;
/// Stored files that are read ahead at once, each with a thread and the buffers above. A job needs one or two; further files are read when
/// they are asked for.
pub const MAX_READ_AHEADS: usize = 16;
/// Drafts that are written behind at once, each with a thread. A job needs one; further drafts are written while the caller waits.
pub const MAX_WRITE_BEHINDS: usize = 16;
/// Bytes in the system's cache after which it is asked to start writing them to the disk.
pub const WRITEBACK_BYTES: u64 = 16 << 20;
/// How long a system call that fails for a temporary reason is retried: a network share needs some seconds to reconnect.
pub const RETRY_TIME: Duration = Duration::from_secs(8);
/// The pause before the first retry. Each further pause is twice as long.
pub const RETRY_FIRST: Duration = Duration::from_millis(20);
/// The longest pause between retries.
pub const RETRY_LONGEST: Duration = Duration::from_secs(1);
