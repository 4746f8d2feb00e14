//! All tunables of the locations: sizes, counts and times, each with its reason.

use std::time::Duration;

/// Bytes of an answer to PROPFIND: some hundred thousand files.
pub const MULTISTATUS_BYTES: u64 = 64 << 20;
/// Elements inside one another in an answer. WebDAV needs six.
pub const XML_DEPTH: usize = 64;
/// Requests side by side to a WebDAV server. Home servers have few processes, and 300 small objects at 40 ms round trip are to take two seconds.
pub const WEBDAV_PARALLEL: usize = 6;
/// Bytes that may be read and thrown away when a server ignores a range.
pub const SKIPPED_BYTES: u64 = 1 << 20;
/// Bytes of an error's text that are looked at for the server's explanation.
pub const EXPLANATION_BYTES: u64 = 8 << 10;
/// Waits between looking for a file of which all bytes were sent and no answer came: half a minute and more is usual while a server puts it in its place. Four minutes in all.
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
/// Files below this are sent again rather than waited for when the answer says nothing about them.
pub const CHEAP_BYTES: u64 = 16 << 20;
/// How many of the pauses are made in any case.
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
/// SFTP: by this the WRITEs are divided after the server has failed at one: 128, 8, 1. rclone has eight workers.
pub const SFTP_FEWER: usize = 16;
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
/// The longest wait for a TCP and TLS connection.
pub const CONNECT_TIME: Duration = Duration::from_secs(20);
/// The longest wait for the answer after a whole request. Servers that put a large file in its place before they answer need minutes.
pub const ANSWER_TIME: Duration = Duration::from_secs(300);
/// The longest time without a byte read or written.
pub const STALL_TIME: Duration = Duration::from_secs(120);
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
pub const CALL_PATIENCE: Duration = Duration::from_secs(30);
/// How long a listing is tried again. A person looks at it, and what is remembered is shown meanwhile.
pub const LIST_PATIENCE: Duration = Duration::from_secs(5);
/// How long an object is looked for when it is unclear whether an upload was finished: servers put large files together for minutes.
pub const UNCLEAR_TIME: Duration = Duration::from_secs(300);
/// The first time for which an object is looked for before the upload is finished anew; it doubles each time up to `UNCLEAR_TIME`. After a cut line nothing
/// was done, mostly.
pub const UNCLEAR_FIRST: Duration = Duration::from_secs(4);
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
/// A listing ends after this time, whatever the server does: somebody waits, and other locations are to be shown.
pub const LIST_TIME: Duration = Duration::from_secs(25);
