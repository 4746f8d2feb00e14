//! All tunables of the locations: sizes, counts and times, each with its reason.

use std::time::Duration;

/// Bytes of an answer to PROPFIND: some hundred thousand files.
pub const MULTISTATUS_BYTES: u64 = 64 << 20;
/// Elements inside one another in an answer. WebDAV needs six.
pub const XML_DEPTH: usize = 64;
/// Requests side by side to a WebDAV server. Home servers have few processes.
pub const WEBDAV_PARALLEL: usize = 4;
/// Bytes that may be read and thrown away when a server ignores a range.
pub const SKIPPED_BYTES: u64 = 1 << 20;
/// Bytes of an error's text that are looked at for the server's explanation.
pub const EXPLANATION_BYTES: u64 = 8 << 10;
/// Waits between looking for a file whose answer was lost: half a minute and more is usual while a server puts it in its place. Four minutes in all.
pub const LOST_ANSWER_PAUSES: &[Duration] = &[
    Duration::from_millis(200),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(15),
    Duration::from_secs(30),
    Duration::from_secs(60),
    Duration::from_secs(120),
];

/// Uploads of this size are sent to Nextcloud in parts; Nextcloud's own clients do so from 100 MiB.
pub const NEXTCLOUD_PARTS_FROM: u64 = 100 << 20;
/// Bytes of a part. Nextcloud takes 5 MB to 5 GB; proxies and PHP limit bodies, often to some hundred megabytes.
pub const NEXTCLOUD_PART_BYTES: u64 = 50 << 20;
/// Parts of one upload, by Nextcloud's manual.
pub const NEXTCLOUD_PARTS: u64 = 10_000;
/// Bytes of a request body from which the server is asked before it is sent (`Expect: 100-continue`): an early refusal would be lost otherwise.
pub const EXPECT_FROM: u64 = 1 << 20;
/// Files below this are sent again rather than waited for when an answer was lost.
pub const CHEAP_BYTES: u64 = 16 << 20;
/// How many of the pauses are made for them.
pub const CHEAP_PAUSES: usize = 2;

/// How often waiting calls look whether they are to stop. A person who stops something waits at most a second.
pub const STOP_POLL: Duration = Duration::from_millis(200);

/// SFTP: from the start of `ssh` to the first answer of the server. `ssh` itself gives up connecting earlier, with a better message.
pub const SFTP_OPEN: Duration = Duration::from_secs(40);
/// SFTP: `ConnectTimeout` of `ssh`, in seconds: name, connection and key exchange.
pub const SFTP_CONNECT_SECONDS: u32 = 15;
/// SFTP: `ServerAliveInterval` of `ssh`, in seconds. Three missed answers end the connection.
pub const SFTP_ALIVE_SECONDS: u32 = 15;
/// SFTP: without any answer for this long a session counts as dead. A disk that was asleep needs up to 20 s.
pub const SFTP_ANSWER: Duration = Duration::from_secs(60);
/// SFTP: writing to disk at the end of an upload. Gigabytes in the cache of a slow disk take minutes.
pub const SFTP_FLUSH: Duration = Duration::from_secs(600);
/// SFTP: an unused session is kept this long. Opening one costs several round trips.
pub const SFTP_IDLE: Duration = Duration::from_secs(20);
/// SFTP: `ssh` has ended or is killed, and its last words are still on the way.
pub const SFTP_LAST_WORDS: Duration = Duration::from_secs(2);
/// SFTP: asking a server for its key, to show the fingerprint.
pub const SFTP_KEY_SCAN: Duration = Duration::from_secs(12);
/// SFTP: bytes of one READ or WRITE. The largest that every server takes.
pub const SFTP_BLOCK: usize = 32 * 1024;
/// SFTP: WRITEs of one upload without an answer: 4 MiB. They wait in the windows of ssh, not in our memory.
pub const SFTP_WRITES: usize = 128;
/// SFTP: READs of a session without an answer, beyond the first of each reader: 2 MiB, the window of ssh. Their answers may lie in our memory.
pub const SFTP_READS: usize = 64;
/// SFTP: bytes that wait for `ssh` to take them.
pub const SFTP_QUEUE: usize = 256 * 1024;
/// SFTP: a longer packet is no answer to what we ask.
pub const SFTP_PACKET: usize = 1024 * 1024;
/// SFTP: objects that may be asked for side by side, in one session.
pub const SFTP_PARALLEL: usize = 32;
/// SFTP: names in a folder. A server that never ends a listing fills the memory otherwise.
pub const SFTP_ENTRIES: usize = 200_000;

/// Parts of one upload that are sent side by side: enough for a line with a long way.
pub const PARTS_AT_ONCE: usize = 4;
/// Bytes that are read from a source, or handed on by a reader, at once.
pub const PIECE: usize = 256 << 10;
/// The pause before the first further attempt. Each later one is twice as long.
pub const RETRY_FIRST: Duration = Duration::from_millis(500);
/// The longest pause between two attempts.
pub const RETRY_LONGEST: Duration = Duration::from_secs(30);
/// An upload gives up after this time without progress: a router that restarts takes three minutes.
pub const NO_PROGRESS: Duration = Duration::from_secs(5 * 60);
/// The same while the server has not answered at all. Later attempts belong to the caller.
pub const NO_CONTACT: Duration = Duration::from_secs(45);
/// A listing or a small request gives up after this time: somebody may be waiting.
pub const SMALL_REQUEST: Duration = Duration::from_secs(12);
/// How long an object is asked for whose publication was unclear: a proxy's time-out, and the minutes that a server needs to put parts together.
pub const UNCLEAR: Duration = Duration::from_secs(4 * 60);
/// Bytes at the start and the end of an object that a sample reads back.
pub const SAMPLE_EDGE: u64 = 1 << 20;
/// Pieces in between, and their bytes.
pub const SAMPLES: u64 = 6;
/// See [`SAMPLES`].
pub const SAMPLE_BYTES: u64 = 256 << 10;
/// Pieces of a stream that wait for the reader: with [`PIECE`], 1.5 MiB.
pub const STREAM_PIECES: usize = 6;
/// Bytes of the smallest request of a reader that jumps about.
pub const RANDOM_READ: u64 = 64 << 10;
/// Bytes of such requests that are kept.
pub const RANDOM_KEPT: usize = 1 << 20;
/// A reader that is at most this far behind lets the stream catch up instead of asking anew.
pub const SKIP_AHEAD: u64 = 512 << 10;
/// Bytes that must be read in order before a stream is opened without an announcement.
pub const SEQUENTIAL_AFTER: u64 = 256 << 10;
/// Small objects that are read side by side.
pub const SMALL_AT_ONCE: usize = 16;
/// Bytes of small objects that are remembered for one location.
pub const REMEMBERED_BYTES: usize = 8 << 20;
/// The longest wait of a rate limiter in one step.
pub const RATE_STEP: Duration = Duration::from_millis(100);

/// The longest wait for a TCP and TLS connection.
pub const CONNECT_TIME: Duration = Duration::from_secs(20);
/// The longest wait for the answer after a whole request. Servers that put a large file in its place before they answer need minutes.
pub const ANSWER_TIME: Duration = Duration::from_secs(300);
/// The longest time without a byte read or written.
pub const STALL_TIME: Duration = Duration::from_secs(120);

/// S3: objects of this size and above are sent in parts, smaller ones at once: as Home Assistant does.
pub const S3_PARTS_FROM: u64 = 20 << 20;
/// S3: bytes of a part, unless that would make too many: as Home Assistant's.
pub const S3_PART_BYTES: u64 = 20 << 20;
/// S3: sizes of parts are multiples of this, so that a size is easy to recognize.
pub const S3_PART_STEP: u64 = 1 << 20;
/// S3: parts of one upload. The protocol's limit.
pub const S3_PARTS: u64 = 10_000;
/// S3: requests side by side.
pub const S3_PARALLEL: usize = 16;
/// S3: bytes of an answer: a page of a thousand keys of 1 KiB, each byte percent-encoded, and the rest.
pub const S3_ANSWER_BYTES: u64 = 8 << 20;
/// S3: elements of an answer. A page has some ten thousand.
pub const S3_ELEMENTS: usize = 100_000;
/// S3: objects below a prefix, and unfinished uploads of a key. A server that never ends a listing fills the memory otherwise.
pub const S3_OBJECTS: usize = 200_000;
/// S3: pages of one listing.
pub const S3_PAGES: usize = 10_000;
/// S3: seconds for which a request is signed. A clock that is 20 minutes off does no harm then.
pub const S3_SIGNED_SECONDS: u64 = 3600;
/// S3: seconds by which the clock may be off before a refusal is blamed on it. Servers allow 15 minutes.
pub const S3_CLOCK_SECONDS: i64 = 10 * 60;
