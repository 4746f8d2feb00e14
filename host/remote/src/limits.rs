//! All tunables of the locations: sizes, counts and times, each with its reason.

use std::time::Duration;

/// Bytes that are read from a file, compared and handed on at once.
pub const PIECE: usize = 256 << 10;
/// Parts of one upload side by side: enough for a line with a long round trip, few enough for home servers.
pub const PARTS_PARALLEL: usize = 4;
/// Small objects read side by side: a thousand of them at 40 ms round trip are to take some seconds.
pub const SMALL_PARALLEL: usize = 32;
/// Bytes of small objects that are kept in the memory: a thousand records of backups have about 4 MB.
pub const SMALL_KEPT: usize = 16 << 20;
/// An upload gives up after this time without one more byte accepted. A router or a server that restarts needs less.
pub const UPLOAD_PATIENCE: Duration = Duration::from_secs(600);
/// How long a short call (stat, delete, discard, open) is tried again. People and other work wait for it.
pub const CALL_PATIENCE: Duration = Duration::from_secs(60);
/// How long a listing is tried again. A person looks at it, and what is remembered is shown meanwhile.
pub const LIST_PATIENCE: Duration = Duration::from_secs(15);
/// How long an object is looked for when it is unclear whether an upload was finished: servers put large files together for minutes.
pub const UNCLEAR_TIME: Duration = Duration::from_secs(300);
/// How long a finished object may be missing from the server's answers: some keep listings for a while.
pub const CONFIRM_TIME: Duration = Duration::from_secs(30);
/// The first wait before a call is repeated; it doubles each time.
pub const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest wait before a call is repeated.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// How often an upload begins anew in one attempt because the server has forgotten it.
pub const RESTARTS: u32 = 3;
/// Parts of an upload. More is a mistake of a protocol's plan; S3 and Nextcloud take 10 000.
pub const PARTS: u64 = 10_000;
/// The longest wait without looking whether to stop, and how often progress is reported.
pub const STEP: Duration = Duration::from_millis(100);

/// Objects up to this size are read back entirely where a sample is asked for: several ranges would cost as much.
pub const SAMPLE_ALL: u64 = 4 << 20;
/// Bytes of the beginning and of the end that a sample reads back.
pub const SAMPLE_ENDS: u64 = 1 << 20;
/// Ranges in between that a sample reads back, of one piece each.
pub const SAMPLE_RANGES: usize = 6;

/// Bytes of one answer of a reader.
pub const READ_MOST: usize = 1 << 20;
/// Bytes that a reader fetches at least: directories of archives are read in many small steps.
pub const READ_LEAST: u64 = 64 << 10;
/// Recent pieces that a reader keeps.
pub const READ_PIECES: usize = 8;
/// Pieces that wait between the network and a sequential reader: 1.5 MiB, with those in both hands at most 2 MiB.
pub const READ_QUEUE: usize = 6;
/// Bytes that a sequential reader skips rather than opening the object anew.
pub const READ_SKIP: u64 = 1 << 20;

/// Bytes of the object that `locations test` writes. Several packets and several reads, and no burden.
pub const PROBE_BYTES: usize = 128 << 10;
/// The size of a backup for which `locations test` says how it would be sent.
pub const PROBE_PLAN: u64 = 1 << 30;
