//! Time limits and sizes of the crate: a name, a value and the reason for it.

use std::time::Duration;

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
